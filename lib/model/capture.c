/*
 * capture.c - see capture.h. One table names the tensors; writing and reading both follow it.
 */
#include "model/capture.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/safetensors.h"

enum { ATTENTIONS, HIDDEN, FINAL, QUERIES, KEYS, VALUES, CONTEXT, MID, FFN_ACT, LOGITS, N_TENSORS };

static const struct tensor {
    const char *name, *shape; /* letters of struct at_dims; M is L + 1 */
    unsigned bit;
    size_t field; /* in struct at_capture_file */
} tensors[N_TENSORS] = {
    [ATTENTIONS] = { "attentions", "LHTT", AT_CAP_ATTENTION,
                     offsetof(struct at_capture_file, attention) },
    [HIDDEN] = { "hidden_states", "MTC", AT_CAP_HIDDEN, offsetof(struct at_capture_file, hidden) },
    [FINAL] = { "final_hidden", "TC", AT_CAP_HIDDEN,
                offsetof(struct at_capture_file, final_hidden) },
    [QUERIES] = { "queries", "LHTD", AT_CAP_QKV, offsetof(struct at_capture_file, q) },
    [KEYS] = { "keys", "LKTD", AT_CAP_QKV, offsetof(struct at_capture_file, k) },
    [VALUES] = { "values", "LKTD", AT_CAP_QKV, offsetof(struct at_capture_file, v) },
    [CONTEXT] = { "context", "LHTD", AT_CAP_CONTEXT, offsetof(struct at_capture_file, context) },
    [MID] = { "mid", "LTC", AT_CAP_MID, offsetof(struct at_capture_file, mid) },
    [FFN_ACT] = { "ffn_act", "LTF", AT_CAP_FFN, offsetof(struct at_capture_file, ffn_act) },
    [LOGITS] = { "logits", "TV", AT_CAP_LOGITS, offsetof(struct at_capture_file, logits) },
};

struct at_dims at_config_dims(const struct at_config *c, size_t T)
{
    return (struct at_dims){ c->n_layers,   c->n_heads,   T,        c->width,
                             c->head_width, c->ffn_width, c->vocab, c->n_heads / at_key_group(c) };
}

void at_split_heads(float *out, const float *rows, size_t stride, size_t H, size_t T, size_t D)
{
    for (size_t h = 0; h < H; h++)
        for (size_t t = 0; t < T; t++)
            memcpy(out + (h * T + t) * D, rows + t * stride + h * D, D * sizeof *out);
}

static void join_heads(float *rows, size_t stride, const float *in, size_t H, size_t T, size_t D)
{
    for (size_t h = 0; h < H; h++)
        for (size_t t = 0; t < T; t++)
            memcpy(rows + t * stride + h * D, in + (h * T + t) * D, D * sizeof *rows);
}

/* The dimension a letter of tensors[].shape stands for; M has none of its own. */
static size_t *dim_of(struct at_dims *d, char letter)
{
    switch (letter) {
    case 'L':
        return &d->L;
    case 'H':
        return &d->H;
    case 'K':
        return &d->K;
    case 'T':
        return &d->T;
    case 'C':
        return &d->C;
    case 'D':
        return &d->D;
    case 'F':
        return &d->F;
    default:
        return &d->V;
    }
}

/* ---- writing ---- */

struct at_capture_writer {
    struct at_safetensors_writer *file;
    struct at_dims dims;
    unsigned keep;
    size_t number[N_TENSORS]; /* in the file */
    float *heads;             /* (H,T,D), one layer's queries, keys, ... */
};

static size_t declare(struct at_capture_writer *w, const char *name, const char *dtype,
                      const char *letters)
{
    size_t shape[AT_MAX_RANK], rank = 0;

    for (; letters[rank]; rank++)
        shape[rank] = letters[rank] == 'M' ? w->dims.L + 1 : *dim_of(&w->dims, letters[rank]);
    return at_safetensors_declare(w->file, name, dtype, rank, shape);
}

static void set_meta(struct at_capture_writer *w, const char *key, const char *value)
{
    if (value)
        at_safetensors_set_meta(w->file, key, value);
}

int at_capture_create(struct at_capture_writer **out, const char *path, const struct at_dims *dims,
                      unsigned keep, const struct at_capture_meta *meta, const int *ids,
                      const int *segments, struct at_error *err)
{
    struct at_capture_writer *w = at_calloc(1, sizeof *w);
    size_t ids_number, segments_number, n = dims->T * sizeof(int32_t);
    int *no_segments = segments ? NULL : at_calloc(dims->T, sizeof *no_segments);
    int rc = at_safetensors_create(&w->file, path, err);

    w->dims = *dims;
    w->keep = keep;
    w->heads = at_malloc(dims->T * dims->H * dims->D, sizeof *w->heads);
    if (!rc) {
        set_meta(w, "model", meta->model);
        set_meta(w, "text", meta->text);
        set_meta(w, "tokens", meta->tokens_json);
        set_meta(w, "family", meta->family);
        set_meta(w, "atlas", meta->details);
        ids_number = declare(w, "input_ids", "I32", "T");
        segments_number = declare(w, "token_type_ids", "I32", "T");
        for (size_t i = 0; i < N_TENSORS; i++)
            if (keep & tensors[i].bit)
                w->number[i] = declare(w, tensors[i].name, "F32", tensors[i].shape);
        if (!(rc = at_safetensors_begin(w->file, err)) &&
            !(rc = at_safetensors_append(w->file, ids_number, ids, n, err)))
            rc = at_safetensors_append(w->file, segments_number, segments ? segments : no_segments,
                                       n, err);
    }
    free(no_segments);
    if (rc)
        at_capture_abort(w);
    else
        *out = w;
    return rc;
}

/* Append n floats to a tensor, when it is kept. */
static int append(struct at_capture_writer *w, size_t tensor, const float *values, size_t n,
                  struct at_error *err)
{
    if (!(w->keep & tensors[tensor].bit))
        return 0;
    AT_BUG_IF(!values);
    return at_safetensors_append(w->file, w->number[tensor], values, n * sizeof *values, err);
}

static int append_heads(struct at_capture_writer *w, size_t tensor, const float *rows,
                        size_t stride, size_t n_heads, struct at_error *err)
{
    const struct at_dims *d = &w->dims;

    if (!(w->keep & tensors[tensor].bit))
        return 0;
    at_split_heads(w->heads, rows, stride, n_heads, d->T, d->D);
    return append(w, tensor, w->heads, n_heads * d->T * d->D, err);
}

int at_capture_add_embedded(struct at_capture_writer *w, const float *embedded,
                            struct at_error *err)
{
    return append(w, HIDDEN, embedded, w->dims.T * w->dims.C, err);
}

int at_capture_add(struct at_capture_writer *w, const struct at_layer_view *v, struct at_error *err)
{
    const struct at_dims *d = &w->dims;
    int rc;

    AT_BUG_IF(v->T != d->T || v->C != d->C || v->H != d->H || v->F != d->F || v->D != d->D);
    if ((rc = append(w, ATTENTIONS, v->attention, d->H * d->T * d->T, err)) ||
        (rc = append(w, HIDDEN, v->output, d->T * d->C, err)) ||
        (rc = append_heads(w, QUERIES, v->q, v->qkv_stride, d->H, err)) ||
        (rc = append_heads(w, KEYS, v->k, v->qkv_stride, d->K, err)) ||
        (rc = append_heads(w, VALUES, v->v, v->qkv_stride, d->K, err)) ||
        (rc = append_heads(w, CONTEXT, v->context, d->H * d->D, d->H, err)) ||
        (rc = append(w, MID, v->mid, d->T * d->C, err)))
        return rc;
    return append(w, FFN_ACT, v->ffn_act, d->T * d->F, err);
}

int at_capture_add_logits(struct at_capture_writer *w, const float *logits, size_t rows,
                          struct at_error *err)
{
    return append(w, LOGITS, logits, rows * w->dims.V, err);
}

int at_capture_commit(struct at_capture_writer *w, const float *final_hidden, struct at_error *err)
{
    int rc = append(w, FINAL, final_hidden, w->dims.T * w->dims.C, err);

    if (!rc) {
        rc = at_safetensors_commit(w->file, err);
        w->file = NULL;
    }
    at_capture_abort(w);
    return rc;
}

void at_capture_abort(struct at_capture_writer *w)
{
    if (!w)
        return;
    at_safetensors_abort(w->file);
    free(w->heads);
    free(w);
}

/* ---- reading ---- */

static void print_shape(char *out, size_t n, const size_t *shape, size_t rank)
{
    size_t at = 0;

    *out = '\0';
    for (size_t i = 0; i < rank && at < n; i++)
        at += (size_t)snprintf(out + at, n - at, "%s%zu", i ? "," : "", shape[i]);
}

/*
 * Fit a tensor's shape to the dimensions known so far; those it is the first to show become known.
 * The wanted shape in the message has a letter where any number would do.
 */
static int fit_shape(struct at_dims *dims, const struct at_tensor_view *t, const char *letters,
                     struct at_error *err)
{
    struct at_dims known = *dims;
    char found[192], want[192] = "";
    size_t rank = strlen(letters), n = 0;
    bool fits = t->rank == rank;

    for (size_t i = 0; i < rank; i++) {
        char letter = letters[i] == 'M' ? 'L' : letters[i];
        size_t extra = letters[i] == 'M', *dim = dim_of(&known, letter);
        if (*dim)
            n += (size_t)snprintf(want + n, sizeof want - n, "%s%zu", i ? "," : "", *dim + extra);
        else
            n += (size_t)snprintf(want + n, sizeof want - n, "%s%c%s", i ? "," : "", letter,
                                  extra ? "+1" : "");
        if (fits && !*dim && t->shape[i] > extra)
            *dim = t->shape[i] - extra;
        fits = fits && *dim && t->shape[i] == *dim + extra;
    }
    if (!fits) {
        print_shape(found, sizeof found, t->shape, t->rank);
        return at_fail(err, AT_EFORMAT, "'%s' has shape (%s), want (%s)", t->name, found, want);
    }
    *dims = known;
    return 0;
}

static int read_tensor(struct at_capture_file *c, const struct tensor *e, struct at_error *err)
{
    const struct at_tensor_view *t = at_tensors_find(c->file, e->name);
    const float **field = (const float **)(void *)((char *)c + e->field);
    int rc;

    if (!t)
        return 0;
    if (strcmp(t->dtype, "F32") != 0)
        return at_fail(err, AT_EFORMAT, "'%s' has type %.20s, want F32", t->name, t->dtype);
    if ((rc = fit_shape(&c->dims, t, e->shape, err)))
        return rc;
    *field = t->data;
    if ((uintptr_t)t->data % sizeof(float))
        *field = memcpy(at_arena_alloc(&c->arena, t->bytes, 1), t->data, t->bytes);
    return 0;
}

/* Ids of type I32 or I64, 0 or more; *out stays NULL when the file has no such tensor. */
static int read_ids(struct at_capture_file *c, const int **out, const char *name,
                    struct at_error *err)
{
    const struct at_tensor_view *t = at_tensors_find(c->file, name);
    int *ids, rc;

    if (!t)
        return 0;
    bool is_wide = strcmp(t->dtype, "I64") == 0;
    if (!is_wide && strcmp(t->dtype, "I32") != 0)
        return at_fail(err, AT_EFORMAT, "'%s' has type %.20s, want I32 or I64", name, t->dtype);
    if ((rc = fit_shape(&c->dims, t, "T", err)))
        return rc;
    ids = at_arena_alloc(&c->arena, c->dims.T, sizeof *ids);
    for (size_t i = 0; i < c->dims.T; i++) {
        int64_t id = 0;
        int32_t narrow = 0;
        memcpy(is_wide ? (void *)&id : (void *)&narrow,
               (const char *)t->data + i * (is_wide ? sizeof id : sizeof narrow),
               is_wide ? sizeof id : sizeof narrow);
        id = is_wide ? id : narrow;
        if (id < 0 || id > INT32_MAX)
            return at_fail(err, AT_ERANGE, "'%s' has the value %lld at %zu", name, (long long)id,
                           i);
        ids[i] = (int)id;
    }
    *out = ids;
    return 0;
}

static int bad_weight(const struct at_capture_file *c, size_t row, size_t key, const char *want,
                      struct at_error *err)
{
    size_t T = c->dims.T, head = row / T;

    return at_fail(
        err, AT_EFORMAT,
        "'attentions' has the weight %g in layer %zu, head %zu, query %zu, key %zu, want %s",
        (double)c->attention[row * T + key], head / c->dims.H, head % c->dims.H, row % T, key,
        want);
}

/*
 * Weights as a softmax makes them, give or take what a lesser precision does; a causal model's
 * queries do not look ahead. Without a family the maps say whether they are causal.
 */
static int check_weights(struct at_capture_file *c, bool is_unknown, struct at_error *err)
{
    size_t T = c->dims.T, n_rows = c->attention ? c->dims.L * c->dims.H * T : 0;
    bool is_ahead = T < 2;

    for (size_t row = 0; row < n_rows; row++) {
        const float *weight = c->attention + row * T;
        double sum = 0.0;
        for (size_t j = 0; j < T; j++) {
            if (!(weight[j] >= 0.0f && weight[j] <= 1.01f))
                return bad_weight(c, row, j, "0 to 1", err);
            if (j > row % T && weight[j] > 0.0f) {
                if (c->is_causal)
                    return bad_weight(c, row, j, "0: a causal model sees no later token", err);
                is_ahead = true;
            }
            sum += (double)weight[j];
        }
        if (fabs(sum - 1.0) > 0.01 && c->n_odd_rows++ == 0)
            c->odd_sum = sum;
    }
    if (is_unknown)
        c->is_causal = n_rows > 0 && !is_ahead;
    return 0;
}

/* Heads must make up the width, unless the family has them as wide as it likes; and heads of keys
   must share out the others. */
static int check_heads(struct at_dims *d, const struct at_family *family, struct at_error *err)
{
    bool is_free = family && family->has_own_head_width;

    if (!is_free && d->C && d->D && d->C != d->H * d->D)
        return at_fail(err, AT_EFORMAT, "%zu heads of width %zu do not make a width of %zu", d->H,
                       d->D, d->C);
    d->K = d->K ? d->K : d->H;
    if (d->K && d->H % d->K)
        return at_fail(err, AT_EFORMAT, "%zu heads of keys do not share out %zu heads", d->K, d->H);
    return 0;
}

static int read_all(struct at_capture_file *c, struct at_error *err)
{
    int rc = read_ids(c, &c->ids, "input_ids", err);

    if (!rc && !c->ids)
        rc = at_fail(err, AT_EFORMAT, "'input_ids' is missing");
    if (!rc)
        rc = read_ids(c, &c->segments, "token_type_ids", err);
    for (size_t i = 0; i < N_TENSORS && !rc; i++)
        rc = read_tensor(c, &tensors[i], err);
    if (!rc && !c->dims.L)
        rc = at_fail(err, AT_EFORMAT, "'attentions' and 'hidden_states' are missing");
    if (rc)
        return rc;
    c->kept = (c->attention ? AT_CAP_ATTENTION : 0) | (c->hidden ? AT_CAP_HIDDEN : 0) |
              (c->q && c->k && c->v ? AT_CAP_QKV : 0) | (c->context ? AT_CAP_CONTEXT : 0) |
              (c->mid ? AT_CAP_MID : 0) | (c->ffn_act ? AT_CAP_FFN : 0) |
              (c->logits ? AT_CAP_LOGITS : 0);
    c->model = at_tensors_meta(c->file, "model");
    c->text = at_tensors_meta(c->file, "text");
    c->tokens_json = at_tensors_meta(c->file, "tokens");
    c->family = at_tensors_meta(c->file, "family");
    c->details = at_tensors_meta(c->file, "atlas");
    const struct at_family *family = at_family_find(c->family);
    c->is_causal = family && family->is_causal;
    rc = check_heads(&c->dims, family, err);
    return rc ? rc : check_weights(c, !family, err);
}

int at_capture_open(struct at_capture_file *out, const char *path, struct at_error *err)
{
    struct at_capture_file c = { 0 };
    int rc = at_tensors_open(&c.file, path, err);

    if (!rc && (rc = read_all(&c, err)))
        at_error_in(err, "%s", path);
    if (rc)
        at_capture_close(&c);
    else
        *out = c;
    return rc;
}

void at_capture_close(struct at_capture_file *c)
{
    at_tensors_close(c->file);
    at_arena_release(&c->arena);
    *c = (struct at_capture_file){ 0 };
}

const struct at_family *at_capture_family(const struct at_capture_file *c)
{
    const struct at_family *family = at_family_find(c->family);

    return family ? family : at_family_like(c->is_causal);
}

/* One layer's part of a tensor of n floats per layer, or NULL when there is none. */
static const float *at_layer(const float *tensor, size_t layer, size_t n)
{
    return tensor ? tensor + layer * n : NULL;
}

/* The same for a tensor of H heads, joined into rows so far apart. */
static const float *rows_of(float *rows, size_t stride, const struct at_dims *d,
                            const float *tensor, size_t layer, size_t H)
{
    if (!tensor)
        return NULL;
    join_heads(rows, stride, tensor + layer * H * d->T * d->D, H, d->T, d->D);
    return rows;
}

int at_capture_replay(const struct at_capture_file *c, const struct at_forward_options *options,
                      struct at_error *err)
{
    const struct at_dims *d = &c->dims;
    size_t Q = d->H * d->D, K = d->K * d->D, stride = Q + 2 * K;
    size_t C = d->C ? d->C : Q, n = d->T * C;
    float *qkv = at_malloc(AT_MAX(d->T * (stride + Q), (size_t)1), sizeof *qkv);
    float *context = qkv + d->T * stride;
    int rc = 0;

    if (options->on_embedded && c->hidden)
        rc = options->on_embedded(options->arg, 0, c->hidden, d->T, err);
    for (size_t l = 0; l < d->L && !rc && options->on_layer; l++) {
        const float *map = options->want_attention ? c->attention : NULL;
        const struct at_layer_view view = {
            .layer = l,
            .T = d->T,
            .C = C,
            .H = d->H,
            .D = d->D,
            .F = d->F,
            .attention = at_layer(map, l, d->H * d->T * d->T),
            .input = at_layer(c->hidden, l, n),
            .group = d->K ? d->H / d->K : 1,
            .q = rows_of(qkv, stride, d, c->q, l, d->H),
            .k = rows_of(qkv + Q, stride, d, c->k, l, d->K),
            .v = rows_of(qkv + Q + K, stride, d, c->v, l, d->K),
            .qkv_stride = stride,
            .context = rows_of(context, Q, d, c->context, l, d->H),
            .mid = at_layer(c->mid, l, n),
            .ffn_act = at_layer(c->ffn_act, l, d->T * d->F),
            .output = at_layer(c->hidden, l + 1, n),
        };
        rc = options->on_layer(options->arg, &view, err);
    }
    free(qkv);
    return rc;
}
