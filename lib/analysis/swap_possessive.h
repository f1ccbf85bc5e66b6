/*
 * swap_possessive.h - is a pronoun that can be either ("her", "his") a possessive where it stands?
 */
#ifndef ANALYSIS_SWAP_POSSESSIVE_H
#define ANALYSIS_SWAP_POSSESSIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/tags.h"

/*
 * at_swap_is_possessive - of the pronoun at the bytes [start, end): does it own what follows ("her
 * old book"), or stand alone ("saw her yesterday", "it is his")?
 *
 * By the next word, where that is one of a few kinds: function words, adverbs of time ("yesterday",
 * behind a verb also "last week") and what is given to somebody ("gave her two books", "told her
 * lies"). Else by the tags; without tags (NULL) any other word is owned.
 */
bool at_swap_is_possessive(const char *text, size_t start, size_t end,
                           const struct at_tag_spans *tags);

#endif
