#!/usr/bin/env bats
# golden.bats - every command once in each form: what a person reads, the document, the tables.
#
# Goldens guard against change and prove nothing; they are of tiny models, which nobody retrains.

load helper

bert=$FIXTURES/tiny-bert
gpt2=$FIXTURES/tiny-gpt2
text='the cat sat. a mat.'

# forms NAME ARG... - the three forms of a call.
forms() {
    local name=$1
    shift
    COLUMNS=100 ok "$@"
    golden "$name.txt"
    ok "$@" --json --digits 6
    output=$(grep -v '"atlas":' <<<"$output")
    golden "$name.json"
    ok "$@" -o out --format csv
    # run_id follows every option that there is
    output=$(cd out && id=$(jq -r .run_id manifest.json) &&
        for f in *.csv; do echo "== $f" && sed "s/,$id\$/,RUN/" "$f"; done)
    golden "$name.csv"
}

@test "golden: run" {
    forms run run -m "$bert" --layer 1 --head 0 --min-weight 0.1 "$text"
}

@test "golden: metrics" {
    XDG_CACHE_HOME=$PWD forms metrics metrics -m "$gpt2" "$text"
}

@test "golden: heads" {
    printf 'the\tDET\ncat\tNOUN\nsat\tVERB\n.\tPUNCT\na\tDET\nmat\tNOUN\n.\tPUNCT\n' >tags
    forms heads heads -m "$bert" --tags tags "$text"
}

@test "golden: cluster" {
    printf 'the\tDET\ncat\tNOUN\nsat\tVERB\n.\tPUNCT\na\tDET\nmat\tNOUN\n.\tPUNCT\n' >tags
    forms cluster cluster -m "$gpt2" --map pca --k 2 --tags tags "$text"
}

@test "golden: isa" {
    forms isa isa -m "$bert" --sentences 0,1 'The cat sat. A mat.'
}

@test "golden: bias attention" {
    forms bias-attention bias attention -m "$bert" --tokens 2,3 --permutations 99 "$text"
}

@test "golden: bias swap" {
    forms bias-swap bias swap -m "$bert" "he sat."
}

@test "golden: bias pairs" {
    printf '%s\n' '{"sentence_good": "The cats sat.", "sentence_bad": "The cats sit.", "UID": "a"}' \
        '{"sentence_good": "A mat.", "sentence_bad": "An mat.", "UID": "b"}' >pairs.jsonl
    forms bias-pairs bias pairs -m "$bert" --preset blimp pairs.jsonl
}

@test "golden: bias detect" {
    forms bias-detect bias detect -m "$FIXTURES/tiny-detector" "$text"
}

@test "golden: bias stereoset" {
    jq -n 'def item($id; $target; $context; $texts):
               { $id, $target, bias_type: "race", $context,
                 sentences: [range(3) as $k | { id: "\($id)\($k)", sentence: $texts[$k],
                     gold_label: ["stereotype", "anti-stereotype", "unrelated"][$k] }] };
           { version: "1.0", data: {
               intrasentence: [item("a"; "cat"; "the cat BLANK."; ["the cat sat.", "the cat a.", "the cat b."]),
                               item("b"; "mat"; "a BLANK mat."; ["a c mat.", "a d mat.", "a cat mat."])],
               intersentence: [item("c"; "cat"; "the cat."; ["a mat.", "the mat sat.", "b."])] } }' >set.json
    forms bias-stereoset bias stereoset -m "$bert" --resamples 50 set.json
}

@test "golden: compare" {
    forms compare compare -m "$bert" --with 'the cat sat. two mats.' "$text"
}
