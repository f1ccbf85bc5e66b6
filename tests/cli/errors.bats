# errors.bats - bad models, bad texts, bad disks: one line, status 1, no half-written file.
load helper

# broken FILE SCRIPT - ./m is tiny-bert with FILE edited by a sed script. Edits of the weights keep
# the length, so that only what they say is wrong.
broken() {
    rm -rf m
    cp -r "$FIXTURES/tiny-bert" m
    LC_ALL=C sed -i "$2" "m/$1"
    ! cmp -s "$FIXTURES/tiny-bert/$1" "m/$1" || fail "$1 was not changed by: $2"
}

# refused REGEX - running and checking ./m fails, and says so in a line that matches.
refused() {
    local command
    for command in 'run -m m cat' 'run -m m -o out cat' 'model check m'; do
        fails 1 $command || return
        has "$stderr" "$1" || return
    done
    nothing_left out
}

# nothing_left DIR - no manifest, no temporary file.
nothing_left() {
    local left
    [ -d "$1" ] || return 0
    left=$(find "$1" -name manifest.json -o -name '*.tmp-*')
    [ -z "$left" ] || fail "left behind: $left"
}

# header N - the 8 bytes of a safetensors header length.
header() {
    printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(
        printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))\0\0\0\0"
}

@test "a model that is nowhere: the places and how to fetch it" {
    fails 1 run -m no-such-model cat
    has "$stderr" "no-such-model"
    has "$stderr" "scripts/fetch-model no-such-model"
}

@test "config.json: missing, empty, not JSON, not ours" {
    broken config.json '1,$d'
    refused 'config\.json'
    broken config.json '1s/{/[/'
    refused 'config\.json'
    broken config.json 's/"bert"/"mamba"/'
    refused 'mamba'
    rm m/config.json
    refused 'config\.json'
}

@test "config.json: absurd values" {
    broken config.json 's/"hidden_size": 8/"hidden_size": 9/'
    refused '9'
    broken config.json 's/"hidden_size": 8/"hidden_size": 99999999999/'
    refused 'hidden_size'
    broken config.json 's/"num_hidden_layers": 2/"num_hidden_layers": -2/'
    refused 'num_hidden_layers'
    broken config.json 's/"num_attention_heads": 2/"num_attention_heads": 0/'
    refused 'num_attention_heads'
    broken config.json 's/"num_hidden_layers": 2/"num_hidden_layers": 3/'
    refused 'layer\.2\.'
    broken config.json 's/"vocab_size": 67/"vocab_size": "67"/'
    refused 'vocab_size'
}

@test "safetensors: missing, empty, cut short" {
    cp -r "$FIXTURES/tiny-bert" m
    rm m/model.safetensors
    refused 'model\.safetensors'
    : >m/model.safetensors
    refused 'model\.safetensors'
    head -c 4 "$FIXTURES/tiny-bert/model.safetensors" >m/model.safetensors
    refused 'model\.safetensors'
    head -c 1000 "$FIXTURES/tiny-bert/model.safetensors" >m/model.safetensors
    refused 'model\.safetensors'
    head -c -1 "$FIXTURES/tiny-bert/model.safetensors" >m/model.safetensors
    refused 'model\.safetensors'
}

@test "safetensors: a header longer than the file" {
    cp -r "$FIXTURES/tiny-bert" m
    for n in 0 100000 2147483647; do
        { header $n; tail -c +9 "$FIXTURES/tiny-bert/model.safetensors"; } >m/model.safetensors
        refused 'model\.safetensors'
    done
}

@test "safetensors: offsets out of range, overlapping, not matching the shape" {
    broken model.safetensors 's/\[0,2144\]/[0,9144]/'
    refused 'model\.safetensors'
    broken model.safetensors 's/\[2144,2656\]/[1144,1656]/'
    refused 'model\.safetensors'
    broken model.safetensors 's/\[2144,2656\]/[2656,2144]/'
    refused 'model\.safetensors'
    broken model.safetensors 's/\[16,8\]/[17,8]/'
    refused 'model\.safetensors'
}

@test "safetensors: wrong shape, wrong type, a tensor that is missing" {
    broken model.safetensors 's/\[67,8\]/[8,67]/'
    refused '8, ?67'
    broken model.safetensors 's/"F32","shape":\[67,8\]/"U32","shape":[67,8]/'
    refused 'U32'
    broken model.safetensors 's/"F32","shape":\[67,8\]/"Q99","shape":[67,8]/'
    refused 'Q99'
    broken model.safetensors 's/layer\.1\.attention\.self\.key\.weight/layer.1.attention.self.kex.weight/'
    refused 'layer\.1\.attention\.self\.key\.weight'
}

@test "shards: a name that leaves the folder, a shard that is missing" {
    cp -r "$FIXTURES/tiny-bert-f16-sharded" m
    cp "$FIXTURES/tiny-bert/tokenizer_config.json" m
    head -n 41 "$FIXTURES/tiny-bert/vocab.txt" >m/vocab.txt
    ok model check m
    sed -i 's|"model-00002|"../model-00002|' m/model.safetensors.index.json
    refused '\.\./model-00002'
    cp "$FIXTURES/tiny-bert-f16-sharded/model.safetensors.index.json" m
    rm m/model-00002*
    refused 'model-00002'
}

@test "what a message shows of a long name ends at a character" {
    long=x$(printf 'é%.0s' {1..150}) # two bytes each, at odd places
    broken config.json "s/\"model_type\": *\"bert\"/\"model_type\": \"$long\"/"
    refused 'éé'
    iconv -f UTF-8 -t UTF-8 <<<"$stderr"
    broken config.json "s/\"gelu\"/\"$long\"/"
    refused 'éé'
    iconv -f UTF-8 -t UTF-8 <<<"$stderr"
    printf 'q\tDET\n' >tags
    printf '%s\tNOUN\nq\tDET\n' "$long" >more_tags
    for call in "bias pairs columns.csv" "isa --sentences-file sentences cat" "heads --tags tags q$long" \
        "heads --tags more_tags ${long}x"; do
        printf '%s,%s\na,b\n' "$long" "$long" >columns.csv
        echo "$long" >sentences
        fails 1 $call
        has "$stderr" 'éé'
        iconv -f UTF-8 -t UTF-8 <<<"$stderr"
    done
    fails 2 run "--$long"
    has "$stderr" 'éé'
    iconv -f UTF-8 -t UTF-8 <<<"$stderr"
}

@test "every model of fixtures/hostile is refused in one line" {
    n=0
    for m in "$FIXTURES"/hostile/model-*; do
        fails 1 run -m "$m" cat
        n=$((n + 1))
    done
    [ "$n" -ge 30 ]
    ok run -m "$FIXTURES/hostile/sound-model" cat
}

@test "tokenizer: missing, a vocabulary of another size" {
    broken vocab.txt '31,$d'
    fails 1 run -m m cat
    has "$stderr" '30 pieces, the model 67'
    run --separate-stderr atlas model check m
    ended 1
    has "$output" 'BAD +vocabulary sizes agree +tokenizer 30, embedding 67'
    rm m/vocab.txt
    refused 'vocab\.txt'
}

@test "tokenizer: a few pieces more or less than the model has rows, said once" {
    local warning="'m': the tokenizer has"
    broken vocab.txt '$d'
    ok run -m m --lines -f <(printf 'cat\nthe cat\n')
    [ "$(grep -c "$warning 66 pieces, the model rows for 67$" <<<"$stderr")" = 1 ] || fail "$stderr"
    ok run -q -m m cat
    [ -z "$stderr" ]
    ok model check m
    has "$output" 'ok +vocabulary sizes agree +tokenizer 66, embedding 67'
    # what has no row cannot be run, all else is as before
    broken vocab.txt '$a zebra'
    ok run -m "$FIXTURES/tiny-bert" --json --mask none 'the cat'
    sed 's/"tiny-bert"/"m"/' <<<"$output" >want.json
    ok run -m m --json --mask none 'the cat'
    has "$stderr" "$warning 68 pieces, the model rows for 67; a text with a piece that has none cannot"
    diff want.json - <<<"$output"
    fails 1 run -q -m m 'the zebra'
    has "$stderr" "'zebra' is piece 67, and the model has rows for 67"
    run --separate-stderr atlas run -q -m m --lines --each -f <(printf 'zebra\nthe cat\n')
    ended 3
    has "$output" 'the cat'
}

@test "text: empty, not UTF-8 with the byte, too long with both lengths" {
    fails 1 run ''
    has "$stderr" 'empty'
    : >empty.txt
    fails 1 run -f empty.txt
    has "$stderr" 'empty'
    printf 'good \xff bad' >bad.txt
    fails 1 run -f bad.txt
    has "$stderr" 'bad\.txt'
    has "$stderr" 'byte 5'
    fails 1 run -m "$FIXTURES/tiny-bert" 'a b c d e f g h i j k l m n o p q r s t'
    has "$stderr" '22.*16|16.*22'
    fails 1 run -f no-such-file.txt
    has "$stderr" 'no-such-file\.txt'
}

@test "output: a folder that cannot be made, a file in its place" {
    : >file
    fails 1 run -o file cat
    has "$stderr" "file"
    fails 1 run -o file/below cat
    has "$stderr" "'file"
}

@test "output: a full disk on standard output" {
    for args in 'run cat' 'run --json cat' 'model list' 'help' 'version' 'completion bash'; do
        status=0
        atlas $args >/dev/full 2>err || status=$?
        stderr=$(cat err) output=
        ended 1 $args
        has "$stderr" '^atlas.*No space left on device'
    done
}

@test "output: a file that cannot be opened, completed or put in its place" {
    [[ $ATLAS_BUILD != *asan && -z ${ATLAS_PREFIX:-} ]] || skip 'the preloaded library and the tool exclude each other'
    for rule in fopen:tokens.csv fclose:tokens.csv rename:tokens.csv fopen:capture.safetensors \
        write:attention.csv write:capture.safetensors write:heatmap_mean.png write:manifest.json \
        fclose:capture.safetensors fclose:heatmap_mean.png fopen:heatmap_mean.svg \
        rename:manifest.json fclose:run.json; do
        rm -rf out
        status=0
        FAILIO=$rule LD_PRELOAD=$ATLAS_BUILD/tests/fault/failio.so \
            "$ATLAS_BUILD/atlas" run -o out 'A cat.' >said 2>err || status=$?
        stderr=$(cat err) output=$(cat said)
        ended 1 "run with $rule"
        has "$stderr" "^atlas run: .*${rule#*:}.*: (Permission denied|No space left on device)\$"
        nothing_left out
        [ ! -e "out/${rule#*:}" ] || fail "$rule: a half file is there"
    done
}

@test "output: fonts that cannot be looked for, since no thread can be started" {
    [[ $ATLAS_BUILD != *asan && -z ${ATLAS_PREFIX:-} ]] || skip 'the preloaded library and the tool exclude each other'
    status=0
    FAILIO=thread LD_PRELOAD=$ATLAS_BUILD/tests/fault/failio.so \
        "$ATLAS_BUILD/atlas" run -o out 'A cat.' >said 2>err || status=$?
    stderr=$(cat err) output=$(cat said)
    ended 1 run
    has "$stderr" '^atlas run: cannot draw: creating thread .*: Resource temporarily unavailable$'
    nothing_left out
}

@test "output: standard output full or closed is one line, and no manifest says the run is whole" {
    for args in 'run --json' 'metrics --json' 'isa --json -q'; do
        status=0
        atlas $args -m "$FIXTURES/tiny-bert" -o out 'the cat. a dog.' >/dev/full 2>err || status=$?
        [ "$status" -eq 1 ]
        [ "$(grep -c . err)" -eq 1 ]
        [ ! -e out/manifest.json ]
        status=0
        atlas $args -m "$FIXTURES/tiny-bert" -o out 'the cat. a dog.' >&- 2>err || status=$?
        [ "$status" -eq 1 ]
        [ "$(grep -c . err)" -eq 1 ]
        [ ! -e out/manifest.json ]
    done
}

@test "output: with standard error closed, its warnings do not land in a file" {
    text=$'the \U10FFFD cat' # a character that no font has
    ok run -m "$FIXTURES/tiny-bert" -o a "$text"
    has "$stderr" 'U\+10FFFD'
    atlas run -m "$FIXTURES/tiny-bert" -o b "$text" 2>&-
    cmp a/attention.csv b/attention.csv
    cmp a/capture.safetensors b/capture.safetensors
}

@test "output: an empty name of a directory is no directory" {
    fails 2 run -o '' cat
    has "$stderr" "--out"
}

@test "output: a signal or a reader that goes away leaves no unfinished file" {
    for i in $(seq 4000); do echo "the cat $i"; done >lines
    run=(run -m "$FIXTURES/tiny-bert" --lines -f lines -o out --format csv --mask none -q)
    atlas "${run[@]}" --json 2>err | head -c 1 >/dev/null || true
    nothing_left out
    for signal in INT TERM HUP; do
        rm -rf out
        # A shell without job control starts what is in the background deaf to INT.
        timeout --preserve-status -s $signal 0.4 env "$ATLAS_BUILD/atlas" "${run[@]}" || true
        nothing_left out
    done
}

@test "output: a full standard output is called that, also when a warning came after it" {
    # the warning makes what was printed before it go out
    printf '%s\n' 'the cat' 'a b c d e f g h i j k l m n o p q r s t' 'a dog' >texts
    for call in 'run --lines -f texts' 'bias swap --lines -f texts' 'metrics --json --lines -f texts'; do
        status=0
        atlas $call -m "$FIXTURES/tiny-bert" >/dev/full 2>err || status=$?
        [ "$status" -eq 1 ]
        has "$(tail -n 1 err)" "^atlas [a-z ]*: cannot write to standard output: No space left on device\$"
    done
}

@test "output: a limit of file sizes is an error like a full disk" {
    limited() { (ulimit -f 4 && atlas run -o out 'The cat sat.'); }
    run --separate-stderr limited
    ended 1
    has "$stderr" "^atlas run: cannot write 'out/[a-z_.]*': File too large\$"
    nothing_left out
}

@test "model: weights that are no numbers are named by every command" {
    cp -r "$FIXTURES/tiny-bert" m
    header=$(od -An -tu8 -N8 m/model.safetensors)
    at=$(tail -c +9 m/model.safetensors | head -c $((header)) |
        jq '."bert.encoder.layer.1.attention.self.key.bias".data_offsets[0]')
    printf '\377\377\377\177' | dd of=m/model.safetensors bs=1 conv=notrunc status=none \
        seek=$((8 + header + at + 4))
    why="model 'm' gives no numbers: 'bert.encoder.layer.1.attention.self.key.bias' (layer 1 key bias) has NaN at position 1"
    printf 'a,b\nthe cat,a dog\n' >pairs.csv
    for call in 'run cat' 'run --deep cat' 'metrics cat' 'heads cat' 'isa cat' 'cluster cat' 'bias pairs pairs.csv'; do
        fails 1 $call -m m
        [[ $stderr == *": $why" ]] || fail "$call: $stderr"
    done
    fails 1 metrics -m m -o out cat
    [ ! -e out/manifest.json ]
}

@test "model: a file that somebody cuts short while it is used is named" {
    cp -r "$FIXTURES/tiny-bert" m
    mkfifo pipe
    exec 9<>pipe # both ends, as in manifest.bats
    echo 'the cat' >&9
    (exec 9>&- && exec "$ATLAS_BUILD/atlas" run -m m -o out -f pipe --format csv) 2>err &
    run_id=$!
    while read -rt 0 -u 9 && kill -0 $run_id; do sleep 0.02; done # now it reads, and has its model
    truncate -s 100 m/model.safetensors
    exec 9>&- # the end of the text
    status=0
    wait $run_id || status=$?
    [ "$status" -eq 1 ]
    [ "$(cat err)" = "atlas run: 'm/model.safetensors' became shorter while it was read" ]
    nothing_left out
}

@test "texts: lines without one, and ids that name files of atlas" {
    : >empty
    printf '\n  \n' >blank
    for c in run metrics heads isa cluster; do
        fails 1 $c --lines -f empty
        has "$stderr" "no text in empty"
        fails 1 $c --jsonl -f blank
    done
    printf '{"text":"cat","id":"%s"}\n' manifest.json corpus.csv a >ids
    run --separate-stderr atlas run -m "$FIXTURES/tiny-bert" --jsonl -f ids -o out
    ended 3
    has "$stderr" "ids: line 1: id 'manifest.json' is the name of a file of atlas; skipped"
    holds out/manifest.json '(.skipped | length) == 2'
    printf 'good\nbad \xff\n' >lines
    run --separate-stderr atlas run -m "$FIXTURES/tiny-bert" --lines -f lines
    ended 3
    [ "$stderr" = 'atlas run: lines: line 2: invalid UTF-8 at byte 4; skipped' ]
}
