#!/bin/bash
# measure-view.sh - how large pages of `atlas view` are and how fast they open, printed, not judged.
#
# Goals: bert-base at 128 tokens below 3 MB, at 512 below 25 MB; first drawing within 500 ms of
# opening, another head within 16 ms. Needs chromium and chromium-driver. bert-base has random
# weights (scripts/bench.sh makes it); atlas-bert has learned ones, whose maps are less even.
set -eu
cd "$(dirname "$0")/.."
. tests/cli/webdriver.bash
make -s all build/release/tests/bench/make_model
[ -s build/bench/bert-base/model.safetensors ] || scripts/bench.sh --models build/release bert-base
work=$(mktemp -d)
trap 'browser_stop; rm -rf "$work"' EXIT

# text TOKENS - English of that many word pieces and a few more, to be cut by --truncate.
text() {
    sed -n 's/^# text = //p' fixtures/data/treebank/en_ewt-ud-dev-300.conllu | tr '\n' ' ' | cut -d' ' -f1-"$1"
}

# page NAME MODEL WORDS OPTION... - make it, print its size and what its first drawing took.
page() {
    name=$1 model=$2 words=$3
    shift 3
    build/release/atlas view -q -m "$model" -o "$work/$name.html" "$@" "$(text "$words")"
    [ -n "$browser" ] || { printf '%s,%s,,,\n' "$name" "$(stat -c %s "$work/$name.html")"; return; }
    browse "file://$work/$name.html#view=heads&layer=0&head=0"
    tokens=$(js 'return document.querySelectorAll("#tokens button").length')
    first=$(js 'return Number(document.documentElement.dataset.first)')
    switch=$(wire POST "/session/$SESSION/execute/async" '{"args": [], "script":
        "const done = arguments[0], times = []; const next = () => { if (times.length === 12) { times.sort((a, b) => a - b); done(times[6]); return; } const select = document.querySelector(\"select[name=head]\"); select.value = String((Number(select.value) + 1) % 12); select.dispatchEvent(new Event(\"change\")); setTimeout(() => { times.push(Number(document.documentElement.dataset.drawn)); next(); }, 250); }; next();"}')
    printf '%s,%s,%s,%s,%s\n' "$name" "$(stat -c %s "$work/$name.html")" "$tokens" "$first" "$switch"
}

browser=
! has_browser || { browser_start "$work" && browser=yes; }
[ -n "$browser" ] || echo 'measure-view: no browser starts; sizes only' >&2
echo 'page,bytes,tokens,first_ms,head_switch_ms'
page bert-base-128 build/bench/bert-base 113
page bert-base-512 build/bench/bert-base 440 --truncate --without inside,predictions
page atlas-bert-128 atlas-bert 113
page atlas-bert-300 atlas-bert 255 --truncate
page atlas-bert-5 atlas-bert 4
