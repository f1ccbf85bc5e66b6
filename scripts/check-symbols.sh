#!/bin/sh
# check-symbols.sh ARCHIVE SHARED - names and data of the built library.
#
# Every global name of the archive and every export of the shared library starts with at_, and no
# object has writable data (.data, .bss), so that results depend on arguments only. Exempt is what
# must outlive a call: the allocation hooks of base/alloc.c, the list of unfinished files that a
# signal handler removes (base/path.c) and of mapped ones that it names and whose maps are shared
# (base/mapfile.c), which kernels are in use (ops/cpu.c), and what ops/gemm_blas.c learns once when
# it loads OpenBLAS.
set -eu

failed=0
odd=$(nm -g --defined-only "$1" | awk 'NF == 3 && $3 !~ /^(at_|__odr_asan|\.weak\.|DW\.ref)/ { print $3 }')
[ -z "$odd" ] || { echo "$1: global names without at_:" $odd; failed=1; }
odd=$(nm -D --defined-only "$2" | awk '$3 !~ /^(at_|ATLAS_)/ { print $3 }')
[ -z "$odd" ] || { echo "$2: exports without at_:" $odd; failed=1; }

odd=$(objdump -t "$1" | awk '
    /^[a-z_0-9]+\.o:/ { object = $1 }
    NF > 3 && $(NF - 2) ~ /^\.(data|bss|tdata|tbss)(\.[^r]|$)/ && / O / { print object $NF }
' | grep -vE '^(alloc|path|mapfile|cpu|gemm_blas)\.o:' || :)
[ -z "$odd" ] || { echo "$1: writable data:" $odd; failed=1; }
[ $failed -ne 0 ] || echo "  OK   symbols of $(basename "$1") and $(basename "$2")"
exit $failed
