load helper

MASKED="The nurse said that [MASK] was late."

@test "every method has its text, its heads and its scatter; together bars, agreement and curves" {
    ok faith -o out --format json,svg --dump-drawing --methods ig,attention --draws 3 --steps 4 \
        --target she --foil he "$MASKED"
    for name in text heads scatter; do
        [ -s out/${name}_ig.svg ] && [ -s out/${name}_attention.svg ]
    done
    for name in attributions agreement comprehensiveness sufficiency ablation ablation_elbow direct \
        patching summary; do
        [ -s out/$name.svg ]
    done
    grep -q "why 'she' and not 'he' at token 5" out/text_ig.drawing.json
    # signed scores have 0 in the middle, weights begin at 0
    grep -q 'orange raises F, blue lowers it' out/text_ig.drawing.json
    run -1 grep -q 'orange raises F' out/text_attention.drawing.json
    grep -q 'random orders' out/comprehensiveness.drawing.json
    grep -q '"bands"' out/comprehensiveness.drawing.json
}

@test "the summary is one page, in PDF too" {
    ok faith -o out --format pdf --methods ig,leave_one_out --draws 2 --steps 4 --ablate none "$MASKED"
    [ "$(head -c 4 out/summary.pdf)" = %PDF ]
    [ "$(grep -ac '/Type /Page$' out/summary.pdf)" -le 1 ]
    [ ! -e out/ablation.pdf ]
}

@test "a text of one token, and other scripts" {
    ok faith -o one --format svg --methods ig,alti --draws 2 --steps 2 -m "$FIXTURES/tiny-gpt2" "a"
    [ -s one/text_ig.svg ] && [ -s one/summary.svg ]
    ok faith -o out --format svg --methods leave_one_out --draws 0 --ablate none "قالت [MASK] 护士"
    [ -s out/attributions.svg ]
}

@test "in a terminal the text is coloured when colour is asked for" {
    ok faith --color always --methods leave_one_out --draws 0 --ablate none "$MASKED"
    has "$output" $'\033\\[48;5;[0-9]+m.*nurse'
    ok faith --color never --methods leave_one_out --draws 0 --ablate none "$MASKED"
    lacks "$output" $'\033'
}
