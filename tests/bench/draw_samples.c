/*
 * draw_samples.c - one picture of every kind at several sizes, for people to look at.
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
#include "draw/draw_bars.h"
#include "draw/draw_boxes.h"
#include "draw/draw_bubbles.h"
#include "draw/draw_gauges.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"
#include "draw/draw_radar.h"
#include "draw/draw_sankey.h"
#include "draw/draw_scatter.h"
#include "draw/draw_strip.h"
#include "draw/draw_tree.h"

static const char *const words[] = {
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
        l[i].text = words[i % AT_COUNTOF(words)];
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

static void save(struct at_canvas *c, const char *name)
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
    save(at_draw_heatmap(&h), name);
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
    save(at_draw_heatmap(&h), name);
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
    save(at_draw_heatmap_grid(&g), name);
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
    save(at_draw_sankey(&s), name);
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
    save(at_draw_tree(&t), name);
    free(name);
    free(labels);
    free(level);
    free(nodes);
}

static void sample_radar(size_t n_series)
{
    static const char *const axes[] = { "Syntax",        "Semantics", "First-token (sink) focus",
                                        "Punctuation",   "Entities",  "Long-range",
                                        "Self-attention" };
    static const char *const raw[] = { "0.31", "0.28", "0.08", "0.11", "n/a", "0.46", "0.02" };
    struct at_radar_series series[16];
    double values[16][7];
    char *names[16], *name = at_asprintf("radar_%zu", n_series);
    struct at_rng rng;

    at_rng_init(&rng, 5, 0);
    for (size_t k = 0; k < n_series; k++) {
        for (size_t i = 0; i < 7; i++)
            values[k][i] = i == 4 && k == 0 ? NAN : at_rng_double(&rng);
        names[k] = at_asprintf("head %zu", k);
        series[k] = (struct at_radar_series){ names[k], values[k] };
    }
    struct at_radar r = {
        .title = "Head roles, bert-base-uncased, layer 3",
        .subtitle = "\"The doctor told the nurse …\" · scores scaled to 0..1 within the layer",
        .note = "Scaled scores compare heads of one layer only.",
        .n_axes = 7,
        .axis_names = axes,
        .axis_details = n_series == 1 ? raw : NULL,
        .series = series,
        .n_series = n_series,
        .width_mm = 160,
    };
    save(at_draw_radar(&r), name);
    for (size_t k = 0; k < n_series; k++)
        free(names[k]);
    free(name);
}

static void sample_scatter(size_t n, bool has_silhouettes)
{
    static const char *const names[] = { "syntax", "long-range", "sink", "punctuation" };
    struct at_scatter_point *p = at_calloc(n, sizeof *p);
    char *name = at_asprintf("scatter_%zu", n);
    struct at_rng rng;

    at_rng_init(&rng, 9, n);
    for (size_t i = 0; i < n; i++) {
        size_t k = at_rng_below(&rng, 4);
        p[i] = (struct at_scatter_point){ .x = 3.0 * (double)(k % 2) + at_rng_normal(&rng),
                                          .y = 3.0 * (double)(k / 2) + at_rng_normal(&rng),
                                          .weight = at_rng_double(&rng),
                                          .category = k,
                                          .name = at_asprintf("L%zu H%zu", i / 12, i % 12),
                                          .is_marked = !has_silhouettes && i % 29 == 0,
                                          .silhouette = 0.75 * at_rng_double(&rng) - 0.12 };
    }
    struct at_scatter s = {
        .title = "Heads by what they do, bert-base-uncased",
        .subtitle = "t-SNE of 144 heads, perplexity 30 · k-means, 4 clusters by silhouette",
        .note = has_silhouettes ? "Distances in a t-SNE map have no meaning beyond near and far."
                                : NULL,
        .x_name = has_silhouettes ? "t-SNE 1" : "attention to biased tokens (BAR)",
        .y_name = has_silhouettes ? "t-SNE 2" : "change of the stereotype score",
        .points = p,
        .n = n,
        .category_names = names,
        .n_categories = 4,
        .mark_name = has_silhouettes ? NULL : "Pareto-optimal",
        .joins_marked = !has_silhouettes,
        .has_ticks = !has_silhouettes,
        .has_silhouettes = has_silhouettes,
        .x_reference = has_silhouettes ? NAN : 1,
        .y_reference = has_silhouettes ? NAN : 0,
        .width_mm = 160,
    };
    save(at_draw_scatter(&s), name);
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)p[i].name);
    free(p);
    free(name);
}

static void sample_gauges(void)
{
    static const struct at_gauge rows[] = {
        { "Confidence (max)",
          0.62,
          0,
          1,
          0.2,
          0.5,
          { "low", "medium", "high" },
          0.41,
          0.35,
          "above 83 % of the layer",
          2 },
        { "Confidence (average)",
          0.12,
          0,
          0.8,
          0.15,
          0.4,
          { "low", "medium", "high" },
          0.3,
          0.2,
          "above 8 % of the layer",
          2 },
        { "Focus (normalised entropy)",
          0.5,
          0,
          1,
          0.3,
          0.7,
          { "focused", "moderate", "diffuse" },
          0.52,
          0.5,
          "above 42 % of the layer",
          2 },
        { "Distribution (median)",
          0.081,
          0,
          0.05,
          0.005,
          0.02,
          { "low", "medium", "high" },
          0.01,
          0.012,
          "above 92 % of the layer",
          3 },
        { "Balance", NAN, 0, 1, 0.15, 0.4, { "low", "medium", "high" }, NAN, NAN, NULL, 2 },
        { "Flow change", 0.18, 0, 0.5, 0.1, 0.25, { "low", "medium", "high" }, NAN, 0.2, NULL, 2 },
    };
    struct at_gauges g = { .title = "Attention metrics, bert-base-uncased, layer 3, head 5",
                           .subtitle = "\"The doctor told the nurse …\" · raw weights · 40 tokens",
                           .note = "Bands are rules of thumb for raw attention.",
                           .rows = rows,
                           .n = AT_COUNTOF(rows),
                           .mean_name = "mean of the layer",
                           .baseline_name = "this head on neutral sentences",
                           .width_mm = 160 };

    save(at_draw_gauges(&g), "gauges");
}

static void sample_bubbles(size_t n)
{
    static const char *const sentences[] = {
        "The doctor told the nurse to come in, and then left.",
        "She was tired.",
        "护士已经工作了十二个小时。",
        "كانت الممرضة متعبة جدا.",
        "Nobody else was there 😀",
    };
    float *values = at_malloc(n * n, sizeof *values);
    const char **labels = at_malloc(n, sizeof *labels);
    char *name = at_asprintf("bubbles_%zu", n);
    struct at_rng rng;

    at_rng_init(&rng, 2, n);
    for (size_t k = 0; k < n * n; k++)
        values[k] = (float)(pow(at_rng_double(&rng), 3) * (k % (n + 1) ? 0.3 : 0.7));
    for (size_t i = 0; i < n; i++)
        labels[i] = sentences[i % AT_COUNTOF(sentences)];
    if (n > 1)
        values[1] = NAN;
    struct at_bubbles b = { .title = "Attention between sentences, bert-base-uncased",
                            .subtitle = "mean over all layers and heads · 5 sentences",
                            .x_name = "key: sentence looked at",
                            .y_name = "query: sentence looking",
                            .unit = "share of attention",
                            .note = "Rows sum to less than 1: the rest goes to special tokens.",
                            .n = n,
                            .values = values,
                            .labels = labels,
                            .scale = at_scale_fit(AT_SEQUENTIAL, 0, values, n * n),
                            .width_mm = 160 };
    save(at_draw_bubbles(&b), name);
    free(name);
    free(labels);
    free(values);
}

static void sample_bars(size_t n)
{
    static const char *const categories[] = { "gender", "race", "religion", "profession" };
    static const char *const targets[] = { "mother", "Ethiopia", "schoolgirl", "software developer",
                                           "Muslim", "prisoner", "Sierra Leon" };
    struct at_bar *bars = at_calloc(n, sizeof *bars);
    char *name = at_asprintf("bars_%zu", n);
    struct at_rng rng;

    at_rng_init(&rng, 4, n);
    for (size_t i = 0; i < n; i++) {
        double v = 40 + 30 * at_rng_double(&rng);
        bars[i] = (struct at_bar){ .label = n == 4 ? categories[i] : targets[i % 7],
                                   .value = i == 2 ? NAN : v,
                                   .lo = v - 9,
                                   .hi = v + 8,
                                   .category = i % 4,
                                   .detail = "n = 120" };
    }
    struct at_bars b = { .title = "Stereotype score by target, bert-base-uncased",
                         .subtitle = "StereoSet development set, intersentence · official protocol",
                         .value_name = "stereotype score (%)",
                         .bars = bars,
                         .n = n,
                         .axis_lo = 0,
                         .axis_hi = 100,
                         .reference = 50,
                         .reference_name = "50: no preference",
                         .interval_name = "95 % Wilson interval",
                         .category_names = categories,
                         .n_categories = 4,
                         .width_mm = 160 };
    save(at_draw_bars(&b), name);
    free(name);
    free(bars);
}

static void sample_boxes(void)
{
    static const char *const sides[] = { "stereotype", "anti-stereotype" };
    static const double outliers[] = { 0.9, 0.95, -0.2 };
    struct at_box boxes[10];

    for (size_t i = 0; i < 10; i++) {
        double m = 0.3 + 0.02 * (double)i;
        boxes[i] = (struct at_box){ .label = i % 2 ? "" : "L3 H5 focus",
                                    .whisker_lo = m - 0.3,
                                    .q1 = m - 0.1,
                                    .median = m,
                                    .q3 = m + 0.12,
                                    .whisker_hi = m + 0.35,
                                    .outliers = outliers,
                                    .n_outliers = i % 3 == 0 ? 3 : 0,
                                    .category = i % 2,
                                    .detail = i % 2 ? NULL : "p = 0.002 **" };
    }
    boxes[5].median = NAN;
    struct at_boxes b = { .title = "Features of the most sensitive heads, bert-base-uncased",
                          .subtitle = "StereoSet · Wilcoxon signed-rank, Benjamini-Hochberg",
                          .note =
                              "Boxes: quartiles and median. Whiskers: the furthest values within "
                              "1.5 times the box.",
                          .value_name = "feature value",
                          .boxes = boxes,
                          .n = 10,
                          .reference = 0.4,
                          .reference_name = "mean of all heads",
                          .category_names = sides,
                          .n_categories = 2,
                          .width_mm = 160 };
    save(at_draw_boxes(&b), "boxes");
}

static void sample_lines(void)
{
    double x[12], y[3][12], lo[12], hi[12];
    struct at_line_series series[] = {
        { "bert-base-uncased", AT_LINE_MARKED, x, y[0], lo, hi, 12 },
        { "gpt2", AT_LINE_MARKED, x, y[1], NULL, NULL, 12 },
        { "trend", AT_LINE_PLAIN, x, y[2], NULL, NULL, 12 },
    };

    for (size_t i = 0; i < 12; i++) {
        x[i] = (double)i;
        y[0][i] = 1.2 + 0.5 * sin((double)i);
        y[1][i] = i == 5 ? NAN : 0.8 + 0.1 * (double)i;
        y[2][i] = 1 + 0.04 * (double)i;
        lo[i] = y[0][i] - 0.2;
        hi[i] = y[0][i] + 0.3;
    }
    struct at_line_plot l = { .title = "Bias attention through the layers",
                              .subtitle = "\"All women are bad drivers.\" · mean over heads, ± sd",
                              .x_name = "layer",
                              .y_name = "mean BAR (observed / expected)",
                              .is_x_count = true,
                              .series = series,
                              .n_series = 3,
                              .y_reference = 1,
                              .reference_name = "1: uniform attention",
                              .x_marked = 7,
                              .width_mm = 160 };
    save(at_draw_lines(&l), "lines");
}

static void sample_strip(const char *const *text, size_t n_text, size_t n, bool has_scale,
                         const char *name)
{
    static const char *const categories[] = { "generalisation", "unfairness", "stereotype" };
    struct at_strip_token *t = at_calloc(n, sizeof *t);
    struct at_scale scale = { .kind = AT_DIVERGING, .lo = -1, .hi = 1, .neutral = 0 };
    struct at_rng rng;

    at_rng_init(&rng, 6, n);
    for (size_t i = 0; i < n; i++)
        t[i] = (struct at_strip_token){
            .text = text[i % n_text],
            .is_continuation = text[i % n_text][0] == '#',
            .is_special = text[i % n_text][0] == '[',
            .marks = has_scale ? 0
                               : (unsigned)(at_rng_below(&rng, 5) == 0) * (1u << i % 3) |
                                     (unsigned)(i == 3) * 6u,
            .intensity = has_scale ? 2 * at_rng_double(&rng) - 1 : at_rng_double(&rng),
        };
    struct at_strip s = { .title = "Biased language, atlas-bias",
                          .subtitle = "thresholds of the model card · 3 of 40 tokens flagged",
                          .tokens = t,
                          .n = n,
                          .category_names = categories,
                          .n_categories = has_scale ? 0 : 3,
                          .intensity_name = has_scale ? "attribution" : "score",
                          .scale = has_scale ? &scale : NULL,
                          .width_mm = 160 };
    save(at_draw_strip(&s), name);
    free(t);
}

static void sample_strips(void)
{
    static const char *const arabic[] = { "[CLS]", "كانت", "الممرضة", "BERT",   "GPT-2", "متعبة",
                                          "جدا",   "،",    "##ون",    "الطبيب", "2023",  "شكرا" };

    sample_strip(words, AT_COUNTOF(words), 60, false, "strip_mixed");
    sample_strip(words, AT_COUNTOF(words), 300, true, "strip_scale");
    sample_strip(arabic, AT_COUNTOF(arabic), 40, false, "strip_arabic");
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
    sample_radar(1);
    sample_radar(3);
    sample_radar(12);
    sample_scatter(144, true);
    sample_scatter(60, false);
    sample_scatter(1200, true);
    sample_gauges();
    sample_bubbles(1);
    sample_bubbles(5);
    sample_bubbles(40);
    sample_bars(4);
    sample_bars(80);
    sample_boxes();
    sample_lines();
    sample_strips();
    return 0;
}
