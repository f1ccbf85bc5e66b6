/*
 * job_isa_sentences.c - the sentences of a text, found by rule or given in a file.
 */
#include "cmd/isa_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "session/find.h"

enum { MAX_FILE = 64 << 20, SHOWN = 40 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

int isa_read_sentences(struct isa_call *call, struct at_error *err)
{
    size_t n;
    int rc = at_text_read(&call->sentences_bytes, &n, call->sentences_path, MAX_FILE, err);

    if (rc)
        return rc;
    for (char *line = call->sentences_bytes, *next; line; line = next) {
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
            *at_array_push(&call->given) = line;
    }
    if (call->given.n == 0)
        return at_fail(err, AT_ERANGE, "'%s' has no sentence", call->sentences_path);
    return 0;
}

int isa_open_rules(struct isa_call *call, struct at_error *err)
{
    char *path;
    int rc = at_data_path(&path, "data/abbreviations.txt", err);

    if (rc)
        return rc;
    rc = at_abbreviations_open(&call->abbreviations, path, err);
    free(path);
    return rc;
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
                      const struct isa_state *s, struct at_error *err)
{
    const struct isa_call *call = s->call;
    const char *second = s->doc->in.pair;
    char place[64] = "";
    size_t i = 0;

    while (i < call->given.n && find_in(text, s->doc->in.text, call->given.items[i]))
        i++;
    while (second && i < call->given.n && find_in(pair, second, call->given.items[i]))
        i++;
    if (i == call->given.n)
        return 0;
    if (i > 0)
        snprintf(place, sizeof place, ", or not behind sentence %zu", i - 1);
    return at_fail(err, AT_ENOTFOUND, "'%s': sentence %zu is not in the text%s: '%.*s%s'",
                   call->sentences_path, i, place, at_shown(call->given.items[i], SHOWN),
                   call->given.items[i], strlen(call->given.items[i]) > SHOWN ? "..." : "");
}

static int split(struct at_sentences *text, struct at_sentences *pair, const struct isa_state *s,
                 struct at_error *err)
{
    const struct at_abbreviations *rules = s->call->abbreviations;
    int rc = at_sentences_split(text, s->doc->in.text, rules, err);

    if (!rc && s->doc->in.pair)
        rc = at_sentences_split(pair, s->doc->in.pair, rules, err);
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
static void keep_used(struct isa_state *s, const struct at_sentences *text,
                      const struct at_sentences *pair)
{
    size_t n = text->n + pair->n;
    int *number = at_malloc(n + 1, sizeof *number);

    s->sentences = at_calloc(n + 1, sizeof *s->sentences);
    for (size_t k = 0; k < n; k++) {
        bool is_second = k >= text->n;
        const struct at_span *span = is_second ? &pair->items[k - text->n] : &text->items[k];
        const char *from = is_second ? s->doc->in.pair : s->doc->in.text;
        struct isa_sentence found = { .start = span->start,
                                      .end = span->end,
                                      .segment = is_second };
        number[k] = -1;
        for (size_t i = s->doc->n; i-- > 0;) {
            if (s->sent_of[i] != (int)k)
                continue;
            found.first_token = i;
            found.n_tokens++;
        }
        if (found.n_tokens == 0)
            continue;
        found.text = at_strndup(from + span->start, span->end - span->start);
        number[k] = (int)s->S;
        s->sentences[s->S++] = found;
    }
    for (size_t i = 0; i < s->doc->n; i++)
        s->sent_of[i] = s->sent_of[i] < 0 ? -1 : number[s->sent_of[i]];
    if (s->S < n)
        report_warning("%s%s%zu of %zu sentence%s with no token, left out", s->doc->in.id,
                       *s->doc->in.id ? ": " : "", n - s->S, n, at_plural(n));
    free(number);
}

int isa_find_sentences(struct isa_state *s, struct at_error *err)
{
    const struct doc *doc = s->doc;
    struct at_sentences text = { 0 }, pair = { 0 };
    int *of_token = at_malloc(doc->tokens.n, sizeof *of_token), rc;

    if (!*doc->in.text)
        rc = at_fail(err, AT_EFORMAT, "the capture has no text, so no sentences");
    else if (s->call->sentences_path)
        rc = find_given(&text, &pair, s, err);
    else
        rc = split(&text, &pair, s, err);
    if (!rc) {
        at_sentences_of_tokens(of_token, &doc->tokens, &text, doc->in.pair ? &pair : NULL);
        if (s->call->sentences_path)
            drop_outsiders(of_token, &doc->tokens, &text, &pair);
        s->sent_of = at_malloc(doc->n, sizeof *s->sent_of);
        for (size_t i = 0; i < doc->n; i++)
            s->sent_of[i] = of_token[doc->words.n ? doc->words.first[i] : i];
        keep_used(s, &text, &pair);
    }
    free(of_token);
    at_sentences_release(&text);
    at_sentences_release(&pair);
    return rc;
}
