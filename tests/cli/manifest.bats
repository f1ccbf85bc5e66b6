# manifest.bats - what is written is listed, digests hold, and the same run gives the same bytes.
load helper

TEXT='The cat sat. It slept.'

@test "every file is in the manifest with its digest, and the other way round" {
    ok run -o out "$TEXT"
    jq -r '.outputs[] | .sha256 + "  " + .path' out/manifest.json >sums
    (cd out && sha256sum --quiet -c ../sums)
    (cd out && find . -type f ! -name manifest.json | sed 's|^\./||' | sort) >there
    jq -r '.outputs[].path' out/manifest.json | sort | diff - there
}

@test "inputs are listed with size and digest" {
    ok run -m "$FIXTURES/tiny-bert" -o out cat
    [ "$(json out/manifest.json '.inputs[] | select(.path | endswith("model.safetensors")).sha256')" = \
        "$(sha256sum <"$FIXTURES/tiny-bert/model.safetensors" | cut -d' ' -f1)" ]
}

@test "an input from a pipe is left to the one that reads it" {
    printf 'one\ntwo\n' >texts
    ok metrics --lines -f <(cat texts) -o out --format json
    [ -f out/1/metrics.json ] && [ -f out/2/metrics.json ]
    holds out/manifest.json '[.inputs[] | select(.role == "text") | keys] == [["path", "role"]]'
}

@test "a list from standard input can be read together with -o" {
    printf 'The\tDET\ncat\tNOUN\n' >tags
    ok heads --tags - -o out --format json "The cat" <tags
    holds out/manifest.json '.inputs[] | select(.role == "tags") | .path == "-" and .bytes == 17'
    holds out/manifest.json '.options.tags == "-"'
    sum=$(sha256sum tags | cut -d' ' -f1)
    holds out/manifest.json ".inputs[] | select(.role == \"tags\").sha256 == \"$sum\""
}

@test "a text from standard input is an input, by - and by -f -" {
    printf 'a cat\n' >text
    ok metrics -o operand --format json - <text
    ok metrics -o option --format json -f - <text
    [ "$(json operand/manifest.json '.inputs[] | select(.role == "text").bytes')" = 5 ]
    cmp <(json operand/manifest.json .inputs) <(json option/manifest.json .inputs)
}

@test "all options are there with their final values, defaults included" {
    ok run -o out --tree-k 2 "$TEXT"
    holds out/manifest.json '.options["tree-k"] == 2'
    holds out/manifest.json '.options["flow-threshold"] == -1'
    atlas run --list-options | cut -f1 | while read -r option; do
        case $option in help | list-options | out | quiet | verbose | progress | color) continue ;; esac
        holds out/manifest.json ".options | has(\"$option\")"
    done
}

@test "tables: rows and columns as the manifest says" {
    ok run -o out "$TEXT"
    jq -r '.outputs[] | select(.kind == "csv") | [.path, (.rows | tostring), (.columns | join(","))] | @tsv' \
        out/manifest.json | while IFS=$'\t' read -r path rows columns; do
        [ "$(head -n 1 "out/$path" | tr -d '"')" = "$columns" ]
        [ "$(($(wc -l <"out/$path") - 1))" -eq "$rows" ]
    done
}

@test "the same run gives the same bytes, apart from run" {
    ok run -o out --format json,csv,png,svg,pdf "$TEXT"
    mv out first
    ok run -o out --format json,csv,png,svg,pdf "$TEXT"
    for f in first/*; do
        [ "$f" != first/manifest.json ] || continue
        cmp "$f" "out/${f#first/}"
    done
    diff <(jq -S 'del(.run)' first/manifest.json) <(jq -S 'del(.run)' out/manifest.json)
}

@test "SOURCE_DATE_EPOCH is the time that is written" {
    export SOURCE_DATE_EPOCH=86400
    ok run -o out "$TEXT"
    has "$(json out/manifest.json .run.started)" '^1970-01-02'
    rm -r out
    for bad in today -1 12x 99999999999999999999; do
        SOURCE_DATE_EPOCH=$bad ok run -m "$FIXTURES/tiny-bert" -o out --format json cat
        [ "$stderr" = "atlas run: warning: SOURCE_DATE_EPOCH: '$bad' is no number of seconds; the present time is used" ]
        has "$(json out/manifest.json .run.started)" '^2[0-9]{3}-'
    done
}

@test "two runs do not write into one directory at once" {
    tiny=$FIXTURES/tiny-bert
    mkfifo pipe
    exec 9<>pipe # both ends, so that nobody waits for the other when the run does not come to reading
    echo 'the cat' >&9
    (exec 9>&- && atlas run -m "$tiny" -o out --format json,csv -f pipe) &
    run_id=$!
    while read -rt 0 -u 9 && kill -0 $run_id; do sleep 0.02; done # now it reads, and has its directory
    fails 1 metrics -m "$tiny" -o out cat
    [ "$stderr" = "atlas metrics: another run is writing into 'out'" ]
    exec 9>&- # the end of the text
    wait $run_id
    jq -r '.outputs[] | .sha256 + "  " + .path' out/manifest.json >sums
    (cd out && sha256sum --quiet -c ../sums)
    ok run -m "$tiny" -o out cat
}

@test "a call that is refused leaves a finished run as it is, and no directory of its own" {
    tiny="-m $FIXTURES/tiny-bert"
    ok run $tiny -o out --format json,csv 'the cat'
    printf 'a,b\nthe cat,a dog\nthe mat,a mat\n' >pairs.csv
    echo 'a b c d e f g h i j k l m n o p q r s t' >long
    printf '{"text": "cat", "id": "a/b"}\n' >jsonl
    ok bias pairs -q $tiny --shard 1/2 -o shard --format json,csv pairs.csv
    find out shard -type f -exec sha256sum {} + >sums
    for call in "run $tiny --layer 99 cat" 'run -m nowhere cat' "run $tiny -f nowhere" 'run --from nowhere' \
        "run $tiny --mask 99 cat" "run $tiny --tree-root 99 cat" "run $tiny --deep --focus 99 cat" \
        "metrics $tiny --head 9 --layer 0 cat" "metrics $tiny -f long" \
        'heads --tags nowhere cat' 'heads --conllu nowhere' "isa $tiny --sentences 0,9 cat" \
        'bias detect -m atlas-bert cat' 'bias attention --calibration nowhere cat' \
        'bias swap --terms nowhere cat' 'bias pairs nowhere' 'bias stereoset jsonl' 'bias merge nowhere'; do
        fails 1 $call -o out
        sha256sum --quiet -c sums || fail "$call"
        fails 1 $call -o new
        [ ! -e new ] || fail "$call: left $(ls -R new)"
    done
    for call in '--resume --shard 2/2' '--resume --shard 1/2 --mean' '--resume --shard 1/2 --precision double'; do
        fails 1 bias pairs -q $tiny $call -o shard pairs.csv
        sha256sum --quiet -c sums || fail "$call"
    done
    # the first file of the next run takes the old manifest away
    run --separate-stderr bash -c 'ulimit -f 1; exec "$0" "$@"' "$ATLAS_BUILD/atlas" run $tiny -o out --format json 'the cat'
    ended 1
    [ ! -e out/manifest.json ]
}

@test "paths are relative: the folder can be moved and still be checked" {
    ok run -o out "$TEXT"
    lacks "$(json out/manifest.json '.outputs[].path')" '(^|[^.])/'
}

@test "the directory in a call is no matter of what is drawn, however it is written" {
    for form in -oX '-o X' -qoX '-qo X' --out=X '--out X' --ou=X '--o X'; do
        for dir in a b; do
            ok run ${form/X/$dir} --format png --no-capture cat
        done
        cmp a/heatmap_mean.png b/heatmap_mean.png || fail "$form"
    done
}

@test "a text behind -- is the text in the call of a picture, whatever it looks like" {
    for text in '-o cat' --out=cat -- -ocat; do
        ok run -m "$FIXTURES/tiny-bert" -o a --format png --no-capture -- "$text"
        [[ $text == *' '* ]] && text="'$text'"
        grep -aqF -e " -o DIR --format png --no-capture -- $text" a/heatmap_mean.png || fail "$text"
    done
}

@test "each text from standard input is an input, lines too" {
    tiny=$FIXTURES/tiny-bert
    sum=$(printf 'the cat' | sha256sum | cut -d' ' -f1)
    for call in '-f -' '--lines -f -' '--lines -'; do
        run --separate-stderr atlas run -m "$tiny" -o out --format json $call < <(printf 'the cat\n')
        ended 0 run $call
        [ "$(json out/manifest.json '.inputs[] | select(.role == "text").sha256')" = "$sum" ]
    done
}

@test "both segments of a text are inputs" {
    ok run -m "$FIXTURES/tiny-bert" -o out --split-pair 'the cat sat. a dog sat.'
    for part in text:'the cat sat.' pair:'a dog sat.'; do
        [ "$(json out/manifest.json ".inputs[] | select(.role == \"${part%%:*}\").sha256")" = \
            "$(printf %s "${part#*:}" | sha256sum | cut -d' ' -f1)" ]
    done
}
