/*
 * isa_pictures.c - inter-sentence attention as pictures: the bubble matrix, token maps of pairs.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/isa_call.h"
#include "draw/draw_bubbles.h"
#include "draw/draw_heatmap.h"

/* What the numbers are of, for titles. */
static char *subject(const struct isa_state *s)
{
    static const char *const of[] = { "mean of all layers and heads", "maximum", "last layer" };
    const struct selection *c = &s->job->selection;

    if (c->layers == SELECT_ONE && c->heads == SELECT_ONE)
        return at_asprintf("%s, layer %zu, head %zu", s->job->shown_model, c->layer, c->head);
    if (c->layers == SELECT_ONE)
        return at_asprintf("%s, %s %zu", s->job->shown_model,
                           s->job->matrix == AT_ROLLOUT ? "up to layer" : "layer", c->layer);
    if (c->heads == SELECT_ONE)
        return at_asprintf("%s, head %zu of all layers", s->job->shown_model, c->head);
    return at_asprintf("%s, %s", s->job->shown_model,
                       s->job->matrix == AT_ROLLOUT ? "all layers" : of[s->call->method]);
}

static const char *unit(const struct isa_state *s)
{
    return s->call->method == AT_ISA_MAX ? "greatest weight" : "share of attention";
}

static int picture_matrix(struct isa_state *s, struct at_error *err)
{
    size_t S = s->S;
    bool is_causal = s->job->shape.is_causal;
    const char **labels = at_malloc(S, sizeof *labels);
    float *values = at_malloc(S * S, sizeof *values);
    char *of = subject(s), *title = at_asprintf("Attention between sentences, %s", of);
    char *subtitle = job_subtitle(s->job, s->doc, "");
    struct at_bubbles b = {
        .title = title,
        .subtitle = subtitle,
        .note = is_causal ? "Later sentences are out of sight: undefined." : NULL,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = unit(s),
        .n = S,
        .values = values,
        .labels = labels,
        .width_mm = s->job->width_mm,
    };
    int rc;

    for (size_t i = 0; i < S; i++)
        labels[i] = s->sentences[i].text;
    for (size_t i = 0; i < S * S; i++)
        values[i] = is_causal && i % S > i / S ? NAN : (float)s->matrix[i];
    b.scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, S * S);
    rc = job_picture(s->job, s->doc, "isa", at_draw_bubbles(&b), err);
    free(subtitle);
    free(title);
    free(of);
    free(values);
    free(labels);
    return rc;
}

/* Token labels of a sentence, in the arena. */
static struct at_label *sentence_labels(struct at_arena *arena, const struct isa_state *s,
                                        const size_t *tokens, size_t n)
{
    struct at_label *labels = at_arena_alloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i] = s->doc->labels[tokens[i]];
    return labels;
}

static int picture_pair(struct isa_state *s, const struct isa_pair *p, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = s->doc->n, *query = at_arena_alloc(&arena, n, sizeof *query);
    size_t *key = at_arena_alloc(&arena, n, sizeof *key);
    size_t rows = at_isa_tokens(query, &s->isa, (int)p->query);
    size_t cols = at_isa_tokens(key, &s->isa, (int)p->key);
    double *map = at_arena_alloc(&arena, rows * cols, sizeof *map);
    float *values = at_arena_alloc(&arena, rows * cols, sizeof *values);
    char *of = subject(s), *subtitle = job_subtitle(s->job, s->doc, "");
    bool is_hidden = s->job->shape.is_causal && p->key > p->query;
    const char *weight;
    struct at_heatmap h;
    int rc;

    at_isa_pair(map, &s->isa, (int)p->query, (int)p->key);
    for (size_t i = 0; i < rows * cols; i++)
        values[i] = is_hidden ? NAN : (float)map[i];
    weight = is_hidden ? "n/a" /* as the cells are */
                       : at_arena_printf(&arena, "%.4f", isa_pair_weight(s, map, rows, cols));
    h = (struct at_heatmap){
        .title = at_arena_printf(&arena, "Sentence %zu looks at sentence %zu: %s, %s", p->query,
                                 p->key, weight, of),
        .subtitle = subtitle,
        .x_name = at_arena_printf(&arena, "key: tokens of sentence %zu", p->key),
        .y_name = at_arena_printf(&arena, "query: tokens of sentence %zu", p->query),
        .unit = s->call->method == AT_ISA_MAX ? "greatest weight" : "attention weight",
        .note = is_hidden ? "The later sentence is out of sight: undefined."
                : s->call->method == AT_ISA_MAX
                    ? "The number in the title is the greatest of the cells."
                    : "The number in the title is the mean over rows of their sums.",
        .rows = rows,
        .cols = cols,
        .values = values,
        .row_labels = sentence_labels(&arena, s, query, rows),
        .col_labels = sentence_labels(&arena, s, key, cols),
        .scale = at_scale_fit(AT_SEQUENTIAL, 0.0, values, rows * cols),
        .is_causal = s->job->shape.is_causal && p->query == p->key,
        .width_mm = s->job->width_mm,
    };
    rc = job_picture(s->job, s->doc, at_arena_printf(&arena, "isa_pair_%zu_%zu", p->query, p->key),
                     at_draw_heatmap(&h), err);
    free(subtitle);
    free(of);
    at_arena_release(&arena);
    return rc;
}

int isa_pictures(struct isa_state *s, struct at_error *err)
{
    int rc = s->S ? picture_matrix(s, err) : 0;

    for (size_t i = 0; !rc && i < s->call->n_pairs; i++) {
        const struct isa_pair *p = &s->call->pairs[i];
        if (p->query < s->S && p->key < s->S)
            rc = picture_pair(s, p, err);
    }
    return rc;
}
