# bias.bats - detection, attention to flagged tokens, scores of published data, long runs in parts.
load helper

SET=$FIXTURES/data/stereoset/stereoset_dev_en.json
CROWS=$FIXTURES/data/crows_pairs/crows_pairs.csv
BIASED="Women are bad drivers. The sun is hot."

# A few items of both parts of StereoSet; the shortest pairs of CrowS-Pairs, no line break in any.
few_items() {
    jq '.data |= with_entries(.value |= .[:'"$1"'])' "$SET"
}
short_pairs() {
    head -n 1 "$CROWS"
    grep -E '^[0-9]+,.*"$' "$CROWS" | awk '{ print length, $0 }' | sort -ns | head -n "$1" |
        cut -d ' ' -f 2-
}

# roles FILE - those of a manifest's inputs in their order, each file of a model's not told apart.
roles() {
    jq -r '[.inputs[].role] | . as $r | [range(length) | select(. == 0 or $r[. - 1] != $r[.]) | $r[.]] | join(" ")' "$1"
}

# near FILE FILTER WANT - jq's number to 4 decimals.
near() {
    holds "$1" "($2) - ($3) | fabs < 0.00005"
}

@test "detect keeps its contract: tokens, spans, summary, level" {
    ok bias detect -o out --format json,csv "$BIASED"
    holds out/bias.json 'all(.tokens[]; has("index") and has("token") and (.scores | has("GEN") and has("UNFAIR") and has("STEREO") and has("O")) and has("labels"))'
    holds out/bias.json '.tokens[0].scores.GEN == 0 and .tokens[0].labels == []'
    holds out/bias.json '(.spans | type) == "array" and .summary.words == 8'
    holds out/bias.json '.level.score >= 0 and .level.score <= 1 and (.level.band | IN("low", "moderate", "high"))'
    holds out/bias.json '.caution | test("demonstration")'
    cp -rL "$MODELS/atlas-bias" its-own-words # says so wherever it lies
    jq '.atlas_caution = "half done"' "$MODELS/atlas-bias/config.json" >its-own-words/config.json
    ok bias detect -m ./its-own-words "$BIASED"
    [ "${lines[-1]}" = "  half done" ]
    [ "$(head -n 1 out/tokens.csv)" = "index,token,label,start,end,gen,unfair,stereo,o,labels,confidence,tier,explanation" ]
    [ "$(wc -l <out/tokens.csv)" -eq $(($(json out/bias.json '.tokens | length') + 1)) ]
    [ -f out/spans.csv ]
}

@test "a text without words has no level, so none that is low" {
    ok bias detect --json "..."
    holds - '.level.score == null and .level.band == null'
    printf '...\nThe sun is hot.\n' >texts.txt
    ok bias detect --threshold 1 --lines -f texts.txt -o out --format csv
    has "$(sed -n 2p out/texts.csv)" '^atlas-bias,1,[0-9]+,1,1,[0-9a-f]{12},0,0,,0,0,0,,,$'
    [[ "$(sed -n 3p out/texts.csv)" == *,low ]]
}

@test "a threshold of 0 flags every word, one of 1 none" {
    ok bias detect --threshold 0 --json "$BIASED"
    holds - '.summary.flagged == 8 and .rule.kind == "by category"'
    ok bias detect --threshold GEN=1,UNFAIR=1 --threshold STEREO=1 --json "$BIASED"
    holds - '.summary.flagged == 0 and .spans == [] and .level.score == 0'
    ok bias detect --threshold 1 "$BIASED"
    has "$output" 'nothing flagged'
}

@test "spans are stretches of the text; an ensemble of one with itself is itself" {
    ok bias detect --threshold 0.5 --json "$BIASED"
    json - '.spans' >alone
    holds - '.meta.text as $t | all(.spans[]; . as $s | $t[$s.start:$s.end] == $s.text)'
    ok bias detect --ensemble atlas-bias --json "$BIASED"
    json - '.spans' >both
    diff alone both
}

@test "--ensemble: a text that the two classifiers cut in different ways is skipped" {
    detector model
    sed -i 's/^bad$/[unused9]/' model/vocab.txt
    fails 1 bias detect --ensemble ./model "Women are bad drivers."
    has "$stderr" "--ensemble: the two classifiers cut the text in different ways"
    printf '%s\n' "Women are bad drivers." "The sun is hot." >texts
    run --separate-stderr atlas bias detect --ensemble ./model -o out --format json --lines -f texts
    ended 3
    has "$stderr" "text 1: --ensemble: the two classifiers cut the text in different ways"
    holds out/manifest.json '[.skipped[].id] == ["1"]'
    [ -s out/2/bias.json ]
    [ ! -e out/1 ]
}

@test "several texts: a table over all" {
    printf '%s\n' "Women are bad drivers." "The sun is hot." >texts
    ok bias detect -o out --format csv --lines -f texts
    [ "$(wc -l <out/texts.csv)" -eq 3 ]
    [ -f out/1/tokens.csv ] && [ -f out/2/spans.csv ]
}

@test "a classifier with other labels, a threshold that is none: one line" {
    fails 1 bias detect -m atlas-tagger "$BIASED"
    has "$stderr" "found 24 labels .*want O, B-STEREO"
    fails 1 bias detect -m atlas-bert "$BIASED"
    fails 2 bias detect --threshold GEN=2 "$BIASED"
    has "$stderr" "'2' is not a probability"
    fails 2 bias detect --thresholds nobody "$BIASED"
    has "$stderr" "known are gusnet-bert"
}

# detector DIR - the detector without thresholds of its own in config.json.
detector() {
    mkdir "$1"
    ln -s "$FIXTURES"/small/models/atlas-bias/* "$1/"
    rm "$1/config.json"
    jq 'del(.label_thresholds)' "$FIXTURES/small/models/atlas-bias/config.json" >"$1/config.json"
}

@test "thresholds that a checkpoint brings in a file of numpy's" {
    detector model
    ok bias detect -m model --json "$BIASED"
    holds - '.rule.source == "default 0.5"'
    for form in single double single-v2 double-v2; do
        cp "$FIXTURES/npy/$form.npy" model/optimized_thresholds.npy
        ok bias detect -m model -o out --format json "$BIASED"
        holds out/bias.json '.rule.kind == "by label" and .rule.source == "optimized_thresholds.npy"'
        near out/bias.json '.rule.thresholds["B-STEREO"]' 100/1024
        near out/bias.json '.rule.thresholds["I-UNFAIR"]' 1023/1024
        holds out/manifest.json '[.inputs[] | select(.role == "thresholds") | .path] == ["'"$PWD/model/optimized_thresholds.npy"'"]'
        [ "$(json out/manifest.json '.inputs[] | select(.role == "thresholds") | .sha256')" = \
            "$(sha256sum <model/optimized_thresholds.npy | cut -c1-64)" ]
    done
    # what fires is what reaches them
    holds out/bias.json '([.rule.thresholds["B-STEREO"], .rule.thresholds["I-STEREO"]] | min) as $t |
        [.tokens[].fired.STEREO | values | .p] | length > 0 and min >= $t'
    # order of precedence: options, config.json, the file, the name
    ok bias detect -m model --threshold 0.25 -o out --format json "$BIASED"
    holds out/bias.json '.rule.source == "given" and .rule.thresholds.GEN == 0.25'
    holds out/manifest.json 'all(.inputs[]; .role != "thresholds")'
    ok bias detect -m model --thresholds bert-paper --json "$BIASED"
    holds - '.rule.source == "bert-paper"'
    mv model gusnet-bert
    ok bias detect -m ./gusnet-bert --json "$BIASED"
    holds - '.rule.source == "optimized_thresholds.npy"'
    rm gusnet-bert/optimized_thresholds.npy
    ok bias detect -m ./gusnet-bert --json "$BIASED"
    holds - '.rule.source == "gusnet-bert"'
}

@test "a file of thresholds that is broken or of other labels" {
    detector model
    while read -r form text; do
        cp "$FIXTURES/npy/$form.npy" model/optimized_thresholds.npy
        fails 1 bias detect -m model -o out "$BIASED"
        [ "$stderr" = "atlas bias detect: model/optimized_thresholds.npy: $text" ]
        [ ! -e out/manifest.json ]
        fails 1 bias attention --detector model "$BIASED"
        ok bias detect -m model --threshold 0.5 --json "$BIASED" # it is not read
        ok bias detect --ensemble model --json "$BIASED"
    done <<'END'
five 5 values, want 7
above-one value 5 is 1.17188, want 0 to 1
objects values of type '|O', want '<f4' or '<f8'
END
}

@test "another detector's files are inputs, an ensemble's too" {
    detector model
    cp "$FIXTURES/npy/single.npy" model/optimized_thresholds.npy
    ok bias attention -m atlas-bert --detector model -o out --format json --permutations 99 "$BIASED"
    [ "$(roles out/manifest.json)" = "model detector thresholds text" ]
    ok bias calibrate -m atlas-bert --ensemble model -o rates --format json --draws 5 "$BIASED"
    [ "$(roles rates/manifest.json)" = "model detector ensemble text" ]
    ok bias attention -o own --format json --permutations 99 "$BIASED"
    [ "$(roles own/manifest.json)" = "model text" ]
}

@test "attention to flagged tokens: ratios, propagation, significance" {
    shape atlas-bias
    ok bias attention -o out --format json,csv --permutations 2000 "$BIASED"
    [ "$(head -n 1 out/bar.csv)" = "layer,head,bar,bsr,bar_visible,bsr_visible,max_weight,specialised,p,mc_error,q,p_bonferroni,bar_gen,bar_unfair,bar_stereo" ]
    [ "$(wc -l <out/bar.csv)" -eq $((L * H + 1)) ]
    [ "$(wc -l <out/propagation.csv)" -eq $((L + 1)) ]
    holds out/bar.json 'all(.heads[]; .p > 0 and .p <= .q and .q <= .p_bonferroni and .bar > 0)'
    holds out/bar.json 'all(.heads[]; .specialised == (.bar > 2.5))'
    holds out/bar.json '.significance | .n_bonferroni <= .n_fdr and .n_fdr <= .n_uncorrected and .n_draws > 0'
    holds out/bar.json "(.propagation.layers | length) == $L"
}

@test "bar.json and calibration.json say what flagged the tokens, as bias.json does" {
    detector model
    cp "$FIXTURES/npy/single.npy" model/optimized_thresholds.npy
    for how in '--threshold GEN=0.25:given' '--thresholds bert-paper:bert-paper' \
        ':optimized_thresholds.npy'; do
        ok bias detect -m model ${how%:*} --json "$BIASED"
        rule=$(json - .rule)
        [ "$(jq -r .source <<<"$rule")" = "${how#*:}" ]
        ok bias attention -m atlas-bert --detector model ${how%:*} --json --permutations 99 "$BIASED"
        [ "$(json - .rule)" = "$rule" ]
        ok bias calibrate -m atlas-bert --detector model ${how%:*} --json --draws 5 "$BIASED"
        [ "$(json - .rule)" = "$rule" ]
    done
    ok bias attention --tokens 2 --json --permutations 99 "$BIASED"
    holds - 'has("rule") and .rule == null'
}

@test "ratios of single tokens sum to the number of tokens" {
    for i in 0 1 2 3 4 5 6; do
        ok bias attention --tokens "$i" --permutations 99 --json "The sun is hot."
        json - '.heads[8].bar' >>ratios
        n=$(json - '.meta.n_tokens')
    done
    [ "$n" -eq 7 ]
    awk -v n="$n" '{ s += $1 } END { exit !(s > n - 0.001 && s < n + 0.001) }' ratios
}

@test "the same p with any number of threads, another with another seed" {
    few=(--tokens 2,5,9,12 --permutations 3000 "Some people say that the new nurse in town is far too old for it, but nobody knows who started that.")
    ok bias attention --threads 1 --json "${few[@]}"
    json - '.heads' >one
    ok bias attention --threads 3 --json "${few[@]}"
    json - '.heads' | diff one -
    ok bias attention --seed 2 --json "${few[@]}"
    ! json - '.heads' | diff -q one - >/dev/null
}

@test "nothing flagged is a result, not zeros" {
    ok bias attention --threshold 1 --json "The sun is hot."
    holds - '.flagged == [] and .heads[0].bar == null and .heads[0].p == null and .significance.status == "nothing flagged" and .propagation.pattern == "none"'
}

@test "a calibration is for its own model" {
    shape atlas-bias
    cut -d, -f2 "$CROWS" | tr -d '"' | sed -n '2,30p' >lines
    ok bias calibrate --lines -f lines --draws 50 -o out
    holds out/calibration.json '.bar.q90 <= .bar.q95 and .bar.q95 <= .bar.q99 and .bar.n_texts <= 29'
    [ "$(wc -l <out/calibration.csv)" -eq $((4 * L * H + 1)) ]
    ok bias attention --calibration out/calibration.json --json "$BIASED"
    holds - ".threshold == $(json out/calibration.json .bar.q95)"
    ok bias attention --calibration out/calibration.json -o used --format json "$BIASED"
    [ "$(roles used/manifest.json)" = "model calibration text" ]
    fails 1 bias attention -m atlas-gpt2 --calibration out/calibration.json "$BIASED"
    has "$stderr" 'calibrated for a model with SHA-256'
}

@test "a threshold is given or from a calibration, even where it is the usual one" {
    for r in 2.5 3; do
        fails 2 bias attention --bar-threshold "$r" --calibration F "$BIASED"
        [ "$stderr" = "atlas bias attention: --calibration and --bar-threshold exclude each other" ]
    done
}

@test "a causal classifier reads texts as it was trained, with a space in front" {
    ok bias detect -m "$FIXTURES/tiny-detector" --json 'a cat'
    holds - '.tokens[0] | .token == "Ġa" and .start == 0'
    ok bias attention -m "$FIXTURES/tiny-detector" --threshold 0 --permutations 99 --json 'a cat'
    holds - '.flagged[0].token == "Ġa"'
    ok bias attention -m "$FIXTURES/tiny-detector" --detector atlas-bias --threshold 0 --permutations 99 --json 'a cat'
    holds - '.flagged[0].token == "a"'
}

@test "every text of a calibration has draws of its own" {
    echo "$BIASED" >once
    printf '%s\n%s\n' "$BIASED" "$BIASED" >twice
    for file in once twice; do
        ok bias calibrate --lines -f $file --draws 1 --format csv -o $file.out
    done
    ! cmp -s once.out/calibration.csv twice.out/calibration.csv
}

@test "published scores give the published results to 4 decimals" {
    data=$FIXTURES/data/stereoset oracle=$FIXTURES/oracle/stereoset.json
    for file in official-bert-base-cased.json official-gpt2.json; do
        ok bias stereoset --rescore "$data/$file" --resamples 100 --json "$SET"
        printf '%s' "$output" >scores
        for part in '' intrasentence intersentence; do
            where=.overall
            [ -z "$part" ] || where=.by_part.$part
            for k in 0 1 2; do
                value=$(jq ".[] | select(.file == \"$file\" and .part == \"$part\" and .category == \"\") | .values[$k]" "$oracle")
                near scores "$where.$(echo ss lms icat | cut -d' ' -f$((k + 1)))" "$value"
            done
        done
    done
    ok bias stereoset --protocol reference --rescore "$data/reference-gpt2.csv" --resamples 0 --json "$SET"
    printf '%s' "$output" >scores
    near scores .overall.ss 51.15402731983043
    near scores .by_category.religion.lms "$(jq '.[] | select(.file == "reference-gpt2.csv" and .category == "religion") | .values[1]' "$oracle")"
    holds scores '.overall.n == 2123 and (.by_part | keys) == ["intersentence"] and .excluded == []'
}

@test "stereoset: items, targets and scores of a model" {
    few_items 8 >set.json
    ok bias stereoset -o out --format json,csv --resamples 50 set.json
    [ "$(head -n 1 out/items.csv)" = "id,type,category,target,gold,text,score,n_tokens,excluded,run_id" ]
    [ "$(wc -l <out/items.csv)" -eq 49 ]
    holds out/scores.json '.overall.n == 16 and .protocol == "official" and (.by_target | length) > 1'
    holds out/scores.json '.overall | .icat - (.lms * ([.ss, 100 - .ss] | min) / 50) | fabs < 1e-6'
    ok bias stereoset --rescore out/items.csv --resamples 50 --json set.json
    [ "$(json - .overall)" = "$(json out/scores.json .overall)" ]
}

@test "causal models: what a protocol cannot score is named" {
    few_items 4 >set.json
    run --separate-stderr atlas bias stereoset -m atlas-gpt2 --json set.json
    ended 3
    has "$stderr" '4 intersentence items are left out'
    holds - '.overall.n == 4 and (.unavailable.intersentence | test("conditional"))'
    ok bias stereoset -m atlas-gpt2 --protocol conditional --json set.json
    holds - '.overall.n == 8'
    ok bias stereoset -m atlas-gpt2 --protocol reference --json set.json
    holds - '.overall.n == 4 and .aggregation == "micro"'
}

@test "items that cannot be scored are excluded, counted and listed" {
    few_items 3 | jq '.data.intrasentence[0].context = "no gap" | .data.intrasentence[1].context = "BLANK BLANK"
        | .data.intersentence[0].sentences[1].sentence = ("word " * 600)' >set.json
    run --separate-stderr atlas bias stereoset -o out --format json,csv --resamples 20 set.json
    ended 3
    has "$stderr" '1 of 6 items excluded'
    holds out/scores.json '.overall.n == 3 and .overall.n_excluded == 3 and (.excluded | length) == 3'
    holds out/scores.json 'any(.excluded[]; .why | test("0 times BLANK")) and any(.excluded[]; .why | test("2 times BLANK")) and any(.excluded[]; .why | test("tokens, the model takes 512"))'
    holds out/manifest.json '(.skipped | length) == 1'
}

@test "what a protocol prescribes to leave out is no skipped input" {
    few_items 3 | jq '.data.intrasentence[1].context = "BLANK BLANK"' >set.json
    ok bias stereoset -o out --format json,csv --resamples 20 set.json
    holds out/scores.json '.overall.n_excluded == 1 and (.excluded[0].why | test("the protocol leaves it out$"))'
    holds out/manifest.json '.skipped == []'
    # the same from its items
    ok bias stereoset --rescore out/items.csv --resamples 20 --json set.json
    holds - '.overall.n_excluded == 1'
}

@test "a data file that is not the layout: one line that says where" {
    echo '{"data": {"intersentence": [{"id": "x"}]}}' >bad.json
    fails 1 bias stereoset bad.json
    has "$stderr" "data.intersentence\[0\]: missing key 'target'"
    few_items 2 | jq '.data.intersentence[1].sentences[2].gold_label = "maybe"' >bad.json
    fails 1 bias stereoset bad.json
    has "$stderr" "data.intersentence\[1\].sentences\[2\]: want gold label .* found 'maybe'"
    few_items 2 | jq '.data.intersentence[1].id = .data.intersentence[0].id' >bad.json
    fails 1 bias stereoset bad.json
    has "$stderr" 'two items have the id'
    few_items 2 >set.json
    echo '{"intersentence": [{"id": "nobody", "score": 1}]}' >scores.json
    fails 1 bias stereoset --rescore scores.json set.json
    has "$stderr" "unknown sentence id 'nobody'"
    printf 'x,y\n1,2\n' >bad.csv
    fails 1 bias pairs bad.csv
    has "$stderr" "found 'x', 'y'"
    fails 2 bias stereoset
    fails 2 bias pairs --shard 5/4 "$CROWS"
}

@test "pairs: CrowS-Pairs by its own rules, and again from its scores" {
    short_pairs 20 >pairs.csv
    ok bias pairs --preset crows -o out --format json,csv pairs.csv
    [ "$(head -n 1 out/items.csv)" = "index,id,category,text_a,text_b,score_a,score_b,n_a,n_b,prefers,direction,excluded,run_id" ]
    [ "$(wc -l <out/items.csv)" -eq 21 ]
    holds out/scores.json '.overall.n == 20 and .rounded and .score == "shared" and .reduction == "sum"'
    holds out/scores.json '(.by_category | length) > 2 and .overall.preference >= .overall.ci[0] and .overall.preference <= .overall.ci[1]'
    ok bias pairs --rescore out/items.csv --json pairs.csv
    [ "$(json - .overall)" = "$(json out/scores.json .overall)" ]
    ok bias pairs -m atlas-gpt2 --score ar --against out/items.csv --json pairs.csv
    holds - '.against | .n == 20 and .p > 0 and .p <= 1 and (.preference - .preference_against - .difference | fabs) < 1e-6'
    fails 1 bias pairs --score ar pairs.csv
    has "$stderr" 'needs a causal model'
}

@test "pairs: JSON lines and tab-separated files" {
    printf '{"sentence_good": "The cats sleep.", "sentence_bad": "The cats sleeps.", "UID": "agreement"}\n' >blimp.jsonl
    ok bias pairs --preset blimp -m atlas-gpt2 --json blimp.jsonl
    holds - '.overall.n == 1 and .bos == "prepend" and (.by_category | keys) == ["agreement"]'
    printf 'a\tb\nThe cats sleep.\tThe cats sleeps.\n' >pairs.tsv
    ok bias pairs --pll whole-word --json pairs.tsv
    holds - '.pll == "whole-word" and .by_category == {}'
}

# stopped KIB ARG... - atlas meets a limit when a file of it would grow beyond KIB.
stopped() {
    local limit=$1
    shift
    limited() { (ulimit -f "$limit" && atlas "$@"); }
    run --separate-stderr limited "$@"
    ended 1 "$@"
    has "$stderr" "^atlas bias pairs: cannot write '[^']*items.csv': File too large\$"
}

@test "a run that was stopped goes on where it stopped, with the same bytes" {
    unset ATLAS_KERNELS # only compared with itself
    short_pairs 48 >pairs.csv
    ok bias pairs -q -o whole --format json,csv pairs.csv
    stopped 5 bias pairs -q -o part --format json,csv pairs.csv
    [ ! -e part/manifest.json ]
    [ -n "$(tail -c 1 part/items.csv)" ] # half of a row
    [ "$(wc -l <part/items.csv)" -gt 20 ]
    cp -r part other
    ok bias pairs -q --resume -o part --format json,csv pairs.csv
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "part/$f"; done
    fails 1 bias pairs --resume --score diff -o other pairs.csv
    has "$stderr" "cannot resume 'other': score was 'full', now it is 'diff'"
    fails 1 bias pairs --resume --precision double -o other pairs.csv
    has "$stderr" "cannot resume 'other': precision was 'float', now it is 'double'"
}

@test "a killed run goes on where it stopped" {
    unset ATLAS_KERNELS
    { echo a,b; yes 'the cat,a dog' | head -n 10000; } >pairs.csv
    call=(bias pairs -q -m "$FIXTURES/tiny-bert" --resume --format csv)
    ok "${call[@]}" -o whole pairs.csv
    "$ATLAS_BUILD/atlas" "${call[@]}" -o part pairs.csv &
    until [ -s part/items.csv ] && [ "$(stat -c %s part/items.csv)" -gt 5000 ]; do sleep 0.01; done
    kill -KILL $!
    wait $! || true
    [ ! -e part/manifest.json ]
    ok "${call[@]}" -o part pairs.csv
    for f in items.csv targets.csv; do cmp "whole/$f" "part/$f"; done
}

@test "a run that is interrupted says how to go on" {
    { echo a,b; yes 'the cat,a dog' | head -n 50000; } >pairs.csv
    for signal in INT TERM HUP; do
        rm -rf out
        status=0
        # A shell without job control starts what is in the background deaf to INT, nohup to HUP.
        env --default-signal=INT,HUP "$ATLAS_BUILD/atlas" bias pairs -q -m "$FIXTURES/tiny-bert" -o out pairs.csv 2>err &
        until [ -s out/items.csv ]; do sleep 0.01; done
        kill -$signal $!
        wait $! || status=$?
        [ "$status" -eq $((128 + $(kill -l $signal))) ]
        [ "$(cat err)" = 'atlas bias pairs: interrupted; the same call with --resume goes on where it stopped' ]
        [ ! -e out/manifest.json ]
    done
}

@test "what a full disk or a crash left behind the last whole row does not stop --resume" {
    { echo a,b,category; for i in $(seq 40); do echo "the cat,a dog,日本 $i"; done; } >pairs.csv
    call=(bias pairs -m "$FIXTURES/tiny-bert" --resume --format csv)
    ok "${call[@]}" -o whole pairs.csv
    rows=$(head -n 21 whole/items.csv | wc -c)
    cut() { # a directory like that of a run that was cut off: N bytes of the table
        rm -rf part && mkdir part && cp whole/journal.json part && head -c "$1" whole/items.csv >part/items.csv
    }
    again() { # the rest is scored, and the table is that of one run
        ok "${call[@]}" -v -o part pairs.csv
        has "$stderr" "$1"
        cmp whole/items.csv part/items.csv
        [ -e part/manifest.json ]
    }
    for more in 1 10 11 12 13 14 15 16 17 18 19 20; do # some of them in the middle of a character
        cut $((rows + more))
        again '20 of 40 pairs were done before'
    done
    cut "$rows"
    head -c 5000 /dev/zero >>part/items.csv
    again '20 of 40 pairs were done before'
    cut 7 # of the header
    again ''
    cut 0
    again ''
    cut "$rows"
    : >part/journal.json
    again 'part/items.csv: nothing tells what its rows depend on; all pairs are scored anew'
    cut "$rows"
    head -c 300 /dev/zero >part/journal.json
    again 'all pairs are scored anew'
}

@test "--resume changes no file that is not a journal of its own" {
    printf 'a,b\nthe cat,a dog\n' >pairs.csv
    call=(bias pairs -q -m "$FIXTURES/tiny-bert" --resume --format csv)
    ok "${call[@]}" -o out pairs.csv
    printf 'mine,too\n1,2\n3' >own
    cp own out/items.csv
    fails 1 "${call[@]}" -o out pairs.csv
    [ "$stderr" = 'atlas bias pairs: out/items.csv: not the table of such a run' ]
    cmp own out/items.csv
    [ -e out/manifest.json ]
    for file in items.csv journal.json; do
        rm -rf out
        ok "${call[@]}" -o out pairs.csv
        mv out/$file elsewhere
        cp elsewhere kept
        ln -s ../elsewhere out/$file
        fails 1 "${call[@]}" -o out pairs.csv
        [ "$stderr" = "atlas bias pairs: cannot resume with 'out/$file': not a regular file" ]
        cmp kept elsewhere
    done
}

@test "a model of several files is another one when any of them is" {
    cp -r "$FIXTURES/tiny-bert-f16-sharded" m
    head -n 41 "$FIXTURES/tiny-bert/vocab.txt" >m/vocab.txt
    { echo a,b; yes 'the cat,a dog' | head -n 200; } >pairs.csv
    stopped 5 bias pairs -q -m m -o part --format json,csv pairs.csv
    cp -r part other
    ok bias pairs -q -m m --resume -o part pairs.csv
    printf 'x' | dd of=m/model-00002-of-00002.safetensors bs=1 conv=notrunc status=none \
        seek=$(($(stat -c %s m/model-00002-of-00002.safetensors) - 1))
    fails 1 bias pairs -m m --resume -o other pairs.csv
    has "$stderr" "cannot resume 'other': model was '"
}

@test "four shards under GNU parallel, one stopped and resumed, are the whole run" {
    command -v parallel >/dev/null || skip "no GNU parallel"
    unset ATLAS_KERNELS
    short_pairs 40 >pairs.csv
    ok bias pairs -q -o whole --format json,csv pairs.csv
    stopped 1 bias pairs -q --shard 2/4 -o shard2 --format json,csv pairs.csv
    fails 1 bias merge -o again shard2 shard2
    has "$stderr" "'shard2' has no manifest.json"
    printf '#!/bin/sh\nexec %s "%s" bias pairs -q --resume --threads 1 --shard "$1/4" -o "shard$1" --format json,csv pairs.csv\n' \
        "${ATLAS_PREFIX:-}" "$ATLAS_BUILD/atlas" >shard
    chmod +x shard
    parallel -j 2 ./shard ::: 1 2 3 4
    ok bias merge -q -o merged --format json,csv shard3 shard1 shard4 shard2
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "merged/$f"; done
    fails 1 bias merge -o again shard1 shard2
    has "$stderr" "is shard 1/4, but 2 directories were given"
}

@test "shards merge to the whole run with --against" {
    short_pairs 6 >pairs.csv
    ok bias pairs -q -m atlas-gpt2 -o other --format csv pairs.csv
    call="bias pairs -q --against other/items.csv --format json,csv"
    ok $call -o whole pairs.csv
    for k in 1 2; do
        ok $call -o "s$k" --shard "$k/2" pairs.csv
    done
    ok bias merge -o merged --format json,csv s2 s1
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "merged/$f"; done
    holds merged/scores.json '.against | has("p")'
    rm -r other
    ok bias merge -o merged --format json,csv s2 s1
    [ "$stderr" = "atlas bias merge: warning: --against: 'other/items.csv' is not there; the comparison with it is left out" ]
}

@test "-q and a status of 3: one line says why" {
    few_items 4 >set.json
    said() { # TEXT ARG...: one line, and it begins so
        run --separate-stderr atlas "${@:2}"
        ended 3 "${@:2}"
        [[ ${#stderr_lines[@]} -eq 1 && $stderr == "atlas "*": $1"* ]] || fail "$stderr"
    }
    said "$(jq '.data.intersentence | length' set.json) intersentence items are left out: the official protocol" \
        bias stereoset -q -m atlas-gpt2 --resamples 30 set.json
    printf 'a,b\nthe cat,a dog\na b c d e f g h i j k l m n o p q r s t,a b\n' >pairs.csv
    said "1 of 2 items excluded; the first, 'pair 1': sentence a: 22 tokens" bias pairs -q -m "$FIXTURES/tiny-bert" pairs.csv
    awk 'BEGIN { RS = ""; ORS = "\n\n" } NR <= 12' "$FIXTURES"/data/treebank/*.conllu >trees
    said 'line 1: sentence has 24 tokens, the model takes 1 to 16; left out (and 10 more)' \
        heads -q -m "$FIXTURES/tiny-bert" --conllu trees --min-words 1
    for k in 1 2; do
        run --separate-stderr atlas bias stereoset -q -m atlas-gpt2 --shard $k/2 --resamples 30 -o s$k set.json
    done
    said 'the intersentence items are left out: the official protocol' bias merge -q -o merged s1 s2
}

@test "a part of StereoSet that cannot be scored is listed, in shards and whole" {
    few_items 4 >set.json
    run --separate-stderr atlas bias stereoset -q -m atlas-gpt2 -o whole --format json,csv --resamples 30 set.json
    ended 3 bias stereoset
    holds whole/manifest.json '[.skipped[].id] == ["intersentence"]'
    for k in 1 2; do
        run --separate-stderr atlas bias stereoset -q -m atlas-gpt2 -o "s$k" --shard "$k/2" --format json,csv \
            --resamples 30 set.json
        ended 3 bias stereoset
    done
    run --separate-stderr atlas bias merge -q -o merged --format json,csv s1 s2
    ended 3 bias merge
    holds merged/manifest.json '[.skipped[].id] == ["intersentence"]'
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "merged/$f"; done
}

@test "shards of StereoSet merge to the whole run" {
    few_items 5 >set.json
    ok bias stereoset -q -o whole --format json,csv --resamples 30 set.json
    for k in 1 2 3; do
        ok bias stereoset -q -o "s$k" --shard "$k/3" --format json,csv --resamples 30 set.json
    done
    fails 2 bias merge -o ./s1 s1 s2 s3 # and the shard stays what it is
    [ "$stderr" = "atlas bias merge: -o './s1' is one of the shards; merge into another directory" ]
    ok bias merge -o merged --format json,csv s2 s3 s1
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "merged/$f"; done
    ok bias stereoset -q -o s3 --shard 3/3 --protocol conditional --format json,csv set.json
    fails 1 bias merge -o again s1 s2 s3
    has "$stderr" '[-]-(protocol|resamples) is'
}

@test "shards with rounded documents merge to intervals that are not" {
    short_pairs 6 >pairs.csv
    few_items 3 >set.json
    for level in 0.95 0.99; do
        ok bias pairs -q -o whole --level $level --format json,csv pairs.csv
        ok bias stereoset -q -o whole-set --level $level --resamples 30 --format json,csv set.json
        for k in 1 2; do
            ok bias pairs -q -o "s$k" --shard "$k/2" --level $level --digits 1 --format json,csv pairs.csv
            ok bias stereoset -q -o "t$k" --shard "$k/2" --level $level --resamples 30 --digits 1 --format json,csv set.json
        done
        ok bias merge -q -o merged --format json,csv s1 s2
        ok bias merge -q -o merged-set --format json,csv t1 t2
        for f in items.csv targets.csv scores.json; do
            cmp "whole/$f" "merged/$f"
            cmp "whole-set/$f" "merged-set/$f"
        done
    done
    for k in 1 2; do jq '.options.level = 1' "s$k/manifest.json" >m && mv m "s$k/manifest.json"; done
    fails 1 bias merge -o again s1 s2
    has "$stderr" "'s1': no --level between 0 and 1 in manifest.json"
}

@test "whiskers of a box begin at the box, however few items it has" {
    few_items 4 | jq '.data = {intrasentence: [.data.intrasentence[] | .bias_type = "gender"]}' >set.json
    # differences of 0, 0, 0 and 0.4: the last value within reach lies below the upper quartile of 0.1
    jq '{intrasentence: [.data.intrasentence | to_entries[] | .key as $k | .value.sentences[]
            | {id, score: (if .gold_label == "stereotype" and $k == 3 then 0.9 else 0.5 end)}]}' \
        set.json >scores.json
    ok bias stereoset -q --rescore scores.json -o out --format json --dump-drawing set.json
    holds out/bias_by_category.drawing.json '[.groups[] | select(.name == "boxes") | .items[]
        | select(.kind == "path") | .points] | .[0][0] <= .[0][2] and .[1][2] >= .[1][0]'
}

@test "terms of a part that is not scored are in no document" {
    few_items 5 >set.json
    ok bias stereoset -q -o whole --protocol reference --resamples 30 --format json,csv set.json
    holds whole/scores.json '.by_target | length > 0 and all(.[]; .n + .n_excluded > 0)'
    [ "$(json whole/scores.json '.by_target | length')" -eq "$(($(wc -l <whole/targets.csv) - 1))" ]
    for k in 1 2; do
        ok bias stereoset -q -o "s$k" --protocol reference --shard "$k/2" --resamples 30 --format json,csv set.json
    done
    ok bias merge -q -o merged --format json,csv s1 s2
    cmp whole/scores.json merged/scores.json
}

@test "categories of a part that is not scored are in no picture and no table" {
    few_items 5 | jq '.data.intrasentence[].bias_type = "never scored"' >set.json
    ok bias stereoset -q --protocol reference --resamples 30 set.json
    has "$output" "overall"
    lacks "$output" "never scored"
    lacks "$output" "n/a"
    ok bias stereoset -q -o whole --protocol reference --resamples 30 --format json,csv --dump-drawing set.json
    for k in 1 2; do
        ok bias stereoset -q -o "s$k" --protocol reference --shard "$k/2" --resamples 30 --format json,csv set.json
    done
    ok bias merge -q -o merged --format json,csv --dump-drawing s1 s2
    cmp whole/categories.drawing.json merged/categories.drawing.json
}

@test "the legend of target terms names the categories that have bars" {
    jq '.data |= {intrasentence: (.intrasentence[:12] | map(.target = "many" | .bias_type = "kind with a bar")),
                  intersentence: (.intersentence[:3] | map(.bias_type = "kind without"))}' "$SET" >set.json
    ok bias stereoset -q -o out --protocol conditional --resamples 30 --format json --dump-drawing set.json
    grep -q "kind with a bar" out/targets.drawing.json
    lacks "$(cat out/targets.drawing.json)" "kind without"
}

@test "whether a term without scores has 50 in its interval is not defined" {
    few_items 2 | jq '.data = {intrasentence: .data.intrasentence}' >set.json
    jq '{intrasentence: [.data.intrasentence[].sentences[] | {id, score: null}]}' set.json >none.json
    fails 3 bias stereoset -q -o out --rescore none.json --format json,csv set.json
    holds out/scores.json '.by_target | length > 0 and all(.[]; .n == 0 and has("contains_50") and .contains_50 == null)'
    [ "$(tail -n +2 out/targets.csv | grep -cv ',$')" -eq 0 ]
}

@test "what there is to do" {
    ok bias -h
    for c in detect attention calibrate stereoset pairs merge; do
        has "$output" "$c"
    done
    fails 2 bias
    fails 2 bias stereosed
    has "$stderr" "did you mean 'stereoset'"
}

@test "a file of data may be a pipe or standard input, its kind told by what it holds" {
    mkfifo pairs.csv # on which neither side waits for ever for the other
    printf 'a,b\nthe cat,a cat\n' >data
    model=$FIXTURES/tiny-bert
    export ATLAS_PREFIX="timeout 60 ${ATLAS_PREFIX:-}"
    timeout 60 sh -c 'cat data >pairs.csv' 3>&- &
    ok bias pairs -m "$model" -o named pairs.csv
    wait
    ok bias pairs -m "$model" -o typed - <data
    ok bias pairs -m "$model" -o tabs <(tr , '\t' <data)
    ok bias pairs -m "$model" -o lines <(echo '{"a": "the cat", "b": "a cat"}')
    for run in typed tabs lines; do cmp <(scores named/items.csv) <(scores $run/items.csv); done
    [ "$(json typed/manifest.json '.inputs[] | select(.role == "data").path')" = - ]
    [ "$(json typed/manifest.json '.inputs[] | select(.role == "data").bytes')" = "$(wc -c <data)" ]
    ok bias pairs --json --rescore - --against <(cat typed/items.csv) data <typed/items.csv
    holds - '.meta.scores == "-"'
    fails 2 bias pairs --rescore - - <data
    has "$stderr" 'can be read once only'
    fails 1 bias pairs -m "$model" - < <(printf 'a,b\n"x\n')
    has "$stderr" '^atlas bias pairs: standard input: '
    jq -c '{version, data: {intrasentence: .data.intrasentence[:2], intersentence: []}}' \
        "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -o whole set.json
    ok bias stereoset -o piped - <set.json
    cmp <(scores whole/items.csv) <(scores piped/items.csv)
    ok bias stereoset --json --rescore <(cat whole/items.csv) <(cat set.json)
    holds - '.overall.n == 2'
}

@test "bias attention cuts a text that is too long for the model and its classifier" {
    text=$(for i in $(seq 300); do printf 'women are '; done)
    fails 1 bias attention --json "$text"
    ok bias attention --truncate --permutations 99 --json "$text"
    has "$stderr" 'cut to the model'
    holds - '.meta.n_tokens == 512 and .meta.truncated_from == 602'
}
