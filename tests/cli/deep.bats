load helper

TEXT="The cat sat on the mat because it was tired."

# reals FILE COLUMN... - these columns of a table, without its header, a row a line.
columns() {
    local file=$1
    shift
    awk -F, -v want="$*" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(want, names, " "); next }
        { for (k = 1; k <= n; k++) printf "%s%s", $(at[names[k]]), k < n ? " " : "\n" }' "$file"
}

@test "--deep writes its tables and pictures" {
    shape
    ok run --deep -o out --mask none --format csv,json,svg "$TEXT"
    for name in embeddings qkv residual ffn hidden steps lens pca; do
        [ -s out/$name.csv ] || fail "no $name.csv"
    done
    for name in residual residual_attention residual_ffn ffn_active hidden_norm hidden_L$((L - 1)) lens pca_word \
        pca_hidden_L$((L - 1)) pca_qkv_L$((L - 1)) cosine_mean; do
        [ -s out/$name.svg ] || fail "no $name.svg"
    done
    n=$(json out/run.json '.tokens | length')
    [ "$(wc -l <out/embeddings.csv)" -eq $((n + 1)) ]
    [ "$(wc -l <out/qkv.csv)" -eq $((L * H * n + 1)) ]
    [ "$(wc -l <out/residual.csv)" -eq $((L * n + 1)) ]
    [ "$(wc -l <out/ffn.csv)" -eq $((L * n + 1)) ]
    [ "$(wc -l <out/hidden.csv)" -eq $(((L + 1) * n + 1)) ]
    [ "$(wc -l <out/lens.csv)" -eq $(((L + 1) * n * 5 + 1)) ]
    [ "$(wc -l <out/steps.csv)" -eq $((L * H * 5 * 5 + 1)) ]
    [ "$(wc -l <out/pca.csv)" -eq $(((2 + L + 1 + 4 * L) * n + 1)) ]
}

@test "steps: the numbers of a row reproduce its weight" {
    for model in atlas-bert atlas-gpt2; do
        shape $model
        ok run -m $model --deep -o $model --mask none --format csv,json "$TEXT"
        columns $model/steps.csv dot scaled row_max shifted sum_exp log_sum weight stored | awk -v d=$((C / H)) '
            function off(a, b) { return a > b ? a - b : b - a }
            { n++
              if (off($1 / sqrt(d), $2) > 1e-5) bad = "scaled is not dot / sqrt(d): " $0
              if (off($2 - $3, $4) > 1e-5) bad = "shifted is not scaled - row_max: " $0
              if (off($3 + log($5), $6) > 1e-5) bad = "log_sum is not row_max + log(sum_exp): " $0
              if (off(exp($2 - $6), $7) > 1e-5) bad = "weight is not exp(scaled - log_sum): " $0
              if (off($7, $8) > 1e-5) bad = "weight is not that of the map: " $0 }
            END { if (bad || n < 500) { print bad, n; exit 1 } }'
        holds $model/deep.json '.weight_error < 1e-5'
    done
}

@test "steps: all keys of a causal row sum to 1, and none is later" {
    ok run -m atlas-gpt2 --deep --layer 2 --head 1 --focus 3 --top-k 50 -o out --mask none --format csv,json "$TEXT"
    [ "$(columns out/steps.csv key | sort -n | tr '\n' ' ')" = "0 1 2 3 " ]
    columns out/steps.csv weight | awk '{ s += $1 } END { exit !(s > 0.999999 && s < 1.000001) }'
    holds out/deep.json '.focus == [3] and .focus_chosen == "given" and .steps[0].n_visible == 4'
    holds out/deep.json '.steps[0] | .layer == 2 and .head == 1 and (([.keys[].weight] | add) - 1 | fabs) < 1e-6'
    # the logarithm of the sum is what the keys say it is
    holds out/deep.json '.steps[0] | ([.keys[].shifted | exp] | add) - .sum_exp | fabs < 1e-5'
}

@test "steps are of the first five tokens that are no special ones, and of five at most" {
    ok run --deep --json --mask none "$TEXT"
    holds - '.deep | .focus == [1, 2, 3, 4, 5] and .focus_chosen == "first"'
    ok run --deep --json --mask none --focus 2-8 "$TEXT"
    holds - '.deep.focus == [2, 3, 4, 5, 6]'
    has "$stderr" 'first 5 of the 7'
    fails 1 run --deep --focus 99 "$TEXT"
}

@test "steps follow the matrix mode but keep the weight" {
    for mode in col rollout; do
        ok run --deep --matrix $mode -o $mode --mask none --layer 1 --head 2 --format csv "$TEXT"
        columns $mode/steps.csv query ranked_by | awk '
            $1 == q && $2 > last { exit 1 } { q = $1; last = $2 }'
        columns $mode/steps.csv weight stored | awk '
            ($1 - $2) ^ 2 > 1e-10 { exit 1 }'
    done
}

@test "the last state of the lens is the model's prediction" {
    shape atlas-gpt2
    ok run -m atlas-gpt2 --deep -o out --format csv,json "$TEXT"
    # predictions.csv: what follows token i - 1; lens.csv: what state L of token i - 1 says
    columns out/predictions.csv index rank id p | awk '{ print $1 - 1, $2, $3, $4 }' >want
    columns out/lens.csv state index rank id p | awk -v last="$L" '$1 == last { print $2, $3, $4, $5 }' >got
    [ "$(wc -l <want)" -gt 40 ]
    paste -d' ' want got | awk '$1 != $5 || $2 != $6 || $3 != $7 || ($4 - $8) ^ 2 > 1e-10 { print; exit 1 }'
    # BERT: the largest of the logits that the capture holds of token 3
    shape
    ok run --deep --logits -o bert --mask none --top-k 1 --format csv "$TEXT"
    file=bert/capture.safetensors
    header=$(od -An -t u8 -N 8 $file | tr -d ' ')
    read -r at rows < <(head -c $((8 + header)) $file | tail -c "$header" | jq -r '.logits | "\(.data_offsets[0]) \(.shape[1])"')
    od -An -v -t f4 -w4 -j $((8 + header + at + 4 * 3 * rows)) -N $((4 * rows)) $file |
        awk 'NR == 1 || $1 > most { most = $1; id = NR - 1 } END { print id, most }' >want
    columns bert/lens.csv state index id logit | awk -v last="$L" '$1 == last && $2 == 3 { print $3, $4 }' >got
    paste -d' ' want got | awk '$1 != $3 || ($2 - $4) ^ 2 > 1e-8 { print; exit 1 } END { exit NR != 1 }'
}

@test "residual stream: norms agree between the tables, and the changes with the capture" {
    for model in atlas-bert atlas-gpt2; do
        shape $model
        ok run -m $model --deep -o $model --mask none --format csv,json "$TEXT"
        columns $model/hidden.csv state index norm | awk -v last="$L" '$1 < last { print $1, $2, $3 }' >states
        columns $model/residual.csv layer index input_norm >inputs
        cmp states inputs
        holds $model/deep.json '.layers | length == '$L' and all(.[]; .attention_change > 0 and .ffn_change > 0 and .active > 0 and .active < 1)'
        # GPT-2 adds: what the block adds is the change times what it got
        [ $model = atlas-bert ] || paste -d' ' <(columns $model/residual.csv mid_norm ffn_change) <(columns $model/ffn.csv projection_norm) |
            awk '($1 * $2 / $3 - 1) ^ 2 > 1e-8 { print; exit 1 }'
    done
}

@test "embeddings: a token's own copy is its nearest, cosines are within bounds" {
    ok run --deep -o out --mask none --format csv,json "$TEXT"
    holds out/deep.json '.embeddings as $e | ([$e[] | select(.token == "the") | .index]) as [$a, $b] | $e[$a].neighbours[0].index == $b and ($e[$a].neighbours[0].cosine - 1 | fabs) < 1e-6'
    holds out/deep.json 'all(.embeddings[]; .word_norm > 0 and .position_norm > 0 and .segment_norm > 0 and .sum_norm > 0)'
    columns out/qkv.csv cosine | awk '$1 < -1.000001 || $1 > 1.000001 { exit 1 }'
    ok run -m atlas-gpt2 --deep -o gpt2 --mask none --format csv "$TEXT"
    [ -z "$(columns gpt2/embeddings.csv segment_norm | tr -d '\n')" ]
    # GPT-2 has no norm behind the sum
    columns gpt2/embeddings.csv sum_norm output_norm | awk '($1 / $2 - 1) ^ 2 > 1e-10 { exit 1 }'
}

@test "a capture with the tensors gives the same; without the model some things are left out" {
    shape
    ok run --deep -o first --mask none --format csv,json "$TEXT"
    ok run --deep --from first -o second --format csv,json,svg
    cmp first/residual.csv second/residual.csv
    cmp first/hidden.csv second/hidden.csv
    cmp first/qkv.csv second/qkv.csv
    cmp first/steps.csv second/steps.csv
    holds second/deep.json '[.omitted[].what] | length == 3 and any(.[]; test("embeddings")) and any(.[]; . == "logit lens")'
    holds first/deep.json '.omitted == []'
    [ ! -e second/lens.csv ]
    [ -s second/pca_qkv_L$((L - 1)).svg ]
}

@test "a capture without them says which are missing" {
    ok run -o first --mask none --format json "$TEXT"
    fails 1 run --deep --from first
    has "$stderr" 'no queries, keys, values, mid, ffn_act'
}

# spoil FILE TENSOR - every value of a tensor of FILE becomes NaN.
spoil() {
    local file=$1 header at end
    header=$(od -An -t u8 -N 8 "$file" | tr -d ' ')
    read -r at end < <(head -c $((8 + header)) "$file" | tail -c "$header" |
        jq -r --arg t "$2" '.[$t].data_offsets | "\(.[0]) \(.[1])"')
    tr '\0' '\377' </dev/zero | head -c $((end - at)) |
        dd of="$file" bs=4096 seek=$((8 + header + at)) oflag=seek_bytes conv=notrunc status=none
}

@test "a capture with values that are no numbers: n/a in the summary, null in the document" {
    ok run --deep -o first --mask none --format json "$TEXT"
    spoil first/capture.safetensors hidden_states
    spoil first/capture.safetensors queries
    ok run --deep --from first --layer 1 --head 2
    lacks "$output" 'nan|inf'
    has "$output" $'\n  embed       n/a\n      0       n/a                  n/a  '
    has "$output" 'query 1 the: row maximum n/a, log-sum-exp n/a'
    ok run --deep --from first -o second --format svg --dump-drawing
    ! grep -w -e nan -e inf second/*.drawing.json || fail 'a label that is no number'
    ok run --deep --from first --json
    holds - '.deep.layers[0] | .input_norm == null and .attention_change == null'
}

@test "words: means of their pieces; what is of tokens alone is left out" {
    shape
    ok run --deep --words -o out --mask none --format csv,json "$TEXT"
    n=$(json out/run.json '.words | length')
    [ "$(wc -l <out/hidden.csv)" -eq $(((L + 1) * n + 1)) ]
    [ ! -e out/steps.csv ]
    [ ! -e out/lens.csv ]
    holds out/deep.json '[.omitted[].what] == ["attention steps", "logit lens"]'
}

@test "one head, one layer: its pictures and its steps on standard output" {
    ok run --deep --layer 3 --head 2 -o out --mask none --format svg "$TEXT"
    [ -s out/cosine_L3_H2.svg ]
    [ -s out/hidden_L3.svg ]
    [ ! -e out/cosine_mean.svg ]
    ok run --deep --layer 3 --head 2 --mask none "$TEXT"
    has "$output" 'L3H2, query 1 the: row maximum'
    has "$output" 'logit lens'
    has "$output" 'residual stream'
}

@test "one token is defined" {
    ok run -m atlas-gpt2 --deep -o out --format csv,json,svg a
    holds out/deep.json '.embeddings[0].neighbours == [] and .pca[0].x_ratio == null'
    holds out/deep.json '.weight_error < 1e-6'
    [ "$(columns out/steps.csv weight | sort -u)" = 1 ]
}

@test "tokens that are all the same have no shares of variance" {
    ok run -m atlas-gpt2 --deep -o out --format json --dump-drawing " a a a a"
    holds out/deep.json '.pca[0].x_ratio == null'
    grep -q '"text":"PC 1"' out/pca_word.drawing.json
    ! grep -l nan out/*.drawing.json
}

@test "many texts" {
    printf 'The cat sat.\nA dog ran home.\n' >texts
    ok run --deep --lines --each -f texts -o out --mask none --format csv,json
    [ -s out/1/deep.json ]
    [ -s out/2/steps.csv ]
}

@test "every key and column is in atlas-output(5)" {
    mandoc -Tascii "$ROOT/man/atlas-output.5" | col -b | tr -cs 'a-z0-9_' '\n' | sort -u >documented
    ok run --deep --words -o words --mask none --format json "$TEXT"
    ok run --deep --layer 1 --head 1 -o out --mask none --format json,csv "$TEXT"
    jq -r '[paths | map(select(type == "string"))] | flatten | unique[]' out/deep.json words/deep.json >keys
    head -qn 1 out/*.csv | tr ',' '\n' >>keys
    [ "$(sort -u keys | wc -l)" -gt 70 ]
    missing=$(sort -u keys | grep -vxFf documented || :)
    [ -z "$missing" ] || fail "not in atlas-output(5):" "$missing"
}

@test "the small models' documents of the inside stay as they are" {
    for name in bert gpt2; do
        ok run -m "$FIXTURES/tiny-$name" --deep --layer 0 --head 1 --mask none --threads 1 --json --digits 5 --top-k 2 "the cat"
        output=$(jq -S 'del(.deep.meta) | .deep' <<<"$output")
        golden deep-tiny-$name.json
    done
}

@test "the picture of the logit lens has the predicted tokens in its cells" {
    ok run --deep -o out --mask none --format csv,svg --dump-drawing "The cat sat."
    holds out/lens.drawing.json '.groups[] | select(.name == "cell texts") | .items | length == 42'
}
