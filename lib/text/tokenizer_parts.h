/*
 * tokenizer_parts.h - what a tokenizer is made of, for tokenizer.c and the reader of its files.
 */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include <stdbool.h>

#include "text/added.h"
#include "text/bpe.h"
#include "text/normalize.h"
#include "text/tokenizer.h"
#include "text/vocab.h"
#include "text/wordpiece.h"

struct at_tokenizer {
    enum at_tokenizer_kind kind;
    struct at_vocab vocab; /* with the added tokens */
    struct at_added added;

    struct at_normalizer rules; /* WordPiece */
    struct at_wordpiece wordpiece;
    int cls, sep;

    struct at_bpe bpe;
    bool prefix_space;
};

/* at_tokenizer_read - fill a zeroed struct from the files of a directory; see at_tokenizer_open.
   After a failure it may be half filled. */
AT_MUST_USE int at_tokenizer_read(struct at_tokenizer *t, const char *dir, struct at_error *err);

#endif
