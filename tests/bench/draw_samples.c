/*
 * draw_samples.c - every kind of picture at several sizes, for people to look at.
 *
 *   make draw-samples            writes build/samples/NAME.{png,svg,pdf} and says how long it took
 *
 * Data are made up (seeded); labels mix scripts on purpose.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/rng.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_sankey.h"
#include "draw/draw_tree.h"
#include "draw_samples.h"

const char *const sample_words[N_SAMPLE_WORDS] = {
    "[CLS]",
    "the",
    "doctor",
    "told",
    "##ing",
    "中文",
    "العربية",
    "हिन्दी",
    "😀",
    " nurse",
    ",",
    "安全保障",
    "한국어",
    "ничего",
    "café",
    "שלום",
    "ไทย",
    "ありがとう",
    "🏳️‍🌈",
    "to",
    "come",
    "in",
    "",
    "\n",
    "https://example.org/a/very/long/path/index.html?query=1#fragment",
    "##ological",
    "antidisestablishmentarianism",
    "fi",
    "é",
    "தமிழ்",
    "[SEP]",
    "বাংলা",
};

static struct at_label *make_labels(size_t n)
{
    struct at_label *l = at_calloc(n, sizeof *l);

    for (size_t i = 0; i < n; i++) {
        l[i].text = sample_words[i % N_SAMPLE_WORDS];
        l[i].is_special = l[i].text[0] == '[';
        l[i].is_continuation = l[i].text[0] == '#';
    }
    return l;
}

static struct at_label *make_numbers(size_t n)
{
    struct at_label *l = at_calloc(n, sizeof *l);

    for (size_t i = 0; i < n; i++)
        l[i].text = at_asprintf("%zu", i);
    return l;
}

static void free_numbers(struct at_label *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)l[i].text);
    free(l);
}

/* Rows that look like attention: a diagonal, a sink, some noise; they sum to one. */
static float *make_attention(size_t n, bool is_causal, uint64_t seed)
{
    float *a = at_malloc(n * n, sizeof *a);
    struct at_rng rng;

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) {
            double near = exp(-0.5 * pow(((double)i - (double)j - 1) / 1.2, 2));
            double w = exp(0.8 * at_rng_normal(&rng)) * 0.1 + 3 * near + (j == 0 ? 1.5 : 0);
            if (is_causal && j > i)
                w = 0;
            a[i * n + j] = (float)w;
            sum += w;
        }
        for (size_t j = 0; j < n; j++)
            a[i * n + j] = (float)(a[i * n + j] / sum);
    }
    return a;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double started;

void save_sample(struct at_canvas *c, const char *name)
{
    static const struct at_canvas_meta meta[] = { { "Title", "a sample" },
                                                  { "Software", "atlas" } };
    static const char *const suffixes[] = { "png", "svg", "pdf" };
    double took[4] = { seconds() - started };

    for (int f = AT_PNG; f <= AT_PDF; f++) {
        struct at_error err;
        char *path = at_asprintf("build/samples/%s.%s", name, suffixes[f]);
        double from = seconds();
        if (at_canvas_write(c, path, (enum at_format)f, 200, meta, AT_COUNTOF(meta), &err)) {
            fprintf(stderr, "draw_samples: %s\n", err.text);
            exit(1);
        }
        took[f + 1] = seconds() - from;
        free(path);
    }
    printf("%-20s %3.0f x %3.0f mm  draw %.3f  png %.3f  svg %.3f  pdf %.3f s  %s\n", name,
           at_canvas_width(c), at_canvas_height(c), took[0], took[1], took[2], took[3],
           at_canvas_missing_glyphs(c));
    at_canvas_free(c);
    started = seconds();
}

static void sample_heatmap(size_t n, bool is_causal)
{
    static const char *const mark_names[] = { "generalisation", "unfairness", "stereotype" };
    static const size_t focus = 16;
    struct at_label *labels = make_labels(n);
    float *values = make_attention(n, is_causal, n);
    char *name = at_asprintf("heatmap_%zu%s", n, is_causal ? "_causal" : "");
    struct at_heatmap h = {
        .title = "Attention weights, bert-base-uncased, layer 3, head 5",
        .subtitle =
            "\"The doctor told the nurse to come in, but 中文 and العربية followed …\" · raw "
            "weights · word pieces · 40 tokens",
        .x_name = "key: looks at",
        .y_name = "query: looks from",
        .unit = "attention weight",
        .rows = n,
        .cols = n,
        .values = values,
        .row_labels = labels,
        .col_labels = labels,
        .scale = at_scale_fit(AT_SEQUENTIAL, 0, values, n * n),
        .is_causal = is_causal,
        .show_values = n <= 12,
        .width_mm = 160,
    };

    if (n == 40) {
        for (size_t j = 0; j < n; j++)
            values[7 * n + j] = NAN;
        labels[9].mark = 1;
        labels[16].mark = 3;
        h.mark_names = mark_names;
        h.n_marks = 3;
        h.focus = &focus;
        h.n_focus = 1;
    }
    save_sample(at_draw_heatmap(&h), name);
    free(name);
    free(values);
    free(labels);
}

static void sample_layer_head(size_t n_layers, size_t n_heads)
{
    size_t n = n_layers * n_heads;
    float *values = at_malloc(n, sizeof *values);
    struct at_label *rows = make_numbers(n_layers), *cols = make_numbers(n_heads);
    char *name = at_asprintf("layer_head_%zux%zu", n_layers, n_heads);
    struct at_rng rng;

    at_rng_init(&rng, 7, n);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)exp(0.7 * at_rng_normal(&rng));
    struct at_heatmap h = {
        .title = "Bias attention ratio per head, gpt2",
        .subtitle = "\"All women are bad drivers.\" · 1 is what uniform attention would give",
        .x_name = "head",
        .y_name = "layer",
        .unit = "BAR (observed / expected)",
        .rows = n_layers,
        .cols = n_heads,
        .values = values,
        .row_labels = rows,
        .col_labels = cols,
        .scale = at_scale_fit(AT_DIVERGING, 1, values, n),
        .show_values = true,
        .outlined = (const size_t[]){ 3, 17, 40 },
        .n_outlined = 3,
        .outline_name = "BAR > 2.5",
        .width_mm = 160,
    };
    save_sample(at_draw_heatmap(&h), name);
    free(name);
    free(values);
    free_numbers(rows, n_layers);
    free_numbers(cols, n_heads);
}

static void sample_grid(size_t n_layers, size_t n_heads, size_t n, bool is_causal)
{
    float *values = at_malloc(n_layers * n_heads * n * n, sizeof *values);
    char *name = at_asprintf("grid_%zux%zu", n_layers, n_heads);

    for (size_t p = 0; p < n_layers * n_heads; p++) {
        float *a = make_attention(n, is_causal, p);
        memcpy(values + p * n * n, a, n * n * sizeof *a);
        free(a);
    }
    struct at_heatmap_grid g = {
        .title = "Attention weights of every head, bert-base-uncased",
        .subtitle = "\"The doctor told the nurse to come in …\" · raw weights · 40 tokens",
        .unit = "attention weight",
        .n_layers = n_layers,
        .n_heads = n_heads,
        .rows = n,
        .cols = n,
        .n_tokens = 40,
        .values = values,
        .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 0.5 },
        .is_causal = is_causal,
        .width_mm = 160,
    };
    save_sample(at_draw_heatmap_grid(&g), name);
    free(name);
    free(values);
}

static void sample_sankey(size_t n, bool has_focus)
{
    static const size_t focus[] = { 2, 9 };
    struct at_label *labels = make_labels(n);
    float *values = make_attention(n, false, n);
    struct at_sankey_link *links = at_malloc(n * n, sizeof *links);
    char *name = at_asprintf("flow_%zu%s", n, has_focus ? "_focus" : "");
    size_t n_links = 0;

    for (size_t k = 0; k < n * n; k++)
        if (values[k] > 0.04)
            links[n_links++] = (struct at_sankey_link){ k / n, k % n, values[k] };
    struct at_sankey s = {
        .title = "Attention flow, bert-base-uncased, layer 3, head 5",
        .subtitle = "\"The doctor told the nurse …\" · raw weights · links above 0.04: 93 of 1600, "
                    "81 % of the weight",
        .n_sources = n,
        .n_targets = n,
        .source_labels = labels,
        .target_labels = labels,
        .source_name = "query: looks from",
        .target_name = "key: looks at",
        .links = links,
        .n_links = n_links,
        .focus = focus,
        .n_focus = has_focus ? 2 : 0,
        .width_mm = 160,
    };
    save_sample(at_draw_sankey(&s), name);
    free(name);
    free(links);
    free(values);
    free(labels);
}

/* Every node has up to k children, fewer at random; as an influence tree would have. */
static void sample_tree(size_t k, size_t depth)
{
    enum { MAX_NODES = 2000 };
    struct at_tree_shape_node *nodes = at_calloc(MAX_NODES, sizeof *nodes);
    size_t *level = at_calloc(MAX_NODES, sizeof *level), n = 1;
    struct at_label *labels = make_labels(64);
    char *name = at_asprintf("tree_k%zu_d%zu", k, depth);
    struct at_rng rng;

    at_rng_init(&rng, 3, k);
    nodes[0] = (struct at_tree_shape_node){ .label = labels[2], .weight = 1, .product = 1 };
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k && level[i] + 1 < depth && n < MAX_NODES; j++) {
            double w = 0.9 / (double)(j + 2) * at_rng_double(&rng);
            if (k > 1 && w < 0.02)
                continue;
            level[n] = level[i] + 1;
            nodes[n++] = (struct at_tree_shape_node){ .parent = i,
                                                      .label = labels[at_rng_below(&rng, 64)],
                                                      .weight = w,
                                                      .product = w * nodes[i].product };
        }
    struct at_tree_shape t = {
        .title = "Token influence from \"doctor\", bert-base-uncased, layer 3, head 5",
        .subtitle = "\"The doctor told the nurse …\" · raw weights · the 3 strongest links of "
                    "every token, 2 hops",
        .nodes = nodes,
        .n = n,
        .width_mm = 160,
    };
    save_sample(at_draw_tree(&t), name);
    free(name);
    free(labels);
    free(level);
    free(nodes);
}

int main(void)
{
    static const size_t sizes[] = { 3, 5, 12, 40, 120, 300, 512 };
    static const size_t trees[][2] = { { 1, 1 }, { 3, 3 }, { 3, 5 }, { 20, 3 }, { 1, 12 } };
    struct at_error err;

    if (at_mkdir_p("build/samples", &err)) {
        fprintf(stderr, "draw_samples: %s\n", err.text);
        return 1;
    }
    started = seconds();
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        sample_heatmap(sizes[i], false);
        sample_heatmap(sizes[i], true);
        sample_sankey(sizes[i], false);
    }
    sample_sankey(12, true);
    sample_sankey(40, true);
    for (size_t i = 0; i < AT_COUNTOF(trees); i++)
        sample_tree(trees[i][0], trees[i][1]);
    sample_layer_head(12, 12);
    sample_layer_head(48, 25);
    sample_grid(12, 12, 24, false);
    sample_grid(48, 25, 16, true);
    sample_charts();
    return 0;
}
