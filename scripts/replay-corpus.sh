#!/bin/sh
# replay-corpus.sh DIR - feed every saved input to every replay_<parser> program in DIR.
#
# A parser reads fixtures/fuzz/<parser>/ and everything in fixtures/hostile. All a replay has to do
# is to come back: what the parser answers is the unit tests' business.
set -eu
export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-}" UBSAN_OPTIONS="exitcode=99:print_stacktrace=1"

for program in "$1"/replay_*; do
    case $program in *.o | *.d | *'*') continue ;; esac
    parser=${program##*/replay_}
    inputs=$(find "fixtures/fuzz/$parser" fixtures/hostile -type f 2>/dev/null || :)
    [ -n "$inputs" ] || { echo "no inputs for $parser"; exit 1; }
    ${ATLAS_PREFIX:-} "$program" $inputs || { echo "replay of $parser failed"; exit 1; }
    echo "  OK   $(echo "$inputs" | wc -l) inputs through $parser"
done
