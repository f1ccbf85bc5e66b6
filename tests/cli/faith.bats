load helper

MASKED="The nurse said that [MASK] was late."
QUICK="--methods gradient_x_input --draws 0 --ablate none"

@test "faith.json names the target and has a score for each token" {
    ok faith --json $QUICK "$MASKED"
    holds - '.target | .kind == "token" and .index == 5 and .foil == null and .value < 0'
    holds - '.attributions.gradient_x_input | length == 10 and all(. != null)'
    holds - '[.tokens[].index] == [range(10)] and .tokens[5].token == "[MASK]"'
    # what the model expects is what `atlas run` says it expects
    want=$(json - '[.target.token, .target.value]')
    ok run --json "$MASKED"
    holds - ".predictions[0].top[0] | .token == ($want)[0] and ((.p | log) - ($want)[1] | fabs) < 1e-5"
}

@test "a contrast is the difference of two log-probabilities" {
    for token in she he; do
        ok faith --json $QUICK --target $token "$MASKED"
        eval $token="$(json - .target.value)"
        holds - ".target | .kind == \"token\" and .token == \"$token\""
    done
    ok faith --json $QUICK --target she --foil he "$MASKED"
    holds - ".target | .kind == \"contrast\" and .foil == \"he\" and (.value - ($she - $he) | fabs) < 1e-5"
}

@test "targets: likelihood, labels, class, pooled norm" {
    ok faith --json $QUICK --explain likelihood "The nurse was late."
    holds - '.target | .kind == "likelihood" and .index == null and .token == null'
    ok faith --json $QUICK --explain pooled_norm "The nurse was late."
    holds - '.target | .kind == "pooled_norm" and .value > 0'
    ok faith --json $QUICK -m atlas-bias "The nurse was late."
    all=$(json - .target.value)
    sum=0
    for label in GEN UNFAIR STEREO; do
        ok faith --json $QUICK -m atlas-bias --class $label "The nurse was late."
        holds - ".target | .kind == \"label\" and .token == \"$label\""
        sum="$sum + $(json - .target.value)"
    done
    jq -en "$all - ($sum) | fabs < 1e-5"
    ok faith --json $QUICK -m atlas-bias --class B-GEN --position 1,2 "The nurse was late."
    ok faith --json $QUICK --explain class --class not_next "The nurse was late." --pair "She slept."
    holds - '.target | .kind == "class" and .index == 0 and .token == "not_next"'
}

@test "a classifier of whole texts: the class that is most probable, or a named one" {
    mkdir texts
    cp "$FIXTURES"/tiny-detector/* texts
    jq '.architectures = ["GPT2ForSequenceClassification"] | del(.problem_type, .label_thresholds)' \
        "$FIXTURES/tiny-detector/config.json" >texts/config.json
    ok faith --json $QUICK -m texts "a cat sat."
    holds - '.target | .kind == "class" and .index == 5 and .token != null'
    value=$(json - .target.value)
    sum=0
    for label in O B-STEREO I-STEREO B-GEN I-GEN B-UNFAIR I-UNFAIR; do
        ok faith --json $QUICK -m texts --class $label "a cat sat."
        holds - ".target.value <= $value + 1e-6"
        sum="$sum + ($(json - .target.value) | exp)"
    done
    jq -en "$sum - 1 | fabs < 1e-5"
    fails 1 faith -m texts --class RACE "a cat sat."
    has "$stderr" "no label 'RACE'; it has O, "
}

@test "attributions.csv and faith.json agree" {
    ok faith -o out --format json,csv $QUICK --target she --foil he "$MASKED"
    [ "$(head -n 1 out/attributions.csv)" = "index,token,method,score,label" ]
    want=$(awk -F, '$1 == 2 && $3 == "gradient_x_input" { print $4 }' out/attributions.csv)
    holds out/faith.json ".attributions.gradient_x_input[2] == $want"
}

@test "a causal model: the next token, a word with its space before it" {
    built_in
    ok faith --json $QUICK -m atlas-gpt2 --target she "The nurse said that"
    holds - '.target | .index == 3 and .token == "Ġshe" and .token_label == "she" and .foil_label == null'
    ok faith $QUICK -m atlas-gpt2 --target she --foil he "The nurse said that" -o out --format json,svg --dump-drawing
    grep -q "why 'she' and not 'he' at token 3" out/*.drawing.json
    # the text as it is spaced: what follows without a space stands closer than a word does
    ok faith $QUICK --target she --foil he "The nurse, who [MASK] met." -o close --format json --dump-drawing
    jq -r '.groups[] | select(.name == "tokens") | .items[] | select(.kind == "text") | [.text, .corners[0], .corners[2]] | @tsv' \
        close/text_gradient_x_input.drawing.json >places
    awk -F'\t' '{ gap[$1] = $2 - end; end = $3 } END { exit !(gap[","] < gap["who"] - 0.5) }' places
    ! grep -q 'Ġ' out/*.drawing.json || fail 'a raw piece in a picture'
    ok faith $QUICK -m atlas-gpt2 --target she "The nurse said that"
    has "$output" "token 'she' at token 3 \('that'\)"
}

@test "bad input is one line" {
    fails 1 faith --target unlikelyness "$MASKED"
    has "$stderr" "'unlikely' \+ '##ness'"
    fails 1 faith --position 10 "$MASKED"
    has "$stderr" "--position 10 is outside the text's 10 tokens \(0 to 9\)"
    fails 1 faith --target she -m atlas-bias "The nurse was late."
    has "$stderr" 'no language-model head'
    fails 1 faith -m atlas-bias --class RACE "The nurse was late."
    has "$stderr" "no label 'RACE'; it has O, "
    fails 1 faith --target she --foil she "$MASKED"
    fails 2 faith --target she --class GEN "$MASKED"
    fails 2 faith --methods gradient_input "$MASKED"
    has "$stderr" "do you mean 'gradient_x_input'"
    fails 2 faith --from out
    fails 1 faith -m "$FIXTURES/tiny-gpt2" --methods ig,leave_one_out_mask "the cat"
    has "$stderr" 'no scores by leave_one_out_mask: the vocabulary has no mask token'
    mkdir nan
    cp "$FIXTURES"/tiny-bert/*.{json,txt} nan
    n=$(od -An -tu8 -N8 "$FIXTURES/tiny-bert/model.safetensors")
    head -c $((n + 8)) "$FIXTURES/tiny-bert/model.safetensors" >nan/model.safetensors
    head -c 20000 /dev/zero | tr '\0' '\377' | head -c $(($(stat -c %s "$FIXTURES/tiny-bert/model.safetensors") - n - 8)) >>nan/model.safetensors
    fails 1 faith -m nan "the cat [MASK]"
    has "$stderr" 'not finite|nan'
}

@test "a token in sight is warned about" {
    ok faith $QUICK "The nurse was late."
    has "$stderr" "token 5, '.', is in sight"
    ok faith $QUICK --position 2 "The nurse was late."
    has "$stderr" "token 2, 'nurse', is in sight"
    ok faith $QUICK "$MASKED"
    [ -z "$stderr" ]
}

@test "integrated gradients add up, more nodes better" {
    ok faith --json --ablate none --draws 0 --methods ig --target she --foil he "$MASKED"
    holds - '.completeness.residual < 0.05 and .completeness.steps >= 16'
    ok faith --json --ablate none --draws 0 --methods ig --steps 64 --target she --foil he "$MASKED"
    holds - '.completeness.residual < 1e-3 and .completeness.steps == 64'
    ok faith --json --ablate none --draws 0 --methods ig --keep-special --baseline zero --target she --foil he "$MASKED"
    holds - '.attributions.ig | .[0] == 0 and .[5] == 0 and .[9] == 0 and .[1] != 0'
    fails 1 faith -m "$FIXTURES/models/atlas-gpt2" --baseline pad "The nurse said that"
    has "$stderr" "the vocabulary has no pad token"
}

@test "agreement: a row for each head and method, one for each two methods" {
    ok faith -o out --ablate none --format json,csv --draws 0 --target she --foil he "$MASKED"
    shape
    methods=$(json out/faith.json '.methods | length')
    [ "$(head -n 1 out/heads.csv)" = "layer,head,method,rho,p,q,jaccard,rbo,rho_text,p_text,q_text" ]
    [ "$(head -n 1 out/agreement.csv)" = "method_a,method_b,rho,p,q,jaccard,rbo" ]
    [ "$(wc -l <out/heads.csv)" -eq $((1 + L * H * methods)) ]
    [ "$(wc -l <out/agreement.csv)" -eq $((1 + methods * (methods - 1) / 2)) ]
    holds out/faith.json 'all(.heads[]; .rho == null or (.p <= .q and .rho <= 1 and .rbo <= 0.40951001))'
    # the mean over heads, and an answer only when its interval is on one side of 0.5
    holds out/faith.json '(.summary.mean_rho.ig | .mean) - ([.heads[] | select(.method == "ig") | .rho] | add / length) | fabs < 1e-6'
    holds out/faith.json 'all(.summary.mean_rho[]; .over == "heads" and (if .low > 0.5 then .exceeds_half == "yes" elif .high < 0.5 then .exceeds_half == "no" else .exceeds_half == "undecided" end))'
}

@test "curves: ERASER's shares, random orders beside them" {
    ok faith -o out --ablate none --format json,csv --methods ig,leave_one_out --draws 5 --target she --foil he "$MASKED"
    [ "$(head -n 1 out/curves.csv | cut -d, -f1-4)" = "method,k,comprehensiveness,sufficiency" ]
    [ "$(cut -d, -f1,2 out/curves.csv | grep -c '^\(ig\|leave_one_out\|random\),\(1\|5\|10\|20\|50\)$')" -eq 15 ]
    holds out/faith.json '.areas[0].comprehensiveness - ([.curves[] | select(.method == "ig") | .comprehensiveness] | add / 5) | fabs < 1e-6'
    # the first token to go is the one with the highest score, which leave-one-out has seen go
    holds out/faith.json '([.attributions.leave_one_out[1:5][], .attributions.leave_one_out[6:9][]] | max) - .curves[5].comprehensiveness | fabs < 1e-5'
    ok faith --json --ablate none --methods ig --draws 0 "$MASKED"
    holds - '.curves == [] and .areas == []'
}

@test "a text of one token, and others without anything to compare" {
    ok faith --json -m "$FIXTURES/tiny-gpt2" "a"
    holds - '.tokens | length == 1'
    holds - 'all(.heads[]; .rho == null and .p == null and .jaccard == null)'
    holds - '.summary.mean_rho.ig | .mean == null and .n == 0 and .exceeds_half == null'
    fails 1 faith -m "$FIXTURES/tiny-gpt2" --explain likelihood "a"
    has "$stderr" 'no token whose likelihood'
    ok faith --json --ablate none --methods ig "[MASK]"
    holds - 'all(.curves[]; .comprehensiveness == null) and all(.heads[]; .rho_text == null)'
}

@test "many texts: means over them, with intervals" {
    printf '%s\n' "The nurse said that [MASK] was late." "The doctor is [MASK]." "She saw [MASK] there." >texts
    ok faith -o out --ablate none --format json,csv --lines -f texts --methods ig,gradient_x_input --draws 2 --steps 4
    shape
    [ "$(head -n 1 out/texts.csv | cut -d, -f1-10)" = "model,text_id,n_tokens,kind,index,token,token_label,foil,foil_label,value" ]
    [ "$(wc -l <out/texts.csv)" -eq 4 ]
    [ "$(wc -l <out/methods.csv)" -eq 7 ]
    [ "$(head -n 1 out/corpus.csv | cut -d, -f1-8)" = "model,layer,head,metric,mean,low,high,n" ]
    [ "$(grep -c ,rho, out/corpus.csv)" -eq $((2 * L * H)) ]
    [ "$(grep -c ',agreement,.*,ig,gradient_x_input$' out/corpus.csv)" -eq 1 ]
    holds out/summary.json '.n_texts == 3 and (.summary.mean_rho.ig | .n == 3 and .over == "texts" and .low <= .mean and .mean <= .high)'
    mean=$(awk -F, '$3 == "ig" { s += $4 } END { print s / 3 }' out/methods.csv)
    holds out/summary.json ".summary.mean_rho.ig.mean - $mean | fabs < 1e-5"
    ok faith --json --ablate none --lines -f texts --methods ig --draws 0 --steps 4
    [ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "--sanity: layers become random from the top" {
    ok faith -o out --ablate none --format json,csv --methods leave_one_out,attnlrp --draws 0 --sanity --target she "$MASKED"
    shape
    [ "$(head -n 1 out/sanity.csv)" = "method,n_layers,rho,rho_signed" ]
    [ "$(wc -l <out/sanity.csv)" -eq $((1 + 2 * L)) ]
    holds out/faith.json '[.sanity[].n_layers] | unique == [range(1; '$((L + 1))')]'
    holds out/faith.json 'all(.sanity[]; .rho >= -1 and .rho <= 1) and any(.sanity[]; .rho < 0.999)'
    cp out/sanity.csv first
    ok faith -o out --ablate none --format json,csv --methods leave_one_out,attnlrp --draws 0 --sanity --target she "$MASKED"
    cmp out/sanity.csv first
}

@test "a baseline that only the model's config names" {
    ok faith -m "$FIXTURES/decoders/llama" --json --ablate none --draws 0 --methods ig "the cat sat"
    holds - '.target.value != null and (.attributions.ig | length == 4)'
    fails 1 faith -m "$FIXTURES/decoders/llama" --ablate none --draws 0 --methods ig --baseline mask "the cat"
    has "$stderr" 'the vocabulary has no mask token for a baseline'
}
