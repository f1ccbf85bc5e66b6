/*
 * steps.c - see steps.h.
 */
#include "text/steps.h"

#include <string.h>

#include "base/utf8.h"

const char *at_step_type(const struct at_json *v)
{
    return at_json_text(at_json_get(v, "type"), "");
}

int at_step_unknown(const char *what, const struct at_json *v, struct at_error *err)
{
    if (!at_json_is_object(v))
        return at_fail(err, AT_EFORMAT, "%s is not an object", what);
    return at_fail(err, AT_EFORMAT, "%s '%.*s' is not known", what, at_shown(at_step_type(v), 100),
                   at_step_type(v));
}

int at_step_check(const char *what, const struct at_json *v, const char *const *names,
                  struct at_error *err)
{
    const struct at_json *value;

    for (const char *key = NULL; (key = at_json_next(v, key, &value));) {
        const char *const *name = names;

        while (*name && strcmp(key, *name) != 0)
            name++;
        if (!*name && strcmp(key, "type") != 0)
            return at_fail(err, AT_EFORMAT, "%s '%s' has a key '%.*s', which is not known", what,
                           at_step_type(v), at_shown(key, 100), key);
    }
    return 0;
}

static int wrong(const struct at_json *v, const char *key, const char *wanted, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "'%s' of '%.*s' is not %s", key, at_shown(at_step_type(v), 100),
                   at_step_type(v), wanted);
}

int at_step_flag(bool *out, const struct at_json *v, const char *key, bool fallback,
                 struct at_error *err)
{
    const struct at_json *x = at_json_get(v, key);

    if (!at_json_is_null(x) && !at_json_is_bool(x))
        return wrong(v, key, "true or false", err);
    *out = at_json_truth(x, fallback);
    return 0;
}

int at_step_text(const char **out, const struct at_json *v, const char *key, const char *fallback,
                 struct at_error *err)
{
    const struct at_json *x = at_json_get(v, key);
    const char *text = at_json_text(x, at_json_is_null(x) ? fallback : NULL);

    if (!text)
        return wrong(v, key, "a string", err);
    *out = text;
    return 0;
}

int at_step_character(unsigned *out, const struct at_json *v, const char *key, unsigned fallback,
                      struct at_error *err)
{
    const char *text = at_json_text(at_json_get(v, key), "");
    size_t i = 0;

    if (at_json_is_null(at_json_get(v, key)) && fallback) {
        *out = fallback;
        return 0;
    }
    if (!*text)
        return wrong(v, key, "one character", err);
    *out = at_utf8_next(text, &i);
    return text[i] ? wrong(v, key, "one character", err) : 0;
}

int at_step_pattern(struct at_pattern *out, const struct at_json *v, struct at_error *err)
{
    const struct at_json *p = at_json_get(v, "pattern");
    const char *string = at_json_text(at_json_get(p, "String"), NULL);
    const char *regex = at_json_text(at_json_get(p, "Regex"), NULL);

    if (at_json_count(p) != 1 || (!string && !regex))
        return wrong(v, "pattern", "a 'String' or a 'Regex'", err);
    return at_pattern_read(out, string ? string : regex, regex != NULL, err);
}
