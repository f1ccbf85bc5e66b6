/*
 * added.h - tokens that are found in the text as they are written, before pieces are looked for.
 *
 * Special tokens ([MASK], <|endoftext|>) and tokens a user added to a trained vocabulary. They are
 * looked for twice: those that are not normalized in the text as it came, then the others in what
 * lies between, in its normal form.
 *
 * Source    AddedVocabulary of Hugging Face's tokenizers.
 */
#ifndef TEXT_ADDED_H
#define TEXT_ADDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "text/vocab.h"

struct at_added_token {
    int id;
    bool is_special;     /* marks structure, is not text */
    bool is_normalized;  /* looked for in the normalized text, not in the text as it came */
    bool lstrip, rstrip; /* takes white space on that side with it */
    bool single_word;    /* only where no letter or digit touches it */
    bool stands_alone;   /* only between white space, ideographs and the ends */
};

struct at_added_entry {
    struct at_added_token token;
    char *content; /* as it is called */
    char *wanted;  /* what is looked for */
};

struct at_added {
    struct at_added_entry *items;
    size_t n, cap;
    struct at_vocab names; /* entries by content */
    /* the rest is made by at_added_finish() */
    size_t *by_id;
    struct at_added_index {
        size_t *order; /* entries by what is looked for */
        size_t n;
        size_t first[257]; /* where those that begin with a byte start in order */
    } index[2];            /* [is_normalized] */
};

/* at_added_put - add a token that is called content; replaces one that is. Not after
   at_added_finish(). AT_ERANGE, AT_EFORMAT for a name that no piece may have, see vocab.h. */
AT_MUST_USE int at_added_put(struct at_added *a, const char *content, struct at_added_token token,
                             struct at_error *err);

/* Appends the normal form of a string to out. */
typedef int at_added_normalize_fn(void *arg, struct at_strbuf *out, const char *s,
                                  struct at_error *err);
/* at_added_finish - once all tokens are there: make them ready to be found. */
AT_MUST_USE int at_added_finish(struct at_added *a, at_added_normalize_fn *normalize, void *arg,
                                struct at_error *err);
void at_added_release(struct at_added *a);

/* at_added_by_content - an entry, or NULL. */
const struct at_added_entry *at_added_by_content(const struct at_added *a, const char *content);
/* at_added_by_id - after at_added_finish(): an entry, or NULL; of several with one id the last. */
const struct at_added_entry *at_added_by_id(const struct at_added *a, int id);

/*
 * Looking for them in n bytes of text, from left to right.
 *
 *   struct at_added_scan s = { .a = a, .text = text, .n = n };
 *   while (at_added_next(&s, &m)) ... text[s.done before, m.start) and the token ...
 *   ... text[s.done, n) ...
 */
struct at_added_scan {
    const struct at_added *a;
    bool is_normalized; /* only those are looked for */
    const char *text;
    size_t n;
    size_t at;   /* where the search goes on */
    size_t done; /* end of what the last token took */
};

struct at_added_match {
    const struct at_added_token *token;
    size_t start, end;           /* bytes it takes */
    size_t written, written_end; /* the same without white space that it strips */
};

/* at_added_next - the next token, the longest where several start; false: no more. */
bool at_added_next(struct at_added_scan *s, struct at_added_match *m);

#endif
