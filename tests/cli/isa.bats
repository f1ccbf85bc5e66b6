load helper

TEXT="Dr. Smith went to Washington in January. He was tired because the train was late. Nobody met him at the station, so he took a taxi."

@test "sentences: found in the text, each with its bytes and its tokens" {
    ok isa --json "$TEXT"
    holds - '[.sentences[].text] == ["Dr. Smith went to Washington in January.", "He was tired because the train was late.", "Nobody met him at the station, so he took a taxi."]'
    holds - '.sentences[1] | .index == 1 and .start == 41 and .end == 81 and .segment == 0'
    holds - '.sentences[0].first_token == 1 and ([.sentences[].n_tokens] | add) == .meta.n_tokens - 2'
}

@test "isa.json: rows are mass, and what is missing lies outside" {
    ok isa --json "$TEXT"
    holds - '.method == "mean" and (.matrix | length) == 3'
    holds - '[.matrix, .outside] | transpose | all(.[]; (.[0] | add) + .[1] - 1 | fabs < 1e-6)'
    holds - 'all(.outside[]; . > 0 and . < 1)'
    # what a sentence depends on, and what depends on it, follow from the matrix
    holds - '.matrix as $m | .dependencies[1] | .weight == ([$m[1][0], $m[1][2]] | max)'
    holds - '.matrix as $m | .dependencies[1] | .weight == $m[1][.top]'
    holds - '.matrix as $m | .influences[2] | .weight == ([$m[0][2], $m[1][2]] | max) and .weight == $m[.top][2]'
    holds - '.matrix as $m | .spans[0].average - ($m[0][1] + 2 * $m[0][2]) / ($m[0][1] + $m[0][2]) | fabs < 1e-6'
}

@test "isa.csv and isa.json agree, and the pictures are there" {
    ok isa -o out "$TEXT"
    [ "$(head -n 1 out/isa.csv)" = "query,key,weight,query_text,key_text,ratio" ]
    [ "$(wc -l <out/isa.csv)" -eq 10 ]
    want=$(awk -F, '$1 == 2 && $2 == 0 { print $3 }' out/isa.csv)
    holds out/isa.json ".matrix[2][0] == $want"
    [ -s out/isa.png ]
    [ -s out/isa.svg ]
}

@test "a pair: the mean of its row sums is the cell" {
    for method in mean last_layer; do
        ok isa -o out --isa $method --format json,csv,svg --sentences 1,0 --sentences 2,2 "$TEXT"
        [ "$(head -n 1 out/isa_pair_1_0.csv)" = "query,key,query_token,key_token,weight" ]
        for pair in 1_0 2_2; do
            a=${pair%_*} b=${pair#*_}
            got=$(awk -F, 'NR > 1 { s += $NF; q[$1] } END { printf "%.12f", s / length(q) }' out/isa_pair_$pair.csv)
            holds out/isa.json ".matrix[$a][$b] - $got | fabs < 1e-7"
            [ -s out/isa_pair_$pair.svg ]
        done
        holds out/isa.json '.pairs[0] | .query == 1 and .key == 0 and (.map | length) == (.query_tokens | length)'
        holds out/isa.json '.matrix[1][0] - .pairs[0].weight | fabs < 1e-9'
    done
    ok isa --isa max --json --sentences 0,2 "$TEXT"
    holds - '.matrix[0][2] == ([.pairs[0].map[][]] | max) and all(.outside[]; . == null)'
}

@test "the matrix is that of the maps run writes" {
    shape
    ok run -o maps --mask none --min-weight 0 --format csv "$TEXT"
    ok isa --json "$TEXT"
    read -r first n < <(json - '.sentences[0] | "\(.first_token) \(.n_tokens)"')
    read -r first2 n2 < <(json - '.sentences[1] | "\(.first_token) \(.n_tokens)"')
    got=$(awk -F, -v a=$first -v n=$n -v b=$first2 -v m=$n2 -v heads=$((L * H)) '
        NR > 1 && $3 >= a && $3 < a + n && $4 >= b && $4 < b + m { s += $NF }
        END { printf "%.9f", s / n / heads }' maps/attention.csv)
    holds - ".matrix[0][1] - $got | fabs < 1e-6"
}

@test "one layer, one head" {
    shape
    ok isa --json "$TEXT"
    all=$(json - '.matrix[1][0]')
    sum=0
    for layer in $(seq 0 $((L - 1))); do
        ok isa --json --layer $layer "$TEXT"
        sum="$sum + $(json - '.matrix[1][0]')"
    done
    holds - "$all - ($sum) / $L | fabs < 1e-6"
    last=$(json - '.matrix[2][1]')
    ok isa --json --isa last_layer "$TEXT"
    holds - ".matrix[2][1] - $last | fabs < 1e-9"
    ok isa --json --layer 3 --head 2 "$TEXT"
    holds - '.layer == 3 and .head == 2'
    fails 1 isa --layer $L "$TEXT"
}

@test "a causal model looks back only" {
    ok isa -m atlas-gpt2 --json "$TEXT"
    holds - '.matrix[0][1] == 0 and .matrix[0][2] == 0 and .matrix[1][2] == 0 and .matrix[1][0] > 0'
    holds - '.dependencies[0].top == null and .influences[2].top == null and .spans[0].average == null'
    ok isa -m atlas-gpt2 "$TEXT"
    has "$output" '1\.0000       -       -'
}

@test "what is out of sight has no weight in its picture" {
    ok isa -m atlas-gpt2 --sentences 0,1 -o out --format json --dump-drawing "$TEXT"
    grep -q 'Sentence 0 looks at sentence 1: n/a, ' out/isa_pair_0_1.drawing.json
}

@test "one sentence is 1 by definition, no sentence is an empty matrix" {
    ok isa --json "Only this one"
    holds - '.matrix == [[1]] and .dependencies[0].top == null'
    has "$stderr" 'one sentence'
    ok isa --json "[MASK]"
    holds - '.matrix == [] and .sentences == []'
    has "$stderr" 'no token'
    ok isa -q -o out "[MASK]"
    [ "$(wc -l <out/isa.csv)" -eq 1 ]
    [ ! -e out/isa.png ]
}

@test "words: no mass is outside" {
    ok isa --words --json "$TEXT"
    holds - 'all(.outside[]; . < 1e-6) and .meta.words'
    holds - '.sentences[0] | .first_token == 0 and .n_tokens == 9'
}

@test "matrix modes: rollout is one map, columns are refused with the reason" {
    ok isa --matrix rollout --json "$TEXT"
    holds - '[.matrix, .outside] | transpose | all(.[]; (.[0] | add) + .[1] - 1 | fabs < 1e-5)'
    fails 2 isa --matrix col "$TEXT"
    has "$stderr" 'rows'
    fails 2 isa --matrix rollout --isa max "$TEXT"
    fails 2 isa --matrix rollout --head 1 --layer 1 "$TEXT"
    fails 2 isa --isa last_layer --layer 1 "$TEXT"
}

@test "own sentences: in order, blanks alike, the rest is left out" {
    printf 'Dr. Smith went\n\nto   Washington\nthe train was late.\n' >sentences
    ok isa --json --sentences-file sentences "$TEXT"
    holds - '[.sentences[].text] == ["Dr. Smith went", "to Washington", "the train was late."]'
    holds - '.sentences[1] | .start == 15 and .end == 28'
    # "in January. He was tired because" is in none of them
    holds - '.sentences[2].first_token - .sentences[1].first_token - .sentences[1].n_tokens >= 7'
    printf 'He was tired\nDr. Smith\n' >sentences
    fails 1 isa --sentences-file sentences "$TEXT"
    has "$stderr" "sentence 1 is not in the text, or not behind sentence 0: 'Dr. Smith'"
    printf 'Nobody.\n' >given
    fails 1 isa --sentences-file given "Dr. Smith came."
    has "$stderr" "given': sentence 0 is not in the text: 'Nobody.'"
    : >sentences
    fails 1 isa --sentences-file sentences "$TEXT"
    has "$stderr" "has no sentence"
    fails 2 isa --lines --sentences-file sentences -f sentences
}

@test "a pair of segments: the second one's sentences follow" {
    ok isa --json --pair "A dog barked. It rained." "The cat slept."
    holds - '[.sentences[].segment] == [0, 1, 1] and .sentences[1].start == 0'
    printf 'The cat slept.\nA dog barked.\n' >sentences
    ok isa --json --pair "A dog barked. It rained." --sentences-file sentences "The cat slept."
    holds - '[.sentences[].segment] == [0, 1]'
}

@test "bad pairs" {
    fails 2 isa --sentences 1 "$TEXT"
    fails 2 isa --sentences 1,b "$TEXT"
    fails 2 isa --sentences 1,2,3 "$TEXT"
    fails 1 isa --sentences 0,3 "$TEXT"
    has "$stderr" "outside the text's 3"
}

@test "many texts: a row for each, and their mean" {
    printf '%s\nThe cat sat. The dog ran.\nOnly one.\n' "$TEXT" >texts
    ok isa --lines --each -f texts -o out --format csv,json --sentences 1,0
    [ -s out/1/isa_pair_1_0.csv ]
    [ ! -e out/3/isa_pair_1_0.csv ]
    [ "$(head -n 1 out/texts.csv)" = "model,text_id,n_tokens,id,number,run_id,n_sentences,own,previous,next,outside,avg_dependency,avg_span,text" ]
    [ "$(cut -d, -f7 out/texts.csv | tr '\n' ' ')" = "n_sentences 3 2 1 " ]
    [ "$(head -n 1 out/corpus.csv)" = "model,metric,mean,low,high,n,sd,min,max,run_id" ]
    has "$(grep n_sentences out/corpus.csv)" '^atlas-bert,n_sentences,2,[^,]+,[^,]+,3,'
    # one sentence alone has nothing before it: two texts count
    has "$(grep previous out/corpus.csv)" '^atlas-bert,previous,[^,]+,[^,]+,[^,]+,2,'
    has "$(grep own out/corpus.csv)" '^atlas-bert,own,[^,]+,[^,]+,[^,]+,2,'
    want=$(awk -F, 'NR > 1 && $9 != "" { s += $9; n++ } END { printf "%.7f", s / n }' out/texts.csv)
    [ "$(awk -F, '$2 == "previous" { printf "%.7f", $3 }' out/corpus.csv)" = "$want" ]
}

@test "a capture gives what the model gives" {
    ok run -o first --mask none --format json "$TEXT"
    ok isa --json "$TEXT"
    want=$(json - '[.matrix, .sentences]')
    ok isa --json --from first
    [ "$(json - '[.matrix, .sentences]')" = "$want" ]
    printf '%s\nThe cat sat. The dog ran.\n' "$TEXT" >texts
    ok run -o many --mask none --lines -f texts --format json
    ok isa --from many -o tables --format csv
    [ "$(wc -l <tables/texts.csv)" -eq 3 ]
}

@test "the small models' documents stay as they are" {
    for name in bert gpt2; do
        ok isa -m "$FIXTURES/tiny-$name" --json --digits 5 --sentences 1,0 "A cat. A dog."
        output=$(jq -S 'del(.meta.versions.atlas)' <<<"$output")
        golden isa-tiny-$name.json
    done
}

@test "every key and column is in atlas-output(5)" {
    manual atlas-output.5 | tr -cs 'a-z0-9_' '\n' | sort -u >documented
    printf '%s\nOne. Two.\n' "$TEXT" >texts
    ok isa --lines --each -f texts -o out --format json,csv --sentences 0,1
    jq -r '[paths | map(select(type == "string"))] | flatten | unique[]' out/1/isa.json >keys
    head -qn 1 out/*.csv out/1/*.csv | tr ',' '\n' >>keys
    [ "$(sort -u keys | wc -l)" -gt 40 ]
    missing=$(sort -u keys | grep -vxFf documented || :)
    [ -z "$missing" ] || fail "not in atlas-output(5):" "$missing"
}

@test "the narrowest picture has room for its matrix" {
    for text in 'the cat' "$(for i in $(seq 20); do printf 'The cat %d sat on the mat. ' "$i"; done)"; do
        rm -rf out
        ok isa -q --width-mm 40 --dpi 30 --truncate -o out "$text"
        [ -s out/isa.png ]
    done
}

@test "a pair of sentences that is given twice is written once" {
    ok isa --sentences 1,0 --sentences 0,1 --sentences 1,0 -o out --format json,csv "$TEXT"
    holds out/isa.json '[.pairs[] | [.query, .key]] == [[1, 0], [0, 1]]'
    holds out/manifest.json '[.outputs[].path] | length == (unique | length)'
}

@test "sentences by the rules of the text's language, told or given" {
    ok isa --json 'Wir trinken etwas, z. B. Wasser. Es ist kalt.'
    holds - '[.sentences[].text] == ["Wir trinken etwas, z. B. Wasser.", "Es ist kalt."]'
    ok isa --json '« Bonjour ! », dit-il. Puis il sortit.'
    holds - '[.sentences[].text] == ["« Bonjour ! », dit-il.", "Puis il sortit."]'
    ok isa --json 'She left at 6 P.M. Mr. Brown stayed. Yahoo! is not a bank. Call 800.ACME.NOW or write.'
    holds - '.sentences | length == 4'
    ok isa --json '“这是对的。”他说。那也是。'
    holds - '[.sentences[].text] == ["“这是对的。”他说。", "那也是。"]'
    ok isa --json --language fr 'See Fig. Five. The end.'
    holds - '.sentences | length == 3'
    fails 1 isa --language xx 'A cat. A dog.'
    has "$stderr" "no rules for sentences of 'xx' in '.*': there are de, en, es, fr, it, ja, zh"
}

@test "a sentence alone: its share is 1 by definition, and that is said" {
    ok isa -o out --format svg --dump-drawing "The cat sat."
    grep -q 'its share is 1 by definition' out/isa.drawing.json
    ok isa "The cat sat."
    has "$output" 'its share is 1 by definition'
}
