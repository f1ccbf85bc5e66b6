#!/bin/sh
# check-docs.sh ATLAS - option tables, -h, records of files, manual and README say the same.
#
# The tables are what the program itself lists with --list-options: long name, letter, argument,
# type, default and help, a tab between them, "-" for none.
set -eu
atlas=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
bad() {
    echo "$*"
    failed=1
}

# documented PAGE - long name, letter or "-", and 1 for an argument or 0, of each option it lists.
documented() {
    sed -n 's/^\.It Fl //p' "$1" | awk '{
        letter = "-"
        if ($1 !~ /^-/) { letter = $1; sub(/^[^,]*, /, "") }
        long = $1; sub(/^-/, "", long)
        print long, letter, (NF > 1) }' | sort
}

: >"$work/all"
for command in $("$atlas" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    grep -q "atlas $command" README.md || bad "README.md does not show 'atlas $command'"
    case $command in
    help | version | completion) continue ;;
    esac
    page=man/atlas-$command.1
    [ -f "$page" ] || { bad "no $page"; continue; }
    # A command with subcommands has the options of all of them, on one page.
    subs=$("$atlas" "$command" --list-commands 2>/dev/null || :)
    : >"$work/list"
    : >"$work/help"
    for sub in ${subs:--}; do
        [ "$sub" != - ] || sub=
        "$atlas" "$command" $sub --list-options >>"$work/list"
        "$atlas" "$command" $sub -h >>"$work/help"
    done
    awk -F '\t' '{ print $1, $2, ($3 != "-") }' "$work/list" | sort -u >"$work/table"
    cat "$work/table" >>"$work/all"
    documented "$page" >"$work/own"
    documented man/atlas.1 | sort - "$work/own" >"$work/man"
    comm -23 "$work/table" "$work/man" | while read -r o; do
        echo "$command: neither $page nor man/atlas.1 has the option '$o' (name, letter, argument)"
    done | grep . && failed=1
    comm -13 "$work/table" "$work/own" | while read -r o; do
        echo "$page: '$o' is not an option of the command (name, letter, argument)"
    done | grep . && failed=1
    while read -r long _; do
        grep -qe "--$long\([^a-z-]\|\$\)" "$work/help" || bad "$command: -h has no --$long"
    done <"$work/table"
done
documented man/atlas.1 | grep -vE '^(version|help) ' >"$work/own"
sort -u "$work/all" | comm -13 - "$work/own" | while read -r o; do
    echo "man/atlas.1: '$o' is an option of no command (name, letter, argument)"
done | grep . && failed=1
if ! scripts/gen-output-5 "$atlas" "$work/page"; then
    failed=1
elif ! cmp -s "$work/page" man/atlas-output.5; then
    bad "man/atlas-output.5 is not what commands declare: make manual"
    diff man/atlas-output.5 "$work/page" | head -20
fi
"$atlas" help output --list >"$work/files"
[ $failed -ne 0 ] || echo "  OK   $(sort -u "$work/all" | wc -l) options documented," \
    "$(cut -f1 "$work/files" | sort -u | wc -l) files"
exit $failed
