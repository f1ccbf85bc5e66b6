/*
 * isa_text.c - see isa_text.h.
 */
#include "analysis/isa_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/chance.h"
#include "base/alloc.h"

static const char *const method_names[] = {
    [AT_ISA_MEAN] = "mean", [AT_ISA_MAX] = "max", [AT_ISA_LAST_LAYER] = "last_layer"
};

static const struct at_field dependency_fields[] = {
    AT_FIELD(struct at_isa_row, index, "index", NULL, "sentence, from 0"),
    AT_FIELD(struct at_isa_row, summary.top_dependency, "top", NULL,
             "the other sentence that it looks at most", .flags = AT_NONNEGATIVE),
    AT_FIELD(struct at_isa_row, summary.top_weight, "weight", "fraction", "how much"),
    AT_FIELD(struct at_isa_row, summary.avg_dependency, "average", "fraction",
             "mean over the other sentences that it can see"),
    AT_FIELD_END
};
static const struct at_record dependency_record = AT_RECORD(struct at_isa_row, dependency_fields);

static const struct at_field influence_fields[] = {
    AT_FIELD(struct at_isa_row, index, "index", NULL, "sentence, from 0"),
    AT_FIELD(struct at_isa_row, summary.top_influenced, "top", NULL,
             "the other sentence that looks at it most", .flags = AT_NONNEGATIVE),
    AT_FIELD(struct at_isa_row, summary.max_influence, "weight", "fraction", "how much"),
    AT_FIELD(struct at_isa_row, summary.avg_influence, "average", "fraction",
             "mean over the other sentences that can see it"),
    AT_FIELD_END
};
static const struct at_record influence_record = AT_RECORD(struct at_isa_row, influence_fields);

static const struct at_field span_fields[] = {
    AT_FIELD(struct at_isa_row, index, "index", NULL, "sentence, from 0"),
    AT_FIELD(struct at_isa_row, summary.avg_span, "average", "sentences",
             "mean distance of what it looks at"),
    AT_FIELD_END
};
static const struct at_record span_record = AT_RECORD(struct at_isa_row, span_fields);

static const struct at_field drill_fields[] = {
    AT_FIELD(struct at_isa_drill, query, "query", NULL, "sentence that looks"),
    AT_FIELD(struct at_isa_drill, key, "key", NULL, "sentence that is looked at"),
    AT_FIELD(struct at_isa_drill, weight, "weight", "fraction", "the cell of the matrix"),
    AT_FIELD_TEXTS(struct at_isa_drill, query_tokens, n_query, "query_tokens",
                   "tokens or words of the query sentence"),
    AT_FIELD_TEXTS(struct at_isa_drill, key_tokens, n_key, "key_tokens",
                   "tokens or words of the key sentence"),
    AT_FIELD_MATRIX(struct at_isa_drill, map, n_query, n_key, "map", "fraction",
                    "attention between them"),
    AT_FIELD_END
};
static const struct at_record drill_record = AT_RECORD(struct at_isa_drill, drill_fields);

static const struct at_field result_fields[] = {
    AT_FIELD(struct at_isa_result, method, "method", NULL, "mean, max or last_layer"),
    AT_FIELD(struct at_isa_result, layer, "layer", NULL, "the only layer, from 0"),
    AT_FIELD(struct at_isa_result, head, "head", NULL, "the only head, from 0"),
    AT_FIELD_LIST(struct at_isa_result, sentences, S, "sentences", &at_isa_sentence_record,
                  "sentences in order"),
    AT_FIELD_MATRIX(struct at_isa_result, matrix, S, S, "matrix", "fraction",
                    "attention of the row's sentence on the column's"),
    AT_FIELD_MATRIX(struct at_isa_result, ratio, S, S, "ratio", NULL,
                    "the same as ratios to even attention over the same tokens"),
    AT_FIELD_REALS(struct at_isa_result, outside, S, "outside", "fraction",
                   "attention of a sentence on what is in none"),
    AT_FIELD_LIST(struct at_isa_result, rows, S, "dependencies", &dependency_record,
                  "what each sentence looks at"),
    AT_FIELD_LIST(struct at_isa_result, rows, S, "influences", &influence_record,
                  "what looks at each sentence"),
    AT_FIELD_LIST(struct at_isa_result, rows, S, "spans", &span_record,
                  "how far each sentence looks"),
    AT_FIELD_LIST(struct at_isa_result, pairs, n_pairs, "pairs", &drill_record,
                  "with --sentences: cells and the tokens behind them", .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_isa_result_record = AT_RECORD(struct at_isa_result, result_fields);

static const struct at_field cell_fields[] = {
    AT_FIELD(struct at_isa_cell, query, "query", NULL, "sentence that looks, from 0"),
    AT_FIELD(struct at_isa_cell, key, "key", NULL, "sentence that is looked at"),
    AT_FIELD(struct at_isa_cell, weight, "weight", "fraction", "attention of the one on the other"),
    AT_FIELD(struct at_isa_cell, query_text, "query_text", NULL, "the sentence that looks"),
    AT_FIELD(struct at_isa_cell, key_text, "key_text", NULL, "the one that is looked at"),
    AT_FIELD(struct at_isa_cell, ratio, "ratio", NULL,
             "weight as a ratio to even attention over the same tokens"),
    AT_FIELD_END
};
const struct at_record at_isa_cell_record = AT_RECORD(struct at_isa_cell, cell_fields);

static const struct at_field link_fields[] = {
    AT_FIELD(struct at_isa_link, query, "query", NULL, "token or word that looks, from 0"),
    AT_FIELD(struct at_isa_link, key, "key", NULL, "the one that is looked at"),
    AT_FIELD(struct at_isa_link, query_token, "query_token", NULL, "what looks"),
    AT_FIELD(struct at_isa_link, key_token, "key_token", NULL, "what is looked at"),
    AT_FIELD(struct at_isa_link, weight, "weight", "fraction", "attention of the one on the other"),
    AT_FIELD_END
};
const struct at_record at_isa_link_record = AT_RECORD(struct at_isa_link, link_fields);

#define MEASURE(i, key, unit, help) AT_FIELD(struct at_isa_text_row, measure[i], key, unit, help)
static const struct at_field measure_fields[] = {
    MEASURE(AT_ISA_SENTENCES, "n_sentences", NULL, "sentences"),
    MEASURE(AT_ISA_OWN, "own", "fraction", "attention on the sentence itself"),
    MEASURE(AT_ISA_PREVIOUS, "previous", "fraction", "attention on the sentence before"),
    MEASURE(AT_ISA_NEXT, "next", "fraction", "attention on the sentence behind"),
    MEASURE(AT_ISA_OUTSIDE, "outside", "fraction", "attention on what is in no sentence"),
    MEASURE(AT_ISA_AVG_DEPENDENCY, "avg_dependency", "fraction",
            "mean attention on each other sentence"),
    MEASURE(AT_ISA_AVG_SPAN, "avg_span", "sentences", "mean distance of what is looked at"),
    AT_FIELD_END
};
/* In place: the measures lie in the row itself. */
static const struct at_record measure_record = AT_RECORD(struct at_isa_text_row, measure_fields);

static const struct at_field text_row_fields[] = {
    AT_FIELD_RECORD(struct at_isa_text_row, of, NULL, &at_text_head_record, "the text"),
    { .kind = AT_KIND_RECORD, .offset = 0, .record = &measure_record },
    AT_FIELD(struct at_isa_text_row, text, "text", NULL, "the text itself"),
    AT_FIELD_END
};
const struct at_record at_isa_text_row_record = AT_RECORD(struct at_isa_text_row, text_row_fields);

const char *at_isa_measure_key(size_t i)
{
    return measure_fields[i].key;
}

const char *at_isa_measure_unit(size_t i)
{
    return measure_fields[i].unit;
}

const char *at_isa_method_name(enum at_isa_method m)
{
    AT_BUG_IF((size_t)m >= AT_COUNTOF(method_names));
    return method_names[m];
}

/* --- one text --- */

int at_isa_text_begin(struct at_isa_text *out, const struct at_doc *doc,
                      const struct at_isa_options *options, struct at_error *err)
{
    struct at_isa_text t = { .doc = doc, .options = *options };
    int rc =
        at_isa_sentences_find(&t.sentences, &t.arena, doc, options->given, options->rules, err);

    AT_BUG_IF(options->mode == AT_COL);
    AT_BUG_IF(options->mode == AT_ROLLOUT && options->method != AT_ISA_MEAN);
    if (!rc && options->mode == AT_ROLLOUT)
        rc = at_map_series_init(&t.series, doc->n, AT_ROLLOUT, err);
    if (rc) {
        at_isa_text_release(&t);
        return rc;
    }
    at_isa_init(&t.isa, options->method, t.sentences.sent_of, doc->n, t.sentences.n);
    *out = t;
    return 0;
}

void at_isa_text_release(struct at_isa_text *t)
{
    at_isa_release(&t->isa);
    at_map_series_release(&t->series);
    at_arena_release(&t->arena);
    *t = (struct at_isa_text){ 0 };
}

bool at_isa_text_has(const struct at_isa_text *t, const struct at_isa_pair *p)
{
    return p->query < t->sentences.n && p->key < t->sentences.n;
}

void at_isa_text_add(struct at_isa_text *t, const struct at_doc_layer *l)
{
    const struct at_isa_options *o = &t->options;

    if (o->mode == AT_ROLLOUT) { /* up to the layer that was chosen */
        if (o->layer == AT_NONE || l->layer <= o->layer)
            at_map_series_add(&t->series, l->maps, l->H);
        return;
    }
    if (o->layer != AT_NONE && l->layer != o->layer)
        return;
    if (o->head != AT_NONE)
        at_isa_add(&t->isa, l->maps + o->head * l->n * l->n, 1);
    else
        at_isa_add(&t->isa, l->maps, l->H);
}

/* What of a row is on no sentence. A maximum is no mass, and [[1]] is a definition. */
static double *find_outside(struct at_isa_text *t, const double *matrix)
{
    size_t S = t->sentences.n;
    double *outside = at_arena_alloc(&t->arena, S + 1, sizeof *outside);

    for (size_t a = 0; a < S; a++) {
        double sum = 0.0;
        for (size_t b = 0; b < S; b++)
            sum += matrix[a * S + b];
        outside[a] = t->options.method == AT_ISA_MAX || S == 1 ? NAN : fmax(0.0, 1.0 - sum);
    }
    return outside;
}

/* Even attention in the mode of the maps: what a cell has by the length and place of its sentences
   alone. map (n,n). */
static void even_map(float *map, const struct at_isa_text *t)
{
    size_t n = t->doc->n;

    at_even_map(map, n, t->doc->shape->is_causal);
    if (t->options.mode == AT_COL)
        at_column_normalize(map, map, n);
    if (t->options.mode == AT_ROLLOUT) {
        float *step = at_malloc(2 * n * n, sizeof *step), *even = step + n * n;
        memcpy(even, map, n * n * sizeof *map);
        for (size_t l = 0; l < t->doc->shape->n_layers; l++) {
            at_rollout_step(step, even, l ? map : NULL, n);
            memcpy(map, step, n * n * sizeof *map);
        }
        free(step);
    }
}

/* Ratios to even attention; of a single sentence, whose 1 is a definition, there is none. */
static double *find_ratios(struct at_isa_text *t, const double *matrix)
{
    size_t S = t->sentences.n, n = t->doc->n;
    double *ratio = at_arena_alloc(&t->arena, S * S + 1, sizeof *ratio);
    float *map = at_malloc(n * n, sizeof *map);
    struct at_isa even;

    even_map(map, t);
    at_isa_init(&even, t->options.method, t->sentences.sent_of, n, S);
    at_isa_add(&even, map, 1);
    at_isa_matrix(ratio, &even);
    for (size_t i = 0; i < S * S; i++)
        ratio[i] = S == 1 ? NAN : at_chance_ratio(matrix[i], ratio[i]);
    at_isa_release(&even);
    free(map);
    return ratio;
}

static const char **labels_of(struct at_isa_text *t, const size_t *index, size_t n)
{
    const char **labels = at_arena_alloc(&t->arena, n + 1, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i] = t->doc->labels[index[i]].text;
    return labels;
}

/* The greatest cells, most first; of equals the first. */
static void find_strongest(struct at_isa_drill *d, struct at_arena *arena)
{
    size_t n = d->n_query * d->n_key;

    d->strongest = at_arena_alloc(arena, AT_ISA_STRONGEST, sizeof *d->strongest);
    while (d->n_strongest < AT_ISA_STRONGEST) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            bool is_known = false;
            for (size_t k = 0; k < d->n_strongest; k++)
                is_known |= d->strongest[k] == i;
            if (!is_known && d->map[i] > (best < n ? d->map[best] : 0.0))
                best = i;
        }
        if (best == n)
            return;
        d->strongest[d->n_strongest++] = best;
    }
}

static struct at_isa_drill drill(struct at_isa_text *t, const struct at_isa_pair *p)
{
    bool is_max = t->options.method == AT_ISA_MAX;
    size_t n = t->doc->n;
    struct at_isa_drill d = { .query = p->query, .key = p->key };

    d.query_index = at_arena_alloc(&t->arena, 2 * n, sizeof *d.query_index);
    d.key_index = d.query_index + n;
    d.n_query = at_isa_tokens(d.query_index, &t->isa, (int)p->query);
    d.n_key = at_isa_tokens(d.key_index, &t->isa, (int)p->key);
    d.query_tokens = labels_of(t, d.query_index, d.n_query);
    d.key_tokens = labels_of(t, d.key_index, d.n_key);
    d.map = at_arena_alloc(&t->arena, d.n_query * d.n_key + 1, sizeof *d.map);
    at_isa_pair(d.map, &t->isa, (int)p->query, (int)p->key);
    for (size_t i = 0; i < d.n_query * d.n_key; i++)
        d.weight = is_max ? fmax(d.weight, d.map[i]) : d.weight + d.map[i];
    d.weight = is_max ? d.weight : d.weight / (double)d.n_query;
    find_strongest(&d, &t->arena);
    return d;
}

struct at_isa_result at_isa_text_finish(struct at_isa_text *t)
{
    const struct at_isa_options *o = &t->options;
    size_t S = t->sentences.n;
    struct at_isa_summary *summary = at_arena_alloc(&t->arena, S + 1, sizeof *summary);
    struct at_isa_result r = {
        .method = at_isa_method_name(o->method),
        .layer = o->layer,
        .head = o->head,
        .sentences = t->sentences.items,
        .S = S,
        .matrix = at_arena_alloc(&t->arena, S * S + 1, sizeof *r.matrix),
        .rows = at_arena_alloc(&t->arena, S + 1, sizeof *r.rows),
        .pairs = at_arena_alloc(&t->arena, o->n_pairs + 1, sizeof *r.pairs),
    };

    if (o->mode == AT_ROLLOUT)
        at_isa_add(&t->isa, at_map_series_global(&t->series), 1);
    at_isa_matrix(r.matrix, &t->isa);
    r.ratio = find_ratios(t, r.matrix);
    at_isa_summarize(summary, r.matrix, S, t->doc->shape->is_causal);
    for (size_t i = 0; i < S; i++)
        r.rows[i] = (struct at_isa_row){ i, summary[i] };
    r.outside = find_outside(t, r.matrix);
    for (size_t i = 0; i < o->n_pairs; i++)
        if (at_isa_text_has(t, &o->pairs[i]))
            r.pairs[r.n_pairs++] = drill(t, &o->pairs[i]);
    return r;
}

struct at_isa_cell *at_isa_cells(const struct at_isa_result *r, struct at_arena *arena)
{
    size_t S = r->S;
    struct at_isa_cell *cells = at_arena_alloc(arena, S * S + 1, sizeof *cells);

    for (size_t i = 0; i < S * S; i++)
        cells[i] = (struct at_isa_cell){ i / S,
                                         i % S,
                                         r->matrix[i],
                                         r->ratio[i],
                                         r->sentences[i / S].text,
                                         r->sentences[i % S].text };
    return cells;
}

struct at_isa_link *at_isa_links(const struct at_isa_drill *d, struct at_arena *arena)
{
    struct at_isa_link *links = at_arena_alloc(arena, d->n_query * d->n_key + 1, sizeof *links);

    for (size_t i = 0; i < d->n_query * d->n_key; i++) {
        size_t q = i / d->n_key, k = i % d->n_key;
        links[i] = (struct at_isa_link){ d->query_index[q], d->key_index[k], d->query_tokens[q],
                                         d->key_tokens[k], d->map[i] };
    }
    return links;
}

/* --- many texts --- */

struct at_isa_text_row at_isa_text_row(const struct at_doc *doc, const struct at_isa_result *r)
{
    struct at_moments m[AT_ISA_N_MEASURES] = { { 0 } };
    struct at_isa_text_row row = { .text = doc->in.text };

    for (size_t a = 0; a < r->S; a++) {
        const double *x = r->matrix + a * r->S;
        bool has_next = a + 1 < r->S && !doc->shape->is_causal;
        at_moments_add(&m[AT_ISA_OWN], r->S > 1 ? x[a] : NAN); /* alone it is 1 by definition */
        at_moments_add(&m[AT_ISA_PREVIOUS], a > 0 ? x[a - 1] : NAN);
        at_moments_add(&m[AT_ISA_NEXT], has_next ? x[a + 1] : NAN);
        at_moments_add(&m[AT_ISA_OUTSIDE], r->outside[a]);
        at_moments_add(&m[AT_ISA_AVG_DEPENDENCY], r->rows[a].summary.avg_dependency);
        at_moments_add(&m[AT_ISA_AVG_SPAN], r->rows[a].summary.avg_span);
    }
    for (size_t i = 0; i < AT_ISA_N_MEASURES; i++)
        row.measure[i] = at_moments_mean(&m[i]);
    row.measure[AT_ISA_SENTENCES] = (double)r->S;
    return row;
}

void at_isa_corpus_add(struct at_corpus *c, const struct at_isa_text_row *row)
{
    for (size_t i = 0; i < AT_ISA_N_MEASURES; i++)
        at_sums_add(at_corpus_cell(c, AT_NONE, AT_NONE, i), row->measure[i]);
}
