#!/bin/sh
# run-tests.sh LOGDIR PROGRAM... - run test programs side by side and count what they report.
#
# A PROGRAM is a cmocka executable or a .bats file; both are asked for TAP. Every "not ok", every
# test a program planned but never reached, and every other bad end counts as a failure, and the
# log of a program that failed is shown. The last line is "N passed, N failed"; a line for each
# program is added to the file $ATLAS_TALLY (scripts/tally.sh) when it is set. JOBS is how many run
# at once.
#
# A program that takes more than TEST_SECONDS is stopped and counts as failed.
# ATLAS_PREFIX is put before every program under test (a cmocka program, or atlas in a .bats file).
set -u

if [ "$1" = --one ]; then
    log=$2/$(basename "$3").tap
    start=$(date +%s%N)
    case $3 in
    *.bats) timeout -k 9 "$TEST_SECONDS" bats --formatter tap "$3" >"$log" 2>&1 ;;
    *) CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 9 "$TEST_SECONDS" ${ATLAS_PREFIX:-} "$3" >"$log" 2>&1 ;;
    esac
    status=$?
    case $status in
    0) ;;
    124 | 137) echo "stopped after $TEST_SECONDS s" >>"$log" ;;
    *) echo "exit status $status" >>"$log" ;;
    esac
    ms=$((($(date +%s%N) - start) / 1000000))
    awk -v name="$(basename "$3")" -v status=$status -v ms=$ms '
        { line[NR] = $0 }
        /^1\.\.[0-9]+/ { plan += substr($1, 4) }
        /^(not )?ok .*# skip/ || /^(not )?ok .*# SKIP/ { skipped++; next }
        /^ok /         { ok++ }
        /^not ok /     { bad++ }
        END {
            lost = plan - ok - bad - skipped
            if (lost > 0) bad += lost
            if (status != 0 && !bad || !plan) bad++
            note = skipped ? sprintf(", %d skipped", skipped) : ""
            printf "%d %d %s\n", ok, bad, name >counts
            printf "  %-4s %-32s %3d passed%s, %6.2f s\n", bad ? "FAIL" : "ok", name,
                   ok, note, ms / 1000
            if (bad) for (i = 1; i <= NR; i++) if (line[i] !~ /^ok /) print "       " line[i]
        }' counts="$log.counts" "$log"
    exit 0
fi

logs=$1
shift
rm -rf "$logs"
mkdir -p "$logs"
export OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-Nehalem}" OPENBLAS_NUM_THREADS=1
export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="exitcode=99:suppressions=$PWD/tests/tsan.supp:print_suppressions=0"
export LSAN_OPTIONS="exitcode=99:suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export LC_ALL=C.UTF-8 TZ=UTC
export TEST_SECONDS="${TEST_SECONDS:-300}"
[ $# -gt 0 ] || { echo "  no tests"; exit 0; }
printf '%s\0' "$@" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" "$0" --one "$logs"
[ -z "${ATLAS_TALLY:-}" ] || cat "$logs"/*.counts >>"$ATLAS_TALLY"
# The number of counts is checked too: a program that was never started must not look well.
cat "$logs"/*.counts | awk -v want=$# '
    { ok += $1; bad += $2 }
    END { bad += want - NR; printf "%d passed, %d failed\n", ok, bad; exit bad > 0 }'
