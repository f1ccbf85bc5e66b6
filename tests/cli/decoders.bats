#!/usr/bin/env bats
# decoders.bats - every command on tiny models of the families of decoders: they end well, what must
# add up does, and what is not implemented is said by key and value. Their numbers are held against
# transformers in the unit tests.
load helper

ALL="opt gpt-neo gpt-neox gpt-neox-serial llama mistral qwen2 qwen3"
TEXT="the cat sat on the mat"

# each MODEL-COMMAND... - once for every model, which is $m and whose folder is $M.
each() {
    for m in $ALL; do
        M=$FIXTURES/decoders/$m
        "$@" || fail "of the model $m" || return
    done
}

# tensor_shape FILE NAME - its dimensions, as the header of a safetensors file has them.
tensor_shape() {
    local n
    n=$(od -An -tu8 -N8 "$1" | tr -d ' ')
    tail -c +9 "$1" | head -c "$n" | jq -c ".\"$2\".shape"
}

one_run() {
    ok run -m "$M" -q -o "$m" --deep --top 2 --format json "$TEXT."
    holds "$m/deep.json" '.weight_error < 1e-5' &&
        holds "$m/run.json" '[.predictions[].top[].p] | length > 4 and all(. > 0 and . <= 1)'
}
@test "run --deep: weights follow from queries and keys, whoever shares them" {
    each one_run
    # texts begin as tokenizer.json says
    holds opt/run.json '.tokens[0] | .token == "</s>" and .special'
    holds llama/run.json '.tokens[0].token == "<|begin_of_text|>"'
    holds mistral/run.json '.tokens[0].token == "<s>"'
    holds qwen2/run.json '.tokens[0].special | not'
    # captured keys are those of the heads of keys; values of rotary models have no positions
    for m in llama/2,4 mistral/1,3 qwen3/2,4 gpt-neox/2,2; do
        file=${m%/*}/capture.safetensors
        [[ $(tensor_shape "$file" keys) == "[2,${m: -3:1},"* ]]
        [[ $(tensor_shape "$file" queries) == "[2,${m: -1},"* ]]
    done
    holds qwen3/deep.json '.embeddings[0] | .position_norm == null and .word_norm > 0'
    holds opt/deep.json '.embeddings[0] | .position_norm > 0'
}

one_replay() {
    ok run -m "$M" -q -o "$m" --deep --format json,csv "$TEXT."
    ok run --deep -q -o again --format json,csv --from "$m"
    for f in qkv steps residual; do
        awk -f "$BATS_TEST_DIRNAME/close.awk" "$m/$f.csv" "again/$f.csv" || return
    done
    rm -r again
}
@test "a capture says all of heads and windows that the model did" {
    ALL="mistral qwen3" each one_replay
}

one_look() {
    ok metrics -m "$M" --json "$TEXT"
    holds - '[.. | .row_entropy? // empty | numbers] | length > 0 and all(. >= 0)' || return
    ok heads -m "$M" -q --json "$TEXT" || return
    ok cluster -m "$M" -q --json "$TEXT" || return
    ok bias attention -m "$M" -q --tokens 1 --json "$TEXT" || return
    ok view -m "$M" -q -o "$m" "$TEXT" || return
    ok compare -m "$M" -m "$FIXTURES/tiny-gpt2" -q --json "$TEXT" || return
    ATLAS_DATADIR=$FIXTURES ok isa -m "$M" -q --json "The cat sat. The mat sat." || return
    ok model check -m "$M" --json
    holds - '[.checks[] | .ok] | all'
}
@test "metrics, heads, cluster, bias attention, view, compare, isa, model check" {
    each one_look
}

one_pair_of_precisions() {
    printf 'the cat sat.\na\nthe mat sat on the cat\n' >texts
    ok metrics -m "$M" -q -o float --format csv --lines -f texts --each || return
    ok metrics -m "$M" -q -o double --format csv --lines -f texts --each --precision double || return
    for i in 1 2 3; do
        awk -f "$BATS_TEST_DIRNAME/close.awk" "float/$i/metrics.csv" "double/$i/metrics.csv" || return
    done
    rm -r float double
}
@test "float and double give the same, many texts too" {
    each one_pair_of_precisions
}

one_decision() {
    ok faith -m "$M" -q -o "$m" --format json --draws 2 --sanity --precision double "the cat sat."
    holds "$m/faith.json" '.completeness.residual < 0.05 and (.attributions | length) >= 13' || return
    ok faith -m "$M" --json --explain likelihood --methods attnlrp --draws 0 --ablate none "$TEXT"
    holds - '.attributions.attnlrp | all(. != null)'
}
@test "faith: gradients, relevance, ablation; what sums to the decision does" {
    each one_decision
}

one_score() {
    printf 'id\tsent_more\tsent_less\n1\tthe cat sat\tthe mat sat\n' >p.tsv
    ok bias pairs -m "$M" -q --json p.tsv || return
    ok bias pairs -m "$M" -q --json --ablate 0.0 p.tsv || return
    ATLAS_DATADIR=$FIXTURES ok bias swap -m "$M" -q --json "he sat" || return
    jq '.data |= {intrasentence: .intrasentence[:1]}' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -m "$M" -q --json set.json
}
@test "bias pairs, swap, stereoset: sentences are scored" {
    each one_score
}

# refused MODEL FILTER WHAT - its configuration changed by jq's FILTER is refused with these words.
refused() {
    rm -rf changed
    cp -r "$FIXTURES/decoders/$1" changed
    jq "$2" "$FIXTURES/decoders/$1/config.json" >changed/config.json
    fails 1 run -m ./changed "$TEXT"
    has "$stderr" "$3"
}
@test "what is not implemented is refused by key and value" {
    refused opt '.do_layer_norm_before = false' "'do_layer_norm_before' is false, want true"
    refused opt '.word_embed_proj_dim = 6' "'word_embed_proj_dim' is 6, want the width of 12"
    refused llama '.rope_scaling.rope_type = "longrope"' "'rope_scaling' is of the kind 'longrope'"
    refused llama '.hidden_act = "mish"' "'hidden_act' is 'mish'"
    refused gpt-neo '.attention_types = [[["sparse"], 2]]' "'attention_types' has 'sparse'"
    refused qwen2 '.quantization_config = {"bits": 4}' "'quantization_config' is there"
    refused qwen3 '.head_dim = 6' "'model.layers.0.self_attn.q_proj.weight' has shape \(32,12\), want \(24,12\)"
}
