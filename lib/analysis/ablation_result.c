/*
 * ablation_result.c - see ablation_result.h; and the fields of ablation.h's records.
 */
#include "analysis/ablation_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stats/distance.h"
#include "stats/spearman.h"

/* clang-format off */
#define EFFECTS(type) \
    AT_FIELD(type, change, "change", NULL, "target after less before, in its unit"), \
    AT_FIELD(type, impact, "impact", NULL, "1 - mean cosine of final states before and after"), \
    AT_FIELD(type, kl, "kl", "nats", "KL(before || after) of predictions, mean over tokens")
/* clang-format on */

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_ablation_row, layer, "layer", NULL, "layer, from 0; none of several heads"),
    AT_FIELD(struct at_ablation_row, head, "head", NULL, "head, from 0; none of several heads"),
    AT_FIELD(struct at_ablation_row, mode, "mode", NULL, "zero, mean or resample"),
    EFFECTS(struct at_ablation_row),
    AT_FIELD(struct at_ablation_row, heads, "heads", NULL, "what was removed together"),
    AT_FIELD_END
};
const struct at_record at_ablation_row_record = AT_RECORD(struct at_ablation_row, row_fields);

static const struct at_field proof_fields[] = {
    AT_FIELD(struct at_ablation_proof, heads, "heads", NULL, "what was removed together"),
    AT_FIELD(struct at_ablation_proof, norm, "norm", NULL,
             "length of their contexts over the text as it is"),
    AT_FIELD(struct at_ablation_proof, norm_left, "norm_left", NULL,
             "as the rest of the model got them; 0 by mode zero"),
    AT_FIELD(struct at_ablation_proof, norm_removed, "norm_removed", NULL,
             "length of the difference"),
    AT_FIELD_END
};
const struct at_record at_ablation_proof_record = AT_RECORD(struct at_ablation_proof, proof_fields);

static const struct at_field layer_fields[] = {
    AT_FIELD(struct at_layer_ablation, layer, "layer", NULL, "layer, from 0"),
    EFFECTS(struct at_layer_ablation),
    AT_FIELD(struct at_layer_ablation, gap, "gap", "fraction",
             "largest difference to the layer's output without attention, of the largest value"),
    AT_FIELD_END
};
const struct at_record at_layer_ablation_record = AT_RECORD(struct at_layer_ablation, layer_fields);

static const struct at_field elbow_fields[] = {
    AT_FIELD(struct at_elbow_row, rank, "rank", NULL, "by the score, from 1"),
    AT_FIELD(struct at_elbow_row, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_elbow_row, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_elbow_row, score, "score", NULL,
             "that orders the heads, largest size first"),
    AT_FIELD(struct at_elbow_row, share, "share", "fraction",
             "of the listed heads' own impacts (causal: kl) up to here"),
    EFFECTS(struct at_elbow_row),
    AT_FIELD(struct at_elbow_row, is_elbow, "is_elbow", NULL,
             "the first head whose next one adds less than 5 % of the share"),
    AT_FIELD_END
};
const struct at_record at_elbow_row_record = AT_RECORD(struct at_elbow_row, elbow_fields);

static const struct at_field smallest_fields[] = {
    AT_FIELD(struct at_smallest_row, n, "n", NULL, "heads of the set so far"),
    AT_FIELD(struct at_smallest_row, layer, "layer", NULL, "layer of the head added, from 0"),
    AT_FIELD(struct at_smallest_row, head, "head", NULL, "head added, from 0"),
    EFFECTS(struct at_smallest_row),
    AT_FIELD(struct at_smallest_row, reaches, "reaches", NULL, "the amount that was asked for"),
    AT_FIELD_END
};
const struct at_record at_smallest_row_record = AT_RECORD(struct at_smallest_row, smallest_fields);

static const struct at_field patching_fields[] = {
    AT_FIELD(struct at_patching_row, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_patching_row, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_patching_row, score, "score", NULL,
             "gradient times the difference that patching makes"),
    AT_FIELD(struct at_patching_row, change, "change", NULL,
             "of the target when the head is patched"),
    AT_FIELD_END
};
const struct at_record at_patching_row_record = AT_RECORD(struct at_patching_row, patching_fields);

static const struct at_field checks_fields[] = {
    AT_FIELD(struct at_ablation_checks, patching_pearson, "patching_pearson", NULL,
             "correlation over heads of patching scores and true changes"),
    AT_FIELD(struct at_ablation_checks, patching_rho, "patching_rho", NULL, "the same of ranks"),
    AT_FIELD(struct at_ablation_checks, direct_pearson, "direct_pearson", NULL,
             "correlation over heads of their parts of the logit and what is lost without them"),
    AT_FIELD(struct at_ablation_checks, direct_rho, "direct_rho", NULL, "the same of ranks"),
    AT_FIELD(struct at_ablation_checks, logit, "logit", "logits",
             "whose parts direct[] are; with a foil the difference"),
    AT_FIELD(struct at_ablation_checks, is_linearised, "direct_is_linearised", NULL,
             "a transform of the head was linearised, which leaves a rest", .flags = AT_TRUTH),
    AT_FIELD(struct at_ablation_checks, by, "elbow_by", NULL, "score that orders elbow[]"),
    AT_FIELD_END
};
const struct at_record at_ablation_checks_record =
    AT_RECORD(struct at_ablation_checks, checks_fields);

static const struct at_field ablation_fields[] = {
    AT_FIELD_LIST(struct at_ablation, rows, n_rows, "ablation", &at_ablation_row_record,
                  "what removing heads does"),
    AT_FIELD_LIST(struct at_ablation, proof, n_rows, "ablation_proof", &at_ablation_proof_record,
                  "that they were removed"),
    AT_FIELD_LIST(struct at_ablation, layers, n_layers, "ablation_layers",
                  &at_layer_ablation_record, "all heads of a layer"),
    AT_FIELD_LIST(struct at_ablation, elbow, n_elbow, "elbow", &at_elbow_row_record,
                  "the first heads by a score, removed one after the other"),
    AT_FIELD_LIST(struct at_ablation, smallest, n_smallest, "smallest_set", &at_smallest_row_record,
                  "heads that move the target by the amount asked for"),
    AT_FIELD_LIST(struct at_ablation, patching, n_patching, "patching", &at_patching_row_record,
                  "what gradients say of each head, and what is so"),
    AT_FIELD_END
};
static const struct at_record ablation_record = AT_RECORD(struct at_ablation, ablation_fields);

static const struct at_field direct_fields[] = { AT_FIELD_LIST(struct at_direct_effects, items, n,
                                                               "direct", &at_direct_effect_record,
                                                               "parts of the logit"),
                                                 AT_FIELD_END };
static const struct at_record direct_record = AT_RECORD(struct at_direct_effects, direct_fields);

static const struct at_field result_fields[] = {
    AT_FIELD_RECORD(struct at_ablation_result, ablation, NULL, &ablation_record, NULL),
    AT_FIELD_RECORD(struct at_ablation_result, direct, NULL, &direct_record, NULL),
    AT_FIELD_RECORD(struct at_ablation_result, checks, "ablation_checks",
                    &at_ablation_checks_record, "how far the cheap scores agree with what happens"),
    AT_FIELD_END
};
const struct at_record at_ablation_result_record =
    AT_RECORD(struct at_ablation_result, result_fields);

/* Parts of the heads, in order, beside what the target loses without each. */
static void check_direct(struct at_ablation_result *r, const struct at_ablation_row *rows, size_t n)
{
    double *parts = at_malloc(2 * n, sizeof *parts), *lost = parts + n;
    size_t k = 0;

    for (size_t i = 0; i < r->direct.n; i++)
        if (!strcmp(r->direct.items[i].component, "head"))
            parts[k++] = r->direct.items[i].dla;
    AT_BUG_IF(k != n);
    for (size_t i = 0; i < n; i++)
        lost[i] = -rows[i].change;
    r->checks.direct_pearson = at_pearson(parts, lost, n);
    r->checks.direct_rho = at_spearman(parts, lost, n).rho;
    free(parts);
}

int at_ablation_measure(struct at_ablation_result *out, struct at_probe *p,
                        const struct at_ablation_options *options, struct at_arena *arena,
                        struct at_error *err)
{
    struct at_ablation_result r = { .checks = { NAN, NAN, NAN, NAN, NAN, -1, options->by } };
    struct at_head_ground ground;
    int rc = at_head_ground_init(&ground, p, err);

    if (rc)
        return rc;
    rc = at_ablation_run(&r.ablation, &ground, options, arena, err);
    if (!rc && p->aim->choice == AT_AIM_TOKEN) {
        const struct at_logit logit = { p->copies[0].rows[0], p->token, p->foil };
        rc = at_direct_effects(&r.direct, &p->s->model, &ground.runs[0], &logit, arena, err);
        r.checks.logit = rc ? NAN : r.direct.logit;
        r.checks.is_linearised = r.direct.is_linearised;
        if (!rc && !options->heads->n)
            check_direct(&r, r.ablation.rows, r.ablation.n_rows);
    }
    r.checks.patching_pearson = r.ablation.patching_pearson;
    r.checks.patching_rho = r.ablation.patching_rho;
    at_head_ground_release(&ground);
    if (!rc)
        *out = r;
    return rc;
}
