/*
 * config.c - see config.h.
 *
 * What would silently change the numbers (another attention, pruned heads, an activation we do not
 * have) is refused here; what only concerns training is not looked at.
 */
#include "model/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "io/json.h"
#include "model/config_keys.h"
#include "ops/shapes.h"

static const struct {
    const char *name;
    enum at_epilogue form;
} activations[] = {
    { "gelu", AT_EPI_GELU_ERF },       { "gelu_python", AT_EPI_GELU_ERF },
    { "gelu_new", AT_EPI_GELU_TANH },  { "gelu_pytorch_tanh", AT_EPI_GELU_TANH },
    { "gelu_fast", AT_EPI_GELU_TANH }, { "gelu_accurate", AT_EPI_GELU_TANH },
    { "relu", AT_EPI_RELU },           { "silu", AT_EPI_SILU },
    { "swish", AT_EPI_SILU },
};

static int read_size(struct at_config *c, const struct at_json *doc, const struct at_size_key *k,
                     struct at_error *err)
{
    size_t *out = (size_t *)(void *)((char *)c + k->field), alias = 0;
    int rc = at_key_size(out, doc, k->key, k->min, k->max, 0, err);

    if (!rc && k->alias)
        rc = at_key_size(&alias, doc, k->alias, k->min, k->max, 0, err);
    if (rc)
        return rc;
    if (*out && alias && *out != alias)
        return at_fail(err, AT_EFORMAT, "'%s' is %zu and '%s', which means the same, %zu", k->key,
                       *out, k->alias, alias);
    *out = *out ? *out : alias;
    if (!*out && k->old && (rc = at_key_size(out, doc, k->old, k->min, k->max, 0, err)))
        return rc;
    if (!*out && k->fallback == AT_NO_SIZE)
        return 0;
    if (!*out)
        *out = k->fallback_in_widths ? k->fallback_in_widths * c->width : k->fallback;
    return *out ? 0 : at_fail(err, AT_EFORMAT, "'%s' is missing", k->key);
}

/* Which rows of the position table a text's tokens have. */
static int read_positions(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const struct at_family *f = c->family;
    const struct at_json *v = at_json_get(doc, "pad_token_id");

    c->first_position = f->first_position;
    c->padding = -1;
    if (f->positions_follow_padding) {
        long long id = f->is_pad_fixed || at_json_is_null(v) ? f->pad_id : at_json_integer(v, -1);
        if (id < 0 || id >= (long long)c->vocab)
            return at_fail(err, AT_ERANGE,
                           "'pad_token_id' is no token of %zu, and positions follow it", c->vocab);
        c->padding = (int)id;
        c->first_position = (size_t)id + 1;
    }
    if (f->counts_tokens)
        return 0;
    if (c->max_positions <= c->first_position)
        return at_fail(err, AT_ERANGE, "%zu positions, of which the first %zu are of no token",
                       c->max_positions, c->first_position);
    c->max_positions -= c->first_position;
    return 0;
}

static int read_sizes(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    for (const struct at_size_key *k = c->family->sizes; k->key; k++) {
        int rc = read_size(c, doc, k, err);
        if (rc)
            return rc;
    }
    if (!c->head_width && c->width % c->n_heads)
        return at_fail(err, AT_EFORMAT, "width %zu is not a multiple of %zu heads", c->width,
                       c->n_heads);
    if (!c->head_width)
        c->head_width = c->width / c->n_heads;
    if (c->n_key_heads && c->n_heads % c->n_key_heads)
        return at_fail(err, AT_EFORMAT, "%zu heads of keys do not share out %zu heads",
                       c->n_key_heads, c->n_heads);
    c->embed_width = c->embed_width ? c->embed_width : c->width;
    if (c->group_depth) /* what the file counts are passes over a group */
        c->n_layers *= c->group_depth;
    if (c->n_layers > AT_MAX_LAYERS)
        return at_fail(err, AT_ERANGE, "%zu layers, want 1 to %d", c->n_layers, AT_MAX_LAYERS);
    return read_positions(c, doc, err);
}

size_t at_config_layer_group(const struct at_config *c, size_t layer)
{
    if (!c->n_groups)
        return layer;
    double passes = (double)(c->n_layers / c->group_depth);
    size_t pass = layer / c->group_depth;
    return (size_t)((double)pass / (passes / (double)c->n_groups));
}

size_t at_config_layer_place(const struct at_config *c, size_t layer)
{
    return c->n_groups ? layer % c->group_depth : 0;
}

bool at_config_takes_pairs(const struct at_config *c)
{
    return c->family->pairs_are_plain || c->n_segments > 1;
}

/* "'bert' or 'gpt2'", for messages. */
static char *family_list(void)
{
    struct at_strbuf b = { 0 };
    const struct at_family *f;

    for (size_t i = 0; (f = at_family_at(i)); i++)
        at_strbuf_addf(&b, "%s'%s'",
                       i == 0                ? ""
                       : at_family_at(i + 1) ? ", "
                                             : " or ",
                       f->model_type);
    return at_strbuf_take(&b);
}

static int read_family(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const char *type = at_json_text(at_json_get(doc, "model_type"), NULL);
    char *wanted;
    int rc;

    c->family = at_family_find(type);
    if (c->family) {
        c->is_causal = c->family->is_causal;
        c->has_summary_token = c->family->has_summary_token;
        return 0;
    }
    wanted = family_list();
    if (!type)
        rc = at_fail(err, AT_EFORMAT, "'model_type' is missing, want %s", wanted);
    else
        rc = at_fail(err, AT_EFORMAT, "model type '%.*s' is not supported, want %s",
                     at_shown(type, AT_CONFIG_SHOWN), type, wanted);
    free(wanted);
    return rc;
}

static int read_activation(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const char *key = c->family->activation_key, *name;
    int rc = at_key_word(&name, doc, key, c->family->activation, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < AT_COUNTOF(activations); i++)
        if (strcmp(name, activations[i].name) == 0) {
            c->activation = activations[i].form;
            c->head_activation =
                c->family->head_activation ? c->family->head_activation : c->activation;
            return 0;
        }
    return at_fail(err, AT_EFORMAT, "'%s' is '%.*s', want 'gelu', 'gelu_new', 'relu' or 'silu'",
                   key, at_shown(name, AT_CONFIG_SHOWN), name);
}

/* Those of one family. */
static int refuse_settings(const struct at_config *c, const struct at_json *doc,
                           struct at_error *err)
{
    const struct at_family *f = c->family;
    size_t twin = c->width;
    bool value;
    int rc = 0;

    for (const struct at_fixed_key *k = f->fixed; k && k->key; k++) {
        if ((rc = at_key_flag(&value, doc, k->key, k->value, err)))
            return rc;
        if (value != k->value)
            return at_fail(err, AT_EFORMAT, "'%s' is %s, want %s", k->key, value ? "true" : "false",
                           k->value ? "true" : "false");
    }
    if (f->width_twin)
        rc = at_key_size(&twin, doc, f->width_twin, 1, AT_MAX_WIDTH, c->width, err);
    if (!rc && twin != c->width)
        return at_fail(err, AT_EFORMAT, "'%s' is %zu, want the width of %zu", f->width_twin, twin,
                       c->width);
    return rc;
}

/* Settings under which the same weights would mean another computation than ours. */
static int refuse_variants(const struct at_config *c, const struct at_json *doc,
                           struct at_error *err)
{
    const char *positions;
    bool is_decoder, is_crossed;
    int rc = at_key_word(&positions, doc, "position_embedding_type", "absolute", err);

    if (rc || (rc = at_key_flag(&is_decoder, doc, "is_decoder", false, err)) ||
        (rc = at_key_flag(&is_crossed, doc, "add_cross_attention", false, err)))
        return rc;
    if (strcmp(positions, "absolute") != 0)
        return at_fail(err, AT_EFORMAT, "'position_embedding_type' is '%.*s', want 'absolute'",
                       at_shown(positions, AT_CONFIG_SHOWN), positions);
    if (is_decoder)
        return at_fail(err, AT_EFORMAT, "'is_decoder' is true, want an encoder or plain GPT-2");
    if (is_crossed)
        return at_fail(err, AT_EFORMAT, "'add_cross_attention' is true, want a model without");
    if (at_json_count(at_json_get(doc, "quantization_config")))
        return at_fail(err, AT_EFORMAT,
                       "'quantization_config' is there: want weights that are not "
                       "quantised");
    if (at_json_count(at_json_get(doc, "pruned_heads")))
        return at_fail(err, AT_EFORMAT, "'pruned_heads' is not empty: want every head");
    return refuse_settings(c, doc, err);
}

static int read_eps(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const char *key = c->family->eps_key;
    const struct at_json *v = key ? at_json_get(doc, key) : NULL;

    c->norm_eps = at_json_number(v, c->family->eps);
    if ((!at_json_is_null(v) && !at_json_is_number(v)) || !(c->norm_eps > 0 && c->norm_eps < 1))
        return at_fail(err, AT_ERANGE, "'%s' is not a number between 0 and 1", key);
    return 0;
}

/* GPT-2's scales of the scores beside 1 / sqrt(D), or in its place. */
static int read_scales(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    bool is_scaled;
    int rc;

    c->no_scale = c->family->is_unscaled;
    if (!c->family->has_score_scales)
        return 0;
    rc = at_key_flag(&c->scale_by_layer, doc, "scale_attn_by_inverse_layer_idx", false, err);
    if (rc || (rc = at_key_flag(&is_scaled, doc, "scale_attn_weights", true, err)))
        return rc;
    c->no_scale = !is_scaled;
    return 0;
}

/* Which modules have a bias, and whether the blocks of a layer stand side by side. */
static int read_blocks(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const struct at_family *f = c->family;
    bool has_bias;
    int rc = 0;

    c->no_bias = f->no_bias;
    for (const struct at_bias_key *k = f->biases; k && k->key && !rc; k++) {
        rc = at_key_flag(&has_bias, doc, k->key, k->fallback, err);
        if (!rc && !has_bias)
            c->no_bias |= k->modules;
    }
    if (!rc && f->parallel_key)
        rc = at_key_flag(&c->is_parallel, doc, f->parallel_key, true, err);
    return rc;
}

/* A token id, or the first of a list of them; -1 when it names no row of the vocabulary. */
static int token_id(const struct at_config *c, const struct at_json *v)
{
    long long id = at_json_integer(at_json_is_array(v) ? at_json_at(v, 0) : v, -1);

    return id >= 0 && id < (long long)c->vocab ? (int)id : -1;
}

void at_config_set_labels(struct at_config *c, size_t n)
{
    for (size_t i = 0; i < c->n_labels; i++)
        free(c->labels[i]);
    free(c->labels);
    c->labels = n ? at_calloc(n, sizeof *c->labels) : NULL;
    c->n_labels = n;
    for (size_t i = 0; i < n; i++)
        c->labels[i] = at_asprintf("LABEL_%zu", i);
}

static int read_label_names(struct at_config *c, const struct at_json *id2label,
                            struct at_error *err)
{
    const struct at_json *name;

    for (const char *key = NULL; (key = at_json_next(id2label, key, &name));) {
        char *end;
        unsigned long i = strtoul(key, &end, 10);
        if (*key < '0' || *key > '9' || *end || i >= c->n_labels)
            return at_fail(err, AT_EFORMAT, "'id2label' has the key '%.*s', want 0 to %zu",
                           at_shown(key, AT_CONFIG_SHOWN), key, c->n_labels - 1);
        if (at_json_is_string(name)) {
            free(c->labels[i]);
            c->labels[i] = at_strdup(at_json_text(name, ""));
        }
    }
    return 0;
}

static int read_labels(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const struct at_json *id2label = at_json_get(doc, "id2label");
    const struct at_json *count = at_json_get(doc, "num_labels");
    const struct at_json *thresholds = at_json_get(doc, "label_thresholds");
    const char *problem;
    long long n = at_json_is_object(id2label) ? (long long)at_json_count(id2label)
                                              : at_json_integer(count, 0);
    int rc = at_key_word(&problem, doc, "problem_type", "", err);

    if (rc)
        return rc;
    if (!at_json_is_null(id2label) && !at_json_is_object(id2label))
        return at_fail(err, AT_EFORMAT, "'id2label' is not an object of ids and names");
    if (!at_json_is_null(count) && !at_json_is_integer(count))
        return at_fail(err, AT_EFORMAT, "'num_labels' is not a whole number");
    if (n < 0 || n > AT_MAX_LABELS)
        return at_fail(err, AT_ERANGE, "%lld labels, want 0 to %d", n, AT_MAX_LABELS);
    at_config_set_labels(c, (size_t)n);
    if (at_json_is_object(id2label) && (rc = read_label_names(c, id2label, err)))
        return rc;
    c->is_multi_label = strcmp(problem, "multi_label_classification") == 0;
    c->is_regression = strcmp(problem, "regression") == 0 || (!*problem && c->n_labels == 1);
    if (at_json_is_null(thresholds))
        return 0;
    if (!at_json_is_array(thresholds))
        return at_fail(err, AT_EFORMAT, "'label_thresholds' is not an array");
    if (!c->n_labels && at_json_count(thresholds) <= AT_MAX_LABELS)
        at_config_set_labels(c, at_json_count(thresholds));
    if (at_json_count(thresholds) != c->n_labels)
        return at_fail(err, AT_EFORMAT, "'label_thresholds' has %zu value%s, want %zu",
                       at_json_count(thresholds), at_plural(at_json_count(thresholds)),
                       c->n_labels);
    if (!c->n_labels)
        return 0;
    c->label_thresholds = at_calloc(c->n_labels, sizeof *c->label_thresholds);
    for (size_t i = 0; i < c->n_labels; i++) {
        double t = at_json_number(at_json_at(thresholds, i), NAN);
        if (!(t >= 0 && t <= 1))
            return at_fail(err, AT_ERANGE, "'label_thresholds' value %zu is not between 0 and 1",
                           i);
        c->label_thresholds[i] = t;
    }
    return 0;
}

/* A line for people, so nothing in it may steer a terminal. */
static int read_caution(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    const char *text;
    int rc = at_key_word(&text, doc, "atlas_caution", NULL, err);

    if (rc || !text)
        return rc;
    for (const unsigned char *s = (const unsigned char *)text; *s; s++)
        if (*s < ' ' || *s == 127)
            return at_fail(err, AT_EFORMAT, "'atlas_caution' has a control character");
    c->caution = at_strdup(text);
    return 0;
}

static int parse(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    bool is_tied;
    int rc;

    if (!at_json_is_object(doc))
        return at_fail(err, AT_EFORMAT, "not a JSON object");
    if ((rc = read_family(c, doc, err)) || (rc = read_sizes(c, doc, err)) ||
        (rc = read_activation(c, doc, err)) || (rc = refuse_variants(c, doc, err)) ||
        (rc = read_eps(c, doc, err)) || (rc = read_scales(c, doc, err)) ||
        (rc = read_blocks(c, doc, err)) || (rc = at_config_read_windows(c, doc, err)) ||
        (rc = at_config_read_rotary(c, doc, err)) || (rc = read_labels(c, doc, err)) ||
        (rc = read_caution(c, doc, err)) ||
        (rc = at_key_flag(&is_tied, doc, "tie_word_embeddings", !c->family->is_untied, err)))
        return rc;
    c->is_untied = !is_tied;
    c->pad_id = token_id(c, at_json_get(doc, "pad_token_id"));
    c->bos_id = token_id(c, at_json_get(doc, "bos_token_id"));
    c->eos_id = token_id(c, at_json_get(doc, "eos_token_id"));
    c->architecture = at_strdup(at_json_text(at_json_at(at_json_get(doc, "architectures"), 0), ""));
    return 0;
}

int at_config_read(struct at_config *out, const char *dir, struct at_error *err)
{
    struct at_config c = { 0 };
    struct at_json *doc = NULL;
    char *path = at_path_join(dir, "config.json");
    int rc = at_json_read(&doc, path, err);

    if (!rc && (rc = parse(&c, doc, err)))
        at_error_in(err, "%s", path);
    at_json_free(doc);
    free(path);
    if (rc)
        at_config_release(&c);
    else
        *out = c;
    return rc;
}

size_t at_query_width(const struct at_config *c)
{
    return c->n_heads * c->head_width;
}

size_t at_key_width(const struct at_config *c)
{
    return at_query_width(c) / at_key_group(c);
}

size_t at_key_group(const struct at_config *c)
{
    return c->n_key_heads ? AT_MAX(c->n_heads / c->n_key_heads, (size_t)1) : 1;
}

void at_config_release(struct at_config *c)
{
    at_config_set_labels(c, 0);
    free(c->label_thresholds);
    free(c->architecture);
    free(c->windows);
    free(c->rotary.angle);
    free(c->caution);
    *c = (struct at_config){ 0 };
}
