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
#include "draw/draw_heatmap.h"

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

int main(void)
{
    static const size_t sizes[] = { 3, 5, 12, 40, 120, 300, 512 };
    struct at_error err;

    if (at_mkdir_p("build/samples", &err)) {
        fprintf(stderr, "draw_samples: %s\n", err.text);
        return 1;
    }
    started = seconds();
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        sample_heatmap(sizes[i], false);
        sample_heatmap(sizes[i], true);
    }
    sample_layer_head(12, 12);
    sample_layer_head(48, 25);
    sample_grid(12, 12, 24, false);
    sample_grid(48, 25, 16, true);
    return 0;
}
