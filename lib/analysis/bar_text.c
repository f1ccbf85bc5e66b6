/*
 * bar_text.c - see bar_text.h.
 */
#include "analysis/bar_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "session/doc_window.h"

const char *const at_bar_value_keys[AT_N_BAR_VALUES] = { "bar", "bsr", "max_weight",
                                                         "bar_visible" };

/* --- fields --- */

static const struct at_field flagged_fields[] = {
    AT_FIELD(struct at_flagged_token, index, "index", NULL, "token, from 0"),
    AT_FIELD(struct at_flagged_token, token, "token", NULL, "piece of the vocabulary"),
    AT_FIELD_FLAGS(struct at_flagged_token, categories, "labels", at_bias_keys,
                   "what it is flagged with"),
    AT_FIELD_END
};
static const struct at_record flagged_record = AT_RECORD(struct at_flagged_token, flagged_fields);

static const struct at_field category_fields[] = {
    AT_FIELD(struct at_bar_row, by_category[AT_BIAS_GEN], "bar_gen", "ratio",
             "bar of generalisations alone", .json = "GEN"),
    AT_FIELD(struct at_bar_row, by_category[AT_BIAS_UNFAIR], "bar_unfair", "ratio",
             "bar of unfairness alone", .json = "UNFAIR"),
    AT_FIELD(struct at_bar_row, by_category[AT_BIAS_STEREO], "bar_stereo", "ratio",
             "bar of stereotypes alone", .json = "STEREO"),
    AT_FIELD_END
};
static const struct at_record category_record = AT_RECORD(struct at_bar_row, category_fields);

#define PLACE                                                                                      \
    AT_FIELD(struct at_bar_row, layer, "layer", NULL, "layer, from 0"),                            \
        AT_FIELD(struct at_bar_row, head, "head", NULL, "head, from 0")

static const struct at_field row_fields[] = {
    PLACE,
    AT_FIELD(struct at_bar_row, of.bar, "bar", "ratio", "attention drawn, to even attention"),
    AT_FIELD(struct at_bar_row, of.bsr, "bsr", "ratio", "the same among flagged tokens"),
    AT_FIELD(struct at_bar_row, of.bar_visible, "bar_visible", "ratio",
             "bar, to even attention over what each query sees"),
    AT_FIELD(struct at_bar_row, of.bsr_visible, "bsr_visible", "ratio",
             "bsr, to even attention over what each query sees"),
    AT_FIELD(struct at_bar_row, of.max_weight, "max_weight", "fraction",
             "greatest weight on a flagged token; row 0 left out when causal"),
    AT_FIELD(struct at_bar_row, of.is_specialised, "specialised", NULL,
             "bar is above the threshold"),
    AT_FIELD(struct at_bar_row, of.p, "p", "probability",
             "of as much attention to as many tokens drawn at random"),
    AT_FIELD(struct at_bar_row, of.mc_error, "mc_error", "probability",
             "standard error of p from drawing"),
    AT_FIELD(struct at_bar_row, of.q, "q", "fraction", "false discovery rate over all heads"),
    AT_FIELD(struct at_bar_row, of.p_bonferroni, "p_bonferroni", "probability",
             "p corrected for all heads"),
    { .key = "by_category",
      .kind = AT_KIND_RECORD,
      .record = &category_record,
      .help = "bar of the tokens of one category" },
    AT_FIELD_END
};
const struct at_record at_bar_row_record = AT_RECORD(struct at_bar_row, row_fields);

static const struct at_field place_fields[] = { PLACE, AT_FIELD_END };
static const struct at_record place_record = AT_RECORD(struct at_bar_row, place_fields);

static const struct at_field layer_fields[] = {
    AT_FIELD(struct at_bar_layer, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_bar_layer, mean, "mean", "ratio", "mean bar of its heads"),
    AT_FIELD(struct at_bar_layer, min, "min", "ratio", "least"),
    AT_FIELD(struct at_bar_layer, max, "max", "ratio", "greatest"),
    AT_FIELD(struct at_bar_layer, n_specialised, "n_specialised", NULL,
             "heads above the threshold"),
    AT_FIELD_END
};
const struct at_record at_bar_layer_record = AT_RECORD(struct at_bar_layer, layer_fields);

static const struct at_field way_fields[] = {
    AT_FIELD(struct at_bar_way, pattern, "pattern", NULL,
             "none, single_layer, increasing, decreasing or stable"),
    AT_FIELD(struct at_bar_way, peak_layer, "peak_layer", NULL, "layer with the greatest mean"),
    AT_FIELD(struct at_bar_way, mean, "mean", "ratio", "mean bar of all heads"),
    AT_FIELD_REALS(struct at_bar_way, layers, L, "layers", "ratio", "of each layer's heads"),
    AT_FIELD(struct at_bar_way, early, "early", "ratio", "of the first third of the layers"),
    AT_FIELD(struct at_bar_way, middle, "middle", "ratio", "of the second third"),
    AT_FIELD(struct at_bar_way, late, "late", "ratio", "of the last third"),
    AT_FIELD_END
};
static const struct at_record way_record = AT_RECORD(struct at_bar_way, way_fields);

static const struct at_field test_fields[] = {
    AT_FIELD(struct at_bar_test, status, "status", NULL,
             "tested, nothing flagged, or no token left"),
    AT_FIELD(struct at_bar_test, n_valid, "n_valid", NULL, "tokens that were drawn from"),
    AT_FIELD(struct at_bar_test, n_draws, "n_draws", NULL, "sets that were drawn"),
    AT_FIELD(struct at_bar_test, is_exact, "exact", NULL, "they are all that there are"),
    AT_FIELD(struct at_bar_test, seed, "seed", NULL, "of the draws"),
    AT_FIELD(struct at_bar_test, alpha, "alpha", "probability", "level of significance"),
    AT_FIELD(struct at_bar_test, n_uncorrected, "n_uncorrected", NULL,
             "heads with p at most alpha"),
    AT_FIELD(struct at_bar_test, n_fdr, "n_fdr", NULL, "heads with q at most alpha"),
    AT_FIELD(struct at_bar_test, n_bonferroni, "n_bonferroni", NULL,
             "heads with p_bonferroni at most alpha"),
    AT_FIELD(struct at_bar_test, correction, "correction", NULL,
             "uncorrected, false discovery rate or Bonferroni"),
    AT_FIELD_LIST(struct at_bar_test, heads, n_heads, "heads", &place_record,
                  "those that are significant by it"),
    AT_FIELD_END
};
static const struct at_record test_record = AT_RECORD(struct at_bar_test, test_fields);

static const struct at_field result_fields[] = {
    AT_FIELD_LINK(struct at_bar_result, rule, "rule", &at_detector_rule_record,
                  "what flagged the tokens; null when they were listed"),
    AT_FIELD(struct at_bar_result, threshold, "threshold", "ratio",
             "heads with a greater bar are specialised"),
    AT_FIELD_LIST(struct at_bar_result, flagged, n_flagged, "flagged", &flagged_record,
                  "flagged tokens"),
    AT_FIELD_LIST(struct at_bar_result, heads, n_heads, "heads", &at_bar_row_record, "every head"),
    AT_FIELD_LIST(struct at_bar_result, top, n_top, "top", &at_bar_row_record,
                  "heads with the greatest bar"),
    AT_FIELD_RECORD(struct at_bar_result, propagation, "propagation", &way_record,
                    "bar through the layers"),
    AT_FIELD_RECORD(struct at_bar_result, significance, "significance", &test_record,
                    "against tokens drawn at random"),
    AT_FIELD_END
};
const struct at_record at_bar_result_record = AT_RECORD(struct at_bar_result, result_fields);

/* --- one text --- */

static int flag_listed(bool *flagged, const struct at_bar_flags *flags, size_t T,
                       struct at_error *err)
{
    for (size_t i = 0; i < flags->n_tokens; i++) {
        if (flags->tokens[i] >= T)
            return at_fail(err, AT_ERANGE, "token %zu is outside the text's %zu", flags->tokens[i],
                           T);
        flagged[flags->tokens[i]] = true;
    }
    return 0;
}

static void list_flagged(struct at_bar_text *t, bool *const flagged[AT_BAR_SETS])
{
    const struct at_doc *doc = t->doc;

    t->flagged = at_arena_alloc(&t->arena, doc->tokens.n, sizeof *t->flagged);
    for (size_t i = 0; i < doc->tokens.n; i++) {
        struct at_flagged_token token = { i, doc->pieces[i], doc->labels[i].text, 0 };
        for (size_t c = 0; c < AT_N_BIAS; c++)
            token.categories |= (unsigned)flagged[1 + c][i] << c;
        if (flagged[0][i])
            t->flagged[t->n_flagged++] = token;
    }
}

/* The text as far as the model reads it; the arena's. */
static const char *text_read(const struct at_doc *doc, struct at_arena *arena)
{
    size_t end = 0;

    if (doc->n_tokens_given <= doc->tokens.n)
        return doc->in.text;
    for (size_t i = 0; i < doc->tokens.n; i++)
        if (doc->tokens.items[i].source == 0 && doc->tokens.items[i].end != AT_NO_OFFSET)
            end = AT_MAX(end, doc->tokens.items[i].end);
    return at_arena_printf(arena, "%.*s", (int)end, doc->in.text);
}

int at_bar_text_begin(struct at_bar_text *out, const struct at_doc *doc,
                      const struct at_bar_flags *flags, double threshold, struct at_error *err)
{
    const struct at_config *shape = doc->shape;
    struct at_bar_text t = { .doc = doc, .flags = *flags };
    size_t T = doc->tokens.n;
    bool *flagged[AT_BAR_SETS];
    int rc;

    t.is_special = at_arena_alloc(&t.arena, T, sizeof *t.is_special);
    for (size_t i = 0; i < T; i++)
        t.is_special[i] = doc->tokens.items[i].is_special;
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        flagged[k] = at_arena_calloc(&t.arena, T, sizeof *flagged[k]);
    rc = flags->detector ? at_detector_flag(flagged, flags->detector, &doc->tokens,
                                            text_read(doc, &t.arena), err)
                         : flag_listed(flagged[0], flags, T, err);
    for (size_t k = 0; k < AT_BAR_SETS && !rc; k++)
        rc = at_bar_init(&t.ratios[k], shape->n_layers, shape->n_heads, T, shape->is_causal,
                         flagged[k], threshold, err);
    if (rc) {
        at_bar_text_release(&t);
        return rc;
    }
    list_flagged(&t, flagged);
    *out = t;
    return 0;
}

void at_bar_text_add(struct at_bar_text *t, const struct at_doc_layer *layer)
{
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_add(&t->ratios[k], layer->layer, layer->maps);
}

void at_bar_text_add_window(struct at_bar_text *t, const struct at_doc *window,
                            const struct at_doc_layer *layer)
{
    size_t n = layer->n, *token = at_malloc(n, sizeof *token);
    bool *owned = at_malloc(n, sizeof *owned);

    for (size_t i = 0; i < n; i++) {
        token[i] = at_doc_whole_token(window, i);
        owned[i] = at_doc_owns_token(window, i);
    }
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_add_window(&t->ratios[k], layer->layer, layer->maps, n, token, owned);
    free(token);
    free(owned);
}

void at_bar_text_finish_windows(struct at_bar_text *t)
{
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_finish_windows(&t->ratios[k]);
}

void at_bar_text_release(struct at_bar_text *t)
{
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_release(&t->ratios[k]);
    at_arena_release(&t->arena);
    *t = (struct at_bar_text){ 0 };
}

/* --- the result --- */

static void test_heads(struct at_bar_result *r, struct at_bar_text *t,
                       const struct at_bar_options *o, struct at_pool *pool)
{
    static const char *const status[] = { [AT_BAR_TESTED] = "tested",
                                          [AT_BAR_NO_FLAGGED] = "nothing flagged",
                                          [AT_BAR_NO_ROOM] = "no token left" };
    static const char *const correction[] = { [AT_BAR_UNCORRECTED] = "uncorrected",
                                              [AT_BAR_FDR] = "false discovery rate",
                                              [AT_BAR_BONFERRONI] = "Bonferroni" };
    struct at_bar_significance s;

    at_bar_significance(&s, &t->ratios[0], t->is_special, o->n_permutations, o->alpha,
                        (uint64_t)o->seed, pool);
    r->significance = (struct at_bar_test){
        .outcome = s.status,
        .status = status[s.status],
        .correction = correction[o->correction],
        .n_valid = s.n_valid,
        .n_draws = s.n_draws,
        .is_exact = s.is_exact,
        .seed = o->seed,
        .alpha = s.alpha,
        .n_uncorrected = s.n_raw,
        .n_fdr = s.n_fdr,
        .n_bonferroni = s.n_bonferroni,
    };
}

static void add_heads(struct at_bar_result *r, struct at_bar_text *t,
                      const struct at_bar_options *o)
{
    struct at_bar_test *test = &r->significance;

    r->heads = at_arena_calloc(&t->arena, r->n_heads, sizeof *r->heads);
    test->heads = at_arena_alloc(&t->arena, r->n_heads, sizeof *test->heads);
    for (size_t i = 0; i < r->n_heads; i++) {
        struct at_bar_row *row = &r->heads[i];
        row->layer = i / r->H;
        row->head = i % r->H;
        row->of = t->ratios[0].heads[i];
        for (size_t c = 0; c < AT_N_BIAS; c++)
            row->by_category[c] = t->ratios[1 + c].heads[i].bar;
        const double p[] = { row->of.p, row->of.q, row->of.p_bonferroni };
        row->is_significant = p[o->correction] <= o->alpha;
        if (row->is_significant)
            test->heads[test->n_heads++] = *row;
    }
}

static int by_bar(const void *a, const void *b)
{
    const struct at_bar_row *x = a, *y = b;

    if (x->of.bar != y->of.bar)
        return x->of.bar < y->of.bar ? 1 : -1;
    if (x->layer != y->layer)
        return x->layer > y->layer ? 1 : -1;
    return (x->head > y->head) - (x->head < y->head);
}

static void add_top(struct at_bar_result *r, struct at_bar_text *t, size_t n)
{
    if (r->n_flagged == 0)
        return;
    r->n_top = AT_MIN(n, r->n_heads);
    r->top = at_arena_alloc(&t->arena, r->n_heads, sizeof *r->top);
    for (size_t i = 0; i < r->n_heads; i++)
        r->top[i] = r->heads[i];
    qsort(r->top, r->n_heads, sizeof *r->top, by_bar);
}

static void add_layers(struct at_bar_result *r, struct at_bar_text *t)
{
    struct at_bar_propagation p;
    double *mean = at_arena_alloc(&t->arena, r->L, sizeof *mean);

    at_bar_propagation(&p, mean, &t->ratios[0]);
    r->propagation = (struct at_bar_way){
        .pattern = at_bar_pattern_name(p.pattern),
        .peak_layer = r->n_flagged ? p.peak_layer : AT_NONE,
        .mean = p.mean,
        .early = p.third[0],
        .middle = p.third[1],
        .late = p.third[2],
        .layers = mean,
        .L = r->L,
    };
    r->layers = at_arena_alloc(&t->arena, r->L, sizeof *r->layers);
    for (size_t l = 0; l < r->L; l++) {
        struct at_bar_layer layer = { l, mean[l], NAN, NAN, 0 };
        for (size_t h = 0; h < r->H; h++) {
            const struct at_bar_head *head = &r->heads[l * r->H + h].of;
            layer.min = fmin(layer.min, head->bar); /* passes over a NaN */
            layer.max = fmax(layer.max, head->bar);
            layer.n_specialised += head->is_specialised;
        }
        r->layers[l] = layer;
    }
}

struct at_bar_result at_bar_text_finish(struct at_bar_text *t, const struct at_bar_options *o,
                                        struct at_pool *pool)
{
    const struct at_bar_ratios *any = &t->ratios[0];
    struct at_bar_result r = {
        .threshold = any->threshold,
        .flagged = t->flagged,
        .n_flagged = t->n_flagged,
        .L = any->L,
        .H = any->H,
        .n_heads = any->L * any->H,
    };

    if (t->flags.detector) {
        struct at_detector_rule *rule = at_arena_alloc(&t->arena, 1, sizeof *rule);
        *rule = at_detector_rule(t->flags.detector, &t->arena);
        r.rule = rule;
    }
    test_heads(&r, t, o, pool);
    add_heads(&r, t, o);
    add_top(&r, t, o->n_top);
    add_layers(&r, t);
    return r;
}

/* --- many texts --- */

void at_bar_corpus_add(struct at_corpus *c, const struct at_bar_result *r)
{
    double *values = at_malloc(r->n_heads * AT_N_BAR_VALUES, sizeof *values);
    double *ratio = at_malloc(r->n_heads * AT_N_BAR_VALUES, sizeof *ratio);

    for (size_t i = 0; i < r->n_heads; i++) {
        const struct at_bar_head *h = &r->heads[i].of;
        const double of_head[AT_N_BAR_VALUES] = { h->bar, h->bsr, h->max_weight, h->bar_visible };
        for (size_t v = 0; v < AT_N_BAR_VALUES; v++) {
            values[i * AT_N_BAR_VALUES + v] = of_head[v];
            ratio[i * AT_N_BAR_VALUES + v] = v == AT_BAR_MAX_WEIGHT ? NAN : of_head[v];
        }
    }
    at_corpus_add_heads(c, 0, values, AT_N_BAR_VALUES, true);
    at_corpus_add_ratios(c, ratio);
    free(values);
    free(ratio);
}

static const struct at_field text_fields[] = {
    AT_FIELD_RECORD(struct at_bar_text_row, of, NULL, &at_text_head_record, "the text"),
    AT_FIELD(struct at_bar_text_row, n_flagged, "n_flagged", NULL, "tokens that are flagged"),
    AT_FIELD(struct at_bar_text_row, mean, "mean_bar", "ratio",
             "mean over heads of the ratio to even attention"),
    AT_FIELD(struct at_bar_text_row, layer, "top_layer", NULL,
             "layer of the head with the greatest ratio"),
    AT_FIELD(struct at_bar_text_row, head, "top_head", NULL, "that head"),
    AT_FIELD(struct at_bar_text_row, bar, "top_bar", "ratio", "its ratio"),
    AT_FIELD(struct at_bar_text_row, n_specialised, "n_specialised", NULL,
             "heads above the threshold"),
    AT_FIELD(struct at_bar_text_row, n_significant, "n_significant", NULL,
             "heads that are significant by the chosen correction"),
    AT_FIELD(struct at_bar_text_row, text, "text", NULL, "the text"),
    AT_FIELD_END,
};
const struct at_record at_bar_text_row_record = AT_RECORD(struct at_bar_text_row, text_fields);

struct at_bar_text_row at_bar_text_row(const struct at_doc *doc, const struct at_bar_result *r)
{
    struct at_bar_text_row row = {
        .n_flagged = r->n_flagged,
        .mean = r->propagation.mean,
        .layer = r->n_top ? r->top[0].layer : AT_NONE,
        .head = r->n_top ? r->top[0].head : AT_NONE,
        .bar = r->n_top ? r->top[0].of.bar : NAN,
        .n_significant = r->significance.n_heads,
        .text = doc->in.text,
    };

    for (size_t l = 0; l < r->L; l++)
        row.n_specialised += r->layers[l].n_specialised;
    return row;
}
