#!/bin/sh
# fuzz.sh SECONDS PROGRAM... - run each libFuzzer program fuzz_<parser> from the saved inputs on.
#
# New inputs are kept in build/fuzz/corpus; a crash stops the run and leaves its input there. Copy
# what is worth keeping to fixtures/fuzz/<parser> (PROGRAM -merge=1 TO FROM keeps what adds cover).
set -eu
seconds=$1
shift
for program in "$@"; do
    parser=${program##*/fuzz_}
    echo "  FUZZ $parser, $seconds s"
    found=build/fuzz/corpus/$parser
    mkdir -p "$found"
    "$program" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -verbosity=0 \
        -artifact_prefix="build/fuzz/crash-$parser-" "$found" "fixtures/fuzz/$parser" \
        >"build/fuzz/$parser.log" 2>&1 || { cat "build/fuzz/$parser.log"; exit 1; }
done
