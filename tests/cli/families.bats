#!/usr/bin/env bats
# families.bats - every command on models of every family but BERT and GPT-2: they end well, what
# must add up does, and what a family has not is said by name. Their numbers are held against
# PyTorch in the unit tests.
load helper

# maps MODEL FAMILY HEADS - text in, attention out, and what is made of it.
maps() {
    local m=$FIXTURES/$1
    ok run -m "$m" -q -o run --format json,csv "the cat sat."
    holds run/run.json '.tokens | length > 4'
    ok metrics -m "$m" --json "the cat sat."
    holds - '[.. | .row_entropy? // empty | numbers] | length > 0 and all(. >= 0)'
    ok run --deep -m "$m" -q -o deep --format json "the cat sat."
    holds deep/deep.json '.weight_error < 1e-5'
    ok isa -m "$m" -q --json "The cat sat. The mat sat."
    ok heads -m "$m" -q --json "the cat sat on the mat"
    ok cluster -m "$m" -q --json "the cat sat on the mat"
    ok view -m "$m" -q -o view "the cat sat."
    ok compare -m "$m" -m "$FIXTURES/tiny-bert" -q -o compare --format json "the cat sat"
    ok bias attention -m "$m" -q --tokens 1 --json "the cat sat"
    ok bias swap -m "$m" -q --json "he sat"
    ok model info -m "$m" --json
    holds - '.architecture == "'"$2"'" and ([.model_heads | to_entries[] | select(.value).key] == '"$3"')'
    ok model check -m "$m" --json
    holds - '[.checks[] | .ok] | all'
}

# same MODEL - float and double give the same, many texts too.
same() {
    local m=$FIXTURES/$1
    printf 'the cat sat.\na\nthe mat sat on the cat\n' >texts
    ok metrics -m "$m" -q -o float --format csv --lines -f texts --each
    ok metrics -m "$m" -q -o double --format csv --lines -f texts --each --precision double
    for i in 1 2 3; do
        awk -f "$BATS_TEST_DIRNAME/close.awk" float/$i/metrics.csv double/$i/metrics.csv
    done
}

# decision MODEL ARG... - why the model decides so; what sums to the decision does.
decision() {
    ok faith -m "$FIXTURES/$1" -q -o faith --format json,csv --draws 2 --sanity --precision double "${@:2}"
    holds faith/faith.json '.completeness.residual < 0.05 and (.attributions | length) > 0'
}

# sentences MODEL - scores of sentences, by the masked tokens.
sentences() {
    local m=$FIXTURES/$1
    printf 'id\tsent_more\tsent_less\n1\tthe cat sat\tthe mat sat\n' >p.tsv
    ok bias pairs -m "$m" -q --json p.tsv
    ok bias pairs -m "$m" -q --json --pll whole-word --ablate 0.0 p.tsv
    jq '.data |= {intrasentence: .intrasentence[:1]}' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -m "$m" -q --json set.json
}

@test "RoBERTa: every command" {
    maps tiny-roberta roberta '["masked_lm"]'
    same tiny-roberta
    decision tiny-roberta "the cat <mask>."
    sentences tiny-roberta
}
