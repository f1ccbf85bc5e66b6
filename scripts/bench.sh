#!/bin/sh
# bench.sh BUILD - time kernels and programs on models of true size with random weights.
# bench.sh --models BUILD NAME... - make these models, and time nothing.
#
# Prints CSV and keeps it in BUILD/bench.csv. Figures are only worth comparing with others of the
# same machine while nothing else runs on it. Of families of decoders gflops beside those of gpt2 are
# what counts. With TORCH naming a Python that has PyTorch, Captum and
# safetensors, integrated gradients by those two are timed in turns with ours. The models (7 GB) stay
# in build/bench.
set -eu
is_all=yes
[ "$1" != --models ] || { is_all=no; shift; }
build=$1
shift
decoders='opt-125m gpt-neo-125m pythia-160m smollm2-135m mistral-small qwen2-small qwen3-small'
# shellcheck disable=SC2086 # names without blanks
[ $is_all = no ] || set -- bert-base gpt2 $decoders
bench=$build/tests/bench
models=build/bench
threads=${THREADS:-$(nproc)}
short='The quick brown fox jumps over the lazy dog near the river bank.'

model() {
    [ -z "$(find "$models/$1/model.safetensors" -newer tests/bench/make_model.c 2>/dev/null)" ] ||
        return 0
    mkdir -p "$models/$1"
    cp fixtures/vocab/"$2"/* "$models/$1"
    "$bench/make_model" "$1" "$models/$1"
}
# family NAME - a row for the forward pass of a family's base size, per FLOP beside bert-base's.
family() {
    mkdir -p "$models/$1"
    [ -n "$(find "$models/$1/model.safetensors" -newer tests/bench/make_model.c 2>/dev/null)" ] ||
        "$bench/make_model" "$1" "$models/$1"
    speed=$("$bench/bench_forward" "$models/$1" "$threads" 5 128 | tail -n 1 | cut -d , -f 7)
    [ "$1" != bert-base ] || base=$speed
    echo "$1,$speed,$(echo "$speed $base" | awk '{ printf "%.2f", $1 / $2 }')"
}
# process NAME ARGUMENT... - a row for a whole run of atlas.
process() {
    name=$1
    shift
    printf '%s,%s\n' "$name" "$("$bench/bench_process" 7 "$build/atlas" "$@")"
}

for name in "$@"; do
    case $name in
    bert*) model "$name" bert-base-uncased ;;
    *) model "$name" gpt2 ;;
    esac
done
[ $is_all = yes ] || exit 0
# 1,024 tokens, to be cut there.
i=0
while [ $i -lt 100 ]; do
    echo "$short"
    i=$((i + 1))
done >"$models/long.txt"
{
    echo 'program,best_ms,median_ms,memory_mb'
    process 'run bert-base to a summary' run -m "$models/bert-base" --mask none "$short"
    process 'run gpt2 to a summary' run -m "$models/gpt2" "$short"
    process 'run bert-base to files' run -q -m "$models/bert-base" -o "$models/out" "$short"
    process 'capture gpt2 of 1024 tokens' run -q -m "$models/gpt2" -f "$models/long.txt" --truncate \
        --format json -o "$models/out"
    process 'metrics bert-base' metrics -m "$models/bert-base" --no-baseline "$short"
    echo
    "$bench/bench_forward" "$models/bert-base" "$threads" 5 8 16 32 64 128 256 512
    "$bench/bench_forward" "$models/gpt2" "$threads" 3 16 128 512 1024 | tail -n +2
    for name in $decoders; do
        "$bench/bench_forward" "$models/$name" "$threads" 3 16 128 512 | tail -n +2
    done
    echo
    echo 'family of 128 tokens,gflops,to_bert_base'
    for name in bert-base roberta-base distilbert-base electra-base albert-base mpnet-base; do
        family "$name"
    done
    echo
    "$bench/bench_batch" "$models/bert-base" "$threads" 1000
    echo
    "$bench/bench_backward" "$models/bert-base" "$threads" 3 32
    echo
    "$bench/bench_pll" "$models/bert-base" "$threads" 20 8
    echo
    "$bench/bench_faith" "$models/bert-base" "$threads" 5 32
    echo
    [ -z "${TORCH:-}" ] || {
        "$TORCH" scripts/outside/bench-faith.py --threads "$threads" "$build" "$models/bert-base"
        echo
    }
    "$bench/bench_analysis" "$threads"
} | tee "$build/bench.csv"
