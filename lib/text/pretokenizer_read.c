/*
 * pretokenizer_read.c - the pre-tokenizers of tokenizer.json as steps, see pretokenizer.h.
 */
#include "text/pretokenizer.h"

#include <string.h>

#include "base/attr.h"
#include "text/steps.h"

enum { MAX_LENGTH = 1 << 30 };

static int read_choice(size_t *out, const struct at_json *v, const char *key,
                       const char *const *names, size_t n_names, struct at_error *err)
{
    const char *text = at_json_text(at_json_get(v, key), NULL);

    if (at_json_is_null(at_json_get(v, key)))
        return 0;
    for (size_t i = 0; text && i < n_names; i++)
        if (!strcmp(text, names[i])) {
            *out = i;
            return 0;
        }
    return at_fail(err, AT_EFORMAT, "'%s' of '%s' is '%.*s', which is not known", key,
                   at_step_type(v), at_shown(text ? text : "", 100), text ? text : "");
}

/* In the order of enum at_cut. */
static int read_cut(struct at_pretokenizer_step *s, const struct at_json *v, struct at_error *err)
{
    static const char *const names[] = { "Removed", "Isolated", "MergedWithPrevious",
                                         "MergedWithNext", "Contiguous" };
    size_t cut = AT_CUT_ISOLATE;
    int rc = read_choice(&cut, v, "behavior", names, AT_COUNTOF(names), err);

    s->cut = (enum at_cut)cut;
    return rc;
}

static int read_digits(struct at_pretokenizer_step *s, const struct at_json *v,
                       struct at_error *err)
{
    bool is_each;
    int rc = at_step_flag(&is_each, v, "individual_digits", false, err);

    s->cut = !rc && is_each ? AT_CUT_ISOLATE : AT_CUT_JOIN;
    return rc;
}

static int read_split(struct at_pretokenizer_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = read_cut(s, v, err);

    if (!rc)
        rc = at_step_flag(&s->is_inverted, v, "invert", false, err);
    return rc ? rc : at_step_pattern(&s->pattern, v, err);
}

static int read_character(struct at_pretokenizer_step *s, const struct at_json *v,
                          struct at_error *err)
{
    return at_step_character(&s->character, v, "delimiter", 0, err);
}

/* In the order of enum at_prepend. add_prefix_space is what older files have. */
static int read_metaspace(struct at_pretokenizer_step *s, const struct at_json *v,
                          struct at_error *err)
{
    static const char *const names[] = { "always", "first", "never" };
    size_t prepend = AT_PREPEND_ALWAYS;
    bool has_prefix;
    int rc = at_step_character(&s->character, v, "replacement", 0, err);

    if (!rc)
        rc = read_choice(&prepend, v, "prepend_scheme", names, AT_COUNTOF(names), err);
    if (!rc)
        rc = at_step_flag(&s->is_cut, v, "split", true, err);
    if (!rc)
        rc = at_step_flag(&has_prefix, v, "add_prefix_space", true, err);
    if (!rc && !has_prefix && prepend != AT_PREPEND_NEVER)
        rc = at_fail(err, AT_EFORMAT,
                     "'add_prefix_space' of 'Metaspace' is false and 'prepend_scheme' '%s'",
                     names[prepend]);
    s->prepend = (enum at_prepend)prepend;
    return rc;
}

static int read_byte_level(struct at_pretokenizer_step *s, const struct at_json *v,
                           struct at_error *err)
{
    int rc = at_step_flag(&s->prefix_space, v, "add_prefix_space", true, err);

    return rc ? rc : at_step_flag(&s->is_cut, v, "use_regex", true, err);
}

static int read_length(struct at_pretokenizer_step *s, const struct at_json *v,
                       struct at_error *err)
{
    const struct at_json *length = at_json_get(v, "length");
    long long n = at_json_is_null(length) ? 5 : at_json_integer(length, -1);

    if (n < 1 || n > MAX_LENGTH)
        return at_fail(err, AT_EFORMAT, "'length' of 'FixedLength' is no number from 1 to %d",
                       MAX_LENGTH);
    s->length = (size_t)n;
    return 0;
}

/* One that makes two steps has a second row, without a name. */
static const struct type {
    const char *name;
    enum at_pretokenizer_kind kind;
    enum at_cut cut;
    int (*read)(struct at_pretokenizer_step *s, const struct at_json *v, struct at_error *err);
    const char *keys[6];
} types[] = {
    { "BertPreTokenizer", AT_CUT_SPACE, AT_CUT_REMOVE, NULL, { NULL } },
    { NULL, AT_CUT_PUNCT, AT_CUT_ISOLATE, NULL, { NULL } },
    { "Whitespace", AT_CUT_WORDS, AT_CUT_REMOVE, NULL, { NULL } },
    { "WhitespaceSplit", AT_CUT_SPACE, AT_CUT_REMOVE, NULL, { NULL } },
    { "Punctuation", AT_CUT_PUNCT, AT_CUT_ISOLATE, read_cut, { "behavior" } },
    { "Digits", AT_CUT_DIGITS, AT_CUT_JOIN, read_digits, { "individual_digits" } },
    { "Split", AT_CUT_PATTERN, AT_CUT_ISOLATE, read_split, { "pattern", "behavior", "invert" } },
    { "CharDelimiterSplit", AT_CUT_CHARACTER, AT_CUT_REMOVE, read_character, { "delimiter" } },
    { "Metaspace",
      AT_CUT_METASPACE,
      AT_CUT_TO_NEXT,
      read_metaspace,
      { "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep" } },
    { "ByteLevel",
      AT_CUT_GPT2,
      AT_CUT_ISOLATE,
      read_byte_level,
      { "add_prefix_space", "trim_offsets", "use_regex" } },
    { NULL, AT_CUT_BYTES, AT_CUT_ISOLATE, NULL, { NULL } },
    { "UnicodeScripts", AT_CUT_SCRIPTS, AT_CUT_ISOLATE, NULL, { NULL } },
    { "FixedLength", AT_CUT_LENGTH, AT_CUT_ISOLATE, read_length, { "length" } },
};

static int read_step(struct at_pretokenizer *out, const struct at_json *v, int depth,
                     struct at_error *err);

static int read_sequence(struct at_pretokenizer *out, const struct at_json *v, int depth,
                         struct at_error *err)
{
    static const char *const keys[] = { "pretokenizers", NULL };
    const struct at_json *list = at_json_get(v, keys[0]);
    int rc = at_step_check("pre-tokenizer", v, keys, err);

    if (!rc && (!at_json_is_array(list) || depth == AT_MAX_NESTED))
        rc = at_fail(err, AT_EFORMAT, "'pretokenizers' of 'Sequence' is not a list%s",
                     depth == AT_MAX_NESTED ? " that is nested less" : "");
    for (size_t i = 0; !rc && i < at_json_count(list); i++)
        rc = read_step(out, at_json_at(list, i), depth + 1, err);
    return rc;
}

static int read_step(struct at_pretokenizer *out, const struct at_json *v, int depth,
                     struct at_error *err)
{
    const struct type *type = types, *end = types + AT_COUNTOF(types);
    int rc;

    if (!strcmp(at_step_type(v), "Sequence"))
        return read_sequence(out, v, depth, err);
    while (type < end && (!type->name || strcmp(at_step_type(v), type->name) != 0))
        type++;
    if (type == end)
        return at_step_unknown("pre-tokenizer", v, err);
    if (out->n >= AT_MAX_STEPS)
        return at_fail(err, AT_ERANGE, "more than %d pre-tokenizers", AT_MAX_STEPS);
    rc = at_step_check("pre-tokenizer", v, type->keys, err);
    do {
        struct at_pretokenizer_step step = { .kind = type->kind, .cut = type->cut };

        if (!rc && type->read)
            rc = type->read(&step, v, err);
        at_pretokenizer_push(out, step);
        type++;
    } while (!rc && type < end && !type->name);
    return rc;
}

int at_pretokenizer_read(struct at_pretokenizer *out, const struct at_json *v, struct at_error *err)
{
    return at_json_is_null(v) ? 0 : read_step(out, v, 0, err);
}
