/*
 * text_kind.c - see text_kind.h.
 */
#include "io/text_kind.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "io/textfile.h"

enum { MAX_LOOKED_AT = 65536 }; /* bytes of the first line */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static enum at_text_kind kind_of_line(const char *s, size_t n)
{
    size_t at = at_bom_length(s, n);

    while (at < n && strchr(" \t\r\n", s[at]))
        at++;
    if (at < n && (s[at] == '{' || s[at] == '['))
        return AT_TEXT_JSON;
    for (; at < n && s[at] != '\n'; at++)
        if (s[at] == '\t')
            return AT_TEXT_TSV;
    return AT_TEXT_CSV;
}

enum at_text_kind at_text_kind(const char *path)
{
    char start[MAX_LOOKED_AT];
    size_t n;
    FILE *f;

    if (ends_with(path, ".csv"))
        return AT_TEXT_CSV;
    if (ends_with(path, ".tsv"))
        return AT_TEXT_TSV;
    if (ends_with(path, ".json") || ends_with(path, ".jsonl"))
        return AT_TEXT_JSON;
    f = fopen(path, "rb");
    if (!f)
        return AT_TEXT_CSV;
    n = fread(start, 1, sizeof start, f);
    fclose(f);
    return kind_of_line(start, n);
}
