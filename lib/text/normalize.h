/*
 * normalize.h - what BERT does to a text before it looks for words, with the way back.
 */
#ifndef TEXT_NORMALIZE_H
#define TEXT_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Steps, done in this order. All off leaves the text as it is. */
struct at_normalizer {
    bool clean_text;    /* drop controls, U+0000 and U+FFFD; any white space becomes a space */
    bool space_cjk;     /* a space on both sides of each ideograph */
    bool strip_accents; /* NFD without Mn */
    bool lower;         /* code point by code point, no context */
};

/* Normalized text; byte i comes from the character at bytes start[i] up to end[i] of the source. */
struct at_normal {
    struct at_strbuf text;
    uint32_t *start, *end;
    size_t cap; /* of start and end */
};

/*
 * at_normalize - append the normal form of n bytes of valid UTF-8.
 *
 * base is added to the origins; base + n must fit in 32 bits (a bug otherwise).
 * Source    BertNormalizer of Hugging Face's tokenizers.      Memory  at_normal_release().
 */
void at_normalize(struct at_normal *out, const struct at_normalizer *rules, const char *text,
                  size_t n, size_t base);
void at_normal_clear(struct at_normal *v);
void at_normal_release(struct at_normal *v);

#endif
