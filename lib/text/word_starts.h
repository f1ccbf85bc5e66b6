/*
 * word_starts.h - which tokens start a word, told from the text, and their places without blanks.
 *
 * For pieces that do not tell it themselves: byte-level BPE and what is like it.
 */
#ifndef TEXT_WORD_STARTS_H
#define TEXT_WORD_STARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/tokenizer.h"

/* at_trim_spaces - [*start, *end) of n bytes of text without spaces at the ends; it covers whole
   characters. */
void at_trim_spaces(size_t *start, size_t *end, const char *text, size_t n);

/*
 * at_starts_word - whether a token starts a word; before is in front of it. Places are trimmed.
 *
 * same_match    both come from one part that the text was cut into
 */
bool at_starts_word(const char *text, const struct at_token *before, const struct at_token *it,
                    bool same_match);

#endif
