load helper

# Classifiers of whole texts, classifiers of tokens with labels of one's own, sentence-transformers.
# The oracle's numbers are of transformers and numpy (scripts/outside/make-class-oracles.py).
ORACLE=$FIXTURES/oracle/classes.json
CLASSES=$FIXTURES/tiny-electra-classes

# close EXPRESSION - jq's pairs [got, want] of numbers in $output and, as $want, the oracle agree.
close() {
    jq -n --slurpfile want "$ORACLE" --argjson got "$output" \
        "\$want[0] as \$want | \$got as \$got | $1 | length > 0 and all(.[]; .[0] - .[1] | fabs < 1e-5)" |
        grep -qx true || fail "differs from the oracle: $1" "$output"
}

# problem TYPE - a copy of the classifier with that problem_type, in ./TYPE.
problem() {
    cp -r "$CLASSES" "$1"
    jq ".problem_type = \"$1\"" "$CLASSES/config.json" >"$1/config.json"
}

# sentence_transformer DIR MODE [NORMALIZE] - tiny-bert with a pooling of its own.
sentence_transformer() {
    mkdir -p "$1/0_Transformer" "$1/1_Pooling"
    cp "$FIXTURES"/tiny-bert/* "$1/0_Transformer"
    jq -n --argjson more "${3:-[]}" '[{"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}] + $more' >"$1/modules.json"
    jq -n "{word_embedding_dimension: 8, pooling_mode_$2: true}" >"$1/1_Pooling/config.json"
}

@test "run tells the classes of a text, as their makers do" {
    ok run --mask none --json -m "$CLASSES" "the cat sat"
    holds - '[.classes[] | keys] | all(.[]; . == ["label", "logit", "p"])'
    close '[[$got.classes[].logit], $want.classes["tiny-electra-classes"][0].logit] | transpose'
    close '[[$got.classes[].p], $want.classes["tiny-electra-classes"][0].softmax] | transpose'
    ok run --mask none -o out --format csv,json -m "$CLASSES" "the cat sat"
    [ "$(head -n 1 out/classes.csv)" = "label,p,logit,value" ]
    [ "$(cut -d, -f1 out/classes.csv | tr '\n' ' ')" = "label low middle high " ]
    ok run --mask none -m "$CLASSES" "the cat sat"
    has "$output" "high +p 0.4691  logit 0.146"
    ok run --mask none --json -m "$FIXTURES/tiny-bert" "the cat sat"
    holds - 'has("classes") | not'
}

@test "classes that do not exclude one another, and values" {
    problem multi_label_classification
    ok run --mask none --json -m multi_label_classification "the cat sat"
    close '[[$got.classes[].p], $want.classes["tiny-electra-classes"][0].sigmoid] | transpose'
    problem regression
    ok run --mask none --json -m regression "the cat sat"
    holds - '[.classes[] | keys] | all(.[]; . == ["label", "value"])'
    close '[[$got.classes[].value], $want.classes["tiny-electra-classes"][0].logit] | transpose'
}

@test "faith explains a class, one of several and a value" {
    ok faith --methods ig --class low --ablate none --json -m "$CLASSES" "the cat sat"
    holds - '.target.kind == "class"'
    close '[[$got.target.value, ($want.classes["tiny-electra-classes"][0].softmax[0] | log)]]'
    problem multi_label_classification
    ok faith --methods ig --class low --ablate none --json -m multi_label_classification "the cat sat"
    close '[[$got.target.value, ($want.classes["tiny-electra-classes"][0].sigmoid[0] | log)]]'
    problem regression
    ok faith --methods ig,gradient_x_input --class low --ablate none --json -m regression "the cat sat"
    holds - '.target.kind == "regression" and ([.attributions.ig[] | . * .] | add) > 0'
    close '[[$got.target.value, $want.classes["tiny-electra-classes"][0].logit[0]]]'
}

@test "compare tells what both say of each class" {
    ok compare -m "$CLASSES" --json --with "the dog" "the cat sat"
    close '[[[$got.classes[].a], $want.classes["tiny-electra-classes"][0].softmax], [[$got.classes[].b], $want.classes["tiny-electra-classes"][1].softmax]] | map(transpose) | add'
    holds - '.classes | all(.[]; .difference - (.a - .b) | fabs < 1e-8)'
}

@test "bias detect: labels of any classifier are given roles" {
    tagger=$FIXTURES/small/models/atlas-tagger
    label=$(jq -r '.id2label | to_entries | map(.value) | map(select(startswith("ner:B-"))) | .[0]' "$tagger/config.json")
    [ -n "$label" ]
    fails 1 bias detect -m "$tagger" "The cat sat."
    has "$stderr" "not a bias classifier"
    ok bias detect -m "$tagger" --labels "$label=GEN" --threshold 0 --json "The cat sat."
    holds - '[.tokens[] | select(.special | not) | .labels] | add | unique == ["GEN", "STEREO", "UNFAIR"]'
    ok bias detect -m "$tagger" --labels "$label=GEN" --json "The cat sat."
    holds - 'all(.tokens[]; .scores.UNFAIR == 0 and .scores.STEREO == 0) and any(.tokens[]; .scores.GEN > 0)'
    want=$(jq -c '[.tokens[].scores.GEN]' <<<"$output")
    printf '# roles\n%s = GEN\n' "$label" | sed 's/ = /=/' >roles
    ok bias detect -m "$tagger" --labels roles --json "The cat sat."
    [ "$(jq -c '[.tokens[].scores.GEN]' <<<"$output")" = "$want" ]
    fails 1 bias detect -m "$tagger" --labels nothing=GEN "The cat sat."
    has "$stderr" "no label 'nothing'"
    fails 1 bias detect -m "$tagger" --labels "$label=BAD" "The cat sat."
    has "$stderr" "no role 'BAD'"
    fails 2 bias detect -m "$tagger" --labels "$label=GEN" --ensemble atlas-bias "The cat sat."
}

@test "heads: a tagger of one's own" {
    cp -rL "$FIXTURES/small/models/atlas-tagger" mine
    jq '.id2label |= with_entries(.value = "B-E" + .key)' "$FIXTURES/small/models/atlas-tagger/config.json" >mine/config.json
    ok heads --tagger mine --json "The cat sat."
    holds - 'all(.tokens[1:-1][]; .entity | test("^E[0-9]+$"))'
}

@test "sentence-transformers: every pooling" {
    local key
    for key in cls:cls_token max:max_tokens mean:mean_tokens mean_sqrt_len:mean_sqrt_len_tokens weightedmean:weightedmean_tokens lasttoken:lasttoken; do
        sentence_transformer "st-${key%:*}" "${key#*:}"
        ok run --mask none --json -m "st-${key%:*}" "the cat sat"
        holds - ".embedding | .pooling == \"${key%:*}\" and .dimensions == 8 and .normalized == false"
        close "[[\$got.embedding.values], [\$want.embedding.values[\"${key%:*}\"]]] | transpose | map(transpose) | add"
        ok run --mask none --json -m "st-${key%:*}" --pair "the dog" "the cat sat"
        close "[[\$got.embedding.cosine, \$want.embedding.cosine[\"${key%:*}\"]], [\$got.embedding.norm, \$want.embedding.norm[\"${key%:*}\"]]]"
    done
    has "$(atlas run --mask none -m st-mean "the cat sat")" "embedding of 8 dimensions, mean of the final states"
}

@test "sentence-transformers: normalized, and what is not known is named" {
    sentence_transformer st mean_tokens '[{"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]'
    ok run --mask none --json -m st "the cat sat"
    holds - '.embedding | .normalized and ([.values[] | . * .] | add - 1 | fabs < 1e-6)'
    close '[[$got.embedding.norm, $want.embedding.norm.mean]]'
    sentence_transformer dense mean_tokens '[{"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"}]'
    ok run --mask none --json -m dense "the cat sat"
    has "$stderr" "no embedding of texts: module 2, sentence_transformers.models.Dense '2_Dense' is not implemented"
    holds - 'has("embedding") | not'
    sentence_transformer odd other_tokens
    fails 1 run -m odd "the cat sat"
    has "$stderr" "1_Pooling/config.json: 'pooling_mode_other_tokens' is not known"
    sentence_transformer none mean_tokens
    jq '.pooling_mode_mean_tokens = false' none/1_Pooling/config.json >x && mv x none/1_Pooling/config.json
    fails 1 run -m none "the cat sat"
    has "$stderr" "has no pooling mode"
}
