/*
 * sentence_breaks.h - does a sentence end where UAX #29 says so, and where does it besides?
 *
 * Rules over the characters around a break and over the words of the language; sentences.c asks
 * them and puts the sentences together.
 */
#ifndef TEXT_SENTENCE_BREAKS_H
#define TEXT_SENTENCE_BREAKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "text/sentence_rules.h"

/* A break that was found: the sentence before it is text[start, end), behind it next .. n. */
struct at_sentence_break {
    const char *text;
    size_t n, start, end, next;
    const struct at_sentence_language *language; /* or NULL */
};

/* at_sentence_goes_on - true when the sentence does not end there. */
bool at_sentence_goes_on(const struct at_sentence_break *b);

/*
 * at_sentence_moved_end - where the sentence before a break really ends: behind the first period of
 * "compounds. . . . The", whose other dots stand for what was left out. Usually b->end.
 */
size_t at_sentence_moved_end(const struct at_sentence_break *b);

/* at_sentence_closing - bytes of a closing guillemet, with the space before it, that a break would
   leave at the head of the next sentence; 0 for none. */
size_t at_sentence_closing(const struct at_sentence_break *b);

/*
 * at_sentence_without_opening - where text[start, end) ends without the opening marks that UAX #29
 * leaves at its end: those of Chinese and Japanese, which stand there without a space.
 */
size_t at_sentence_without_opening(const char *text, size_t start, size_t end,
                                   const struct at_sentence_language *l);

struct at_offsets AT_ARRAY(size_t);

/* at_sentence_list_items - offsets where the second and later items of a list begin: "1. One 2.
   Two", "a) ... b) ...". In order. */
void at_sentence_list_items(struct at_offsets *out, const char *text, size_t n,
                            const struct at_sentence_language *l);

/* at_sentence_glued - offsets of sentences without a space before them: "Hello world.Today is". */
void at_sentence_glued(struct at_offsets *out, const char *text, size_t n,
                       const struct at_sentence_language *l);

#endif
