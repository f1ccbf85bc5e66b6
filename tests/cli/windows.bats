load helper

# Texts longer than a model, in windows. The oracle's numbers are of transformers and numpy
# (scripts/outside/make-window-oracles.py), the rest are laws.
ORACLE=$FIXTURES/oracle/windows.json
LONG="The old woman in Paris likes her garden. She says that all immigrants are lazy and never work. My brother John has many red flowers near London! Do you like red flowers? We sat in the garden for many hours."

# agrees NAME FILTER - what FILTER takes from $output is the oracle's NAME, within 1e-6.
agrees() {
    jq -n --slurpfile want "$ORACLE" --argjson got "$(jq -c "$2" <<<"$output")" \
        "[\$want[0]$1 | .. | numbers, nulls] as \$w | [\$got | .. | numbers, nulls] as \$g |
         (\$w | length) == (\$g | length) and ([\$w, \$g] | transpose |
         all(.[]; .[0] == .[1] or (.[0] != null and .[1] != null and (.[0] - .[1] | fabs < 1e-6))))" |
        grep -qx true || fail "$1 differs: $(jq -c "$2" <<<"$output" | cut -c1-300)"
}

@test "a text that is too long names --window, and what windows cannot be is said" {
    fails 1 metrics -m "$FIXTURES/tiny-bert" "$(jq -r .text "$ORACLE")"
    grep -q -- "--window 16 reads it in parts" <<<"$stderr"
    fails 1 metrics --window 700 "a b"
    grep -qx "atlas metrics: windows of 700 positions, the model takes 512" <<<"$stderr"
    fails 1 metrics --window 2 "a b"
    grep -q "no room beside its 2 special tokens" <<<"$stderr"
    fails 1 metrics --window 24 --stride 23 "$LONG"
    grep -q "leaves tokens out" <<<"$stderr"
}

@test "numbers of windows are those of an independent reading" {
    local model
    for model in tiny-bert tiny-gpt2; do
        set -- -m "$FIXTURES/$model" --window 16 --stride 6 --json "$(jq -r .text "$ORACLE")"
        ok run --mask none "$@"
        agrees ".\"$model\".ids" '[.tokens[].id]'
        ok metrics --no-baseline "$@"
        agrees ".\"$model\".confidence_avg" '[.heads[].confidence_avg]'
        ok bias attention --tokens 2,5,9,14 --permutations 99 "$@"
        agrees ".\"$model\".bar" '[.heads[].bar]'
        ok isa "$@"
        agrees ".\"$model\".isa" .matrix
    done
    ok run "$@"
    agrees '."tiny-gpt2".p[1:]' '[.predictions[:-1][].token_p]'
}

@test "a window that holds the text is the text" {
    ok metrics --no-baseline --json "$LONG"
    want=$(jq -cS 'del(.meta)' <<<"$output")
    ok metrics --no-baseline --json --window 60 "$LONG"
    [ "$(jq -cS 'del(.meta)' <<<"$output")" = "$want" ]
}

@test "run: windows have captures, the text its tokens with offsets into all of it" {
    ok run --mask none --format csv -o plain "$LONG"
    ok run --mask none --format json,csv --window 24 --stride 10 -o out "$LONG"
    cut -d, -f1-9 plain/tokens.csv >want
    cut -d, -f1-9 out/tokens.csv | diff want -
    holds out/run.json '.meta.windows == {"n": 4, "positions": 24, "stride": 10}'
    for k in 0 1 2 3; do
        [ -s out/window_$k/capture.safetensors ]
    done
    [ ! -e out/window_0/run.json ]
    # the share a token receives is that of its own window
    ok run --from out/window_0 --json
    want=$(jq '.tokens[3].received' <<<"$output")
    holds out/run.json ".tokens[3].received - $want | fabs < 1e-6"
    # and with --each the windows' own files
    ok run --mask none --format json --window 24 --each -o each "$LONG"
    holds each/window_1/run.json ".meta.window.number == 1 and .meta.window.first_byte as \$b |
        .meta.text as \$t | \"$LONG\"[\$b:\$b + (\$t | length)] == \$t"
}

@test "masks are those of the whole text" {
    masked=${LONG/like red/like [MASK]}
    ok run --json --window 24 "$masked"
    holds - '[.predictions[].index] == [34]'
    ok run --json --window 24 --mask 3,30 "$LONG"
    holds - '[.predictions[].index] == [3, 30]'
    ok run --json --window 24 --mask all "$LONG"
    holds - '[.predictions[].index] == [range(1; 46)]'
}

@test "heads: tags are of the whole text" {
    ok heads --json "$LONG"
    want=$(jq -c '.tokens' <<<"$output")
    ok heads --json --window 24 "$LONG"
    [ "$(jq -c .tokens <<<"$output")" = "$want" ]
    holds - 'all(.heads[]; .raw.self >= 0 and .raw.self <= 1)'
    ok heads --json --window 24 --words "$LONG"
    holds - '.tokens | length == 45'
}

@test "bias detect and view read windows" {
    ok bias detect --json "$LONG"
    want=$(jq -c '[.tokens[] | [.index, .start, .end]]' <<<"$output")
    ok bias detect --json --window 24 "$LONG"
    [ "$(jq -c '[.tokens[] | [.index, .start, .end]]' <<<"$output")" = "$want" ]
    holds - '.spans | all(.[]; .end > .start)'
    ok view -q --window 24 --without inside -o page.html "$LONG"
    grep -q window_2 page.html
}

@test "sentences that no window has together are empty, not 0" {
    ok isa --window 24 --format json,csv,svg -o out --sentences 0,4 --sentences 0,1 "$LONG"
    grep -qx "atlas isa: warning: no window has both sentence 0 and sentence 4" <<<"$stderr"
    grep -q '^0,4,,' out/isa.csv
    holds out/isa.json '.matrix[0][4] == null and .matrix[0][1] > 0 and (.pairs | length) == 1'
    [ -s out/isa_pair_0_1.csv ]
}

@test "many texts: a row for each, however long it is" {
    printf '%s\n' "$LONG" "Short text here." "$LONG $LONG" >lines
    for command in metrics heads isa "bias attention" run; do
        # shellcheck disable=SC2086
        ok $command -q --window 24 --lines -f lines --format csv -o out
        [ "$(awk -F, 'NR > 1 { print $2 ":" $3 }' out/texts.csv | tr '\n' ' ')" = "1:47 2:6 3:92 " ]
        rm -r out
    done
}
