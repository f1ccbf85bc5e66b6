/*
 * segments.c - see segments.h. Distances count characters, as the source does, not bytes.
 */
#include "text/segments.h"

#include <stdbool.h>
#include <string.h>

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

size_t at_split_pair(const char *text)
{
    size_t middle = n_characters(text) / 2, seen = 0, best = 0, least = (size_t)-1;

    for (const char *s = text; *s; s++) {
        size_t space, distance;
        seen += ((unsigned char)*s & 0xC0) != 0x80;
        if (!strchr(".!?", *s))
            continue;
        space = strspn(s + 1, " \t\r\n\f\v");
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
