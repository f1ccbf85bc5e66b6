load helper

# Intervals and tests that cannot mislead: small sets of scores, made here.

# scored TERM:ITEMS:STEREO ... - set.json and scores.csv: of each term's items that many prefer the
# stereotype; unrelated sentences lose.
scored() {
    printf '%s\n' "$@" | jq -R 'split(":") | .[0] as $t | (.[1] | tonumber) as $n | range($n) | "\($t)\(.)" as $i |
        {id: $i, target: $t, bias_type: "c", context: "y",
         sentences: [["0", "stereotype"], ["1", "anti-stereotype"], ["2", "unrelated"]] |
            map({id: ($i + .[0]), sentence: "x", gold_label: .[1]})}' |
        jq -s '{data: {intersentence: .}}' >set.json
    {
        echo id,score
        for term; do
            awk -v t="${term%%:*}" -v n="$(cut -d: -f2 <<<"$term")" -v s="${term##*:}" 'BEGIN {
                for (i = 0; i < n; i++)
                    printf "%s%d0,%d\n%s%d1,2\n%s%d2,0\n", t, i, i < s ? 3 : 1, t, i, t, i }'
        done
    } >scores.csv
}

@test "the interval over two terms is not the two values" {
    scored a:100:60 b:100:70
    ok bias stereoset --rescore scores.csv --json set.json
    holds - '.overall.ss == 65 and .overall.ci.ss[0] < 30 and .overall.ci.ss[1] > 90 and .overall.ci.ss[1] <= 100'
    holds - '.overall.ci.ss_wilson[0] > 58 and .overall.p_least == 0.5 and .overall.p == 0.5'
}

@test "ICAT lies in its interval where SS is 50" {
    scored $(for t in a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff; do
        case $t in [a-m] | [a-c]?) echo $t:30:12 ;; *) echo $t:30:18 ;; esac
    done)
    ok bias stereoset --rescore scores.csv --json set.json
    holds - '.overall.ss == 50 and .overall.icat == 100 and .overall.ci.icat[1] == 100 and .overall.ci.icat[0] < 99'
    holds - '.overall.n_targets == 32 and .overall.ci.ss[0] < 49 and .overall.ci.ss[0] > 44'
}

@test "an item without its unrelated sentence counts in SS" {
    scored a:10:6
    awk -F, '/^a[0-4]2/ { $2 = -9999 } { print $1 "," $2 }' OFS=, scores.csv >some.csv
    run --separate-stderr atlas bias stereoset --protocol reference --rescore some.csv --json set.json
    ended 3 bias stereoset
    holds - '.overall.n == 10 and .overall.n_lms == 5 and .overall.ss == 60 and .overall.lms == 100'
    has "$stderr" "5 of 10 items excluded in part; the first, 'a0': unrelated sentence: no score; it counts in SS, not in LMS"
}

@test "two models on the same pairs: an interval that says how little five pairs are" {
    for i in 0 1 2 3 4; do echo "$i" ; done | awk 'BEGIN { print "a,b" } { print "x" $1 ",y" $1 }' >pairs.csv
    printf 'index,score_a,score_b\n0,2,1\n1,2,1\n2,2,1\n3,2,1\n4,2,1\n' >first.csv
    printf 'index,score_a,score_b\n0,1,2\n1,1,2\n2,1,2\n3,1,2\n4,1,2\n' >second.csv
    ok bias pairs --rescore first.csv --against second.csv --json pairs.csv
    holds - '.against | .difference == 100 and .p == 0.0625 and .ci[1] == 100 and (.ci[0] - 38.5549 | fabs < 1e-3)'
    ok bias pairs --rescore first.csv --against first.csv --json pairs.csv
    holds - '.against | .difference == 0 and (.ci[0] + 43.448 | fabs < 1e-2) and (.ci[1] - 43.448 | fabs < 1e-2)'
}
