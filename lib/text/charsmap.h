/*
 * charsmap.h - SentencePiece's table of what characters become ("precompiled_charsmap").
 *
 * The bytes of a double-array trie, whose values say where in a block of NUL-terminated strings the
 * replacement stands.
 *
 * Source    the crate spm_precompiled and the normalizer Precompiled of Hugging Face's tokenizers.
 */
#ifndef TEXT_CHARSMAP_H
#define TEXT_CHARSMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "text/normal.h"

struct at_charsmap {
    uint32_t *units;
    size_t n_units;
    char *strings; /* valid UTF-8, a NUL behind the last byte */
    size_t n_strings;
};

/* at_charsmap_read - from n bytes as SentencePiece writes them. AT_EFORMAT. */
AT_MUST_USE int at_charsmap_read(struct at_charsmap *out, const void *bytes, size_t n,
                                 struct at_error *err);
/* at_charsmap_read_base64 - the same from text, as tokenizer.json has it. AT_EFORMAT. */
AT_MUST_USE int at_charsmap_read_base64(struct at_charsmap *out, const char *text,
                                        struct at_error *err);
void at_charsmap_release(struct at_charsmap *m);

/*
 * at_charsmap_apply - write a part anew, through w, which was begun on it.
 *
 * What a reader sees as one character is looked up as a whole when it has less than 6 bytes, and
 * becomes what its shortest beginning in the table becomes; else its code points are looked up.
 * Errors    AT_ENOMEM, AT_ERANGE: see at_graphemes_next().
 */
AT_MUST_USE int at_charsmap_apply(struct at_rewrite *w, const struct at_charsmap *m,
                                  struct at_error *err);

#endif
