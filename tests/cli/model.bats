load helper

built_in

@test "list names the built-in models" {
    ok model list
    for m in atlas-bert atlas-gpt2 atlas-bias atlas-tagger; do
        has "$output" "$m +built in"
    done
    ok model list --names
    [ "$output" = $'atlas-bert\natlas-bias\natlas-gpt2\natlas-tagger' ]
}

@test "ATLAS_MODELS and the hub cache are looked through, in that order" {
    mkdir -p mine hub/models--openai-community--gpt2/refs hub/models--openai-community--gpt2/snapshots/abc
    cp -r "$FIXTURES/tiny-bert" mine/small
    cp "$FIXTURES"/tiny-gpt2/* hub/models--openai-community--gpt2/snapshots/abc/
    printf abc >hub/models--openai-community--gpt2/refs/main
    export ATLAS_MODELS=$PWD/mine HF_HUB_CACHE=$PWD/hub
    ok model list
    has "$output" 'small +ATLAS_MODELS'
    has "$output" 'openai-community/gpt2 +cache'
    ok model info small
    ok model info gpt2
    has "$output" 'architecture +gpt2'
    ok model info openai-community/gpt2
}

@test "list says of what has no weights that it cannot be used" {
    mkdir -p mine/empty mine/old
    cp "$FIXTURES"/tiny-bert/{config.json,vocab.txt} mine/empty
    cp "$FIXTURES"/tiny-bert/{config.json,vocab.txt} mine/old
    : >mine/old/pytorch_model.bin
    export ATLAS_MODELS=$PWD/mine
    ok model list
    has "$output" 'empty +ATLAS_MODELS +cannot be used: neither model.safetensors nor pytorch_model'
    has "$output" 'old +ATLAS_MODELS +cannot be used: .*/pytorch_model.bin: no zip archive'
    ok model list --json
    holds - '[.[] | select(.problem != null) | .name] == ["empty", "old"]'
}

@test "a name that leads nowhere: one line with every place and the command to fetch it" {
    fails 1 run -m no-such-model "x"
    has "$stderr" "no model 'no-such-model'; looked in .*built-in.*scripts/fetch-model no-such-model"
}

# A model in a cache of the hub: the folder of its snapshots.
cached() {
    mkdir -p "$1/models--me--m/refs" "$1/models--me--m/snapshots"
    printf 0000 >"$1/models--me--m/refs/main"
    cp -r "$FIXTURES/tiny-bert" "$1/models--me--m/snapshots/0000"
}

@test "the cache of the hub is where any of its variables says" {
    export HOME=$PWD/home WHERE=$PWD/c
    fails 1 model info me/m
    cached c/huggingface/hub
    XDG_CACHE_HOME=$PWD/c ok model info me/m
    HF_HOME=$PWD/c/huggingface ok model info me/m
    for name in HF_HUB_CACHE HUGGINGFACE_HUB_CACHE TRANSFORMERS_CACHE PYTORCH_TRANSFORMERS_CACHE PYTORCH_PRETRAINED_BERT_CACHE; do
        for value in "$PWD/c/huggingface/hub" '$WHERE/huggingface/hub' '${WHERE}/huggingface/hub' '~/../c/huggingface/hub'; do
            mkdir -p home
            export "$name=$value"
            ok model info me/m
            ok model list --names
            has "$output" me/m
            unset "$name"
        done
    done
    cached home/.cache/huggingface/hub
    ok model info me/m
    has "$output" "path +$PWD/home/.cache"
    # the nearest to the libraries' own names wins; an empty one is none
    HUGGINGFACE_HUB_CACHE=$PWD/c/huggingface/hub HF_HOME=/nowhere ok model info me/m
    has "$output" "path +$PWD/c/"
    HF_HUB_CACHE= HF_HOME= ok model info me/m
    HF_HUB_CACHE=/nowhere HUGGINGFACE_HUB_CACHE=$PWD/c/huggingface/hub fails 1 model info me/m
    has "$stderr" 'looked in \./me/m, the built-in models, /nowhere; '
    HF_HUB_CACHE='$NO_SUCH/x${' fails 1 model info me/m
    has "$stderr" '\$NO_SUCH/x\$\{; '
}

@test "a slash behind a directory changes neither a model's name nor its thresholds" {
    cp -r "$FIXTURES/tiny-bert" small
    ok model info --json small/
    holds - '.model == "small"'
    ok run -m small// --json --mask none x
    holds - '.meta.model == "small"'
    cp -rL "$MODELS/atlas-bias" gus-net-bert # its trunk is a link
    jq 'del(.label_thresholds)' "$MODELS/atlas-bias/config.json" >gus-net-bert/config.json
    ok bias detect -m gus-net-bert --json "women are bad"
    own=$(json - .rule)
    ok bias detect -m ./gus-net-bert/ --json "women are bad"
    [ "$(json - .rule)" = "$own" ]
    ok heads --tagger "$MODELS/atlas-tagger/" --json x
    holds - '.meta.tagger == "atlas-tagger"'
}

@test "no model has the empty name" {
    for args in 'heads x --tagger' 'bias detect x --ensemble'; do
        fails 1 $args ''
        has "$stderr" "a model has a name, not ''$"
    done
}

@test "a path that is no directory: looked for nowhere else, and a file is called one" {
    fails 1 run -m ./no-such-model "x"
    has "$stderr" "^atlas run: no directory './no-such-model'$"
    fails 1 run -m /no-such-model "x"
    has "$stderr" "^atlas run: no directory '/no-such-model'$"
    cp "$FIXTURES"/tiny-gpt2/model.safetensors .
    for path in model.safetensors ./model.safetensors; do
        fails 1 run -m $path "x"
        has "$stderr" "^atlas run: '$path' is a file; a model is the directory it lies in$"
    done
}

@test "info tells sizes, parameters and heads" {
    ok model info --json atlas-bert
    holds - '.architecture == "bert" and .layers > 1 and .heads > 1 and .head_width * .heads == .width and .parameters > 1e6'
    holds - '.model_heads | .masked_lm and .next_sentence and (.token_classification | not)'
    ok model info --json atlas-tagger
    holds - '.model_heads.token_classification and (.labels | length == 24)'
    ok model info atlas-gpt2
    has "$output" 'model_heads +causal_lm'
}

# A tokenizer.json of the vocabulary of a copy of tiny-bert: lower_case truncation
tokenizer_json() {
    jq -n --rawfile pieces "$FIXTURES/tiny-bert/vocab.txt" --argjson lower "$1" --argjson cut "$2" '{
        truncation: $cut, added_tokens: [],
        normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true,
                      strip_accents: null, lowercase: $lower },
        pre_tokenizer: { type: "BertPreTokenizer" },
        model: { type: "WordPiece", unk_token: "[UNK]",
                 vocab: [$pieces | rtrimstr("\n") | split("\n") | to_entries[] |
                         { key: .value, value: .key }] | from_entries } }'
}

@test "info tells the tokenizer's files, and which of them counts" {
    ok model info --json "$FIXTURES/tiny-bert"
    holds - '.tokenizer == "WordPiece" and .tokenizer_files == "vocab.txt" and .tokenizer_notes == null'
    cp -r "$FIXTURES/tiny-bert" both
    tokenizer_json false null >both/tokenizer.json
    printf '{"tokenizer_class": "BertTokenizer", "do_lower_case": true}' >both/tokenizer_config.json
    ok model info ./both
    has "$output" $'\ntokenizer_files tokenizer.json\n'
    has "$output" $'\ntokenizer_notes do_lower_case: true in tokenizer_config.json, false in tokenizer.json; the former counts\n +tokenizer.json counts, not vocab.txt beside it\n'
    ok model info --json ./both
    holds - '.tokenizer_notes | length == 2'
}

@test "a text longer than tokenizer.json would have it is computed whole, and that is said once" {
    cp -r "$FIXTURES/tiny-bert" long
    tokenizer_json true '{"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}' >long/tokenizer.json
    printf '{"id": "%s", "text": "the cat sat on the mat"}\n' one two >in.jsonl
    ok run -m ./long --jsonl -f in.jsonl -o out
    has "$stderr" '^atlas run: warning: one: text has [0-9]+ tokens; tokenizer.json would cut it to 3, which is not done$'
}

@test "check finds the built-in models sound" {
    for m in atlas-bert atlas-gpt2 atlas-bias atlas-tagger; do
        ok model check $m
        lacks "$output" 'BAD'
        has "$output" 'ok +attention rows sum to one'
    done
    ok model check --json atlas-gpt2
    holds - '.ok and ([.tensors[] | select(.state == "missing" and (.role | test("layer")))] == [])'
}

@test "the built-in models learned something" {
    for model in atlas-bert atlas-gpt2; do
        ok run -m $model --json "The people of the city went to the river, and the children went home."
        holds - '[.predictions[].token_rank | values | log] | add / length < (1000 | log)'
    done
    ok heads --json "Barack Obama visited Paris because the French president had invited him."
    holds - '[.tokens[] | select(.token == "visited" or .token == "invited") | .upos] | unique == ["VERB"]'
    holds - '[.tokens[] | select(.token == "paris") | .entity] == ["LOC"]'
    ok bias detect --json "Women are bad drivers."
    holds - '.summary.flagged > 0 and (.caution | test("demonstration"))'
    ok bias detect --json "The river flows through the city."
    holds - '.level.band == "low"'
}

@test "check finds weights that are no numbers" {
    cp -r "$FIXTURES/tiny-bert" sick
    # the last 4096 bytes of the file are weights: make them NaN
    size=$(stat -c %s sick/model.safetensors)
    yes "$(printf '\377')" | tr -d '\n' | head -c 4096 | dd of=sick/model.safetensors bs=1 seek=$((size - 4096)) conv=notrunc 2>/dev/null
    run --separate-stderr atlas model check ./sick
    ended 1
    has "$output" 'BAD'
    has "$stderr" 'is not sound'
}

@test "check finds a weight that is no number where the probe text does not look" {
    cp -r "$FIXTURES/tiny-bert" sick
    file=sick/model.safetensors
    n=$(od -An -t u8 -N 8 "$file" | tr -d ' ')
    name=bert.embeddings.token_type_embeddings.weight
    end=$(tail -c +9 "$file" | head -c "$n" | jq ".\"$name\".data_offsets[1]")
    printf '\377\377\377\377' | dd of=$file bs=1 seek=$((8 + n + end - 4)) conv=notrunc 2>/dev/null
    run --separate-stderr atlas model check --json ./sick
    ended 1
    holds - '[.checks[] | select(.ok | not) | .check, .found] ==
        ["weights are finite", "1 value that is not, the first in '$name'"]'
}

@test "usage errors" {
    fails 2 model
    fails 2 model destroy
    fails 2 model info a b
}

@test "list leaves out models whose place is not UTF-8" {
    mkdir -p $'m\xff'
    cp -r "$FIXTURES/tiny-bert" $'m\xff/odd'
    export ATLAS_MODELS=$PWD/$'m\xff'
    ok model list
    lacks "$output" 'odd'
    ok model list --json
}

@test "check measures what float costs, and info says what is chosen" {
    ok model check --json atlas-gpt2
    holds - '.checks[] | select(.check == "precision of the maps") | .ok and (.found | test("^float; at most [0-9.e-]+ from double$"))'
    ok model info --json atlas-gpt2
    holds - '.precision == "float"'
}

@test "a data folder that lacks the built-in models hides none that a name finds" {
    mkdir -p data/models
    cp -r "$FIXTURES/tiny-bert" data/models/mine
    export ATLAS_DATADIR=$PWD/data
    ok model info mine
    ok model info atlas-bert
    ok model list --names
    has "$output" '(^|[[:space:]])mine'
    has "$output" 'atlas-bert'
}
