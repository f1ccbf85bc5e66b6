/*
 * sentencepiece_file.h - what SentencePiece's .model files say that counts here.
 *
 * Texts and tables lie in the file and are good as long as it is open.
 *
 * Source    sentencepiece_model.proto
 */
#ifndef TEXT_SENTENCEPIECE_FILE_H
#define TEXT_SENTENCEPIECE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"

enum at_piece_type { AT_PIECE_NORMAL = 1, AT_PIECE_CONTROL = 3, AT_PIECE_USER_DEFINED = 4 };

struct at_piece_score {
    const char *text; /* n bytes, not checked */
    size_t n;
    double score;
    uint64_t type; /* an at_piece_type, or one that changes nothing */
};

struct at_sentencepiece {
    struct AT_ARRAY(struct at_piece_score) pieces;
    bool is_bpe; /* or unigram */
    uint64_t unk_id;
    const unsigned char *charsmap;
    size_t n_charsmap;
    bool has_prefix, drops_spaces; /* a space in front; only one space between words */
};

/* at_sentencepiece_parse - of a file's n bytes; AT_EFORMAT names the byte or the field. */
AT_MUST_USE int at_sentencepiece_parse(struct at_sentencepiece *out, const unsigned char *bytes,
                                       size_t n, struct at_error *err);
void at_sentencepiece_release(struct at_sentencepiece *p);

#endif
