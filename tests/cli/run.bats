load helper

# Goldens and numbers come from the tiny fixtures; the built-in models are only asked what must hold
# for any weights.
BERT=$BATS_TEST_DIRNAME/../../fixtures/tiny-bert
GPT2=$BATS_TEST_DIRNAME/../../fixtures/tiny-gpt2
# Capitals, accents, punctuation and characters of several bytes and pieces.
ODD='Extraordinarily "Naïve" cats (two) weren’t in 日本. Isn'"'"'t it 👩‍👩‍👧?'

text_of() { # MODEL - a short text of the tiny vocabulary
    case $1 in *bert) echo "the cat sat" ;; *) echo "the cat" ;; esac
}

@test "a summary goes to standard output and no file is made" {
    ok run "The cat sat on the mat."
    has "$output" 'tokens: \[CLS\] the cat sat'
    has "$output" 'strongest links'
    has "$output" 'predictions \(position masked\)'
    has "$output" 'flow_change'
    [ -z "$stderr" ]
    [ -z "$(ls -A | grep -Ev '^(\.cache|separate-stderr-.*)$')" ] || fail "left behind: $(ls -A)"
}

@test "gpt-2 predicts the next token at every position" {
    ok run -m atlas-gpt2 --json "The cat sat on the mat"
    holds - '(.predictions | length) == (.tokens | length)'
    holds - '[.predictions[].index] == [range(1; (.tokens | length) + 1)]'
    holds - '.predictions[-1].token == null and .predictions[-1].token_rank == null'
    holds - '.meta.causal and .meta.architecture == "gpt2"'
}

@test "run.json keeps its contract" {
    ok run --json --top-k 3 "The cat sat on the mat."
    holds - '.meta | has("model") and has("architecture") and has("tokenisation") and has("causal") and has("words") and has("matrix") and has("versions")'
    holds - '.tokens[1] | .token == "the" and .start == 0 and .end == 3 and .segment == 0 and (.special | not) and .word == 0'
    holds - '.tokens[0] | .token == "[CLS]" and .start == null and .end == null and .special and .word == null'
    holds - '[.predictions[].index] == [range(1; (.tokens | length) - 1)]'
    holds - 'all(.predictions[]; (.top | length) == 3 and ([.top[].rank] == [1,2,3]) and .token_p > 0)'
    holds - 'all(.predictions[]; .top[0].p >= .top[1].p and .top[1].p >= .top[2].p)'
    holds - '.global | has("confidence_max") and has("balance") and (.focus_normalized > 0)'
    holds - '.flow_change > 0 and .flow_change < 0.8326'
}

@test "probabilities follow from logits and the log of the sum" {
    ok run --json --top-k 3 --mask 2 "The cat sat on the mat."
    holds - '.predictions | length == 1'
    holds - '.predictions[0] | .log_sum_exp as $z | all(.top[]; ((.logit - $z | exp) - .p | fabs) < 1e-6)'
}

@test "--mask chooses positions: auto, all, none, a list" {
    ok run --json "The [MASK] sat on the mat."
    holds - '[.predictions[].index] == [2] and .predictions[0].token == "[MASK]" and .predictions[0].token_rank == null'
    ok run --json --mask all "The [MASK] sat."
    holds - '[.predictions[].index] == [1,2,3,4]'
    ok run --json --mask none "The cat sat."
    holds - '.predictions == []'
    ok run --json --mask 1,3-4 "The cat sat on the mat."
    holds - '[.predictions[].index] == [1,3,4]'
    fails 1 run --json --mask 99 "The cat sat."
    has "$stderr" "99 is outside the text's 6 tokens"
    fails 1 run --json --mask x "The cat sat."
    [ "$stderr" = "atlas run: --mask 'x' is no token of the text" ]
    fails 2 run --json --mask 3-1 "The cat sat."
}

@test "-o writes every file that the manual names, and the manifest last" {
    ok run -o out "The cat sat on the mat."
    [ -z "$output" ]
    for f in run.json tokens.csv predictions.csv attention.csv capture.safetensors tree.json \
        heatmap_mean.png heatmap_mean.svg heads_grid.png flow_mean.png tree_mean.svg manifest.json; do
        [ -s "out/$f" ] || fail "no $f"
    done
    [ -z "$(find out -name '*.tmp*')" ]
    holds out/manifest.json '.schema == 1 and .command == "run" and (.skipped == []) and (.run.took_ms >= 0)'
    holds out/manifest.json '[.outputs[].path] | index("run.json") != null and index("capture.safetensors") != null and index("manifest.json") == null'
    holds out/manifest.json '.options.seed == 1 and .options.mask == "auto" and .options."flow-threshold" == -1'
    # every digest is the file's own
    jq -r '.outputs[] | "\(.sha256)  out/\(.path)"' out/manifest.json | sha256sum -c --quiet
    # every file is in the record
    [ "$(find out -type f | wc -l)" -eq "$(($(json out/manifest.json '.outputs | length') + 1))" ]
}

@test "--format chooses what is written" {
    ok run -o out --format csv,pdf --no-capture "The cat sat."
    [ "$(cd out && echo *)" = "attention.csv flow_mean.pdf heads_grid.pdf heatmap_mean.pdf manifest.json predictions.csv tokens.csv tree_mean.pdf" ]
    fails 2 run -o out --format jpg "x"
}

@test "pictures are named after layer and head" {
    shape
    ok run -o out --layer 3 --head 5 --format svg "The cat sat."
    [ -s out/heatmap_L3_H5.svg ]
    [ -s out/flow_L3_H5.svg ]
    [ -s out/tree_L3_H5.svg ]
    [ ! -e out/heatmap_mean.svg ]
    ok run -o mean --layer 3 --format svg "The cat sat."
    [ -s mean/heatmap_L3_mean.svg ]
    ok run -o all --layer 2 --head all --format svg "The cat sat."
    [ "$(ls all/heatmap_* | wc -l)" -eq "$H" ]
    fails 1 run --layer $L "The cat sat."
    has "$stderr" "outside the model's $L layers \(0 to $((L - 1))\)"
    fails 2 run --head 2 "The cat sat."
}

@test "the same call gives the same bytes" {
    mkdir a b
    for d in a b; do
        cd $d
        ok run -o out --threads 1 --format json,csv,png,svg,pdf --layer all "The cat sat on the mat."
        cd ..
    done
    for f in $(cd a && find . -type f ! -name manifest.json); do
        cmp "a/$f" "b/$f"
    done
    [ "$(jq -S 'del(.run)' a/out/manifest.json)" = "$(jq -S 'del(.run)' b/out/manifest.json)" ]
}

@test "the number of threads changes no weight beyond 1e-6" {
    ok run -o one --threads 1 --format json "The cat sat on the mat while the dog slept."
    ok run -o two --threads 2 --format json "The cat sat on the mat while the dog slept."
    [ "$(jq -c '[.strongest.links[] | [.query, .key, (.weight * 1e5 | round)]]' one/run.json)" = \
        "$(jq -c '[.strongest.links[] | [.query, .key, (.weight * 1e5 | round)]]' two/run.json)" ]
}

@test "attention.csv has the weights of the capture from --min-weight on" {
    shape
    ok run -o out --min-weight 0 --format csv "The cat sat."
    # 6 x 6 cells of each head and a header
    [ "$(wc -l <out/attention.csv)" -eq $((L * H * 6 * 6 + 1)) ]
    [ "$(head -n 1 out/attention.csv)" = "layer,head,query,key,query_token,key_token,weight" ]
    # rows of a map sum to one
    awk -F, 'NR > 1 { s[$1","$2","$3] += $NF } END { for (k in s) if (s[k] < 0.99999 || s[k] > 1.00001) exit 1 }' out/attention.csv
    ok run -o top --min-weight 0.5 --format csv,json "The cat sat."
    kept=$(awk -F, -v rows=$((L * H * 6)) 'NR > 1 { s += $NF } END { print s / rows }' top/attention.csv)
    holds top/run.json "(.table_left_out + $kept - 1) | . < 1e-4 and . > -1e-4"
    awk -F, 'NR > 1 && $NF < 0.5 { exit 1 }' top/attention.csv
    # by default what is no more than even attention is left out: 1/6 here
    ok run -o even --format csv,json "The cat sat."
    [ "$(wc -l <even/attention.csv)" -eq "$(awk -F, '$NF >= 1 / 6' out/attention.csv | wc -l)" ]
    holds even/run.json '.table_min_weight * 6 - 1 | fabs < 1e-8'
    holds top/run.json '.table_min_weight == 0.5'
}

@test "a causal model looks at nothing to the right" {
    ok run -m atlas-gpt2 -o out --min-weight 0 --format csv "The cat sat on"
    awk -F, 'NR > 1 && $4 > $3 { exit 1 }' out/attention.csv
}

@test "--from takes the captures of the last run" {
    tiny=$FIXTURES/tiny-bert
    ok run -m "$tiny" -o out --format json 'the cat'
    ok run -m "$tiny" -o out --format json 'a cat' 'a dog' 'a mat'
    ok isa --from out --json -q
    [ "$(json - .meta.text)" = $'a cat\na dog\na mat' ]
    ok isa --from out -o isa --format json -q
    holds isa/manifest.json '[.inputs[].id] == ["1", "2", "3"]'
}

@test "a rollout of any head is that of its layer, and a mean of layers has no heads" {
    ok run -m "$FIXTURES/tiny-bert" --matrix rollout --layer 1 --json cat
    said=$output
    for head in 0 1 all; do
        ok run -m "$FIXTURES/tiny-bert" --matrix rollout --layer 1 --head $head --json cat
        [ "$output" = "$said" ]
    done
    ok run -m "$FIXTURES/tiny-bert" --matrix rollout --layer 1 --head 1 -o out --format svg cat
    [ -s out/heatmap_L1_mean.svg ]
    for c in run metrics 'bias attention'; do
        fails 2 $c -m nowhere --layer mean --head all cat
        [ "$stderr" = "atlas $c: --head all goes with --layer N or all; a mean of layers has no heads" ]
    done
}

@test "matrix modes: columns sum to one, rollout has no heads" {
    ok run -o col --matrix col --min-weight 0 --format csv --dump-drawing "The cat sat."
    for name in heatmap_mean heads_grid; do
        grep -q "share of the key's attention" col/$name.drawing.json || fail "unit of $name"
    done
    awk -F, 'NR > 1 { s[$1","$2","$4] += $NF } END { for (k in s) if (s[k] < 0.9999 || s[k] > 1.0001) exit 1 }' col/attention.csv
    ok run -o roll --matrix rollout --min-weight 0 --layer 2 --format csv,svg "The cat sat."
    awk -F, 'NR > 1 && $2 != "mean" { exit 1 }' roll/attention.csv
    awk -F, 'NR > 1 { s[$1","$3] += $NF } END { for (k in s) if (s[k] < 0.9999 || s[k] > 1.0001) exit 1 }' roll/attention.csv
    [ -s roll/heatmap_L2_mean.svg ]
    [ ! -e roll/heads_grid.svg ]
}

@test "words.csv has the words, tables the labels beside the pieces" {
    ok run -o out --words --format csv,json 'Extraordinarily odd cats.'
    [ "$(head -n 1 out/words.csv)" = index,label,first_token,n_tokens,received,dropped ]
    [ "$(tail -n +2 out/words.csv | cut -d, -f1-4 | paste -sd' ')" = "$(json out/run.json '[.words[] | [.index, .label, .first_token, .n_tokens] | join(",")] | join(" ")')" ]
    ok run -o plain -m atlas-gpt2 --deep --top-k 1 --format csv 'An odd cat'
    [ ! -e plain/words.csv ]
    awk -F, 'NR == 2 { exit !($2 == "Ġ" $10) }' plain/predictions.csv
    awk -F, 'NR == 2 { exit !($9 == "Ġ" $13) }' plain/lens.csv
}

@test "the influence tree follows its options" {
    ok run -o out --format json --tree-root 2 --tree-k 1 --tree-depth 4 "The cat sat on the mat."
    holds out/tree.json '.trees[0].nodes | length == 4 and .[0].index == 2 and ([.[].depth] == [0,1,2,3])'
    holds out/tree.json '.trees[0].nodes as $n | [$n[].index] | (unique | length) == length'
    holds out/tree.json '.trees[0].nodes | .[3].product - (.[1].weight * .[2].weight * .[3].weight) | fabs < 1e-6'
    fails 1 run --tree-root 99 "The cat sat."
    # a causal model's first token sees itself only, so its tree grows from the last
    ok run -m atlas-gpt2 -o causal --format json "The cat sat on the"
    holds causal/tree.json '.trees[0].nodes | .[0].index == 4 and length > 4'
    ok run -o both --format json "The cat sat."
    holds both/tree.json '.trees[0].nodes[0].index == 0'
}

@test "the numbers on a head's tree satisfy its softmax" {
    # with k = T and depth 2 the root's children are its whole row: exp(qk) must be in proportion
    ok run -o out --format json --layer 1 --head 2 --tree-root 1 --tree-k 20 --tree-depth 2 --mask none "The cat sat."
    holds out/tree.json '.trees[0].nodes[1:] | [.[] | .qk - (.weight | log)] | (max - min) < 1e-3'
}

@test "--words sums pieces up and leaves special tokens out" {
    ok run --json --words "Unbelievable cats purred."
    holds - '.meta.words and (.words | length) >= 4 and all(.words[]; .label != "[CLS]")'
    holds - '.global.balance == null'
    # what lay on special tokens is told, for each word and in all
    holds - 'all(.words[]; .dropped > 0 and .dropped < 1)'
    holds - '([.words[].dropped] | add / length) - .meta.dropped_mass | fabs < 1e-8'
    ok run -m atlas-gpt2 --json --words "Cats purred."
    holds - '.meta.dropped_mass == 0'
}

@test "--words: a mask stands for a word" {
    ok run -m atlas-bert --words --json --mask none "The [MASK] sat."
    holds - '[.words[].label] == ["the", "[MASK]", "sat", "."]'
}

@test "a pair has two segments" {
    ok run --json --mask none --pair "It purred." "The cat sat."
    holds - '.meta.tokenisation == "pair" and ([.tokens[].segment] | unique == [0,1])'
    holds - '.next_sentence >= 0 and .next_sentence <= 1'
    fails 1 run -m atlas-gpt2 --pair "It purred." "The cat sat."
    has "$stderr" 'two segments'
    ok run --json --mask none --split-pair "The cat sat. It purred."
    holds - '.meta.tokenisation == "pair"'
}

@test "--lines --each: many texts, a document each, tables over all" {
    printf 'The cat sat.\n\nThe dog ran away.\nBirds fly.\n' >texts
    ok run --lines --each -f texts -o out --mask none
    [ -s out/1/run.json ]
    [ -s out/3/run.json ]
    [ -s out/4/run.json ]
    [ ! -e out/2 ]
    [ "$(wc -l <out/texts.csv)" -eq 4 ]
    ok run --lines -f texts --json --mask none
    [ "$(wc -l <<<"$output")" -eq 3 ]
    [ "$(jq -c '.meta.id' <<<"$output" | tr '\n' ' ')" = '"1" "3" "4" ' ]
}

@test "--lines --each: a blank line between the summaries" {
    printf 'the cat\na dog\nthe red cat\n' >texts
    for c in metrics heads; do
        ok $c -m "$BERT" --lines --each -f texts
        [ "$(grep -c '^[123]: tiny-bert' <<<"$output")" -eq 3 ]
        [ "$(grep -B 1 '^[123]: ' <<<"$output" | grep -c '^$')" -eq 2 ]
    done
}

@test "a batch gives what each text alone gives" {
    printf 'The cat sat on the mat.\nDogs.\nA much longer sentence about nothing in particular, really.\n' >texts
    ok run --lines --each -f texts -o many --format json --mask none
    n=0
    while read -r line; do
        n=$((n + 1))
        ok run -o one --format json --mask none -- "$line"
        [ "$(jq -c '[.strongest.links[] | [.query, .key, (.weight * 1e5 | round)]]' one/run.json)" = \
            "$(jq -c '[.strongest.links[] | [.query, .key, (.weight * 1e5 | round)]]' many/$n/run.json)" ]
    done <texts
}

@test "--jsonl: ids name directories; bad lines are skipped and reported" {
    printf '%s\n' '{"id":"a","text":"The cat sat."}' '{"text":7}' 'not json' \
        '{"id":"../b","text":"x"}' '{"id":"a","text":"again"}' '{"id":"c","text":"Dogs ran."}' >texts
    run --separate-stderr atlas run --jsonl --each -f texts -o out --mask none --format json
    ended 3
    [ -s out/a/run.json ]
    [ -s out/c/run.json ]
    [ "$(grep -c skipped <<<"$stderr")" -eq 4 ]
    holds out/manifest.json '.skipped | length == 4'
    has "$stderr" "line 2: no key 'text'"
    has "$stderr" "line 4: id '../b' cannot name a directory"
}

@test "--jsonl: a pair that the model has no segment for is skipped, the other texts are not" {
    # the last of tiny-bert's two segments becomes a tensor of its own
    mkdir one
    cp "$FIXTURES"/tiny-bert/{vocab.txt,tokenizer_config.json} one
    jq '.type_vocab_size = 1' "$FIXTURES"/tiny-bert/config.json >one/config.json
    file=$FIXTURES/tiny-bert/model.safetensors
    n=$(od -An -t u8 -N 8 "$file" | tr -d ' ')
    name=bert.embeddings.token_type_embeddings.weight
    header=$(tail -c +9 "$file" | head -c "$n" | jq -c ".\"$name\" |= (.shape[0] = 1 | .data_offsets[1] -= 32) |
        .rest = {dtype: \"F32\", shape: [8], data_offsets: [.\"$name\".data_offsets[1], .\"$name\".data_offsets[1] + 32]}")
    n=$((n + 8))
    printf -v bytes '\\x%02x' $((${#header} % 256)) $((${#header} / 256)) 0 0 0 0 0 0
    { printf "$bytes$header" && tail -c +$((n + 1)) "$file"; } >one/model.safetensors
    printf '{"text": "a", "pair": "b"}\n{"text": "a"}\n' >texts
    run --separate-stderr atlas run -m ./one --jsonl --each -f texts -o out --mask none --format json
    ended 3
    [ "$stderr" = "atlas run: text 1: a second text needs a model that has two segments; skipped" ]
    [ -e out/2/run.json ]
}

@test "--jsonl: numbers as ids, and what cannot be one" {
    printf '%s\n' '{"id":7,"text":"The cat sat."}' '{"id":8.0,"text":"Dogs ran."}' \
        '{"id":1.5,"text":"x"}' '{"id":2.5,"text":"x"}' '{"id":true,"text":"x"}' \
        '{"text":"x","pair":["y"]}' >texts
    run --separate-stderr atlas run --jsonl -f texts -o out --mask none --format json
    ended 3
    [ "$(cd out && ls | tr '\n' ' ')" = '7 8 manifest.json ' ]
    for line in 3 4 5; do
        has "$stderr" "line $line: 'id' is neither a string nor a whole number"
    done
    has "$stderr" "line 6: 'pair' is not a string"
}

@test "a line that is not UTF-8 is skipped, its place named once" {
    printf 'The cat sat.\nbad \377\nDogs ran.\n' >texts
    run --separate-stderr atlas run --lines -f texts --json --mask none
    ended 3
    [ "$(wc -l <<<"$output")" -eq 2 ]
    has "$stderr" "texts: line 2: invalid UTF-8 at byte 4; skipped"
}

@test "a text that is too long is an error with both lengths, or is cut" {
    words=$(yes cat | head -n 600 | tr '\n' ' ')
    fails 1 run --mask none "$words"
    has "$stderr" 'text has 602 tokens, the model takes 512'
    ok run --json --truncate --mask none "$words"
    holds - '.meta.n_tokens == 512 and .meta.truncated_from == 602 and (.tokens | last | .token) == "[SEP]"'
    has "$stderr" 'warning: .*cut to the model.s 512'
}

@test "any script and any bytes of UTF-8 go through" {
    for text in '猫坐在垫子上。' 'جلست القطة على الحصيرة' 'बिल्ली चटाई पर बैठी' '🐈 sat 🧶' \
        "it's a \"test\", isn't it?" $'tab\tand\nnewline'; do
        ok run -o out --mask none --format json,csv,svg -- "$text"
        holds out/run.json '.tokens | length > 2'
        ok run -m atlas-gpt2 -o out2 --mask none --format json,csv,svg -- "$text"
    done
}

@test "--from shows a capture without the model" {
    ok run -o first --mask none "The cat sat on the mat."
    ok run --from first -o second --format json,svg
    [ "$(jq -c '.tokens, .global, .flow_change' first/run.json)" = "$(jq -c '.tokens, .global, .flow_change' second/run.json)" ]
    cmp first/heatmap_mean.svg second/heatmap_mean.svg || {
        # the title names the model in both
        grep -q atlas-bert second/heatmap_mean.svg
    }
    [ ! -e second/capture.safetensors ]
    fails 1 run --from nowhere
    fails 2 run --from first "a text too"
}

@test "--from --words: words are written and made as with the model" {
    for m in atlas-bert atlas-gpt2; do
        for words in '' --words; do
            ok run -m $m $words -o "out-$m" --mask none "$ODD"
            ok run -m $m --words --json --mask none "$ODD"
            json - .words >want
            ok run --from "out-$m" --words --json
            json - .words | diff want -
        done
    done
}

@test "--from a file of another program: labels, offsets and words as with the model" {
    for m in atlas-bert atlas-gpt2; do
        ok run -m $m -o "out-$m" --mask none "$ODD"
        LC_ALL=C sed -i 's/"atlas":/"other":/; s/"family":/"genera":/' \
            "out-$m/capture.safetensors"
        ok run --from "out-$m" --json
        json - .tokens | diff <(json "out-$m/run.json" .tokens) -
    done
}

@test "--from: a letter of WordPiece that byte-level pieces have for a space is a letter" {
    cp -r "$BERT" cased
    sed -i 's/^a$/Ġ/; s/^b$/è/; s/^cat$/Ġuż/' cased/vocab.txt # letters of Maltese
    echo '{"do_lower_case": false, "strip_accents": false}' >cased/tokenizer_config.json
    ok run -m cased -o out --mask none --format json "Ġużs è Ġ the"
    ok run --from out --words --json
    holds - '[.words[].label] == ["Ġużs", "è", "Ġ", "the"]'
    LC_ALL=C sed -i 's/"atlas":/"other":/' out/capture.safetensors
    ok run --from out --json
    json - .tokens | diff <(json out/run.json .tokens) -
}

@test "--from refuses tokens that are not of the text" {
    ok run -m "$BERT" -o good --mask none --format json "the cat sat"
    while IFS='|' read -r edit why; do
        cp -r good bad
        LC_ALL=C sed -i "$edit" bad/capture.safetensors
        ! cmp -s good/capture.safetensors bad/capture.safetensors || fail "nothing done by $edit"
        for c in run isa heads; do
            fails 1 $c --from bad
            has "$stderr" "bad/capture.safetensors: $why"
        done
        rm -r bad
    done <<'.'
s/\\"end\\":11/\\"end\\":99/|metadata has token 3 at the bytes 8 to 99 of a text of 11
s/\\"end\\":11/\\"odd\\":11/|metadata has token 3 at the bytes 8 to -1 of a text of 11
s/\\"cat\\"/1234567/g|metadata: the piece of token 2 is not a string
.
}

@test "the capture holds what its keys promise" {
    ok run -o out --mask none --logits "The cat sat."
    head -c 4000 out/capture.safetensors | tr -d '\0' | grep -q '"attentions"'
    for key in input_ids token_type_ids attentions hidden_states final_hidden logits __metadata__; do
        head -c 4000 out/capture.safetensors | tr -d '\0' | grep -q "\"$key\"" || fail "no $key"
    done
}

@test "a terminal picture is drawn when colours are asked for" {
    ok run --mask none --color always "The cat sat."
    has "$output" $'\033\\[48;5;'
    ok run --mask none --color never "The cat sat."
    lacks "$output" $'\033'
}

@test "golden: summary and document of the tiny models" {
    ok run -m "$BERT" --threads 1 --digits 5 --json --mask none --top-k 2 "$(text_of tiny-bert)"
    golden run-tiny-bert.json
    ok run -m "$GPT2" --threads 1 --digits 5 --json --top-k 2 "$(text_of tiny-gpt2)"
    golden run-tiny-gpt2.json
}

# spoil FILE WEIGHT [LAYER HEAD] - put four bytes in place of the first weight of a map of FILE.
spoil() {
    # Where the data begin: 8 bytes, the header, and the first offset of the maps.
    local head at heads T
    head=$(od -An -tu8 -N8 "$1" | tr -d ' ')
    read -r at heads T < <(head -c $((head + 8)) "$1" | tail -c +9 |
        jq -r '.attentions | [.data_offsets[0], .shape[1], .shape[2]] | @tsv')
    at=$((head + 8 + at + (${3:-0} * heads + ${4:-0}) * T * T * 4))
    printf "$2" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}

@test "--from refuses maps that no softmax makes" {
    ok run -m "$FIXTURES/tiny-bert" -o out --format csv 'the cat'
    for weight in '\x00\x00\xc0\x7f' '\x00\x00\x80\x7f' '\x00\x00\x80\xbf' '\x00\x00\x00\x40'; do
        spoil out/capture.safetensors "$weight"
        for c in run metrics heads isa cluster; do
            fails 1 $c --from out -o bad
            has "$stderr" "'attentions' has the weight -?(nan|inf|1|2) in layer 0, head 0, query 0, key 0, want 0 to 1"
            [ ! -e bad/manifest.json ]
        done
    done
}

@test "--from several captures: the bad ones are reported and skipped, as texts are" {
    printf '%s\n' 'the cat' 'a dog ran' 'the red cat' >texts
    ok run -m "$BERT" --lines -f texts --format csv -o out
    cp -r out/1 $'out/b\xff'
    ok run -m "$GPT2" --format csv -o out/4 'the cat'
    mkdir out/5
    head -c 100 out/1/capture.safetensors >out/5/capture.safetensors
    spoil out/2/capture.safetensors '\x00\x00\xc0\x7f' 1 1
    for c in run metrics heads isa cluster; do
        run --separate-stderr atlas $c --from out --format json,csv -o got/$c
        ended 3 $c
        [ "$(grep -c '^atlas .*; skipped$' <<<"$stderr")" -eq 4 ] || fail "$c: $stderr"
        has "$stderr" "the name of a directory in 'out' is not UTF-8; skipped"
        has "$stderr" "out/2/capture.safetensors: 'attentions' has the weight -?nan in layer 1, head 1, query 0, key 0, want 0 to 1; skipped"
        has "$stderr" 'out/4/capture.safetensors: is of a gpt2 model, the first was of a bert one; skipped'
        has "$stderr" 'out/5/capture.safetensors: .*; skipped'
        holds got/$c/manifest.json '[.skipped[].id] == ["", "2", "4", "5"]'
        holds got/$c/manifest.json '[.inputs[] | select(.role == "capture") | .id] == ["1", "3"]'
    done
    [ "$(cut -d, -f2 got/run/texts.csv | tr '\n' ' ')" = 'text_id 1 3 ' ]
    run --separate-stderr atlas metrics -q --from out --json
    ended 3
    [ "$(wc -l <<<"$output")" -eq 2 ]
}

@test "--from several captures: a bad one does not decide what the others must be like" {
    ok run -m "$GPT2" --format csv -o out/1 'the cat'
    ok run -m "$BERT" --format csv -o out/2 'the cat'
    spoil out/1/capture.safetensors '\x00\x00\x00\x40'
    run --separate-stderr atlas run --from out --json
    ended 3
    holds - '.meta.architecture == "bert" and .meta.id == "2"'
}

# untold DIR - the text of a capture is under a name that nobody looks for.
untold() {
    LC_ALL=C sed -i 's/"text":/"texx":/' "$1/capture.safetensors"
}

@test "--from several captures: one that the command cannot take is skipped, and nothing of it stays" {
    printf '%s\n' 'the cat' 'a dog. the cat.' 'the red cat' >texts
    ok run -m "$BERT" --lines -f texts --format csv -o out
    untold out/2
    run --separate-stderr atlas isa -q --each --from out -o got
    ended 3
    [ "$stderr" = 'atlas isa: out/2/capture.safetensors: the capture has no text, so no sentences; skipped' ]
    holds got/manifest.json '[.skipped[].id] == ["2"]'
    holds got/manifest.json '[.inputs[] | select(.role == "capture") | .id] == ["1", "3"]'
    [ "$(cut -d, -f4 got/texts.csv | tr '\n' ' ')" = 'id 1 3 ' ]
    [ -s got/3/isa.json ]
    [ ! -e got/2 ]
    fails 1 isa --from out/2
    [ "$stderr" = 'atlas isa: out/2/capture.safetensors: the capture has no text, so no sentences' ]
    run --separate-stderr atlas run --deep --from out -o deep
    ended 1
    [ "$(grep -c 'has no queries, .*; skipped$' <<<"$stderr")" -eq 3 ]
    [ -z "$(ls deep)" ]
}

@test "--from several captures: one that the command cannot take does not decide the model" {
    ok run -m "$GPT2" --format csv -o out/1 'the cat'
    ok run -m "$BERT" --format csv -o out/2 'a dog. the cat.'
    untold out/1
    run --separate-stderr atlas isa --from out --json
    ended 3
    holds - '.meta.architecture == "bert" and .meta.model == "tiny-bert" and .meta.id == "2"'
}

@test "--from several captures: what has nothing to do with one of them ends the job" {
    printf '%s\n' 'the cat' 'a dog ran' >texts
    ok run -m "$BERT" --lines -f texts --format csv -o out
    for c in run metrics heads isa 'bias attention'; do
        fails 1 $c --from out --layer 2
        [ "$stderr" = "atlas $c: --layer 2 is outside the model's 2 layers (0 to 1)" ]
    done
    for c in heads cluster; do
        fails 1 $c --from out --tags nowhere
        [ "$stderr" = "atlas $c: cannot open 'nowhere': No such file or directory" ]
    done
    cp "$ATLAS_BUILD/atlas" atlas # away from its data
    ATLAS_BUILD=$PWD fails 1 isa --from out
    has "$stderr" 'data/sentences'
    [[ $ATLAS_BUILD != *asan && -z ${ATLAS_PREFIX:-} ]] || return 0
    for rule in fopen:attention.csv fclose:run.json write:heatmap_mean.png; do
        status=0
        FAILIO=$rule LD_PRELOAD=$ATLAS_BUILD/tests/fault/failio.so \
            "$ATLAS_BUILD/atlas" run --each --from out -o got >said 2>err || status=$?
        [ "$status" -eq 1 ]
        [ "$(grep -c . err)" -eq 1 ]
        ! grep skipped err || fail "$rule: skipped"
        [ ! -e got/2 ]
        [ ! -e got/manifest.json ]
    done
}

@test "--lines: a text that the command cannot take is skipped" {
    printf '%s\n' 'the cat' 'the red cat ran' 'cat' >texts
    run --separate-stderr atlas run -m "$BERT" --lines -f texts --focus 4 -o out --format json
    ended 3
    has "$stderr" "text 1: --focus 4 is outside the text's 4 tokens; skipped"
    has "$stderr" "text 3: --focus 4 is outside the text's 3 tokens; skipped"
    holds out/manifest.json '[.skipped[].id] == ["1", "3"]'
    [ -s out/2/capture.safetensors ]
    [ ! -e out/1 ]
    [ ! -e out/3 ]
    fails 1 run -m "$BERT" --lines -f texts --layer 2
    [ "$stderr" = "atlas run: --layer 2 is outside the model's 2 layers (0 to 1)" ]
    run --separate-stderr atlas run -m "$BERT" --lines -f texts --mask 1,4 -o masked --format json
    ended 3
    has "$stderr" "text 1: --mask 4 is outside the text's 4 tokens; skipped"
    has "$stderr" "text 3: --mask 4 is outside the text's 3 tokens; skipped"
    [ "$(ls masked)" = "$(printf '2\nmanifest.json')" ]
}

@test "--from several captures of which none can be used is a failure" {
    mkdir -p out/1 out/2
    : >out/1/capture.safetensors
    : >out/2/capture.safetensors
    run --separate-stderr atlas run --from out -o got
    ended 1
    [ -z "$output" ]
    [ "$(grep -c '; skipped$' <<<"$stderr")" -eq 2 ]
    has "$stderr" 'no text could be used; 2 skipped'
    [ ! -e got/manifest.json ]
    fails 1 run --from out/1
    lacks "$stderr" 'skipped'
}

@test "--precision: double and float agree as far as float goes, and no further" {
    for model in "$BERT" "$GPT2"; do
        text=$(text_of "$model")
        ok run -m "$model" --mask none --digits 12 --format json -o auto "$text"
        ok run -m "$model" --mask none --digits 12 --format json -o float --precision float "$text"
        ok run -v -m "$model" --mask none --digits 12 --format json -o double --precision double "$text"
        has "$stderr" 'in double'
        cmp auto/capture.safetensors float/capture.safetensors
        ! cmp -s float/capture.safetensors double/capture.safetensors || fail "$model: the precision changed nothing"
        jq -s -e '[.[].global.confidence_max] | .[0] != .[1] and (.[0] - .[1] | fabs) < 1e-5' \
            float/run.json double/run.json
        holds double/manifest.json '.options.precision == "double"'
        rm -r auto float double
    done
    fails 2 run --precision half cat
    has "$stderr" "precision"
    fails 2 run --from x --precision double
    has "$stderr" "leave out --precision"
}

@test "tokens that the vocabulary cannot spell are labelled with the text, and many of them warned about" {
    ok run --mask none --json "$(printf '\u732b\u5750 cat')"
    has "$stderr" "2 of 3 tokens are not in the vocabulary of 'atlas-bert'"
    holds - '.tokens[1] | .token == "[UNK]" and .label == "\u732b"'
    ok run --mask none --json "the cat sat \u732b"
    [ -z "$stderr" ]
}

@test "pictures of a rollout say that they are of one" {
    ok run -o out --mask none --matrix rollout --format svg --dump-drawing "The cat sat."
    grep -q 'Map of the attention rollout, atlas-bert, all layers' out/heatmap_mean.drawing.json
    ok run -o up --mask none --matrix rollout --layer 2 --format svg --dump-drawing "The cat sat."
    grep -q 'Flow of the attention rollout, atlas-bert, up to layer 2' up/flow_L2_mean.drawing.json
}

@test "nodes of a tree carry the numbers of their tokens" {
    ok run -o out --mask none --layer 1 --head 3 --tree-root 2 --format svg --dump-drawing "The cat sat."
    grep -q '"2 cat"' out/tree_L1_H3.drawing.json
}

@test "predictions of a long text are not made unasked" {
    text=$(for i in $(seq 70); do printf 'cat '; done)
    ok run --json "$text"
    has "$stderr" "72 tokens without a \[MASK\]: .* --mask all makes them"
    holds - '.predictions == []'
    ok run -q --json --mask 3 "$text"
    holds - '.predictions | length == 1'
    ok run --json "the [MASK] $text"
    holds - '.predictions | length == 1'
}

@test "the flow of a text draws what even attention would not give" {
    ok run -o out --mask none --format svg --dump-drawing "The cat sat."
    grep -q 'weights above 0.167: ' out/flow_mean.drawing.json
    ok run -o given --mask none --format svg --flow-threshold 0.1 --dump-drawing "The cat sat."
    grep -q 'weights above 0.1: ' given/flow_mean.drawing.json
}

@test "vector pictures carry their title, and PDF what made them" {
    ok run -o out --mask none --format svg,pdf "The cat sat."
    grep -q '<title>Attention, atlas-bert, mean of all layers and heads</title>' out/heatmap_mean.svg
    grep -aq 'Title (Attention, atlas-bert, mean of all layers and heads)' out/heatmap_mean.pdf
    grep -aq 'Author (atlas)' out/heatmap_mean.pdf
}
