/*
 * pooling.c - see pooling.h.
 */
#include "session/pooling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "io/json.h"

static const struct {
    const char *name, *key;
} modes[AT_N_POOLING_MODES] = {
    [AT_POOL_CLS] = { "cls", "pooling_mode_cls_token" },
    [AT_POOL_MAX] = { "max", "pooling_mode_max_tokens" },
    [AT_POOL_MEAN] = { "mean", "pooling_mode_mean_tokens" },
    [AT_POOL_MEAN_SQRT_LEN] = { "mean_sqrt_len", "pooling_mode_mean_sqrt_len_tokens" },
    [AT_POOL_WEIGHTEDMEAN] = { "weightedmean", "pooling_mode_weightedmean_tokens" },
    [AT_POOL_LASTTOKEN] = { "lasttoken", "pooling_mode_lasttoken" },
};

/* --- files --- */

/* modules.json of a directory; *out NULL without one. */
static int read_modules(struct at_json **out, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, "modules.json");
    int rc = 0;

    *out = NULL;
    if (at_path_is_file(path))
        rc = at_json_read(out, path, err);
    if (!rc && *out && !at_json_count(*out)) {
        rc = at_fail(err, AT_EFORMAT, "%s lists no modules", path);
        at_json_free(*out);
        *out = NULL;
    }
    free(path);
    return rc;
}

static const char *text_of(const struct at_json *module, const char *key)
{
    return at_json_text(at_json_get(module, key), "");
}

/* "Pooling" of "sentence_transformers.models.Pooling". */
static const char *kind_of(const struct at_json *module)
{
    const char *type = text_of(module, "type"), *dot = strrchr(type, '.');

    return dot ? dot + 1 : type;
}

int at_pooling_model_dir(char **out, const char *dir, struct at_error *err)
{
    struct at_json *modules;
    const struct at_json *first;
    int rc = read_modules(&modules, dir, err);

    *out = NULL;
    if (rc || !modules)
        return rc;
    first = at_json_at(modules, 0);
    if (strcmp(kind_of(first), "Transformer") != 0)
        rc = at_fail(err, AT_EFORMAT, "%s/modules.json: module 0 is '%s', want a Transformer", dir,
                     text_of(first, "type"));
    else
        *out = at_path_join(dir, text_of(first, "path"));
    at_json_free(modules);
    return rc;
}

/* A key that is true and none of the modes. */
static const char *unknown_mode(const struct at_json *config)
{
    const struct at_json *value;

    for (const char *key = NULL; (key = at_json_next(config, key, &value));) {
        size_t i = 0;
        if (strncmp(key, "pooling_mode_", strlen("pooling_mode_")) != 0 ||
            !at_json_truth(value, false))
            continue;
        while (i < AT_N_POOLING_MODES && strcmp(modes[i].key, key) != 0)
            i++;
        if (i == AT_N_POOLING_MODES)
            return key;
    }
    return NULL;
}

/* Newer files name the modes in one key, "mean" or a list. */
static bool is_named(const struct at_json *config, const char *name)
{
    const struct at_json *mode = at_json_get(config, "pooling_mode");
    bool is_it = !strcmp(at_json_text(mode, ""), name);

    for (size_t i = 0; !at_json_is_string(mode) && i < at_json_count(mode); i++)
        is_it |= !strcmp(at_json_text(at_json_at(mode, i), ""), name);
    return is_it;
}

static int read_pooling(struct at_pooling *p, const char *dir, struct at_arena *arena,
                        struct at_error *err)
{
    char *path = at_path_join(dir, "config.json");
    struct at_json *config = NULL;
    struct at_strbuf name = { 0 };
    const char *unknown;
    int rc = at_json_read(&config, path, err);

    for (size_t i = 0; !rc && i < AT_N_POOLING_MODES; i++)
        if (at_json_truth(at_json_get(config, modes[i].key), false) ||
            is_named(config, modes[i].name)) {
            at_strbuf_addf(&name, "%s%s", p->modes ? "+" : "", modes[i].name);
            p->modes |= 1u << i;
        }
    unknown = rc ? NULL : unknown_mode(config);
    if (unknown)
        rc = at_fail(err, AT_EFORMAT, "%s: '%s' is not known", path, unknown);
    else if (!rc && !p->modes)
        rc = at_fail(err, AT_EFORMAT, "%s has no pooling mode", path);
    p->name = at_arena_strdup(arena, at_strbuf_str(&name));
    at_strbuf_release(&name);
    at_json_free(config);
    free(path);
    return rc;
}

int at_pooling_read(struct at_pooling *out, const char *dir, struct at_arena *arena,
                    struct at_error *err)
{
    struct at_pooling p = { 0 };
    struct at_json *modules;
    int rc = read_modules(&modules, dir, err);

    *out = p;
    if (rc || !modules)
        return rc;
    for (size_t i = 1; !rc && i < at_json_count(modules); i++) {
        const struct at_json *m = at_json_at(modules, i);
        const char *kind = kind_of(m);
        char *path = at_path_join(dir, text_of(m, "path"));
        if (!strcmp(kind, "Pooling") && !p.modes)
            rc = read_pooling(&p, path, arena, err);
        else if (!strcmp(kind, "Normalize") && p.modes)
            p.normalizes = true;
        else if (!p.missing)
            p.missing = at_arena_printf(arena, "module %zu, %s '%s'", i, text_of(m, "type"),
                                        text_of(m, "path"));
        free(path);
    }
    at_json_free(modules);
    if (!rc)
        *out = p;
    return rc;
}

/* --- vectors --- */

size_t at_pooling_size(const struct at_pooling *p, size_t C)
{
    size_t n = 0;

    for (size_t i = 0; i < AT_N_POOLING_MODES; i++)
        n += p->modes >> i & 1;
    return n * C;
}

/* What one mode makes of a column of states. */
static double pool_column(enum at_pooling_mode mode, const float *x, size_t T, size_t C)
{
    double sum = 0.0, weighted = 0.0, most = -INFINITY;

    if (mode == AT_POOL_CLS)
        return (double)x[0];
    if (mode == AT_POOL_LASTTOKEN)
        return (double)x[(T - 1) * C];
    for (size_t t = 0; t < T; t++) {
        double v = (double)x[t * C];
        sum += v;
        weighted += v * (double)(t + 1);
        most = fmax(most, v);
    }
    switch (mode) {
    case AT_POOL_MAX:
        return most;
    case AT_POOL_MEAN_SQRT_LEN:
        return sum / sqrt((double)T);
    case AT_POOL_WEIGHTEDMEAN:
        return weighted / ((double)T * ((double)T + 1.0) / 2.0);
    default:
        return sum / (double)T;
    }
}

double at_pool(double *out, const struct at_pooling *p, const float *hidden, size_t T, size_t C)
{
    size_t n = 0;
    double square = 0.0, length;

    for (int mode = 0; mode < AT_N_POOLING_MODES; mode++)
        for (size_t c = 0; c < C && (p->modes >> mode & 1); c++)
            out[n++] = pool_column((enum at_pooling_mode)mode, hidden + c, T, C);
    for (size_t i = 0; i < n; i++)
        square += out[i] * out[i];
    length = sqrt(square);
    for (size_t i = 0; i < n && p->normalizes; i++)
        out[i] /= fmax(length, 1e-12);
    return length;
}
