/*
 * bpe.h - GPT-2: splitting a text by its pattern, and byte-pair merges.
 *
 * A byte is written in the vocabulary as one character: printable Latin-1 as it is, the others as
 * U+0100 and up in order, so that a space is "\u0120". Ranks are the lines of merges.txt.
 *
 * Source    GPT2TokenizerFast: ByteLevel and BPE of Hugging Face's tokenizers.
 */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

#define AT_NO_RANK UINT32_MAX

struct at_bpe {
    const struct at_vocab *vocab;
    int byte_id[256];            /* piece of each byte, -1: the vocabulary has none */
    struct AT_ARRAY(int) merged; /* by rank: the piece that comes out */
    struct at_bpe_pair {
        int32_t left, right;
        uint32_t rank; /* AT_NO_RANK: free */
    } * pairs;
    size_t n_slots, n_used; /* a power of two, at most half are used */
};

/* at_bpe_init - no merges yet; vocab must stay as it is while the struct is in use. */
void at_bpe_init(struct at_bpe *out, const struct at_vocab *vocab);
/* at_bpe_add_merge - the next merge. AT_EFORMAT when one of the pieces is not in the vocabulary. */
AT_MUST_USE int at_bpe_add_merge(struct at_bpe *b, const char *left, size_t n_left,
                                 const char *right, size_t n_right, struct at_error *err);
/* at_bpe_add_line - the same from "left right". */
AT_MUST_USE int at_bpe_add_line(struct at_bpe *b, const char *line, size_t n, struct at_error *err);
/* at_bpe_read_merges - merges.txt: a "#version" line is passed over. AT_EFORMAT with the line. */
AT_MUST_USE int at_bpe_read_merges(struct at_bpe *b, const char *path, struct at_error *err);
void at_bpe_release(struct at_bpe *b);

/*
 * at_bpe_split - end of the part of text[from, n) that the GPT-2 pattern matches first:
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */
size_t at_bpe_split(const char *text, size_t n, size_t from);

/*
 * at_bpe_encode - append the tokens of n bytes of text.
 *
 * base is added to the offsets. With prefix_space the text is read as if a space stood before it,
 * unless one does. Offsets leave out a piece's spaces and cover whole characters: a piece with a
 * part of one has all of its bytes. word is the number of the pattern's match, from 0.
 * Errors    AT_ERANGE for a byte that has no piece.      Cost  O(n log n)
 */
AT_MUST_USE int at_bpe_encode(struct at_tokens *out, const struct at_bpe *b, const char *text,
                              size_t n, size_t base, bool prefix_space, struct at_error *err);

/* at_bpe_trim - the offsets of a token made of the bytes [*start, *end) of n bytes of text. */
void at_bpe_trim(size_t *start, size_t *end, const char *text, size_t n);

/* at_bpe_byte - the byte that a character of a piece stands for, or -1. */
int at_bpe_byte(unsigned c);
/* at_bpe_bytes - append the bytes a piece stands for; false (and nothing added) when it has a
   character that stands for none, as an added token may. */
bool at_bpe_bytes(struct at_strbuf *out, const char *piece);

#endif
