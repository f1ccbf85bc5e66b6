#!/usr/bin/env bats
# corpora.bats - many texts are one result: tables over them, pictures of means, a summary; shards
# and interrupted runs give the same.
load helper

# The fast ones, each with what it needs.
COMMANDS=(metrics heads isa run 'bias attention --tokens 1')

texts() {
    printf '%s\n' 'The cat sat on the mat. It was tired.' 'Dogs run fast. They bark.' \
        'It rained all day long in London.' '' 'A cat. A dog. A cat.' 'The end is near.' >texts
}

@test "many texts: tables, pictures and a summary of all, no folders of single texts" {
    texts
    for c in "${COMMANDS[@]}"; do
        out=out-${c%% *}
        ok $c --lines -f texts -o "$out" --format json,csv,svg
        has "$output" ' 5 texts of [0-9]+ to [0-9]+ tokens, '
        [ "$(wc -l <"$out/texts.csv")" -eq 6 ]
        has "$(head -n 1 "$out/texts.csv")" '^model,text_id,n_tokens,id,number,run_id,'
        [ "$(cut -d, -f2,4,5 "$out/texts.csv" | tr '\n' ' ')" = 'text_id,id,number 1,1,1 2,2,2 3,3,3 5,5,4 6,6,5 ' ]
        has "$(head -n 1 "$out/corpus.csv")" '^model,(layer,head,)?metric,mean,low,high,n,'
        [ -n "$(ls "$out"/*.svg)" ]
        [ ! -e "$out/1/$c.json" ]
        [ "$(find "$out" -mindepth 2 ! -name capture.safetensors | wc -l)" -eq 0 ]
        id=$(json "$out/manifest.json" .run_id)
        [ "$(tail -n +2 "$out/corpus.csv" | awk -F, '{ print $NF }' | sort -u)" = "$id" ]
    done
    [ -s out-run/1/capture.safetensors ]
    head -n 1 out-heads/corpus.csv | grep -q ',n,ratio,ratio_low,ratio_high,p,q,beyond,'
}

@test "means and intervals are those of the texts' own tables" {
    texts
    ok heads --lines --each -f texts -o out --format csv
    read -r mean low high n < <(awk -F, '$2 == 1 && $3 == 0 && $4 == "self" { print $5, $6, $7, $8 }' out/corpus.csv)
    column=$(head -n 1 out/1/heads.csv | tr ',' '\n' | grep -nx self | cut -d: -f1)
    # 2.776445 is Student's t of four degrees of freedom, 97.5 %
    awk -F, -v c="$column" -v mean="$mean" -v low="$low" -v high="$high" -v n="$n" '
        function far(a, b) { return (a - b) ^ 2 > 1e-13 }
        $1 == 1 && $2 == 0 { s += $c; q += $c * $c; k++ }
        END {
            m = s / k; half = 2.776445105 * sqrt((q - s * m) / (k - 1) / k)
            exit k != n || far(m, mean) || far(m > half ? m - half : 0, low) || far(m + half, high)
        }' out/*/heads.csv
}

@test "the best heads of each role are on screen" {
    texts
    ok heads --lines -f texts
    has "$output" 'best heads for'
    [ "$(grep -cE '^  (syntax|semantics|cls|punct|entities|long_range|self|previous_token|next_token) +L[0-9]+H[0-9]+ ' <<<"$output")" -ge 8 ]
    ok heads --lines -f texts -o out --format csv
    want=$(awk -F, '$2 == "self" && $3 == 1 { print "L" $4 "H" $5 }' out/roles.csv)
    has "$output" "self +$want "
    ok heads -q --lines -f texts -o quiet --format csv
    [ -z "$output" ]
    ok heads --lines -f texts -o json --format csv --json
    [ "$(wc -l <<<"$output")" -eq 5 ]
}

@test "shards merge to the whole run byte for byte, more tasks than texts end with 0" {
    texts
    for c in "${COMMANDS[@]}"; do
        rm -rf whole merged s?
        ok $c -q --lines -f texts -o whole --format json,csv
        for k in 1 2 3 4 5 6 7; do
            ok $c -q --lines -f texts -o s$k --format json,csv --shard $k/7
        done
        ok merge -q --format json,csv -o merged s3 s1 s2 s7 s5 s4 s6
        for f in whole/*.csv; do cmp "$f" "merged/${f#whole/}"; done
        [ "$(json whole/manifest.json .run_id)" = "$(json merged/manifest.json .run_id)" ]
    done
    fails 1 merge -o again s1 s2
    fails 1 merge -o again s1 s1 s2 s3 s4 s5 s6
    rm -r s7
    ok metrics -q -m "$FIXTURES/tiny-bert" --lines -f texts -o s7 --format json,csv --shard 7/7
    fails 1 merge -o again s1 s2 s3 s4 s5 s6 s7
    has "$stderr" "are from different"
}

@test "texts that shards skipped are listed by merge too" {
    printf '%s\n' '{"id":"a","text":"The cat sat."}' '{"text":7}' '{"id":"a","text":"again"}' \
        '{"id":"c","text":"Dogs ran."}' >texts
    run --separate-stderr atlas metrics -q --jsonl -f texts -o whole --format csv
    ended 3
    for k in 1 2; do
        run --separate-stderr atlas metrics -q --jsonl -f texts -o s$k --format csv --shard $k/2
        ended 3
    done
    run --separate-stderr atlas merge -q -o merged --format csv s1 s2
    ended 3
    for f in whole/*.csv; do cmp "$f" "merged/${f#whole/}"; done
    holds merged/manifest.json '.skipped | length == 2'
}

@test "--resume goes on where a run stopped, and a finished one has nothing left" {
    texts
    for c in "${COMMANDS[@]}"; do
        rm -rf whole cut
        ok $c -q --lines -f texts -o whole --format json,csv
        # what a kill leaves after two texts: their rows and sums, and half of a third row
        head -n 3 texts >two
        ok $c -q --lines -f two -o cut --format json,csv
        cp whole/journal.json cut
        { head -n 3 whole/texts.csv && sed -n 4p whole/texts.csv | head -c 9; } >cut/texts.csv
        head -n 2 two >two.2
        rm -rf sums
        ok $c -q --lines -f two.2 -o sums --format json,csv
        cp sums/sums.csv cut
        rm cut/manifest.json
        ok $c -q --lines -f texts -o cut --format json,csv --resume
        for f in whole/*.csv; do cmp "$f" "cut/${f#whole/}"; done
        ok $c -q --lines -f texts -o cut --format json,csv --resume
        for f in whole/*.csv; do cmp "$f" "cut/${f#whole/}"; done
    done
}

@test "--resume refuses another run's rows" {
    texts
    ok metrics -q --lines -f texts -o out --format csv
    fails 1 metrics -q --lines -f texts -o out --format csv --matrix col --resume
    has "$stderr" 'cannot resume .out.: matrix was .*raw.*, now it is .*col'
    echo 'another text' >>texts
    fails 1 metrics -q --lines -f texts -o out --format csv --resume
    has "$stderr" 'cannot resume .out.: texts was'
    fails 2 metrics --lines -f texts --resume
    fails 2 metrics --lines -f texts -o out --format json --resume
    fails 2 metrics -o out --resume cat
    fails 2 metrics --lines -o out --resume -
    fails 2 metrics --lines -f texts -o out --shard 3/2
}

@test "a killed run leaves what --resume needs" {
    for _ in $(seq 300); do echo 'The cat sat on the mat because it was tired of all this.'; done >texts
    [[ $ATLAS_BUILD != *san && -z ${ATLAS_PREFIX:-} ]] || skip 'slow'
    "$ATLAS_BUILD/atlas" run --lines -f texts -o out --format csv --no-capture --threads 1 >said 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        [ ! -s out/sums.csv ] || break
        sleep 0.1
    done
    kill -9 $pid || :
    wait $pid || :
    ok run -q --lines -f texts -o out --format csv --no-capture --resume
    [ "$(wc -l <out/texts.csv)" -eq 301 ]
    [ "$(cut -d, -f5 out/texts.csv | tail -n +2 | sort -n | uniq | wc -l)" -eq 300 ]
    [ "$(awk -F, '$2 == "n_tokens" { print $6 }' out/corpus_global.csv)" -eq 300 ]
}

@test "one line is a corpus of one, without an interval" {
    echo 'The cat sat.' >one
    ok metrics --lines -f one -o out --format csv
    has "$output" ' 1 text of '
    [ "$(awk -F, 'NR > 1 && ($6 != "" || $7 != "" || $8 != 1)' out/corpus.csv | wc -l)" -eq 0 ]
}

@test "a long id is kept, its folder has a shorter name" {
    long=$(printf 'x%.0s' $(seq 300))
    printf '{"id":"%s","text":"The cat sat."}\n' "${long}a" "${long}b" short >texts
    ok metrics -q --jsonl --each -f texts -o out --format json,csv
    [ "$(cut -d, -f2 out/texts.csv | tail -n +2 | tr '\n' ' ')" = "${long}a ${long}b short " ]
    tail -n +2 out/texts.csv | cut -d, -f4 >folders
    [ "$(sort -u folders | wc -l)" -eq 3 ]
    while read -r folder; do [ -s "out/$folder/metrics.json" ] || fail "$folder"; done <folders
    [ "$(awk '{ print length }' folders | sort -n | tail -n 1)" -eq 193 ]
    holds "out/$(head -n 1 folders)/metrics.json" ".meta.id == \"${long}a\""
    ok metrics -q --jsonl --each -f texts -o out --format json,csv --resume
}

@test "items and texts say which run they are of" {
    printf 'a,b,category\nthe cat,a dog,x\nthe mat,a mat,y\n' >pairs.csv
    texts
    ok bias pairs -q -o pairs --format csv,json pairs.csv
    ok bias detect -q -o detect --threshold 0.5 --format csv --lines -f texts
    ok bias swap -q -o swap --format csv --lines -f texts
    printf 'text_a,text_b\nthe cat,a dog\nthe mat,a mat\n' >two.csv
    ok compare -q -o compare --format csv --pairs two.csv
    for f in pairs/items detect/texts swap/texts compare/texts; do
        id=$(json "${f%/*}/manifest.json" .run_id)
        column=$(head -n 1 $f.csv | tr ',' '\n' | grep -nx run_id | cut -d: -f1)
        [ -n "$column" ] || fail "$f"
        [ "$(grep -c "\b$id\b" $f.csv)" -eq "$(($(wc -l <$f.csv) - 1))" ] || fail "$f"
    done
    for k in 1 2; do ok bias pairs -q -o s$k --format csv,json --shard $k/2 pairs.csv; done
    ok merge -q -o whole --format csv,json s1 s2
    for f in pairs/*.csv; do cmp "$f" "whole/${f#pairs/}"; done
}

@test "texts in which nothing is flagged are said to be that" {
    printf '%s\n' 'It rains.' 'A cat sat.' >calm
    ok bias attention --threshold 1 --lines -f calm
    has "$output" $'on average\n  no token is flagged in any of them$'
}
