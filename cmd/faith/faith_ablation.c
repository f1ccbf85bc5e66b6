/*
 * faith_ablation.c - see faith_ablation.h.
 */
#include "cmd/faith/faith_ablation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/attn_metrics.h"
#include "base/alloc.h"

/* Scores that come of the ablation itself stand before the metrics of maps. */
static const char *const by_words[] = { "impact",           "kl",
                                        "change",           "confidence_max",
                                        "confidence_avg",   "focus_entropy",
                                        "focus_normalized", "sparsity",
                                        "distribution_q25", "distribution_median",
                                        "distribution_q75", "uniformity",
                                        "balance",          "mean_distance",
                                        "row_entropy",      NULL };
enum { FIRST_METRIC = 3 };

/* ---- the call ---- */

/* clang-format off */
void faith_ablation_options(struct faith_ablation *a)
{
    a->ablate.heads_text = "all";
    a->n_top = 10;
    const struct opt table[] = {
        OPT_TEXT(0, "ablate", &a->ablate.heads_text, "all|LIST|none", "remove every head by itself, or LAYER.HEAD,... together"),
        OPT_ENUM(0, "ablation", &a->ablate.mode, at_removal_modes, "what takes a removed head's place"),
        OPT_TEXT(0, "reference", &a->ablate.reference_path, "FILE", "texts, one per line, that mean and resample are taken from; default: the text itself"),
        OPT_INT(0, "top-heads", &a->n_top, "N", 0, 1000, "remove the first N heads by a score one after the other"),
        OPT_ENUM(0, "by", &a->by, by_words, "that score: of the ablation, or a metric of the head's map"),
        OPT_REAL(0, "move", &a->move, "X", -1e9, 1e9, "find few heads that move the target by X together; 0: do not"),
        OPT_TEXT(0, "patch", &a->patch_text, "TEXT", "attribution patching: contexts of this text, of as many tokens, in place of a head's"),
        OPT_END,
    };

    memcpy(a->options, table, sizeof table);
}
/* clang-format on */

static bool is_off(const struct faith_ablation *a)
{
    return !strcmp(a->ablate.heads_text, "none");
}

int faith_ablation_check(struct faith_ablation *a, const struct call *c)
{
    const void *const others[] = { &a->ablate.mode, &a->ablate.reference_path,
                                   &a->n_top,       &a->by,
                                   &a->move,        &a->patch_text };
    const char *given = call_first_given(c, others, AT_COUNTOF(others));
    struct at_error err;

    if (is_off(a) && given)
        return report_usage("--%s does not go with --ablate none", given);
    if (!is_off(a) && strcmp(a->ablate.heads_text, "all") != 0 &&
        at_head_list_parse(&a->ablate.heads, a->ablate.heads_text, &err))
        return report_usage("--ablate: %s", err.text);
    if (a->ablate.heads.n && (call_gives(c, &a->n_top) || call_gives(c, &a->by)))
        return report_usage("--top-heads and --by order all heads; they go with --ablate all");
    return ablate_check_mode(&a->ablate);
}

int faith_ablation_open(struct faith_ablation *a, const struct context *x, struct at_error *err)
{
    return is_off(a) ? 0 : ablate_read(&a->ablate, x->session, x->sink, err);
}

void faith_ablation_release(struct faith_ablation *a)
{
    ablate_release(&a->ablate);
}

/* ---- a text ---- */

double *faith_ablation_scores(const struct faith_ablation *a, const struct at_config *shape,
                              struct at_arena *arena)
{
    if (is_off(a) || a->by < FIRST_METRIC)
        return NULL;
    return at_arena_alloc(arena, shape->n_layers * shape->n_heads, sizeof(double));
}

void faith_ablation_add(const struct faith_ablation *a, double *scores,
                        const struct at_doc_layer *layer, const struct at_doc *doc)
{
    size_t n = layer->n;
    float *scratch = scores ? at_malloc(n * n, sizeof *scratch) : NULL;

    for (size_t h = 0; h < layer->H && scores; h++) {
        struct at_attn_metrics m;
        at_attn_metrics(&m, layer->maps + h * n * n, n, at_doc_kind(doc), scratch);
        scores[layer->layer * layer->H + h] = at_metric_get(&m, (size_t)(a->by - FIRST_METRIC));
    }
    free(scratch);
}

/* The ids of --patch, which must be as many as the text's; the arena's. */
static int other_ids(int **out, const struct faith_ablation *a, struct at_faith_text *text,
                     struct at_error *err)
{
    struct at_text in = { at_strdup(""), at_strdup(a->patch_text),
                          text->doc->in.pair ? at_strdup(text->doc->in.pair) : NULL };
    size_t T = text->doc->tokens.n;
    struct at_doc other;
    int rc = at_doc_prepare(&other, text->s, &in, NULL, err);

    if (rc)
        at_error_in(err, "--patch");
    else if (other.tokens.n != T)
        rc = at_fail(err, AT_ERANGE,
                     "--patch has %zu tokens, the text has %zu: each is patched "
                     "with the one in its place",
                     other.tokens.n, T);
    if (!rc) {
        *out = at_arena_alloc(&text->arena, T, sizeof **out);
        for (size_t t = 0; t < T; t++)
            (*out)[t] = other.tokens.items[t].id;
    }
    at_doc_release(&other);
    return rc;
}

int faith_ablation_finish(struct at_faith_result *r, const struct faith_ablation *a,
                          struct at_faith_text *text, const double *scores, struct at_error *err)
{
    struct at_ablation_options o = { .rule = a->ablate.rule,
                                     .heads = &a->ablate.heads,
                                     .n_top = (size_t)a->n_top,
                                     .by = by_words[a->by],
                                     .scores = scores,
                                     .move = a->move != 0.0 ? a->move : NAN };
    struct at_ablation_result *got;
    int *ids = NULL, rc = 0;

    r->heads_removed = NULL;
    if (is_off(a))
        return 0;
    if (a->patch_text)
        rc = other_ids(&ids, a, text, err);
    if (rc)
        return rc;
    o.other = ids;
    got = at_arena_calloc(&text->arena, 1, sizeof *got);
    rc = at_ablation_measure(got, &text->probe, &o, &text->arena, err);
    r->heads_removed = rc ? NULL : got;
    return rc;
}

int faith_ablation_tables(struct sink *sink, const struct at_doc *doc,
                          const struct at_ablation_result *r, struct at_error *err)
{
    const struct at_ablation *a = &r->ablation;
    const struct {
        const char *name;
        const struct at_record *record;
        const void *rows;
        size_t n;
    } tables[] = {
        { "ablation.csv", &at_ablation_row_record, a->rows, a->n_rows },
        { "ablation_proof.csv", &at_ablation_proof_record, a->proof, a->n_rows },
        { "ablation_layers.csv", &at_layer_ablation_record, a->layers, a->n_layers },
        { "elbow.csv", &at_elbow_row_record, a->elbow, a->n_elbow },
        { "smallest_set.csv", &at_smallest_row_record, a->smallest, a->n_smallest },
        { "direct.csv", &at_direct_effect_record, r->direct.items, r->direct.n },
        { "patching.csv", &at_patching_row_record, a->patching, a->n_patching },
    };
    int rc = 0;

    for (size_t i = 0; i < AT_COUNTOF(tables) && !rc; i++)
        if (tables[i].n)
            rc = sink_table(sink, doc, tables[i].name, tables[i].record, tables[i].rows,
                            tables[i].n, err);
    return rc;
}

/* ---- in a terminal ---- */

static void print_number(const char *what, double v)
{
    if (isnan(v))
        printf(" %s n/a", what);
    else
        printf(" %s %+.4f", what, v);
}

static void print_effect(const char *heads, double change, double impact, double kl)
{
    printf("  %-10s", heads);
    print_number("change", change);
    print_number("impact", impact);
    print_number("kl", kl);
}

static void print_elbow(const struct at_ablation *a, const char *by)
{
    if (!a->n_elbow)
        return;
    printf("\nremoved one after the other, first by %s\n", by);
    for (size_t i = 0; i < a->n_elbow; i++) {
        const struct at_elbow_row *e = &a->elbow[i];
        char name[48];
        snprintf(name, sizeof name, "%sL%zuH%zu", i ? "+" : "", e->layer, e->head);
        print_effect(name, e->change, e->impact, e->kl);
        printf(" share %.0f%%%s\n", 100.0 * e->share, e->is_elbow ? "  <- elbow" : "");
    }
}

static void print_smallest(const struct at_ablation *a)
{
    const struct at_smallest_row *last;

    if (!a->n_smallest)
        return;
    last = a->smallest + a->n_smallest - 1;
    printf("\n%zu head%s, each the one that moves the target most: %s\n ", a->n_smallest,
           at_plural(a->n_smallest), last->reaches ? "reached" : "not reached");
    for (size_t i = 0; i < a->n_smallest; i++)
        printf(" L%zuH%zu", a->smallest[i].layer, a->smallest[i].head);
    print_number("  change", last->change);
    printf("\n");
}

static void print_checks(const struct at_ablation_result *r)
{
    const struct at_ablation_checks *c = &r->checks;
    const struct at_ablation *a = &r->ablation;
    double gap = 0.0;

    for (size_t l = 0; l < a->n_layers; l++)
        gap = fmax(gap, a->layers[l].gap);
    printf("\na layer without its heads is the layer without attention: within %.1g\n", gap);
    printf("attribution patching against what happens:");
    print_number("Pearson", c->patching_pearson);
    print_number("Spearman", c->patching_rho);
    printf("\n");
    if (c->is_linearised < 0)
        return;
    printf("direct logit attribution%s, logit %.4f, against what happens:",
           c->is_linearised ? " (the head's transform linearised)" : "", c->logit);
    print_number("Pearson", c->direct_pearson);
    print_number("Spearman", c->direct_rho);
    printf("\n");
}

void faith_ablation_print(const struct at_ablation_result *r)
{
    const struct at_ablation *a;

    if (!r)
        return;
    a = &r->ablation;
    if (a->n_rows == 1) {
        printf("\nheads removed together (%s)\n", a->rows->mode);
        print_effect(a->rows->heads, a->rows->change, a->rows->impact, a->rows->kl);
        printf("\n");
    }
    print_elbow(a, r->checks.by);
    print_smallest(a);
    print_checks(r);
}
