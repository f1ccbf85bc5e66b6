# tutorial.bats - the commands of atlas-tutorial(7), run in their order from an empty directory.
load helper

commands() {
    sed -n 's/^\.Dl //p' "$ROOT/man/atlas-tutorial.7" | sed 's/\\(dq/"/g; s/\\\&//g; s/\\e/\\/g'
}

@test "ten questions, and every command of them runs" {
    built_in
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    mkdir bin empty
    printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${ATLAS_PREFIX:-}" "$ATLAS_BUILD/atlas" >bin/atlas
    chmod +x bin/atlas
    cd empty
    [ "$(grep -c '^\.Ss [0-9]*\. .*?' "$ROOT/man/atlas-tutorial.7")" -eq 10 ]
    while read -r line; do
        sh -c "$line" >said 2>&1 || fail "$line" "$(cat said)"
    done < <(commands)
    grep -q 'previous_token' roles/corpus.csv
    [ -s maps/heatmap_L2_H1.png ]
}
