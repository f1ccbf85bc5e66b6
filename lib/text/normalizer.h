/*
 * normalizer.h - the steps that a text takes before words are looked for: characters are cleaned,
 * folded and replaced.
 *
 * Source    the normalizers of Hugging Face's tokenizers.
 */
#ifndef TEXT_NORMALIZER_H
#define TEXT_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/json.h"
#include "text/charsmap.h"
#include "text/normal.h"
#include "text/pattern.h"

enum at_normalizer_kind {
    AT_NORMALIZE_BERT,
    AT_NORMALIZE_NFC,
    AT_NORMALIZE_NFD,
    AT_NORMALIZE_NFKC,
    AT_NORMALIZE_NFKD,
    AT_NORMALIZE_NMT,           /* white space and controls as in neural translation */
    AT_NORMALIZE_LOWER,         /* code point by code point, no context */
    AT_NORMALIZE_STRIP_ACCENTS, /* without M* */
    AT_NORMALIZE_STRIP,         /* without white space at the ends */
    AT_NORMALIZE_REPLACE,
    AT_NORMALIZE_PREPEND,
    AT_NORMALIZE_CHARSMAP,
    AT_NORMALIZE_BYTES /* each byte becomes the character that GPT-2 writes for it */
};

struct at_normalizer_step {
    enum at_normalizer_kind kind;
    /* BERT, in this order */
    bool clean_text;    /* drop controls, U+0000 and U+FFFD; any white space becomes a space */
    bool space_cjk;     /* a space on both sides of each ideograph */
    bool strip_accents; /* NFD without Mn */
    bool lower;
    bool accents_follow;          /* strip_accents was not said: it is what lower is */
    bool strip_left, strip_right; /* STRIP */
    struct at_pattern pattern;    /* REPLACE */
    char *content;                /* REPLACE, PREPEND */
    struct at_charsmap charsmap;
};

struct at_normalizer {
    struct at_normalizer_step *items; /* in the order in which they are done */
    size_t n, cap;
};

/* What at_normalizer_apply() needs from call to call; a zeroed struct is a new one. */
struct at_normalizer_work {
    struct at_normal text[2];
    struct at_matcher *matchers; /* one for each step */
    size_t n_matchers;
};

/*
 * at_normalizer_read - append the steps of a normalizer of tokenizer.json; null has none.
 *
 * Errors    AT_EFORMAT for what is unknown or wrong, by name.
 */
AT_MUST_USE int at_normalizer_read(struct at_normalizer *out, const struct at_json *v,
                                   struct at_error *err);
/* at_normalizer_push - one more step; what it points to is taken over. */
void at_normalizer_push(struct at_normalizer *n, struct at_normalizer_step step);
void at_normalizer_release(struct at_normalizer *n);

/*
 * at_normalizer_apply - *part in its normal form, which lies in work until the next call.
 *
 * Errors    AT_ERANGE, AT_ENOMEM of patterns and of characters, see pattern.h and unicode.h.
 */
AT_MUST_USE int at_normalizer_apply(struct at_part *part, const struct at_normalizer *n,
                                    struct at_normalizer_work *work, struct at_error *err);
void at_normalizer_work_release(struct at_normalizer_work *work);

#endif
