/*
 * added.c - see added.h.
 */
#include "text/added.h"

#include <stdlib.h>
#include <string.h>

#include "io/textfile.h"
#include "text/unicode.h"

void at_added_put(struct at_added *a, const char *content, size_t n, struct at_added_token token)
{
    struct at_added_entry *entry = NULL;

    for (size_t i = 0; i < a->n && !entry; i++)
        if (a->items[i].token.id == token.id)
            entry = &a->items[i];
    if (entry)
        free(entry->content);
    else
        entry = at_array_push(a);
    *entry = (struct at_added_entry){ token, at_strndup(content, n), n };
}

void at_added_release(struct at_added *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->items[i].content);
    at_array_release(a);
}

const struct at_added_token *at_added_token_of(const struct at_added *a, int id)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->items[i].token.id == id)
            return &a->items[i].token;
    return NULL;
}

/* Start of the character that ends at i. */
static size_t step_back(const char *text, size_t i)
{
    do
        i--;
    while (((unsigned char)text[i] & 0xC0) == 0x80);
    return i;
}

static unsigned character_at(const char *text, size_t i)
{
    return at_utf8_next(text, &i);
}

static bool touches_word(const char *text, size_t n, const struct at_added_match *m)
{
    return (m->start > 0 && at_unicode_is_word(character_at(text, step_back(text, m->start)))) ||
           (m->end < n && at_unicode_is_word(character_at(text, m->end)));
}

/* Take the white space that the token asks for, on the left not beyond from. */
static void strip(struct at_added_match *m, const char *text, size_t n, size_t from)
{
    m->written = m->start;
    m->written_end = m->end;
    while (m->token->lstrip && m->start > from) {
        size_t before = step_back(text, m->start);

        if (!at_unicode_is_space(character_at(text, before)))
            break;
        m->start = before;
    }
    while (m->token->rstrip && m->end < n) {
        size_t after = m->end;

        if (!at_unicode_is_space(at_utf8_next(text, &after)))
            break;
        m->end = after;
    }
}

struct at_added_match at_added_find(const struct at_added *a, bool is_normalized, const char *text,
                                    size_t n, size_t from)
{
    bool starts[256] = { false }; /* bytes that one of them begins with */

    for (size_t i = 0; i < a->n; i++)
        if (a->items[i].token.is_normalized == is_normalized && a->items[i].n)
            starts[(unsigned char)a->items[i].content[0]] = true;
    for (size_t at = from; at < n; at++) {
        struct at_added_match m = { .start = at, .end = at };

        if (!starts[(unsigned char)text[at]])
            continue;
        for (size_t i = 0; i < a->n; i++) {
            const struct at_added_entry *e = &a->items[i];

            if (e->token.is_normalized == is_normalized && e->n > m.end - at && e->n <= n - at &&
                !memcmp(e->content, text + at, e->n)) {
                m.token = &e->token;
                m.end = at + e->n;
            }
        }
        if (!m.token)
            continue;
        if (m.token->single_word && touches_word(text, n, &m)) {
            at = m.end - 1;
            continue;
        }
        strip(&m, text, n, from);
        return m;
    }
    return (struct at_added_match){ .start = n, .end = n };
}
