/*
 * bias_attention_pictures.c - attention to flagged tokens as pictures: the ratio of every head, its
 * way through the layers, the top heads, maps with the flagged tokens marked.
 */
#include "cmd/bias_attention.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/draw_bars.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"

struct map_name {
    long layer, head;
};
char *map_file_name(const char *kind, struct map_name name);

static const char *const mark_names[] = { "generalisation", "unfairness", "stereotype" };
static const char *const correction_marks[] = { "p", "q", "Bonferroni p" };

/* "0", "1", ... */
static struct at_label *number_labels(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

static char *subtitle_of(const struct attention_state *s)
{
    char *more = at_asprintf("%zu flagged", s->ratios[0].n_flagged);
    char *subtitle = job_subtitle(s->job, s->doc, more);

    free(more);
    return subtitle;
}

/* Layers down, heads across; 1 is neutral, significant heads have a border. */
static int picture_ratios(struct attention_state *s, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = s->L * s->H, *outlined = at_arena_alloc(&arena, n, sizeof *outlined);
    float *values = at_arena_alloc(&arena, n, sizeof *values);
    char *subtitle = subtitle_of(s);
    struct at_heatmap h = {
        .title = at_arena_printf(&arena, "Attention to flagged tokens, %s", s->job->shown_model),
        .subtitle = subtitle,
        .x_name = "head",
        .y_name = "layer",
        .unit = "ratio to even attention (1)",
        .rows = s->L,
        .cols = s->H,
        .values = values,
        .row_labels = number_labels(&arena, s->L),
        .col_labels = number_labels(&arena, s->H),
        .show_values = true,
        .width_mm = s->job->width_mm,
        .outlined = outlined,
    };
    int rc;

    for (size_t i = 0; i < n; i++) {
        values[i] = (float)s->ratios[0].heads[i].bar;
        if (attention_is_significant(s, i))
            outlined[h.n_outlined++] = i;
    }
    h.scale = at_scale_fit(AT_DIVERGING, 1.0, values, n);
    h.outline_name = at_arena_printf(&arena, "%s at most %g", correction_marks[s->call->correction],
                                     s->significance.alpha);
    h.note = s->job->shape.is_causal
                 ? "causal model: early tokens are seen by more queries, which alone moves the "
                   "ratio; bar_visible in bar.csv takes that off"
                 : NULL;
    rc = job_picture(s->job, s->doc, "bar", at_draw_heatmap(&h), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static int picture_layers(struct attention_state *s, struct at_error *err)
{
    struct at_arena arena = { 0 };
    double *x = at_arena_alloc(&arena, s->L, sizeof *x);
    double *lo = at_arena_alloc(&arena, s->L, sizeof *lo);
    double *hi = at_arena_alloc(&arena, s->L, sizeof *hi);
    char *subtitle = subtitle_of(s);
    int rc;

    for (size_t l = 0; l < s->L; l++) {
        x[l] = (double)l;
        lo[l] = hi[l] = NAN;
        for (size_t h = 0; h < s->H; h++) {
            lo[l] = fmin(lo[l], s->ratios[0].heads[l * s->H + h].bar);
            hi[l] = fmax(hi[l], s->ratios[0].heads[l * s->H + h].bar);
        }
    }
    const struct at_line_series series = { .name = "mean of the heads, least to greatest",
                                           .style = AT_LINE_MARKED,
                                           .x = x,
                                           .y = s->layer_mean,
                                           .lo = lo,
                                           .hi = hi,
                                           .n = s->L };
    const struct at_line_plot plot = {
        .title = at_arena_printf(&arena, "Attention to flagged tokens through the layers, %s",
                                 s->job->shown_model),
        .subtitle = subtitle,
        .note = at_arena_printf(&arena, "pattern: %s", at_bar_pattern_name(s->propagation.pattern)),
        .x_name = "layer",
        .y_name = "ratio to even attention",
        .is_x_count = true,
        .series = &series,
        .n_series = 1,
        .y_reference = 1.0,
        .reference_name = "even attention",
        .x_marked = s->job->selection.layers == SELECT_ONE ? (double)s->job->selection.layer : NAN,
        .width_mm = s->job->width_mm,
    };
    rc = job_picture(s->job, s->doc, "propagation", at_draw_lines(&plot), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static int picture_top(struct attention_state *s, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n, *top = attention_top(s, &n);
    struct at_bar *bars = at_arena_calloc(&arena, n, sizeof *bars);
    char *subtitle = subtitle_of(s);
    int rc;

    for (size_t i = 0; i < n; i++) {
        const struct at_bar_head *h = &s->ratios[0].heads[top[i]];
        bars[i].label = at_arena_printf(&arena, "%zu-%zu", top[i] / s->H, top[i] % s->H);
        bars[i].value = h->bar;
        bars[i].lo = bars[i].hi = NAN;
        bars[i].detail = isnan(h->q) ? NULL : at_arena_printf(&arena, "q = %.2g", h->q);
    }
    const struct at_bars b = {
        .title = at_arena_printf(&arena, "Heads with most attention to flagged tokens, %s",
                                 s->job->shown_model),
        .subtitle = subtitle,
        .note = "the threshold is another model's calibration unless it was given",
        .value_name = "ratio to even attention (1)",
        .bars = bars,
        .n = n,
        .axis_lo = 0.0,
        .axis_hi = NAN,
        .reference = s->call->threshold,
        .reference_name = at_arena_printf(&arena, "threshold %g", s->call->threshold),
        .width_mm = s->job->width_mm,
    };
    rc = job_picture(s->job, s->doc, "bar_top", at_draw_bars(&b), err);
    free(subtitle);
    free(top);
    at_arena_release(&arena);
    return rc;
}

int attention_map_picture(struct attention_state *s, const float *map, long layer, long head,
                          struct at_error *err)
{
    char *title = job_title(s->job, "Attention and flagged tokens", layer, head);
    char *subtitle = subtitle_of(s), *file;
    size_t *focus = at_malloc(s->T, sizeof *focus);
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = "attention weight",
        .rows = s->T,
        .cols = s->T,
        .values = map,
        .row_labels = s->marked,
        .col_labels = s->marked,
        .scale = at_scale_fit_map(map, s->T, s->job->shape.is_causal),
        .is_causal = s->job->shape.is_causal,
        .mark_names = mark_names,
        .n_marks = AT_N_BIAS,
        .focus = focus,
        .width_mm = s->job->width_mm,
    };
    int rc;

    for (size_t i = 0; i < s->T; i++)
        if (s->flagged[0][i])
            focus[h.n_focus++] = i;
    file = map_file_name("bias_attention", (struct map_name){ layer, head });
    rc = job_picture(s->job, s->doc, file, at_draw_heatmap(&h), err);
    free(file);
    free(focus);
    free(subtitle);
    free(title);
    return rc;
}

int attention_pictures(struct attention_state *s, struct at_error *err)
{
    int rc;

    if (s->ratios[0].n_flagged == 0) /* nothing to show */
        return 0;
    rc = picture_ratios(s, err);
    if (!rc)
        rc = picture_layers(s, err);
    if (!rc)
        rc = picture_top(s, err);
    return rc;
}
