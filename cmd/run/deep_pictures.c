/*
 * deep_pictures.c - the inside of the layers as pictures.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/caption.h"
#include "cmd/run/run.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"
#include "draw/draw_scatter.h"

enum { STRIP = 64 }; /* dimensions of a strip */

/* What all pictures of one text are about. */
struct subject {
    struct sink *sink;
    const struct at_doc *doc;
    const struct at_deep *d; /* NULL until all layers are through */
};

/* The last layer when none was chosen. */
static bool is_shown(const struct subject *s, size_t layer)
{
    const struct selection *chosen = &s->sink->call->selection;

    if (chosen->layers == SELECT_ONE)
        return layer == chosen->layer;
    return chosen->layers == SELECT_ALL || layer + 1 == s->doc->shape->n_layers;
}

static const char *row_name(const struct subject *s)
{
    return s->doc->words.n ? "word" : "token";
}

static struct at_label *numbers(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

/* A map that rows and columns are named for already. */
static int picture(const struct subject *s, const char *name, struct at_heatmap *h,
                   struct at_error *err)
{
    h->width_mm = s->sink->call->width_mm;
    return sink_picture(s->sink, s->doc, s->doc->model_name, name, at_draw_heatmap(h), err);
}

/* The first dimensions of a layer's output x (n,C). */
static int picture_strips(const struct subject *s, size_t layer, const float *x,
                          struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = s->doc->n, C = s->doc->shape->width, width = AT_MIN((size_t)STRIP, C);
    float *values = at_arena_alloc(&arena, n * width, sizeof *values);
    char *subtitle = caption_plain_text(s->doc);
    struct at_heatmap h = {
        .title = at_arena_printf(&arena, "Hidden states behind layer %zu, %s", layer,
                                 s->doc->model_name),
        .subtitle = subtitle,
        .x_name = at_arena_printf(&arena, "dimension, the first %zu of %zu", width, C),
        .y_name = row_name(s),
        .unit = "value",
        .rows = n,
        .cols = width,
        .values = values,
        .row_labels = s->doc->labels,
        .col_labels = numbers(&arena, width),
    };
    int rc;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++)
            values[i * width + j] = x[i * C + j];
    h.scale = at_scale_fit(AT_DIVERGING, 0.0, values, n * width);
    rc = picture(s, at_arena_printf(&arena, "hidden_L%zu", layer), &h, err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* A q-k cosine map (n,n). */
static int picture_cosine(const struct subject *s, const float *map, struct map_name of,
                          struct at_error *err)
{
    char *title =
        caption_title("Cosine of queries and keys", s->doc->model_name, of.layer, of.head);
    char *subtitle = caption_plain_text(s->doc), *name = map_file_name("cosine", of);
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = "cosine",
        .rows = s->doc->n,
        .cols = s->doc->n,
        .values = map,
        .row_labels = s->doc->labels,
        .col_labels = s->doc->labels,
        .scale = { .kind = AT_DIVERGING, .lo = -1.0, .hi = 1.0 },
        .is_causal = s->doc->shape->is_causal,
    };
    int rc = picture(s, name, &h, err);

    free(name);
    free(subtitle);
    free(title);
    return rc;
}

int deep_layer_pictures(struct sink *sink, const struct at_doc *doc,
                        const struct at_deep_view *view, struct at_error *err)
{
    const struct subject s = { sink, doc, NULL };
    const struct selection *chosen = &sink->call->selection;
    struct map_name name = { (long)view->layer, -1 };
    size_t cells = doc->n * doc->n;
    int rc = 0;

    for (size_t h = 0; !rc && h < doc->shape->n_heads; h++)
        if (selects_head(chosen, view->layer, h))
            rc = picture_cosine(&s, view->cosine + h * cells,
                                (struct map_name){ (long)view->layer, (long)h }, err);
    if (!rc && selects_layer_mean(chosen, view->layer))
        rc = picture_cosine(&s, view->cosine_mean, name, err);
    if (!rc && is_shown(&s, view->layer))
        rc = picture_strips(&s, view->layer, view->output, err);
    return rc;
}
/* Layers or states down, tokens across. */
struct layer_map {
    const char *name, *title, *y_name, *unit;
    size_t rows;
    bool from_zero; /* the scale; else from the smallest value */
    double (*value)(const struct at_deep *d, size_t row, size_t i);
};

static double state_norm(const struct at_deep *d, size_t row, size_t i)
{
    return d->states[row].stats[i].norm;
}

static double attention_change(const struct at_deep *d, size_t row, size_t i)
{
    return d->layers[row].attention_change[i];
}

static double ffn_change(const struct at_deep *d, size_t row, size_t i)
{
    return d->layers[row].ffn_change[i];
}

static double active_share(const struct at_deep *d, size_t row, size_t i)
{
    return d->layers[row].ffn[i].positive;
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

static int picture_layers(const struct subject *s, const struct layer_map *m, struct at_error *err)
{
    const struct at_deep *d = s->d;
    struct at_arena arena = { 0 };
    float *values = at_arena_alloc(&arena, m->rows * d->n, sizeof *values);
    char *subtitle = caption_plain_text(s->doc);
    struct at_heatmap h = {
        .title = at_arena_printf(&arena, "%s, %s", m->title, s->doc->model_name),
        .subtitle = subtitle,
        .x_name = row_name(s),
        .y_name = m->y_name,
        .unit = m->unit,
        .note = m->rows > d->L ? "State 0 is the embedding, state l + 1 is behind layer l." : NULL,
        .rows = m->rows,
        .cols = d->n,
        .values = values,
        .row_labels = numbers(&arena, m->rows),
        .col_labels = s->doc->labels,
    };
    int rc;

    for (size_t k = 0; k < m->rows * d->n; k++)
        values[k] = (float)m->value(d, k / d->n, k % d->n);
    h.scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, m->rows * d->n);
    if (!m->from_zero) {
        h.scale.lo = smallest(values, m->rows * d->n);
        at_scale_round(&h.scale);
    }
    at_scale_unflatten(&h.scale, values, m->rows * d->n);
    rc = picture(s, m->name, &h, err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* A token as people write it. */
static const char *token_label(struct at_arena *arena, const struct at_tokenizer *t, int id)
{
    struct at_strbuf b = { 0 };
    const char *label;

    at_tokenizer_add_label(t, &b, id);
    label = at_arena_strdup(arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

/* What the head would say of every state, were it the last: tokens down, states across, the most
   likely token in each cell and how sure it is in its colour. */
static int picture_lens(const struct subject *s, struct at_error *err)
{
    const struct at_deep *d = s->d;
    struct at_arena arena = { 0 };
    size_t n_states = d->L + 1;
    float *values = at_arena_alloc(&arena, d->n * n_states, sizeof *values);
    const char **texts = at_arena_alloc(&arena, d->n * n_states, sizeof *texts);
    char *subtitle = caption_plain_text(s->doc);
    struct at_heatmap h = {
        .title =
            at_arena_printf(&arena, "Logit lens: the most likely token, %s", s->doc->model_name),
        .subtitle = subtitle,
        .x_name = "state",
        .y_name = row_name(s),
        .unit = "probability",
        .note = "State 0 is the embedding, state l + 1 is behind layer l. Where rows are too close "
                "for words, they are in lens.csv.",
        .rows = d->n,
        .cols = n_states,
        .values = values,
        .cell_texts = texts,
        .row_labels = s->doc->labels,
        .col_labels = numbers(&arena, n_states),
        .scale = { .kind = AT_SEQUENTIAL, .hi = 1.0 },
    };
    int rc;

    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < n_states; k++) {
            values[i * n_states + k] = (float)d->states[k].lens[i].top[0].p;
            texts[i * n_states + k] =
                token_label(&arena, d->tokenizer, d->states[k].lens[i].top[0].id);
        }
    rc = picture(s, "lens", &h, err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* Mean change by layer, with the deviation over rows as error bars. */
static struct at_line_series change_series(struct at_arena *arena, const struct at_deep *d,
                                           const char *name, bool is_ffn)
{
    double *x = at_arena_alloc(arena, 4 * d->L, sizeof *x);
    double *y = x + d->L, *lo = y + d->L, *hi = lo + d->L;

    for (size_t l = 0; l < d->L; l++) {
        const struct at_deep_means *m = &d->means[l];
        double sd = is_ffn ? m->ffn_change_sd : m->attention_change_sd;
        x[l] = (double)l;
        y[l] = is_ffn ? m->ffn_change : m->attention_change;
        lo[l] = fmax(0.0, y[l] - sd);
        hi[l] = y[l] + sd;
    }
    return (struct at_line_series){ name, AT_LINE_MARKED, x, y, lo, hi, d->L };
}

static int picture_residual(const struct subject *s, struct at_error *err)
{
    const struct at_deep *d = s->d;
    const struct selection *chosen = &s->sink->call->selection;
    struct at_arena arena = { 0 };
    char *subtitle = caption_plain_text(s->doc);
    const struct at_line_series series[] = {
        change_series(&arena, d, "by attention", false),
        change_series(&arena, d, "by feed-forward", true),
    };
    const struct at_line_plot lines = {
        .title = at_arena_printf(&arena, "Change of the residual stream, %s", s->doc->model_name),
        .subtitle = subtitle,
        .note = at_arena_printf(&arena,
                                "Length of what a block adds, relative to what it gets: mean over "
                                "%s, bars are one standard deviation.",
                                d->by_words ? "words" : "tokens"),
        .x_name = "layer",
        .y_name = "relative change",
        .is_x_count = true,
        .series = series,
        .n_series = AT_COUNTOF(series),
        .y_reference = NAN,
        .x_marked = chosen->layers == SELECT_ONE ? (double)chosen->layer : NAN,
        .x_marked_name = "the layer that was chosen",
        .width_mm = s->sink->call->width_mm,
    };
    int rc =
        sink_picture(s->sink, s->doc, s->doc->model_name, "residual", at_draw_lines(&lines), err);

    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static const char *const plain_names[] = { "text", "special token" };
static const char *const qkv_names[] = { "query", "key", "value" };

/* parts 1: rows, special ones apart; parts 3: queries, keys, values. */
static int picture_plane(const struct subject *s, const char *name, const char *title,
                         const struct at_deep_plane *p, size_t parts, struct at_error *err)
{
    const struct at_deep *d = s->d;
    struct at_arena arena = { 0 };
    size_t n = parts * d->n;
    struct at_scatter_point *points = at_arena_calloc(&arena, n, sizeof *points);
    char *subtitle = caption_plain_text(s->doc);
    struct at_scatter plot = {
        .title = at_arena_printf(&arena, "%s, %s", title, s->doc->model_name),
        .subtitle = subtitle,
        .x_name = caption_component(&arena, 1, p->ratio[0], 1),
        .y_name = caption_component(&arena, 2, p->ratio[1], 1),
        .points = points,
        .n = n,
        .category_names = parts == 3 ? qkv_names : plain_names,
        .n_categories = parts == 3 ? 3 : 1,
        .has_ticks = true,
        .x_reference = NAN,
        .y_reference = NAN,
        .width_mm = s->sink->call->width_mm,
    };
    int rc;

    for (size_t i = 0; i < n && parts == 1; i++)
        if (s->doc->labels[i].is_special)
            plot.n_categories = 2;
    for (size_t i = 0; i < n; i++)
        points[i] = (struct at_scatter_point){
            .x = p->xy[2 * i],
            .y = p->xy[2 * i + 1],
            .weight = 0.3,
            .category = parts == 3 ? i / d->n : s->doc->labels[i].is_special,
            .name = s->doc->labels[i % d->n].text,
        };
    rc = sink_picture(s->sink, s->doc, s->doc->model_name, name, at_draw_scatter(&plot), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

static int picture_planes(const struct subject *s, struct at_error *err)
{
    const struct at_deep *d = s->d;
    int rc = 0;

    if (d->n < 2)
        return 0; /* no direction in a single point */
    if (d->word.stats)
        rc = picture_plane(s, "pca_word", "Word embeddings", &d->word.plane, 1, err);
    for (size_t l = 0; !rc && l < d->L; l++) {
        char *name, *title;
        if (!is_shown(s, l))
            continue;
        name = at_asprintf("pca_hidden_L%zu", l);
        title = at_asprintf("Hidden states behind layer %zu", l);
        rc = picture_plane(s, name, title, &d->states[l + 1].plane, 1, err);
        free(name);
        free(title);
        if (rc)
            return rc;
        name = at_asprintf("pca_qkv_L%zu", l);
        title = at_asprintf("Queries, keys and values of layer %zu", l);
        rc = picture_plane(s, name, title, &d->layers[l].qkv_plane, 3, err);
        free(name);
        free(title);
    }
    return rc;
}

int deep_pictures(struct sink *sink, const struct at_deep *d, struct at_error *err)
{
    const struct subject s = { sink, d->doc, d };
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
    int rc = picture_residual(&s, err);

    if (!rc && d->has_lens)
        rc = picture_lens(&s, err);
    for (size_t i = 0; !rc && i < AT_COUNTOF(maps); i++)
        rc = picture_layers(&s, &maps[i], err);
    if (!rc)
        rc = picture_planes(&s, err);
    if (!rc && selects_global(&sink->call->selection))
        rc = picture_cosine(&s, d->cosine_mean, (struct map_name){ -1, -1 }, err);
    return rc;
}
