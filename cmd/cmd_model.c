/*
 * cmd_model.c - `atlas model list | info | check`: what is there, what it is, whether it is whole.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/job.h"
#include "io/json.h"
#include "model/classify.h"
#include "model/lm_head.h"
#include "session/find.h"

/* What atlas promises of every attention weight. */
#define MOST_ERROR 1e-5

/* What the three subcommands share. */
struct model_call {
    const char *model;
    bool is_json, only_names;
    struct at_model opened;
    struct at_tokenizer *tokenizer;
};

/* Whether a model could be opened, as far as that is cheap to tell. */
static int look_at(struct at_config *c, const char *dir, struct at_error *err)
{
    struct at_tensors *files = NULL;
    int rc = at_config_read(c, dir, err);

    if (!rc)
        rc = at_tensors_open(&files, dir, err);
    at_tensors_close(files);
    return rc;
}

static int list_models(const struct model_call *call)
{
    struct at_model_place *places;
    size_t n = at_model_places(&places);
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < n; i++) {
        struct at_config c = { 0 };
        struct at_error err;
        struct at_json *o = at_json_object();
        int rc = look_at(&c, places[i].dir, &err);

        at_json_set_string(o, "name", places[i].name);
        at_json_set_string(o, "path", places[i].dir);
        at_json_set_string(o, "where", places[i].where);
        at_json_set_string(o, "problem", rc ? err.text : NULL);
        at_json_append(list, o);
        if (call->is_json)
            ;
        else if (call->only_names)
            printf("%s\n", places[i].name);
        else if (rc)
            printf("%-28s %-12s cannot be used: %s\n", places[i].name, places[i].where, err.text);
        else
            printf("%-28s %-12s %s, %zu layer%s, %zu head%s, width %zu, %s\n", places[i].name,
                   places[i].where, c.family->name, c.n_layers, at_plural(c.n_layers), c.n_heads,
                   at_plural(c.n_heads), c.width, places[i].dir);
        at_config_release(&c);
    }
    if (call->is_json) {
        struct at_strbuf b = { 0 };
        at_json_dump(&b, list, 1, 0);
        printf("%s\n", b.s);
        at_strbuf_release(&b);
    } else if (n == 0 && !call->only_names) {
        printf("no models; ATLAS_DATADIR and ATLAS_MODELS say where to look\n");
    }
    at_json_free(list);
    at_model_places_free(places, n);
    return EXIT_DONE;
}

/* Heads a model may have; the pointer tells whether it has this one. */
static struct at_json *heads_json(const struct at_model *m)
{
    const struct at_weights *w = &m->weights;
    const struct {
        const char *name;
        bool is_present;
    } heads[] = {
        { "masked_lm", !m->config.is_causal && at_lm_head_present(m) },
        { "causal_lm", m->config.is_causal && at_lm_head_present(m) },
        { "pooler", w->pooler.w.data != NULL },
        { "next_sentence", w->next_sentence.w.data != NULL },
        { "token_classification", w->classifier.w.data != NULL },
    };
    struct at_json *o = at_json_object();

    for (size_t i = 0; i < AT_COUNTOF(heads); i++)
        at_json_set_bool(o, heads[i].name, heads[i].is_present);
    return o;
}

static struct at_json *info_json(const struct model_call *call)
{
    const struct at_config *c = &call->opened.config;
    struct at_json *o = at_json_object(), *labels;
    const struct at_weight *w = &call->opened.weights.word_embed;

    at_json_set_string(o, "model", at_path_base(call->model));
    at_json_set_string(o, "path", call->opened.dir);
    at_json_set_string(o, "architecture", c->family->model_type);
    at_json_set_bool(o, "causal", c->is_causal);
    at_json_set_int(o, "layers", (long long)c->n_layers);
    at_json_set_int(o, "heads", (long long)c->n_heads);
    at_json_set_int(o, "width", (long long)c->width);
    at_json_set_int(o, "head_width", (long long)c->head_width);
    at_json_set_int(o, "ffn_width", (long long)c->ffn_width);
    at_json_set_int(o, "vocabulary", (long long)c->vocab);
    at_json_set_int(o, "positions", (long long)c->max_positions);
    at_json_set_int(o, "segments", (long long)c->n_segments);
    at_json_set_int(o, "parameters", (long long)at_model_n_parameters(&call->opened));
    at_json_set_string(o, "weights", at_dtype_name(w->dtype));
    at_json_set_string(o, "precision", "float");
    at_json_set_string(o, "tokenizer",
                       at_tokenizer_kind(call->tokenizer) == AT_BPE ? "byte-level BPE"
                                                                    : "WordPiece");
    at_json_set_int(o, "pieces", (long long)at_tokenizer_vocab_size(call->tokenizer));
    at_json_set(o, "model_heads", heads_json(&call->opened));
    if (c->n_labels) {
        labels = at_json_array();
        for (size_t i = 0; i < c->n_labels; i++)
            at_json_append(labels, at_json_string(c->labels[i]));
        at_json_set(o, "labels", labels);
    }
    return o;
}

/* A flat object, a line per key; one level of nesting is joined with commas. */
static void print_object(const struct at_json *o)
{
    const struct at_json *v;

    for (const char *key = at_json_next(o, NULL, &v); key; key = at_json_next(o, key, &v)) {
        struct at_strbuf b = { 0 };
        const struct at_json *inner;
        if (at_json_is_string(v)) {
            at_strbuf_adds(&b, at_json_text(v, ""));
        } else if (at_json_is_object(v)) {
            for (const char *k = at_json_next(v, NULL, &inner); k; k = at_json_next(v, k, &inner))
                if (at_json_truth(inner, false))
                    at_strbuf_addf(&b, "%s%s", b.n ? ", " : "", k);
        } else if (at_json_is_array(v)) {
            for (size_t i = 0; i < at_json_count(v); i++)
                at_strbuf_addf(&b, "%s%s", i ? ", " : "", at_json_text(at_json_at(v, i), ""));
        } else {
            at_json_dump(&b, v, 0, 0);
        }
        printf("%-14s %s\n", key, at_strbuf_str(&b));
        at_strbuf_release(&b);
    }
}

static void print_document(const struct at_json *o)
{
    struct at_strbuf b = { 0 };

    at_json_dump(&b, o, 1, 0);
    printf("%s\n", b.s);
    at_strbuf_release(&b);
}

static int info(const struct model_call *call)
{
    struct at_json *o = info_json(call);

    if (call->is_json)
        print_document(o);
    else
        print_object(o);
    at_json_free(o);
    return EXIT_DONE;
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
static int run_probe(struct probe *p, const struct model_call *call, struct at_error *err)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog.";
    const struct at_model *m = &call->opened;
    struct at_tokens tokens = { 0 };
    struct at_forward_options options = { .want_attention = true,
                                          .on_layer = probe_layer,
                                          .arg = p };
    int rc = at_tokenize(&tokens, call->tokenizer, text, NULL, true, err);

    *p = (struct probe){ .is_causal = m->config.is_causal };
    if (!rc) {
        struct at_pool *pool = at_pool_new(0);
        size_t T = AT_MIN(tokens.n, m->config.max_positions), start[2] = { 0, T };
        int *ids = at_tokens_ids(&tokens);
        struct at_batch batch = { 1, start, ids, NULL };
        float *hidden = at_malloc(T * m->config.width, sizeof *hidden);
        struct at_model precise = *m;

        precise.is_double = true;
        p->maps = at_malloc(m->config.n_layers * m->config.n_heads * T * T, sizeof *p->maps);
        rc = at_forward(hidden, m, &batch, &options, pool, err);
        options.on_layer = compare_layer;
        if (!rc)
            rc = at_forward(hidden, &precise, &batch, &options, pool, err);
        free(p->maps);
        free(hidden);
        free(ids);
        at_pool_free(pool);
    }
    at_tokens_release(&tokens);
    return rc;
}

/* One finding of a check. */
static bool verdict(struct at_json *checks, bool is_json, bool is_good, const char *name,
                    const char *found)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "check", name);
    at_json_set_bool(o, "ok", is_good);
    at_json_set_string(o, "found", found);
    at_json_append(checks, o);
    if (!is_json)
        printf("%-4s %-32s %s\n", is_good ? "ok" : "BAD", name, found);
    return is_good;
}

static void report_tensors(const struct model_call *call, struct at_json *doc)
{
    const struct at_model *m = &call->opened;
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < m->n_mappings; i++) {
        const struct at_mapping *x = &m->mappings[i];
        struct at_json *o = at_json_object();
        at_json_set_string(o, "role", x->role);
        at_json_set_string(o, "tensor", x->tensor);
        at_json_set_string(o, "state", at_mapping_state_name(x->state));
        at_json_append(list, o);
        if (!call->is_json)
            printf("     %-8s %-36s %s\n", at_mapping_state_name(x->state), x->role ? x->role : "",
                   x->tensor ? x->tensor : "");
    }
    at_json_set(doc, "tensors", list);
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
static bool check_weights(struct at_json *checks, const struct model_call *call)
{
    const struct at_model *m = &call->opened;
    const char *first = "";
    char found[256];
    size_t n_bad = 0;

    for (size_t i = 0; i < m->n_mappings; i++) {
        if (m->mappings[i].state != AT_IS_MAPPED)
            continue;
        size_t n = count_not_finite(at_tensors_find(m->files, m->mappings[i].tensor));
        if (n && !n_bad)
            first = m->mappings[i].tensor;
        n_bad += n;
    }
    snprintf(found, sizeof found, "%zu value%s that %s not%s%.*s", n_bad, at_plural(n_bad),
             n_bad == 1 ? "is" : "are", n_bad ? ", the first in " : "", at_shown(first, 150),
             first);
    return verdict(checks, call->is_json, n_bad == 0, "weights are finite", found);
}

static int check(const struct model_call *call)
{
    const struct at_model *m = &call->opened;
    size_t pieces = at_tokenizer_vocab_size(call->tokenizer);
    struct at_json *doc = at_json_object(), *checks = at_json_array();
    struct at_error err;
    struct probe p;
    char found[256];
    bool is_good = true;

    report_tensors(call, doc);
    snprintf(found, sizeof found, "%zu mapped, %zu tied, %zu buffers, %zu unused, %zu missing",
             count_state(m, AT_IS_MAPPED), count_state(m, AT_IS_TIED), count_state(m, AT_IS_BUFFER),
             count_state(m, AT_IS_UNUSED), count_state(m, AT_IS_MISSING));
    is_good &= verdict(checks, call->is_json, true, "tensors", found);
    snprintf(found, sizeof found, "tokenizer %zu, embedding %zu, configuration %zu", pieces,
             m->weights.word_embed.n_out, m->config.vocab);
    is_good &= verdict(checks, call->is_json, at_vocabulary_fits(pieces, m->config.vocab),
                       "vocabulary sizes agree", found);
    is_good &= check_weights(checks, call);
    if (run_probe(&p, call, &err)) {
        is_good &= verdict(checks, call->is_json, false, "a probe text runs", err.text);
    } else {
        snprintf(found, sizeof found, "%zu value%s that %s no number%s", p.n_not_finite,
                 at_plural(p.n_not_finite), p.n_not_finite == 1 ? "is" : "are",
                 at_plural(p.n_not_finite));
        is_good &= verdict(checks, call->is_json, p.n_not_finite == 0, "values are finite", found);
        snprintf(found, sizeof found, "largest deviation %.2g", p.worst_sum);
        is_good &=
            verdict(checks, call->is_json, p.worst_sum < 1e-5, "attention rows sum to one", found);
        snprintf(found, sizeof found, "float; at most %.2g from double%s", p.error,
                 p.error > MOST_ERROR ? ", over 1e-5: see --precision double" : "");
        verdict(checks, call->is_json, true, "precision of the maps", found);
        if (m->config.is_causal) {
            snprintf(found, sizeof found, "largest weight above the diagonal %.2g",
                     p.largest_masked);
            is_good &= verdict(checks, call->is_json, p.largest_masked == 0.0,
                               "the future is masked", found);
        }
    }
    at_json_set(doc, "checks", checks);
    at_json_set_bool(doc, "ok", is_good);
    if (call->is_json)
        print_document(doc);
    at_json_free(doc);
    if (!is_good)
        return report_error("'%s' is not sound, see above", call->model);
    return EXIT_DONE;
}

/* Unlike at_model_load(), a vocabulary of another size is a finding here, not a failure. */
static int open_call(struct model_call *call, struct at_error *err)
{
    char *dir;
    int rc = at_model_find(&dir, call->model, err);

    if (rc)
        return rc;
    rc = at_model_open(&call->opened, dir, err);
    call->model = at_model_trim(&call->opened.arena, call->model);
    if (!rc)
        rc = at_tokenizer_open(&call->tokenizer, dir, err);
    free(dir);
    return rc;
}

static int on_model(struct model_call *call, int (*action)(const struct model_call *))
{
    struct at_error err;
    int status = open_call(call, &err) ? report_fault(&err) : action(call);

    at_tokenizer_close(call->tokenizer);
    at_model_close(&call->opened);
    return status;
}

int cmd_model(int argc, char **argv)
{
    static const char built_in[] = "atlas-bert";
    struct model_call call = { .model = built_in };
    const struct opt table[] = {
        OPT_TEXT('m', "model", &call.model, "NAME|DIR", "model to look at"),
        OPT_FLAG(0, "json", &call.is_json, "print a JSON document"),
        OPT_FLAG(0, "names", &call.only_names, "list: names only"),
        OPT_END,
    };

    if (argc > 1 && !strcmp(argv[1], "--list-commands")) {
        printf("list\ninfo\ncheck\n");
        return EXIT_DONE;
    }
    switch (opt_parse(&argc, argv, table, "atlas model list|info|check [options] [name|dir]",
                      "list: the models that can be named. info: sizes, parameters and heads of "
                      "one. check: which tensor has which role, and whether the model is sound.",
                      NULL)) {
    case OPT_DONE:
        return EXIT_DONE;
    case OPT_BAD_USE:
        return EXIT_USAGE;
    case OPT_GO_ON:
        break;
    }
    if (argc == 0)
        return report_usage("what to do: list, info or check?");
    if (argc > 2 || (argc == 2 && !strcmp(argv[0], "list")))
        return report_usage("unexpected '%s'", argv[argc - 1]);
    if (call.model != built_in && (argc == 2 || !strcmp(argv[0], "list")))
        return report_usage("%s; leave out --model",
                            argc == 2 ? "the model is given twice" : "list looks at all models");
    if (call.only_names && (call.is_json || strcmp(argv[0], "list") != 0))
        return report_usage("--names goes with list, without --json");
    if (argc == 2)
        call.model = argv[1];
    if (!*call.model)
        return report_usage("want a name or a directory, not ''");
    if (!strcmp(argv[0], "list"))
        return list_models(&call);
    if (!strcmp(argv[0], "info"))
        return on_model(&call, info);
    if (!strcmp(argv[0], "check"))
        return on_model(&call, check);
    return report_usage("no '%s'; there are list, info and check", argv[0]);
}
