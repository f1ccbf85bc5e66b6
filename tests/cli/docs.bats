# docs.bats - the manual: its pages are clean and every line of EXAMPLES runs.
load helper

# examples PAGE - the commands of its EXAMPLES section, one a line.
examples() {
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n 's/^\.Dl //p' | sed 's/\\(dq/"/g; s/\\e/\\/g'
}

# treebank N - its first N sentences.
treebank() {
    awk -v n="$1" 'BEGIN { RS = ""; ORS = "\n\n" } NR <= n' \
        "$FIXTURES/data/treebank/en_ewt-ud-dev-300.conllu"
}

@test "pages render without a word from groff and mandoc" {
    for page in "$ROOT"/man/*.[1-9]; do
        [ -z "$(groff -mdoc -ww -Tutf8 "$page" 2>&1 >/dev/null)" ] || fail "groff: $page"
        said=$(mandoc -Tlint "$page" | grep -v 'referenced manual not found' || :)
        [ -z "$said" ] || fail "$said"
    done
}

@test "every page that is referred to exists" {
    sed -n 's/^\.Xr \([^ ]*\) \([1-9]\).*/\1.\2/p' "$ROOT"/man/*.[1-9] | sort -u |
        while read -r page; do
            [ -f "$ROOT/man/$page" ] || fail "no $page"
        done
}

@test "every line of EXAMPLES runs" {
    [[ $ATLAS_BUILD == *san ]] || built_in # sanitizers make minutes of large models
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    mkdir bin
    printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${ATLAS_PREFIX:-}" "$ATLAS_BUILD/atlas" >bin/atlas
    chmod +x bin/atlas
    treebank 20 >en_ewt-ud-dev-300.conllu
    sed -n 's/^# text = //p' en_ewt-ud-dev-300.conllu >sentences.txt
    n=0
    for page in "$ROOT"/man/*.1; do
        [ -n "$(examples "$page")" ] || fail "$page has no examples"
        while read -r line; do
            sh -c "$line" >said 2>&1 || fail "$page: $line" "$(cat said)"
            n=$((n + 1))
        done < <(examples "$page")
    done
    [ "$n" -ge 6 ]
}

# readme_commands - those of README.md that need no network, a line each.
readme_commands() {
    sed -n '/^## Use/,/^## The library/p' "$ROOT/README.md" | sed -n 's/^    //p' |
        sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' | grep -v 'bert-base-uncased'
}

@test "the commands of the README run in their order from an empty folder, each into a folder of its own" {
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    mkdir bin empty
    printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${ATLAS_PREFIX:-}" "$ATLAS_BUILD/atlas" >bin/atlas
    cat >bin/parallel <<'END'
#!/bin/bash
# parallel COMMAND ... ::: ITEM ..., one after the other
all=$*
line=${all%% ::: *}
for item in ${all##* ::: }; do ${line//\{\}/$item} || exit; done
END
    printf '#!/bin/sh\necho "$@"\n' >bin/sbatch
    chmod +x bin/*
    cd empty
    n=0
    while read -r line; do
        sh -c "$line" >../said 2>&1 || fail "$line" "$(cat ../said)"
        n=$((n + 1))
        [[ $line != 'atlas data all' ]] || few_items
    done < <(readme_commands)
    [ "$n" -ge 30 ]
    readme_commands | grep -oE -- '-o out/[a-z0-9]+( |$)' | sort | uniq -d >twice
    [ ! -s twice ] || fail "$(cat twice)"
}

# few_items - of the data sets, so that the commands take no minutes.
few_items() {
    awk -F'\n' 'BEGIN { RS = ""; ORS = "\n\n" } NF > 6 && NF < 11 && n++ < 4' en_ewt-ud-dev-300.conllu >some
    mv some en_ewt-ud-dev-300.conllu
    head -n 9 crows_pairs.csv >some && mv some crows_pairs.csv
    jq -c '.data |= with_entries(.value |= (sort_by([.context, .sentences[].sentence] | add | length)[:12]))' \
        stereoset_dev_en.json >some && mv some stereoset_dev_en.json
}

@test "every key and every column that is written is in atlas-output(5)" {
    manual atlas-output.5 | tr -cs 'a-z0-9_' '\n' | sort -u >documented
    manual atlas-formulas.7 | tr -cs 'a-z0-9_' '\n' | sort -u >>documented
    printf 'Only one.\nA cat, a dog.\n' >texts
    ok run -o out --lines --each --words -f texts
    ok run -o pair --pair 'It slept.' --layer 1 --head 0 'The cat sat.'
    ok metrics -o metrics 'The cat sat.'
    ok heads -o heads --lines --each -f texts
    treebank 10 >ten.conllu
    ok heads -o syntax --min-words 1 --conllu ten.conllu
    ok cluster -o cluster --format json,csv --lines -f texts
    jq -r '[paths | map(select(type == "string"))] | flatten | unique[]' \
        out/1/{run,tree}.json pair/{run,tree}.json metrics/metrics.json heads/1/heads.json \
        syntax/syntax.json cluster/clusters.json | sort -u >keys
    jq -r 'del(.options) | [paths | map(select(type == "string"))] | flatten | unique[]' \
        out/manifest.json >>keys
    cat out/*.csv out/1/*.csv pair/*.csv metrics/*.csv heads/*.csv heads/1/*.csv syntax/*.csv \
        cluster/*.csv | grep -E '^(index|layer|id|role|relation|model|confidence_max),' | tr ',' '\n' >>keys
    [ "$(sort -u keys | wc -l)" -gt 50 ]
    missing=$(sort -u keys | grep -vxFf documented || :)
    [ -z "$missing" ] || fail "not in atlas-output(5):" "$missing"
}

@test "atlas-metrics(1) says what --explain says of every metric" {
    squeeze() { sed 's/\\&//g; s/\\e/\\/g' | tr -d ' \n'; }
    page=$(squeeze <"$ROOT/man/atlas-metrics.1")
    ok metrics --explain all
    n=0
    while read -r name text; do
        [ -n "$name" ] || continue
        text=$(squeeze <<<"${text#- }")
        [[ $page == *"$text"* ]] || fail "not in atlas-metrics(1): $name $text"
        n=$((n + 1))
    done <<<"$output"
    [ "$n" -ge 66 ] || fail "only $n lines were compared"
}
