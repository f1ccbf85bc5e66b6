/*
 * wordpiece.h - pieces of a word by greedy longest match.
 *
 * Source    WordPiece of Hugging Face's tokenizers.
 */
#ifndef TEXT_WORDPIECE_H
#define TEXT_WORDPIECE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "text/found.h"
#include "text/vocab.h"

struct at_wordpiece {
    const struct at_vocab *vocab;
    int unk;               /* id of a word that has no pieces; -1: such a word is an error */
    size_t max_characters; /* a longer word is unknown */
    char *joiner;          /* stands before every piece but the first, "##" */
};

/* Room for one word, used again; a zeroed struct is a new one. */
struct at_wordpiece_work {
    struct at_strbuf word;
    struct AT_ARRAY(uint32_t) hashes;
};

/*
 * at_wordpiece_encode - append the pieces of a word of n bytes.
 *
 * A word that cannot be put together from pieces is one unknown token.
 * Errors    AT_EFORMAT where there is none.
 */
AT_MUST_USE int at_wordpiece_encode(struct at_founds *out, const struct at_wordpiece *wp,
                                    struct at_wordpiece_work *work, const char *word, size_t n,
                                    struct at_error *err);
void at_wordpiece_work_release(struct at_wordpiece_work *work);

#endif
