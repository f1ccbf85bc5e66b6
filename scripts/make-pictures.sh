#!/bin/sh
# make-pictures.sh - draw the pictures of README.md anew, into man/pictures.
set -eu
cd "$(dirname "$0")/.."
make -s all
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# picture NAME FILE ARGUMENT... - the PNG called FILE of that run, as man/pictures/NAME.png.
picture() {
    name=$1 file=$2
    shift 2
    build/release/atlas run -q -o "$work/$name" --no-capture --format png --dpi 110 "$@"
    cp "$work/$name/$file.png" "man/pictures/$name.png"
}
mkdir -p man/pictures
picture heatmap heatmap_L4_H1 --layer 4 --head 1 --width-mm 140 'The keys to the cabinet are on the table.'
picture heads heads_grid --width-mm 140 'The keys to the cabinet are on the table.'
ls -l man/pictures
