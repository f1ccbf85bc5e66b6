load helper

# Heads that are removed from a model.

M() { printf "%s" "$FIXTURES/$1"; }
pairs() { printf 'a\tb\nA man sat.\tA woman sat.\nThe boy ran.\tThe girl ran.\n' >p.tsv; }

@test "run --ablate: another model's predictions, and results that say so" {
    ok run -m "$(M tiny-gpt2)" -q -o whole --format json,csv "a b c d"
    ok run -m "$(M tiny-gpt2)" -q -o cut --format json,csv --ablate 0.1,1.0 "a b c d"
    holds cut/run.json '.meta.ablation == {heads: ["0.1", "1.0"], mode: "zero", reference: null}'
    holds whole/run.json '.meta | has("ablation") | not'
    holds cut/manifest.json '.options.ablate == "0.1,1.0" and .options.ablation == "zero"'
    has "$(json cut/run.json .meta.model)" 'tiny-gpt2 without 0.1, 1.0 \(zero\)'
    ! cmp -s whole/predictions.csv cut/predictions.csv
    # the first layer still looks, at what it always saw; the next one sees the difference
    [ "$(grep '^0,' whole/attention.csv)" = "$(grep '^0,' cut/attention.csv)" ]
    [ "$(grep '^1,' whole/attention.csv)" != "$(grep '^1,' cut/attention.csv)" ]
    # what was captured without a head is never taken for the whole model's
    ok run --from cut --json
    has "$(json - .meta.model)" 'without 0.1, 1.0 \(zero\)'
}

@test "run --ablate none is the model as it is" {
    ok run -m "$(M tiny-gpt2)" --json "a b c d"
    whole=$output
    ok run -m "$(M tiny-gpt2)" --json --ablate none "a b c d"
    [ "$output" = "$whole" ]
}

@test "run --ablation: a mean, another token, a reference" {
    printf 'a b\nc d e f\n' >texts
    for how in mean resample "mean --reference texts" "resample --reference texts"; do
        # shellcheck disable=SC2086
        ok run -m "$(M tiny-gpt2)" --json --ablate 0.1 --ablation $how "a b c d"
        json - .predictions >"${how// /_}"
    done
    [ "$(cat mean resample mean_--reference_texts resample_--reference_texts | cksum)" != \
        "$(cat mean mean mean mean | cksum)" ]
    ! cmp -s mean resample && ! cmp -s mean mean_--reference_texts
    # by a text's own mean, and that of a reference which is the text
    printf 'a b c d\n' >same
    ok run -m "$(M tiny-gpt2)" --json --ablate 0.1 --ablation mean --reference same "a b c d"
    [ "$(json - '.predictions[0].top[0].id')" = "$(jq '.[0].top[0].id' mean)" ]
    ok run -m "$(M tiny-gpt2)" -q -o out --format json --ablate 0.1 --ablation mean --reference same "a b c d"
    holds out/manifest.json '[.inputs[] | select(.role == "reference")] | length == 1'
}

@test "bias pairs and stereoset --ablate: other scores, which only go on with the same heads" {
    pairs
    ok bias pairs -q -o whole --format json,csv p.tsv
    ok bias pairs -q -o cut --format json,csv --ablate 0.1,1.0 p.tsv
    holds cut/scores.json '.meta.ablation.heads == ["0.1", "1.0"]'
    ! cmp -s whole/items.csv cut/items.csv
    holds cut/journal.json '.ablation | startswith("0.1,1.0 zero")'
    fails 1 bias pairs -q -o cut --resume --format json,csv --ablate 0.1 p.tsv
    has "$stderr" 'ablation'
    jq '.data |= with_entries(.value |= .[:2])' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -q -o a --format json,csv set.json
    ok bias stereoset -q -o b --format json,csv --ablate 0.0,1.1 --ablation mean set.json
    ! cmp -s a/items.csv b/items.csv
    holds b/scores.json '.meta.ablation.mode == "mean"'
    # causal texts that begin alike go on from each other, but not when a head's mean is their own
    for how in zero mean; do
        ok bias pairs -m "$(M tiny-gpt2)" -q -o "g-$how" --ablate 0.1 --ablation $how p.tsv
    done
    ! cmp -s g-zero/items.csv g-mean/items.csv
}

@test "--ablate: what is no head, and what it cannot go with" {
    for bad in 3 a.b 0.1, 0.1,0.1 0.1.2 -1.0 0.1000000; do
        fails 2 run --ablate "$bad" "a b"
        has "$stderr" 'ablate: '
    done
    fails 2 run --ablate all "a b"
    fails 1 run --ablate 99.0 "a b"
    has "$stderr" 'no head 99.0: the model has layers 0 to [0-9]+ of heads 0 to [0-9]+'
    fails 2 run --ablation mean "a b"
    fails 2 run --ablate 0.1 --reference none "a b"
    fails 1 run --ablate 0.1 --ablation mean --reference none "a b"
    has "$stderr" "reference: cannot open 'none'"
    : >empty
    fails 1 run --ablate 0.1 --ablation mean --reference empty "a b"
    fails 2 run --ablate 0.1 --from somewhere
    pairs
    fails 2 bias pairs --ablate 0.1 --rescore items.csv p.tsv
}
