# out_dirs.bats - what is in an output directory is what its manifest describes, whatever was there.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR
    BERT=$FIXTURES/tiny-bert GPT2=$FIXTURES/tiny-gpt2
    printf '%s\n' 'the cat' 'a dog' 'a cat' >texts
}

# described DIR - every file is in the manifest with its digest, and the other way round.
described() {
    jq -r '.outputs[] | .sha256 + "  " + .path' "$1/manifest.json" | sort -k 2 >sums
    (cd "$1" && find . -type f ! -name manifest.json | sed 's|^\./||' | sort | xargs sha256sum) | sort -k 2 >there
    diff sums there
    jq -e '[.outputs[] | select(.kind == "csv") | has("rows")] | all' "$1/manifest.json" >said
}

@test "a second run replaces all files of the first" {
    ok run -m "$BERT" -o out --format json,csv,svg --layer 0 --deep 'the cat'
    described out
    ok run -m "$BERT" -o out --format json 'the cat'
    described out
    [ "$(find out -name '*.svg' -o -name '*.csv')" = '' ]
    ok run -m "$BERT" -q -o out --format csv --each --lines -f texts
    described out
    [ -s out/3/tokens.csv ]
    ok run -m "$BERT" -o out --no-capture --format json 'the cat'
    described out
    [ ! -e out/3 ] # nor its folder
}

@test "another command's files are refused, and stay" {
    ok run -m "$BERT" -o out --format json,csv 'the cat'
    find out -type f -exec sha256sum {} + >before
    fails 1 metrics -m "$BERT" -o out 'the cat'
    [ "$stderr" = "atlas metrics: 'out' has the files of 'atlas run': write into another directory" ]
    sha256sum --quiet -c before
    [ "$(find out -type f | wc -l)" -eq "$(wc -l <before)" ]
}

@test "another model's files are refused, by its weights, or by its name in a capture" {
    ok run -m "$BERT" -o bert --format json 'the cat'
    ok run -m "$GPT2" -o gpt2 --format json 'the cat'
    fails 1 run -m "$GPT2" -o bert 'the cat'
    [ "$stderr" = "atlas run: 'bert' has the files of another model, 'tiny-bert': write into another directory" ]
    fails 1 run -m "$GPT2" -o bert --resume --lines -f texts # there is nothing to go on with
    has "$stderr" "'bert' has the files of another model"
    described bert
    cp -r "$BERT" moved # is the same model
    ok run -m moved -o bert --format json 'the cat'
    cp -r "$FIXTURES/random-bert" tiny-bert # is not, by the same name
    fails 1 run -m tiny-bert -o bert 'the cat'
    ok metrics -q --from bert -o metrics --format json
    ok metrics -q --from bert -o metrics --format csv
    described metrics
    fails 1 metrics -q --from gpt2 -o metrics
    described metrics
}

@test "what a killed run left is replaced too, or kept by --resume" {
    ok run -m "$BERT" -q -o out --format json,csv --each --lines -f texts
    cp -r out whole
    # as a kill after the first text leaves it
    jq -c '{command, model}' out/manifest.json >out/unfinished.txt
    printf '%s\n' texts.csv sums.csv journal.json 1/run.json 1/tokens.csv 1/capture.safetensors 2/run.json \
        >>out/unfinished.txt
    head -n 1 texts >one
    ok run -m "$BERT" -q -o first --format csv --lines -f one
    head -n 2 whole/texts.csv >out/texts.csv
    cp first/sums.csv out
    find out -type f ! -name texts.csv ! -name sums.csv ! -name journal.json ! -name unfinished.txt \
        ! -path out/1/run.json ! -path out/1/tokens.csv ! -path out/1/capture.safetensors -delete
    cp -r out cut
    ok run -m "$BERT" -q -o out --format json,csv --each --lines -f texts --resume
    described out
    [ "$(json out/manifest.json '.outputs[] | select(.path == "1/tokens.csv").rows')" -eq 4 ]
    cmp out/1/tokens.csv whole/1/tokens.csv
    cmp out/texts.csv whole/texts.csv
    [ ! -e out/unfinished.txt ]
    ok run -m "$BERT" -q -o out --format json,csv --each --lines -f texts --resume
    described out # a finished one, too
    [ -s out/1/tokens.csv ]
    fails 1 metrics -m "$BERT" -o cut 'the cat'
    ok run -m "$BERT" -o cut --format json 'the cat'
    described cut
}

@test "a run that fails says what it has written, and the next takes that away" {
    run --separate-stderr bash -c 'ulimit -f 1; exec "$0" "$@"' "$ATLAS_BUILD/atlas" run -m "$BERT" -o out \
        --format json,csv --no-capture 'the cat'
    ended 1
    [ ! -e out/manifest.json ]
    find out -type f ! -name unfinished.txt | sed 's|^out/||' | sort >left
    [ ! -s left ] || tail -n +2 out/unfinished.txt | sort -u | comm -13 - left | diff - /dev/null
    ok run -m "$BERT" -o out --format json --no-capture 'the cat'
    described out
}

@test "only what a run has written is removed" {
    mkdir out elsewhere
    echo mine >out/mine.txt
    echo mine >elsewhere/run.json
    echo mine >outside.json
    ok run -m "$BERT" -o out --format json --no-capture 'the cat'
    mv out/run.json kept
    ln -s ../elsewhere/run.json out/run.json # a link is not a file of the run
    ln -s ../elsewhere out/1
    jq '.outputs += [{path: "../outside.json"}, {path: "1/run.json"}, {path: "/etc/passwd"}, {path: "."},
        {path: ""}, {path: "mine.txt/x"}, {path: "./mine.txt"}, {path: 7}]' out/manifest.json >more
    mv more out/manifest.json
    ok run -m "$BERT" -o out --format json --no-capture 'the cat'
    [ "$(cat out/mine.txt elsewhere/run.json outside.json)" = $'mine\nmine\nmine' ]
    echo '{"name": "a page"}' >elsewhere/manifest.json
    fails 1 run -m "$BERT" -o elsewhere 'the cat'
    has "$stderr" "manifest.json' is not of atlas: write into another directory"
    [ "$(cat elsewhere/manifest.json)" = '{"name": "a page"}' ]
}

@test "what is read is not replaced" {
    ok run -m "$BERT" -o out --format json 'the cat'
    fails 2 run --from out -o ./out/
    [ "$stderr" = 'atlas run: --from and -o are one directory; write into another' ]
    described out
    printf 'a,b,category\nthe cat,a dog,x\nthe mat,a mat,y\n' >pairs.csv
    ok bias pairs -m "$BERT" -q -o pairs --format json,csv pairs.csv
    fails 1 bias pairs -m "$BERT" -q -o pairs --against pairs/items.csv pairs.csv
    has "$stderr" "items.csv' is read, and would be replaced: write into another directory"
    described pairs
}

@test "merge replaces a merge, by either of its names, of the same model" {
    for m in "$BERT" "$GPT2"; do
        for k in 1 2; do
            ok metrics -m "$m" -q -o "${m##*/}-$k" --format json,csv --lines -f texts --shard $k/2
        done
    done
    ok merge -q -o whole tiny-bert-1 tiny-bert-2
    ok bias merge -q -o whole --format csv tiny-bert-1 tiny-bert-2
    described whole
    fails 1 merge -q -o whole tiny-gpt2-1 tiny-gpt2-2
    described whole
    fails 1 metrics -m "$BERT" -q -o whole --lines -f texts
    described whole
}

@test "the paths of inputs lead to them from anywhere" {
    mkdir deep
    cd deep
    cp -r "$BERT" model
    ok metrics -q -m model -o out --format json --lines -f ../texts
    cd /
    jq -r '.inputs[] | .sha256 + "  " + .path' "$OLDPWD/out/manifest.json" | sha256sum --quiet -c
}
