# outputs.bats - `atlas help output`, and that what commands write is what they declare.
load helper

# declared FILE - what the command in $command declares of it: name, type, a tab between.
declared() {
    atlas help output "$1" --list | awk -F '\t' -v command="$command" '$5 == command { print $2 "\t" $3 }'
}

# key_patterns - of declared keys on standard input, a regular expression each for its path: a list
# may be null, an object too, and what another file describes has any keys.
key_patterns() {
    sed -E 's/\[2\]/[]/g; s/[].[]/\\&/g; s/<[^>]*>/.+/g; s/((\\\[\\\])+)\t/(\1)?\t/
            s/\tany$/.*/; s/\t.*//'
}

# key_paths DOCUMENT - the path of each value in it, as `atlas help output` writes paths.
key_paths() {
    jq -r 'del(.meta) | paths(type != "object" and type != "array")
           | map(if type == "number" then "[]" else "." + . end) | join("") | ltrimstr(".")' "$1" |
        sort -u
}

# writes_what_it_declares DIR - every table and document of a run.
writes_what_it_declares() {
    local command path file columns
    command=$(jq -r .command "$1/manifest.json")
    jq -r '.outputs[] | select(.kind == "csv" or .kind == "json") | .path' "$1/manifest.json" |
        grep -v '\.drawing\.json$' >paths
    while read -r path; do
        file=${path##*/}
        declared "$file" >names
        [ -s names ] || fail "$command writes $file and does not declare it" || return
        case $file in
        *.csv)
            columns=$(cut -f1 names | paste -sd,)
            [ "$(head -n1 "$1/$path")" = "$columns" ] ||
                fail "$command $file has other columns than" "$columns" || return ;;
        journal.json) # a key for each option that matters
            holds "$1/$path" '[.command, .version, .model, .shard] | all(type == "string")' || return ;;
        *)
            key_patterns <names >patterns
            key_paths "$1/$path" >keys
            ! grep -vxEf patterns keys >undeclared ||
                fail "$command $file has keys that are not declared:" "$(cat undeclared)" || return ;;
        esac
    done <paths
}

@test "help output lists files, and tells what is in one" {
    ok help output
    has "$output" '  metrics.csv  +a row for each head'
    ok help output metrics.csv
    has "$output" '^metrics.csv of metrics: '
    has "$output" '  column +type +unit +meaning'
    has "$output" '  focus_entropy +number +nats +entropy'
    ok help output metrics.json
    has "$output" '  heads\[\]\.focus_entropy +number +nats +entropy'
}

@test "help output of a file that no command writes" {
    fails 2 help output metrics.cvs
    [ "$stderr" = "atlas help: no command writes 'metrics.cvs'; did you mean 'metrics.csv'?" ]
    fails 2 help output /etc/passwd
    [ "$stderr" = "atlas help: no command writes '/etc/passwd'; 'atlas help output' lists what they write" ]
    fails 2 help output metrics.csv more
    fails 2 help --list
    fails 2 help run --roff
    fails 2 help output --list --roff
}

@test "help output --list has six cells in each line" {
    ok help output --list
    [ "$(awk -F '\t' '{ print NF }' <<<"$output" | sort -u)" = 6 ]
    ok help output metrics.csv --list
    [ "$(cut -f1,5 <<<"$output" | sort -u)" = "metrics.csv"$'\t'"metrics" ]
}

@test "what is written is declared" {
    printf 'Only one.\nA cat, a dog.\n' >texts
    ok metrics -o one --format json,csv 'The cat sat.'
    ok metrics -o many --each --format json,csv --lines -f texts
    ok metrics -o rollout --format json,csv --matrix rollout 'The cat sat.'
    ok run -o run --deep --layer 1 --head 0 --format json,csv 'The cat sat.'
    ok run -o links --from-token cat --to-token sat --format json,csv 'The cat sat.'
    ok run -o runs --words --each --format json,csv --lines -f texts
    ok heads -o heads --format json,csv 'The cat sat.'
    ok heads -o roles --each --format json,csv --lines -f texts
    ok heads -o syntax --format json,csv --min-words 1 --conllu "$FIXTURES/data/treebank/"*.conllu
    ok cluster -o cluster --format json,csv 'The cat sat on the mat.'
    ok isa -o isa --sentences 0,1 --format json,csv 'The cat sat. It was tired.'
    ok isa -o isas --each --format json,csv --lines -f texts
    jq -c '.data |= with_entries(.value |= (sort_by([.context, .sentences[].sentence] | add | length)[:12]))' \
        "$FIXTURES/data/stereoset/stereoset_dev_en.json" >few.json
    ok bias stereoset -o set --format json,csv --resamples 20 --heads --draws 99 few.json
    ok bias stereoset -o rescored --format json,csv --resamples 20 --rescore set/items.csv few.json
    printf 'a,b,category\nthe cat,a dog,x\nthe mat,a mat,y\n' >pairs.csv
    ok bias pairs -o pairs --format json,csv pairs.csv
    ok bias pairs -o against --format json,csv --against pairs/items.csv pairs.csv
    ok bias detect -o detect --format json,csv 'Women are bad drivers.'
    ok bias detect -o detects --threshold 0.5 --format json,csv --lines -f texts
    ok bias attention -o attention --format json,csv --permutations 99 'Women are bad drivers.'
    ok bias attention -o attentions --tokens 1 --each --format json,csv --permutations 99 --lines -f texts
    ok bias calibrate -o calibrate --format json,csv --draws 5 'Women are bad drivers.'
    ok bias swap -o swap --format json,csv 'The king saw her mother.'
    ok bias swap -o swaps --format json,csv --lines -f texts
    for run in one many rollout run links runs heads roles syntax cluster isa isas set rescored pairs against \
        detect detects attention attentions calibrate swap swaps; do
        writes_what_it_declares "$run"
    done
}

@test "a picture of a text that was cut is no copy of all of it" {
    awk 'BEGIN { for (i = 0; i < 20000; i++) print "the cat sat on the mat" }' >long.txt
    ok run -m "$FIXTURES/tiny-bert" -f long.txt --truncate --format png -o out
    [ "$(wc -c <out/heatmap_mean.png)" -lt 200000 ] || fail 'the text is in the picture'
    [ "$(wc -c <long.txt)" -gt 400000 ]
}

@test "--svg-text: letters as text by default, or as outlines" {
    model=$FIXTURES/tiny-bert
    ok run -m "$model" -o text --format svg --mask none "the cat"
    grep -q '<text .*>Attention, tiny-bert' text/heatmap_mean.svg
    ok run -m "$model" -o paths --format svg --svg-text paths --mask none "the cat"
    grep -q '<symbol' paths/heatmap_mean.svg
    ! grep -q '<text' paths/heatmap_mean.svg || fail 'text in outlines'
    [ "$(wc -c <text/heatmap_mean.svg)" -lt "$(wc -c <paths/heatmap_mean.svg)" ]
    # clip paths and images of all its parts have names of their own
    ! grep -oE ' id="[^"]*"' text/heatmap_mean.svg | sort | uniq -d | grep . || fail 'an id twice'
    fails 2 run -m "$model" --svg-text words "the cat"
}
