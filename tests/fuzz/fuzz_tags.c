/*
 * fuzz_tags.c - the first line as a text, the rest as a file with its tags: spans lie in the text,
 * one behind the other, and cover all but its white space.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "text/tags.h"
#include "base/alloc.h"
#include "base/attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t n = end ? (size_t)(end - data) : size, last = 0;
    char *text = at_strndup((const char *)data, n);
    const char *path = fuzz_file("in.tsv", data + n, size - n);
    struct at_tag_spans spans = { 0 };
    struct at_error err;

    if (at_tags_read(&spans, path, text, &err) == 0) {
        for (size_t i = 0; i < spans.n; i++) {
            const struct at_tag_span *s = &spans.items[i];
            AT_BUG_IF(s->start < last || s->end <= s->start || s->end > strlen(text));
            AT_BUG_IF(strspn(text + last, " \t\r\n\v\f") < s->start - last);
            last = s->end;
        }
        AT_BUG_IF(text[last + strspn(text + last, " \t\r\n\v\f")]);
    }
    at_array_release(&spans);
    free(text);
    return 0;
}
