#!/bin/sh
# check-headers.sh COMPILER FLAG... - every header compiles alone, twice in a row, without a word.
set -eu
cd "$(dirname "$0")/.."

failed=0 n=0
for h in $(find lib cmd tests -name '*.h' | sort); do
    n=$((n + 1))
    # The declaration keeps the unit from being empty, which -Wpedantic would report.
    printf '#include "%s"\n#include "%s"\nextern int header_is_alone;\n' "$h" "$h" |
        "$@" -Werror -I. -Icmd -fsyntax-only -x c - || { echo "$h does not compile alone"; failed=1; }
done
[ $failed -ne 0 ] || echo "  OK   $n headers compile alone"
exit $failed
