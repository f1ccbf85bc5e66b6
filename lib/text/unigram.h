/*
 * unigram.h - pieces of a text by the best sum of their scores.
 *
 * Source    Unigram of Hugging Face's tokenizers, after SentencePiece: Viterbi's algorithm, of
 *           equal sums the one found first.
 */
#ifndef TEXT_UNIGRAM_H
#define TEXT_UNIGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "text/found.h"
#include "text/vocab.h"

struct at_unigram {
    const struct at_vocab *vocab;
    struct AT_ARRAY(double) scores; /* by id */
    int unk;                        /* id of what no piece has; -1: such a text is an error */
    bool byte_fallback;             /* what is unknown is written as its bytes, "<0xE2>" */
    int byte_id[256];               /* of these, -1 for none */
    double unk_score;               /* of one unknown character */
    size_t longest[256];            /* bytes of the longest piece that starts with that byte */
};

/* Room for one text, used again; a zeroed struct is a new one. */
struct at_unigram_work {
    struct AT_ARRAY(struct at_unigram_node) nodes;
    struct at_founds path; /* from the end */
};

/* at_unigram_init - once vocab, scores, unk and byte_fallback are set. */
void at_unigram_init(struct at_unigram *u);
void at_unigram_release(struct at_unigram *u);

/*
 * at_unigram_encode - append the pieces of n bytes of text.
 *
 * Unknown characters in a row are one piece; all pieces of its bytes have the place of the whole.
 * Errors    AT_EFORMAT where unk is needed and there is none.
 * Cost      O(n) times the length of the longest piece.
 */
AT_MUST_USE int at_unigram_encode(struct at_founds *out, const struct at_unigram *u,
                                  struct at_unigram_work *work, const char *text, size_t n,
                                  struct at_error *err);
void at_unigram_work_release(struct at_unigram_work *work);

#endif
