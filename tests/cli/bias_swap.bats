load helper

TEXT="He is an actor and a father of two sons."
WANT="She is an actress and a mother of two daughters."

@test "the counterfactual, its swaps and their places in the original text" {
    ok bias swap --json "$TEXT"
    holds - ".swapped == \"$WANT\" and .n_replaced == 4"
    holds - '.swaps[1] | .original == "actor" and .replacement == "actress" and .category == "gender"'
    holds - '.swaps[1].start == 9 and .swaps[1].end == 14'
    ok bias swap --json "$WANT"
    holds - ".swapped == \"$TEXT\""
}

@test "ambiguous terms follow the tags" {
    printf 'The\tDET\nblack\tADJ\ndoctor\tNOUN\nsaw\tVERB\nher\tPRON\n' >tags
    ok bias swap --json --category all --tags tags "The black doctor saw her"
    holds - '.swapped == "The white doctor saw him" and .meta.tags == "tags"'
    printf 'The\tDET\nblack\tADJ\ncar\tNOUN\nis\tAUX\nher\tPRON\nhobby\tNOUN\n' >tags
    ok bias swap --json --category all --tags tags "The black car is her hobby"
    holds - '.swapped == "The black car is his hobby" and .n_replaced == 1'
    holds - '.swaps[0] | .original == "black" and .replacement == null'
}

@test "one category alone, and one that is not there" {
    ok bias swap --json --category religion "He is a Christian."
    lacks "$(json - .swapped)" 'She'
    lacks "$(json - .swapped)" 'Christian'
    ok bias swap --json "He is a Christian." # by default one category, that of the first term
    holds - '.swapped | startswith("She is a Christian")'
    ok bias swap --json --category all "He is a Christian."
    lacks "$(json - .swapped)" 'Christian'
    fails 2 bias swap --category religoin "$TEXT"
    has "$stderr" "did you mean 'religion'"
}

@test "a list of one's own" {
    printf 'term\tcounterpart\tcategory\tgate\ncat\towl\tanimal\t\n' >terms.tsv
    ok bias swap --json --terms terms.tsv "A cat saw a cat."
    holds - '.swapped == "An owl saw an owl." and .n_articles == 2'
    printf 'term\tcategory\ncat\tanimal\n' >bad.tsv
    fails 1 bias swap --terms bad.tsv "A cat"
    has "$stderr" 'counterpart'
    fails 1 bias swap --terms nowhere.tsv "A cat"
}

@test "attention of the pair: a row per head, means over them" {
    shape
    ok bias swap -o out --format csv,json,svg "$TEXT"
    [ "$(head -n 1 out/swap.csv)" = "start,end,original,replacement,category" ]
    [ "$(head -n 1 out/consistency.csv)" = "layer,head,cosine,concentration,delta_aligned,delta_swap,total_delta" ]
    [ "$(wc -l <out/swap.csv)" -eq 5 ]
    [ "$(wc -l <out/consistency.csv)" -eq $((L * H + 1)) ]
    [ -s out/consistency.svg ]
    mean=$(awk -F, 'NR > 1 { s += $3 } END { print s / (NR - 1) }' out/consistency.csv)
    holds out/swap.json ".consistency.mean_cosine - $mean | fabs < 1e-5"
    holds out/swap.json '.consistency | .top_heads[0].total_delta == ([.heads[].total_delta] | max)'
    holds out/swap.json '.consistency | (.top_heads | length) == 5 and .n_pieces_a == (.swapped_tokens_a | length)'
    holds out/swap.json 'all(.consistency.heads[]; .cosine <= 1.000001 and .concentration >= 0 and .concentration <= 1)'
}

@test "a causal model" {
    ok bias swap -m atlas-gpt2 --json "The people saw the king"
    holds - '.meta.causal and .consistency.n_aligned > 0 and .consistency.n_pieces_a > 0'
    holds - '.consistency.mean_cosine > 0 and .consistency.mean_concentration > 0'
}

@test "nothing to swap is an answer, not a failure" {
    ok bias swap "The table is round."
    has "$output" 'no term of the list'
    ok bias swap -o out "The table is round."
    holds out/swap.json '.swaps == [] and .consistency == null and .swapped == .text'
    [ ! -e out/consistency.png ]
    [ "$(wc -l <out/consistency.csv)" -eq 1 ]
}

@test "many texts: a folder each and a table over all" {
    printf 'He sleeps.\nThe table is round.\nMy uncle sings.\n' >texts
    ok bias swap --lines -f texts -o out --format csv
    [ -s out/1/swap.csv ]
    [ -s out/3/consistency.csv ]
    [ "$(wc -l <out/texts.csv)" -eq 4 ]
    has "$(sed -n 3p out/texts.csv)" '^[^,]+,2,[0-9]+,2,2,[0-9a-f]{12},The table is round.,The table is round.,0,0,,,,,$'
    ok bias swap --lines -f texts --json
    [ "${#lines[@]}" -eq 3 ]
}

@test "the same call writes the same files" {
    ok bias swap -o a --format json,csv,svg "$TEXT"
    ok bias swap -o b --format json,csv,svg "$TEXT"
    for f in swap.json swap.csv consistency.csv consistency.svg; do cmp a/$f b/$f; done
}

@test "her is told from her: the object from the possessive" {
    built_in # its tagger decides
    ok bias swap 'I saw her yesterday.'
    [ "$(head -n 1 <<<"$output")" = "I saw him yesterday." ]
    ok bias swap 'Her old car hit him yesterday.'
    [ "$(head -n 1 <<<"$output")" = "His old car hit her yesterday." ]
}
