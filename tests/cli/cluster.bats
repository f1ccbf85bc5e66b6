load helper

TEXT="Barack Obama visited Paris because the French president had invited him."

@test "clusters.json keeps its contract" {
    shape
    ok cluster --json "$TEXT"
    holds - "(.heads | length) == $L * $H and ([.clusters[].size] | add) == $L * $H"
    holds - ".k >= 2 and .k <= 8 and (.tsne.perplexity - ([30, ($L * $H - 1) / 3] | min) | fabs) < 1e-6 and .tsne.kl > 0"
    holds - '([.silhouette_by_k[]] | max) - .silhouette | fabs < 1e-8'
    holds - '.heads[0] | has("x") and has("y") and has("cluster") and has("name") and has("silhouette") and has("z")'
    holds - '([.clusters[].name] | unique | length) == .k'
}

@test "same seed, same picture, whatever the number of threads" {
    ok cluster --json --threads 1 --seed 7 "$TEXT"
    one=$(jq -c '[.heads[] | [.x, .y, .cluster]]' <<<"$output")
    ok cluster --json --threads 2 --seed 7 "$TEXT"
    [ "$one" = "$(jq -c '[.heads[] | [.x, .y, .cluster]]' <<<"$output")" ]
}

@test "a perplexity below 1 is none" {
    for p in 0.5 0.999 1e-10; do
        fails 2 cluster --perplexity $p "$TEXT"
        [ "$stderr" = "atlas cluster: --perplexity $p: want 1 or more, or 0 for 30" ]
    done
    ok cluster --json --perplexity 1 "$TEXT"
    holds - '.tsne.perplexity == 1'
}

@test "--k is obeyed, up to the number of heads" {
    shape
    ok cluster --json --k 3 "$TEXT"
    holds - '.k == 3 and (.clusters | length) == 3'
    run --separate-stderr atlas cluster --json --k $((L * H + 1)) "$TEXT"
    ended 1
    has "$stderr" "$((L * H + 1))"
}

@test "one layer cannot be chosen" {
    fails 2 cluster --layer 2 "$TEXT"
    has "$stderr" 'all heads'
}

@test "--features js groups by the maps" {
    ok cluster --json --features js --k 4 "$TEXT"
    holds - '.meta.features == "js" and .k == 4'
}

@test "several texts are averaged first" {
    printf 'The cat sat.\nBirds fly over Paris in winter.\n' >texts
    ok cluster --lines -f texts -o out
    holds out/clusters.json '.meta.n_texts == 2'
    [ -s out/clusters.csv ]
    [ -s out/clusters.png ]
    [ -s out/corpus.csv ]
    [ "$(head -n 1 out/clusters.csv)" = "layer,head,x,y,cluster,name,silhouette,pca_x,pca_y" ]
    awk -F, 'NR > 1 && $8 != 2 && $8 != 1 { exit 1 }' out/corpus.csv
}

@test "few heads and constant features are defined" {
    ok cluster --json -m "$FIXTURES/tiny-bert" "the cat sat"
    holds - '(.heads | length) == 4 and .k >= 1'
    ok cluster --json -m "$FIXTURES/tiny-gpt2" "the"
    holds - '.heads | length == 4'
}

@test "a silhouette that is not defined is not drawn as a number" {
    ok cluster -m atlas-gpt2 -o out --format json --dump-drawing a
    holds out/clusters.json '.silhouette == null'
    grep -q 'k = 1, mean silhouette n/a' out/clusters.drawing.json
}

@test "the map may be that of PCA" {
    ok cluster -o out --format svg --map pca "$TEXT"
    grep -q 'PC' out/clusters.svg || [ -s out/clusters.svg ]
}
