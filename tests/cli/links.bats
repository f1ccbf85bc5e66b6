# links.bats - which heads link some tokens to others, and tokens that are named by their text.
load helper

TEXT='The cat sat on the mat.'

@test "heads are ranked by what goes from some tokens to others" {
    shape
    ok run -o out --mask none --min-weight 0 --format json,csv --from-token sat --to-token cat,mat "$TEXT"
    [ "$(head -n 1 out/links.csv)" = rank,layer,head,weight,even,ratio ]
    [ "$(wc -l <out/links.csv)" -eq $((L * H + 1)) ]
    # the sums of attention.csv from token 3 to 2 and 6, of nine keys
    awk -F, 'FNR == 1 { next }
        FNR == NR { if ($3 == 3 && ($4 == 2 || $4 == 6)) sum[$1, $2] += $NF; next }
        { d = sum[$2, $3] - $4; if (d * d > 1e-12 || ($5 - 2 / 9) ^ 2 > 1e-12 || ($6 - $4 * 4.5) ^ 2 > 1e-12) exit 1
          if (FNR > 2 && $4 > last || $1 != FNR - 1) exit 1
          last = $4 }' out/attention.csv out/links.csv
    holds out/run.json "(.links | length) == $((L * H)) and .links[0].rank == 1"
    [ "$(json out/run.json '.links[0] | [.layer, .head] | join(",")')" = "$(sed -n 2p out/links.csv | cut -d, -f2,3)" ]
    ok run -o plain --mask none --format json "$TEXT"
    holds plain/run.json 'has("links") | not'
    [ ! -e plain/links.csv ]
}

@test "on the screen the first of them, by their names" {
    ok run --mask none --links 3 --from-token sat --to-token cat,mat "$TEXT"
    has "$output" $'\nattention from sat to cat,mat; even attention 0.222\n +1  L[0-9]+H[0-9]+ +0\\.[0-9]+  [0-9.]+ times even\n'
    [ "$(grep -c 'times even' <<<"$output")" -eq 3 ]
}

@test "a causal model: keys ahead have no attention, and no chance level" {
    ok run -m atlas-gpt2 -o out --mask none --format csv --from-token cat --to-token 3,An 'An old cat sat'
    awk -F, 'NR > 1 && ($5 - 1 / 3) ^ 2 > 1e-12 { exit 1 }' out/links.csv
    ok run -m atlas-gpt2 -o ahead --mask none --format csv --from-token An --to-token sat 'An old cat sat'
    [ "$(tail -n +2 ahead/links.csv | cut -d, -f4- | sort -u)" = 0,0, ]
}

@test "links over several texts are of each" {
    printf '%s\n' 'The cat sat.' 'No animal.' 'A cat sat.' >texts
    run --separate-stderr atlas run -q -o out --each --format csv --lines -f texts --from-token sat --to-token cat
    ended 3
    [ -s out/1/links.csv ] && [ -s out/3/links.csv ] && [ ! -e out/2/links.csv ]
    has "$stderr" "text 2: --from-token 'sat' is no token of the text; skipped"
}

@test "focus, root and mask are named by text too" {
    ok run -o text --format json,svg --focus cat,6 --tree-root sat --mask mat "$TEXT"
    ok run -o number --format json,svg --focus 2,6 --tree-root 3 --mask 6 "$TEXT"
    cmp text/tree.json number/tree.json
    cmp text/run.json number/run.json
    diff <(grep -v -e --focus text/flow_mean.svg) <(grep -v -e --focus number/flow_mean.svg)
    ok run --deep --json --mask none --focus cat,Mat "$TEXT"
    holds - '.deep.focus == [2, 6]'
    fails 1 run --tree-root the "$TEXT"
    [ "$stderr" = "atlas run: --tree-root 'the' may be token 1, 5: give the number" ]
    fails 1 run --focus dog "$TEXT"
    [ "$stderr" = "atlas run: --focus 'dog' is no token of the text" ]
    ok run -o root --format json --tree-root -1 "$TEXT"
    holds root/tree.json '.trees[0].nodes[0].index == 0'
}

@test "other commands name tokens by text too" {
    for tokens in cat,mat 2,6; do
        ok bias attention --json --tokens $tokens --permutations 99 "$TEXT"
        json - .flagged >"$tokens"
    done
    cmp cat,mat 2,6
    fails 1 bias attention --tokens the "$TEXT"
    [ "$stderr" = "atlas bias attention: --tokens 'the' may be token 1, 5: give the number" ]
    for position in nurse 2; do
        ok faith --json --methods leave_one_out --draws 0 --ablate none --position $position 'The nurse was late.'
        json - 'del(.meta)' >"at-$position"
    done
    cmp at-nurse at-2
}

@test "what goes together, and what does not" {
    fails 2 run --from-token cat "$TEXT"
    [ "$stderr" = 'atlas run: --from-token and --to-token go together' ]
    fails 2 run --from-token cat --to-token mat --matrix col "$TEXT"
    fails 2 run --from-token cat --to-token mat "$TEXT" "$TEXT"
    has "$stderr" 'give --each or --json'
    fails 2 run --focus 5-3 "$TEXT"
    [ "$stderr" = "atlas run: --focus takes tokens like 3,5-7 or cat,mat, not '5-3'" ]
    fails 2 run --mask '' "$TEXT"
}
