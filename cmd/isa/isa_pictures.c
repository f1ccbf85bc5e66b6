/*
 * isa_pictures.c - inter-sentence attention as pictures: the bubble matrix, token maps of pairs.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "cmd/isa/isa.h"
#include "draw/draw_bubbles.h"
#include "draw/draw_heatmap.h"

/* What all pictures of one text are about. */
struct subject {
    const struct isa *isa;
    struct sink *sink;
    const struct at_doc *doc;
    const struct at_isa_result *r;
    const char *of; /* what the numbers are of, for titles */
    char *subtitle;
    struct at_arena arena;
};

static const char *numbers_of(struct subject *s)
{
    static const char *const of[] = { "mean of all layers and heads", "maximum", "last layer" };
    const struct at_isa_result *r = s->r;
    const char *model = s->doc->model_name;
    bool is_rollout = s->sink->call->matrix == AT_ROLLOUT;

    if (r->layer != AT_NONE && r->head != AT_NONE)
        return at_arena_printf(&s->arena, "%s, L%zuH%zu", model, r->layer, r->head);
    if (r->layer != AT_NONE)
        return at_arena_printf(&s->arena, "%s, %s %zu", model, is_rollout ? "up to layer" : "layer",
                               r->layer);
    if (r->head != AT_NONE)
        return at_arena_printf(&s->arena, "%s, head %zu of all layers", model, r->head);
    return at_arena_printf(&s->arena, "%s, %s", model,
                           is_rollout ? "all layers" : of[s->isa->method]);
}

static int picture_matrix(struct subject *s, struct at_error *err)
{
    size_t S = s->r->S;
    bool is_causal = s->doc->shape->is_causal;
    const char **labels = at_arena_alloc(&s->arena, S, sizeof *labels);
    float *values = at_arena_alloc(&s->arena, S * S, sizeof *values);
    struct at_bubbles b = {
        .title = at_arena_printf(&s->arena, "Attention between sentences, %s", s->of),
        .subtitle = s->subtitle,
        .note = S == 1      ? "One sentence: its share is 1 by definition."
                : is_causal ? "Later sentences are out of sight: undefined."
                            : NULL,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = s->isa->method == AT_ISA_MAX ? "greatest weight" : "share of attention",
        .n = S,
        .values = values,
        .labels = labels,
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < S; i++)
        labels[i] = s->r->sentences[i].text;
    for (size_t i = 0; i < S * S; i++)
        values[i] = is_causal && i % S > i / S ? NAN : (float)s->r->matrix[i];
    b.scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, S * S);
    return sink_picture(s->sink, s->doc, s->doc->model_name, "isa", at_draw_bubbles(&b), err);
}

/* Labels of a sentence's tokens. */
static struct at_label *token_labels(struct subject *s, const size_t *tokens, size_t n)
{
    struct at_label *labels = at_arena_alloc(&s->arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i] = s->doc->labels[tokens[i]];
    return labels;
}

static int picture_pair(struct subject *s, const struct at_isa_drill *d, struct at_error *err)
{
    struct at_arena *arena = &s->arena;
    size_t cells = d->n_query * d->n_key;
    float *values = at_arena_alloc(arena, cells, sizeof *values);
    bool is_max = s->isa->method == AT_ISA_MAX;
    bool is_hidden = s->doc->shape->is_causal && d->key > d->query;
    struct at_heatmap h = {
        .title = at_arena_printf(
            arena, "Sentence %zu looks at sentence %zu: %s, %s", d->query, d->key,
            is_hidden ? "n/a" /* as the cells are */ : at_arena_printf(arena, "%.4f", d->weight),
            s->of),
        .subtitle = s->subtitle,
        .x_name = at_arena_printf(arena, "key: tokens of sentence %zu", d->key),
        .y_name = at_arena_printf(arena, "query: tokens of sentence %zu", d->query),
        .unit = is_max ? "greatest weight" : "attention weight",
        .note = is_hidden ? "The later sentence is out of sight: undefined."
                : is_max  ? "The number in the title is the greatest of the cells."
                          : "The number in the title is the mean over rows of their sums.",
        .rows = d->n_query,
        .cols = d->n_key,
        .values = values,
        .row_labels = token_labels(s, d->query_index, d->n_query),
        .col_labels = token_labels(s, d->key_index, d->n_key),
        .is_causal = s->doc->shape->is_causal && d->query == d->key,
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < cells; i++)
        values[i] = is_hidden ? NAN : (float)d->map[i];
    h.scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, cells);
    return sink_picture(s->sink, s->doc, s->doc->model_name,
                        at_arena_printf(arena, "isa_pair_%zu_%zu", d->query, d->key),
                        at_draw_heatmap(&h), err);
}

int isa_pictures(const struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r,
                 struct at_error *err)
{
    struct subject s = { .isa = isa, .sink = isa->x->sink, .doc = doc, .r = r };
    int rc;

    s.of = numbers_of(&s);
    s.subtitle = caption_text(isa->x->call, doc, "");
    rc = r->S ? picture_matrix(&s, err) : 0;
    for (size_t i = 0; !rc && i < r->n_pairs; i++)
        rc = picture_pair(&s, &r->pairs[i], err);
    free(s.subtitle);
    at_arena_release(&s.arena);
    return rc;
}
