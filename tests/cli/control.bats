# control.bats - what texts, models and arguments hold is shown, never sent to the terminal.
load helper

TINY=$FIXTURES/tiny-bert
# C0, DEL, C1 and what turns the order of letters around
HOSTILE=$(printf '\033]0;title\a\033[31m\177\302\233\342\200\256')

# quiet TEXT - none of the characters above is in it.
quiet() {
    lacks "$1" $'[\x01-\x08\x0b-\x1f\x7f]'
    lacks "$1" $'\u009b|\u202e'
}

# shown ARG... - the call ends well, and says such things in numbers only.
shown() {
    ok "$@"
    quiet "$output"
    quiet "$stderr"
    has "$output" '<U\+001B>'
}

@test "texts and their sentences" {
    printf 'The woman %s slept. A man did not.\n' "$HOSTILE" >text
    for c in 'bias detect' isa 'bias swap' 'isa -m atlas-gpt2'; do
        shown $c -f text
    done
    shown bias detect --color always --threshold 1 -f text
}

@test "categories, terms, relations" {
    printf 'a\tb\tcategory\nA man.\tA woman.\t%s\n' "$HOSTILE" >pairs.tsv
    shown bias pairs pairs.tsv
    printf 'term\tcounterpart\tcategory\tgate\nman\tw%s\tg\t\n' "$HOSTILE" >terms
    shown bias swap --terms terms 'A man.'
    printf '1\tThe\tthe\tDET\t_\t_\t2\tdet\033[31m\t_\t_\n2\tcats\tcat\tNOUN\t_\t_\t0\troot\t_\t_\n\n' >trees
    shown heads --conllu trees --min-words 1
}

@test "a model's names" {
    cp -r "$TINY" m
    jq '.architectures = ["BertFor\u001b[31m\u009bPreTraining"]' "$TINY/config.json" >m/config.json
    awk -v esc="$HOSTILE" '$0 == "cat" { $0 = $0 esc } 1' "$TINY/vocab.txt" >m/vocab.txt
    for c in 'model info m' 'model check m' 'run -m m --mask all --top-k 67 the'; do
        ok $c
        quiet "$output"
        quiet "$stderr"
    done
    has "$output" 'cat<1B>\]0;title<07><1B>\[31m<7F><U\+009B><U\+202E>' # a label's own way
}

@test "arguments in messages" {
    for call in "$HOSTILE" "run --x$HOSTILE" "run --matrix $HOSTILE cat" "run --layer $HOSTILE cat" "help $HOSTILE" \
        "bias $HOSTILE" "metrics --explain $HOSTILE" "completion $HOSTILE"; do
        fails 2 $call
        quiet "$stderr"
    done
    fails 1 run -m "$HOSTILE" cat
    quiet "$stderr"
    fails 1 run -f "$HOSTILE"
    [ "$stderr" = "atlas run: cannot open '<U+001B>]0;title<U+0007><U+001B>[31m<U+007F><U+009B><U+202E>': No such file or directory" ]
    fails 1 run -m "$TINY" -f $'\u200f'
}

@test "JSON escapes them: the same text is read again" {
    ok bias detect --json "A $HOSTILE woman."
    quiet "$output"
    [ "$(json - .meta.text)" = "A $HOSTILE woman." ]
}

@test "colours are our own, and characters are whole at the ends of blocks" {
    ok run --mask none --color always 'The cat sat.'
    has "$output" $'\033\\[48;5;[0-9]+m  \033\\[0m'
    for x in x xx xxx; do
        text=$x$(printf '\uac00%.0s' $(seq 4000)) # one word, of three bytes a letter
        ok bias swap -m "$TINY" "$text"
        [ "${output%%$'\n'*}" = "$text" ] || fail "$x"
    done
}
