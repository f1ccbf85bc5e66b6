#!/bin/sh
# fuzz.sh SECONDS COMPILER LIBS SOURCE... - run each target under libFuzzer, from the saved corpus.
#
# New inputs stay in build/fuzz; a crash stops the run and leaves its input there. Copy what is
# worth keeping to fixtures/fuzz/<parser>.
set -eu
seconds=$1 compiler=$2 libs=$3
shift 3
flags='-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all'
mkdir -p build/fuzz
for source in "$@"; do
    parser=$(basename "$source" .c)
    parser=${parser#fuzz_}
    echo "  FUZZ $parser, $seconds s"
    mkdir -p "build/fuzz/$parser"
    $compiler $flags -o "build/fuzz/fuzz_$parser" "$source" lib/base/*.c lib/ops/*.c lib/io/*.c \
        lib/text/*.c lib/model/*.c $libs
    saved=
    [ ! -d "fixtures/fuzz/$parser" ] || saved=fixtures/fuzz/$parser
    "build/fuzz/fuzz_$parser" -max_total_time="$seconds" -rss_limit_mb=2048 -print_final_stats=0 \
        -verbosity=0 -artifact_prefix="build/fuzz/$parser-" "build/fuzz/$parser" $saved
done
