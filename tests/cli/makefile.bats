# makefile.bats - the Makefile that README.md shows: one pass of the model, everything else from it.
load helper

prepare() {
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    mkdir bin
    # a diary of every call
    printf '#!/bin/sh\necho "$@" >>"%s/calls"\nexec %s "%s" "$@"\n' \
        "$BATS_TEST_TMPDIR" "${ATLAS_PREFIX:-}" "$ATLAS_BUILD/atlas" >bin/atlas
    chmod +x bin/atlas
    sed -n '/^```make$/,/^```$/p' "$ROOT/README.md" | sed '1d;$d' >Makefile
    echo 'The cat sat. Then it slept.' >text.txt
}

@test "every target is made, and the model runs once" {
    prepare
    [ "$(grep -c '^out' Makefile)" -eq 3 ]
    make -s >said 2>&1 || fail "$(cat said)"
    for name in metrics heads isa maps; do
        [ -s out/$name/manifest.json ] || fail "no out/$name"
    done
    [ -s out/isa/isa.png ]
    [ -s out/maps/heatmap_L3_H2.svg ]
    [ -s out/maps/steps.csv ]
    [ "$(grep -vc -e --from calls)" -eq 1 ]
    # nothing is left to do
    make -q
}

@test "a new text makes all anew, a lost result only itself" {
    prepare
    make -s >said 2>&1 || fail "$(cat said)"
    : >calls
    rm out/isa/manifest.json
    make -s >said 2>&1 || fail "$(cat said)"
    [ "$(cut -d' ' -f1 calls)" = isa ]
    : >calls
    touch -d '+2 seconds' text.txt
    make -s >said 2>&1 || fail "$(cat said)"
    [ "$(wc -l <calls)" -eq 5 ]
}

@test "what comes from a capture is what the model would give" {
    prepare
    make -s >said 2>&1 || fail "$(cat said)"
    ok isa --json -f text.txt
    [ "$(json - .matrix)" = "$(json out/isa/isa.json .matrix)" ]
    ok metrics --json --no-baseline -f text.txt
    [ "$(json - '[.heads[].sparsity]')" = "$(json out/metrics/metrics.json '[.heads[].sparsity]')" ]
}
