# tally.bats - the closing lines of scripts/test.

setup() {
    tally=$BATS_TEST_TMPDIR/tally
    cd "$BATS_TEST_DIRNAME/../.."
}

@test "tally: steps whose names have spaces and numbers are counted like any other" {
    printf '%s\n' '1 0 build, warnings are errors' '12 0 test_pool' '1 0 3 4 steps' >"$tally"
    run scripts/tally.sh "$tally"
    [ "$status" -eq 0 ]
    [ "$output" = '14 passed, 0 failed' ]
}

@test "tally: what failed is named whole, and the status says so" {
    printf '%s\n' '1 0 layers' '0 1 clang, warnings are errors' '10 2 run.bats' >"$tally"
    run scripts/tally.sh "$tally"
    [ "$status" -eq 1 ]
    [ "$output" = $'failed:\n  clang, warnings are errors\n  run.bats\n11 passed, 3 failed' ]
}

@test "tally: a run in which nothing passed is no success" {
    : >"$tally"
    run scripts/tally.sh "$tally"
    [ "$status" -eq 1 ]
    [ "$output" = '0 passed, 0 failed' ]
}

@test "tally: run-tests.sh adds what a program passed and failed" {
    printf '#!/bin/sh\nprintf "1..3\\nok 1 - a\\nnot ok 2 - b\\n"\n' >"$BATS_TEST_TMPDIR/test_x"
    chmod +x "$BATS_TEST_TMPDIR/test_x"
    ATLAS_TALLY=$tally run scripts/run-tests.sh "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/test_x"
    [ "$status" -eq 1 ]
    [ "$(cat "$tally")" = '1 2 test_x' ]
}
