/*
 * decoder.h - from pieces back to text as people write it.
 *
 * Bytes that are no UTF-8 pass through: what becomes of them is the caller's business.
 *
 * Source    the decoders of Hugging Face's tokenizers.
 */
#ifndef TEXT_DECODER_H
#define TEXT_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "io/json.h"
#include "text/pattern.h"

enum at_decoder_kind {
    AT_DECODE_WORDPIECE, /* a space between words; the prefix of other pieces goes */
    AT_DECODE_SUFFIX,    /* a space for the suffix of a word's last piece */
    AT_DECODE_BYTES,     /* GPT-2's characters are bytes */
    AT_DECODE_METASPACE, /* a space for a character, but for the first one */
    AT_DECODE_CTC,
    AT_DECODE_REPLACE,
    AT_DECODE_FUSE,
    AT_DECODE_STRIP,
    AT_DECODE_BYTE_FALLBACK /* "<0xE2>" is a byte */
};

struct at_decoder_step {
    enum at_decoder_kind kind;
    char *text;         /* the prefix, the suffix, CTC's padding, what replaces a pattern */
    char *delimiter;    /* CTC: between words */
    bool cleans;        /* no space before "." and its like */
    bool keeps_first;   /* METASPACE: no space was put in front of the text */
    unsigned character; /* METASPACE, STRIP */
    size_t start, stop; /* STRIP: how many of it at most go at either end of a piece */
    struct at_pattern pattern;
};

struct at_decoder {
    struct at_decoder_step *items;
    size_t n, cap;
};

/* A piece on its way. */
struct at_decoded {
    struct at_strbuf text;
    bool is_added; /* it is written as it is: no bytes are behind it */
};

struct at_decoded_list AT_ARRAY(struct at_decoded);

/* at_decoder_read - append the steps of a decoder of tokenizer.json; null has none. AT_EFORMAT for
   what is unknown or wrong, by name. */
AT_MUST_USE int at_decoder_read(struct at_decoder *out, const struct at_json *v,
                                struct at_error *err);
void at_decoder_push(struct at_decoder *d, struct at_decoder_step step);
void at_decoder_release(struct at_decoder *d);

/*
 * at_decoder_apply - the pieces as text, one after the other.
 *
 * for_label: pieces are shown by themselves, so nothing is put between them or closed up, and none
 * is left out for being like the one before it.
 * Errors    AT_ERANGE, AT_ENOMEM of patterns, see pattern.h.
 */
AT_MUST_USE int at_decoder_apply(struct at_decoded_list *list, const struct at_decoder *d,
                                 bool for_label, struct at_error *err);
void at_decoded_release(struct at_decoded_list *list);

#endif
