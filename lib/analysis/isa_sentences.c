/*
 * isa_sentences.c - see isa_sentences.h.
 */
#include "analysis/isa_sentences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "io/textfile.h"

enum { MAX_FILE = 64 << 20, SHOWN = 40 };

static const struct at_field sentence_fields[] = {
    AT_FIELD(struct at_isa_sentence, index, "index", NULL, "sentence, from 0"),
    AT_FIELD(struct at_isa_sentence, text, "text", NULL, "as it stands in the text"),
    AT_FIELD(struct at_isa_sentence, segment, "segment", NULL, "0, or 1 in the second text"),
    AT_FIELD(struct at_isa_sentence, start, "start", "bytes", "where it starts in its text"),
    AT_FIELD(struct at_isa_sentence, end, "end", "bytes", "where it ends"),
    AT_FIELD(struct at_isa_sentence, first_token, "first_token", NULL,
             "its first token or word, from 0"),
    AT_FIELD(struct at_isa_sentence, n_tokens, "n_tokens", NULL, "its tokens or words"),
    AT_FIELD_END
};
const struct at_record at_isa_sentence_record = AT_RECORD(struct at_isa_sentence, sentence_fields);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

int at_given_sentences_read(struct at_given_sentences *out, const char *path, struct at_error *err)
{
    struct at_given_sentences g = { .path = path };
    size_t n;
    int rc = at_text_read(&g.bytes, &n, path, MAX_FILE, err);

    if (rc)
        return rc;
    for (char *line = g.bytes, *next; line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (!end)
            end = line + strlen(line);
        while (end > line && is_blank(end[-1]))
            end--;
        *end = '\0';
        while (is_blank(*line))
            line++;
        if (*line)
            *at_array_push(&g) = line;
    }
    if (g.n == 0) {
        at_given_sentences_release(&g);
        return at_fail(err, AT_ERANGE, "'%s' has no sentence", path);
    }
    *out = g;
    return 0;
}

void at_given_sentences_release(struct at_given_sentences *g)
{
    at_array_release(g);
    free(g->bytes);
    *g = (struct at_given_sentences){ 0 };
}

/* Does want stand at s? White space of any kind and length is the same. Answers its end or NULL. */
static const char *match_at(const char *s, const char *want)
{
    while (*want) {
        if (is_blank(*want)) {
            if (!is_blank(*s))
                return NULL;
            while (is_blank(*s))
                s++;
            while (is_blank(*want))
                want++;
        } else if (*s++ != *want++) {
            return NULL;
        }
    }
    return s;
}

static bool find_in(struct at_sentences *out, const char *text, const char *want)
{
    size_t from = out->n ? out->items[out->n - 1].end : 0;

    for (const char *s = text + from; *s; s++) {
        const char *end = match_at(s, want);
        if (end) {
            *at_array_push(out) = (struct at_span){ (size_t)(s - text), (size_t)(end - text) };
            return true;
        }
    }
    return false;
}

/* The sentences of the file one after the other, in the text and then in its pair. */
static int find_given(struct at_sentences *text, struct at_sentences *pair,
                      const struct at_doc *doc, const struct at_given_sentences *given,
                      struct at_error *err)
{
    const char *second = doc->in.pair;
    char place[64] = "";
    size_t i = 0;

    while (i < given->n && find_in(text, doc->in.text, given->items[i]))
        i++;
    while (second && i < given->n && find_in(pair, second, given->items[i]))
        i++;
    if (i == given->n)
        return 0;
    if (i > 0)
        snprintf(place, sizeof place, ", or not behind sentence %zu", i - 1);
    return at_fail(err, AT_ENOTFOUND, "'%s': sentence %zu is not in the text%s: '%.*s%s'",
                   given->path, i, place, at_shown(given->items[i], SHOWN), given->items[i],
                   strlen(given->items[i]) > SHOWN ? "..." : "");
}

static int split(struct at_sentences *text, struct at_sentences *pair, const struct at_doc *doc,
                 const struct at_sentence_rules *rules, struct at_error *err)
{
    int rc = at_sentences_split(text, doc->in.text, rules, err);

    if (!rc && doc->in.pair)
        rc = at_sentences_split(pair, doc->in.pair, rules, err);
    return rc;
}

/* Tokens whose middle is in none of the given sentences are of none. */
static void drop_outsiders(int *of_token, const struct at_tokens *tokens,
                           const struct at_sentences *text, const struct at_sentences *pair)
{
    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        const struct at_span *span;
        size_t at = (size_t)AT_MAX(of_token[i], 0);
        if (of_token[i] < 0)
            continue;
        span = at < text->n ? &text->items[at] : &pair->items[at - text->n];
        at = t->start + (t->end - t->start) / 2;
        if (at < span->start || at >= span->end)
            of_token[i] = -1;
    }
}

/* Number sentences that have a token from 0 on; the others go. */
static void keep_used(struct at_isa_sentences *out, struct at_arena *arena,
                      const struct at_doc *doc, const struct at_sentences *text,
                      const struct at_sentences *pair)
{
    size_t n = text->n + pair->n;
    int *number = at_malloc(n + 1, sizeof *number);

    out->items = at_arena_calloc(arena, n + 1, sizeof *out->items);
    for (size_t k = 0; k < n; k++) {
        bool is_second = k >= text->n;
        const struct at_span *span = is_second ? &pair->items[k - text->n] : &text->items[k];
        const char *from = is_second ? doc->in.pair : doc->in.text;
        struct at_isa_sentence found = {
            .index = out->n, .start = span->start, .end = span->end, .segment = is_second
        };
        number[k] = -1;
        for (size_t i = doc->n; i-- > 0;) {
            if (out->sent_of[i] != (int)k)
                continue;
            found.first_token = i;
            found.n_tokens++;
        }
        if (found.n_tokens == 0)
            continue;
        found.text = at_arena_strndup(arena, from + span->start, span->end - span->start);
        number[k] = (int)out->n;
        out->items[out->n++] = found;
    }
    for (size_t i = 0; i < doc->n; i++)
        out->sent_of[i] = out->sent_of[i] < 0 ? -1 : number[out->sent_of[i]];
    out->n_left_out = n - out->n;
    free(number);
}

int at_isa_sentences_find(struct at_isa_sentences *out, struct at_arena *arena,
                          const struct at_doc *doc, const struct at_given_sentences *given,
                          const struct at_sentence_rules *rules, struct at_error *err)
{
    struct at_sentences text = { 0 }, pair = { 0 };
    struct at_isa_sentences found = { 0 };
    int *of_token = at_malloc(doc->tokens.n, sizeof *of_token), rc;

    if (!*doc->in.text)
        rc = at_fail(err, AT_EFORMAT, "the capture has no text, so no sentences");
    else if (given)
        rc = find_given(&text, &pair, doc, given, err);
    else
        rc = split(&text, &pair, doc, rules, err);
    if (!rc) {
        at_sentences_of_tokens(of_token, &doc->tokens, &text, doc->in.pair ? &pair : NULL);
        if (given)
            drop_outsiders(of_token, &doc->tokens, &text, &pair);
        found.sent_of = at_arena_alloc(arena, doc->n, sizeof *found.sent_of);
        for (size_t i = 0; i < doc->n; i++)
            found.sent_of[i] = of_token[doc->words.n ? doc->words.first[i] : i];
        keep_used(&found, arena, doc, &text, &pair);
        *out = found;
    }
    free(of_token);
    at_sentences_release(&text);
    at_sentences_release(&pair);
    return rc;
}
