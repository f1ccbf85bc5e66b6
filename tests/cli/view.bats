# view.bats - atlas view: the file that it writes. What a browser makes of it: view_browser.bats.
load helper

# data PAGE - the JSON that lies in a page, into data.json.
data() {
    sed -n 's/.*id="atlas-data">\(.*\)<\/script>$/\1/p' "$1" >data.json
    jq -e . data.json >/dev/null
}

# hash_of TAG PAGE - SHA-256 of the contents of an element of the page.
hash_of() {
    awk -v tag="$1" '
        index($0, "<" tag ">") == 1 { inside = 1; sub("^<" tag ">", "") }
        inside && (at = index($0, "</" tag ">")) { printf "%s", substr($0, 1, at - 1); exit }
        inside { print }' "$2" | sha256sum | cut -d" " -f1
}

@test "one file, view.html unless it is called otherwise" {
    ok view -m "$FIXTURES/tiny-bert" 'the cat sat'
    has "$output" '^view.html: 1 text, [0-9.]+ MB$'
    ok view -q -m "$FIXTURES/tiny-bert" -o other.html 'the cat sat'
    [ -z "$output" ]
    [ "$(echo *.html)" = 'other.html view.html' ]
}

@test "the policy allows the page's own script and style, and nothing else" {
    ok view -m "$FIXTURES/tiny-bert" 'the cat sat'
    script=$(sed -n "s/.*script-src 'sha256-\([^']*\)'.*/\1/p" view.html) style=$(sed -n "s/.*style-src 'sha256-\([^']*\)'.*/\1/p" view.html)
    policy="default-src 'none'; script-src 'sha256-$script'; style-src 'sha256-$style'; base-uri 'none'; form-action 'none'"
    grep -qF "content=\"$policy\"" view.html
    [ "$(base64 -d <<<"$script" | od -An -v -tx1 | tr -d ' \n')" = "$(hash_of script view.html)" ]
    [ "$(base64 -d <<<"$style" | od -An -v -tx1 | tr -d ' \n')" = "$(hash_of style view.html)" ]
    ! grep -nE '(src|href)=|url\(|@import' view.html || fail 'something is loaded'
    [ "$(grep -c '<script' view.html)" -eq 2 ]
}

@test "documents in the page are those of the commands" {
    ok view 'The cat sat. It slept.'
    data view.html
    for name in metrics heads isa; do
        ok "$name" --json 'The cat sat. It slept.'
        # Metrics in the page have no baseline, which takes a run of its own.
        jq -S 'del(.. | .baseline?, .baseline_flow_change?)' <<<"$output" >want
        jq -S --arg name "$name" '.texts[0].documents[$name] | del(.. | .baseline?, .baseline_flow_change?)' data.json >found
        jq -n --slurpfile a want --slurpfile b found -e '
            def numbers: [paths(type == "number")];
            ($a[0] | numbers) as $p | ($a[0].heads // $a[0].matrix | length) == ($b[0].heads // $b[0].matrix | length)
            and all($p[]; . as $at | ($a[0] | getpath($at)) as $x | ($b[0] | getpath($at)) as $y
                | ($x - $y | fabs) <= 1e-4 * ([($x | fabs), 1e-3] | max))' >/dev/null || fail "$name differs"
    done
    holds data.json '.texts[0].documents.run.predictions | length == 7'
    holds data.json '[.documents.clusters.heads, .texts[0].documents.bias, .texts[0].documents.deep] | all(. != null)'
    holds data.json '.help.metrics.focus_entropy.formula | length > 3'
}

@test "several texts, and predictions of long ones at masks only" {
    long=$(printf 'the cat sat %.0s' {1..30})
    ok view -v --without bias "The cat [MASK]." "$long"
    data view.html
    holds data.json '.texts | length == 2 and .[0].documents.run.predictions[0].index == 3 and (.[0].documents.run.predictions | length) == 1'
    holds data.json '.texts[1].documents.run.predictions == []'
    holds data.json '[.omitted[] | select(.what == "predictions")] | length == 1'
}

@test "hostile texts are data" {
    hostile=$'</script><script>alert(1)</script> <img src=x onerror=alert(1)> \u2028 \u202e &amp; <!--'
    ok view --without bias,roles -- "$hostile"
    [ "$(grep -c '<script' view.html)" -eq 2 ]
    ! grep -q '<img' view.html
    data view.html
    jq -e --arg t "$hostile" '.texts[0].text == $t' data.json >/dev/null
}

@test "--exact, --max-size and --without" {
    ok view -m "$FIXTURES/tiny-bert" --exact 'the cat sat'
    data view.html
    holds data.json '.texts[0].maps.encoding == "half"'
    ok view -m "$FIXTURES/tiny-bert" 'the cat sat'
    data view.html
    holds data.json '.texts[0].maps | .encoding == "sqrt8" and ."error_at_1" < 0.004 and (.layers | length) == 2'
    size=$(stat -c %s view.html)
    ok view -m "$FIXTURES/tiny-bert" --max-size "$((size - 1))" 'the cat sat'
    [ "$(stat -c %s view.html)" -lt "$size" ]
    data view.html
    holds data.json '.texts[0].vectors == null and .omitted[0].what == "neurons"'
    fails 1 view -m "$FIXTURES/tiny-bert" --max-size 10k 'the cat sat'
    has "$stderr" 'without any'
    ok view -m "$FIXTURES/tiny-bert" --without inside,roles,bias,attributions 'the cat sat'
    data view.html
    holds data.json '.texts[0].documents | keys == ["isa", "metrics", "run"]'
}

@test "--beside: a second model of the same shape" {
    ok view -q -m "$FIXTURES/tiny-bert" --beside "$FIXTURES/tiny-bert" 'the cat sat' 'a mat'
    data view.html
    holds data.json '.texts | length == 4 and .[0].maps.layers == .[2].maps.layers and .[3].model == "tiny-bert"'
    fails 1 view -m "$FIXTURES/tiny-bert" --beside "$FIXTURES/random-bert" 'the cat sat'
    has "$stderr" 'one page shows models of one shape'
}

@test "bad calls" {
    fails 2 view
    fails 2 view --max-size much a
    fails 2 view --without everything a
    fails 1 view -m "$FIXTURES/tiny-bert" -o nowhere/view.html 'the cat'
}

@test "from a capture, words, pairs, causal models" {
    ok run -q --deep -m "$FIXTURES/tiny-gpt2" -o out 'the cat sat on the mat'
    ok view --from out --without bias
    data view.html
    holds data.json '.causal and (.texts[0].maps.layers | length) > 0 and .texts[0].documents.deep != null'
    ok view -m "$FIXTURES/tiny-bert" --words --pair 'it slept' 'the cat sat'
    data view.html
    holds data.json '.texts[0] | .words and .pair == "it slept" and .vectors == null'
}

@test "result directories in one page" {
    ok run -q -m "$FIXTURES/tiny-bert" --deep --format json -o run 'the cat sat'
    ok metrics -q -m "$FIXTURES/tiny-bert" --format json -o metrics 'the cat sat'
    ok isa -q -m "$FIXTURES/tiny-bert" --format json -o isa 'the cat sat'
    ok view run metrics isa
    data view.html
    holds data.json '.texts | length == 1'
    holds data.json '.texts[0].documents | keys == ["deep", "isa", "metrics", "run"]'
    holds data.json '.texts[0].maps.layers | length == 2'
    jq -S 'del(.meta) | .global' metrics/metrics.json >want
    jq -S '.texts[0].documents.metrics.global' data.json >found
    awk -f "$ROOT/tests/cli/close.awk" want found
    ok view metrics
    data view.html
    holds data.json '.texts[0].maps == null and .model == "tiny-bert"'
}

@test "directories that do not go together, or are none of atlas" {
    ok metrics -q -m "$FIXTURES/tiny-bert" --format json -o a 'the cat sat'
    ok metrics -q -m "$FIXTURES/tiny-bert" --format json -o b 'the dog'
    ok metrics -q -m "$FIXTURES/tiny-gpt2" --format json -o c 'the cat sat'
    mkdir plain newer
    jq '.schema = 2' a/manifest.json >newer/manifest.json
    fails 1 view a b
    has "$stderr" "'b' is about other texts than 'a'"
    fails 1 view a c
    has "$stderr" "c/metrics.json: it is of the model 'tiny-gpt2', what came before it of 'tiny-bert'"
    fails 1 view plain
    has "$stderr" "'plain' is no result of atlas"
    fails 1 view newer
    has "$stderr" 'schema 2, known is 1'
    fails 2 view a 'a text'
    fails 2 view --words a
    [ ! -e view.html ]
}
