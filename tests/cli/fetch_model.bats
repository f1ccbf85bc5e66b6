# fetch_model.bats - scripts/fetch-model against a small hub on this machine.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR/home
    unset HF_ENDPOINT HF_TOKEN HF_HOME HF_HUB_CACHE
    mkdir -p home "hub/org/tiny/resolve"
    cp -r "$FIXTURES/tiny-bert" hub/org/tiny/resolve/main
    MODEL=hub/org/tiny/resolve/main
    SNAPSHOT=$HOME/.cache/huggingface/hub/models--org--tiny/snapshots/c0ffee
}

teardown() {
    [ -z "${server:-}" ] || kill "$server"
}

# serve OPTION... - start the hub; see hub_server.c for the options.
serve() {
    "$ATLAS_BUILD/tests/cli/hub_server" hub "$@" >port 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ -s port ] && break
        sleep 0.05
    done
    HF_ENDPOINT=http://127.0.0.1:$(cat port)
    export HF_ENDPOINT
}

fetch() {
    run --separate-stderr "$ROOT/scripts/fetch-model" "$@"
}

# refused STATUS REGEX ARG... - it fails, its last line says why, nothing half-done has its name.
refused() {
    local want=$1 regex=$2
    shift 2
    fetch "$@"
    [ "$status" -eq "$want" ] || fail "status $status, want $want" "$stderr" || return
    [ -z "$output" ] || fail "failed, yet wrote: $output" || return
    has "${stderr_lines[-1]}" "$regex"
}

@test "into the cache, where -m finds it" {
    serve
    fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    [ "$output" = "$SNAPSHOT" ]
    [ "$(cat "$SNAPSHOT/../../refs/main")" = c0ffee ]
    for file in "$FIXTURES"/tiny-bert/*; do
        cmp "$file" "$SNAPSHOT/${file##*/}"
    done
    [ -z "$(find home -name '*.part*')" ]
    has "$(cat requests)" '/org/tiny/resolve/c0ffee/model.safetensors'
    ok model info -m org/tiny
}

@test "the thresholds of a token classifier come along; nobody else is asked for them" {
    cp "$FIXTURES/npy/single.npy" $MODEL/optimized_thresholds.npy
    serve
    fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    [ ! -e "$SNAPSHOT/optimized_thresholds.npy" ]
    lacks "$(cat requests)" 'thresholds'
    jq '.architectures = ["BertForTokenClassification"]' "$FIXTURES/tiny-bert/config.json" >$MODEL/config.json
    fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    cmp "$FIXTURES/npy/single.npy" "$SNAPSHOT/optimized_thresholds.npy"
}

@test "a second time nothing is downloaded" {
    serve
    fetch org/tiny
    fetch org/tiny
    [ "$status" -eq 0 ]
    has "$stderr" 'model.safetensors: already there'
    [ "$(grep -c 'GET .*model.safetensors' requests)" -eq 1 ]
}

@test "HF_HUB_CACHE, HF_HOME and -d say where" {
    serve
    HF_HUB_CACHE=$PWD/a HF_HOME=$PWD/b fetch org/tiny
    [ "$output" = "$PWD/a/models--org--tiny/snapshots/c0ffee" ]
    HF_HOME=$PWD/b fetch org/tiny
    [ "$output" = "$PWD/b/hub/models--org--tiny/snapshots/c0ffee" ]
    fetch -d plain --endpoint "$HF_ENDPOINT/" org/tiny
    [ "$output" = plain ]
    cmp "$FIXTURES/tiny-bert/model.safetensors" plain/model.safetensors
    [ ! -e plain/refs ]
}

@test "a model that moved, weights in a store that refuses HEAD" {
    serve store moved=tiny:org/tiny
    fetch tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    cmp "$FIXTURES/tiny-bert/model.safetensors" \
        "$HOME/.cache/huggingface/hub/models--tiny/snapshots/c0ffee/model.safetensors"
    has "$(cat requests)" 'GET /store/org/tiny'
}

@test "a cut connection: the rest is fetched, not the whole" {
    serve cut=model.safetensors
    fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    cmp "$FIXTURES/tiny-bert/model.safetensors" "$SNAPSHOT/model.safetensors"
    has "$(cat requests)" 'GET .*model.safetensors bytes=[1-9][0-9]*-'
}

@test "a part of an earlier call is gone on with, one of another version is not" {
    serve
    tag=$(sha256sum <$MODEL/model.safetensors | cut -c1-16)
    mkdir d
    head -c 1000 $MODEL/model.safetensors >d/model.safetensors.part-"$tag"
    echo stale >d/model.safetensors.part-0123456789abcdef
    fetch -d d org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    cmp "$FIXTURES/tiny-bert/model.safetensors" d/model.safetensors
    has "$(cat requests)" 'GET .*model.safetensors bytes=1000-'
    [ -z "$(find d -name '*.part*')" ]
}

@test "a wrong size is noticed and nothing keeps the name" {
    serve lie=model.safetensors
    size=$(wc -c <$MODEL/model.safetensors)
    refused 1 "model.safetensors: $size bytes arrived, want $((size + 1))" -d d org/tiny
    [ ! -e d/model.safetensors ]
}

@test "a wrong digest is noticed" {
    serve store swap=model.safetensors
    refused 1 'model.safetensors: SHA-256 is [0-9a-f]{64}, want ' -d d org/tiny
    [ -z "$(find d -name 'model.safetensors*')" ]
}

@test "without safetensors the weights of PyTorch are taken, shards and all" {
    rm -r $MODEL
    cp -r "$FIXTURES/torch/tiny-gpt2" $MODEL
    serve
    XDG_CACHE_HOME=$PWD/xdg fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    [ "$output" = "$PWD/xdg/huggingface/hub/models--org--tiny/snapshots/c0ffee" ]
    diff -r "$FIXTURES/torch/tiny-gpt2" "$output"
    XDG_CACHE_HOME=$PWD/xdg ok run -m org/tiny 'the cat'
}

@test "no such model, no weights, no server" {
    serve
    refused 1 'org/none: no such model at http' org/none
    rm $MODEL/model.safetensors
    refused 1 'org/tiny: no weights that atlas reads' org/tiny
    [ ! -e "$SNAPSHOT/../../refs/main" ]
    refused 1 'cannot reach http://127.0.0.1:1/' --endpoint http://127.0.0.1:1 org/tiny
}

@test "shards are read off the index" {
    serve
    rm -r $MODEL
    cp -r "$FIXTURES/tiny-bert-f16-sharded" $MODEL
    fetch -d d org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    for file in "$FIXTURES"/tiny-bert-f16-sharded/*; do
        cmp "$file" "d/${file##*/}"
    done
}

@test "a shard with another place in its name is refused before anything is fetched" {
    serve
    rm $MODEL/model.safetensors
    for bad in ../evil.safetensors a/b.safetensors /etc/passwd .. '..\/x' .hidden; do
        echo "{\"weight_map\": {\"a\": \"good.safetensors\", \"b\": \"$bad\"}}" \
            >$MODEL/model.safetensors.index.json
        rm -rf d
        refused 1 'refused the shard name' -d d org/tiny
        lacks "$(cat requests)" 'good.safetensors'
    done
    echo '{"weight_map": {"a": "gone.safetensors"}}' >$MODEL/model.safetensors.index.json
    refused 1 'gone.safetensors: named in the index' -d d org/tiny
}

@test "a private model needs the token, and gets it" {
    serve private
    refused 1 'org/tiny: not found at http.*HF_TOKEN' org/tiny
    HF_TOKEN=secret fetch org/tiny
    [ "$status" -eq 0 ] || fail "$stderr"
    cmp "$FIXTURES/tiny-bert/model.safetensors" "$SNAPSHOT/model.safetensors"
}

@test "wrong use: status 2 and the synopsis" {
    for arguments in '' '-x m' '-d' '-d d' 'a b' '../x' 'a/b/c' '.hidden' 'a//b' 'a;b' 'a/'; do
        refused 2 'usage: fetch-model' $arguments
    done
    fetch --help
    [ "$status" -eq 0 ]
    has "$output" 'fetch-model .*NAME'
}
