# compare.bats - `atlas compare`: equal inputs, exchanged sides, other tokenizers, many texts, and
# what earlier runs wrote.
load helper

CAT="The cat sat on the mat."
DOG="The dog sat on the mat."

# column FILE NAME - a column of a table without quotes, by its name.
column() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) k = i; next } { print $k }' "$1"
}

@test "equal inputs give exactly 0 everywhere" {
    shape
    ok compare -m atlas-bert -m atlas-bert -o out --format csv,json "$CAT"
    [ "$(wc -l <out/compare.csv)" -eq $((L * H * 14 + 1)) ]
    [ "$(grep -v cosine_received out/compare.csv | cut -d, -f6 | tail -n +2 | sort -u)" = 0 ]
    [ "$(grep cosine_received out/compare.csv | cut -d, -f4-6 | sort -u)" = ,,1 ]
    [ "$(column out/matches.csv score | sort -u)" = 1 ]
    awk -F, 'NR > 1 && ($1 != $3 || $2 != $4) { exit 1 }' out/matches.csv
    [ "$(column out/layers.csv cka | sort -u)" = 1 ]
    [ "$(column out/predictions.csv kl | sort -u)" = 0 ]
    [ "$(column out/predictions.csv difference | sort -u)" = 0 ]
    holds out/compare.json "(.cka | length) == $L and all(.cka[]; . == 1) and .most_changed_layer == null"
    holds out/compare.json 'all((.global + .layer_means)[]; .difference == 0 or .difference == null)'
}

@test "exchanging the sides flips every sign and nothing else" {
    ok compare -m "$FIXTURES/tiny-bert" -m "$FIXTURES/random-bert" -o ab --format csv "$CAT"
    ok compare -m "$FIXTURES/random-bert" -m "$FIXTURES/tiny-bert" -o ba --format csv "$CAT"
    awk -F, -v OFS=, 'NR > 1 && $3 !~ /^(js_distance|cosine_received)$/ && $6 != "" {
            t = $4; $4 = $5; $5 = t; $6 = ($6 ~ /^-/) ? substr($6, 2) : ($6 == 0 ? $6 : "-" $6) }
        NR > 1 && $6 == "" { t = $4; $4 = $5; $5 = t }
        NR > 1 { t = $(NF - 1); $(NF - 1) = $NF; $NF = t } { print }' ba/compare.csv >back
    cmp ab/compare.csv back
    [ "$(cut -d, -f1-5 ab/layers.csv)" = "$(cut -d, -f1-5 ba/layers.csv)" ]
    diff <(tail -n +2 ab/matches.csv | grep -v ,, | sort) \
        <(tail -n +2 ba/matches.csv | grep -v ,, | awk -F, -v OFS=, '{ print $3, $4, $1, $2, $5 }' | sort)
    diff <(tail -n +2 ab/tokens.csv) <(tail -n +2 ba/tokens.csv | awk -F, -v OFS=, '{ print $3, $4, $1, $2 }')
}

@test "a difference is a - b of what atlas metrics says" {
    for m in tiny-bert random-bert; do
        ok metrics -m "$FIXTURES/$m" --no-baseline -o "$m" --format csv "$CAT"
    done
    ok compare -m "$FIXTURES/tiny-bert" -m "$FIXTURES/random-bert" -o out --format csv "$CAT"
    a=$(awk -F, '$1 == 1 && $2 == 1 { print $5 }' tiny-bert/metrics.csv)
    b=$(awk -F, '$1 == 2 && $2 == 1 { print $5 }' random-bert/metrics.csv)
    row=$(grep '^2,1,focus_entropy,' out/compare.csv)
    [ "$(cut -d, -f4,5,15,16 <<<"$row")" = "$a,$b,1,2" ]
    awk -v a="$a" -v b="$b" -v d="$(cut -d, -f6 <<<"$row")" \
        'BEGIN { e = a - b - d; exit !(e * e < 1e-14) }' # nine digits
    [ "$(grep -c '^0,3,[a-z_0-9]*,,' out/compare.csv)" -eq 14 ] # a head that the first lacks
}

@test "texts that differ in a word: it has no partner, and one line says which layer changed most" {
    ok compare --with "$DOG" "$CAT"
    has "$output" 'without a partner: a:cat b:dog'
    has "$output" 'layer [0-9]+ changes most: mean Jensen-Shannon distance 0\.[0-9]+'
    ok compare --with "$DOG" -o out --format csv "$CAT"
    [ "$(grep -c '^2,cat,,$' out/tokens.csv)" -eq 1 ]
    [ "$(grep -c '^,,2,dog$' out/tokens.csv)" -eq 1 ]
    [ "$(wc -l <out/tokens.csv)" -eq 11 ]
}

@test "tokenizers that cut elsewhere are aligned by characters, specials have no partner" {
    ok compare -m "$FIXTURES/tiny-bert" -m "$FIXTURES/tiny-gpt2" -o out --format csv,json "a cat sat on a dog"
    grep -q '^0,\[CLS\],,$' out/tokens.csv
    grep -q '^6,d,9,d$' out/tokens.csv
    [ "$(grep -c '^4,on,' out/tokens.csv)" -eq 2 ] # one token there, two here
    holds out/compare.json '.notes | length >= 2'
    holds out/compare.json 'all(.predictions[]; .kl == null)'
    [ "$(awk -F, '$3 == "js_distance" && $6 > 0 { n++ } END { print n }' out/compare.csv)" -gt 3 ]
}

@test "texts that share nothing: metrics all the same" {
    ok compare -m "$FIXTURES/tiny-gpt2" --with "on" --json "cat"
    has "$stderr" 'share no token'
    holds - '.n_aligned == 0 and all(.heads[] | select(.metric == "js_distance"); .difference == null)'
    holds - '.heads[] | select(.metric == "row_entropy" and .layer == 0 and .head == 0) | .difference != null'
}

@test "pairs: intervals, exact sign flips, q over heads, effects" {
    printf 'text_a,text_b\n%s,%s\nA cat ran.,A dog ran.\nThe sun is hot.,The moon is hot.\n,x\n' \
        "$CAT" "$DOG" >pairs.csv
    run --separate-stderr atlas compare --pairs pairs.csv -o out --format csv,json
    ended 3
    has "$stderr" 'text 4: the pair lacks a text; skipped'
    [ "$(column out/compare.csv n | sort -u)" = 3 ]
    # 2^3 signings: p is 2/8, 4/8, 6/8 or 1
    [ -z "$(grep -vE ',(js_distance|cosine_received|balance),' out/compare.csv | cut -d, -f9 |
        grep -vxE 'p|0\.25|0\.5|0\.75|1')" ]
    awk -F, 'NR > 1 && $3 == "sparsity" && !($7 <= $6 && $6 <= $8 && $10 >= $9) { exit 1 }' out/compare.csv
    [ "$(column out/texts.csv text_id | paste -sd,)" = 1,2,3 ]
    holds out/compare.json '.n_texts == 3 and (.correction | contains("benjamini_hochberg"))'
    ok compare -m atlas-bert -m atlas-bert --lines -f <(printf 'one cat\ntwo dogs\n') -o same --format csv
    [ "$(grep -v cosine same/compare.csv | cut -d, -f6-8 | tail -n +2 | sort -u)" = 0,0,0 ]
    [ "$(grep -vE 'cosine|js_' same/compare.csv | cut -d, -f9,10 | tail -n +2 | sort -u)" = 1,1 ]
}

@test "pictures of both sides, of the difference, and of what became of each head" {
    ok compare --with "$DOG" -o out --format svg --dump-drawing --metric sparsity "$CAT"
    [ "$(cd out && ls *.svg | paste -sd' ')" = "difference_js_distance.svg difference_mean.svg difference_sparsity.svg heatmap_a_mean.svg heatmap_b_mean.svg layers.svg matches.svg predictions.svg slopes.svg" ]
    has "$(cat out/heatmap_a_mean.drawing.json)" 'Both sides share one colour range'
    has "$(cat out/difference_mean.drawing.json)" '1 token of a and 1 of b without a partner'
    has "$(cat out/matches.drawing.json)" 'width is the score'
    ok compare --with "$DOG" -o one --format svg --layer 1 --head 2 "$CAT"
    [ -f one/heatmap_a_L1_H2.svg ] && [ -f one/difference_L1_H2.svg ] && [ ! -f one/difference_mean.svg ]
    printf 'text_a,text_b\nA cat ran.,A dog ran.\nThe sun.,The moon.\n' >pairs.csv
    ok compare --pairs pairs.csv -o many --format svg --dump-drawing
    [ -f many/difference_sparsity.svg ] && [ ! -f many/heatmap_a_mean.svg ]
}

@test "roles: the scores of atlas heads, and groups that agree" {
    ok heads -o heads --format csv "$CAT"
    ok compare -m atlas-bert --with "$DOG" --roles -o out --format csv,json "$CAT"
    want=$(awk -F, '$1 == 1 && $2 == 2 { print $3 }' heads/heads.csv)
    [ "$(head -n1 heads/heads.csv | cut -d, -f3)" = syntax ]
    [ "$(grep '^1,2,syntax,' out/compare.csv | cut -d, -f4)" = "$want" ]
    grep -q '^1,2,previous_token,' out/compare.csv
    holds out/compare.json '.adjusted_rand <= 1'
    ok compare -m atlas-bert -m atlas-bert --roles -o same --format csv,json "$CAT"
    holds same/compare.json '.adjusted_rand == 1'
    [ "$(column same/clusters.csv matched | sort -u)" = 1 ]
    [ "$(grep -v cosine_received same/compare.csv | cut -d, -f6 | tail -n +2 | grep -v '^$' | sort -u)" = 0 ]
}

@test "captures give what the models gave, and no model is run" {
    for m in tiny-bert random-bert; do
        cp -r "$FIXTURES/$m" "model-$m"
        ok run -m "./model-$m" -o "$m" --format json --mask none "$CAT"
    done
    ok compare -m model-tiny-bert -m model-random-bert --mask none -o models --format csv "$CAT"
    rm -r model-tiny-bert model-random-bert
    ok compare tiny-bert random-bert -o out --format csv
    cmp models/compare.csv out/compare.csv
    cmp models/matches.csv out/matches.csv
    cmp models/layers.csv out/layers.csv
}

@test "--fail-above is status 3 above it and 0 below" {
    for m in tiny-bert random-bert; do
        ok run -m "$FIXTURES/$m" -o "$m" --format json --mask none "$CAT"
    done
    ok compare --fail-above 0 tiny-bert tiny-bert
    ok compare --fail-above 0.84 tiny-bert random-bert
    run --separate-stderr atlas compare -q --fail-above 0.1 --layer 1 --head 0 tiny-bert random-bert
    ended 3
    has "$stderr" 'head L1H0: the difference of js_distance is 0\.[0-9]+, above 0\.1'
    run --separate-stderr atlas compare --fail-above 0.001 --metric sparsity tiny-bert random-bert
    ended 3
    run --separate-stderr atlas compare --fail-above 1 --layer 40 tiny-bert random-bert
    ended 1
    has "$stderr" 'no difference of js_distance is defined in these heads'
    run --separate-stderr atlas compare --fail-above 1 --metric nothing tiny-bert random-bert
    ended 1
}

@test "tables of two runs of one command, by what names their rows" {
    for m in tiny-bert tiny-gpt2; do
        ok metrics -m "$FIXTURES/$m" --no-baseline -o "$m" --format csv "a cat sat on a dog"
    done
    ok compare tiny-bert tiny-gpt2 -o out --format csv,json
    a=$(awk -F, '$1 == 1 && $2 == 0 { print $5 }' tiny-bert/metrics.csv)
    b=$(awk -F, '$1 == 1 && $2 == 0 { print $5 }' tiny-gpt2/metrics.csv)
    [ "$(grep '^1,0,focus_entropy,' out/compare.csv | cut -d, -f4,5)" = "$a,$b" ]
    [ "$(grep -c '^global.csv,' out/tables.csv)" -eq 12 ]
    holds out/compare.json '.command == "metrics" and .columns[0].n == 4'
    ok compare tiny-bert tiny-bert -o same --format csv
    [ "$(column same/tables.csv difference | sort -u)" = 0 ]
    [ "$(cut -d, -f6 same/compare.csv | tail -n +2 | sort -u)" = 0 ]
    ok compare --fail-above 0 tiny-bert tiny-bert
    run --separate-stderr atlas compare --fail-above 0.5 tiny-bert tiny-gpt2
    ended 3
    run --separate-stderr atlas compare --fail-above 0.1 --metric focus_entropy --layer 1 tiny-bert tiny-gpt2
    ended 3
    has "$stderr" 'head L1H[01]: the difference of focus_entropy'
    ok run -m "$FIXTURES/tiny-bert" --no-capture --mask none -o run --format csv "a cat"
    fails 1 compare tiny-bert run
    has "$stderr" "'tiny-bert' is of 'atlas metrics', 'run' of 'atlas run'"
}

@test "clusters of two runs: adjusted Rand index" {
    printf 'The\tDET\ncat\tNOUN\nsat\tVERB\n.\tPUNCT\n' >tags
    ok cluster -k 2 --tags tags -o a --format csv "The cat sat."
    ok cluster -k 3 --tags tags -o b --format csv "The cat sat."
    ok compare a a --json
    holds - '.adjusted_rand == 1'
    ok compare a b --json
    holds - '.adjusted_rand < 1'
}

@test "what cannot be compared is said in a line" {
    fails 2 compare "$CAT"
    has "$stderr" 'what with what'
    fails 2 compare -m atlas-bert -m atlas-bert -m atlas-bert "$CAT"
    fails 2 compare one two
    has "$stderr" "'one' is no directory"
    fails 2 compare --with "$DOG" --lines -f /dev/null
    fails 2 compare --pairs x.csv "$CAT"
    fails 2 compare --metric nothing --with "$DOG" "$CAT"
    fails 1 compare --pairs none.csv
    fails 1 compare --with "$DOG" --layer 99 "$CAT"
    mkdir empty other
    fails 1 compare empty other
    has "$stderr" 'empty'
    ok run -m "$FIXTURES/tiny-bert" -o one --format json --mask none "$CAT"
    fails 1 compare one empty
}
