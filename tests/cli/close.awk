# close.awk FILE FILE - like diff, but numbers may differ by 1e-6 or 1e-4 of their size: kernels of
# different instruction sets round differently, and a printed digit may turn.

function number_at(s) { return match(s, /-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?/) }

function abs(x) { return x < 0 ? -x : x }

function is_close(a, b,    x, y) {
    while (number_at(a)) {
        x = substr(a, RSTART, RLENGTH)
        y = substr(a, 1, RSTART - 1)
        a = substr(a, RSTART + RLENGTH)
        if (!number_at(b) || substr(b, 1, RSTART - 1) != y) return 0
        y = substr(b, RSTART, RLENGTH)
        b = substr(b, RSTART + RLENGTH)
        if (abs(x - y) > 1e-6 + 1e-4 * abs(x)) return 0
    }
    return a == b
}

NR == FNR { want[++n] = $0; next }
{
    m++
    if ($0 != want[m] && !is_close(want[m], $0)) {
        printf "%d: want %s\n%d: have %s\n", m, want[m], m, $0
        bad = 1
    }
}
END {
    if (m != n) printf "want %d lines, have %d\n", n, m
    exit bad || m != n
}
