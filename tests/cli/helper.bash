# helper.bash - what every .bats file loads: where the program is, and a few assertions.
#
# A test runs in its own empty folder. The program under test is only ever started through ok,
# fails or atlas, never in a pipe, so that its status is seen; a status above 98 is a crash, a
# sanitizer or valgrind, and is never an expected failure. ATLAS_PREFIX goes before every call.
#
#   ok ARG...              atlas ARG... must succeed; then $output and $stderr hold what it said
#   fails STATUS ARG...    it must end with STATUS, say nothing on standard output and, for 1, one
#                          line on standard error that starts with "atlas"
#   has TEXT REGEX         TEXT matches the extended regular expression; lacks: it does not
#   json FILE FILTER       what jq prints for FILTER; "-" reads $output
#   holds FILE FILTER      jq's FILTER over FILE ("-": $output) is true
#   built_in               from here on the built-in models are those that are installed, and run
#                          on the processor's own kernels, since they are big
#   shape [MODEL]          L, H and C become the layers, heads and width of a model
#   manual PAGE            a page of man/ as plain text
#   scores FILE            items.csv without its last column, the run's
#   golden NAME            $output is fixtures/golden/NAME but for rounding (close.awk)
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
ATLAS_BUILD=${ATLAS_BUILD:-$ROOT/build/release}
FIXTURES=$ROOT/fixtures
MODELS=$FIXTURES/models

# The same bits and words on every machine, and nothing of the user's own models. What asks for
# atlas-bert, atlas-bias or atlas-tagger gets small ones of random weights unless it says built_in:
# most tests need some model that reads English, not one that learned it.
export ATLAS_KERNELS=${ATLAS_KERNELS:-portable}
export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-Nehalem} OPENBLAS_NUM_THREADS=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-exitcode=99} UBSAN_OPTIONS=${UBSAN_OPTIONS:-exitcode=99}
export LC_ALL=C.UTF-8 TZ=UTC
export ATLAS_DATADIR=$FIXTURES/small
unset ATLAS_MODELS NO_COLOR COLUMNS SOURCE_DATE_EPOCH
unset HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE XDG_CACHE_HOME
unset TRANSFORMERS_CACHE PYTORCH_TRANSFORMERS_CACHE PYTORCH_PRETRAINED_BERT_CACHE

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR
}

atlas() {
    ${ATLAS_PREFIX:-} "$ATLAS_BUILD/atlas" "$@"
}

fail() {
    printf '%s\n' "$@" >&2
    return 1
}

# ended STATUS ARG... - judge the status of the last run.
ended() {
    local want=$1
    shift
    [ "$status" -le 98 ] || fail "atlas $*: crashed with status $status" "$stderr" || return
    [ "$status" -eq "$want" ] ||
        fail "atlas $*: status $status, want $want" "stdout: $output" "stderr: $stderr"
}

ok() {
    run --separate-stderr atlas "$@"
    ended 0 "$@"
}

fails() {
    local want=$1
    shift
    run --separate-stderr atlas "$@"
    ended "$want" "$@" || return
    [ -z "$output" ] || fail "atlas $*: failed, yet wrote: $output" || return
    [ "$want" -ne 1 ] || [[ $stderr == atlas* && $stderr != *$'\n'* ]] ||
        fail "atlas $*: want one line that starts with atlas, found: $stderr"
}

has() {
    [[ $1 =~ $2 ]] || fail "no match for: $2" "in: $1"
}

lacks() {
    [[ ! $1 =~ $2 ]] || fail "unwanted match for: $2" "in: $1"
}

json() {
    if [ "$1" = - ]; then
        jq -r "$2" <<<"$output"
    else
        jq -r "$2" "$1"
    fi
}

holds() {
    local answer
    answer=$(json "$1" "$2")
    [ "$answer" = true ] || fail "want true, found $answer: $2"
}

built_in() {
    unset ATLAS_DATADIR ATLAS_KERNELS
}

shape() {
    ok model info --json "$@"
    read -r L H C < <(json - '"\(.layers) \(.heads) \(.width)"')
}

manual() {
    mandoc -Tascii "$ROOT/man/$1" | sed 's/.\x08//g'
}

scores() {
    sed 's/,[^,]*$//' "$1"
}

golden() {
    local file=$FIXTURES/golden/$1
    if [ "${ATLAS_GOLDEN:-}" = update ]; then
        mkdir -p "${file%/*}"
        printf '%s\n' "$output" >"$file"
    fi
    awk -f "$ROOT/tests/cli/close.awk" "$file" - <<<"$output" ||
        fail "differs from fixtures/golden/$1; meant? scripts/golden-update.sh"
}
