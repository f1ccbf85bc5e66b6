#!/bin/sh
# check-style.sh - what a compiler does not see: banned calls, long lines and files, formatting.
#
# Long functions are reported, all else fails.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

failed=0
except=
# ban PATTERN WHY FILE... - no line of the files may match the extended regular expression, but
# for lines that start with $except.
ban() {
    pattern=$1 why=$2
    shift 2
    [ $# -gt 0 ] || return 0
    if grep -nHE -- "$pattern" "$@" /dev/null | grep -vE ":[0-9]+:${except:-\$^}" |
        sed "s|\$|    <- $why|" | grep .; then failed=1; fi
}
c=$(find lib cmd tests -name '*.[ch]' | sort)
lib=$(echo "$c" | grep ^lib/)
headers=$(echo "$c" | grep -E '^(lib|cmd)/.*h$')
text=$(find Makefile README.md .ci scripts man tests -type f ! -name '*.[ch]' ! -name '*.png' | sort)
# File names hold no blanks, so the lists below may be split by the shell.
{
    ban '(^|[^a-z0-9_>.])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|rand|srand|strtok|system|alloca)[ ]*\(' \
        'banned call' $c
    ban '(^|[^a-z0-9_>.])(printf|puts|putchar|perror|exit|_exit)[ ]*\(|stdout' \
        'the library is silent and never exits' $lib
    ban '033' 'our own sequences begin with OWN_ESC (cmd/guard.h)' \
        $(echo "$c" | grep ^cmd/ | grep -vE '^cmd/(guard|report)\.c$')
    ban '(^|[^a-z0-9_>.])(lgammaf?|localtime|gmtime|ctime|asctime|setlocale|drand48)[ ]*\(' \
        'it writes what every thread shares' $lib
    ban 'stderr|(^|[^a-z0-9_])abort[ ]*\(' 'only the bug check talks and aborts' \
        $(echo "$lib" | grep -vE '^lib/base/(error|alloc)\.[ch]$')
    ban 'typedef (struct|enum|union)' 'structs and enums are used without typedef' $c
    ban '^[[:space:]]*//' 'comments are /* */; // is a trailing shape or unit' $c
    ban '	' 'tab' $c
    except=' +OPT_' # a row of an option table is one line, however long its help
    ban '.{101}' 'over 100 columns' $c
    except=
    ban '[[:space:]]$' 'blank at the end' $c $text
    ban '(^|[^a-z0-9-])python[0-9.]*( |$)' 'nothing here needs Python' \
        $(echo "$text" | grep -E '^(Makefile|\.ci/|scripts/(demo|setup|test)|tests/)')
    ban '(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)' 'unfinished' $c $(echo "$text" | grep -v check-style.sh)
}

for f in $c; do
    lines=$(wc -l <"$f")
    [ "$lines" -le 700 ] || { echo "$f: $lines lines, want 700 at most"; failed=1; }
done
strays=$(find cmd lib man fixtures tests scripts -path scripts/outside -prune -o -name '*.py' -print)
[ -z "$strays" ] || { echo "Python has its place in scripts/outside:" $strays; failed=1; }
for f in $headers; do
    guard=$(basename "$f" .h | tr 'a-z-' 'A-Z_')_H
    layer=$(basename "$(dirname "$f")" | tr 'a-z' 'A-Z')
    grep -qE "^#ifndef ${layer}_($guard|${guard#"${layer}"_})\$" "$f" ||
        { echo "$f: want the include guard ${layer}_$guard"; failed=1; }
done

awk '/^\{/ { start = FNR; name = prev }
     /^\}/ && start { if (FNR - start > 61) printf "  note %s:%d: %d lines: %s\n", FILENAME, start, FNR - start - 1, name
                      start = 0 }
     !/^[ \t{}]/ { prev = $0 }' $c

if command -v clang-format >/dev/null; then
    clang-format --dry-run --Werror $c 2>&1 | grep -E 'error:' | sed 's/ code should be.*/ not formatted: make format/' | sort -u -t: -k1,1 | grep . && failed=1
else
    echo "  note clang-format is not installed: formatting not checked"
fi
[ $failed -ne 0 ] || echo "  OK   style of $(echo "$c" | wc -l) C files"
exit $failed
