/*
 * weights.c - see weights.h. One table says what the modules of all families are, the families
 * (model/family.h) what they are called; all else reads the two.
 */
#include "model/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/mapfile.h"
#include "base/strbuf.h"
#include "model/distance_bias.h"
#include "model/tensor_names.h"
#include "model/tensor_values.h"
#include "ops/shapes.h"

enum { MAX_SHOWN = 200 }; /* bytes of a name in a message */

enum part { EMBED, LAYER, FINAL, HEAD, CLASSES };
/* DENSE is weight and bias; NORM is gain and bias; either may be without the bias. */
enum kind { TABLE, DENSE, NORM };
/* A dimension that the config resolves: columns of all heads' queries, of their keys, of both and
   the values, and of one head. */
enum dim {
    NONE,
    WIDTH,
    QUERIES,
    KEYS,
    QUERIES_KEYS_VALUES,
    ONE_HEAD,
    EMBEDS,
    FFN,
    VOCAB,
    POSITIONS,
    SEGMENTS,
    DISTANCES,
    HEADS,
    TWO
};

struct module {
    const char *role; /* '#' is the layer */
    enum part part;
    enum kind kind;
    enum dim n_out, n_in;
    size_t field; /* in struct at_layer_weights for LAYER, else in struct at_weights */
};

#define IN_MODEL(f) offsetof(struct at_weights, f)
#define IN_LAYER(f) offsetof(struct at_layer_weights, f)

/* clang-format off */
static const struct module modules[AT_MODULE_COUNT] = {
    [AT_WORD_EMBED] = { "word embeddings", EMBED, TABLE, VOCAB, EMBEDS, IN_MODEL(word_embed) },
    [AT_POSITION_EMBED] = { "position embeddings",
                            EMBED, TABLE, POSITIONS, EMBEDS, IN_MODEL(position_embed) },
    [AT_SEGMENT_EMBED] = { "segment embeddings",
                           EMBED, TABLE, SEGMENTS, EMBEDS, IN_MODEL(segment_embed) },
    [AT_EMBED_NORM] = { "embedding norm", EMBED, NORM, EMBEDS, NONE, IN_MODEL(embed_norm) },
    [AT_EMBED_PROJECTION] = { "embedding projection",
                              EMBED, DENSE, WIDTH, EMBEDS, IN_MODEL(embed_projection) },
    [AT_DISTANCE_BIAS] = { "distance bias",
                           EMBED, TABLE, DISTANCES, HEADS, IN_MODEL(distance_bias) },

    [AT_QUERY] = { "layer # query", LAYER, DENSE, QUERIES, WIDTH, IN_LAYER(q) },
    [AT_KEY] = { "layer # key", LAYER, DENSE, KEYS, WIDTH, IN_LAYER(k) },
    [AT_VALUE] = { "layer # value", LAYER, DENSE, KEYS, WIDTH, IN_LAYER(v) },
    [AT_QUERY_KEY_VALUE] = { "layer # query, key, value",
                             LAYER, DENSE, QUERIES_KEYS_VALUES, WIDTH, IN_LAYER(qkv) },
    [AT_QUERY_NORM] = { "layer # query norm", LAYER, NORM, ONE_HEAD, NONE, IN_LAYER(query_norm) },
    [AT_KEY_NORM] = { "layer # key norm", LAYER, NORM, ONE_HEAD, NONE, IN_LAYER(key_norm) },
    [AT_ATTENTION_OUT] = { "layer # attention output",
                           LAYER, DENSE, WIDTH, QUERIES, IN_LAYER(attn_out) },
    [AT_NORM_1] = { "layer # norm 1", LAYER, NORM, WIDTH, NONE, IN_LAYER(norm1) },
    [AT_FFN_GATE] = { "layer # feed-forward gate", LAYER, DENSE, FFN, WIDTH, IN_LAYER(ffn_gate) },
    [AT_FFN_IN] = { "layer # feed-forward in", LAYER, DENSE, FFN, WIDTH, IN_LAYER(ffn_in) },
    [AT_FFN_OUT] = { "layer # feed-forward out", LAYER, DENSE, WIDTH, FFN, IN_LAYER(ffn_out) },
    [AT_NORM_2] = { "layer # norm 2", LAYER, NORM, WIDTH, NONE, IN_LAYER(norm2) },

    [AT_FINAL_NORM] = { "final norm", FINAL, NORM, WIDTH, NONE, IN_MODEL(final_norm) },

    [AT_POOLER] = { "pooler", HEAD, DENSE, WIDTH, WIDTH, IN_MODEL(pooler) },
    [AT_NEXT_SENTENCE] = { "next sentence", HEAD, DENSE, TWO, WIDTH, IN_MODEL(next_sentence) },
    [AT_CLASS_DENSE] = { "classifier dense",
                         CLASSES, DENSE, WIDTH, WIDTH, IN_MODEL(class_dense) },
    [AT_MLM_TRANSFORM] = { "masked-LM transform",
                           HEAD, DENSE, EMBEDS, WIDTH, IN_MODEL(mlm_transform) },
    [AT_MLM_NORM] = { "masked-LM norm", HEAD, NORM, EMBEDS, NONE, IN_MODEL(mlm_norm) },
};
/* clang-format on */

/* The tensors of a module of each kind. */
static const struct parameter {
    const char *suffix, *old_suffix, *role;
} parameters[][2] = {
    [TABLE] = { { ".weight", NULL, "" } },
    [DENSE] = { { ".weight", NULL, " weight" }, { ".bias", NULL, " bias" } },
    [NORM] = { { ".weight", ".gamma", " gain" }, { ".bias", ".beta", " bias" } },
};

/* Names of tensors that a checkpoint may hold and that are no parameters. */
static const char *const buffers[] = { "position_ids",       "token_type_ids",
                                       ".attn.bias",         ".attn.masked_bias",
                                       ".attention.bias",    ".attention.masked_bias",
                                       "rotary_emb.inv_freq" };

struct mappings AT_ARRAY(struct at_mapping);

struct loader {
    struct at_model *m;
    struct at_error *err;
    struct at_tensor_names names;
    struct mappings list;
    size_t n_missing; /* of the trunk */
    const char *first_missing;
};

static size_t dim_of(const struct at_config *c, enum dim d)
{
    switch (d) {
    case NONE:
        break;
    case WIDTH:
        return c->width;
    case QUERIES:
        return at_query_width(c);
    case KEYS:
        return at_key_width(c);
    case QUERIES_KEYS_VALUES:
        return at_query_width(c) + 2 * at_key_width(c);
    case ONE_HEAD:
        return c->head_width;
    case EMBEDS:
        return c->embed_width;
    case FFN:
        return c->ffn_width;
    case VOCAB:
        return c->vocab;
    case POSITIONS:
        return c->first_position + c->max_positions;
    case SEGMENTS:
        return c->n_segments;
    case DISTANCES:
        return c->n_distances;
    case HEADS:
        return c->n_heads;
    case TWO:
        return 2;
    }
    return 0;
}

static void note(struct loader *ld, const char *role, const char *tensor,
                 enum at_mapping_state state)
{
    *at_array_push(&ld->list) = (struct at_mapping){ role, tensor, state };
}

/* "layer # query" for layer 3 followed by suffix: "layer 3 query weight". */
static char *expand(struct loader *ld, const char *pattern, size_t layer, const char *suffix)
{
    const struct at_config *c = &ld->m->config;
    const char *mark = strchr(pattern, '#'), *second = mark ? strchr(mark + 1, '#') : NULL;
    struct at_arena *arena = &ld->m->arena;

    if (!mark)
        return at_arena_printf(arena, "%s%s", pattern, suffix);
    if (!second)
        return at_arena_printf(arena, "%.*s%zu%s%s", (int)(mark - pattern), pattern, layer,
                               mark + 1, suffix);
    return at_arena_printf(arena, "%.*s%zu%.*s%zu%s%s", (int)(mark - pattern), pattern,
                           at_config_layer_group(c, layer), (int)(second - mark - 1), mark + 1,
                           at_config_layer_place(c, layer), second + 1, suffix);
}

static const struct at_tensor_view *find(const struct loader *ld, const char *name)
{
    return at_tensor_names_find(&ld->names, name);
}

/* One of a module's tensors; the old suffix is that of checkpoints converted from TensorFlow. */
static const struct at_tensor_view *find_parameter(struct loader *ld, enum at_module module,
                                                   size_t layer, const struct parameter *p)
{
    const struct module *mod = &modules[module];
    const char *pattern = ld->m->config.family->module[module];
    const char *name = expand(ld, pattern, layer, p->suffix);
    const struct at_tensor_view *t = find(ld, name);

    if (!t && p->old_suffix)
        t = find(ld, expand(ld, pattern, layer, p->old_suffix));
    if (!t && module == AT_WORD_EMBED && !ld->m->config.is_untied) /* saved as what is tied to it */
        t = find(ld, expand(ld, ld->m->config.family->module[AT_LM_DECODER], 0, p->suffix));
    note(ld, expand(ld, mod->role, layer, p->role), t ? t->name : name,
         t ? AT_IS_MAPPED : AT_IS_MISSING);
    if (!t && mod->part < HEAD && !ld->n_missing++)
        ld->first_missing = name;
    return t;
}

static int check_shape(struct loader *ld, const struct at_tensor_view *t, size_t rank, size_t n0,
                       size_t n1)
{
    char found[AT_MAX_RANK * 21 + 1] = "", want[64];
    size_t n = 0;

    if (t->rank == rank && t->shape[0] == n0 && (rank < 2 || t->shape[1] == n1))
        return 0;
    for (size_t i = 0; i < t->rank; i++)
        n += (size_t)snprintf(found + n, sizeof found - n, "%s%zu", i ? "," : "", t->shape[i]);
    if (rank < 2)
        snprintf(want, sizeof want, "%zu", n0);
    else
        snprintf(want, sizeof want, "%zu,%zu", n0, n1);
    return at_fail(ld->err, AT_EFORMAT, "'%.*s' has shape (%s), want (%s)",
                   at_shown(t->name, MAX_SHOWN), t->name, found, want);
}

static int read_weight(struct loader *ld, struct at_weight *out, const struct at_tensor_view *t,
                       enum at_layout layout, size_t n_out, size_t n_in)
{
    bool is_out_major = layout == AT_OUT_MAJOR;
    struct at_weight w = { .dtype = AT_F32, .layout = layout, .n_out = n_out, .n_in = n_in };
    int rc = check_shape(ld, t, 2, is_out_major ? n_out : n_in, is_out_major ? n_in : n_out);

    if (!rc)
        rc = at_tensor_values(&w.data, &w.dtype, t, &ld->m->arena, ld->err);
    if (!rc)
        *out = w;
    return rc;
}

static int read_vector(struct loader *ld, struct at_vector *out, const struct at_tensor_view *t,
                       size_t n)
{
    const void *data;
    enum at_dtype dtype;
    int rc = check_shape(ld, t, 1, n, 0);

    if (rc || (rc = at_tensor_values(&data, &dtype, t, &ld->m->arena, ld->err)))
        return rc;
    if (dtype != AT_F32) {
        float *converted = at_arena_alloc(&ld->m->arena, n, sizeof *converted);
        at_to_f32(converted, data, dtype, n);
        data = converted;
    }
    *out = (struct at_vector){ data, n };
    return 0;
}

/* Has the module a bias, of any checkpoint of such a config? */
static bool has_bias(const struct at_config *c, enum at_module module)
{
    if (modules[module].kind == NORM)
        return !c->family->is_rms;
    return modules[module].kind == DENSE && !(c->no_bias & AT_MODULE_BIT(module));
}

static int load_module(struct loader *ld, enum at_module module, size_t layer, void *field)
{
    const struct module *mod = &modules[module];
    const struct parameter *parts = parameters[mod->kind];
    const struct at_config *c = &ld->m->config;
    enum at_layout layout = mod->part == LAYER ? c->family->layer_layout : AT_OUT_MAJOR;
    size_t n_out = dim_of(c, mod->n_out), n_in = dim_of(c, mod->n_in);
    const struct at_tensor_view *weight = find_parameter(ld, module, layer, &parts[0]);
    bool wants_bias = has_bias(c, module);
    const struct at_tensor_view *bias =
        wants_bias ? find_parameter(ld, module, layer, &parts[1]) : NULL;
    struct at_dense *dense = field;
    struct at_norm *norm = field;
    int rc = 0;

    if (!weight || (wants_bias && !bias))
        return 0; /* counted when it is of the trunk */
    switch (mod->kind) {
    case TABLE:
        return read_weight(ld, field, weight, AT_OUT_MAJOR, n_out, n_in);
    case DENSE:
        rc = read_weight(ld, &dense->w, weight, layout, n_out, n_in);
        return rc || !bias ? rc : read_vector(ld, &dense->b, bias, n_out);
    case NORM:
        rc = read_vector(ld, &norm->gain, weight, n_out);
        return rc || !bias ? rc : read_vector(ld, &norm->bias, bias, n_out);
    }
    return rc;
}

/* ELECTRA's embeddings meet a product only where they are of another width. */
static bool has_module(const struct at_config *c, enum at_module module)
{
    if (module == AT_EMBED_PROJECTION && !c->family->always_projects && c->embed_width == c->width)
        return false;
    return at_family_has(c->family, module);
}

static int load_part(struct loader *ld, enum part part, size_t layer)
{
    struct at_weights *w = &ld->m->weights;
    char *base = part == LAYER ? (char *)&w->layer[layer] : (char *)w;

    for (enum at_module i = 0; i < AT_MODULE_COUNT; i++) {
        if (!modules[i].role || modules[i].part != part || !has_module(&ld->m->config, i))
            continue;
        int rc = load_module(ld, i, layer, base + modules[i].field);
        if (rc)
            return rc;
    }
    return 0;
}

/* Has a role got the same values already, under this name or another? */
static bool is_used(const struct loader *ld, const struct at_tensor_view *t)
{
    for (size_t i = 0; i < ld->list.n; i++) {
        const struct at_mapping *m = &ld->list.items[i];
        if (m->state == AT_IS_MAPPED && at_tensors_find(ld->m->files, m->tensor)->data == t->data)
            return true;
    }
    return false;
}

/* A parameter of the LM head: its name in the file or, in *name_out, the one it should have. */
static const struct at_tensor_view *find_head(struct loader *ld, enum at_module module,
                                              const char *suffix, const char **name_out)
{
    const char *name = expand(ld, ld->m->config.family->module[module], 0, suffix);
    const char *alias = module == AT_LM_DECODER ? ld->m->config.family->decoder_alias : NULL;
    const struct at_tensor_view *t = find(ld, name);

    if (!t && alias)
        t = find(ld, expand(ld, alias, 0, suffix));
    *name_out = t ? t->name : name;
    return t;
}

/* The bias of the decoder, which real files have twice or under either name. */
static const struct at_tensor_view *find_decoder_bias(struct loader *ld)
{
    const char *name, *other;
    const struct at_tensor_view *bias = find_head(ld, AT_MLM_BIAS, ".bias", &name);
    const struct at_tensor_view *twin = find_head(ld, AT_LM_DECODER, ".bias", &other);

    if (!bias && twin) {
        bias = twin;
        name = other;
    }
    if (twin == bias)
        twin = NULL;
    note(ld, "masked-LM bias", name, bias ? AT_IS_MAPPED : AT_IS_MISSING);
    if (twin)
        note(ld, "masked-LM bias", other, AT_IS_TIED);
    return bias;
}

/* The decoder of an LM head: stored, or the word embeddings; a checkpoint that keeps the two apart
   and was saved without its decoder has none. */
static int load_decoder(struct loader *ld)
{
    const struct at_config *c = &ld->m->config;
    struct at_weights *w = &ld->m->weights;
    const char *name;
    const struct at_tensor_view *t = find_head(ld, AT_LM_DECODER, ".weight", &name), *bias;
    int rc = 0;

    if (at_family_has(c->family, AT_MLM_BIAS)) {
        bias = find_decoder_bias(ld);
        if (!bias || !w->mlm_transform.w.data || !w->mlm_norm.gain.data)
            return 0;
        rc = read_vector(ld, &w->lm_decoder.b, bias, c->vocab);
    }
    if (!rc && !t && c->is_untied) {
        note(ld, "LM decoder weight", name, AT_IS_MISSING);
        return 0;
    }
    w->lm_decoder.w = w->word_embed;
    if (!rc && t && !is_used(ld, t))
        rc = read_weight(ld, &w->lm_decoder.w, t, AT_OUT_MAJOR, c->vocab, c->embed_width);
    note(ld, "LM decoder weight", name, t && !is_used(ld, t) ? AT_IS_MAPPED : AT_IS_TIED);
    return rc;
}

/* The product before a classifier of whole texts, where the family has one; is it there? */
static int load_class_dense(struct loader *ld, bool *is_there)
{
    const struct at_family *f = ld->m->config.family;
    struct at_weights *w = &ld->m->weights;
    int rc = 0;

    if (at_family_has(f, AT_CLASS_DENSE))
        rc = load_part(ld, CLASSES, 0);
    else
        w->class_dense = w->pooler;
    *is_there = w->class_dense.w.data || f->class_activation == AT_EPI_NONE;
    return rc;
}

/* The weights of a classifier of tokens or whole texts, or NULL with the name they should have. */
static const struct at_tensor_view *find_classifier(struct loader *ld, bool is_of_texts,
                                                    const char **name_out)
{
    const char *own = ld->m->config.family->module[AT_CLASSIFIER];
    const char *const names[] = { is_of_texts ? own : "classifier", "classifier", "score" };
    const struct at_tensor_view *t = NULL;

    for (size_t i = 0; i < AT_COUNTOF(names) && !t; i++) {
        *name_out = names[i];
        t = find(ld, expand(ld, names[i], 0, ".weight"));
    }
    if (!t)
        *name_out = names[0];
    return t;
}

/* A classifier of tokens, or one of whole texts, which may have the same names and is nothing
   without what the family has before it. */
static int load_classifier(struct loader *ld)
{
    struct at_config *c = &ld->m->config;
    bool is_of_texts = strstr(c->architecture, "SequenceClassification") != NULL, is_whole = true;
    bool is_named = is_of_texts || strstr(c->architecture, "TokenClassification") != NULL;
    struct at_weights *w = &ld->m->weights;
    struct at_dense *d = is_of_texts ? &w->text_classifier : &w->classifier;
    const char *name;
    const struct at_tensor_view *t = find_classifier(ld, is_of_texts, &name), *bias;
    int rc = is_of_texts ? load_class_dense(ld, &is_whole) : 0;

    if (rc)
        return rc;
    if (!t || !is_whole || !(is_named || !*c->architecture)) {
        if (is_named && !t)
            note(ld, "classifier weight", expand(ld, name, 0, ".weight"), AT_IS_MISSING);
        at_config_set_labels(c, 0);
        return 0;
    }
    if (!c->n_labels && t->rank == 2 && t->shape[0] <= AT_MAX_LABELS)
        at_config_set_labels(c, t->shape[0]);
    note(ld, "classifier weight", t->name, AT_IS_MAPPED);
    rc = read_weight(ld, &d->w, t, AT_OUT_MAJOR, c->n_labels, c->width);
    bias = find(ld, expand(ld, name, 0, ".bias"));
    if (!rc && bias) {
        note(ld, "classifier bias", bias->name, AT_IS_MAPPED);
        rc = read_vector(ld, &d->b, bias, c->n_labels);
    }
    return rc;
}

/* A head that lacks a part cannot be computed: it counts as absent. */
static void drop_broken_heads(struct at_weights *w)
{
    static const struct at_dense no_dense;
    static const struct at_norm no_norm;

    if (!w->pooler.w.data)
        w->next_sentence = no_dense;
    if (!w->lm_decoder.w.data) {
        w->mlm_transform = no_dense;
        w->mlm_norm = no_norm;
    }
}

static bool has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), k = strlen(suffix);

    return n >= k && strcmp(s + n - k, suffix) == 0;
}

static bool is_buffer(const char *name)
{
    for (size_t i = 0; i < AT_COUNTOF(buffers); i++)
        if (has_suffix(name, buffers[i]))
            return true;
    return false;
}

/* Everything in the files that no role took. */
static void note_rest(struct loader *ld)
{
    size_t n_roles = ld->list.n;

    for (size_t i = 0; i < at_tensors_count(ld->m->files); i++) {
        const char *name = at_tensors_at(ld->m->files, i)->name;
        size_t j = 0;
        while (j < n_roles && ld->list.items[j].tensor != name)
            j++;
        if (j < n_roles)
            continue;
        note(ld, NULL, name, is_buffer(name) ? AT_IS_BUFFER : AT_IS_UNUSED);
    }
}

static bool is_of(const struct loader *ld, const char *name, enum at_module module)
{
    const char *own = ld->m->config.family->module[module];
    size_t n = own ? strlen(own) : 0;

    return own && !strncmp(name, own, n) &&
           (!strcmp(name + n, ".weight") || !strcmp(name + n, ".bias"));
}

/* An index may list what no shard has when the model does without: buffers, and the other name of a
   tensor that two roles share. */
static int check_absent(const struct loader *ld)
{
    const struct at_weights *w = &ld->m->weights;
    const char *prefix = ld->m->config.family->prefix;
    const struct at_absent_tensor *a;

    for (size_t i = 0; (a = at_tensors_absent(ld->m->files, i)); i++) {
        const char *name = at_tensor_name_bare(a->name, prefix);
        bool is_decoder = is_of(ld, name, AT_LM_DECODER) || is_of(ld, name, AT_MLM_BIAS);
        if (is_buffer(name) || (is_decoder && w->lm_decoder.w.data) ||
            is_of(ld, name, AT_WORD_EMBED))
            continue;
        return at_fail(ld->err, AT_EFORMAT, "the index lists '%.*s', which is not in '%.*s'",
                       at_shown(a->name, MAX_SHOWN), a->name, at_shown(a->file, MAX_SHOWN),
                       a->file);
    }
    return 0;
}

/* What is missing of the trunk, and the wrapper that may hide it. */
static int fail_missing(struct loader *ld)
{
    size_t common = at_tensor_names_common(&ld->names);
    const char *begin = common ? ld->names.items[0].name : "";
    char others[64] = "", hint[MAX_SHOWN + 64] = "";

    if (ld->n_missing > 1)
        snprintf(others, sizeof others, " and %zu more tensor%s", ld->n_missing - 1,
                 at_plural(ld->n_missing - 1));
    if (common && strncmp(ld->first_missing, begin, common) != 0)
        snprintf(hint, sizeof hint, "; all names in the file begin with '%.*s'",
                 at_shown(begin, AT_MIN(common, (size_t)MAX_SHOWN)), begin);
    return at_fail(ld->err, AT_EFORMAT, "'%.200s'%s %s missing%s", ld->first_missing, others,
                   ld->n_missing > 1 ? "are" : "is", hint);
}

/* A layer's own weights, or those that a layer before it has too. */
static int load_layer(struct loader *ld, size_t layer)
{
    const struct at_config *c = &ld->m->config;
    struct at_layer_weights *w = ld->m->weights.layer;

    for (size_t l = 0; l < layer && c->n_groups; l++)
        if (at_config_layer_group(c, l) == at_config_layer_group(c, layer) &&
            at_config_layer_place(c, l) == at_config_layer_place(c, layer)) {
            w[layer] = w[l];
            return 0;
        }
    return load_part(ld, LAYER, layer);
}

static int load(struct loader *ld)
{
    struct at_model *m = ld->m;
    size_t L = m->config.n_layers;
    int rc = at_tensor_names_make(&ld->names, m->files, m->config.family->prefix, ld->err);

    if (!rc)
        rc = load_part(ld, EMBED, 0);
    m->weights.layer = at_arena_calloc(&m->arena, L, sizeof *m->weights.layer);
    for (size_t l = 0; l < L && !rc; l++)
        rc = load_layer(ld, l);
    if (!rc)
        rc = load_part(ld, FINAL, 0);
    if (!rc && ld->n_missing)
        rc = fail_missing(ld);
    if (!rc && m->weights.distance_bias.data) {
        size_t P = m->config.max_positions;
        float *bias = at_arena_alloc(&m->arena, m->config.n_heads * (2 * P - 1), sizeof *bias);
        at_distance_bias(bias, &m->weights.distance_bias, P);
        m->weights.bias = bias;
    }
    if (rc || (rc = load_part(ld, HEAD, 0)) || (rc = load_decoder(ld)) ||
        (rc = load_classifier(ld)) || (rc = check_absent(ld)))
        return rc;
    drop_broken_heads(&m->weights);
    note_rest(ld);
    m->n_mappings = ld->list.n;
    m->mappings = at_arena_alloc(&m->arena, ld->list.n, sizeof *m->mappings);
    memcpy(m->mappings, ld->list.items, ld->list.n * sizeof *m->mappings);
    return 0;
}

int at_model_open(struct at_model *out, const char *dir, struct at_error *err)
{
    struct at_model m = { 0 };
    struct loader ld = { .m = &m, .err = err };
    int rc = at_config_read(&m.config, dir, err);

    if (!rc)
        rc = at_tensors_open(&m.files, dir, err);
    if (!rc && (rc = load(&ld)))
        at_error_in(err, "%s", dir);
    at_array_release(&ld.list);
    at_tensor_names_release(&ld.names);
    m.dir = at_strdup(dir);
    if (rc) {
        at_model_close(&m);
        return rc;
    }
    *out = m;
    return 0;
}

void at_model_close(struct at_model *m)
{
    at_config_release(&m->config);
    at_tensors_close(m->files);
    at_arena_release(&m->arena);
    free(m->dir);
    *m = (struct at_model){ 0 };
}

static void populate_layer(void *arg, size_t layer, size_t slot)
{
    const struct at_layer_weights *w = (const struct at_layer_weights *)arg + layer;
    const struct at_weight *all[] = { &w->q.w,        &w->k.w,        &w->v.w,      &w->qkv.w,
                                      &w->attn_out.w, &w->ffn_gate.w, &w->ffn_in.w, &w->ffn_out.w };

    (void)slot;
    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        if (all[i]->data)
            at_populate(all[i]->data, all[i]->n_out * all[i]->n_in * at_dtype_size(all[i]->dtype));
}

void at_model_populate(const struct at_model *m, struct at_pool *pool)
{
    at_pool_run(pool, m->config.n_layers, populate_layer, m->weights.layer);
}

const float *at_model_bias(const struct at_model *m)
{
    return m->weights.bias ? m->weights.bias + m->config.max_positions - 1 : NULL;
}

size_t at_model_n_parameters(const struct at_model *m)
{
    size_t total = 0;

    for (size_t i = 0; i < m->n_mappings; i++) {
        if (m->mappings[i].state != AT_IS_MAPPED)
            continue;
        const struct at_tensor_view *t = at_tensors_find(m->files, m->mappings[i].tensor);
        size_t n = 1;
        for (size_t d = 0; d < t->rank; d++)
            n *= t->shape[d];
        total += n;
    }
    return total;
}

const char *at_mapping_state_name(enum at_mapping_state state)
{
    static const char *const names[] = { "mapped", "unused", "missing", "tied", "buffer" };

    return names[state];
}
