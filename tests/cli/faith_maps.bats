load helper

MASKED="The nurse said that [MASK] was late."
MAPS=attention,rollout,flow,norm,norm_residual,norm_residual_ln,value_zeroing,alti

# tensor FILE NAME - the numbers of an F32 tensor, one a line.
tensor() {
    local head first last start
    head=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
    first=$(tail -c +9 "$1" | head -c "$head" | jq ".[\"$2\"].data_offsets[0]")
    last=$(tail -c +9 "$1" | head -c "$head" | jq ".[\"$2\"].data_offsets[1]")
    start=$((9 + head + first))
    tail -c +$start "$1" | head -c $((last - first)) | od -An -v -w4 -t f4 | tr -d ' '
}

@test "methods that are maps stand in the tables of all methods" {
    ok faith --json --draws 0 --methods $MAPS "$MASKED"
    holds - '[.attributions | keys[]] == ("'$MAPS'" | split(",") | sort)'
    holds - 'all(.attributions[]; length == 10 and all(. >= 0))'
    holds - 'all(.methods | to_entries[] | select(.value.sums_to == "1"); .value.sum - 1 | fabs < 1e-5)'
    holds - '[.methods[] | select(.sums_to == "1")] | length == 6'
    # flow sends at least what a token keeps of itself in every layer
    holds - '.attributions.flow | all(. <= 1.000001) and .[5] > 0.5'
}

@test "maps.csv and maps.safetensors: a map for each layer, the same in both" {
    ok faith -o out --format json,csv --draws 0 --methods ig,$MAPS "$MASKED"
    shape
    [ "$(head -n 1 out/maps.csv)" = "method,layer,query,key,weight" ]
    [ "$(wc -l <out/maps.csv)" -eq $((1 + 8 * L * 100)) ]
    for method in attention value_zeroing; do
        tensor out/maps.safetensors $method >tensor
        [ "$(wc -l <tensor)" -eq $((L * 100)) ]
        sed -n "s/^$method,.*,//p" out/maps.csv >table
        paste -d ' ' tensor table | awk '{ d = $1 - $2; if (d * d > 1e-12) exit 1 }'
    done
    # rows of weights, value zeroing and ALTI sum to 1; the first rollout is half attention
    awk -F, '/^(attention|value_zeroing|alti|rollout),/ { s[$1 "," $2 "," $3] += $5 }
        END { for (k in s) if (s[k] < 0.9999 || s[k] > 1.0001) exit 1 }' out/maps.csv
    awk -F, '$2 == 0 { w[$1 "," $3 "," $4] = $5 }
        END { for (i = 0; i < 10; i++) for (j = 0; j < 10; j++) {
            k = i "," j; m = (w["attention," k] + (i == j)) / 2
            d = m - w["rollout," k]; e = m - w["flow," k]
            if (d * d > 1e-10 || e * e > 1e-10) exit 1 } }' out/maps.csv
    holds out/manifest.json '[.outputs[].path] | index("maps.safetensors") != null'
}

@test "a causal model has no cells right of the diagonal" {
    ok faith -m "$FIXTURES/tiny-gpt2" -o out --format json,csv --draws 0 --methods alti,norm "a b a b"
    awk -F, 'NR > 1 && $4 > $3 { exit 1 }' out/maps.csv
    holds out/faith.json '.attributions.alti | add - 1 | fabs < 1e-5'
}

@test "without a method that has maps there are no files of maps; one token, several positions" {
    ok faith -o out --format json,csv --draws 0 --methods gradient_x_input "$MASKED"
    [ ! -e out/maps.csv ] && [ ! -e out/maps.safetensors ]
    ok faith --json --draws 0 --methods $MAPS -m "$FIXTURES/tiny-gpt2" "a"
    holds - '[.attributions[] | .[0]] | all(. > 0)'
    holds - '[.attributions.attention[0], .attributions.flow[0], .attributions.alti[0]] | all(. - 1 | fabs < 1e-6)'
    # of the norm of the mean state, the mean over all positions
    ok faith --json --draws 0 --methods attention,flow --explain pooled_norm "The nurse was late."
    holds - '.attributions.attention | add - 1 | fabs < 1e-5'
}
