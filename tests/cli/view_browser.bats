# view_browser.bats - the page of atlas view in Chromium: what it draws, what it answers to, and that
# no text in it becomes code. Pictures of every view: build/screenshots.
load helper
load webdriver

VIEWS='heads model heatmap neurons flow tree metrics roles clusters sentences predictions inside bias attributions compare summary'

setup_file() {
    export SHOTS=$ROOT/build/screenshots
    case $ATLAS_BUILD in
    */asan | */tsan) export NO_BROWSER='the page is the same in every build' ;;
    *) has_browser || export NO_BROWSER='chromium, chromedriver, curl or jq is missing' ;;
    esac
    [ -z "${ATLAS_PREFIX:-}" ] || export NO_BROWSER='not under a tool'
    cd "$BATS_FILE_TMPDIR" || return
    export HOME=$BATS_FILE_TMPDIR
    [ -n "${NO_BROWSER:-}" ] || browser_start "$BATS_FILE_TMPDIR" || export NO_BROWSER='no browser starts'
    if [ -n "${NO_BROWSER:-}" ]; then
        echo "# LEFT OUT: view_browser.bats, $NO_BROWSER" >&3
        return
    fi
    mkdir -p "$SHOTS"
    atlas view -q -o two.html 'The cat sat on the mat. It slept.' 'Women are bad drivers.'
    export PAGE=file://$BATS_FILE_TMPDIR/two.html
}

teardown_file() {
    browser_stop
}

setup() {
    [ -z "${NO_BROWSER:-}" ] || skip "LEFT OUT: $NO_BROWSER"
    cd "$BATS_TEST_TMPDIR" || return
}

# is JSON SCRIPT - what the script returns in the page.
is() {
    local found
    found=$(js "$2")
    [ "$found" = "$1" ] || fail "want $1, found $found: $2"
}

quiet() {
    local said
    said=$(console_errors)
    [ -z "$said" ] || fail "the console has: $said"
}

@test "every view draws, light and dark, and nothing complains" {
    for scheme in dark light; do
        wire POST "/session/$SESSION/goog/cdp/execute" "{\"cmd\": \"Emulation.setEmulatedMedia\", \"params\":
            {\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$scheme\"}]}}" >/dev/null
        for view in $([ "$scheme" = light ] && echo "$VIEWS" || echo heads heatmap metrics); do
            browse "$PAGE#text=1&layer=1&head=1&focus=2&view=$view"
            if [ "$view" = summary ]; then
                is true "return !document.getElementById('summary').hidden"
            else
                is "\"$view\"" 'return document.documentElement.dataset.view'
                is true "return document.getElementById('view').childElementCount > 0"
            fi
            screenshot "$SHOTS/$view-$scheme.png"
        done
    done
    quiet
}

@test "weights on screen are those of attention.csv" {
    ok run -q -o out --format csv --min-weight 0 'The cat sat on the mat. It slept.'
    for cell in 0,1,2,3 1,0,4,0 1,1,5,5; do
        IFS=, read -r layer head query key <<<"$cell"
        browse "$PAGE#text=0&layer=$layer&head=$head&view=heatmap"
        hover "rect.cell[data-layer='$layer'][data-head='$head'][data-query='$query'][data-key='$key']"
        want=$(awk -F, -v cell="$cell," 'index($0, cell) == 1 { printf "%.4g", $NF }' out/attention.csv)
        found=$(js "return document.querySelector('#tip .weight').textContent" | jq -r .)
        awk -v a="$want" -v b="$found" 'BEGIN { exit !(a > 0 && (a - b) ^ 2 < (6e-4 * a) ^ 2) }' ||
            fail "$cell: the page shows '$found', attention.csv has $want"
        has "$(js "return document.getElementById('tip').textContent")" 'Q.K .*scaled'
    done
    quiet
}

@test "metrics on screen are those of metrics.json" {
    ok metrics -q -o out --format json 'The cat sat on the mat. It slept.'
    browse "$PAGE#text=0&view=metrics"
    found=$(js "return document.querySelector('tr[data-layer=\"1\"][data-head=\"1\"] td:nth-child(3)').textContent" | jq -r .)
    want=$(jq '.heads[] | select(.layer == 1 and .head == 1) | .balance' out/metrics.json)
    awk -v a="$want" -v b="$found" 'BEGIN { exit !((a - b) ^ 2 < (6e-4 * a) ^ 2) }' || fail "shown $found, want $want"
    click '.sortable th:nth-child(3) button'
    is '"descending"' "return document.querySelector('.sortable th:nth-child(3)').getAttribute('aria-sort')"
    is true "const v = [...document.querySelectorAll('.sortable tbody td:nth-child(3)')].map((d) => Number(d.textContent)); return v.every((x, i) => !i || x <= v[i - 1])"
    has "$(js "return document.querySelector('.explained').textContent")" 'Formula'
    quiet
}

@test "attributions on screen are those of atlas faith" {
    ok faith -q --json --ablate none --draws 0 --methods gradient_x_input 'The cat sat on the mat. It slept.'
    browse "$PAGE#text=0&view=attributions"
    want=$(jq -c '[.attributions.gradient_x_input[] | fabs]' <<<"$output")
    found=$(js "const at = [...document.querySelectorAll('thead')[0].querySelectorAll('th')].findIndex((h) => h.textContent === 'gradient x input'); return [...document.querySelectorAll('tr.choice')].map((r) => Math.abs(Number(r.children[at].dataset.value)))")
    jq -en --argjson a "$want" --argjson b "$found" '($a | length) == ($b | length) and all(range($a | length); ($a[.] - $b[.] | fabs) <= 1e-4 * ($a[.] + 1e-3))' >/dev/null ||
        fail "shown $found, want $want"
    quiet
}

@test "a page of directories: what compare wrote, planes and the lens of a deep run" {
    ok run -q --deep -o deep --format json 'The cat sat on the mat.'
    ok compare -q -o compare --format json --with 'The dog sat on the mat.' 'The cat sat on the mat.'
    ok view -q -o dirs.html deep compare
    browse "file://$PWD/dirs.html#text=0&view=compare"
    is '"compare"' 'return document.documentElement.dataset.view'
    table="[...document.querySelectorAll('table')].find((t) => t.caption && t.caption.textContent.startsWith('layers'))"
    is "$(jq -c '.layers | length' compare/compare.json)" "return $table.tBodies[0].rows.length"
    found=$(js "return Number($table.tBodies[0].rows[0].cells[[...$table.tHead.rows[0].cells].findIndex((c) => c.textContent.trim().startsWith('js distance'))].textContent)")
    want=$(jq '.layers[0].js_distance' compare/compare.json)
    awk -v a="$want" -v b="$found" 'BEGIN { exit !(a > 0 && (a - b) ^ 2 < (6e-4 * a) ^ 2) }' || fail "shown $found, want $want"
    has "$(js "return document.getElementById('view').textContent")" 'mean kl'
    is true "return document.querySelectorAll('#view rect[data-layer][data-head]').length > 0"
    screenshot "$SHOTS/compare-directories.png"
    browse "file://$PWD/dirs.html#text=0&view=inside"
    is true "return document.querySelectorAll('rect[data-state]').length > 0"
    for part in norms 'plane 0'; do
        browse "file://$PWD/dirs.html#text=0&view=inside&by=${part/ /%20}"
        is true "return document.querySelectorAll('#view circle, #view rect[data-state]').length > 0"
    done
    screenshot "$SHOTS/inside-directories.png"
    quiet
}

@test "two models on one text: maps beside each other" {
    ok view -q --beside "$FIXTURES/small/models/atlas-bias" --without roles,bias,inside -o both.html 'The cat sat.'
    browse "file://$PWD/both.html#text=0&layer=1&head=0&view=compare"
    is 2 "return document.querySelectorAll('#view .columns svg').length"
    has "$(js "return document.querySelector('#view .columns').textContent")" 'atlas-bert.*atlas-bias'
    is true "const [a, b] = [...document.querySelectorAll('#view .columns svg')].map((s) => [...s.querySelectorAll('[data-query]')].map((c) => c.getAttribute('fill')).join()); return a.length > 0 && a === b" # the small models have one encoder
    screenshot "$SHOTS/two-models.png"
    quiet
}

@test "a click in one view selects in all, and stands in the address" {
    browse "$PAGE#text=0&view=model"
    click 'button[data-layer="1"][data-head="1"]'
    has "$(js 'return location.hash')" 'layer=1&head=1'
    click '#tab-heads'
    is true "return [...document.querySelectorAll('.links line')].every((l) => l.dataset.layer === '1' && l.dataset.head === '1')"
    click '.heads text[data-query="2"]'
    has "$(js 'return location.hash')" 'focus=2&view=heads'
    is true "return [...document.querySelectorAll('.links line')].every((l) => l.dataset.query === '2' || l.dataset.key === '2')"
    click '#tab-heatmap'
    is true "return document.querySelector('.heatmap text.focus[data-query=\"2\"]') !== null"
    js 'history.back()' >/dev/null
    drawn
    is '"heads"' 'return document.documentElement.dataset.view'
    quiet
}

@test "the keyboard moves the focus, the head and the tab" {
    browse "$PAGE#text=0&layer=0&head=0&view=heads"
    keys '#tokens button' $'\ue014'
    keys '#tokens button[aria-pressed="true"]' $'\ue014'
    has "$(js 'return location.hash')" 'focus=1'
    is '"1"' 'return document.activeElement.dataset.token'
    keys 'body' ']'
    has "$(js 'return location.hash')" 'head=1'
    keys '#tab-heads' $'\ue014'
    has "$(js 'return location.hash')" 'view=model'
    browse "$PAGE#text=0&focus=1&view=tree"
    before=$(js "return document.querySelectorAll('[role=treeitem]').length")
    keys '[role=treeitem][aria-level="3"]' $'\ue007'
    [ "$(js "return document.querySelectorAll('[role=treeitem]').length")" -gt "$before" ]
    quiet
}

@test "words, special tokens, matrices, threshold" {
    browse "$PAGE#text=0&view=heatmap&special=0"
    is 0 "return document.querySelectorAll('#tokens .special').length"
    browse "$PAGE#text=0&view=heatmap&matrix=column"
    is true "const s = {}; document.querySelectorAll('rect.cell[data-key]').forEach((c) => s[c.dataset.key] = 1); return Object.keys(s).length > 5"
    for matrix in column rollout raw; do
        browse "$PAGE#text=0&view=heads&words=1&threshold=0&matrix=$matrix"
        is true "return document.querySelectorAll('.links line').length >= 64"
    done
    quiet
}

@test "pictures and data can be taken along" {
    browse "$PAGE#text=0&view=heads"
    for button in copy-csv copy-png copy-svg; do
        click "#$button"
        has "$(js "return document.getElementById('note').textContent")" 'copied|saved as atlas-heads'
    done
    quiet
}

@test "narrow and wide windows hold the page" {
    for width in 400 2560; do
        wire POST "/session/$SESSION/window/rect" "{\"width\": $width, \"height\": 900}" >/dev/null
        for view in metrics predictions; do
            browse "$PAGE#text=0&view=$view"
            is true "return document.documentElement.scrollWidth <= innerWidth + 1"
        done
        screenshot "$SHOTS/predictions-$width.png"
    done
    wire POST "/session/$SESSION/window/rect" '{"width": 1200, "height": 900}' >/dev/null
    quiet
}

@test "hostile texts run no script" {
    long=$(printf 'x%.0s' {1..10000})
    jq -nc '$ARGS.positional[] | {text: .}' --args '</script><script>window.hacked=1</script>' \
        '<img src=x onerror=window.hacked=1>' $'line\u2028separator\u2029here' $'bidi \u202e\u2066 here \u200f' \
        "$long" '<!-- <script> {{data}} ${1} `' 'العربية و 中文 日本語 नमस्ते' >texts
    ok view -q --without bias,roles --jsonl -f texts
    for i in 0 1 2 3 4 5 6; do
        view=$([ $((i % 2)) = 0 ] && echo heads || echo heatmap)
        browse "file://$PWD/view.html#text=$i&view=$view"
        is "\"$view\"" 'return document.documentElement.dataset.view'
        is '[null,2,0]' "return [window.hacked === undefined ? null : 1, document.scripts.length, document.querySelectorAll('img').length]"
        screenshot "$SHOTS/hostile-$i.png"
    done
    browse "file://$PWD/view.html#view=summary"
    is '[null,2,0]' "return [window.hacked === undefined ? null : 1, document.scripts.length, document.querySelectorAll('img').length]"
    quiet
}
