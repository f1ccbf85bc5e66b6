/*
 * unicode.h - what the tokenizers and the sentence splitter need to know about characters.
 *
 * unicode.c, unicode_old.c, unicode_breaks.c and pattern.c are the only files that see ICU. Three
 * views of a character are kept apart, because Hugging Face's tokenizers have three: patterns,
 * white space and lower case follow the current Unicode tables, the steps of BERT those of Unicode
 * 8 (functions with "bert" in the name), normal forms and scripts those of Unicode 9 ("old").
 */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* \p{L}, \p{N}, \s (White_Space) and \w of patterns. */
bool at_unicode_is_letter(unsigned c);
bool at_unicode_is_number(unsigned c);
bool at_unicode_is_numeric(unsigned c); /* the same, one version of Unicode further */
bool at_unicode_is_space(unsigned c);
bool at_unicode_is_word(unsigned c);
/* at_unicode_young - the i-th range of characters of which an ICU of before Unicode 16 does not
   know that they belong to a word; false when there are no more. */
enum at_young_kind {
    AT_YOUNG_LETTER = 1,
    AT_YOUNG_DIGIT = 2,
    AT_YOUNG_MARK = 4,
    AT_YOUNG_NUMBER = 8 /* of Unicode 17: only at_unicode_is_numeric() knows them */
};
struct at_young {
    unsigned first, last;
    enum at_young_kind kind;
};
bool at_unicode_young(struct at_young *out, size_t i);
bool at_unicode_is_upper(unsigned c); /* Lu and Lt */
bool at_unicode_is_lower(unsigned c); /* Ll */
/* at_unicode_has_word - is a letter or a number among the bytes [start, end) of valid UTF-8? */
bool at_unicode_has_word(const char *text, size_t start, size_t end);

/* BERT: characters that clean-up removes: controls (without \t \n \r), formats, private use. */
bool at_unicode_is_bert_control(unsigned c);
/* BERT: characters that stand alone: P*, and all of ASCII that is neither letter nor digit. */
bool at_unicode_is_bert_punct(unsigned c);
/* BERT: Mn, what accent stripping removes. */
bool at_unicode_is_bert_mark(unsigned c);
/* BERT: the ideograph blocks that get a space on both sides. */
bool at_unicode_is_bert_cjk(unsigned c);

enum { AT_MAX_LOWER = 2, AT_MAX_DECOMPOSED = 18 };

/* at_unicode_lower - lower case of one code point without context; returns how many, 1 or 2. */
size_t at_unicode_lower(unsigned out[AT_MAX_LOWER], unsigned c);

/* at_unicode_old_decompose - the canonical or compatibility decomposition (NFD, NFKD) of one code
   point, 1 to 18 of them. */
size_t at_unicode_old_decompose(unsigned out[AT_MAX_DECOMPOSED], unsigned c, bool is_compatible);
/* at_unicode_old_compose - what the two make together (NFC), or 0. */
unsigned at_unicode_old_compose(unsigned a, unsigned b);
/* at_unicode_order - canonical combining class: 0 for starters. */
unsigned at_unicode_order(unsigned c);
bool at_unicode_old_is_mark(unsigned c); /* M* */
/* at_unicode_old_script - a number for its script; -1 when it has none. */
int at_unicode_old_script(unsigned c);

/*
 * at_unicode_sentences - ends of the sentences of UAX #29, as ICU finds them.
 *
 * Shapes    *ends_out (*n_out), byte offsets, ascending, the last is n; none for an empty text.
 * Edge      a sentence includes the white space after it; text is valid UTF-8.
 * Errors    AT_EFORMAT when ICU has no data for it.      Memory  *ends_out is the caller's.
 */
AT_MUST_USE int at_unicode_sentences(size_t **ends_out, size_t *n_out, const char *text, size_t n,
                                     struct at_error *err);

/*
 * at_unicode_check_memory - from now on ICU allocates as base/alloc.h does; what is refused goes to
 * the failure handler. ICU itself looks at many of its own allocations only after using them. It
 * holds for the whole process, so it is a program's to choose, before anything else of ICU.
 */
void at_unicode_check_memory(void);

/*
 * Where the characters end that a reader sees as one (extended grapheme clusters, UAX #29).
 *
 *   struct at_graphemes g = { .text = text, .n = n };
 *   rc = at_graphemes_next(&g, &at, err);       at moves to the end of the one that starts there
 *   at_graphemes_close(&g);
 *
 * Errors    AT_ENOMEM when ICU has no memory for it; AT_ERANGE above 2 GB.
 */
struct at_graphemes {
    const char *text; /* valid UTF-8 */
    size_t n;
    void *iterator; /* opened when it is needed first */
};

AT_MUST_USE int at_graphemes_next(struct at_graphemes *g, size_t *at, struct at_error *err);
void at_graphemes_close(struct at_graphemes *g);

/* at_unicode_library - version of ICU in use, "72.1"; written to buf (n bytes). */
void at_unicode_library(char *buf, size_t n);

#endif
