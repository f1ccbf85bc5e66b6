#!/bin/sh
# check-hashes.sh [--update] - fixtures/SHA256SUMS lists every fixture and its digest.
#
# The built-in models are left out: they may be retrained, and no test depends on their values.
set -eu
cd "$(dirname "$0")/../fixtures"
export LC_ALL=C

list() {
    find . -path ./models -prune -o -type f ! -name SHA256SUMS -print | sed 's|^[.]/||' | sort
}
if [ "${1:-}" = --update ]; then
    list | xargs -r -d '\n' sha256sum >SHA256SUMS
    exit 0
fi
list >"${TMPDIR:-/tmp}/fixtures.$$"
trap 'rm -f "${TMPDIR:-/tmp}/fixtures.$$"' EXIT
if ! sed 's/^[0-9a-f]*  //' SHA256SUMS | diff - "${TMPDIR:-/tmp}/fixtures.$$"; then
    echo "fixtures/SHA256SUMS does not list the files that are there (scripts/check-hashes.sh --update)"
    exit 1
fi
[ ! -s SHA256SUMS ] || sha256sum --quiet -c SHA256SUMS
echo "  OK   $(wc -l <SHA256SUMS) fixtures"
