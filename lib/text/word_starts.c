/*
 * word_starts.c - see word_starts.h.
 */
#include "text/word_starts.h"

#include "base/attr.h"
#include "base/utf8.h"
#include "text/unicode.h"

static bool is_inside_character(const char *text, size_t i)
{
    return ((unsigned char)text[i] & 0xC0) == 0x80;
}

void at_trim_spaces(size_t *start, size_t *end, const char *text, size_t n)
{
    while (*start < *end && text[*start] == ' ')
        ++*start;
    while (*end > *start && text[*end - 1] == ' ')
        --*end;
    while (*start > 0 && is_inside_character(text, *start))
        --*start;
    while (*end < n && is_inside_character(text, *end))
        ++*end;
}

/* Punctuation that is a word of its own. The apostrophe of "don\u2019t" is not among it. */
static bool is_separate(unsigned c)
{
    static const unsigned marks[] = { '.', ',',  '!',    '?',    ';',    ':',    '-',    '(',   ')',
                                      '"', '\'', 0x2013, 0x2014, 0x2018, 0x201C, 0x201D, 0x2026 };

    for (size_t i = 0; i < AT_COUNTOF(marks); i++)
        if (marks[i] == c)
            return true;
    return false;
}

static bool all_separate(const char *text, size_t start, size_t end)
{
    while (start < end)
        if (!is_separate(at_utf8_next(text, &start)))
            return false;
    return true;
}

/* The character that ends at end. */
static unsigned last_character(const char *text, size_t end)
{
    do
        end--;
    while (((unsigned char)text[end] & 0xC0) == 0x80);
    return at_utf8_next(text, &end);
}

/*
 * Whether a byte-pair token starts a word. A space in front says so; without one the token goes on
 * with the word before it, unless one of the two is punctuation or white space there. A space that
 * is a piece alone belongs to what the pattern took it with.
 */
bool at_starts_word(const char *text, const struct at_token *before, const struct at_token *it,
                    bool same_match)
{
    size_t first = it->start;
    unsigned last;

    if (before->is_special || it->start > before->end)
        return true;
    if (before->start == before->end)
        return !same_match;
    if (it->start < before->end) /* two parts of one character */
        return false;
    last = last_character(text, before->end);
    return is_separate(last) || at_unicode_is_space(last) ||
           at_unicode_is_space(at_utf8_next(text, &first)) ||
           all_separate(text, it->start, it->end);
}
