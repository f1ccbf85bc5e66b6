/*
 * unicode.h - what the tokenizers and the sentence splitter need to know about characters.
 *
 * unicode.c is the only file that sees ICU. Two views of a character are kept apart, because
 * Hugging Face's tokenizers have two: the GPT-2 pattern follows the current Unicode tables, the
 * BERT normalizer those of Unicode 8 (2015). Functions with "bert" in the name answer as of then.
 */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The GPT-2 pattern's \p{L}, \p{N} and \s (White_Space); \w of an added token's neighbours. */
bool at_unicode_is_letter(unsigned c);
bool at_unicode_is_number(unsigned c);
bool at_unicode_is_space(unsigned c);
bool at_unicode_is_word(unsigned c);
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

enum { AT_MAX_LOWER = 2, AT_MAX_DECOMPOSED = 4 };

/* at_unicode_lower - lower case of one code point without context; returns how many, 1 or 2. */
size_t at_unicode_lower(unsigned out[AT_MAX_LOWER], unsigned c);
/* at_unicode_bert_decompose - its canonical decomposition (NFD), 1 to 4 code points. */
size_t at_unicode_bert_decompose(unsigned out[AT_MAX_DECOMPOSED], unsigned c);
/* at_unicode_order - canonical combining class: 0 for starters. */
unsigned at_unicode_order(unsigned c);

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

/* at_unicode_library - version of ICU in use, "72.1"; written to buf (n bytes). */
void at_unicode_library(char *buf, size_t n);

#endif
