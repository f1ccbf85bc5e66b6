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
    ok faith -m "$FIXTURES/$1" -q -o "why-$1" --format json,csv --draws 2 --sanity --precision double "${@:2}"
    holds "why-$1/faith.json" '.completeness.residual < 0.1 and (.attributions | length) > 0'
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

@test "ELECTRA: every command, and what a discriminator has not" {
    maps tiny-electra electra '["masked_lm"]'
    same tiny-electra
    decision tiny-electra "the cat [MASK]."
    sentences tiny-electra
    local m=$FIXTURES/tiny-electra-classes
    decision tiny-electra-classes "the cat sat"
    holds why-tiny-electra-classes/faith.json '.target.kind == "class" and (.target.token | IN("low", "middle", "high"))'
    printf 'id\tsent_more\tsent_less\n1\tthe cat sat\tthe mat sat\n' >p.tsv
    fails 1 bias pairs -m "$m" p.tsv
    has "$stderr" 'no language-model head'
    fails 1 faith -m "$m" --target cat "the cat sat"
    has "$stderr" 'no language-model head'
}

@test "ALBERT: every command, a layer for each pass over the shared ones" {
    maps tiny-albert albert '["masked_lm"]'
    shape "$FIXTURES/tiny-albert"
    [ "$L $H $C" = "6 2 8" ]
    same tiny-albert
    decision tiny-albert "the cat [MASK]."
    sentences tiny-albert
}

@test "DistilBERT: every command" {
    maps tiny-distilbert distilbert '["masked_lm"]'
    same tiny-distilbert
    decision tiny-distilbert "the cat [MASK]."
    sentences tiny-distilbert
    ok run -m "$FIXTURES/tiny-distilbert" -q --json --mask none --pair "the mat" "the cat"
    holds - '[.tokens[].token] | join(" ") == "[CLS] the cat [SEP] the mat [SEP]"'
}

@test "MPNet: every command, and pairs as RoBERTa has them" {
    maps tiny-mpnet mpnet '["masked_lm"]'
    same tiny-mpnet
    decision tiny-mpnet "the cat <mask>."
    sentences tiny-mpnet
    ok run -m "$FIXTURES/tiny-mpnet" -q --json --mask none --pair "the mat" "the cat"
    holds - '[.tokens[].token] | join(" ") == "<s> the cat </s> </s> the mat </s>"'
}

@test "a family's numbers are refused by key and value" {
    refuses() {
        mkdir -p m
        cp "$FIXTURES/$1"/* m
        jq "$2" "$FIXTURES/$1/config.json" >m/config.json
        fails 1 model info -m m
        has "$stderr" "$3"
    }
    refuses tiny-roberta '.position_embedding_type = "relative_key"' "'position_embedding_type' is 'relative_key'"
    refuses tiny-mpnet '.relative_attention_num_buckets = 16' "'relative_attention_num_buckets' is 16"
    refuses tiny-distilbert '.activation = "selu"' "'activation' is 'selu'"
    refuses tiny-electra '.is_decoder = true' "'is_decoder' is true"
    refuses tiny-albert '.hidden_act = "selu"' "'hidden_act' is 'selu'"
    refuses tiny-albert '.num_hidden_layers = 300 | .inner_group_num = 300' '90000 layers'
    refuses tiny-electra '.embedding_size = 6' "has shape \(69,5\), want \(69,6\)"
}
