# compare_measures.bats - what `atlas compare` tells of other analyses is what they tell themselves:
# sentences, flags, attention to them, attributions, syntax; of one text and of many.
load helper

BOY="He was a boy. She sat on the mat."
GIRL="She was a girl. The cat sat on the mat."

# cell TABLE ROW COLUMN WHICH - a (4), b (5) or difference (6) of a row of tables.csv.
cell() {
    awk -F, -v t="$1" -v r="$2" -v c="$3" -v k="$4" '$1 == t && $2 == r && $3 == c { print $k }' out/tables.csv
}

# column FILE METRIC WHICH - a (4) or b (5) of a metric of all heads.
column() {
    awk -F, -v m="$2" -v k="$3" '$3 == m { print $k }' "$1"
}

@test "both sides have what atlas isa, bias and faith say" {
    ok compare -m atlas-bert --also isa,bias,bar,faith --methods ig,norm --with "$GIRL" -o out --format csv,json "$BOY"
    ok isa -m atlas-bert -o isa --format csv "$BOY"
    [ "$(cell isa.csv 'query 1 key 0' weight 4)" = "$(awk -F, '$1 == 1 && $2 == 0 { print $3 }' isa/isa.csv)" ]
    ok bias detect -o bias --format csv "$GIRL"
    grep -q '^4,girl,' bias/tokens.csv
    column=$(head -n1 bias/tokens.csv | tr , '\n' | grep -n '^gen$' | cut -d: -f1)
    [ "$(cell bias.csv 'index_b 4' gen 5)" = "$(awk -F, -v k="$column" '$1 == 4 { print $k }' bias/tokens.csv)" ]
    ok bias attention -m atlas-bert -o bar --format csv "$BOY"
    [ "$(grep '^1,0,bar,' out/compare.csv | cut -d, -f4)" = "$(awk -F, '$1 == 1 && $2 == 0 { print $3 }' bar/bar.csv)" ]
    for side in a b; do
        [ "$side" = a ] && text=$BOY || text=$GIRL
        ok faith -m atlas-bert --ablate none --draws 0 --methods ig,norm -o "faith_$side" --format csv,json "$text"
    done
    want=$(awk -F, '$2 == "sat" && $3 == "ig" { print $4 }' faith_a/attributions.csv faith_b/attributions.csv | paste -sd,)
    [ "$(grep '^attributions.csv,index 7 method ig,' out/tables.csv | cut -d, -f4,5)" = "$want" ]
    [ "$(grep '^1,0,norm.rho,' out/compare.csv | cut -d, -f4)" = \
        "$(awk -F, '$1 == 1 && $2 == 0 && $3 == "norm" { print $4 }' faith_a/heads.csv)" ]
    holds out/compare.json '[.global[].metric] | contains(["isa.own", "bias.percentage", "target", "ig.mean_rho"])'
    holds out/compare.json 'any(.notes[]; startswith("attributions explain token"))'
    holds out/compare.json 'any(.columns[]; .table == "attributions.csv" and .n_alone > 0)'
}

@test "equal sides differ in nothing, exchanged ones in every sign" {
    ok compare -m atlas-bert -m atlas-bert --also all --methods norm,ig -o same --format csv "$BOY"
    [ "$(cut -d, -f6 same/tables.csv | tail -n +2 | sort -u)" = 0 ]
    ok compare -m atlas-bert --also isa,faith --methods norm --with "$GIRL" -o ab --format csv "$BOY"
    ok compare -m atlas-bert --also isa,faith --methods norm --with "$BOY" -o ba --format csv "$GIRL"
    [ "$(grep '^isa' ab/tables.csv | cut -d, -f1-3,5)" = "$(grep '^isa' ba/tables.csv | cut -d, -f1-4)" ]
    [ "$(grep '^isa' ab/tables.csv | cut -d, -f6)" = \
        "$(grep '^isa' ba/tables.csv | awk -F, '{ print ($6 ~ /^-/) ? substr($6, 2) : ($6 == 0 ? $6 : "-" $6) }')" ]
    [ "$(grep -c '^attributions.csv,' ab/tables.csv)" -eq "$(grep -c '^attributions.csv,' ba/tables.csv)" ]
    [ "$(column ab/compare.csv norm.rho 4)" = "$(column ba/compare.csv norm.rho 5)" ]
}

@test "many texts: means with intervals, predictions of each" {
    printf 'The cat sat. It ran.\nA dog ran. He slept.\nThe sun is hot. It shines.\n' >texts
    ok compare -m "$FIXTURES/small/models/atlas-bert" -m "$FIXTURES/small/models/atlas-bias" \
        --also isa,faith --methods norm -o out --format csv,json --lines -f texts
    holds out/compare.json 'any(.global[]; .metric == "isa.own" and .n == 3 and .low <= .difference and .p != null)'
    [ "$(grep -c ',norm.rho,' out/compare.csv)" -gt 0 ]
    grep -q '^isa.csv,text_id 2 query 1 key 0,weight,' out/tables.csv
    printf 'text_a,text_b\nThe cat sat.,The dog sat.\nA man ran.,A boy ran.\n' >pairs.csv
    ok compare -m atlas-bert --pairs pairs.csv -o pairs --format csv,json
    [ "$(cut -d, -f1 pairs/predictions.csv | tail -n +2 | sort -u | paste -sd,)" = 1,2 ]
    n=$(awk -F, '$1 == 1' pairs/predictions.csv | wc -l)
    ok compare -m atlas-bert --with "The dog sat." -o one --format csv,json "The cat sat."
    [ "$(($(wc -l <one/predictions.csv) - 1))" -eq "$n" ]
    [ "$(awk -F, '$1 == 1' pairs/predictions.csv | cut -d, -f2-)" = "$(tail -n +2 one/predictions.csv | cut -d, -f2-)" ]
    holds pairs/compare.json 'any(.global[]; .metric == "kl" and .n == 2 and .low != null and .a == null)'
    holds one/compare.json '.mean_kl == (.global[] | select(.metric == "kl") | .difference)'
}

@test "captures: sentences and flags without the model; attributions need it" {
    cp -rL "$FIXTURES/small/models/atlas-bert" model
    ok run -m ./model -o a --format json --mask none "$BOY"
    ok run -m ./model -o b --format json --mask none "$GIRL"
    ok compare -m ./model --also isa,bar --mask none --with "$GIRL" -o live --format csv "$BOY"
    rm -r model
    ok compare --also isa,bar a b -o out --format csv
    cmp live/tables.csv out/tables.csv
    cmp live/compare.csv out/compare.csv
    fails 2 compare --also faith a b
    has "$stderr" 'ask the models themselves'
}

@test "a treebank: accuracies of both models as atlas heads finds them" {
    awk -v RS= -v ORS='\n\n' 'NR <= 120' "$FIXTURES/data/treebank/en_ewt-ud-dev-300.conllu" >trees
    run --separate-stderr atlas compare -m "$FIXTURES/tiny-bert" -m "$FIXTURES/random-bert" --conllu trees -o out --format csv "a cat"
    ended 3
    has "$stderr" 'tiny-bert: [0-9]+ of [0-9]+ sentences of the treebank'
    run --separate-stderr atlas heads -q -m "$FIXTURES/random-bert" --conllu trees -o heads --format csv
    ended 3
    want=$(awk -F, '$1 == "all" && $2 == "dependent_to_head" { print $6 }' heads/syntax.csv)
    [ -n "$want" ]
    [ "$(cell syntax.csv 'relation all direction dependent_to_head' accuracy 5)" = "$want" ]
    want=$(awk -F, '$1 == "all" && $2 == "dependent_to_head" && $3 == 1 && $4 == 2 { print $6 }' heads/syntax_heads.csv)
    [ "$(grep -c '^syntax_heads.csv,relation all direction dependent_to_head layer 1 head 2,' out/tables.csv)" -eq 1 ]
    [ "$(cell syntax_heads.csv 'relation all direction dependent_to_head layer 1 head 2' accuracy 5)" = "$want" ]
}

@test "pictures of attributions, and options that do not fit" {
    ok compare -m atlas-bert --also faith --methods norm --with "$GIRL" -o out --format svg --dump-drawing "$BOY"
    has "$(cat out/attributions_norm.drawing.json)" 'Attribution by norm'
    [ -f out/difference_norm.rho.svg ]
    fails 2 compare --also nothing --with "$GIRL" "$BOY"
    has "$stderr" "--also takes a list of isa, bias, bar, faith, roles, or all, not 'nothing'"
    fails 2 compare --methods ig --with "$GIRL" "$BOY"
    fails 2 compare --metric bar --with "$GIRL" "$BOY"
    run --separate-stderr atlas compare -q --also faith --methods norm --metric norm.rho --fail-above 0 --with "$GIRL" "$BOY"
    ended 3
    has "$stderr" 'difference of norm.rho'
}
