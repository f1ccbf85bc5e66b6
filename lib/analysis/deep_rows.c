/*
 * deep_rows.c - the tables of deep_result.h.
 */
#include <math.h>

#include "analysis/deep_result.h"

/* What each row begins with. */
struct place {
    size_t layer; /* or state */
    size_t index;
    const char *token;
};

#define PLACE(type, key, help)                                                                     \
    AT_FIELD(type, at.layer, key, NULL, help),                                                     \
        AT_FIELD(type, at.index, "index", NULL, "token or word, from 0"),                          \
        AT_FIELD(type, at.token, "token", NULL, "what stands there")

static struct place place(const struct at_deep *d, size_t layer, size_t i)
{
    return (struct place){ layer, i, d->doc->labels[i].text };
}

/* --- qkv.csv --- */

struct qkv_row {
    struct place at;
    size_t head;
    double q_norm, k_norm, v_norm, context_norm;
    size_t nearest;
    const char *nearest_token;
    double cosine;
};

static const struct at_field qkv_fields[] = {
    AT_FIELD(struct qkv_row, at.layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct qkv_row, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct qkv_row, at.index, "index", NULL, "token or word, from 0"),
    AT_FIELD(struct qkv_row, at.token, "token", NULL, "what stands there"),
    AT_FIELD(struct qkv_row, q_norm, "q_norm", NULL, "length of its query"),
    AT_FIELD(struct qkv_row, k_norm, "k_norm", NULL, "length of its key"),
    AT_FIELD(struct qkv_row, v_norm, "v_norm", NULL, "length of its value"),
    AT_FIELD(struct qkv_row, context_norm, "context_norm", NULL, "length of the head's output"),
    AT_FIELD(struct qkv_row, nearest, "nearest_key", NULL, "row whose key is most like the query"),
    AT_FIELD(struct qkv_row, nearest_token, "nearest_token", NULL, "what stands there"),
    AT_FIELD(struct qkv_row, cosine, "cosine", "cosine", "how much"),
    AT_FIELD_END
};
const struct at_record at_deep_qkv_record = AT_RECORD(struct qkv_row, qkv_fields);

static const void *qkv_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    size_t per_layer = d->H * d->n;
    struct qkv_row *rows;

    *n = d->L * per_layer;
    rows = at_arena_alloc(arena, *n, sizeof *rows);
    for (size_t at = 0; at < *n; at++) {
        const struct at_deep_layer *l = &d->layers[at / per_layer];
        size_t k = at % per_layer;
        rows[at] = (struct qkv_row){ .at = place(d, at / per_layer, k % d->n),
                                     .head = k / d->n,
                                     .q_norm = l->q_norm[k],
                                     .k_norm = l->k_norm[k],
                                     .v_norm = l->v_norm[k],
                                     .context_norm = l->context_norm[k],
                                     .nearest = l->nearest[k].token,
                                     .nearest_token = d->doc->labels[l->nearest[k].token].text,
                                     .cosine = l->nearest[k].cosine };
    }
    return rows;
}

/* --- residual.csv --- */

struct residual_row {
    struct place at;
    double input_norm, mid_norm, output_norm, attention_change, ffn_change;
};

static const struct at_field residual_fields[] = {
    PLACE(struct residual_row, "layer", "layer, from 0"),
    AT_FIELD(struct residual_row, input_norm, "input_norm", NULL,
             "length of the residual stream that enters"),
    AT_FIELD(struct residual_row, mid_norm, "mid_norm", NULL, "length of it after attention"),
    AT_FIELD(struct residual_row, output_norm, "output_norm", NULL,
             "length of it behind the layer"),
    AT_FIELD(struct residual_row, attention_change, "attention_change", "fraction",
             "change of it by attention, of its length before"),
    AT_FIELD(struct residual_row, ffn_change, "ffn_change", "fraction",
             "change of it by the feed-forward block"),
    AT_FIELD_END
};
const struct at_record at_deep_residual_record = AT_RECORD(struct residual_row, residual_fields);

static const void *residual_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    struct residual_row *rows;

    *n = d->L * d->n;
    rows = at_arena_alloc(arena, *n, sizeof *rows);
    for (size_t at = 0; at < *n; at++) {
        size_t layer = at / d->n, i = at % d->n;
        const struct at_deep_layer *l = &d->layers[layer];
        rows[at] =
            (struct residual_row){ place(d, layer, i),     d->states[layer].stats[i].norm,
                                   l->mid[i].norm,         d->states[layer + 1].stats[i].norm,
                                   l->attention_change[i], l->ffn_change[i] };
    }
    return rows;
}

/* --- ffn.csv, hidden.csv --- */

struct vector_row {
    struct place at;
    struct at_vector_stats stats;
    double projection_norm; /* of ffn.csv */
};

#define VECTOR_STATS                                                                               \
    AT_FIELD(struct vector_row, stats.norm, "norm", NULL, "length"),                               \
        AT_FIELD(struct vector_row, stats.mean, "mean", NULL, "mean of its values"),               \
        AT_FIELD(struct vector_row, stats.sd, "sd", NULL, "their standard deviation (by n)"),      \
        AT_FIELD(struct vector_row, stats.min, "min", NULL, "least of them"),                      \
        AT_FIELD(struct vector_row, stats.max, "max", NULL, "greatest of them")

static const struct at_field ffn_fields[] = {
    PLACE(struct vector_row, "layer", "layer, from 0"),
    AT_FIELD(struct vector_row, stats.positive, "active", "fraction", "feed-forward units above 0"),
    VECTOR_STATS,
    AT_FIELD(struct vector_row, projection_norm, "projection_norm", NULL,
             "length of the feed-forward block's output"),
    AT_FIELD_END
};
const struct at_record at_deep_ffn_record = AT_RECORD(struct vector_row, ffn_fields);

static const void *ffn_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    struct vector_row *rows;

    *n = d->L * d->n;
    rows = at_arena_alloc(arena, *n, sizeof *rows);
    for (size_t at = 0; at < *n; at++) {
        const struct at_deep_layer *l = &d->layers[at / d->n];
        size_t i = at % d->n;
        rows[at] = (struct vector_row){ place(d, at / d->n, i), l->ffn[i], l->projection[i] };
    }
    return rows;
}

static const struct at_field hidden_fields[] = { PLACE(struct vector_row, "state",
                                                       "0 is the embedding, l + 1 behind layer l"),
                                                 VECTOR_STATS, AT_FIELD_END };
const struct at_record at_deep_hidden_record = AT_RECORD(struct vector_row, hidden_fields);

static const void *hidden_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    struct vector_row *rows;

    *n = (d->L + 1) * d->n;
    rows = at_arena_alloc(arena, *n, sizeof *rows);
    for (size_t at = 0; at < *n; at++)
        rows[at] = (struct vector_row){ place(d, at / d->n, at % d->n),
                                        d->states[at / d->n].stats[at % d->n], NAN };
    return rows;
}

/* --- steps.csv --- */

struct step_row {
    struct at_deep_row row;
    struct at_deep_step step;
};

static const struct at_field step_fields[] = {
    AT_FIELD(struct step_row, row.layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct step_row, row.head, "head", NULL, "head, from 0"),
    AT_FIELD(struct step_row, row.row.query, "query", NULL, "token that looks, from 0"),
    AT_FIELD(struct step_row, step.step.key, "key", NULL, "token that is looked at"),
    AT_FIELD(struct step_row, row.query_token, "query_token", NULL, "what looks"),
    AT_FIELD(struct step_row, step.key_token, "key_token", NULL, "what is looked at"),
    AT_FIELD(struct step_row, step.step.dot, "dot", NULL, "query times key"),
    AT_FIELD(struct step_row, step.step.scaled, "scaled", "nats",
             "divided by the root of the width"),
    AT_FIELD(struct step_row, row.row.row_max, "row_max", "nats", "greatest of the row"),
    AT_FIELD(struct step_row, step.step.shifted, "shifted", "nats", "less the row's maximum"),
    AT_FIELD(struct step_row, row.row.sum_exp, "sum_exp", NULL, "sum of exp(shifted) of the row"),
    AT_FIELD(struct step_row, row.row.log_sum, "log_sum", "nats", "row_max + ln sum_exp"),
    AT_FIELD(struct step_row, step.step.weight, "weight", "fraction", "its share, computed anew"),
    AT_FIELD(struct step_row, step.step.stored, "stored", "fraction", "the map's own"),
    AT_FIELD(struct step_row, step.ranked_by, "ranked_by", "fraction",
             "weight in the matrix mode, by which keys are ranked"),
    AT_FIELD_END
};
const struct at_record at_deep_steps_record = AT_RECORD(struct step_row, step_fields);

static const void *step_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    struct step_row *rows;
    size_t at = 0;

    *n = 0;
    for (size_t k = 0; k < d->rows.n; k++)
        *n += d->rows.items[k].n_steps;
    rows = at_arena_alloc(arena, *n + 1, sizeof *rows);
    for (size_t k = 0; k < d->rows.n; k++)
        for (size_t i = 0; i < d->rows.items[k].n_steps; i++)
            rows[at++] = (struct step_row){ d->rows.items[k], d->rows.items[k].steps[i] };
    return rows;
}

/* --- lens.csv --- */

struct lens_row {
    struct place at;
    size_t rank;
    const char *prediction;
    int id;
    double p;
    float logit;
    const char *target;
    size_t target_rank;
    double target_p;
    const char *prediction_label, *target_label;
};

static const struct at_field lens_fields[] = {
    PLACE(struct lens_row, "state", "0 is the embedding, l + 1 behind layer l"),
    AT_FIELD(struct lens_row, rank, "rank", NULL, "1 is the most probable"),
    AT_FIELD(struct lens_row, prediction, "prediction", NULL, "predicted piece"),
    AT_FIELD(struct lens_row, id, "id", NULL, "its id"),
    AT_FIELD(struct lens_row, p, "p", "probability", "its probability"),
    AT_FIELD(struct lens_row, logit, "logit", "nats", "its logit"),
    AT_FIELD(struct lens_row, target, "target", NULL,
             "piece in its place, of a causal model the next one"),
    AT_FIELD(struct lens_row, target_rank, "target_rank", NULL, "rank of that piece"),
    AT_FIELD(struct lens_row, target_p, "target_p", "probability", "its probability"),
    AT_FIELD(struct lens_row, prediction_label, "prediction_label", NULL,
             "the predicted piece as people write it"),
    AT_FIELD(struct lens_row, target_label, "target_label", NULL, "the other one"),
    AT_FIELD_END
};
const struct at_record at_deep_lens_record = AT_RECORD(struct lens_row, lens_fields);

static const void *lens_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    struct lens_row *rows = at_arena_alloc(arena, (d->L + 1) * d->T * d->top_k, sizeof *rows);
    const struct at_tokenizer *t = d->tokenizer;

    *n = 0;
    for (size_t at = 0; at < (d->L + 1) * d->T; at++) {
        const struct at_ranking *r = &d->states[at / d->T].lens[at % d->T];
        const char *target = r->token < 0 ? NULL : at_tokenizer_label(t, r->token, arena);
        for (size_t k = 0; k < d->top_k && r->top[k].id >= 0; k++)
            rows[(*n)++] = (struct lens_row){
                .at = place(d, at / d->T, at % d->T),
                .rank = k + 1,
                .prediction = at_tokenizer_piece(t, r->top[k].id),
                .id = r->top[k].id,
                .p = r->top[k].p,
                .logit = r->top[k].logit,
                .target = r->token < 0 ? NULL : at_tokenizer_piece(t, r->token),
                .target_rank = r->token_rank ? r->token_rank : AT_NONE,
                .target_p = exp(r->token_log_p),
                .prediction_label = at_tokenizer_label(t, r->top[k].id, arena),
                .target_label = target,
            };
    }
    return rows;
}

/* --- pca.csv --- */

struct pca_row {
    const char *space;
    struct place at;
    double x, y, ratio[2];
};

static const struct at_field pca_fields[] = {
    AT_FIELD(struct pca_row, space, "space", NULL,
             "word, position, hidden, mid, query, key or value"),
    PLACE(struct pca_row, "layer", "layer, of hidden the state, from 0"),
    AT_FIELD(struct pca_row, x, "x", NULL, "along the first direction"),
    AT_FIELD(struct pca_row, y, "y", NULL, "along the second"),
    AT_FIELD(struct pca_row, ratio[0], "x_ratio", "fraction", "variance along the first"),
    AT_FIELD(struct pca_row, ratio[1], "y_ratio", "fraction", "along the second"),
    AT_FIELD_END
};
const struct at_record at_deep_pca_record = AT_RECORD(struct pca_row, pca_fields);

/* n rows of a plane from the first on. */
static size_t add_plane(struct pca_row *out, const struct at_deep *d, const char *space,
                        size_t layer, const struct at_deep_plane *p, size_t first)
{
    for (size_t i = 0; i < d->n; i++)
        out[i] = (struct pca_row){ space,
                                   place(d, layer, i),
                                   p->xy[2 * (first + i)],
                                   p->xy[2 * (first + i) + 1],
                                   { p->ratio[0], p->ratio[1] } };
    return d->n;
}

static const void *pca_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    static const char *const parts[] = { "query", "key", "value" };
    struct pca_row *rows = at_arena_alloc(arena, 3 * d->n_spaces * d->n, sizeof *rows);

    *n = 0;
    for (size_t s = 0; s < d->n_spaces; s++) {
        const struct at_deep_space *x = &d->spaces[s];
        for (size_t part = 0; part < (x->is_qkv ? 3 : 1); part++)
            *n += add_plane(rows + *n, d, x->is_qkv ? parts[part] : x->space, x->layer, x->plane,
                            part * d->n);
    }
    return rows;
}

/* --- which there are --- */

static const void *embedding_rows(size_t *n, const struct at_deep *d, struct at_arena *arena)
{
    (void)arena;
    *n = d->n;
    return d->embeddings;
}

const struct at_deep_table_info at_deep_tables[AT_N_DEEP_TABLES] = {
    [AT_DEEP_EMBEDDINGS] = { "embeddings.csv", &at_deep_embedding_record },
    [AT_DEEP_QKV] = { "qkv.csv", &at_deep_qkv_record },
    [AT_DEEP_RESIDUAL] = { "residual.csv", &at_deep_residual_record },
    [AT_DEEP_FFN] = { "ffn.csv", &at_deep_ffn_record },
    [AT_DEEP_HIDDEN] = { "hidden.csv", &at_deep_hidden_record },
    [AT_DEEP_STEPS] = { "steps.csv", &at_deep_steps_record },
    [AT_DEEP_LENS] = { "lens.csv", &at_deep_lens_record },
    [AT_DEEP_PCA] = { "pca.csv", &at_deep_pca_record },
};

const void *at_deep_table_rows(size_t *n, const struct at_deep *d, enum at_deep_table table,
                               struct at_arena *arena)
{
    static const void *(*const make[AT_N_DEEP_TABLES])(size_t *, const struct at_deep *,
                                                       struct at_arena *) = {
        [AT_DEEP_EMBEDDINGS] = embedding_rows,
        [AT_DEEP_QKV] = qkv_rows,
        [AT_DEEP_RESIDUAL] = residual_rows,
        [AT_DEEP_FFN] = ffn_rows,
        [AT_DEEP_HIDDEN] = hidden_rows,
        [AT_DEEP_STEPS] = step_rows,
        [AT_DEEP_LENS] = lens_rows,
        [AT_DEEP_PCA] = pca_rows,
    };

    if ((table == AT_DEEP_STEPS && d->by_words) || (table == AT_DEEP_LENS && !d->has_lens))
        return NULL;
    return make[table](n, d, arena);
}
