# smoke.bats - every command once, on the tiny models; what make valgrind runs.
load helper

@test "run: both families, to standard output and to files" {
    ok run -m "$FIXTURES/tiny-bert" --pair 'a mat' 'the cat sat'
    has "$output" 'the cat sat'
    ok run -m "$FIXTURES/tiny-gpt2" -o out --format json,csv,png,svg,pdf --layer 1 --head 0 'the cat'
    [ -s out/manifest.json ]
    ok run --from out --words --json
    holds - '.meta.words'
}

@test "run --deep" {
    ok run -m "$FIXTURES/tiny-bert" --deep -o out --layer 1 --head 0 'the cat sat'
    [ -s out/steps.csv ]
    ok run --deep --from out
    ok run -m "$FIXTURES/tiny-gpt2" --deep --words 'the cat'
}

@test "metrics" {
    ok metrics -m "$FIXTURES/tiny-bert" --json 'the cat sat'
    holds - '.heads | length == 4'
}

@test "isa" {
    ok isa -m "$FIXTURES/tiny-bert" -o out --sentences 1,0 'A cat. A dog.'
    [ -s out/isa_pair_1_0.csv ]
    ok isa -m "$FIXTURES/tiny-gpt2" --matrix rollout 'A cat. A dog.'
}

@test "model" {
    ok model list
    ok model info "$FIXTURES/tiny-gpt2"
    ok model check "$FIXTURES/tiny-bert"
    has "$output" 'rows sum to one'
}

@test "a broken model and a broken text are refused" {
    fails 1 run -m "$FIXTURES/hostile/model-truncated" cat
    printf 'a \xff' >text
    fails 1 run -m "$FIXTURES/tiny-bert" -f text
}

@test "help, version, completion" {
    ok help
    ok help run
    ok version --build
    ok completion bash
}

@test "one is singular: one token, one node, one text, one pair, one item" {
    local one='(^|[^0-9.])1 (layer|head|token|word|node|text|link|pair|tie|item|target term|sentence|feature|set)s'
    for c in metrics heads isa "isa --words" run; do
        ok $c -m atlas-gpt2 a
        lacks "$output" "$one"
        ok $c -m atlas-gpt2 -o "out-${c// /}" --format json --dump-drawing --layer 1 --head 1 a
        lacks "$(cat "out-${c// /}"/*.drawing.json)" "$one"
    done
    grep -q '1 token"' out-run/*.drawing.json
    shape atlas-gpt2
    ok metrics -m atlas-gpt2 a
    has "$output" "$L layers x $H heads, 1 token"
    printf 'sent_more,sent_less\nHe is here.,She is here.\n' >pairs.csv
    ok bias pairs -q -o pairs --format json --dump-drawing pairs.csv
    grep -q '1 pair, 0 ties' pairs/categories.drawing.json
    ok bias calibrate -q --draws 10 "Women are bad drivers."
    has "$output" 'of 1 text with'
}
