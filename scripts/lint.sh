#!/bin/sh
# lint.sh - cppcheck over the C code and shellcheck over the scripts; both must be silent.
set -eu
cd "$(dirname "$0")/.."

cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
    --inline-suppr --suppressions-list=scripts/cppcheck.supp -D__GNUC__ -j "$(nproc)" -I. -Ilib lib cmd
scripts=$(grep -rl '^#!/bin/sh' scripts .ci)
# Not reported: lists split by the shell on purpose, awk programs in single quotes, plain ASCII in tr.
shellcheck -s sh -e SC2016,SC2018,SC2019,SC2046,SC2086 $scripts
echo "  OK   cppcheck and shellcheck"
