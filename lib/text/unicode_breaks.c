/*
 * unicode_breaks.c - see unicode.h: where sentences and visible characters end, as ICU finds them.
 */
#include "text/unicode.h"

#include <stdlib.h>

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "base/array.h"

int at_unicode_sentences(size_t **ends_out, size_t *n_out, const char *text, size_t n,
                         struct at_error *err)
{
    struct AT_ARRAY(size_t) ends = { 0 };
    UErrorCode status = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    UBreakIterator *it;
    int32_t at;

    if (n > INT32_MAX)
        return at_fail(err, AT_ERANGE, "text of %zu bytes is too long to split, at most %d", n,
                       INT32_MAX);
    utext_openUTF8(&source, text, (int64_t)n, &status);
    it = ubrk_open(UBRK_SENTENCE, "en", NULL, 0, &status);
    if (U_SUCCESS(status)) /* else there is no iterator, and this would use it */
        ubrk_setUText(it, &source, &status);
    if (U_SUCCESS(status)) {
        ubrk_first(it);
        while ((at = ubrk_next(it)) != UBRK_DONE)
            *at_array_push(&ends) = (size_t)at;
    }
    if (it)
        ubrk_close(it);
    utext_close(&source);
    if (U_FAILURE(status)) {
        free(ends.items);
        return at_fail(err, AT_EFORMAT, "cannot split sentences: %s", u_errorName(status));
    }
    *ends_out = ends.items;
    *n_out = ends.n;
    return 0;
}

static int open_graphemes(struct at_graphemes *g, struct at_error *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    UBreakIterator *it;

    if (g->n > INT32_MAX)
        return at_fail(err, AT_ERANGE, "text of %zu bytes is too long, at most %d", g->n,
                       INT32_MAX);
    utext_openUTF8(&source, g->text, (int64_t)g->n, &status);
    it = ubrk_open(UBRK_CHARACTER, "en", NULL, 0, &status);
    if (U_SUCCESS(status))
        ubrk_setUText(it, &source, &status); /* which makes a copy of source */
    utext_close(&source);
    if (U_FAILURE(status)) {
        if (it)
            ubrk_close(it);
        return at_fail(err, AT_ENOMEM, "cannot look for characters: %s", u_errorName(status));
    }
    g->iterator = it;
    return 0;
}

/* An ASCII character that another one follows is one alone, but for CR LF. */
static bool is_alone(const struct at_graphemes *g, size_t at)
{
    return (unsigned char)g->text[at] < 0x80 &&
           (at + 1 == g->n || ((unsigned char)g->text[at + 1] < 0x80 && g->text[at] != '\r'));
}

int at_graphemes_next(struct at_graphemes *g, size_t *at, struct at_error *err)
{
    int32_t end;
    int rc;

    AT_BUG_IF(*at >= g->n);
    if (is_alone(g, *at)) {
        ++*at;
        return 0;
    }
    if (!g->iterator && (rc = open_graphemes(g, err)))
        return rc;
    end = ubrk_following(g->iterator, (int32_t)*at);
    *at = end == UBRK_DONE ? g->n : (size_t)end;
    return 0;
}

void at_graphemes_close(struct at_graphemes *g)
{
    if (g->iterator)
        ubrk_close(g->iterator);
    g->iterator = NULL;
}
