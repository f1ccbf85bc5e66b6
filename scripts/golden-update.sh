#!/bin/sh
# golden-update.sh [FILE.bats...] - let the command-line tests rewrite fixtures/golden, show what changed.
set -eu
cd "$(dirname "$0")/.."
make -s all
[ $# -gt 0 ] || set -- tests/cli/*.bats
ATLAS_GOLDEN=update ATLAS_BUILD=$PWD/build/release scripts/run-tests.sh build/release/log "$@" || :
git --no-pager diff --stat -- fixtures/golden
git --no-pager diff -- fixtures/golden
scripts/check-hashes.sh --update
