#!/bin/sh
# tally.sh FILE - the closing lines of a test run: the names of what failed, "N passed, N failed".
#
# FILE has a line for each step or test program: how many passed, how many failed, and its name.
# The status is 1 when something failed or nothing passed.
awk '{ ok += $1; bad += $2 }
     $2 > 0 { sub(/^[0-9]+ [0-9]+ /, ""); names = names "  " $0 "\n" }
     END { if (bad) printf "failed:\n%s", names
           printf "%d passed, %d failed\n", ok, bad; exit bad > 0 || !ok }' "$1"
