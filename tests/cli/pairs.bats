load helper

# What people's files of pairs are like, and arrays of tasks over them.

@test "pairs: a blank sentence is listed and left out" {
    printf 'a\tb\nA man.\tA woman.\nA boy.\t\n\tA girl.\n' >p.tsv
    run --separate-stderr atlas bias pairs p.tsv
    ended 3 bias pairs
    has "$stderr" "2 of 3 items excluded; the first, 'pair 1': no second sentence"
    has "$output" 'overall +1 .*  2'
    printf '{"a":"A man.","b":"A woman."}\n{"a":"A boy.","b":null}\n' >p.jsonl
    run --separate-stderr atlas bias pairs p.jsonl -o out --format json,csv
    ended 3 bias pairs
    holds out/manifest.json '.skipped | length == 1'
    [ "$(scores out/items.csv | sed -n 3p)" = '1,,,A boy.,,,,0,0,,,no second sentence' ]
    run --separate-stderr atlas bias pairs --rescore out/items.csv p.jsonl
    ended 3 bias pairs
    has "$stderr" 'no second sentence'
}

@test "pairs: tabs or semicolons under the name .csv" {
    printf 'sent_more\tsent_less\n"A" man.\tA woman, too.\n' >tabs.csv
    ok bias pairs tabs.csv -o tabs --format csv
    has "$(sed -n 2p tabs/items.csv)" '"""A"" man.","A woman, too."'
    printf 'sent_more;sent_less\n"A man; a plan";A woman, too.\n' >semicolons.csv
    ok bias pairs semicolons.csv -o semicolons --format csv
    has "$(sed -n 2p semicolons/items.csv)" 'A man; a plan,"A woman, too."'
}

@test "an array job with more tasks than items ends with 0 and merges to the whole run" {
    printf 'a\tb\nA man.\tA woman.\n' >p.tsv
    ok bias pairs -q -o whole --format json,csv p.tsv
    for k in 1 2 3; do
        ok bias pairs -q -o "s$k" --shard "$k/3" p.tsv
    done
    ok bias merge -o merged --format json,csv s3 s1 s2
    for f in items.csv targets.csv scores.json; do cmp "whole/$f" "merged/$f"; done
    jq '.data |= with_entries(.value |= .[:1])' "$FIXTURES/data/stereoset/stereoset_dev_en.json" >set.json
    ok bias stereoset -q -o all --format json,csv set.json
    for k in 1 2 3; do
        ok bias stereoset -q -o "t$k" --shard "$k/3" set.json
    done
    ok bias merge -o one --format json,csv t1 t2 t3
    for f in items.csv targets.csv scores.json; do cmp "all/$f" "one/$f"; done
}
