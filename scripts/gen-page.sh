#!/bin/sh
# gen-page.sh - the sources of lib/view as C arrays on standard output: frame, style and script of
# the page that `atlas view` writes.
#
# A page that is opened from disk may not load modules, so all of them are in one script: each a
# function that answers what it exports, behind those that it imports. Written as
#   import { a, b } from './other.js';      export function f() ...      export const c = ...
set -eu
cd "$(dirname "$0")/../lib/view"
export LC_ALL=C

# array NAME - standard input as a C array.
array() {
    echo "static const unsigned char $1[] = {"
    od -An -v -tu1 | sed 's/^ *//; s/  */,/g; s/$/,/'
    echo '};'
}

# modules - every module, those that are imported first.
modules() {
    for f in *.js; do
        echo "$f $f"
        sed -n "s|^.*from '\./\(.*\)';\$|\1 $f|p" "$f"
    done | tsort
}

# joined - the modules one after the other, as functions.
joined() {
    awk '
        function end() { if (name) printf "return { %s };\n})();\n", exports; exports = "" }
        FNR == 1 { end(); name = FILENAME; sub(/[.]js$/, "", name); printf "const module_%s = (() => {\n", name }
        /^import / { taken = "" }
        /^import /, /;$/ {
            taken = taken " " $0
            if ($0 ~ /;$/) {
                from = names = taken
                sub(/.*from .[.]\//, "", from); sub(/[.]js.*/, "", from)
                sub(/^ *import /, "", names); sub(/ from .*/, "", names)
                printf "const %s = module_%s;\n", names, from
            }
            next
        }
        /^export / {
            sub(/^export /, "")
            what = $0
            sub(/^(async )?(function|const|class) /, "", what); sub(/[^A-Za-z0-9_].*/, "", what)
            exports = exports (exports ? ", " : "") what
        }
        { print }
        END { end() }' "$@"
}

echo '/* Written by scripts/gen-page.sh. */'
array page_frame <view.html
array page_style <view.css
{
    echo "'use strict';"
    joined $(modules)
} | array page_script
