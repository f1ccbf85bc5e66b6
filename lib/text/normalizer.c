/*
 * normalizer.c - see normalizer.h.
 */
#include "text/normalizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "text/byte_text.h"
#include "text/normal_form.h"
#include "text/steps.h"
#include "text/unicode.h"

void at_normalizer_push(struct at_normalizer *n, struct at_normalizer_step step)
{
    *at_array_push(n) = step;
}

void at_normalizer_release(struct at_normalizer *n)
{
    for (size_t i = 0; i < n->n; i++) {
        at_pattern_release(&n->items[i].pattern);
        at_charsmap_release(&n->items[i].charsmap);
        free(n->items[i].content);
    }
    at_array_release(n);
}

static int read_bert(struct at_normalizer_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = at_step_flag(&s->clean_text, v, "clean_text", true, err);

    if (!rc)
        rc = at_step_flag(&s->space_cjk, v, "handle_chinese_chars", true, err);
    if (!rc)
        rc = at_step_flag(&s->lower, v, "lowercase", true, err);
    if (!rc)
        rc = at_step_flag(&s->strip_accents, v, "strip_accents", s->lower, err);
    s->accents_follow = at_json_is_null(at_json_get(v, "strip_accents"));
    return rc;
}

static int read_strip(struct at_normalizer_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = at_step_flag(&s->strip_left, v, "strip_left", true, err);

    return rc ? rc : at_step_flag(&s->strip_right, v, "strip_right", true, err);
}

static int read_content(struct at_normalizer_step *s, const struct at_json *v, const char *key,
                        struct at_error *err)
{
    const char *text;
    int rc = at_step_text(&text, v, key, NULL, err);

    if (!rc)
        s->content = at_strdup(text);
    return rc;
}

static int read_replace(struct at_normalizer_step *s, const struct at_json *v, struct at_error *err)
{
    int rc = read_content(s, v, "content", err);

    return rc ? rc : at_step_pattern(&s->pattern, v, err);
}

static int read_prepend(struct at_normalizer_step *s, const struct at_json *v, struct at_error *err)
{
    return read_content(s, v, "prepend", err);
}

static int read_charsmap(struct at_normalizer_step *s, const struct at_json *v,
                         struct at_error *err)
{
    const char *text;
    int rc = at_step_text(&text, v, "precompiled_charsmap", NULL, err);

    return rc ? rc : at_charsmap_read_base64(&s->charsmap, text, err);
}

static const struct type {
    const char *name;
    enum at_normalizer_kind kind;
    int (*read)(struct at_normalizer_step *s, const struct at_json *v, struct at_error *err);
    const char *keys[5];
} types[] = {
    { "BertNormalizer",
      AT_NORMALIZE_BERT,
      read_bert,
      { "clean_text", "handle_chinese_chars", "strip_accents", "lowercase" } },
    { "NFC", AT_NORMALIZE_NFC, NULL, { NULL } },
    { "NFD", AT_NORMALIZE_NFD, NULL, { NULL } },
    { "NFKC", AT_NORMALIZE_NFKC, NULL, { NULL } },
    { "NFKD", AT_NORMALIZE_NFKD, NULL, { NULL } },
    { "Nmt", AT_NORMALIZE_NMT, NULL, { NULL } },
    { "Lowercase", AT_NORMALIZE_LOWER, NULL, { NULL } },
    { "StripAccents", AT_NORMALIZE_STRIP_ACCENTS, NULL, { NULL } },
    { "Strip", AT_NORMALIZE_STRIP, read_strip, { "strip_left", "strip_right" } },
    { "Replace", AT_NORMALIZE_REPLACE, read_replace, { "pattern", "content" } },
    { "Prepend", AT_NORMALIZE_PREPEND, read_prepend, { "prepend" } },
    { "Precompiled", AT_NORMALIZE_CHARSMAP, read_charsmap, { "precompiled_charsmap" } },
    { "ByteLevel",
      AT_NORMALIZE_BYTES,
      NULL,
      { "add_prefix_space", "trim_offsets", "use_regex" } }, /* of which none counts here */
};

static int read_step(struct at_normalizer *out, const struct at_json *v, int depth,
                     struct at_error *err);

static int read_sequence(struct at_normalizer *out, const struct at_json *v, int depth,
                         struct at_error *err)
{
    static const char *const keys[] = { "normalizers", NULL };
    const struct at_json *list = at_json_get(v, keys[0]);
    int rc = at_step_check("normalizer", v, keys, err);

    if (!rc && (!at_json_is_array(list) || depth == AT_MAX_NESTED))
        rc = at_fail(err, AT_EFORMAT, "'normalizers' of 'Sequence' is not a list%s",
                     depth == AT_MAX_NESTED ? " that is nested less" : "");
    for (size_t i = 0; !rc && i < at_json_count(list); i++)
        rc = read_step(out, at_json_at(list, i), depth + 1, err);
    return rc;
}

static int read_step(struct at_normalizer *out, const struct at_json *v, int depth,
                     struct at_error *err)
{
    struct at_normalizer_step step = { 0 };
    const struct type *type = types, *end = types + AT_COUNTOF(types);
    int rc;

    if (!strcmp(at_step_type(v), "Sequence"))
        return read_sequence(out, v, depth, err);
    while (type < end && strcmp(at_step_type(v), type->name) != 0)
        type++;
    if (type == end)
        return at_step_unknown("normalizer", v, err);
    if (out->n == AT_MAX_STEPS)
        return at_fail(err, AT_ERANGE, "more than %d normalizers", AT_MAX_STEPS);
    step.kind = type->kind;
    rc = at_step_check("normalizer", v, type->keys, err);
    if (!rc && type->read)
        rc = type->read(&step, v, err);
    at_normalizer_push(out, step);
    return rc;
}

int at_normalizer_read(struct at_normalizer *out, const struct at_json *v, struct at_error *err)
{
    return at_json_is_null(v) ? 0 : read_step(out, v, 0, err);
}

/* Characters one by one: 0 drops c, else it becomes what is answered. */
typedef unsigned character_fn(unsigned c);

static unsigned clean(unsigned c)
{
    if (c == 0 || c == 0xFFFD || at_unicode_is_bert_control(c))
        return 0;
    return at_unicode_is_space(c) ? ' ' : c;
}

static unsigned without_bert_mark(unsigned c)
{
    return at_unicode_is_bert_mark(c) ? 0 : c;
}

static unsigned without_mark(unsigned c)
{
    return at_unicode_old_is_mark(c) ? 0 : c;
}

static unsigned nmt(unsigned c)
{
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r') || c == 0x7F || c == 0x8F ||
        c == 0x9F)
        return 0;
    if (c < 0x20 || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 ||
        c == 0x2581 || c == 0xFEFF || c == 0xFFFD)
        return ' ';
    return c;
}

static void map(struct at_rewrite *w, character_fn *become)
{
    while (w->next < w->in.n) {
        size_t next = w->next;
        unsigned c = become(at_utf8_next(w->in.s, &next));

        if (c)
            at_rewrite_put(w, c);
        else
            at_rewrite_drop(w);
    }
}

static void space_cjk(struct at_rewrite *w)
{
    while (w->next < w->in.n) {
        size_t next = w->next;
        unsigned c = at_utf8_next(w->in.s, &next);
        bool is_spaced = at_unicode_is_bert_cjk(c);

        at_rewrite_put(w, is_spaced ? ' ' : c);
        if (is_spaced) {
            at_rewrite_add(w, c);
            at_rewrite_add(w, ' ');
        }
    }
}

static void lower(struct at_rewrite *w)
{
    while (w->next < w->in.n) {
        unsigned small[AT_MAX_LOWER];
        size_t next = w->next, n = at_unicode_lower(small, at_utf8_next(w->in.s, &next));

        at_rewrite_put(w, small[0]);
        for (size_t i = 1; i < n; i++)
            at_rewrite_add(w, small[i]);
    }
}

static void write_bytes(struct at_rewrite *w)
{
    while (w->next < w->in.n) {
        size_t i = w->next, next = i;

        at_utf8_next(w->in.s, &next);
        at_rewrite_put(w, at_byte_character((unsigned char)w->in.s[i]));
        while (++i < next)
            at_rewrite_add(w, at_byte_character((unsigned char)w->in.s[i]));
    }
}

static void strip(struct at_rewrite *w, const struct at_normalizer_step *s)
{
    size_t end = w->in.n;

    while (s->strip_left && w->next < w->in.n) {
        size_t next = w->next;

        if (!at_unicode_is_space(at_utf8_next(w->in.s, &next)))
            break;
        at_rewrite_drop(w);
    }
    while (s->strip_right && end > w->next) {
        size_t before = end - 1, next;

        while (((unsigned char)w->in.s[before] & 0xC0) == 0x80)
            before--;
        next = before;
        if (!at_unicode_is_space(at_utf8_next(w->in.s, &next)))
            break;
        end = before;
    }
    at_rewrite_keep(w, end - w->next);
}

/* The content stands where the last character of a match was; before the text from nowhere. */
static int replace(struct at_rewrite *w, const struct at_normalizer_step *s, struct at_matcher *m,
                   struct at_error *err)
{
    size_t start, end, n = strlen(s->content);
    int rc = at_matcher_begin(m, &s->pattern, w->in.s, w->in.n, err);

    while (!rc && (rc = at_matcher_next(m, &start, &end, err)) > 0) {
        at_rewrite_keep(w, start - w->next);
        w->next = end;
        for (size_t i = 0; i < n;)
            at_rewrite_add(w, at_utf8_next(s->content, &i));
        rc = 0;
    }
    if (!rc)
        at_rewrite_keep(w, w->in.n - w->next);
    return rc;
}

/* What is prepended comes from where the first character does, and so does that; only nothing,
   prepended, comes from nowhere and takes the first character along. */
static void prepend(struct at_rewrite *w, const char *text)
{
    size_t n = strlen(text), next = 0;
    unsigned first;

    if (!w->in.n)
        return;
    first = at_utf8_next(w->in.s, &next);
    for (size_t i = 0; i < n;) {
        bool is_first = i == 0;
        unsigned c = at_utf8_next(text, &i);

        (is_first ? at_rewrite_put : at_rewrite_add)(w, c);
    }
    at_rewrite_add(w, first);
    w->next = next;
    at_rewrite_keep(w, w->in.n - next);
}

/* BERT's steps on ASCII, where there is nothing to decompose. */
static void bert_ascii(struct at_rewrite *w, const struct at_normalizer_step *s)
{
    while (w->next < w->in.n) {
        unsigned c = (unsigned char)w->in.s[w->next];

        if (s->clean_text)
            c = clean(c);
        if (s->lower && c - 'A' < 26)
            c += 32;
        if (c)
            at_rewrite_put(w, c);
        else
            at_rewrite_drop(w);
    }
}

/* A step that is a function of characters, or of the whole part. */
static int apply(struct at_rewrite *w, const struct at_normalizer_step *s,
                 struct at_normalizer_work *work, size_t index, struct at_error *err)
{
    static const enum at_normal_form forms[] = { [AT_NORMALIZE_NFC] = AT_NFC,
                                                 [AT_NORMALIZE_NFD] = AT_NFD,
                                                 [AT_NORMALIZE_NFKC] = AT_NFKC,
                                                 [AT_NORMALIZE_NFKD] = AT_NFKD };

    switch (s->kind) {
    case AT_NORMALIZE_BERT:
        bert_ascii(w, s);
        break;
    case AT_NORMALIZE_NFC:
    case AT_NORMALIZE_NFD:
    case AT_NORMALIZE_NFKC:
    case AT_NORMALIZE_NFKD:
        at_normal_form(w, forms[s->kind]);
        break;
    case AT_NORMALIZE_NMT:
        map(w, nmt);
        break;
    case AT_NORMALIZE_LOWER:
        lower(w);
        break;
    case AT_NORMALIZE_STRIP_ACCENTS:
        map(w, without_mark);
        break;
    case AT_NORMALIZE_STRIP:
        strip(w, s);
        break;
    case AT_NORMALIZE_REPLACE:
        return replace(w, s, &work->matchers[index], err);
    case AT_NORMALIZE_PREPEND:
        prepend(w, s->content);
        break;
    case AT_NORMALIZE_CHARSMAP:
        return at_charsmap_apply(w, &s->charsmap, err);
    case AT_NORMALIZE_BYTES:
        write_bytes(w);
        break;
    }
    return 0;
}

/* Begin to write *part anew into the text that it does not lie in. */
static void begin(struct at_rewrite *w, struct at_normalizer_work *work, const struct at_part *part)
{
    at_rewrite_begin(w, &work->text[part->start == work->text[0].start && part->start], part);
}

static void map_part(struct at_part *part, struct at_normalizer_work *work, character_fn *become)
{
    struct at_rewrite w;

    begin(&w, work, part);
    map(&w, become);
    *part = at_rewrite_end(&w);
}

static void apply_bert(struct at_part *part, const struct at_normalizer_step *s,
                       struct at_normalizer_work *work)
{
    struct at_rewrite w;

    if (s->clean_text)
        map_part(part, work, clean);
    if (s->space_cjk) {
        begin(&w, work, part);
        space_cjk(&w);
        *part = at_rewrite_end(&w);
    }
    if (s->strip_accents) {
        begin(&w, work, part);
        at_normal_form(&w, AT_NFD);
        *part = at_rewrite_end(&w);
        map_part(part, work, without_bert_mark);
    }
    if (s->lower) {
        begin(&w, work, part);
        lower(&w);
        *part = at_rewrite_end(&w);
    }
}

/* Steps that leave ASCII as it is. */
static bool is_for_others(enum at_normalizer_kind kind)
{
    return kind == AT_NORMALIZE_NFC || kind == AT_NORMALIZE_NFD || kind == AT_NORMALIZE_NFKC ||
           kind == AT_NORMALIZE_NFKD || kind == AT_NORMALIZE_STRIP_ACCENTS;
}

int at_normalizer_apply(struct at_part *part, const struct at_normalizer *n,
                        struct at_normalizer_work *work, struct at_error *err)
{
    struct at_rewrite w;
    int rc = 0;

    if (!work->matchers && n->n) {
        work->matchers = at_calloc(n->n, sizeof *work->matchers);
        work->n_matchers = n->n;
    }
    for (size_t i = 0; !rc && i < n->n; i++) {
        const struct at_normalizer_step *s = &n->items[i];
        bool is_ascii =
            (s->kind == AT_NORMALIZE_BERT || is_for_others(s->kind)) && at_part_is_ascii(part);

        if (is_ascii && is_for_others(s->kind))
            continue;
        if (s->kind == AT_NORMALIZE_BERT && !is_ascii) {
            apply_bert(part, s, work);
            continue;
        }
        begin(&w, work, part);
        rc = apply(&w, s, work, i, err);
        *part = at_rewrite_end(&w);
    }
    return rc;
}

void at_normalizer_work_release(struct at_normalizer_work *work)
{
    at_normal_release(&work->text[0]);
    at_normal_release(&work->text[1]);
    for (size_t i = 0; i < work->n_matchers; i++)
        at_matcher_release(&work->matchers[i]);
    free(work->matchers);
    *work = (struct at_normalizer_work){ 0 };
}
