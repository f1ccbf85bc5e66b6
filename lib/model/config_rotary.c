/*
 * config_rotary.c - the angles of rotary positions (config_keys.h), in floats as the models were
 * trained with them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "model/config_keys.h"
#include "ops/shapes.h"

/* What the keys say, whichever of them say it. */
struct reading {
    const struct at_json *doc, *parts; /* rope_parameters or rope_scaling; NULL: neither */
    const char *key;                   /* that one's name */
    double theta, share, factor;
    size_t dims, n_original; /* positions that the model was first trained on */
};

/* The parameters of transformers 5, or the scaling of those before; none is as good as null. */
static void find_parts(struct reading *r)
{
    static const char *const keys[] = { "rope_scaling", "rope_parameters" };

    for (size_t i = 0; i < AT_COUNTOF(keys) && !r->parts; i++) {
        const struct at_json *v = at_json_get(r->doc, keys[i]);
        if (!at_json_is_null(v) && (!at_json_is_object(v) || at_json_count(v))) {
            r->parts = v;
            r->key = keys[i];
        }
    }
}

/* A number of the parts, else of the document under its classic name, else the fallback. */
static int read_either(double *out, const struct reading *r, const char *name, const char *classic,
                       double fallback, struct at_error *err)
{
    int rc = classic ? at_key_real(&fallback, r->doc, classic, fallback, err) : 0;

    return rc ? rc : at_key_real(out, r->parts, name, fallback, err);
}

/* Angles that differ from layer to layer lie one object deeper. */
static int check_flat(const struct reading *r, struct at_error *err)
{
    const struct at_json *value;

    if (r->parts && !at_json_is_object(r->parts))
        return at_fail(err, AT_EFORMAT, "'%s' is not an object", r->key);
    for (const char *key = NULL; (key = at_json_next(r->parts, key, &value));)
        if (at_json_is_object(value))
            return at_fail(err, AT_EFORMAT, "'%s' has the object '%.*s', want one for all layers",
                           r->key, at_shown(key, AT_CONFIG_SHOWN), key);
    return 0;
}

static int read_shape(struct reading *r, const struct at_config *c, struct at_error *err)
{
    static const char share[] = "partial_rotary_factor";
    const struct at_family *f = c->family;
    int rc = read_either(&r->theta, r, "rope_theta", f->theta_key, 10000.0, err);

    if (!rc)
        rc = read_either(&r->share, r, share, f->share_key ? f->share_key : share, f->rotary_share,
                         err);
    if (rc)
        return rc;
    if (!(r->theta > 1.0 && r->theta < 1e12))
        return at_fail(err, AT_ERANGE, "'%s' is %g, want a number over 1", f->theta_key, r->theta);
    if (!(r->share > 0.0 && r->share <= 1.0) || (!f->share_key && r->share != f->rotary_share))
        return at_fail(err, AT_EFORMAT, "'%s' is %g, want %s", f->share_key ? f->share_key : share,
                       r->share, f->share_key ? "a number over 0, at most 1" : "1");
    r->dims = (size_t)((double)c->head_width * r->share);
    if (r->dims == 0 || r->dims % 2)
        return at_fail(err, AT_EFORMAT,
                       "%zu of %zu columns of a head are turned, want an even number", r->dims,
                       c->head_width);
    return 0;
}

/* A parameter that a kind of scaling cannot do without. */
static int read_needed(double *out, const struct reading *r, const char *name, struct at_error *err)
{
    int rc = at_key_real(out, r->parts, name, NAN, err);

    if (!rc && !(*out > 0.0))
        return at_fail(err, AT_EFORMAT, "'%s' has no '%s' over 0", r->key, name);
    return rc;
}

static float power(double base, float exponent)
{
    return (float)pow((double)(float)base, (double)exponent);
}

static void fill_default(float *angle, const struct reading *r)
{
    for (size_t i = 0; i < r->dims / 2; i++)
        angle[i] = 1.0f / power(r->theta, (float)(2 * i) / (float)r->dims);
}

/* Long waves are stretched, short ones are not, those between in part. */
static int fill_llama3(float *angle, const struct reading *r, struct at_error *err)
{
    double low, high;
    int rc = read_needed(&low, r, "low_freq_factor", err);

    if (rc || (rc = read_needed(&high, r, "high_freq_factor", err)))
        return rc;
    fill_default(angle, r);
    float n = (float)r->n_original, factor = (float)r->factor;
    float longest = (float)((double)r->n_original / low);
    float shortest = (float)((double)r->n_original / high);
    for (size_t i = 0; i < r->dims / 2; i++) {
        float wave = (float)(2.0 * AT_PI) / angle[i];
        float smooth = (n / wave - (float)low) / (float)(high - low);
        if (wave > longest)
            angle[i] /= factor;
        else if (!(wave < shortest))
            angle[i] = (1.0f - smooth) * angle[i] / factor + smooth * angle[i];
    }
    return 0;
}

/* Column at which a wave turns so often within the original positions. */
static double turning_column(const struct reading *r, double turns)
{
    return (double)r->dims * log((double)r->n_original / (turns * 2.0 * AT_PI)) /
           (2.0 * log(r->theta));
}

static double attention_factor(double factor, double weight)
{
    return factor <= 1.0 ? 1.0 : 0.1 * weight * log(factor) + 1.0;
}

static int fill_yarn(float *angle, float *scale, const struct reading *r, struct at_error *err)
{
    double fast, slow, given, weight, weight_all, low, high;
    bool truncates;
    int rc;

    if ((rc = at_key_real(&fast, r->parts, "beta_fast", 32.0, err)) ||
        (rc = at_key_real(&slow, r->parts, "beta_slow", 1.0, err)) ||
        (rc = at_key_real(&given, r->parts, "attention_factor", NAN, err)) ||
        (rc = at_key_real(&weight, r->parts, "mscale", 0.0, err)) ||
        (rc = at_key_real(&weight_all, r->parts, "mscale_all_dim", 0.0, err)) ||
        (rc = at_key_flag(&truncates, r->parts, "truncate", true, err)))
        return rc;
    bool is_weighted = weight != 0.0 && weight_all != 0.0;
    *scale = (float)(!isnan(given) ? given
                     : is_weighted ? attention_factor(r->factor, weight) /
                                         attention_factor(r->factor, weight_all)
                                   : attention_factor(r->factor, 1.0));
    low = turning_column(r, fast);
    high = turning_column(r, slow);
    low = fmax(truncates ? floor(low) : low, 0.0);
    high = fmin(truncates ? ceil(high) : high, (double)r->dims - 1.0);
    high += low == high ? 0.001 : 0.0;
    for (size_t i = 0; i < r->dims / 2; i++) {
        float wave = power(r->theta, (float)(2 * i) / (float)r->dims);
        float ramp = ((float)i - (float)low) / (float)(high - low);
        float kept = 1.0f - fminf(fmaxf(ramp, 0.0f), 1.0f);
        angle[i] = 1.0f / ((float)r->factor * wave) * (1.0f - kept) + 1.0f / wave * kept;
    }
    return 0;
}

static int fill_angles(struct at_config *c, float *angle, struct reading *r, const char *kind,
                       struct at_error *err)
{
    bool is_default = !strcmp(kind, "default"), is_dynamic = !strcmp(kind, "dynamic");
    bool is_linear = !strcmp(kind, "linear"), is_llama3 = !strcmp(kind, "llama3");
    int rc;

    if (!is_default && !is_dynamic && !is_linear && !is_llama3 && strcmp(kind, "yarn") != 0)
        return at_fail(err, AT_EFORMAT,
                       "'%s' is of the kind '%.*s', want 'default', 'linear', 'dynamic', 'llama3' "
                       "or 'yarn'",
                       r->key, at_shown(kind, AT_CONFIG_SHOWN), kind);
    if (!is_default && (rc = read_needed(&r->factor, r, "factor", err)))
        return rc;
    if (is_llama3)
        return fill_llama3(angle, r, err);
    if (!is_default && !is_dynamic && !is_linear)
        return fill_yarn(angle, &c->rotary.scale, r, err);
    fill_default(angle, r);
    for (size_t i = 0; i < r->dims / 2 && is_linear; i++)
        angle[i] /= (float)r->factor;
    return 0;
}

int at_config_read_rotary(struct at_config *c, const struct at_json *doc, struct at_error *err)
{
    static const char original[] = "original_max_position_embeddings";
    struct reading r = { .doc = doc };
    const char *kind, *old;
    float *angle;
    int rc;

    if (c->family->rotary_share == 0.0)
        return 0;
    find_parts(&r);
    if ((rc = check_flat(&r, err)) || (rc = read_shape(&r, c, err)) ||
        (rc = at_key_word(&old, r.parts, "type", "default", err)) ||
        (rc = at_key_word(&kind, r.parts, "rope_type", old, err)) ||
        (rc = at_key_size(&r.n_original, r.parts, original, 1, AT_MAX_POSITIONS, c->max_positions,
                          err)) ||
        (rc = at_key_size(&r.n_original, doc, original, 1, AT_MAX_POSITIONS, r.n_original, err)))
        return rc;
    angle = at_malloc(r.dims / 2, sizeof *angle);
    c->rotary = (struct at_rotary){ r.dims, angle, 1.0f };
    return fill_angles(c, angle, &r, kind, err);
}
