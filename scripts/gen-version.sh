#!/bin/sh
# gen-version.sh FILE COMPILER FLAGS - write version.h to FILE, touching it only when it changes.
set -eu
quote() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

tmp=$1.$$
cat >"$tmp" <<END
/* version.h - made by scripts/gen-version.sh from lib/base/VERSION and the build's own flags. */
#ifndef VERSION_H
#define VERSION_H

#define AT_VERSION        "$(cat lib/base/VERSION)"
#define AT_BUILD_COMPILER "$(quote "$($2 --version 2>/dev/null | head -n 1)")"
#define AT_BUILD_FLAGS    "$(quote "$3")"

#endif
END
if cmp -s "$tmp" "$1"; then rm -f "$tmp"; else mv "$tmp" "$1"; fi
