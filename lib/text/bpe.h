/*
 * bpe.h - pieces of a word by merging pairs, the one that was learned first first.
 *
 * Source    BPE of Hugging Face's tokenizers.
 */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"
#include "text/found.h"
#include "text/vocab.h"

#define AT_NO_RANK UINT32_MAX

/* Characters of which the id is known without a look into the vocabulary: those of bytes. */
enum { AT_BPE_SHORT = 0x180 };

struct at_bpe {
    const struct at_vocab *vocab;
    int unk;            /* id of what has no piece; -1: it is left out, or an error */
    char *unk_name;     /* its piece, "": there is none */
    bool is_strict;     /* what has no piece is an error */
    bool fuses_unknown; /* unknown characters in a row are one piece */
    bool byte_fallback; /* what is unknown is written as its bytes, "<0xE2>" */
    bool ignore_merges; /* a word that is a piece is that one */
    char *prefix;       /* of every piece but the first of a word */
    char *suffix;       /* of the last piece of a word */
    int byte_id[256];   /* of "<0xE2>" and its like, -1 for none */
    int short_id[AT_BPE_SHORT];
    struct AT_ARRAY(int) merged; /* by rank: the piece that comes out */
    struct at_bpe_pair {
        int32_t left, right;
        uint32_t rank; /* AT_NO_RANK: free */
    } * pairs;
    size_t n_slots, n_used; /* a power of two, at most half are used */
};

/* at_bpe_init - no merges yet, no prefix and suffix, no unknown token; vocab must stay as it is
   while the struct is in use. */
void at_bpe_init(struct at_bpe *out, const struct at_vocab *vocab);
/* at_bpe_add_merge - the next merge. AT_EFORMAT when one of the pieces is not in the vocabulary. */
AT_MUST_USE int at_bpe_add_merge(struct at_bpe *b, const char *left, size_t n_left,
                                 const char *right, size_t n_right, struct at_error *err);
/* at_bpe_add_line - the same from "left right". */
AT_MUST_USE int at_bpe_add_line(struct at_bpe *b, const char *line, size_t n, struct at_error *err);
/* at_bpe_read_merges - merges.txt: a "#version" line is passed over. AT_EFORMAT with the line. */
AT_MUST_USE int at_bpe_read_merges(struct at_bpe *b, const char *path, struct at_error *err);
void at_bpe_release(struct at_bpe *b);

/* Room for one word, used again; a zeroed struct is a new one. */
struct at_bpe_work {
    struct AT_ARRAY(struct at_bpe_symbol) symbols;
    struct AT_ARRAY(struct at_bpe_candidate) heap;
};

/*
 * at_bpe_encode - append the pieces of a word of n bytes.
 *
 * Errors    AT_ERANGE for a character without a piece when is_strict is set; AT_EFORMAT for an
 *           unknown token that is not in the vocabulary.      Cost  O(n log n)
 */
AT_MUST_USE int at_bpe_encode(struct at_founds *out, const struct at_bpe *b,
                              struct at_bpe_work *work, const char *word, size_t n,
                              struct at_error *err);
void at_bpe_work_release(struct at_bpe_work *work);

#endif
