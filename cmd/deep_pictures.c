/*
 * deep_pictures.c - the inside of the layers as pictures.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/job_deep_dive.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"
#include "draw/draw_scatter.h"
#include "stats/summary.h"

enum { STRIP = 64 }; /* dimensions of a strip */

bool deep_shows(const struct deep *d, size_t layer)
{
    const struct selection *s = d->selection;

    if (s->layers == SELECT_ONE)
        return layer == s->layer;
    return s->layers == SELECT_ALL || layer + 1 == d->L;
}

static struct at_label *numbers(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

/* A map that rows and columns are named for already. */
static int picture(struct deep *d, const char *name, struct at_heatmap *h, struct at_error *err)
{
    h->width_mm = d->job->width_mm;
    return job_picture(d->job, d->doc, name, at_draw_heatmap(h), err);
}

int deep_picture_strips(struct deep *d, size_t layer, const float *x, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t width = AT_MIN((size_t)STRIP, d->C);
    float *values = at_arena_alloc(&arena, d->n * width, sizeof *values);
    char *subtitle = job_text_subtitle(d->job, d->doc);
    struct at_heatmap h = {
        .title = at_arena_printf(&arena, "Hidden states behind layer %zu, %s", layer,
                                 d->job->shown_model),
        .subtitle = subtitle,
        .x_name = at_arena_printf(&arena, "dimension, the first %zu of %zu", width, d->C),
        .y_name = d->job->by_words ? "word" : "token",
        .unit = "value",
        .rows = d->n,
        .cols = width,
        .values = values,
        .row_labels = d->doc->labels,
        .col_labels = numbers(&arena, width),
    };
    int rc;

    for (size_t i = 0; i < d->n; i++)
        for (size_t j = 0; j < width; j++)
            values[i * width + j] = x[i * d->C + j];
    h.scale = at_scale_fit(AT_DIVERGING, 0.0, values, d->n * width);
    rc = picture(d, at_arena_printf(&arena, "hidden_L%zu", layer), &h, err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

int deep_picture_cosine(struct deep *d, const float *map, long layer, long head,
                        struct at_error *err)
{
    char *title = job_title(d->job, "Cosine of queries and keys", layer, head);
    char *subtitle = job_text_subtitle(d->job, d->doc);
    char *name = layer < 0  ? at_strdup("cosine_mean")
                 : head < 0 ? at_asprintf("cosine_L%ld_mean", layer)
                            : at_asprintf("cosine_L%ld_H%ld", layer, head);
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = "cosine",
        .rows = d->n,
        .cols = d->n,
        .values = map,
        .row_labels = d->doc->labels,
        .col_labels = d->doc->labels,
        .scale = { .kind = AT_DIVERGING, .lo = -1.0, .hi = 1.0 },
        .is_causal = d->job->shape.is_causal,
    };
    int rc = picture(d, name, &h, err);

    free(name);
    free(subtitle);
    free(title);
    return rc;
}

/* Layers or states down, tokens across. */
struct layer_map {
    const char *name, *title, *y_name, *unit;
    size_t rows;
    bool from_zero; /* the scale; else from the smallest value */
    double (*value)(const struct deep *d, size_t row, size_t i);
};

static double state_norm(const struct deep *d, size_t row, size_t i)
{
    return d->states[row].stats[i].norm;
}

static double attention_change(const struct deep *d, size_t row, size_t i)
{
    return d->layers[row].attention_change[i];
}

static double ffn_change(const struct deep *d, size_t row, size_t i)
{
    return d->layers[row].ffn_change[i];
}

static double active_share(const struct deep *d, size_t row, size_t i)
{
    return d->layers[row].ffn[i].positive;
}

/* How sure the head would be of what this state says, were it the last. */
static double lens_certainty(const struct deep *d, size_t row, size_t i)
{
    return d->states[row].lens[i].top[0].p;
}

/* Below every finite value, so that a scale that starts there has a width; 0 when there is none. */
static double smallest(const float *values, size_t n)
{
    float least = INFINITY;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            least = fminf(least, values[i]);
    return isfinite(least) ? (double)floorf(least * 0.99f) : 0.0;
}

static int picture_layers(struct deep *d, const struct layer_map *m, struct at_error *err)
{
    struct at_arena arena = { 0 };
    float *values = at_arena_alloc(&arena, m->rows * d->n, sizeof *values);
    char *subtitle = job_text_subtitle(d->job, d->doc);
    struct at_heatmap h = {
        .title = at_arena_printf(&arena, "%s, %s", m->title, d->job->shown_model),
        .subtitle = subtitle,
        .x_name = d->job->by_words ? "word" : "token",
        .y_name = m->y_name,
        .unit = m->unit,
        .note = m->rows > d->L ? "State 0 is the embedding, state l + 1 is behind layer l." : NULL,
        .rows = m->rows,
        .cols = d->n,
        .values = values,
        .row_labels = numbers(&arena, m->rows),
        .col_labels = d->doc->labels,
    };
    int rc;

    for (size_t k = 0; k < m->rows * d->n; k++)
        values[k] = (float)m->value(d, k / d->n, k % d->n);
    h.scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, m->rows * d->n);
    if (!m->from_zero)
        h.scale.lo = smallest(values, m->rows * d->n);
    rc = picture(d, m->name, &h, err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* Mean change by layer, with the deviation over rows as error bars. */
static struct at_line_series change_series(struct at_arena *arena, const struct deep *d,
                                           const char *name, bool is_ffn)
{
    double *x = at_arena_alloc(arena, 4 * d->L, sizeof *x);
    double *y = x + d->L, *lo = y + d->L, *hi = lo + d->L;

    for (size_t l = 0; l < d->L; l++) {
        const double *change = is_ffn ? d->layers[l].ffn_change : d->layers[l].attention_change;
        double sd = at_sd(change, d->n);
        x[l] = (double)l;
        y[l] = at_mean(change, d->n);
        lo[l] = fmax(0.0, y[l] - sd);
        hi[l] = y[l] + sd;
    }
    return (struct at_line_series){ name, AT_LINE_MARKED, x, y, lo, hi, d->L };
}

static int picture_residual(struct deep *d, struct at_error *err)
{
    struct at_arena arena = { 0 };
    char *subtitle = job_text_subtitle(d->job, d->doc);
    const struct at_line_series series[] = {
        change_series(&arena, d, "by attention", false),
        change_series(&arena, d, "by feed-forward", true),
    };
    const struct at_line_plot lines = {
        .title = at_arena_printf(&arena, "Change of the residual stream, %s", d->job->shown_model),
        .subtitle = subtitle,
        .note = at_arena_printf(&arena,
                                "Length of what a block adds, relative to what it gets: mean over "
                                "%s, bars are one standard deviation.",
                                d->job->by_words ? "words" : "tokens"),
        .x_name = "layer",
        .y_name = "relative change",
        .is_x_count = true,
        .series = series,
        .n_series = AT_COUNTOF(series),
        .y_reference = NAN,
        .x_marked = d->selection->layers == SELECT_ONE ? (double)d->selection->layer : NAN,
        .width_mm = d->job->width_mm,
    };
    int rc = job_picture(d->job, d->doc, "residual", at_draw_lines(&lines), err);

    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static const char *const plain_names[] = { "text", "special token" };
static const char *const qkv_names[] = { "query", "key", "value" };

/* parts 1: rows, special ones apart; parts 3: queries, keys, values. */
static int picture_plane(struct deep *d, const char *name, const char *title,
                         const struct deep_plane *p, size_t parts, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = parts * d->n;
    struct at_scatter_point *points = at_arena_calloc(&arena, n, sizeof *points);
    char *subtitle = job_text_subtitle(d->job, d->doc);
    struct at_scatter s = {
        .title = at_arena_printf(&arena, "%s, %s", title, d->job->shown_model),
        .subtitle = subtitle,
        .x_name = component_name(&arena, 1, p->ratio[0], 1),
        .y_name = component_name(&arena, 2, p->ratio[1], 1),
        .points = points,
        .n = n,
        .category_names = parts == 3 ? qkv_names : plain_names,
        .n_categories = parts == 3 ? 3 : 1,
        .has_ticks = true,
        .x_reference = NAN,
        .y_reference = NAN,
        .width_mm = d->job->width_mm,
    };
    int rc;

    for (size_t i = 0; i < n && parts == 1; i++)
        if (d->doc->labels[i].is_special)
            s.n_categories = 2;
    for (size_t i = 0; i < n; i++)
        points[i] = (struct at_scatter_point){
            .x = p->xy[2 * i],
            .y = p->xy[2 * i + 1],
            .weight = 0.3,
            .category = parts == 3 ? i / d->n : d->doc->labels[i].is_special,
            .name = d->doc->labels[i % d->n].text,
        };
    rc = job_picture(d->job, d->doc, name, at_draw_scatter(&s), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static int picture_planes(struct deep *d, struct at_error *err)
{
    int rc = 0;

    if (d->n < 2)
        return 0; /* no direction in a single point */
    if (d->word.stats)
        rc = picture_plane(d, "pca_word", "Word embeddings", &d->word.plane, 1, err);
    for (size_t l = 0; !rc && l < d->L; l++) {
        char *name, *title;
        if (!deep_shows(d, l))
            continue;
        name = at_asprintf("pca_hidden_L%zu", l);
        title = at_asprintf("Hidden states behind layer %zu", l);
        rc = picture_plane(d, name, title, &d->states[l + 1].plane, 1, err);
        free(name);
        free(title);
        if (rc)
            return rc;
        name = at_asprintf("pca_qkv_L%zu", l);
        title = at_asprintf("Queries, keys and values of layer %zu", l);
        rc = picture_plane(d, name, title, &d->layers[l].qkv_plane, 3, err);
        free(name);
        free(title);
    }
    return rc;
}

int deep_pictures(struct deep *d, struct at_error *err)
{
    const struct layer_map maps[] = {
        { "hidden_norm", "Length of the hidden states", "state", "length", d->L + 1, false,
          state_norm },
        { "residual_attention", "Change of the residual stream by attention", "layer",
          "relative change", d->L, true, attention_change },
        { "residual_ffn", "Change of the residual stream by feed-forward", "layer",
          "relative change", d->L, true, ffn_change },
        { "ffn_active", "Feed-forward units above 0", "layer", "share of units", d->L, true,
          active_share },
    };
    const struct layer_map lens = {
        "lens",        "Logit lens: probability of the most likely token",
        "state",       "probability",
        d->L + 1,      true,
        lens_certainty
    };
    size_t cells = d->n * d->n;
    int rc = picture_residual(d, err);

    if (!rc && d->has_lens)
        rc = picture_layers(d, &lens, err);
    for (size_t i = 0; !rc && i < AT_COUNTOF(maps); i++)
        rc = picture_layers(d, &maps[i], err);
    if (!rc)
        rc = picture_planes(d, err);
    if (!rc && job_selects_global(d->selection)) {
        float *mean = at_arena_alloc(&d->scratch, cells, sizeof *mean);
        for (size_t i = 0; i < cells; i++)
            mean[i] = (float)(d->cosine_sum[i] / (double)(d->L * d->H));
        rc = deep_picture_cosine(d, mean, -1, -1, err);
    }
    return rc;
}
