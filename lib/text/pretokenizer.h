/*
 * pretokenizer.h - the steps that cut a normalized text into the parts that pieces are looked for
 * in: words, mostly.
 *
 * Source    the pre-tokenizers of Hugging Face's tokenizers.
 */
#ifndef TEXT_PRETOKENIZER_H
#define TEXT_PRETOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/json.h"
#include "text/normal.h"
#include "text/pattern.h"

enum at_pretokenizer_kind {
    AT_CUT_SPACE,     /* at white space */
    AT_CUT_PUNCT,     /* at punctuation, as BERT sees it */
    AT_CUT_WORDS,     /* \w+ and [^\w\s]+ stay */
    AT_CUT_DIGITS,    /* at N* */
    AT_CUT_CHARACTER, /* at one character */
    AT_CUT_PATTERN,
    AT_CUT_METASPACE, /* a character for each space, and one in front; then cut before it */
    AT_CUT_GPT2,      /* a space in front; then by GPT-2's pattern */
    AT_CUT_SCRIPTS,   /* where the script changes */
    AT_CUT_LENGTH,    /* so many characters each */
    AT_CUT_BYTES      /* not cut: each byte becomes the character that GPT-2 writes for it */
};

/* What becomes of what a cut is made at. */
enum at_cut { AT_CUT_REMOVE, AT_CUT_ISOLATE, AT_CUT_TO_PREVIOUS, AT_CUT_TO_NEXT, AT_CUT_JOIN };

enum at_prepend {
    AT_PREPEND_ALWAYS,
    AT_PREPEND_FIRST /* at the beginning of the text */,
    AT_PREPEND_NEVER
};

struct at_pretokenizer_step {
    enum at_pretokenizer_kind kind;
    enum at_cut cut;
    bool is_inverted; /* PATTERN: cut at what does not match */
    struct at_pattern pattern;
    unsigned character;      /* CHARACTER, METASPACE */
    enum at_prepend prepend; /* METASPACE */
    bool is_cut;             /* METASPACE, GPT2: false does only the first half */
    bool prefix_space;       /* GPT2 */
    size_t length;
};

struct at_pretokenizer {
    struct at_pretokenizer_step *items;
    size_t n, cap;
};

/* What a step needs from call to call; a zeroed struct is a new one. */
struct at_pretokenizer_work {
    struct at_normal text;
    struct at_matcher matcher;
};

/* at_pretokenizer_read - append the steps of a pre-tokenizer of tokenizer.json; null has none.
   AT_EFORMAT for what is unknown or wrong, by name. */
AT_MUST_USE int at_pretokenizer_read(struct at_pretokenizer *out, const struct at_json *v,
                                     struct at_error *err);
void at_pretokenizer_push(struct at_pretokenizer *p, struct at_pretokenizer_step step);
void at_pretokenizer_release(struct at_pretokenizer *p);

/* Is given each part, none of them empty, in order. */
typedef int at_part_fn(void *arg, const struct at_part *part, struct at_error *err);

/*
 * at_pretokenizer_cut - hand the parts that one step makes of a part to each().
 *
 * They lie in part or in work, until the next call. Stops when each() fails, with its answer.
 * Errors    AT_ERANGE, AT_ENOMEM of patterns, see pattern.h.
 */
AT_MUST_USE int at_pretokenizer_cut(const struct at_pretokenizer_step *s,
                                    const struct at_part *part, struct at_pretokenizer_work *work,
                                    at_part_fn *each, void *arg, struct at_error *err);
void at_pretokenizer_work_release(struct at_pretokenizer_work *work);

/* at_gpt2_split - end of the part of text[from, n) that the GPT-2 pattern matches first:
   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t at_gpt2_split(const char *text, size_t n, size_t from);

#endif
