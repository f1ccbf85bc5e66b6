/*
 * forward.c - see forward.h. Groups of texts, their buffers and who is shown what; the computation
 * is model/layer.c's.
 */
#include "model/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/numbers.h"

/* Floats in a line of the cache, where the rows begin when their length allows. */
enum { LINE = 16 };

/* One group of texts on its way through the layers. Buffers are for the largest group. */
struct pass {
    struct at_layer_run run;
    struct at_layer_buffers rows;
    const struct at_batch *batch;
    const struct at_forward_options *options;
    const struct at_change *change; /* the options', or one that changes nothing */
    size_t C, H, D, F, Q, K;        /* the last as in struct at_layer_buffers */

    size_t first, row;     /* of the group: its first text, and that one's first row */
    size_t final, n_final; /* which of the options' final rows lie in this group */
    float *buffers;        /* what is behind the next lines and run.rows */
    float *room;           /* for maps, text after text (H,T,T), or NULL */
    float *turns;          /* run.turns */
    float **maps;          /* (B) where they go, or NULL */
    size_t *start;         /* (B+1) */
    size_t *final_rows;    /* (n_final) within the group */
};

/* ---- what surrounds the layers ---- */

static int show_embedded(const struct pass *p, struct at_error *err)
{
    int rc = 0;

    for (size_t b = 0; b < p->run.B && !rc && p->options->on_embedded; b++)
        rc = p->options->on_embedded(p->options->arg, p->first + b,
                                     p->rows.x + p->run.start[b] * p->C, at_text_rows(&p->run, b),
                                     err);
    return rc;
}

static int show_layer(const struct pass *p, size_t layer, bool is_end, struct at_error *err)
{
    const struct at_layer_run *run = &p->run;
    const struct at_layer_buffers *rows = &p->rows;
    int rc = 0;

    for (size_t b = 0; b < run->B && !rc && p->options->on_layer; b++) {
        size_t start = run->start[b], at = start * p->C;
        const struct at_layer_view view = {
            .layer = layer,
            .text = p->first + b,
            .T = at_text_rows(run, b),
            .C = p->C,
            .H = p->H,
            .D = p->D,
            .F = p->F,
            .group = at_key_group(&run->m->config),
            .attention = run->got[b].map,
            .input = rows->x + at,
            .q = run->in[b].q,
            .k = run->in[b].k,
            .v = run->in[b].v,
            .qkv_stride = rows->qkv_stride,
            .bias = run->in[b].bias,
            .bias_stride = run->in[b].bias_stride,
            .context = is_end ? NULL : rows->context + start * p->Q,
            .mid = is_end ? NULL : rows->mid + at,
            .ffn_act = is_end ? NULL : rows->act + start * p->F,
            .output = is_end ? NULL : rows->out + at,
        };
        rc = p->options->on_layer(p->options->arg, &view, err);
    }
    return rc;
}

/* Where the maps of a layer go. */
static void place_maps(struct pass *p, size_t layer)
{
    const struct at_forward_options *o = p->options;
    float *room = p->room;

    for (size_t b = 0; b < p->run.B && p->maps; b++) {
        size_t T = at_text_rows(&p->run, b);
        p->maps[b] = o->map_room ? o->map_room(o->arg, p->first + b, layer) : room;
        if (room)
            room += p->H * T * T;
    }
}

/* What enters the first layer of the pass. */
static void enter(const struct pass *p)
{
    const struct at_batch *batch = p->batch;
    const struct at_change *change = p->change;
    size_t at = p->row * p->C, words = p->row * p->run.m->config.embed_width;

    if (change->layer_input && change->is_shared)
        p->run.ops->take(p->rows.x, p->run.lo, change->layer_input, p->run.start[1] * p->C);
    else if (change->layer_input)
        p->run.ops->take(p->rows.x, p->run.lo, change->layer_input + at, p->run.N * p->C);
    else
        at_layer_embed(&p->run, p->rows.x, NULL, batch->ids ? batch->ids + p->row : NULL,
                       change->word_embeds ? change->word_embeds + words : NULL,
                       batch->segments ? batch->segments + p->row : NULL);
}

/* Projection and attention of the one text that all begin with, and copies of it for the others. */
static void attend_shared(struct pass *p, size_t layer, bool wants_values)
{
    const struct at_layer_ops *ops = p->run.ops;
    size_t T = p->run.start[1], n = T * p->C;
    struct at_layer_run one = p->run;

    one.B = 1;
    one.N = T;
    one.edits = one.edit = NULL;
    at_layer_project(&one, &p->rows, layer, wants_values);
    at_layer_attend(&one, &p->rows, layer, p->maps);
    for (size_t b = 1; b < p->run.B; b++) {
        ops->copy(p->rows.x + b * n, p->rows.x, p->run.lo, n);
        if (wants_values)
            ops->copy(p->rows.context + b * T * p->Q, p->rows.context, p->run.lo, T * p->Q);
        if (p->maps)
            memcpy(p->maps[b], p->maps[0], p->H * T * T * sizeof(float));
        p->run.in[b] = p->run.in[0];
        p->run.got[b] = p->run.got[0];
        p->run.got[b].map = p->maps ? p->maps[b] : NULL;
    }
    if (wants_values)
        at_layer_edit(&p->run, &p->rows, layer);
}

/* Is there a text whose heads are given something made of all its rows? */
static bool needs_all_rows(const struct pass *p)
{
    bool answer = !p->run.edits && at_head_edit_needs_all(p->run.edit);

    for (size_t b = 0; b < p->run.B && p->run.edits; b++)
        answer |= at_head_edit_needs_all(&p->run.edits[b]);
    return answer;
}

/* Context and x of the final rows to the front of context and out, where at_layer_attend_rows()
   puts them. */
static void keep_final_rows(const struct pass *p)
{
    const struct at_layer_ops *ops = p->run.ops;

    for (size_t i = 0; i < p->n_final; i++) {
        size_t row = p->final_rows[i]; /* >= i */
        ops->copy(p->rows.context + i * p->Q, p->rows.context + row * p->Q, p->run.lo, p->Q);
        ops->copy(p->rows.out + i * p->C, p->rows.x + row * p->C, p->run.lo, p->C);
    }
}

/* The last layer for the final rows only, which move to the front. */
static void run_final_rows(struct pass *p, size_t layer)
{
    bool is_shared = p->change->is_shared && layer == p->change->first_layer;
    struct at_layer_buffers rows;

    for (size_t i = 0; i < p->n_final; i++)
        p->final_rows[i] = p->options->final_rows[p->final + i] - p->row;
    if (is_shared) {
        attend_shared(p, layer, true);
        keep_final_rows(p);
    } else {
        at_layer_project(&p->run, &p->rows, layer, true);
        if (needs_all_rows(p)) {
            at_layer_attend(&p->run, &p->rows, layer, NULL);
            keep_final_rows(p);
        } else {
            at_layer_attend_rows(&p->run, &p->rows, layer, p->final_rows, p->n_final);
        }
    }
    rows = p->rows;
    rows.x = rows.out;
    at_layer_finish(&p->run, &rows, layer, p->n_final);
}

/* Layer by layer again, to tell where it went wrong when the weights are not to blame. */
static int find_fault(struct pass *p, struct at_error *err)
{
    size_t first = p->change->layer_input ? p->change->first_layer : 0;
    size_t L = p->run.m->config.n_layers, l = first, n = p->run.N * p->C;
    char where[96];

    enter(p);
    if (!at_all_finite(p->rows.x, n))
        return at_no_numbers(p->run.m, "what enters its layers is not finite", err);
    for (; l < L; l++) {
        at_layer_forward(&p->run, &p->rows, l, NULL);
        if (!at_all_finite(p->rows.out, n))
            break;
        float *left = p->rows.out;
        p->rows.out = p->rows.x;
        p->rows.x = left;
    }
    snprintf(where, sizeof where, "the values leave the range of float in layer %zu",
             AT_MIN(l, L - 1));
    return at_no_numbers(p->run.m, where, err);
}

/* One group through all layers; out is where its rows of the result begin, or NULL. */
static int run_group(struct pass *p, float *out, struct at_error *err)
{
    size_t L = p->run.m->config.n_layers, n = p->options->final_rows ? p->n_final : p->run.N;
    size_t first = p->change->layer_input ? p->change->first_layer : 0;
    int rc = 0;

    enter(p);
    if (!p->change->layer_input)
        rc = show_embedded(p, err);
    for (size_t l = first; l < L && !rc; l++) {
        bool is_end = !out && l == L - 1;
        if (p->options->final_rows && l == L - 1) {
            run_final_rows(p, l);
        } else {
            place_maps(p, l);
            if (p->change->is_shared && l == first) {
                attend_shared(p, l, !is_end);
            } else {
                at_layer_project(&p->run, &p->rows, l, !is_end);
                at_layer_attend(&p->run, &p->rows, l, p->maps);
            }
            if (!is_end)
                at_layer_finish(&p->run, &p->rows, l, p->run.N);
            rc = show_layer(p, l, is_end, err);
        }
        float *left = p->rows.out;
        p->rows.out = p->rows.x;
        p->rows.x = left;
    }
    if (rc)
        return rc;
    if (!out) /* the last layer went no further than its maps */
        return at_all_finite(p->rows.qkv, p->run.N * p->rows.qkv_stride) ? 0 : find_fault(p, err);
    at_layer_end(&p->run, p->rows.x, n);
    if (!at_all_finite(p->rows.x, n * p->C))
        return find_fault(p, err);
    memcpy(out, p->rows.x, n * p->C * sizeof *out);
    return 0;
}

/* ---- what may come in ---- */

static void check_prefixes(const struct at_model *m, const struct at_batch *batch,
                           const struct at_forward_options *options, const struct at_change *change)
{
    const struct at_head_edit *edits = change->edits;
    size_t whole = 0;

    if (!options->prefix)
        return;
    AT_BUG_IF(!m->config.is_causal || change->is_hidden || change->layer_input);
    AT_BUG_IF(options->on_layer || options->on_embedded || options->want_attention);
    for (size_t b = 0; b < batch->B; b++) {
        whole = options->prefix[b] ? whole : b;
        AT_BUG_IF(options->prefix[b] > batch->start[whole + 1] - batch->start[whole]);
        AT_BUG_IF(options->prefix[b] && b == 0);
        AT_BUG_IF(edits && edits[b].gates != edits[whole].gates);
        AT_BUG_IF(options->prefix[b] && at_head_edit_needs_all(edits ? &edits[b] : m->edit));
    }
}

/* What users can cause is an error, what callers can is a bug. */
int at_batch_check(const struct at_batch *batch, const struct at_change *change,
                   const size_t *prefix, const struct at_model *m, struct at_error *err)
{
    bool has_ids = !change || !(change->word_embeds || change->layer_input);
    const struct at_config *c = &m->config;
    int n_segments = (int)c->n_segments;

    AT_BUG_IF(batch->start[0] != 0);
    AT_BUG_IF(change && change->layer_input && change->first_layer >= c->n_layers);
    AT_BUG_IF(change && change->is_shared && (!change->layer_input || change->is_hidden));
    AT_BUG_IF(has_ids && !batch->ids);
    for (size_t b = 0; b < batch->B; b++) {
        AT_BUG_IF(batch->start[b + 1] < batch->start[b]);
        size_t T = batch->start[b + 1] - batch->start[b];
        AT_BUG_IF(change && change->is_shared && T != batch->start[1]);
        if (T > 0 && prefix)
            T += prefix[b];
        if (T == 0 || T > c->max_positions)
            return at_fail(err, AT_ERANGE, "text %zu has %zu tokens, the model takes 1 to %zu", b,
                           T, c->max_positions);
    }
    for (size_t i = 0; i < batch->start[batch->B]; i++) {
        if (has_ids && (batch->ids[i] < 0 || (size_t)batch->ids[i] >= c->vocab))
            return at_fail(err, AT_ERANGE, "token id %d is outside the model's vocabulary of %zu",
                           batch->ids[i], c->vocab);
        if (batch->segments && c->n_segments &&
            (batch->segments[i] < 0 || batch->segments[i] >= n_segments))
            return at_fail(err, AT_ERANGE, "segment %d, the model has 0 to %d", batch->segments[i],
                           n_segments - 1);
    }
    return 0;
}

static void check_final_rows(const struct at_batch *batch, const struct at_forward_options *options)
{
    AT_BUG_IF(options->n_final_rows && !options->final_rows);
    for (size_t i = 0; i < options->n_final_rows; i++)
        AT_BUG_IF(options->final_rows[i] >= batch->start[batch->B] ||
                  (i && options->final_rows[i] <= options->final_rows[i - 1]));
}

/* ---- groups ---- */

/* End of the texts that stay together: a whole one, `first`, and those that begin like others. */
static size_t family_end(const struct pass *p, size_t first)
{
    size_t end = first + 1;

    while (p->options->prefix && end < p->batch->B && p->options->prefix[end])
        end++;
    return end;
}

/* How far a group reaches that begins with text first: as many texts as fit AT_GROUP_ROWS, at
   least one with those that begin like it. */
static size_t group_end(const struct pass *p, size_t first)
{
    const size_t *start = p->batch->start;
    size_t end = family_end(p, first), next;

    while (end < p->batch->B && (next = family_end(p, end)) &&
           start[next] - start[first] <= AT_GROUP_ROWS)
        end = next;
    return end;
}

static void set_group(struct pass *p, size_t first)
{
    const struct at_forward_options *o = p->options;
    const size_t *start = p->batch->start;
    size_t end = group_end(p, first);

    p->first = first;
    p->row = start[first];
    p->run.B = end - first;
    p->run.N = start[end] - start[first];
    for (size_t b = 0; b <= p->run.B; b++)
        p->start[b] = start[first + b] - p->row;
    p->run.prefix = o->prefix ? o->prefix + first : NULL;
    p->run.edits = p->change->edits ? p->change->edits + first : NULL;
    p->run.is_hidden = p->change->is_hidden ? p->change->is_hidden + p->row : NULL;
    p->final += p->n_final;
    p->n_final = 0;
    while (p->final + p->n_final < o->n_final_rows &&
           o->final_rows[p->final + p->n_final] < start[end])
        p->n_final++;
}

/* What the largest group needs: rows, texts, floats for maps and for joined keys and values; and
   the longest text. */
struct most {
    size_t N, B, maps, joined, T;
};

static struct most measure(const struct pass *p)
{
    const struct at_forward_options *o = p->options;
    const size_t *start = p->batch->start;
    struct most most = { 0 };

    for (size_t b = 0, end; b < p->batch->B; b = end) {
        size_t map = 0, rows = 0;
        end = group_end(p, b);
        for (size_t i = b; i < end; i++) {
            size_t T = start[i + 1] - start[i], prefix = o->prefix ? o->prefix[i] : 0;
            map += p->H * T * T;
            rows += prefix ? prefix + T : 0;
            most.T = AT_MAX(most.T, prefix + T);
        }
        most.N = AT_MAX(most.N, start[end] - start[b]);
        most.B = AT_MAX(most.B, end - b);
        most.maps = AT_MAX(most.maps, o->want_attention && !o->map_room ? map : 0);
        most.joined = AT_MAX(most.joined, rows * 2 * p->K);
    }
    return most;
}

/* Buffers that fit every group. */
static int allocate(struct pass *p, struct at_error *err)
{
    struct most most = measure(p);
    struct at_layer_run *run = &p->run;
    struct at_layer_buffers *rows = &p->rows;
    const struct at_config *c = &run->m->config;
    bool is_projected = run->m->weights.embed_projection.w.data != NULL;
    size_t wide = AT_MAX(p->C, p->Q), n_ffn = at_family_has(c->family, AT_FFN_GATE) ? 2 : 1;
    size_t width = 3 * p->C + wide + 2 * p->Q + 2 * p->K + n_ffn * p->F;
    size_t N = most.N, embedded = is_projected ? N * c->embed_width : 0;
    size_t room = N * width + most.joined + embedded;
    void *block;
    int rc;

    run->lo = run->m->is_double ? room : 0;
    rc = at_try_alloc(&block, room + run->lo + most.maps + LINE, sizeof(float), "the forward pass",
                      err);
    if (rc)
        return rc;
    p->buffers = block;
    rows->x = at_align_up(p->buffers, LINE * sizeof *rows->x);
    rows->out = rows->x + N * p->C;
    rows->norm = rows->out + N * p->C;
    rows->context = rows->norm + N * wide;
    rows->mid = rows->context + N * p->Q;
    rows->qkv = rows->mid + N * p->C;
    rows->act = rows->qkv + N * (p->Q + 2 * p->K);
    rows->gated = n_ffn > 1 ? rows->act + N * p->F : NULL;
    run->joined = rows->act + N * n_ffn * p->F;
    run->embedded = run->joined + most.joined;
    run->turns = p->turns = at_malloc(most.T * c->rotary.dims, sizeof *p->turns);
    at_rotary_table(p->turns, &c->rotary, most.T);
    p->room = most.maps ? rows->x + room + run->lo : NULL;
    p->maps = p->options->want_attention ? at_malloc(most.B, sizeof *p->maps) : NULL;
    run->start = p->start = at_malloc(most.B + 1, sizeof *p->start);
    p->final_rows = at_malloc(N, sizeof *p->final_rows);
    run->tokens = at_malloc(N, sizeof *run->tokens);
    run->index = at_malloc(N, sizeof *run->index);
    run->in = at_malloc(most.B, sizeof *run->in);
    run->got = at_malloc(most.B, sizeof *run->got);
    return 0;
}

static void release(struct pass *p)
{
    free(p->buffers);
    free(p->turns);
    free(p->maps);
    free(p->start);
    free(p->final_rows);
    free(p->run.tokens);
    free(p->run.index);
    free(p->run.in);
    free(p->run.got);
}

int at_forward(float *out, const struct at_model *m, const struct at_batch *batch,
               const struct at_forward_options *options, struct at_pool *pool, struct at_error *err)
{
    static const struct at_forward_options plain;
    static const struct at_change no_change;
    const struct at_forward_options *o = options ? options : &plain;
    struct pass p = { .run = { .m = m,
                               .ops = at_layer_ops(m->is_double),
                               .edit = m->edit,
                               .pool = pool,
                               .maps_are_for_later = o->map_room != NULL },
                      .batch = batch,
                      .options = o,
                      .change = o->change ? o->change : &no_change,
                      .C = m->config.width,
                      .H = m->config.n_heads,
                      .D = m->config.head_width,
                      .F = m->config.ffn_width,
                      .Q = at_query_width(&m->config),
                      .K = at_key_width(&m->config) };
    int rc = at_batch_check(batch, o->change, o->prefix, m, err);

    check_prefixes(m, batch, o, p.change);
    check_final_rows(batch, o);
    AT_BUG_IF(!out && o->final_rows);
    if (rc || !batch->B || (rc = allocate(&p, err)))
        return rc;
    for (size_t b = 0; b < batch->B && !rc; b += p.run.B) {
        set_group(&p, b);
        rc = run_group(&p, out ? out + (o->final_rows ? p.final : p.row) * p.C : NULL, err);
    }
    release(&p);
    return rc;
}
