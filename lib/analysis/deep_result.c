/*
 * deep_result.c - see deep_result.h: the document. The tables are in deep_rows.c.
 */
#include "analysis/deep_result.h"

#include <math.h>

#include "stats/summary.h"

static const struct at_field omission_fields[] = {
    AT_FIELD(struct at_deep_omission, what, "what", NULL, "what is left out"),
    AT_FIELD(struct at_deep_omission, why, "why", NULL, "why"), AT_FIELD_END
};
static const struct at_record omission_record = AT_RECORD(struct at_deep_omission, omission_fields);

static const struct at_field near_fields[] = {
    AT_FIELD(struct at_deep_near, index, "index", NULL, "the other row"),
    AT_FIELD(struct at_deep_near, token, "token", NULL, "what stands there"),
    AT_FIELD(struct at_deep_near, cosine, "cosine", "cosine", "likeness"), AT_FIELD_END
};
static const struct at_record near_record = AT_RECORD(struct at_deep_near, near_fields);

/* The parts of a row that the embedding tables give, in the order of the columns. */
static const struct at_field table_norm_fields[] = {
    AT_FIELD(struct at_deep_tables_row, word_norm, "word_norm", NULL,
             "length of the word's vector"),
    AT_FIELD(struct at_deep_tables_row, position_norm, "position_norm", NULL,
             "length of the position's vector"),
    AT_FIELD_END
};
static const struct at_record table_norms = AT_RECORD(struct at_deep_tables_row, table_norm_fields);

static const struct at_field segment_norm_fields[] = {
    AT_FIELD(struct at_vector_stats, norm, "segment_norm", NULL, "length of the segment's vector"),
    AT_FIELD_END
};
static const struct at_record segment_norm = AT_RECORD(struct at_vector_stats, segment_norm_fields);

static const struct at_field table_sum_fields[] = {
    AT_FIELD(struct at_deep_tables_row, sum_norm, "sum_norm", NULL,
             "length of their sum, before any norm"),
    AT_FIELD_END
};
static const struct at_record table_sum = AT_RECORD(struct at_deep_tables_row, table_sum_fields);

static const struct at_field table_near_fields[] = {
    AT_FIELD(struct at_deep_tables_row, word_nearest, "word_nearest", NULL,
             "row whose word is most alike", .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_deep_tables_row, word_cosine, "word_cosine", "cosine", "how much",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_deep_tables_row, position_nearest, "position_nearest", NULL,
             "row whose position is most alike", .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_deep_tables_row, position_cosine, "position_cosine", "cosine", "how much",
             .flags = AT_CSV_ONLY),
    AT_FIELD_LIST(struct at_deep_tables_row, word_near, n_near, "neighbours", &near_record,
                  "rows whose words are most alike"),
    AT_FIELD_LIST(struct at_deep_tables_row, position_near, n_position_near, "position_neighbours",
                  &near_record, "rows whose positions are most alike"),
    AT_FIELD_END
};
static const struct at_record table_near = AT_RECORD(struct at_deep_tables_row, table_near_fields);

static const struct at_field embedding_fields[] = {
    AT_FIELD(struct at_deep_embedding_row, index, "index", NULL, "token or word, from 0"),
    AT_FIELD(struct at_deep_embedding_row, token, "token", NULL, "what stands there"),
    AT_FIELD(struct at_deep_embedding_row, segment, "segment", NULL, "0, or 1 in the second text",
             .flags = AT_CSV_ONLY | AT_NONNEGATIVE),
    AT_FIELD_LINK(struct at_deep_embedding_row, tables, NULL, &table_norms, NULL,
                  .flags = AT_LEAVE_OUT),
    AT_FIELD_LINK(struct at_deep_embedding_row, segment_stats, NULL, &segment_norm, NULL,
                  .flags = AT_LEAVE_OUT),
    AT_FIELD_LINK(struct at_deep_embedding_row, tables, NULL, &table_sum, NULL,
                  .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_deep_embedding_row, output_norm, "output_norm", NULL,
             "length of what enters layer 0"),
    AT_FIELD_LINK(struct at_deep_embedding_row, tables, NULL, &table_near, NULL,
                  .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_deep_embedding_record =
    AT_RECORD(struct at_deep_embedding_row, embedding_fields);

#define MEAN(member, unit, help) AT_FIELD(struct at_deep_means, member, #member, unit, help)
static const struct at_field means_fields[] = {
    MEAN(layer, NULL, "layer, from 0"),
    MEAN(input_norm, NULL, "length of the residual stream that enters"),
    MEAN(mid_norm, NULL, "length of it after attention"),
    MEAN(output_norm, NULL, "length of it behind the layer"),
    MEAN(attention_change, "fraction", "change of it by attention, of its length before"),
    MEAN(ffn_change, "fraction", "change of it by the feed-forward block"),
    MEAN(active, "fraction", "feed-forward units above 0"),
    MEAN(projection_norm, NULL, "length of the feed-forward block's output"),
    MEAN(q_norm, NULL, "length of a head's queries"),
    MEAN(k_norm, NULL, "length of its keys"),
    MEAN(v_norm, NULL, "length of its values"),
    MEAN(context_norm, NULL, "length of its output"),
    AT_FIELD_END
};
static const struct at_record means_record = AT_RECORD(struct at_deep_means, means_fields);

static const struct at_field plane_fields[] = {
    AT_FIELD(struct at_deep_plane, ratio[0], "x_ratio", "fraction",
             "variance along the first direction"),
    AT_FIELD(struct at_deep_plane, ratio[1], "y_ratio", "fraction", "along the second"),
    AT_FIELD_END
};
static const struct at_record plane_record = AT_RECORD(struct at_deep_plane, plane_fields);

static const struct at_field space_fields[] = {
    AT_FIELD(struct at_deep_space, space, "space", NULL, "word, position, hidden, mid or qkv"),
    AT_FIELD(struct at_deep_space, layer, "layer", NULL, "layer, of hidden the state, from 0"),
    AT_FIELD_LINK(struct at_deep_space, plane, NULL, &plane_record, NULL), AT_FIELD_END
};
static const struct at_record space_record = AT_RECORD(struct at_deep_space, space_fields);

static const struct at_field step_fields[] = {
    AT_FIELD(struct at_deep_step, step.key, "key", NULL, "token that is looked at, from 0"),
    AT_FIELD(struct at_deep_step, key_token, "key_token", NULL, "what stands there"),
    AT_FIELD(struct at_deep_step, step.dot, "dot", NULL, "query times key"),
    AT_FIELD(struct at_deep_step, step.scaled, "scaled", "nats",
             "divided by the root of the width"),
    AT_FIELD(struct at_deep_step, step.shifted, "shifted", "nats", "less the row's maximum"),
    AT_FIELD(struct at_deep_step, step.weight, "weight", "fraction", "its share, computed anew"),
    AT_FIELD(struct at_deep_step, step.stored, "stored", "fraction", "the map's own"),
    AT_FIELD(struct at_deep_step, ranked_by, "ranked_by", "fraction",
             "weight in the matrix mode, by which keys are ranked"),
    AT_FIELD_END
};
static const struct at_record step_record = AT_RECORD(struct at_deep_step, step_fields);

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_deep_row, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_deep_row, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_deep_row, row.query, "query", NULL, "token that looks, from 0"),
    AT_FIELD(struct at_deep_row, query_token, "query_token", NULL, "what stands there"),
    AT_FIELD(struct at_deep_row, row.n_visible, "n_visible", NULL, "keys that it can see"),
    AT_FIELD(struct at_deep_row, row.row_max, "row_max", "nats", "greatest scaled product"),
    AT_FIELD(struct at_deep_row, row.sum_exp, "sum_exp", NULL, "sum of the shifted ones' exp"),
    AT_FIELD(struct at_deep_row, row.log_sum, "log_sum", "nats", "row_max + ln sum_exp"),
    AT_FIELD(struct at_deep_row, row.weight_error, "weight_error", "fraction",
             "greatest difference between weight and stored"),
    AT_FIELD_LIST(struct at_deep_row, steps, n_steps, "keys", &step_record,
                  "the keys that rank highest"),
    AT_FIELD_END
};
static const struct at_record row_record = AT_RECORD(struct at_deep_row, row_fields);

static const struct at_field guess_fields[] = {
    AT_FIELD(struct at_deep_guess, rank, "rank", NULL, "1 is the most probable"),
    AT_FIELD(struct at_deep_guess, token, "token", NULL, "predicted piece"),
    AT_FIELD(struct at_deep_guess, id, "id", NULL, "its id"),
    AT_FIELD(struct at_deep_guess, p, "p", "probability", "its probability"), AT_FIELD_END
};
static const struct at_record guess_record = AT_RECORD(struct at_deep_guess, guess_fields);

static const struct at_field lens_state_fields[] = {
    AT_FIELD(struct at_deep_lens_state, state, "state", NULL, "0 is the embedding"),
    AT_FIELD_LIST(struct at_deep_lens_state, top, n_top, "top", &guess_record,
                  "most probable tokens"),
    AT_FIELD(struct at_deep_lens_state, target_rank, "target_rank", NULL,
             "rank of the token in its place, causal: of the next one"),
    AT_FIELD(struct at_deep_lens_state, target_p, "target_p", "probability", "its probability"),
    AT_FIELD_END
};
static const struct at_record lens_state_record =
    AT_RECORD(struct at_deep_lens_state, lens_state_fields);

static const struct at_field lens_fields[] = {
    AT_FIELD(struct at_deep_lens, index, "index", NULL, "token, from 0"),
    AT_FIELD(struct at_deep_lens, token, "token", NULL, "what stands there"),
    AT_FIELD_LIST(struct at_deep_lens, states, n_states, "states", &lens_state_record,
                  "what each state would predict"),
    AT_FIELD_END
};
static const struct at_record lens_record = AT_RECORD(struct at_deep_lens, lens_fields);

static const struct at_field deep_fields[] = {
    AT_FIELD_LIST(struct at_deep, omitted.items, omitted.n, "omitted", &omission_record,
                  "what cannot be told of this text"),
    AT_FIELD_SIZES(struct at_deep, focus, n_focus, "focus",
                   "tokens that are followed step by step"),
    AT_FIELD(struct at_deep, focus_chosen, "focus_chosen", NULL, "given, or first"),
    AT_FIELD_LIST(struct at_deep, embeddings, n, "embeddings", &at_deep_embedding_record,
                  "what enters layer 0, row by row"),
    AT_FIELD_LIST(struct at_deep, means, L, "layers", &means_record,
                  "every layer in means over rows"),
    AT_FIELD_LIST(struct at_deep, spaces, n_spaces, "pca", &space_record,
                  "planes of greatest variance"),
    AT_FIELD_LIST(struct at_deep, steps, n_steps, "steps", &row_record,
                  "attention of one head, step by step"),
    AT_FIELD(struct at_deep, weight_error, "weight_error", "fraction",
             "greatest difference between weight and stored"),
    AT_FIELD_LIST(struct at_deep, lens, n_lens, "lens", &lens_record,
                  "what states would predict at the focus"),
    AT_FIELD_END
};
const struct at_record at_deep_record = AT_RECORD(struct at_deep, deep_fields);

void at_deep_release(struct at_deep *d)
{
    at_array_release(&d->rows);
    at_array_release(&d->omitted);
    at_arena_release(&d->arena);
    *d = (struct at_deep){ 0 };
}

double at_deep_norm(const struct at_vector_stats *s, size_t n)
{
    struct at_moments m = { 0 };

    for (size_t i = 0; i < n; i++)
        at_moments_add(&m, s[i].norm);
    return at_moments_mean(&m);
}

static double mean_active(const struct at_vector_stats *s, size_t n)
{
    struct at_moments m = { 0 };

    for (size_t i = 0; i < n; i++)
        at_moments_add(&m, s[i].positive);
    return at_moments_mean(&m);
}

static struct at_deep_near *near_of(struct at_deep *d, const struct at_deep_embedding *e, size_t i)
{
    struct at_deep_near *near = at_arena_alloc(&d->arena, d->n_near + 1, sizeof *near);

    for (size_t k = 0; k < d->n_near && e->near; k++) {
        const struct at_neighbour *x = &e->near[i * d->n_near + k];
        near[k] = (struct at_deep_near){ x->token, d->doc->labels[x->token].text, x->cosine };
    }
    return near;
}

static struct at_deep_tables_row *tables_row(struct at_deep *d, size_t i)
{
    struct at_deep_tables_row *t = at_arena_alloc(&d->arena, 1, sizeof *t);
    bool has_positions = d->position.stats != NULL;

    *t = (struct at_deep_tables_row){ .word_norm = d->word.stats[i].norm,
                                      .position_norm =
                                          has_positions ? d->position.stats[i].norm : NAN,
                                      .sum_norm = d->sum[i].norm,
                                      .word_near = near_of(d, &d->word, i),
                                      .position_near = near_of(d, &d->position, i),
                                      .n_near = d->n_near,
                                      .n_position_near = has_positions ? d->n_near : 0,
                                      .word_nearest = AT_NONE,
                                      .position_nearest = AT_NONE,
                                      .word_cosine = NAN,
                                      .position_cosine = NAN };
    if (d->n_near) {
        t->word_nearest = t->word_near[0].index;
        t->word_cosine = t->word_near[0].cosine;
    }
    if (t->n_position_near) {
        t->position_nearest = t->position_near[0].index;
        t->position_cosine = t->position_near[0].cosine;
    }
    return t;
}

static void tell_embeddings(struct at_deep *d)
{
    const struct at_doc *doc = d->doc;

    d->embeddings = at_arena_alloc(&d->arena, d->n, sizeof *d->embeddings);
    for (size_t i = 0; i < d->n; i++) {
        const struct at_token *t = &doc->tokens.items[doc->words.n ? doc->words.first[i] : i];
        d->embeddings[i] = (struct at_deep_embedding_row){
            .index = i,
            .token = doc->labels[i].text,
            .segment = at_family_has(doc->shape->family, AT_SEGMENT_EMBED) ? t->segment : -1,
            .tables = d->word.stats ? tables_row(d, i) : NULL,
            .segment_stats = d->segment.stats ? &d->segment.stats[i] : NULL,
            .output_norm = d->states[0].stats[i].norm,
        };
    }
}

static void tell_means(struct at_deep *d)
{
    size_t cells = d->H * d->n;

    d->means = at_arena_alloc(&d->arena, d->L, sizeof *d->means);
    for (size_t l = 0; l < d->L; l++) {
        const struct at_deep_layer *x = &d->layers[l];
        d->means[l] = (struct at_deep_means){
            .layer = l,
            .input_norm = at_deep_norm(d->states[l].stats, d->n),
            .mid_norm = at_deep_norm(x->mid, d->n),
            .output_norm = at_deep_norm(d->states[l + 1].stats, d->n),
            .attention_change = at_mean(x->attention_change, d->n),
            .ffn_change = at_mean(x->ffn_change, d->n),
            .attention_change_sd = at_sd(x->attention_change, d->n),
            .ffn_change_sd = at_sd(x->ffn_change, d->n),
            .active = mean_active(x->ffn, d->n),
            .projection_norm = at_mean(x->projection, d->n),
            .q_norm = at_mean(x->q_norm, cells),
            .k_norm = at_mean(x->k_norm, cells),
            .v_norm = at_mean(x->v_norm, cells),
            .context_norm = at_mean(x->context_norm, cells),
        };
    }
}

static void add_space(struct at_deep *d, const char *space, size_t layer,
                      const struct at_deep_plane *p)
{
    if (p->xy)
        d->spaces[d->n_spaces++] = (struct at_deep_space){ space, layer, p, false };
}

static void tell_spaces(struct at_deep *d)
{
    d->spaces = at_arena_alloc(&d->arena, 2 + d->L + 1 + 2 * d->L, sizeof *d->spaces);
    add_space(d, "word", AT_NONE, &d->word.plane);
    add_space(d, "position", AT_NONE, &d->position.plane);
    for (size_t s = 0; s <= d->L; s++)
        add_space(d, "hidden", s, &d->states[s].plane);
    for (size_t l = 0; l < d->L; l++) {
        add_space(d, "mid", l, &d->layers[l].mid_plane);
        add_space(d, "qkv", l, &d->layers[l].qkv_plane);
        d->spaces[d->n_spaces - 1].is_qkv = true;
    }
}

static void tell_lens_state(struct at_deep *d, struct at_deep_lens_state *out, size_t state,
                            size_t token)
{
    const struct at_ranking *r = &d->states[state].lens[token];

    *out = (struct at_deep_lens_state){ .state = state,
                                        .target_rank = r->token_rank ? r->token_rank : AT_NONE,
                                        .target_p = exp(r->token_log_p) };
    out->top = at_arena_alloc(&d->arena, d->top_k, sizeof *out->top);
    for (; out->n_top < d->top_k && r->top[out->n_top].id >= 0; out->n_top++) {
        const struct at_prediction *p = &r->top[out->n_top];
        out->top[out->n_top] =
            (struct at_deep_guess){ out->n_top + 1, at_tokenizer_piece(d->tokenizer, p->id), p->id,
                                    p->p };
    }
}

static void tell_lens(struct at_deep *d)
{
    d->n_lens = d->has_lens ? d->n_focus : 0;
    d->lens = at_arena_alloc(&d->arena, d->n_lens + 1, sizeof *d->lens);
    for (size_t i = 0; i < d->n_lens; i++) {
        struct at_deep_lens *x = &d->lens[i];
        *x = (struct at_deep_lens){ .index = d->focus[i],
                                    .token = d->doc->labels[d->focus[i]].text,
                                    .n_states = d->L + 1 };
        x->states = at_arena_alloc(&d->arena, x->n_states, sizeof *x->states);
        for (size_t s = 0; s < x->n_states; s++)
            tell_lens_state(d, &x->states[s], s, d->focus[i]);
    }
}

void at_deep_tell(struct at_deep *d, bool is_one_head)
{
    tell_embeddings(d);
    tell_means(d);
    tell_spaces(d);
    tell_lens(d);
    d->steps = d->rows.items;
    d->n_steps = is_one_head ? d->rows.n : 0;
}
