/*
 * model_check.c - see model_check.h.
 */
#include "analysis/model_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "io/tensors.h"
#include "model/lm_head.h"
#include "session/batch.h"
#include "session/find.h"

/* The largest error of float that is not worth a word. */
static const double MOST_ERROR = 1e-5;

static const struct at_field heads_fields[] = {
    AT_FIELD(struct at_model_heads, masked_lm, "masked_lm", NULL, "masked tokens"),
    AT_FIELD(struct at_model_heads, causal_lm, "causal_lm", NULL, "next tokens"),
    AT_FIELD(struct at_model_heads, pooler, "pooler", NULL, "a summary of the text"),
    AT_FIELD(struct at_model_heads, next_sentence, "next_sentence", NULL,
             "whether a segment follows"),
    AT_FIELD(struct at_model_heads, token_classification, "token_classification", NULL,
             "a label for every token"),
    AT_FIELD_END,
};
static const struct at_record heads_record = AT_RECORD(struct at_model_heads, heads_fields);

static const struct at_field info_fields[] = {
    AT_FIELD(struct at_model_info, model, "model", NULL, "its name"),
    AT_FIELD(struct at_model_info, path, "path", NULL, "its folder"),
    AT_FIELD(struct at_model_info, architecture, "architecture", NULL, "model_type of its config"),
    AT_FIELD(struct at_model_info, is_causal, "causal", NULL, "tokens see what is before them"),
    AT_FIELD(struct at_model_info, layers, "layers", NULL, "layers"),
    AT_FIELD(struct at_model_info, heads, "heads", NULL, "heads of a layer"),
    AT_FIELD(struct at_model_info, width, "width", NULL, "of the residual stream"),
    AT_FIELD(struct at_model_info, head_width, "head_width", NULL, "of a head"),
    AT_FIELD(struct at_model_info, ffn_width, "ffn_width", NULL, "units of the feed-forward block"),
    AT_FIELD(struct at_model_info, vocabulary, "vocabulary", NULL, "rows of the embedding"),
    AT_FIELD(struct at_model_info, positions, "positions", NULL, "tokens a text may have"),
    AT_FIELD(struct at_model_info, segments, "segments", NULL, "segments; 0 for none"),
    AT_FIELD(struct at_model_info, parameters, "parameters", NULL, "tied ones once"),
    AT_FIELD(struct at_model_info, weights, "weights", NULL, "their type"),
    AT_FIELD(struct at_model_info, precision, "precision", NULL, "in which it is computed"),
    AT_FIELD(struct at_model_info, tokenizer, "tokenizer", NULL, "what finds its pieces"),
    AT_FIELD(struct at_model_info, pieces, "pieces", NULL, "of the tokenizer"),
    AT_FIELD(struct at_model_info, tokenizer_files, "tokenizer_files", NULL,
             "that the pieces come from"),
    AT_FIELD_TEXTS(struct at_model_info, tokenizer_notes, n_tokenizer_notes, "tokenizer_notes",
                   "where its files contradict each other, which one counts; what does not",
                   .flags = AT_LEAVE_OUT),
    AT_FIELD_RECORD(struct at_model_info, model_heads, "model_heads", &heads_record,
                    "which are there"),
    AT_FIELD_TEXTS(struct at_model_info, labels, n_labels, "labels", "of a classifier",
                   .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_model_info_record = AT_RECORD(struct at_model_info, info_fields);

static const struct at_field tensor_fields[] = {
    AT_FIELD(struct at_model_tensor, role, "role", NULL, "what it does; undefined when unused"),
    AT_FIELD(struct at_model_tensor, tensor, "tensor", NULL, "its name in the file"),
    AT_FIELD(struct at_model_tensor, state, "state", NULL, "mapped, tied, missing, unused, buffer"),
    AT_FIELD_END,
};
static const struct at_record tensor_record = AT_RECORD(struct at_model_tensor, tensor_fields);

static const struct at_field finding_fields[] = {
    AT_FIELD(struct at_model_finding, check, "check", NULL, "what was looked at"),
    AT_FIELD(struct at_model_finding, is_good, "ok", NULL, "it is as it must be"),
    AT_FIELD(struct at_model_finding, found, "found", NULL, "what was found"),
    AT_FIELD_END,
};
static const struct at_record finding_record = AT_RECORD(struct at_model_finding, finding_fields);

static const struct at_field check_fields[] = {
    AT_FIELD_LIST(struct at_model_check, tensors, n_tensors, "tensors", &tensor_record,
                  "what became of each tensor"),
    AT_FIELD_LIST(struct at_model_check, checks, n_checks, "checks", &finding_record, "findings"),
    AT_FIELD(struct at_model_check, is_good, "ok", NULL, "all of them are good"),
    AT_FIELD_END,
};
const struct at_record at_model_check_record = AT_RECORD(struct at_model_check, check_fields);

struct at_model_info at_model_info(const struct at_model *m, const struct at_tokenizer *t,
                                   const char *name, struct at_arena *arena)
{
    const struct at_config *c = &m->config;
    const struct at_weights *w = &m->weights;
    struct at_model_info info = {
        .model = name,
        .path = m->dir,
        .architecture = c->family->model_type,
        .is_causal = c->is_causal,
        .layers = c->n_layers,
        .heads = c->n_heads,
        .width = c->width,
        .head_width = c->head_width,
        .ffn_width = c->ffn_width,
        .vocabulary = c->vocab,
        .positions = c->max_positions,
        .segments = c->n_segments,
        .parameters = at_model_n_parameters(m),
        .weights = at_dtype_name(w->word_embed.dtype),
        .precision = "float",
        .tokenizer = at_tokenizer_name(t),
        .pieces = at_tokenizer_vocab_size(t),
        .tokenizer_files = at_tokenizer_source(t),
        .model_heads = { !c->is_causal && at_lm_head_present(m),
                         c->is_causal && at_lm_head_present(m), w->pooler.w.data != NULL,
                         w->next_sentence.w.data != NULL, w->classifier.w.data != NULL },
        .n_labels = c->n_labels,
    };

    info.labels = at_arena_alloc(arena, c->n_labels, sizeof *info.labels);
    for (size_t i = 0; i < c->n_labels; i++)
        info.labels[i] = c->labels[i];
    while (at_tokenizer_notes(t, info.n_tokenizer_notes))
        info.n_tokenizer_notes++;
    info.tokenizer_notes =
        at_arena_alloc(arena, info.n_tokenizer_notes, sizeof *info.tokenizer_notes);
    for (size_t i = 0; i < info.n_tokenizer_notes; i++)
        info.tokenizer_notes[i] = at_tokenizer_notes(t, i);
    return info;
}

/* What a probe text shows of a model: how far its maps are from what maps must be. */
struct probe {
    bool is_causal;
    double worst_sum;      /* largest |row sum - 1| */
    double largest_masked; /* largest weight above the diagonal of a causal map */
    size_t n_not_finite;
    float *maps;  /* (L,H,T,T) in float */
    double error; /* largest difference of the maps in float from those in double */
};

static int probe_layer(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    struct probe *p = arg;

    (void)err;
    for (size_t row = 0; row < v->H * v->T; row++) {
        const float *a = v->attention + row * v->T;
        double sum = 0.0;
        for (size_t j = 0; j < v->T; j++) {
            sum += (double)a[j];
            if (p->is_causal && j > row % v->T)
                p->largest_masked = fmax(p->largest_masked, fabs((double)a[j]));
        }
        if (!isfinite(sum))
            p->n_not_finite++;
        else
            p->worst_sum = fmax(p->worst_sum, fabs(sum - 1.0));
    }
    for (size_t i = 0; i < v->T * v->C; i++)
        p->n_not_finite += !isfinite(v->output[i]);
    memcpy(p->maps + v->layer * v->H * v->T * v->T, v->attention,
           v->H * v->T * v->T * sizeof *p->maps);
    return 0;
}

static int compare_layer(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    struct probe *p = arg;
    const float *maps = p->maps + v->layer * v->H * v->T * v->T;

    (void)err;
    for (size_t i = 0; i < v->H * v->T * v->T; i++)
        p->error = fmax(p->error, fabs((double)v->attention[i] - (double)maps[i]));
    return 0;
}

/* Run a short text through the model, in float and in double. */
static int run_probe(struct probe *p, const struct at_model *m, const struct at_tokenizer *t,
                     struct at_pool *pool, struct at_error *err)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog.";
    struct at_forward_options options = { .want_attention = true,
                                          .on_layer = probe_layer,
                                          .arg = p };
    struct at_batcher batch = { 0 };
    struct at_tokens tokens = { 0 };
    struct at_model precise = *m;
    int rc = at_tokenize(&tokens, t, text, NULL, true, err);

    *p = (struct probe){ .is_causal = m->config.is_causal };
    precise.is_double = true;
    if (!rc) {
        tokens.n = AT_MIN(tokens.n, m->config.max_positions);
        p->maps = at_malloc(m->config.n_layers * m->config.n_heads * tokens.n * tokens.n,
                            sizeof *p->maps);
        at_batcher_add(&batch, &tokens);
        rc = at_batcher_run(&batch, m, &options, true, pool, err);
        options.on_layer = compare_layer;
        if (!rc)
            rc = at_batcher_run(&batch, &precise, &options, true, pool, err);
        free(p->maps);
    }
    at_batcher_release(&batch);
    at_tokens_release(&tokens);
    return rc;
}

static void add_finding(struct at_model_check *out, const char *check, bool is_good,
                        const char *found)
{
    if (out->n_checks == out->cap) {
        out->cap = out->cap ? 2 * out->cap : 8;
        out->checks = at_realloc(out->checks, out->cap, sizeof *out->checks);
    }
    out->checks[out->n_checks++] = (struct at_model_finding){ check, is_good, found };
    out->is_good &= is_good;
}

static void list_tensors(struct at_model_check *out, const struct at_model *m,
                         struct at_arena *arena)
{
    out->n_tensors = m->n_mappings;
    out->tensors = at_arena_calloc(arena, m->n_mappings, sizeof *out->tensors);
    for (size_t i = 0; i < m->n_mappings; i++) {
        const struct at_mapping *x = &m->mappings[i];
        out->tensors[i] =
            (struct at_model_tensor){ x->role, x->tensor, at_mapping_state_name(x->state) };
    }
}

static size_t count_state(const struct at_model *m, enum at_mapping_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_mappings; i++)
        n += m->mappings[i].state == state;
    return n;
}

/* Values of one tensor that are infinite or no numbers: all bits of the exponent are set. */
static size_t count_not_finite(const struct at_tensor_view *t)
{
    static const struct {
        const char *dtype;
        uint64_t exponent;
    } types[] = {
        { "F32", 0x7f800000 }, { "F16", 0x7c00 }, { "BF16", 0x7f80 }, { "F64", 0x7ff0000000000000 }
    };
    size_t size = at_dtype_bytes(t->dtype), n_bad = 0;
    uint64_t exponent = 0, bits = 0;

    for (size_t i = 0; i < AT_COUNTOF(types); i++)
        if (!strcmp(types[i].dtype, t->dtype))
            exponent = types[i].exponent;
    for (size_t i = 0; exponent && i < t->bytes; i += size) {
        memcpy(&bits, (const char *)t->data + i, size); /* which may lie unaligned */
        n_bad += (bits & exponent) == exponent;
    }
    return n_bad;
}

/* A probe text meets few rows of the embeddings: every weight is looked at. */
static void check_weights(struct at_model_check *out, const struct at_model *m,
                          struct at_arena *arena)
{
    const char *first = "";
    size_t n_bad = 0;

    for (size_t i = 0; i < m->n_mappings; i++) {
        if (m->mappings[i].state != AT_IS_MAPPED)
            continue;
        size_t n = count_not_finite(at_tensors_find(m->files, m->mappings[i].tensor));
        if (n && !n_bad)
            first = m->mappings[i].tensor;
        n_bad += n;
    }
    add_finding(out, "weights are finite", n_bad == 0,
                at_arena_printf(arena, "%zu value%s that %s not%s%.*s", n_bad, at_plural(n_bad),
                                n_bad == 1 ? "is" : "are", n_bad ? ", the first in " : "",
                                at_shown(first, 150), first));
}

static void judge_probe(struct at_model_check *out, const struct probe *p, struct at_arena *arena)
{
    add_finding(out, "values are finite", p->n_not_finite == 0,
                at_arena_printf(arena, "%zu value%s that %s no number%s", p->n_not_finite,
                                at_plural(p->n_not_finite), p->n_not_finite == 1 ? "is" : "are",
                                at_plural(p->n_not_finite)));
    add_finding(out, "attention rows sum to one", p->worst_sum < 1e-5,
                at_arena_printf(arena, "largest deviation %.2g", p->worst_sum));
    add_finding(
        out, "precision of the maps", true,
        at_arena_printf(arena, "float; at most %.2g from double%s", p->error,
                        p->error > MOST_ERROR ? ", over 1e-5: see --precision double" : ""));
    if (p->is_causal)
        add_finding(
            out, "the future is masked", p->largest_masked == 0.0,
            at_arena_printf(arena, "largest weight above the diagonal %.2g", p->largest_masked));
}

void at_model_check_run(struct at_model_check *out, const struct at_model *m,
                        const struct at_tokenizer *t, struct at_pool *pool, struct at_arena *arena)
{
    size_t pieces = at_tokenizer_vocab_size(t);
    struct at_error err;
    struct probe p;

    *out = (struct at_model_check){ .is_good = true };
    list_tensors(out, m, arena);
    add_finding(out, "tensors", true,
                at_arena_printf(arena, "%zu mapped, %zu tied, %zu buffers, %zu unused, %zu missing",
                                count_state(m, AT_IS_MAPPED), count_state(m, AT_IS_TIED),
                                count_state(m, AT_IS_BUFFER), count_state(m, AT_IS_UNUSED),
                                count_state(m, AT_IS_MISSING)));
    add_finding(out, "vocabulary sizes agree", at_vocabulary_fits(pieces, m->config.vocab),
                at_arena_printf(arena, "tokenizer %zu, embedding %zu, configuration %zu", pieces,
                                m->weights.word_embed.n_out, m->config.vocab));
    check_weights(out, m, arena);
    if (run_probe(&p, m, t, pool, &err))
        add_finding(out, "a probe text runs", false, at_arena_strdup(arena, err.text));
    else
        judge_probe(out, &p, arena);
}
