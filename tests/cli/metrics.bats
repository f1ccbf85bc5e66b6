load helper

TEXT="The cat sat on the mat because it was tired."

@test "metrics.csv: a row per head; layers and the mean map have tables of their own" {
    shape
    ok metrics -o out --format csv "$TEXT"
    [ "$(head -n 1 out/metrics.csv)" = "layer,head,confidence_max,confidence_avg,focus_entropy,focus_normalized,sparsity,distribution_q25,distribution_median,distribution_q75,uniformity,balance,mean_distance,row_entropy" ]
    [ "$(wc -l <out/metrics.csv)" -eq $((L * H + 1)) ]
    [ "$(wc -l <out/layers.csv)" -eq $((L + 1)) ]
    [ "$(head -n 1 out/layers.csv)" = "$(head -n 1 out/metrics.csv | sed 's/head,//')" ]
    [ "$(wc -l <out/global.csv)" -eq 2 ]
    [ "$(head -n 1 out/global.csv)" = "$(head -n 1 out/metrics.csv | sed 's/layer,head,//'),flow_change" ]
}

@test "metrics.json keeps its contract and agrees with the table" {
    shape
    ok metrics -o out --format csv,json "$TEXT"
    holds out/metrics.json "(.heads | length) == $L * $H and (.layers | length) == $L"
    holds out/metrics.json ".heads[$H + 1] | .layer == 1 and .head == 1 and .rank.sparsity >= 0 and .rank.sparsity < 100"
    holds out/metrics.json '.heads[0] | has("baseline") and (.baseline.confidence_max > 0)'
    holds out/metrics.json 'all(.heads[]; .focus_normalized > 0 and .focus_normalized <= 1 and .balance <= 1)'
    holds out/metrics.json '.flow_change > 0 and .baseline_flow_change > 0'
    want=$(awk -F, '$1 == 2 && $2 == 3 { print $4 }' out/metrics.csv)
    holds out/metrics.json ".heads[2 * $H + 3].confidence_avg - $want | fabs < 1e-8"
}

@test "a causal model has no balance and uses the triangle" {
    ok metrics -m atlas-gpt2 --json "$TEXT"
    holds - 'all(.heads[]; .balance == null) and .global.balance == null'
    holds - 'all(.heads[]; .distribution_median > 0)'
}

@test "rollout has layers but no heads; columns have no bands" {
    shape
    ok metrics --json --matrix rollout "$TEXT"
    holds - ".heads == [] and (.layers | length) == $L"
    ok metrics --json --matrix col "$TEXT"
    holds - '(.global_band | all(. == null)) and (.heads[0] | has("baseline") | not)'
}

@test "bands go by what even attention of the same length gives, not by fixed limits" {
    ok metrics --json --no-baseline --from "$FIXTURES/captures/even-causal"
    holds - '.heads[0] | .confidence_max == 0.5 and .focus_normalized <= 1 and .mean_distance > 1.74'
    holds - '.heads[0].band | .confidence_max == "low" and .uniformity == "low" and .focus_normalized == "high"'
    holds - '.heads[0].band.distribution_median == null and .heads[0].band.mean_distance == null'
}

@test "shares of a map whose rows do not sum to 1 are shares all the same" {
    ok metrics --no-baseline --from "$FIXTURES/captures/small-sums" -o out --format csv
    [ "$(sed -n 2p out/metrics.csv | cut -d, -f11,12)" = 0, ]
    [ "$(sed -n 3p out/metrics.csv | cut -d, -f11,12)" = 0,0.0833333333 ]
    [ "$(sed -n 4p out/metrics.csv | cut -d, -f11,12)" = 0,0.0833333333 ]
}

@test "words: no special token, so no balance" {
    ok metrics --json --words "$TEXT"
    holds - '.global.balance == null and .meta.words'
}

# Two layers of one head. All attention of the first is on [CLS]: without it nothing is left of the
# word's row. That of the second, too, or on the word with "sink_capture word".
sink_capture() {
    local one='\0\0\x80\x3f' none='\0\0\0\0' second
    second=$one$none$none
    [ "${1:-}" != word ] || second=$none$one$none
    local header='{"__metadata__":{"family":"bert","text":"cat","tokens":"[\"[CLS]\",\"cat\",\"[SEP]\"]"},'
    header+='"attentions":{"dtype":"F32","shape":[2,1,3,3],"data_offsets":[0,72]},'
    header+='"input_ids":{"dtype":"I32","shape":[3],"data_offsets":[72,84]}}'
    mkdir -p sink
    {
        printf '\xff\0\0\0\0\0\0\0%-255s' "$header"
        for row in 1 2 3; do printf '%b' "$one$none$none"; done
        for row in 4 5 6; do printf '%b' "$second"; done
        printf '\0\0\0\0\1\0\0\0\2\0\0\0'
    } >sink/capture.safetensors
}

@test "words: a map with a row that is not defined has no metrics, no gauges and no links" {
    sink_capture
    ok metrics --from sink --json
    holds - '.global.sparsity > 0.6 and .flow_change == 0'
    ok metrics --from sink --words -o out --layer all --head all
    holds out/metrics.json 'all(.heads[], .layers[], .global; .focus_normalized == null and .sparsity == null and .uniformity == null)'
    holds out/metrics.json '.flow_change == null and (.global_band | all(. == null))'
    [ "$(grep -cv ',,,,,,,,,,,,$' out/metrics.csv)" -eq 1 ]
    lacks "$(ls out)" 'gauges|radar'
    ok metrics --from sink --words
    lacks "$output" 'nan|0\.0'
    ok run --from sink --words
    lacks "$output" 'nan|links'
}

@test "heads that have a value are in the summary where the mean map has none" {
    sink_capture word
    ok metrics --from sink --words
    has "$output" $'confidence_max +n/a +1\\.0000 \\(L1H0\\) +1\\.0000 \\(L1H0\\)'
    lacks "$output" 'nan'
    lacks "$output" $'balance[^\n]*\\('
}

@test "--explain tells formula, range, reading, source" {
    ok metrics --explain focus_normalized
    has "$output" 'formula'
    has "$output" 'ln\(T!\)'
    has "$output" 'source'
    ok metrics --explain all
    [ "$(grep -c '^  source' <<<"$output")" -eq 13 ]
    fails 2 metrics --explain balanse
    has "$stderr" "did you mean 'balance'"
}

@test "the baseline is kept per model and read back" {
    ok metrics --json "$TEXT"
    first=$output
    [ "$(ls "$HOME/.cache/atlas/baselines" | wc -l)" -eq 1 ]
    ok metrics --json "$TEXT"
    [ "$first" = "$output" ]
    # a broken entry is computed again
    printf x >"$HOME"/.cache/atlas/baselines/*
    ok metrics --json "$TEXT"
    [ "$first" = "$output" ]
    ok metrics --json --no-baseline "$TEXT"
    holds - '.heads[0] | has("baseline") | not'
}

@test "a baseline that other kernels or another precision left in the cache changes no digit" {
    for how in 'portable float' 'portable double' 'openblas float'; do
        rm -rf "$HOME/.cache"
        ATLAS_KERNELS=${how% *} ok metrics --json --digits 17 --precision "${how#* }" "$TEXT"
        echo "$output" >"${how/ /-}"
    done
    for how in 'portable float' 'portable double' 'openblas float'; do
        ATLAS_KERNELS=${how% *} ok metrics --json --digits 17 --precision "${how#* }" "$TEXT"
        cmp "${how/ /-}" - <<<"$output"
    done
}

@test "two processes may compute the baseline at once" {
    for i in 1 2 3 4; do
        atlas metrics --json "$TEXT" >out$i &
    done
    wait
    for i in 2 3 4; do cmp out1 out$i; done
    jq -e .heads <"$(echo "$HOME"/.cache/atlas/baselines/*)" >/dev/null
}

@test "many texts: a table over all of them, flat in memory" {
    printf 'The cat sat.\nDogs run fast.\nIt rained all day long.\n' >texts
    ok metrics --lines --each -f texts -o out --format csv
    [ "$(head -n 1 out/corpus.csv)" = "model,layer,head,metric,mean,low,high,n,sd,min,max,run_id" ]
    # the mean of a head's values is the mean of the texts' own tables
    want=$(cat out/*/metrics.csv | awk -F, '$1 == 4 && $2 == 2 { s += $3 } END { printf "%.6f", s / 3 }')
    got=$(awk -F, '$2 == 4 && $3 == 2 && $4 == "confidence_max" { printf "%.6f", $5 }' out/corpus.csv)
    [ "$want" = "$got" ]
}

@test "pictures: a layer x head map of each metric" {
    ok metrics -o out --format svg "$TEXT"
    for key in confidence_max focus_normalized sparsity balance; do
        [ -s out/metrics_$key.svg ]
    done
}

@test "a chosen head is told beside its layer and its baseline" {
    ok metrics --layer 2 --head 3 "$TEXT"
    has "$output" 'L2H3'
    has "$output" 'layer mean +rank in it +baseline'
    want=$(atlas metrics --json "$TEXT" | jq -r '.heads[] | select(.layer == 2 and .head == 3).rank.sparsity | round')
    has "$output" "sparsity .* $want %"
    ok metrics --layer 2 "$TEXT"
    has "$output" 'layer 2, mean map of its heads'
    for form in "" --json "-o out"; do
        fails 1 metrics $form --layer 9 "$TEXT"
        has "$stderr" 'layer.*9'
    done
}

@test "one token and T = 1 are defined" {
    ok metrics -m atlas-gpt2 --json "a"
    holds - '.global.confidence_max == 1 and .global.focus_normalized == 0'
}

@test "a capture gives the same numbers as the model" {
    ok run -o first --mask none "$TEXT"
    ok metrics --json --no-baseline "$TEXT"
    want=$(jq -c '[.heads[].focus_entropy]' <<<"$output")
    ok metrics --json --from first
    [ "$want" = "$(jq -c '[.heads[].focus_entropy]' <<<"$output")" ]
}

@test "a causal capture that looks ahead is refused; rows that do not sum to 1 are reported" {
    for command in metrics heads 'bias attention --tokens 5'; do
        fails 1 $command --from "$FIXTURES/captures/ahead"
        has "$stderr" "weight 0.9 in layer 0, head 1, query 2, key 6, want 0"
    done
    ok metrics --no-baseline --from "$FIXTURES/captures/half-rows"
    has "$stderr" '4 rows of attention do not sum to 1, the first to 0.5'
}
