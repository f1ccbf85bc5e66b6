/*
 * decoder.c - see decoder.h.
 */
#include "text/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/byte_text.h"
#include "text/steps.h"

enum { MAX_STRIP = 1 << 20 };

void at_decoder_push(struct at_decoder *d, struct at_decoder_step step)
{
    *at_array_push(d) = step;
}

void at_decoder_release(struct at_decoder *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->items[i].text);
        free(d->items[i].delimiter);
        at_pattern_release(&d->items[i].pattern);
    }
    at_array_release(d);
}

void at_decoded_release(struct at_decoded_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        at_strbuf_release(&list->items[i].text);
    at_array_release(list);
}

static int read_text(char **out, const struct at_json *v, const char *key, const char *fallback,
                     struct at_error *err)
{
    const char *text;
    int rc = at_step_text(&text, v, key, fallback, err);

    if (!rc)
        *out = at_strdup(text);
    return rc;
}

static int read_wordpiece(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = read_text(&s->text, v, "prefix", "##", err);

    return rc ? rc : at_step_flag(&s->cleans, v, "cleanup", true, err);
}

static int read_suffix(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    return read_text(&s->text, v, "suffix", "</w>", err);
}

static int read_metaspace(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    bool has_prefix;
    int rc = at_step_flag(&has_prefix, v, "add_prefix_space", true, err);

    s->keeps_first =
        !has_prefix || !strcmp(at_json_text(at_json_get(v, "prepend_scheme"), ""), "never");
    return rc ? rc : at_step_character(&s->character, v, "replacement", 0, err);
}

static int read_ctc(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = read_text(&s->text, v, "pad_token", "<pad>", err);

    if (!rc)
        rc = read_text(&s->delimiter, v, "word_delimiter_token", "|", err);
    return rc ? rc : at_step_flag(&s->cleans, v, "cleanup", true, err);
}

static int read_replace(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = read_text(&s->text, v, "content", NULL, err);

    return rc ? rc : at_step_pattern(&s->pattern, v, err);
}

static int read_strip(struct at_decoder_step *s, const struct at_json *v, struct at_error *err)
{
    long long start = at_json_integer(at_json_get(v, "start"), 0);
    long long stop = at_json_integer(at_json_get(v, "stop"), 0);

    if (start < 0 || stop < 0 || start > MAX_STRIP || stop > MAX_STRIP)
        return at_fail(err, AT_EFORMAT, "'start' or 'stop' of 'Strip' is no number from 0 to %d",
                       MAX_STRIP);
    s->start = (size_t)start;
    s->stop = (size_t)stop;
    return at_step_character(&s->character, v, "content", 0, err);
}

static const struct type {
    const char *name;
    enum at_decoder_kind kind;
    int (*read)(struct at_decoder_step *s, const struct at_json *v, struct at_error *err);
} types[] = {
    { "WordPiece", AT_DECODE_WORDPIECE, read_wordpiece },
    { "BPEDecoder", AT_DECODE_SUFFIX, read_suffix },
    { "ByteLevel", AT_DECODE_BYTES, NULL },
    { "Metaspace", AT_DECODE_METASPACE, read_metaspace },
    { "CTC", AT_DECODE_CTC, read_ctc },
    { "Replace", AT_DECODE_REPLACE, read_replace },
    { "Fuse", AT_DECODE_FUSE, NULL },
    { "Strip", AT_DECODE_STRIP, read_strip },
    { "ByteFallback", AT_DECODE_BYTE_FALLBACK, NULL },
};

static int read_step(struct at_decoder *out, const struct at_json *v, int depth,
                     struct at_error *err)
{
    const struct at_json *list = at_json_get(v, "decoders");
    const struct type *type = types, *end = types + AT_COUNTOF(types);
    struct at_decoder_step step = { 0 };
    int rc = 0;

    if (!strcmp(at_step_type(v), "Sequence")) {
        if (!at_json_is_array(list) || depth == AT_MAX_NESTED)
            rc = at_fail(err, AT_EFORMAT, "'decoders' of 'Sequence' is not a list%s",
                         depth == AT_MAX_NESTED ? " that is nested less" : "");
        for (size_t i = 0; !rc && i < at_json_count(list); i++)
            rc = read_step(out, at_json_at(list, i), depth + 1, err);
        return rc;
    }
    while (type < end && strcmp(at_step_type(v), type->name) != 0)
        type++;
    if (type == end)
        return at_step_unknown("decoder", v, err);
    if (out->n == AT_MAX_STEPS)
        return at_fail(err, AT_ERANGE, "more than %d decoders", AT_MAX_STEPS);
    step.kind = type->kind;
    if (type->read)
        rc = type->read(&step, v, err);
    at_decoder_push(out, step);
    return rc;
}

int at_decoder_read(struct at_decoder *out, const struct at_json *v, struct at_error *err)
{
    return at_json_is_null(v) ? 0 : read_step(out, v, 0, err);
}

static void set_text(struct at_strbuf *b, struct at_strbuf *new)
{
    at_strbuf_release(b);
    *b = *new;
    *new = (struct at_strbuf){ 0 };
}

/* Replace every old in b; the bytes need not be UTF-8. */
static void replace_string(struct at_strbuf *b, const char *old, const char *new)
{
    struct at_strbuf out = { 0 };
    size_t n = strlen(old), at = 0;

    if (!n || b->n < n)
        return;
    for (size_t i = 0; i + n <= b->n;) {
        if (memcmp(b->s + i, old, n) != 0) {
            i++;
            continue;
        }
        at_strbuf_add(&out, b->s + at, i - at);
        at_strbuf_adds(&out, new);
        at = i += n;
    }
    if (at)
        at_strbuf_add(&out, b->s + at, b->n - at);
    if (at)
        set_text(b, &out);
    at_strbuf_release(&out);
}

static void clean_up(struct at_strbuf *b)
{
    static const char *const pairs[][2] = {
        { " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
        { " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
        { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };

    for (size_t i = 0; i < AT_COUNTOF(pairs); i++)
        replace_string(b, pairs[i][0], pairs[i][1]);
}

static bool begins_with(const struct at_strbuf *b, const char *prefix)
{
    size_t n = strlen(prefix);

    return b->n >= n && !memcmp(at_strbuf_str(b), prefix, n);
}

static void drop_front(struct at_strbuf *b, size_t n)
{
    struct at_strbuf rest = { 0 };

    at_strbuf_add(&rest, b->s + n, b->n - n);
    set_text(b, &rest);
}

static void put_front(struct at_strbuf *b, char c)
{
    struct at_strbuf all = { 0 };

    at_strbuf_addc(&all, c);
    at_strbuf_add(&all, at_strbuf_str(b), b->n);
    set_text(b, &all);
}

static void decode_wordpiece(struct at_decoded_list *list, const struct at_decoder_step *s,
                             bool for_label)
{
    size_t n = strlen(s->text);

    for (size_t i = 0; i < list->n; i++) {
        struct at_strbuf *b = &list->items[i].text;
        bool is_joined = n && begins_with(b, s->text) && (b->n > n || !for_label);

        if (is_joined && (i > 0 || for_label))
            drop_front(b, n);
        else if (i > 0 && !for_label)
            put_front(b, ' ');
        if (s->cleans && !for_label)
            clean_up(b);
    }
}

static void decode_metaspace(struct at_decoded_list *list, const struct at_decoder_step *s,
                             bool for_label)
{
    struct at_strbuf mark = { 0 };

    at_strbuf_add_utf8(&mark, s->character);
    for (size_t i = 0; i < list->n; i++)
        replace_string(&list->items[i].text, mark.s,
                       i == 0 && !s->keeps_first && !for_label ? "" : " ");
    at_strbuf_release(&mark);
}

static void drop_repeated(struct at_decoded_list *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        const struct at_strbuf *a = &list->items[i].text, *b = n ? &list->items[n - 1].text : NULL;

        if (b && a->n == b->n && !memcmp(at_strbuf_str(a), at_strbuf_str(b), a->n))
            at_strbuf_release(&list->items[i].text);
        else
            list->items[n++] = list->items[i];
    }
    list->n = n;
}

static void decode_ctc(struct at_decoded_list *list, const struct at_decoder_step *s,
                       bool for_label)
{
    if (!for_label)
        drop_repeated(list);
    for (size_t i = 0; i < list->n; i++) {
        replace_string(&list->items[i].text, s->text, "");
        if (s->cleans && !for_label)
            clean_up(&list->items[i].text);
        if (s->cleans)
            replace_string(&list->items[i].text, s->delimiter, " ");
    }
}

static int decode_replace(struct at_strbuf *b, const struct at_decoder_step *s,
                          struct at_error *err)
{
    struct at_matcher m = { 0 };
    struct at_strbuf out = { 0 };
    size_t at = 0, start, end;
    int rc;

    if (s->pattern.text) {
        replace_string(b, s->pattern.text, s->text);
        return 0;
    }
    if (at_utf8_check(at_strbuf_str(b), b->n) < b->n)
        return 0; /* bytes, not text */
    rc = at_matcher_begin(&m, &s->pattern, at_strbuf_str(b), b->n, err);
    while (!rc && (rc = at_matcher_next(&m, &start, &end, err)) > 0) {
        at_strbuf_add(&out, b->s + at, start - at);
        at_strbuf_adds(&out, s->text);
        at = end;
        rc = 0;
    }
    if (!rc && b->n > at)
        at_strbuf_add(&out, b->s + at, b->n - at);
    if (!rc)
        set_text(b, &out);
    at_strbuf_release(&out);
    at_matcher_release(&m);
    return rc;
}

static void decode_strip(struct at_strbuf *b, const struct at_decoder_step *s)
{
    struct at_strbuf mark = { 0 };

    at_strbuf_add_utf8(&mark, s->character);
    for (size_t i = 0; i < s->start && begins_with(b, mark.s); i++)
        drop_front(b, mark.n);
    for (size_t i = 0; i < s->stop && b->n >= mark.n; i++) {
        if (memcmp(b->s + b->n - mark.n, mark.s, mark.n) != 0)
            break;
        b->n -= mark.n;
        b->s[b->n] = '\0';
    }
    at_strbuf_release(&mark);
}

static void fuse(struct at_decoded_list *list)
{
    for (size_t i = 1; i < list->n; i++) {
        struct at_strbuf *b = &list->items[i].text;

        at_strbuf_add(&list->items[0].text, at_strbuf_str(b), b->n);
        at_strbuf_release(b);
    }
    list->n = AT_MIN(list->n, (size_t)1);
}

/* "<0xE2>" as the byte. */
static void decode_byte(struct at_strbuf *b)
{
    char *end;
    long byte;

    if (b->n != 6 || !begins_with(b, "<0x") || b->s[5] != '>')
        return;
    byte = strtol(b->s + 3, &end, 16);
    if (end != b->s + 5 || b->s[3] == '+' || b->s[3] == '-' || b->s[3] == ' ')
        return;
    at_strbuf_clear(b);
    at_strbuf_addc(b, (char)byte);
}

/* GPT-2's characters as bytes. */
static void decode_bytes(struct at_strbuf *b)
{
    struct at_strbuf bytes = { 0 };

    if (at_utf8_check(at_strbuf_str(b), b->n) == b->n && at_byte_text(&bytes, at_strbuf_str(b)))
        set_text(b, &bytes);
    at_strbuf_release(&bytes);
}

static int apply_each(struct at_decoded *d, const struct at_decoder_step *s, bool is_last,
                      struct at_error *err)
{
    switch (s->kind) {
    case AT_DECODE_SUFFIX:
        replace_string(&d->text, s->text, is_last ? "" : " ");
        break;
    case AT_DECODE_BYTES:
        if (!d->is_added)
            decode_bytes(&d->text);
        break;
    case AT_DECODE_REPLACE:
        return decode_replace(&d->text, s, err);
    case AT_DECODE_STRIP:
        decode_strip(&d->text, s);
        break;
    case AT_DECODE_BYTE_FALLBACK:
        if (!d->is_added)
            decode_byte(&d->text);
        break;
    default:
        break;
    }
    return 0;
}

int at_decoder_apply(struct at_decoded_list *list, const struct at_decoder *d, bool for_label,
                     struct at_error *err)
{
    int rc = 0;

    for (size_t k = 0; !rc && k < d->n; k++) {
        const struct at_decoder_step *s = &d->items[k];

        if (s->kind == AT_DECODE_WORDPIECE)
            decode_wordpiece(list, s, for_label);
        else if (s->kind == AT_DECODE_METASPACE)
            decode_metaspace(list, s, for_label);
        else if (s->kind == AT_DECODE_CTC)
            decode_ctc(list, s, for_label);
        else if (s->kind == AT_DECODE_FUSE)
            fuse(list);
        for (size_t i = 0; !rc && i < list->n; i++)
            rc = apply_each(&list->items[i], s, i + 1 == list->n, err);
    }
    return rc;
}
