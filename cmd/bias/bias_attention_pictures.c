/*
 * bias_attention_pictures.c - attention to flagged tokens as pictures: the ratio of every head, its
 * way through the layers, the top heads, maps with the flagged tokens marked.
 */
#include <math.h>
#include <stdlib.h>

#include "cmd/bias/bias_attention.h"
#include "draw/draw_bars.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"

static const char *const correction_marks[] = { "p", "q", "Bonferroni p" };

/* What all pictures of one text are about. */
struct subject {
    const struct attention *a;
    struct sink *sink;
    const struct at_doc *doc;
    const struct at_bar_result *r;
    const char *subtitle;
    struct at_arena arena;
};

static int write_picture(struct subject *s, const char *name, struct at_canvas *canvas,
                         struct at_error *err)
{
    return sink_picture(s->sink, s->doc, s->doc->model_name, name, canvas, err);
}

/* "0", "1", ... */
static struct at_label *number_labels(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

static char *subtitle_of(const struct sink *sink, const struct at_doc *doc, size_t n_flagged)
{
    char more[48];

    snprintf(more, sizeof more, "%zu flagged", n_flagged);
    return caption_text(sink->call, doc, more);
}

/* Layers down, heads across; 1 is neutral, significant heads have a border. */
static int picture_ratios(struct subject *s, struct at_error *err)
{
    const struct at_bar_result *r = s->r;
    struct at_arena *arena = &s->arena;
    size_t *outlined = at_arena_alloc(arena, r->n_heads, sizeof *outlined);
    float *values = at_arena_alloc(arena, r->n_heads + 1, sizeof *values);
    struct at_heatmap h = {
        .title = at_arena_printf(arena, "Attention to flagged tokens, %s", s->doc->model_name),
        .subtitle = s->subtitle,
        .x_name = "head",
        .y_name = "layer",
        .unit = "ratio to even attention (1)",
        .rows = r->L,
        .cols = r->H,
        .values = values,
        .row_labels = number_labels(arena, r->L),
        .col_labels = number_labels(arena, r->H),
        .show_values = true,
        .width_mm = s->sink->call->width_mm,
        .outlined = outlined,
        .outline_name = at_arena_printf(arena, "%s at most %g", correction_marks[s->a->correction],
                                        r->significance.alpha),
        .note = s->doc->shape->is_causal
                    ? "causal model: early tokens are seen by more queries, which alone moves the "
                      "ratio; bar_visible in bar.csv takes that off"
                    : NULL,
    };

    for (size_t i = 0; i < r->n_heads; i++) {
        values[i] = (float)r->heads[i].of.bar;
        if (r->heads[i].is_significant)
            outlined[h.n_outlined++] = i;
    }
    values[r->n_heads] = 2.0f; /* the range is 0 to 2 at least: noise about 1 stays pale */
    h.scale = at_scale_fit(AT_DIVERGING, 1.0, values, r->n_heads + 1);
    return write_picture(s, "bar", at_draw_heatmap(&h), err);
}

static int picture_layers(struct subject *s, struct at_error *err)
{
    const struct at_bar_result *r = s->r;
    const struct selection *chosen = &s->sink->call->selection;
    double *x = at_arena_alloc(&s->arena, r->L, sizeof *x);
    double *lo = at_arena_alloc(&s->arena, r->L, sizeof *lo);
    double *hi = at_arena_alloc(&s->arena, r->L, sizeof *hi);
    const struct at_line_series series = {
        .name = "mean of the heads, least to greatest",
        .style = AT_LINE_MARKED,
        .x = x,
        .y = r->propagation.layers,
        .lo = lo,
        .hi = hi,
        .n = r->L,
    };
    const struct at_line_plot plot = {
        .title = at_arena_printf(&s->arena, "Attention to flagged tokens through the layers, %s",
                                 s->doc->model_name),
        .subtitle = s->subtitle,
        .note = at_arena_printf(&s->arena, "pattern: %s", r->propagation.pattern),
        .x_name = "layer",
        .y_name = "ratio to even attention",
        .is_x_count = true,
        .series = &series,
        .n_series = 1,
        .y_reference = 1.0,
        .reference_name = "even attention",
        .x_marked = chosen->layers == SELECT_ONE ? (double)chosen->layer : NAN,
        .x_marked_name = "the layer that was chosen",
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t l = 0; l < r->L; l++) {
        x[l] = (double)l;
        lo[l] = r->layers[l].min;
        hi[l] = r->layers[l].max;
    }
    return write_picture(s, "propagation", at_draw_lines(&plot), err);
}

static int picture_top(struct subject *s, struct at_error *err)
{
    const struct at_bar_result *r = s->r;
    struct at_arena *arena = &s->arena;
    struct at_bar *bars = at_arena_calloc(arena, r->n_top, sizeof *bars);
    const struct at_bars b = {
        .title = at_arena_printf(arena, "Heads with most attention to flagged tokens, %s",
                                 s->doc->model_name),
        .subtitle = s->subtitle,
        .note = s->a->calibration ? "the threshold is this model's own calibration"
                : call_gives(s->sink->call, &s->a->threshold)
                    ? "the threshold is as given"
                    : "the threshold is another model's calibration; bias calibrate finds this "
                      "model's own",
        .value_name = "ratio to even attention (1)",
        .bars = bars,
        .n = r->n_top,
        .axis_lo = 0.0,
        .axis_hi = NAN,
        .reference = r->threshold,
        .reference_name = at_arena_printf(arena, "threshold %g", r->threshold),
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < r->n_top; i++) {
        const struct at_bar_row *row = &r->top[i];
        bars[i].label = at_arena_printf(arena, "L%zuH%zu", row->layer, row->head);
        bars[i].value = row->of.bar;
        bars[i].lo = bars[i].hi = NAN;
        bars[i].detail = isnan(row->of.q) ? NULL : at_arena_printf(arena, "q = %.2g", row->of.q);
    }
    return write_picture(s, "bar_top", at_draw_bars(&b), err);
}

int attention_pictures(const struct attention *a, const struct at_doc *doc,
                       const struct at_bar_result *r, struct at_error *err)
{
    struct subject s = { .a = a, .sink = a->x->sink, .doc = doc, .r = r };
    char *subtitle = subtitle_of(s.sink, doc, r->n_flagged);
    int rc;

    s.subtitle = subtitle;
    rc = picture_ratios(&s, err);
    if (!rc)
        rc = picture_layers(&s, err);
    if (!rc)
        rc = picture_top(&s, err);
    free(subtitle);
    at_arena_release(&s.arena);
    return rc;
}

/* --- maps --- */

struct marked_text mark_text(struct sink *sink, const struct at_bar_text *t, struct at_arena *arena)
{
    size_t T = t->doc->tokens.n;
    struct marked_text m = {
        .sink = sink,
        .doc = t->doc,
        .labels = at_arena_alloc(arena, T, sizeof *m.labels),
        .flagged = at_arena_alloc(arena, T, sizeof *m.flagged),
        .n_flagged = t->n_flagged,
    };

    for (size_t i = 0; i < T; i++)
        m.labels[i] = t->doc->labels[i];
    for (size_t i = 0; i < t->n_flagged; i++) {
        const struct at_flagged_token *f = &t->flagged[i];
        m.flagged[i] = f->index;
        for (size_t c = AT_N_BIAS; c-- > 0;) /* the first category's colour */
            if (f->categories >> c & 1)
                m.labels[f->index].mark = 1 + c;
    }
    return m;
}

int picture_marked_map(const struct marked_text *m, const float *map, struct map_name name,
                       struct at_error *err)
{
    const struct at_doc *doc = m->doc;
    char *title =
        caption_title("Attention and flagged tokens", doc->model_name, name.layer, name.head);
    char *subtitle = subtitle_of(m->sink, doc, m->n_flagged);
    char *file = map_file_name("bias_attention", name);
    const struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = "attention weight",
        .rows = doc->n,
        .cols = doc->n,
        .values = map,
        .row_labels = m->labels,
        .col_labels = m->labels,
        .scale = at_scale_fit_map(map, doc->n, doc->shape->is_causal),
        .is_causal = doc->shape->is_causal,
        .mark_names = category_names,
        .n_marks = AT_N_BIAS,
        .focus = m->flagged,
        .n_focus = m->n_flagged,
        .width_mm = m->sink->call->width_mm,
    };
    int rc = sink_picture(m->sink, doc, doc->model_name, file, at_draw_heatmap(&h), err);

    free(file);
    free(subtitle);
    free(title);
    return rc;
}
