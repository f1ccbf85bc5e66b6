/*
 * compare_measures.c - see compare_measures.h.
 */
#include "analysis/compare_measures.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/bar.h"
#include "base/alloc.h"

/* Of the test of each head, whose p is not compared. */
enum { FEWEST_DRAWS = 99 };

static const char *const bias_keys[] = { "bias.percentage", "bias.level" };
enum { BIAS_PERCENTAGE, BIAS_LEVEL, N_BIAS_NUMBERS };

/* --- names --- */

void at_compare_measure_keys(struct at_compare_measure_keys *out,
                             const struct at_compare_measures *m, struct at_arena *arena)
{
    size_t n_methods = m->parts & AT_COMPARE_FAITH ? m->faith->n_methods : 0;

    *out = (struct at_compare_measure_keys){
        .heads = at_arena_alloc(arena, AT_N_BAR_VALUES + n_methods, sizeof *out->heads),
        .texts = at_arena_alloc(arena, AT_ISA_N_MEASURES + N_BIAS_NUMBERS + 1 + n_methods,
                                sizeof *out->texts),
    };
    for (size_t i = 0; (m->parts & AT_COMPARE_ISA) && i < AT_ISA_N_MEASURES; i++)
        out->texts[out->n_texts++] = at_arena_printf(arena, "isa.%s", at_isa_measure_key(i));
    for (size_t i = 0; (m->parts & AT_COMPARE_BIAS) && i < N_BIAS_NUMBERS; i++)
        out->texts[out->n_texts++] = bias_keys[i];
    for (size_t i = 0; (m->parts & AT_COMPARE_BAR) && i < AT_N_BAR_VALUES; i++)
        out->heads[out->n_heads++] = at_bar_value_keys[i];
    if (n_methods)
        out->texts[out->n_texts++] = "target";
    for (size_t i = 0; i < n_methods; i++) {
        const char *key = m->faith->methods[i]->key;
        out->heads[out->n_heads++] = at_arena_printf(arena, "%s.rho", key);
        out->texts[out->n_texts++] = at_arena_printf(arena, "%s.mean_rho", key);
    }
}

/* --- one side --- */

/* A side on its way: where the next numbers go. */
struct work {
    struct at_compare_measured *out;
    const struct at_compare_side *side;
    const struct at_compare_measures *m;
    const struct at_compare_asked *asked;
    struct at_compare_measure_keys keys;
    size_t head, text; /* numbers that are there */
};

static void put_text(struct work *w, double v)
{
    w->out->texts[w->text++] = v;
}

static void put_head(struct work *w, size_t k, size_t number, double v)
{
    w->out->heads[k * w->keys.n_heads + number] = v;
}

static struct at_doc_layer layer_of(const struct at_compare_side *s, size_t l)
{
    size_t T = s->doc->tokens.n;

    return (struct at_doc_layer){ l, s->H, T, s->attention + l * s->H * T * T, NULL };
}

static double *kept_reals(struct at_arena *arena, const double *x, size_t n)
{
    double *copy = at_arena_alloc(arena, n, sizeof *copy);

    for (size_t i = 0; i < n; i++)
        copy[i] = x[i];
    return copy;
}

static int measure_sentences(struct work *w, struct at_error *err)
{
    const struct at_isa_options options = { .layer = AT_NONE,
                                            .head = AT_NONE,
                                            .rules = w->m->rules };
    const struct at_doc *doc = w->side->doc;
    struct at_isa_text text;
    struct at_isa_result r;
    struct at_isa_text_row row;
    int rc = at_isa_text_begin(&text, doc, &options, err);

    if (rc)
        return rc;
    for (size_t l = 0; l < w->side->L; l++) {
        const struct at_doc_layer layer = layer_of(w->side, l);
        at_isa_text_add(&text, &layer);
    }
    r = at_isa_text_finish(&text);
    row = at_isa_text_row(doc, &r);
    for (size_t i = 0; i < AT_ISA_N_MEASURES; i++)
        put_text(w, row.measure[i]);
    w->out->S = r.S;
    w->out->weight = kept_reals(&w->out->arena, r.matrix, r.S * r.S);
    w->out->ratio = kept_reals(&w->out->arena, r.ratio, r.S * r.S);
    at_isa_text_release(&text);
    return 0;
}

/* The classifier reads the text by itself: its tokens are its own. */
static int measure_flags(struct work *w, struct at_error *err)
{
    static const struct at_bias_text_options options = { 0.35, AT_BIAS_WEIGHTS_INIT };
    static const struct at_doc_options cut = { .is_truncated = true };
    const struct at_detector *d = w->asked->detector;
    struct at_compare_measured *out = w->out;
    struct at_text in = { at_strdup(w->side->doc->in.id), at_strdup(w->side->doc->in.text), NULL };
    int rc = at_doc_prepare(&out->flagged, d->session, &in, &cut, err);

    if (!rc)
        rc = at_detector_agrees(d, &out->flagged.tokens, out->flagged.in.text, err);
    if (!rc)
        rc = at_bias_text(&out->flags, &out->arena, d, &out->flagged, NULL, &options, err);
    if (rc)
        return rc;
    put_text(w, out->flags.summary.of.percentage);
    put_text(w, out->flags.level.of.score);
    return 0;
}

static int measure_bar(struct work *w, struct at_error *err)
{
    static const struct at_bar_options options = { .n_permutations = FEWEST_DRAWS, .alpha = 0.05 };
    const struct at_bar_flags flags = { .detector = w->asked->detector };
    struct at_bar_layer *layers;
    struct at_bar_text text;
    struct at_bar_result r;
    int rc = at_bar_text_begin(&text, w->side->doc, &flags, AT_BAR_THRESHOLD, err);

    if (rc)
        return rc;
    for (size_t l = 0; l < w->side->L; l++) {
        const struct at_doc_layer layer = layer_of(w->side, l);
        at_bar_text_add(&text, &layer);
    }
    r = at_bar_text_finish(&text, &options, w->m->pool);
    for (size_t k = 0; k < r.n_heads; k++)
        for (size_t i = 0; i < AT_N_BAR_VALUES; i++)
            put_head(w, k, w->head + i,
                     at_record_real(&at_bar_row_record, at_bar_value_keys[i], &r.heads[k]));
    w->head += AT_N_BAR_VALUES;
    w->out->layers = layers = at_arena_alloc(&w->out->arena, r.L, sizeof *layers);
    w->out->n_layers = r.L;
    for (size_t l = 0; l < r.L; l++)
        layers[l] = r.layers[l];
    at_bar_text_release(&text);
    return 0;
}

/* --- attributions, which need passes of their own --- */

struct explained {
    struct work *w;
    struct at_faith_text text;
};

static void release_explained(void *state)
{
    struct explained *e = state;

    at_faith_text_release(&e->text);
    free(e);
}

static void *begin_explained(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct explained *e = at_calloc(1, sizeof *e);
    struct work *w = arg;

    e->w = w;
    if (!at_faith_text_begin(&e->text, w->asked->session, w->asked->aim, doc, w->m->faith, err))
        return e;
    free(e);
    return NULL;
}

static int add_explained(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct explained *e = state;

    return at_faith_text_add(&e->text, layer, err);
}

static size_t number_of(const struct at_compare_measures *m, const char *method)
{
    size_t i = 0;

    while (m->faith->methods[i]->key != method)
        i++;
    return i;
}

static const char *kept(struct at_arena *arena, const char *s)
{
    return s ? at_arena_strdup(arena, s) : NULL;
}

static void keep_attributions(struct at_compare_measured *out, const struct at_faith_result *r)
{
    out->target = r->target;
    out->target.token = kept(&out->arena, r->target.token);
    out->target.foil = kept(&out->arena, r->target.foil);
    out->n_attributions = r->n_methods;
    out->attributions = at_arena_alloc(&out->arena, r->n_methods, sizeof *out->attributions);
    for (size_t i = 0; i < r->n_methods; i++)
        out->attributions[i] =
            (struct at_attribution){ r->attributions[i].method,
                                     kept_reals(&out->arena, r->attributions[i].scores, r->T),
                                     r->T };
}

static int finish_explained(void *state, const float *final_hidden, struct at_error *err)
{
    struct explained *e = state;
    struct work *w = e->w;
    struct at_faith_result r;
    int rc = at_faith_text_finish(&r, &e->text, err);

    (void)final_hidden;
    if (rc)
        return rc;
    keep_attributions(w->out, &r);
    w->out->texts[w->text] = r.target.value;
    for (size_t i = 0; i < r.n_methods; i++)
        w->out->texts[w->text + 1 + number_of(w->m, r.mean_rho[i].method)] = r.mean_rho[i].mean;
    for (size_t i = 0; i < r.n_heads; i++)
        put_head(w, r.heads[i].layer * w->side->H + r.heads[i].head,
                 w->head + number_of(w->m, r.heads[i].method), r.heads[i].all.rho);
    return 0;
}

static int measure_attributions(struct work *w, struct at_error *err)
{
    static const struct at_visitor visitor = { .needs_states = true,
                                               .begin = begin_explained,
                                               .layer = add_explained,
                                               .finish = finish_explained,
                                               .release = release_explained };
    const struct at_doc *doc = w->side->doc;
    const struct at_doc_options options = { .is_truncated = true };

    return at_pass_text(w->asked->session, doc->in.text, doc->in.pair, &options, &visitor, w, err);
}

/* --- all of a side --- */

int at_compare_measure(struct at_compare_measured *out, struct at_compare_side *side,
                       const struct at_compare_measures *m, const struct at_compare_asked *asked,
                       struct at_error *err)
{
    struct work w = { .out = out, .side = side, .m = m, .asked = asked };
    size_t n = side->L * side->H;
    int rc = 0;

    *out = (struct at_compare_measured){ .doc = side->doc };
    at_compare_measure_keys(&w.keys, m, &out->arena);
    out->heads = at_arena_alloc(&out->arena, n * w.keys.n_heads, sizeof *out->heads);
    out->texts = at_arena_alloc(&out->arena, w.keys.n_texts, sizeof *out->texts);
    for (size_t i = 0; i < n * w.keys.n_heads; i++)
        out->heads[i] = NAN;
    for (size_t i = 0; i < w.keys.n_texts; i++)
        out->texts[i] = NAN;
    if (m->parts & AT_COMPARE_ISA)
        rc = measure_sentences(&w, err);
    if (!rc && m->parts & AT_COMPARE_BIAS)
        rc = measure_flags(&w, err);
    if (!rc && m->parts & AT_COMPARE_BAR)
        rc = measure_bar(&w, err);
    if (!rc && m->parts & AT_COMPARE_FAITH)
        rc = measure_attributions(&w, err);
    side->more = out->heads;
    side->of_text = out->texts;
    return rc;
}

void at_compare_measured_release(struct at_compare_measured *m)
{
    at_doc_release(&m->flagged);
    at_arena_release(&m->arena);
    *m = (struct at_compare_measured){ 0 };
}

/* --- both sides --- */

struct tables {
    struct at_compared_tables *out;
    const char *text_id;
    struct at_arena arena; /* names of rows */
};

/* A row's name, with the text that it is of when there are many. */
static const char *row_name(struct tables *t, const char *name)
{
    return *t->text_id ? at_arena_printf(&t->arena, "text_id %s %s", t->text_id, name) : name;
}

static void add(struct tables *t, const char *table, const char *column, const char *row, double a,
                double b)
{
    at_compared_add(t->out, table, column, row_name(t, row), a, b);
}

static double cell(const double *matrix, size_t S, size_t query, size_t key)
{
    return query < S && key < S ? matrix[query * S + key] : NAN;
}

static void pair_sentences(struct tables *t, const struct at_compare_measured *a,
                           const struct at_compare_measured *b)
{
    size_t S = AT_MAX(a->S, b->S);

    for (size_t i = 0; i < S * S; i++) {
        size_t query = i / S, key = i % S;
        const char *row = at_arena_printf(&t->arena, "query %zu key %zu", query, key);
        add(t, "isa.csv", "weight", row, cell(a->weight, a->S, query, key),
            cell(b->weight, b->S, query, key));
        add(t, "isa.csv", "ratio", row, cell(a->ratio, a->S, query, key),
            cell(b->ratio, b->S, query, key));
    }
}

static void pair_layers(struct tables *t, const struct at_compare_measured *a,
                        const struct at_compare_measured *b)
{
    size_t L = AT_MAX(a->n_layers, b->n_layers);

    for (size_t l = 0; l < L && a->n_layers && b->n_layers; l++)
        add(t, "propagation.csv", "mean", at_arena_printf(&t->arena, "layer %zu", l),
            a->layers[at_depth(l, a->n_layers, L)].mean,
            b->layers[at_depth(l, b->n_layers, L)].mean);
}

/* One number of every token, of both sides. */
struct token_numbers {
    const char *table, *column, *suffix; /* suffix: what else names a row */
    const double *a, *b;                 /* (T_a), (T_b); NaN for none; NULL: the side has none */
    bool is_sum;                         /* of a unit; else the greatest */
};

static double of_unit(const double *x, const size_t *unit, size_t T, size_t u, bool is_sum)
{
    double v = NAN;

    for (size_t i = 0; i < T && x; i++)
        if (unit[i] == u && !isnan(x[i]))
            v = isnan(v) ? x[i] : is_sum ? v + x[i] : fmax(v, x[i]);
    return v;
}

static void pair_tokens(struct tables *t, const struct token_numbers *n,
                        const struct at_token_alignment *align, const struct at_doc *a,
                        const struct at_doc *b)
{
    size_t T_a = a->tokens.n, T_b = b->tokens.n, next = 0;

    for (size_t i = 0; i < T_a; i++) {
        size_t u = align->unit_a[i];
        const char *row = at_arena_printf(&t->arena, "index %zu%s", i, n->suffix);
        if (u == AT_NONE) {
            add(t, n->table, n->column, row, n->a ? n->a[i] : NAN, NAN);
        } else if (u >= next) { /* the first of its unit */
            add(t, n->table, n->column, row, of_unit(n->a, align->unit_a, T_a, u, n->is_sum),
                of_unit(n->b, align->unit_b, T_b, u, n->is_sum));
            next = u + 1;
        }
    }
    for (size_t k = 0; k < T_b && n->b; k++)
        if (align->unit_b[k] == AT_NONE)
            add(t, n->table, n->column, at_arena_printf(&t->arena, "index_b %zu%s", k, n->suffix),
                NAN, n->b[k]);
}

/* A column of the detector's verdicts: a category, O, or whether any category fired. */
static double *verdicts(const struct at_bias_result *r, size_t column, struct at_arena *arena)
{
    double *x = at_arena_alloc(arena, r->n_tokens, sizeof *x);

    for (size_t i = 0; i < r->n_tokens; i++) {
        const struct at_bias_token_row *row = &r->tokens[i];
        x[i] = row->is_special      ? NAN
               : column < AT_N_BIAS ? row->score[column]
               : column > AT_N_BIAS ? row->labels != 0
                                    : row->score_o;
    }
    return x;
}

static void pair_flags(struct tables *t, const struct at_compare_measured *a,
                       const struct at_compare_measured *b)
{
    static const char *const columns[AT_N_BIAS + 2] = { "gen", "unfair", "stereo", "o", "flagged" };
    struct at_token_alignment align;

    at_align_tokens(&align, &a->flagged, &b->flagged);
    for (size_t c = 0; c < AT_N_BIAS + 2; c++) {
        const struct token_numbers n = {
            .table = "bias.csv",
            .column = columns[c],
            .suffix = "",
            .a = verdicts(&a->flags, c, &t->arena),
            .b = verdicts(&b->flags, c, &t->arena),
        };
        pair_tokens(t, &n, &align, &a->flagged, &b->flagged);
    }
    at_token_alignment_release(&align);
}

static const double *scores_of(const struct at_compare_measured *m, const char *method)
{
    for (size_t i = 0; i < m->n_attributions; i++)
        if (m->attributions[i].method == method)
            return m->attributions[i].scores;
    return NULL;
}

/* Methods that only the second has come behind those of the first. */
static void pair_attributions(struct tables *t, const struct at_compare_measured *a,
                              const struct at_compare_measured *b,
                              const struct at_token_alignment *align)
{
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < (side ? b : a)->n_attributions; i++) {
            const char *method = (side ? b : a)->attributions[i].method;
            const struct token_numbers n = {
                .table = "attributions.csv",
                .column = "score",
                .suffix = at_arena_printf(&t->arena, " method %s", method),
                .a = scores_of(a, method),
                .b = scores_of(b, method),
                .is_sum = true,
            };
            if (!side || !n.a)
                pair_tokens(t, &n, align, a->doc, b->doc);
        }
}

void at_compare_measured_tables(struct at_compared_tables *out, const struct at_compare_measured *a,
                                const struct at_compare_measured *b,
                                const struct at_token_alignment *align, const char *text_id)
{
    struct tables t = { .out = out, .text_id = text_id };

    pair_sentences(&t, a, b);
    if (a->flags.n_tokens && b->flags.n_tokens)
        pair_flags(&t, a, b);
    pair_layers(&t, a, b);
    pair_attributions(&t, a, b, align);
    at_arena_release(&t.arena);
}
