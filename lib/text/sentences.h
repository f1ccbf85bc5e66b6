/*
 * sentences.h - the sentences of a text, and which one each token is in.
 *
 * Unicode's rules (UAX #29) break behind every "Dr." that a capital follows, and CLDR's own list
 * of exceptions is nearly empty. So what they part is joined again by words of the language
 * (sentence_rules.h) and a few rules, and items of lists in running text are parted.
 */
#ifndef TEXT_SENTENCES_H
#define TEXT_SENTENCES_H

#include <stddef.h>

#include "base/error.h"
#include "text/sentence_rules.h"
#include "text/tokenizer.h"

/* Bytes [start, end) of a text. */
struct at_span {
    size_t start, end;
};

/* In order, without the white space between them. */
struct at_sentences {
    struct at_span *items;
    size_t n, cap;
};

/*
 * at_sentences_split - append the sentences of a text.
 *
 * With rules NULL they are those of UAX #29, else as said above, by the rules of the language that
 * at_sentence_language_of() tells. What has neither letter nor digit is no sentence: it belongs to
 * the one before it, or to the first.
 * Errors    AT_EFORMAT for invalid UTF-8; AT_ERANGE above 2 GB.
 * Memory    at_sentences_release().
 */
AT_MUST_USE int at_sentences_split(struct at_sentences *out, const char *text,
                                   const struct at_sentence_rules *rules, struct at_error *err);
void at_sentences_release(struct at_sentences *v);

/*
 * at_sentences_of_tokens - number of the sentence each token is in, by the middle of the token.
 *
 * The second text's sentences are numbered on from those of the first; pair is NULL when there is
 * none. A token between two sentences belongs to the one before it.
 * Shapes    sent_of (T).
 * Edge      -1 for special tokens, also those written in the text, and when there is no sentence.
 */
void at_sentences_of_tokens(int *sent_of, const struct at_tokens *tokens,
                            const struct at_sentences *text, const struct at_sentences *pair);

#endif
