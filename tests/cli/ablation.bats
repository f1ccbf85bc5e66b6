load helper

# Heads that are removed from a model.

M() { printf "%s" "$FIXTURES/$1"; }
pairs() { printf 'a\tb\nA man sat.\tA woman sat.\nThe boy ran.\tThe girl ran.\n' >p.tsv; }

@test "run --ablate: another model's predictions, and results that say so" {
    ok run -m "$(M tiny-gpt2)" -q -o whole --format json,csv "a b c d"
    ok run -m "$(M tiny-gpt2)" -q -o cut --format json,csv --ablate 0.1,1.0 "a b c d"
    holds cut/run.json '.meta.ablation == {heads: ["L0H1", "L1H0"], mode: "zero", reference: null}'
    holds whole/run.json '.meta | has("ablation") | not'
    holds cut/manifest.json '.options.ablate == "0.1,1.0" and .options.ablation == "zero"'
    has "$(json cut/run.json .meta.model)" 'tiny-gpt2 without L0H1, L1H0 \(zero\)'
    ! cmp -s <(scores whole/predictions.csv) <(scores cut/predictions.csv)
    # the first layer still looks, at what it always saw; the next one sees the difference
    [ "$(grep '^0,' whole/attention.csv)" = "$(grep '^0,' cut/attention.csv)" ]
    [ "$(grep '^1,' whole/attention.csv)" != "$(grep '^1,' cut/attention.csv)" ]
    # what was captured without a head is never taken for the whole model's
    ok run --from cut --json
    has "$(json - .meta.model)" 'without L0H1, L1H0 \(zero\)'
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
    ! cmp -s <(scores mean) <(scores resample) && ! cmp -s <(scores mean) <(scores mean_--reference_texts)
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
    holds cut/scores.json '.meta.ablation.heads == ["L0H1", "L1H0"]'
    ! cmp -s <(scores whole/items.csv) <(scores cut/items.csv)
    holds cut/journal.json '.ablation | startswith("L0H1,L1H0 zero")'
    fails 1 bias pairs -q -o cut --resume --format json,csv --ablate 0.1 p.tsv
    has "$stderr" 'ablation'
    jq '.data |= with_entries(.value |= .[:2])' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -q -o a --format json,csv set.json
    ok bias stereoset -q -o b --format json,csv --ablate 0.0,1.1 --ablation mean set.json
    ! cmp -s <(scores a/items.csv) <(scores b/items.csv)
    holds b/scores.json '.meta.ablation.mode == "mean"'
    # causal texts that begin alike go on from each other, but not when a head's mean is their own
    for how in zero mean; do
        ok bias pairs -m "$(M tiny-gpt2)" -q -o "g-$how" --ablate 0.1 --ablation $how p.tsv
    done
    ! cmp -s <(scores g-zero/items.csv) <(scores g-mean/items.csv)
}

@test "--ablate: what is no head, and what it cannot go with" {
    for bad in 3 a.b 0.1, 0.1,0.1 0.1.2 -1.0 0.1000000; do
        fails 2 run --ablate "$bad" "a b"
        has "$stderr" 'ablate: '
    done
    fails 2 run --ablate all "a b"
    fails 1 run --ablate 99.0 "a b"
    has "$stderr" 'no head L99H0: the model has layers 0 to [0-9]+ of heads 0 to [0-9]+'
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

@test "bias stereoset --move: heads without which the score is another one" {
    jq '.data |= with_entries(.value |= .[:4])' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -q -o out --format json,csv --move 10 --candidates 3 set.json
    holds out/smallest_set.json '.steps | length > 0 and (last.change | fabs) > 0'
    holds out/scores.json '.meta | has("ablation") | not'
    # the same heads, taken out by name
    heads=$(json out/smallest_set.json '[.steps[] | "\(.layer).\(.head)"] | join(",")')
    ok bias stereoset -q -o cut --format json,csv --ablate "$heads" set.json
    jq -s -e '(.[0].overall.ss - .[1].ss) | fabs < 1e-6' out/scores.json out/smallest_set.json
    jq -s -e '(.[0].overall.ss - (.[1].steps | last | .ss)) | fabs < 1e-6' cut/scores.json out/smallest_set.json
    fails 2 bias stereoset --move 5 --ablate 0.1 set.json
    fails 2 bias stereoset --move 5 --rescore x set.json
    fails 2 bias stereoset --candidates 5 set.json
    fails 2 bias stereoset --move 5 --json set.json
}

# Of `atlas faith`.

F() { ok faith -m "$(M "$1")" -q -o "$2" --format json,csv --methods gradient_x_input --draws 0 "${@:3}"; }

@test "faith: every head by itself, layers, first heads, parts of the logit" {
    F tiny-gpt2 out "a b c d"
    shape "$(M tiny-gpt2)"
    [ "$(head -1 out/ablation.csv)" = layer,head,mode,change,impact,kl,heads ]
    [ "$(wc -l <out/ablation.csv)" -eq $((L * H + 1)) ]
    [ "$(head -1 out/direct.csv)" = component,layer,head,dla ]
    # the parts are the logit, and removed heads hand on nothing
    holds out/faith.json '((.direct | map(.dla) | add) - .ablation_checks.logit) | fabs < 1e-4'
    holds out/faith.json '.ablation_proof | all(.norm_left == 0 and .norm > 0)'
    holds out/faith.json '.ablation_layers | all(.gap != null and .gap < 1e-5)'
    holds out/faith.json '.ablation_checks | .patching_pearson != null and .direct_pearson != null'
    # with a foil they are the difference
    F tiny-gpt2 foil --target a --foil b "a b c d"
    holds foil/faith.json '((.direct | map(.dla) | add) - .target.value) | fabs < 1e-4'
    holds foil/faith.json '.ablation_checks.direct_is_linearised == false'
    # it does not depend on how much goes through at a time
    F tiny-gpt2 few --batch-rows 1 "a b c d"
    jq -s -e '[.[0].ablation, .[1].ablation] | transpose |
        all((.[0].change - .[1].change) | fabs < 1e-5)' out/faith.json few/faith.json
}

@test "faith --ablate: a list together is one row, and what run does without them" {
    F tiny-gpt2 two --ablate 0.1,1.0 "a b c d"
    [ "$(wc -l <two/ablation.csv)" -eq 2 ]
    has "$(sed -n 2p two/ablation.csv)" '^,,zero,.*,L0H1\+L1H0$'
    [ ! -e two/elbow.csv ]
    F tiny-gpt2 none --ablate none "a b c d"
    holds none/faith.json 'has("ablation") | not'
    [ ! -e none/ablation.csv ]
    F tiny-gpt2 move --move -0.1 "a b c d"
    holds move/faith.json '.smallest_set | last | .reaches and .change <= -0.1'
    F tiny-gpt2 by --by row_entropy --top-heads 2 "a b c d"
    holds by/faith.json '.ablation_checks.elbow_by == "row_entropy" and (.elbow | length == 2)'
    printf 'd c b a\n' >texts
    F tiny-gpt2 mean --ablation mean --reference texts --patch "d c b a" "a b c d"
    holds mean/faith.json '.ablation | all(.mode == "mean")'
    holds mean/manifest.json '[.inputs[] | select(.role == "reference")] | length == 1'
}

@test "faith: heads over many texts" {
    printf 'a b c d\nb c a\nd d a\n' >texts
    ok faith -m "$(M tiny-gpt2)" -q -o out --format csv --methods gradient_x_input --draws 0 --lines -f texts
    shape "$(M tiny-gpt2)"
    [ "$(grep -c ',kl,.*,3,zero,$' out/corpus.csv)" -eq $((L * H)) ]
    # the mean of each text's own
    mean=$(awk -F, 'FNR > 1 && $1 == 1 && $2 == 0 { sum += $4 } END { printf "%.5f", sum / 3 }' out/[123]/ablation.csv)
    [ "$(awk -F, '$2 == 1 && $3 == 0 && $4 == "change" { printf "%.5f", $5 }' out/corpus.csv)" = "$mean" ]
    has "$(cat out/corpus.csv)" ',,,patching_rho,'
}

@test "faith: what cannot be removed" {
    fails 2 faith --ablate x "a b"
    fails 2 faith --ablate 0.1,0.1 "a b"
    fails 1 faith --ablate 99.0 "a b"
    has "$stderr" 'ablate: no head L99H0'
    fails 2 faith --ablate none --move 1 "a b"
    fails 2 faith --ablate 0.1 --by kl "a b"
    fails 2 faith --reference texts "a b"
    fails 1 faith --ablation mean --reference missing "a b"
    fails 1 faith --patch "a b c d e" "a b"
    has "$stderr" 'patch has [0-9]+ tokens, the text has [0-9]+'
}
