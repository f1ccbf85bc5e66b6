/*
 * segments.c - see segments.h. Distances count characters, as the source does, not bytes.
 */
#include "text/segments.h"

#include <stdbool.h>
#include <string.h>

#include "io/textfile.h"
#include "text/unicode.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Characters of UTF-8: every byte that does not continue one. */
static size_t n_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* Bytes of the white space that s starts with. */
static size_t space_length(const char *s)
{
    for (size_t i = 0, next = 0;; i = next)
        if (!at_unicode_is_space(at_utf8_next(s, &next)))
            return i;
}

size_t at_split_pair(const char *text)
{
    size_t middle = n_characters(text) / 2, seen = 0, best = 0, least = (size_t)-1;

    for (const char *s = text; *s; s++) {
        size_t space, distance;
        seen += ((unsigned char)*s & 0xC0) != 0x80;
        if (!strchr(".!?", *s))
            continue;
        space = space_length(s + 1);
        if (space == 0 || !is_letter(s[1 + space]))
            continue;
        distance = seen > middle ? seen - middle : middle - seen;
        if (distance < least) {
            least = distance;
            best = (size_t)(s - text) + 1;
        }
    }
    return best;
}
