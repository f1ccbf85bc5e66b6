/*
 * draw_samples_charts.c - samples of everything that is not a map, a flow or a tree.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "draw/draw_bars.h"
#include "draw/draw_boxes.h"
#include "draw/draw_bubbles.h"
#include "draw/draw_gauges.h"
#include "draw/draw_lines.h"
#include "draw/draw_radar.h"
#include "draw/draw_scatter.h"
#include "draw/draw_strip.h"
#include "draw_samples.h"

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
    save_sample(at_draw_radar(&r), name);
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
    save_sample(at_draw_scatter(&s), name);
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

    save_sample(at_draw_gauges(&g), "gauges");
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
    save_sample(at_draw_bubbles(&b), name);
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
    save_sample(at_draw_bars(&b), name);
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
    save_sample(at_draw_boxes(&b), "boxes");
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
    save_sample(at_draw_lines(&l), "lines");
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
    save_sample(at_draw_strip(&s), name);
    free(t);
}

static void sample_strips(void)
{
    static const char *const arabic[] = { "[CLS]", "كانت", "الممرضة", "BERT",   "GPT-2", "متعبة",
                                          "جدا",   "،",    "##ون",    "الطبيب", "2023",  "شكرا" };

    sample_strip(sample_words, N_SAMPLE_WORDS, 60, false, "strip_mixed");
    sample_strip(sample_words, N_SAMPLE_WORDS, 300, true, "strip_scale");
    sample_strip(arabic, AT_COUNTOF(arabic), 40, false, "strip_arabic");
}

void sample_charts(void)
{
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
}
