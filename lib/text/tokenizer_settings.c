/*
 * tokenizer_settings.c - see tokenizer_settings.h.
 */
#include "text/tokenizer_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static const char *const switches[] = {
    "do_lower_case",    "strip_accents", "tokenize_chinese_chars",
    "add_prefix_space", "add_bos_token", "add_eos_token",
    "keep_accents",     "legacy",        "do_basic_tokenize",
};
/* In the order of enum at_token_role. */
static const char *const special_keys[] = { "unk_token",  "cls_token", "sep_token", "pad_token",
                                            "mask_token", "bos_token", "eos_token" };
/* A list, or (the second, as some write it) an object of names and tokens. */
static const char *const more_keys[] = { "additional_special_tokens", "extra_special_tokens" };

/* *out stays NULL when there is no such file. */
static int read_optional(struct at_json **out, const char *dir, const char *name,
                         struct at_error *err)
{
    char *path = at_path_join(dir, name);
    int rc = at_path_is_file(path) ? at_json_read(out, path, err) : 0;

    free(path);
    return rc;
}

const char *at_token_content(const struct at_json *v)
{
    return at_json_text(v, at_json_text(at_json_get(v, "content"), NULL));
}

static int check_more(const struct at_json *v, const char *key, struct at_error *err)
{
    const struct at_json *list = at_json_get(v, key), *x;
    size_t i = 0;

    if (!at_json_is_null(list) && !at_json_is_array(list) && !at_json_is_object(list))
        return at_fail(err, AT_EFORMAT, "'%s' is not a list", key);
    for (; at_json_is_array(list) && i < at_json_count(list); i++)
        if (!at_token_content(at_json_at(list, i)))
            return at_fail(err, AT_EFORMAT, "'%s': entry %zu is not a token", key, i);
    for (const char *name = NULL; (name = at_json_next(list, name, &x));)
        if (!at_token_content(x))
            return at_fail(err, AT_EFORMAT, "'%s': '%s' is not a token", key, name);
    return 0;
}

/* The keys that we read are of the type they must have, or null. */
static int check_settings(const struct at_json *v, struct at_error *err)
{
    static const char *const texts[] = { "tokenizer_class" };
    const struct at_json *x;
    int rc = 0;

    if (!at_json_is_object(v))
        return at_fail(err, AT_EFORMAT, "not an object of settings");
    for (size_t i = 0; i < AT_COUNTOF(switches); i++) {
        x = at_json_get(v, switches[i]);
        if (!at_json_is_null(x) && !at_json_is_bool(x))
            return at_fail(err, AT_EFORMAT, "'%s' is neither true nor false", switches[i]);
    }
    for (size_t i = 0; i < AT_COUNTOF(special_keys); i++) {
        x = at_json_get(v, special_keys[i]);
        if (!at_json_is_null(x) && !at_token_content(x))
            return at_fail(err, AT_EFORMAT, "'%s' is not a token", special_keys[i]);
    }
    for (size_t i = 0; i < AT_COUNTOF(texts); i++) {
        x = at_json_get(v, texts[i]);
        if (!at_json_is_null(x) && !at_json_is_string(x))
            return at_fail(err, AT_EFORMAT, "'%s' is not a string", texts[i]);
    }
    for (size_t i = 0; !rc && i < AT_COUNTOF(more_keys); i++)
        rc = check_more(v, more_keys[i], err);
    x = at_json_get(v, "never_split");
    if (!rc && !at_json_is_null(x) && !at_json_is_array(x))
        rc = at_fail(err, AT_EFORMAT, "'never_split' is not a list");
    for (size_t i = 0; !rc && i < at_json_count(x); i++)
        if (!at_json_is_string(at_json_at(x, i)))
            rc = at_fail(err, AT_EFORMAT, "'never_split': entry %zu is not a string", i);
    x = at_json_get(v, "added_tokens_decoder");
    if (!rc && !at_json_is_null(x) && !at_json_is_object(x))
        rc = at_fail(err, AT_EFORMAT, "'added_tokens_decoder' is not an object");
    return rc;
}

/* tokenizer_config.json or special_tokens_map.json. */
static int read_settings(struct at_json **out, const char *dir, const char *name,
                         struct at_error *err)
{
    int rc = read_optional(out, dir, name, err);

    if (!rc && *out && (rc = check_settings(*out, err)))
        at_error_in(err, "%s/%s", dir, name);
    return rc;
}

/* "GPT2" of "GPT2TokenizerFast". */
static void find_name(struct at_settings *s)
{
    const char *full = at_settings_full_class(s), *end = full ? full + strlen(full) : NULL;
    static const char *const endings[] = { "Fast", "Tokenizer" };

    if (!full)
        return;
    for (size_t i = 0; i < AT_COUNTOF(endings); i++) {
        size_t n = strlen(endings[i]);

        if ((size_t)(end - full) > n && !memcmp(end - n, endings[i], n))
            end -= n;
    }
    snprintf(s->name, sizeof s->name, "%.*s", (int)AT_MIN(end - full, (ptrdiff_t)100), full);
}

int at_settings_read(struct at_settings *out, const char *dir, struct at_error *err)
{
    struct at_settings s = { .dir = dir };
    int rc = read_settings(&s.config, dir, "tokenizer_config.json", err);

    if (!rc)
        rc = read_settings(&s.specials, dir, "special_tokens_map.json", err);
    if (!rc)
        rc = read_optional(&s.added, dir, "added_tokens.json", err);
    if (!rc && s.added && !at_json_is_object(s.added))
        rc = at_fail(err, AT_EFORMAT, "%s/added_tokens.json: not an object of tokens and ids", dir);
    if (rc) {
        at_settings_release(&s);
        return rc;
    }
    if (read_optional(&s.model, dir, "config.json", NULL))
        s.model = NULL; /* whoever reads the model says what is wrong with it */
    find_name(&s);
    *out = s;
    return 0;
}

void at_settings_release(struct at_settings *s)
{
    at_json_free(s->config);
    at_json_free(s->specials);
    at_json_free(s->added);
    at_json_free(s->model);
    *s = (struct at_settings){ 0 };
}

const char *at_settings_full_class(const struct at_settings *s)
{
    const char *name = at_json_text(at_json_get(s->config, "tokenizer_class"), NULL);

    return name ? name : at_json_text(at_json_get(s->model, "tokenizer_class"), NULL);
}

const char *at_settings_class(const struct at_settings *s)
{
    return *s->name ? s->name : NULL;
}

bool at_settings_switch(bool *out, const struct at_settings *s, const char *key)
{
    const struct at_json *v = at_json_get(s->config, key);

    if (!at_json_is_bool(v))
        return false;
    *out = at_json_truth(v, false);
    return true;
}

const char *at_settings_key(enum at_token_role role)
{
    return special_keys[role];
}

const struct at_json *at_settings_special(const struct at_settings *s, enum at_token_role role,
                                          const struct at_json **other)
{
    const struct at_json *config = at_json_get(s->config, special_keys[role]);
    const struct at_json *map = at_json_get(s->specials, special_keys[role]);
    bool config_counts = !at_json_is_null(at_json_get(s->config, "added_tokens_decoder"));

    *other = NULL;
    if (at_json_is_null(config) || at_json_is_null(map))
        return at_json_is_null(config) ? (at_json_is_null(map) ? NULL : map) : config;
    *other = config_counts ? map : config;
    return config_counts ? config : map;
}

const struct at_json *at_settings_more(const struct at_settings *s, size_t i)
{
    const struct at_json *const files[] = { s->config, s->specials };

    for (size_t f = 0; f < AT_COUNTOF(files); f++)
        for (size_t k = 0; k < AT_COUNTOF(more_keys); k++) {
            const struct at_json *list = at_json_get(files[f], more_keys[k]), *x;
            const char *name = NULL;

            if (i >= at_json_count(list)) {
                i -= at_json_count(list);
                continue;
            }
            if (at_json_is_array(list))
                return at_json_at(list, i);
            do
                name = at_json_next(list, name, &x);
            while (name && i-- > 0);
            return name ? x : NULL;
        }
    return NULL;
}
