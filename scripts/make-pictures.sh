#!/bin/sh
# make-pictures.sh - draw the pictures of README.md anew, into man/pictures.
set -eu
cd "$(dirname "$0")/.."
make -s all
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# picture NAME FILE COMMAND ARGUMENT... - the PNG called FILE of that run, as man/pictures/NAME.png.
picture() {
    name=$1 file=$2
    shift 2
    build/release/atlas "$@" -q -o "$work/$name" --format png --dpi 110 --width-mm 150
    cp "$work/$name/$file.png" "man/pictures/$name.png"
}
mkdir -p man/pictures
text='The keys to the cabinet are on the table.'
# The page of `atlas view`, where there is a browser.
if command -v chromium >/dev/null; then
    build/release/atlas view -q -o "$work/view.html" "$text"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=4000 \
        --window-size=900,520 --screenshot="$PWD/man/pictures/view.png" \
        "file://$work/view.html#text=0&layer=1&head=7&heads=3,4&view=heads" 2>/dev/null
fi
picture flow flow_L1_H7 run --layer 1 --head 7 "$text"
picture heatmap heatmap_L1_H7 run --layer 1 --head 7 "$text"
picture heads heads_grid run "$text"
picture tree tree_L1_H3 run --layer 1 --head 3 --tree-root 6 "$text"
picture metrics metrics_focus_normalized metrics "$text"
picture radar radar_L1 heads --layer 1 "$text"
sed -n 's/^# text = //p' fixtures/data/treebank/en_ewt-ud-dev-300.conllu >"$work/sentences.txt"
picture clusters clusters cluster --lines -f "$work/sentences.txt"
picture faith attributions faith --target she --foil he 'The nurse said that [MASK] was late.'
ls -l man/pictures
