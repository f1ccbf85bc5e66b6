# usage.bats - the shape of a call: help, version, typos, bounds, exit statuses.
load helper

commands() {
    atlas help | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

@test "no command: the list of commands, status 2" {
    fails 2
    has "$stderr" 'run'
}

@test "help lists every command, and each command helps in three ways" {
    ok help
    for c in $(commands); do
        has "$output" "  $c "
    done
    [ "$(commands | wc -l)" -ge 3 ]
    for c in $(commands); do
        ok help "$c"
        said=$output
        has "$said" "^usage: atlas $c"
        ok "$c" -h
        [ "$output" = "$said" ]
        ok "$c" --help
        [ "$output" = "$said" ]
    done
}

@test "version" {
    version=$(cat "$ROOT/lib/base/VERSION")
    ok --version
    [ "$output" = "atlas $version" ]
    ok version
    [ "$output" = "atlas $version" ]
    ok version --build
    has "$output" 'OpenBLAS'
}

@test "a typo names what is nearest" {
    fails 2 rum
    has "$stderr" "'rum'"
    has "$stderr" "'?run'?"
    fails 2 run --mdoel x cat
    has "$stderr" 'mdoel'
    fails 2 help rum
    has "$stderr" "'rum'"
}

@test "numbers are checked: not a number, out of bounds, both with what is wanted" {
    for bad in x 1x '' -1 99999999999999999999; do
        fails 2 run --tree-depth "$bad" cat
        has "$stderr" 'tree-depth'
    done
    fails 2 run --flow-threshold 2 cat
    has "$stderr" 'flow-threshold.*1'
    fails 2 run --flow-threshold nan cat
    has "$stderr" 'flow-threshold'
    fails 2 run --matrix sideways cat
    has "$stderr" 'raw.*col.*rollout'
}

@test "an option without its value, a value for a flag" {
    fails 2 run --model
    has "$stderr" 'model'
    fails 2 run --words=yes cat
    has "$stderr" 'words'
}

@test "an unknown letter, a name cut too short and a value for a flag are called what they are" {
    fails 2 run --deep -zq cat
    [ "$stderr" = "atlas run: unknown option '-z'" ]
    fails 2 run cat -q -é
    [ "$stderr" = "atlas run: unknown option '-é'" ]
    fails 2 run --w cat
    [ "$stderr" = "atlas run: '--w' is short for several options: --window, --words, --width-mm" ]
    fails 2 run --wor=yes cat
    [ "$stderr" = "atlas run: --words takes no argument" ]
    fails 2 run --help=run
    [ "$stderr" = "atlas run: --help takes no argument" ]
}

@test "help tells the defaults, whatever is given before it" {
    ok run -h
    said=$output
    ok run --digits 3 --matrix=col -o out --top-k 7 cat -h
    [ "$output" = "$said" ]
    ok run --list-options
    said=$output
    ok run --digits 3 --matrix=col -o out --top-k 7 cat --list-options
    [ "$output" = "$said" ]
}

@test "a layer or head the model does not have is an error with its range" {
    fails 1 run -m "$FIXTURES/tiny-bert" --layer 2 --head 0 cat
    has "$stderr" '2'
    fails 1 run -m "$FIXTURES/tiny-bert" --layer 0 --head 7 cat
    has "$stderr" '7'
}

@test "what can be told from the call alone is wrong usage, with or without a model" {
    for c in run metrics heads isa 'bias attention'; do
        fails 2 $c -m nowhere --head 1 'the cat'
        [ "$stderr" = "atlas $c: --head 1 needs --layer N or --layer all" ]
        fails 2 $c -m nowhere --layer mean --head 0 'the cat'
        has "$stderr" '^atlas [a-z ]*: --head 0 needs --layer N or --layer all$'
        for bad in x '' -1 1x; do
            fails 2 $c -m nowhere --layer "$bad" 'the cat'
            [ "$stderr" = "atlas $c: --layer takes a number, all or mean, not '$bad'" ]
            fails 2 $c -m nowhere --layer 0 --head "$bad" 'the cat'
            [ "$stderr" = "atlas $c: --head takes a number, all or mean, not '$bad'" ]
        done
    done
    for c in run metrics heads isa cluster 'bias attention'; do
        fails 2 $c -m '' cat
        [ "$stderr" = "atlas $c: --model takes a name or a directory, not ''" ]
        fails 2 $c --from ''
        [ "$stderr" = "atlas $c: --from takes a directory, not ''" ]
    done
    for bad in '' 1, 3-1; do
        fails 2 run -m nowhere --mask "$bad" cat
        [ "$stderr" = "atlas run: --mask takes auto, all, none or tokens like 3,5-7 or cat, not '$bad'" ]
        fails 2 bias attention -m nowhere --tokens "$bad" cat
        [ "$stderr" = "atlas bias attention: --tokens takes tokens like 2,5-7 or women, not '$bad'" ]
    done
    fails 2 model list x
    [ "$stderr" = "atlas model: unexpected 'x'" ]
}

@test "thresholds of a classifier that are none are wrong usage" {
    for c in detect attention calibrate; do
        fails 2 bias $c -m nowhere --threshold 2 cat
        [ "$stderr" = "atlas bias $c: --threshold: '2' is not a probability" ]
        fails 2 bias $c -m nowhere --threshold 0.5,FOO=0.2 cat
        [ "$stderr" = "atlas bias $c: --threshold: no category 'FOO'; want GEN, UNFAIR, STEREO" ]
        fails 2 bias $c -m nowhere --threshold GEN= cat
        [ "$stderr" = "atlas bias $c: --threshold: no number in 'GEN='" ]
        fails 2 bias $c -m nowhere --thresholds nobody cat
        has "$stderr" "^atlas bias $c: --thresholds: no thresholds for 'nobody'; known are gusnet-bert, "
    done
}

@test "options that exclude each other are wrong usage" {
    fails 2 bias attention --from nowhere --calibration nowhere
    [ "$stderr" = 'atlas bias attention: --calibration needs the model itself, not --from' ]
    for c in run metrics heads isa cluster 'bias attention'; do
        fails 2 $c --from nowhere a b
        [ "$stderr" = "atlas $c: --from takes texts as they were captured; leave out the text" ]
        for text in '--file nowhere' --lines --jsonl --truncate; do
            fails 2 $c --from nowhere $text
            [ "$stderr" = "atlas $c: --from takes texts as they were captured; leave out ${text% *}" ]
        done
    done
    for c in run metrics heads isa cluster; do
        for pair in '--pair b' --split-pair; do
            fails 2 $c --from nowhere $pair
            [ "$stderr" = "atlas $c: --from takes texts as they were captured; leave out ${pair% *}" ]
        done
    done
    for c in heads cluster; do
        fails 2 $c --tags nowhere --pair b a
        [ "$stderr" = "atlas $c: --tags goes with one text, not with a pair" ]
    done
    for c in heads cluster 'bias swap'; do
        fails 2 $c --tags nowhere a b
        [ "$stderr" = "atlas $c: --tags goes with one text" ]
        fails 2 $c --tags nowhere --lines -f nowhere
        [ "$stderr" = "atlas $c: --tags goes with one text" ]
    done
}

@test "what contradicts itself is wrong usage, not half ignored" {
    fails 2 run --logits --no-capture -m nowhere -o out cat
    [ "$stderr" = 'atlas run: --logits writes into the capture; leave out --no-capture' ]
    for c in heads cluster 'bias swap'; do
        fails 2 $c --tags nowhere --tagger atlas-tagger cat
        [ "$stderr" = "atlas $c: --tags and --tagger exclude each other" ]
    done
    for c in detect attention calibrate; do
        fails 2 bias $c -m nowhere --threshold 0.4 --thresholds gusnet-bert cat
        [ "$stderr" = "atlas bias $c: --threshold and --thresholds exclude each other" ]
    done
    for option in '--detector x' '--ensemble x' '--threshold 0.4' '--thresholds gusnet-bert'; do
        fails 2 bias attention -m nowhere --tokens 1 $option cat
        [ "$stderr" = 'atlas bias attention: --tokens flags by hand; leave out what is for a classifier' ]
    done
    for option in '--pair b' --split-pair --lines --jsonl --truncate --words '--layer 1' '--head all' '--matrix col'; do
        fails 2 heads -m nowhere --conllu nowhere $option
        [ "$stderr" = "atlas heads: --conllu counts whole sentences over all heads; leave out ${option% *}" ]
    done
    for option in --subtypes '--min-words 3'; do
        fails 2 heads -m nowhere $option cat
        [ "$stderr" = "atlas heads: ${option% *} goes with --conllu" ]
    done
    fails 2 bias attention -m nowhere --calibration nowhere --bar-threshold 2 cat
    [ "$stderr" = 'atlas bias attention: --calibration and --bar-threshold exclude each other' ]
    fails 2 model info -m atlas-gpt2 atlas-bert
    [ "$stderr" = 'atlas model: the model is given twice; leave out --model' ]
    fails 2 model list -m atlas-gpt2
    [ "$stderr" = 'atlas model: list looks at all models; leave out --model' ]
    for call in 'check --names' 'list --names --json'; do
        fails 2 model $call
        [ "$stderr" = 'atlas model: --names goes with list, without --json' ]
    done
    for call in 'check ' 'info --model='; do
        fails 2 model ${call% *} "${call#* }"
        [ "$stderr" = "atlas model: want a name or a directory, not ''" ]
    done
}

@test "no text at all" {
    run --separate-stderr atlas run </dev/null
    [ "$status" -eq 2 ] || [ "$status" -eq 1 ]
    has "$stderr" 'text'
}

@test "options after the text, and -- before a text that looks like one" {
    ok run cat --json -m "$FIXTURES/tiny-bert"
    holds - '.meta.architecture == "bert"'
    ok run --json -m "$FIXTURES/tiny-bert" -- --json
    holds - '.tokens | length > 2'
}

@test "skipped texts: status 3, the others come out, each skip is reported" {
    printf 'a cat\n\n\xff\na dog\n' >texts
    run --separate-stderr atlas run --lines -f texts --json -q
    ended 3 run --lines
    [ "$(wc -l <<<"$output")" -eq 2 ]
    has "$stderr" 'texts'
}

@test "every command's options come out in the machine's form" {
    for c in $(commands); do
        ok "$c" --list-options
        [ -z "$output" ] || awk -F '\t' 'NF != 6 { print; bad = 1 } END { exit bad }' <<<"$output"
    done
}

# complete_bash WORD... - what bash offers for the last word of that command line.
complete_bash() {
    ok completion bash
    cat >complete.bash <<END
$output
COMP_WORDS=("\$@")
COMP_CWORD=$(($# - 1))
_atlas
printf '%s\n' "\${COMPREPLY[@]}"
END
    PATH=$ATLAS_BUILD:$PATH bash complete.bash "$@"
}

@test "bash completes commands, options, their words and models" {
    [ "$(complete_bash atlas ru)" = run ]
    [ "$(complete_bash atlas run --tree-k)" = --tree-k ]
    [ "$(complete_bash atlas run --matrix ro)" = rollout ]
    has "$(complete_bash atlas run --model atlas-g)" 'atlas-gpt2'
    has "$(complete_bash atlas model '')" 'check'
    [ "$(complete_bash atlas help mo)" = model ]
    [ "$(complete_bash atlas help outp)" = output ]
    [ "$(complete_bash atlas help output metrics.c | sort -u)" = metrics.csv ]
    options=$(complete_bash atlas run --)
    for option in $(atlas run --list-options | cut -f1); do
        grep -qx -- "--$option" <<<"$options" || fail "--$option is not offered"
    done
}

@test "zsh completes commands and options" {
    ok completion zsh
    zsh -n <<<"$output"
    mkdir functions
    echo "$output" >functions/_atlas
    # compadd and _arguments are what zsh calls with its offers; here they print them.
    cat >complete.zsh <<'END'
fpath=(./functions)
_describe() { print -l -- "${(@P)2}"; }
_arguments() { print -l -- "$@"; }
compadd() { shift; print -l -- "${(@P)1}"; }
autoload -Uz _atlas
words=("$@")
CURRENT=$#
_atlas
END
    has "$(PATH=$ATLAS_BUILD:$PATH zsh -f complete.zsh atlas ru)" 'run:text in'
    has "$(PATH=$ATLAS_BUILD:$PATH zsh -f complete.zsh atlas model c)" 'check'
    offers=$(PATH=$ATLAS_BUILD:$PATH zsh -f complete.zsh atlas run --)
    for option in $(atlas run --list-options | cut -f1); do
        grep -q -- "^--$option\[" <<<"$offers" || fail "--$option is not offered"
    done
}

@test "completion of other shells is refused" {
    fails 2 completion fish
    has "$stderr" 'bash'
}

@test "ATLAS_KERNELS chooses what computes, and the answer stays the same" {
    for kernels in portable auto openblas; do
        ATLAS_KERNELS=$kernels ok run --json --digits 3 -m "$FIXTURES/tiny-bert" 'the cat sat'
        json - '[.tokens[].received]' >"$kernels"
        diff portable "$kernels"
    done
    ATLAS_KERNELS=fast fails 1 run cat
    has "$stderr" 'fast'
}
