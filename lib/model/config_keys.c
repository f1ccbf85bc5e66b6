/*
 * config_keys.c - see config_keys.h.
 */
#include "model/config_keys.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/shapes.h"

int at_key_word(const char **out, const struct at_json *doc, const char *key, const char *fallback,
                struct at_error *err)
{
    const struct at_json *v = at_json_get(doc, key);

    if (!at_json_is_null(v) && !at_json_is_string(v))
        return at_fail(err, AT_EFORMAT, "'%s' is not a string", key);
    *out = at_json_text(v, fallback);
    return 0;
}

int at_key_flag(bool *out, const struct at_json *doc, const char *key, bool fallback,
                struct at_error *err)
{
    const struct at_json *v = at_json_get(doc, key);

    if (!at_json_is_null(v) && !at_json_is_bool(v))
        return at_fail(err, AT_EFORMAT, "'%s' is neither true nor false", key);
    *out = at_json_truth(v, fallback);
    return 0;
}

int at_key_real(double *out, const struct at_json *doc, const char *key, double fallback,
                struct at_error *err)
{
    const struct at_json *v = at_json_get(doc, key);

    if (!at_json_is_null(v) && !at_json_is_number(v))
        return at_fail(err, AT_EFORMAT, "'%s' is not a number", key);
    *out = at_json_number(v, fallback);
    return 0;
}

int at_key_size(size_t *out, const struct at_json *doc, const char *key, size_t min, size_t max,
                size_t fallback, struct at_error *err)
{
    const struct at_json *v = at_json_get(doc, key);
    double x;

    *out = fallback;
    if (at_json_is_null(v))
        return 0;
    if (!at_json_is_number(v))
        return at_fail(err, AT_EFORMAT, "'%s' is not a number", key);
    x = at_json_number(v, NAN);
    if (!(x >= (double)min && x <= (double)max) || x != floor(x))
        return at_fail(err, AT_ERANGE, "'%s' is %.15g, want a whole number from %zu to %zu", key, x,
                       min, max);
    *out = (size_t)x;
    return 0;
}

/* ---- windows ---- */

static int no_kind(const char *key, const char *found, const char *want, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "'%s' has '%.*s', want %s", key,
                   at_shown(found, AT_CONFIG_SHOWN), found, want);
}

static int bad_layers(const char *key, size_t n, size_t n_layers, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "'%s' is of %zu layer%s, the model has %zu", key, n,
                   at_plural(n), n_layers);
}

/* GPT-Neo: [[["global", "local"], 6]], which is repeated that often. */
static int read_attention_types(struct at_config *c, const struct at_json *doc, size_t window,
                                struct at_error *err)
{
    static const char key[] = "attention_types";
    const struct at_json *types = at_json_get(doc, key);
    size_t layer = 0;

    if (at_json_is_null(types)) {
        for (; layer < c->n_layers; layer++)
            c->windows[layer] = layer % 2 ? window : 0;
        return 0;
    }
    if (!at_json_is_array(types))
        return at_fail(err, AT_EFORMAT, "'%s' is not an array", key);
    for (size_t i = 0; i < at_json_count(types); i++) {
        const struct at_json *names = at_json_at(at_json_at(types, i), 0);
        long long n = at_json_integer(at_json_at(at_json_at(types, i), 1), -1);
        size_t n_names = at_json_is_array(names) ? at_json_count(names) : 0;
        if (n < 0 || n > AT_MAX_LAYERS || !n_names)
            return at_fail(err, AT_EFORMAT, "'%s' is no list of names and how often they come",
                           key);
        for (size_t k = 0; k < (size_t)n * n_names; k++, layer++) {
            const char *name = at_json_text(at_json_at(names, k % n_names), "");
            bool is_local = !strcmp(name, "local");
            if (!is_local && strcmp(name, "global") != 0)
                return no_kind(key, name, "'global' or 'local'", err);
            if (layer < c->n_layers)
                c->windows[layer] = is_local ? window : 0;
        }
    }
    return layer == c->n_layers ? 0 : bad_layers(key, layer, c->n_layers, err);
}

/* Qwen: the layers from max_window_layers on, or those that layer_types names. */
static int read_layer_types(struct at_config *c, const struct at_json *doc, size_t window,
                            struct at_error *err)
{
    static const char key[] = "layer_types";
    const struct at_json *types = at_json_get(doc, key);
    size_t first, n = at_json_count(types);
    int rc = at_key_size(&first, doc, "max_window_layers", 0, AT_MAX_LAYERS, 28, err);

    if (!at_json_is_null(types) && (!at_json_is_array(types) || n != c->n_layers))
        return bad_layers(key, n, c->n_layers, err);
    for (size_t l = 0; l < c->n_layers && !rc; l++) {
        const char *fallback = l >= first && window ? "sliding_attention" : "full_attention";
        const char *name = at_json_text(at_json_at(types, l), fallback);
        bool slides = !strcmp(name, "sliding_attention");
        if (!slides && strcmp(name, "full_attention") != 0)
            return no_kind(key, name, "'full_attention' or 'sliding_attention'", err);
        if (slides && !window)
            return at_fail(err, AT_EFORMAT,
                           "'%s' has 'sliding_attention', but 'use_sliding_window' is false", key);
        c->windows[l] = slides ? window : 0;
    }
    return rc;
}

int at_config_read_windows(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    enum at_window_kind kind = c->family->window;
    const char *key = kind == AT_WINDOW_ATTENTION_TYPES ? "window_size" : "sliding_window";
    const struct at_json *given = at_json_get(doc, key);
    size_t window;
    bool is_used = true;
    int rc;

    if (kind == AT_WINDOW_NONE)
        return 0;
    rc = at_key_size(&window, doc, key, 1, AT_MAX_POSITIONS, given ? 0 : c->family->window_size,
                     err);
    if (!rc && kind == AT_WINDOW_LAYER_TYPES)
        rc = at_key_flag(&is_used, doc, "use_sliding_window", false, err);
    if (rc)
        return rc;
    window = is_used ? window : 0;
    c->windows = at_calloc(c->n_layers, sizeof *c->windows);
    if (kind == AT_WINDOW_ATTENTION_TYPES)
        return read_attention_types(c, doc, window, err);
    if (kind == AT_WINDOW_LAYER_TYPES)
        return read_layer_types(c, doc, window, err);
    for (size_t l = 0; l < c->n_layers; l++)
        c->windows[l] = window;
    return 0;
}
