load helper

# small N - the N shortest items of each part of the development set, as many of every category
small() {
    jq -c --argjson n "$1" '.data |= with_entries(.value |=
        (group_by(.bias_type) | map(sort_by([.context, .sentences[].sentence] | add | length)) | . as $g
            | [range($n) | $g[. % ($g | length)][. / ($g | length) | floor]]))' \
        "$FIXTURES/data/stereoset/stereoset_dev_en.json"
}

@test "a row per head and per feature, q over all of them" {
    shape
    small 14 >data.json
    ok bias stereoset data.json --heads --draws 99 -o out --format csv,json
    [ "$(wc -l <out/sensitivity.csv)" -eq $((L * H + 1)) ]
    [ "$(wc -l <out/features.csv)" -eq $((L * H * 22 + 1)) ]
    has "$(head -n 1 out/sensitivity.csv)" '^layer,head,rank,omega2,n_features,n_significant,best_feature,'
    has "$(head -n 1 out/features.csv)" '^layer,head,feature,n,mean_stereo,mean_anti,mean_delta,'
    # the balance that every head has is not told twice, the mean of a map not at all
    lacks "$(cut -d, -f3 out/features.csv | sort -u | tr '\n' ' ')" 'balance|AttMap'
    # q of Benjamini and Hochberg over all p of the table
    sort -t, -gk12,12 out/features.csv | awk -F, '$12 != "" && $12 != "p" { p[++m] = $12; q[m] = $13 }
        END { least = 1
              for (i = m; i >= 1; i--) { v = p[i] * m / i; if (v < least) least = v
                  d = q[i] - least; if (d > 1e-6 || d < -1e-6) exit 1 }
              exit m < 500 }'
    # a mean of differences is the difference of means, but for those of 1e-5 that count as none
    awk -F, 'NR > 1 { d = $5 - $6 - $7; e = 1e-5 * (1 + $5); if (d > e || d < -e) exit 1 }' out/features.csv
}

@test "sensitivity.json keeps its contract" {
    shape
    small 12 >data.json
    ok bias stereoset data.json --heads --draws 99 --top 3 -o out --format csv,json
    holds out/sensitivity.json '.n_items == 12 and .part == "intersentence" and .scores == "official"'
    holds out/sensitivity.json '(.feature_version | length) > 0 and .meta.tagger == "atlas-tagger"'
    holds out/sensitivity.json "(.heads | length) == $L * $H and (.matrix | length) == $L and (.matrix[0] | length) == $H"
    holds out/sensitivity.json '(.top_heads | length) == 3 and (.top_features | length) == 20'
    holds out/sensitivity.json "[.heads[].rank] | sort == [range($L * $H)]"
    holds out/sensitivity.json '.length | .n_equal >= 0 and .n_equal <= 12 and (.rho_bias | fabs) <= 1'
    holds out/sensitivity.json ".matrix[2][3] == .heads[2 * $H + 3].omega2"
    holds out/sensitivity.json '(.heads | map(select(.rank == 0))[0].omega2) == ([.heads[].omega2] | max)'
    holds out/sensitivity.json '.heads[0].best | has("omega2") and (.category_means | length) > 0'
    # the frontier: nobody has less bias and more margin than a head on it
    holds out/sensitivity.json '.heads as $h | all($h[] | select(.is_pareto); . as $a | all($h[]; (.bias_link < $a.bias_link and .margin_link > $a.margin_link) | not))'
    holds out/sensitivity.json '[.heads[] | select(.is_pareto)] | length >= 1'
    # the table on standard output names the same head first
    ok bias stereoset data.json --heads --draws 99
    first=$(json out/sensitivity.json '.top_heads[0] | "L\(.layer)H\(.head)"')
    has "$output" "paired q *rho bias"$'\n'"  $first "
}

@test "threads and repetition change nothing" {
    small 12 >data.json
    ok bias stereoset data.json --heads --draws 99 -o a --format csv,json --threads 1
    ok bias stereoset data.json --heads --draws 99 -o b --format csv,json --threads 3
    for f in sensitivity.csv features.csv sensitivity.json; do cmp a/$f b/$f; done
}

@test "a causal model: what both texts begin with makes no difference" {
    small 12 >data.json
    ok bias stereoset data.json -m atlas-gpt2 --protocol conditional --heads --draws 99 -o out --format csv
    awk -F, '$3 == "context_to_context" || $3 == "context_to_completion" { n++; if ($7 != 0 || $12 != "") exit 1 }
        END { exit n == 0 }' out/features.csv
    # the rest is told of causal maps, too
    awk -F, '$3 == "completion_to_context" { n++; if ($12 == "") exit 1 } END { exit n == 0 }' out/features.csv
}

@test "scores of one model, heads of another" {
    small 12 >data.json
    ok bias stereoset data.json -o first --format csv,json
    ok bias stereoset data.json --rescore first/items.csv -m atlas-bias --heads --draws 99 -o out --format csv,json
    holds out/sensitivity.json '.meta.model == "atlas-bias" and .scores == "items.csv" and .n_items == 12'
    holds out/scores.json '.meta.scores == "items.csv"'
}

@test "an item that is too long is left out and named" {
    small 12 | jq -c '.data.intersentence[3].context = ("word " * 600 + "end.")' >data.json
    jq -c '.data.intersentence[3].context = "Short."' data.json >short.json
    ok bias stereoset short.json -o first --format csv
    run -3 --separate-stderr atlas bias stereoset data.json --rescore first/items.csv --heads --draws 99 -o out --format csv,json
    has "$stderr" '1 of 24 items excluded.*tokens, the model takes'
    holds out/sensitivity.json '.n_items == 11 and .n_left_out == 1'
    holds out/manifest.json '.skipped | length == 1'
}

@test "what does not go together" {
    small 4 >data.json
    fails 2 bias stereoset data.json --heads --shard 1/2
    fails 2 bias stereoset data.json --heads --json
    run -1 --separate-stderr atlas bias stereoset data.json --heads
    has "$stderr" 'found 4 intersentence ones with scores, want 10'
    small 12 >data.json
    ok bias stereoset data.json -o out --format csv
    run -1 --separate-stderr atlas bias stereoset out/items.csv --rescore out/items.csv --heads
    has "$stderr" 'needs contexts'
}

@test "pictures: effects, boxes, tenths, links" {
    small 16 >data.json
    ok bias stereoset data.json --heads --draws 99 --top 2 -o out --format svg
    for f in sensitivity feature_boxes links bias_by_category categories; do
        [ -s out/$f.svg ]
    done
    [ "$(ls out/deciles_L*_H*.svg | wc -l)" -eq 2 ]
}
