/*
 * doc_rows.c - see doc_rows.h.
 */
#include "session/doc_rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/strbuf.h"

enum { MAX_NUMBER = 1000000, MAX_TOLD = 8 };

/* --- the list --- */

/* "7" or "5-7": the numbers from first to last. */
static bool is_range(const char *item, size_t n, size_t *first, size_t *last)
{
    size_t digits = strspn(item, "0123456789"), more;

    if (digits == 0 || digits > 7)
        return false;
    *first = *last = strtoul(item, NULL, 10);
    if (digits == n)
        return true;
    more = item[digits] == '-' ? strspn(item + digits + 1, "0123456789") : 0;
    if (more == 0 || more > 7 || digits + 1 + more != n)
        return false;
    *last = strtoul(item + digits + 1, NULL, 10);
    return true;
}

bool at_rows_is_list(const char *list)
{
    for (;;) {
        size_t n = strcspn(list, ","), first, last;
        if (n == 0)
            return false;
        if (is_range(list, n, &first, &last) && (first > last || last > MAX_NUMBER))
            return false;
        if (!list[n])
            return true;
        list += n + 1;
    }
}

/* --- by what is written --- */

/* Where a name may be: so many rows from first on. */
struct place {
    size_t first, n;
};
struct places AT_ARRAY(struct place);

/* What a list is looked up in. */
struct rows_of {
    const struct at_doc *doc;
    bool by_words;
    const char *option;
    struct at_arena *arena;
};

static size_t count(const struct rows_of *r)
{
    return r->by_words ? r->doc->n : r->doc->tokens.n;
}

static const char *unit(const struct rows_of *r)
{
    return r->by_words ? "word" : "token";
}

static bool is_same(const char *text, size_t n, const char *name, size_t n_name, bool by_case)
{
    while (n > 0 && *text == ' ') { /* byte-level pieces have the space before a word */
        text++;
        n--;
    }
    return n == n_name && (by_case ? memcmp(text, name, n) : strncasecmp(text, name, n)) == 0;
}

/* The bytes of the text between two tokens, ends included; NULL when there are none. */
static const char *source(size_t *n, const struct at_doc *doc, const struct at_token *first,
                          const struct at_token *last)
{
    const char *text = first->source == 1 ? doc->in.pair : doc->in.text;

    if (!text || first->start == AT_NO_OFFSET || last->end == AT_NO_OFFSET ||
        last->end < first->start || last->end > strlen(text))
        return NULL;
    *n = last->end - first->start;
    return text + first->start;
}

/* A token by its label or its part of the text. */
static bool is_token(const struct rows_of *r, size_t i, const char *name, size_t n, bool by_case)
{
    const struct at_token *t = &r->doc->tokens.items[i];
    const char *label = r->doc->words.n ? r->doc->pieces[i] : r->doc->labels[i].text, *text;
    size_t n_text;

    if (is_same(label, strlen(label), name, n, by_case))
        return true;
    text = source(&n_text, r->doc, t, t);
    return text && is_same(text, n_text, name, n, by_case);
}

static void find_rows(struct places *out, const struct rows_of *r, const char *name, size_t n,
                      bool by_case)
{
    for (size_t i = 0; i < count(r); i++) {
        const char *label = r->by_words ? r->doc->labels[i].text : "";
        if (r->by_words ? is_same(label, strlen(label), name, n, by_case)
                        : is_token(r, i, name, n, by_case))
            *at_array_push(out) = (struct place){ i, 1 };
    }
}

/* Words of several pieces. */
static void find_words(struct places *out, const struct rows_of *r, const char *name, size_t n)
{
    const struct at_tokens *t = &r->doc->tokens;
    size_t end;

    for (size_t i = 0; i < t->n && !r->by_words; i = end) {
        const char *text;
        size_t n_text;
        for (end = i + 1; end < t->n && t->items[i].word >= 0; end++)
            if (t->items[end].word != t->items[i].word)
                break;
        text = end - i > 1 ? source(&n_text, r->doc, &t->items[i], &t->items[end - 1]) : NULL;
        if (text && is_same(text, n_text, name, n, false))
            *at_array_push(out) = (struct place){ i, end - i };
    }
}

static int fail_ambiguous(const struct places *p, const struct rows_of *r, const char *name,
                          size_t n, struct at_error *err)
{
    struct at_strbuf numbers = { 0 };
    int rc;

    for (size_t i = 0; i < p->n && i < MAX_TOLD; i++)
        at_strbuf_addf(&numbers, "%s%zu", i ? ", " : "", p->items[i].first);
    rc = at_fail(err, AT_ERANGE, "%s '%.*s' may be %s %s%s: give the number", r->option, (int)n,
                 name, unit(r), at_strbuf_str(&numbers), p->n > MAX_TOLD ? " or another" : "");
    at_strbuf_release(&numbers);
    return rc;
}

static int find_name(struct place *out, const struct rows_of *r, const char *name, size_t n,
                     struct at_error *err)
{
    struct places p = { 0 };
    int rc = 0;

    find_rows(&p, r, name, n, true);
    if (!p.n)
        find_rows(&p, r, name, n, false);
    if (!p.n)
        find_words(&p, r, name, n);
    if (!p.n)
        rc = at_fail(err, AT_ERANGE, "%s '%.*s' is no %s of the text", r->option, (int)n, name,
                     unit(r));
    else if (p.n > 1)
        rc = fail_ambiguous(&p, r, name, n, err);
    else
        *out = p.items[0];
    at_array_release(&p);
    return rc;
}

/* --- rows --- */

static int find_item(struct place *out, const struct rows_of *r, const char *item, size_t n,
                     struct at_error *err)
{
    size_t first, last, all = count(r);

    if (!is_range(item, n, &first, &last))
        return find_name(out, r, item, n, err);
    if (last >= all)
        return at_fail(err, AT_ERANGE, "%s %zu is outside the text's %zu %s%s", r->option,
                       AT_MAX(first, all), all, unit(r), at_plural(all));
    *out = (struct place){ first, last - first + 1 };
    return 0;
}

static int find_list(struct at_rows *out, const struct rows_of *r, const char *list,
                     struct at_error *err)
{
    struct AT_ARRAY(size_t) rows = { 0 };
    int rc = 0;

    for (;;) {
        size_t n = strcspn(list, ",");
        struct place p = { 0 };
        rc = find_item(&p, r, list, n, err);
        for (size_t i = 0; !rc && i < p.n; i++)
            *at_array_push(&rows) = p.first + i;
        if (rc || !list[n])
            break;
        list += n + 1;
    }
    if (!rc) {
        *out = (struct at_rows){ at_arena_alloc(r->arena, rows.n, sizeof *out->items), rows.n };
        memcpy(out->items, rows.items, rows.n * sizeof *out->items);
    }
    at_array_release(&rows);
    return rc;
}

int at_doc_rows(struct at_rows *out, const struct at_doc *doc, const char *option, const char *list,
                struct at_arena *arena, struct at_error *err)
{
    const struct rows_of r = { doc, doc->words.n > 0, option, arena };

    return find_list(out, &r, list, err);
}

int at_doc_tokens(struct at_rows *out, const struct at_doc *doc, const char *option,
                  const char *list, struct at_arena *arena, struct at_error *err)
{
    const struct rows_of r = { doc, false, option, arena };

    return find_list(out, &r, list, err);
}

int at_doc_row(size_t *out, const struct at_doc *doc, const char *option, const char *list,
               struct at_arena *arena, struct at_error *err)
{
    struct at_rows rows;
    int rc = at_doc_rows(&rows, doc, option, list, arena, err);

    if (!rc && rows.n != 1)
        rc = at_fail(err, AT_ERANGE, "%s takes one %s: '%s' is %zu, from %zu on", option,
                     doc->words.n ? "word" : "token", list, rows.n, rows.items[0]);
    if (!rc)
        *out = rows.items[0];
    return rc;
}
