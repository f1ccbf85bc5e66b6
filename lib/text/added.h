/*
 * added.h - tokens that are found in the text as they are written, before anything else is done.
 *
 * Special tokens ([MASK], <|endoftext|>) and tokens a user added to a trained vocabulary.
 */
#ifndef TEXT_ADDED_H
#define TEXT_ADDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/strbuf.h"

struct at_added_token {
    int id;
    bool is_special;     /* marks structure, is not text */
    bool is_normalized;  /* looked for in the normalized text, not in the text as it came */
    bool lstrip, rstrip; /* takes white space on that side with it */
    bool single_word;    /* only where no letter or digit touches it */
};

struct at_added {
    struct at_added_entry {
        struct at_added_token token;
        char *content; /* what is compared */
        size_t n;
    } * items;
    size_t n, cap;
};

/* at_added_put - add a token that is written like the n bytes; replaces one with the same id. */
void at_added_put(struct at_added *a, const char *content, size_t n, struct at_added_token token);
void at_added_release(struct at_added *a);
/* at_added_token_of - the added token with that id, or NULL. */
const struct at_added_token *at_added_token_of(const struct at_added *a, int id);

struct at_added_match {
    const struct at_added_token *token; /* NULL: none was found */
    size_t start, end;                  /* bytes it takes; start is n when none was found */
    size_t written, written_end;        /* the same without white space that it strips */
};

/*
 * at_added_find - the first added token in text[from, n), the longest where several start.
 *
 * Only those with the given is_normalized are looked for.
 */
struct at_added_match at_added_find(const struct at_added *a, bool is_normalized, const char *text,
                                    size_t n, size_t from);

#endif
