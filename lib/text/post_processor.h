/*
 * post_processor.h - what is put around the tokens of a text or a pair, and how their places are
 * trimmed.
 *
 * The steps of tokenizer.json are run once, when it is read, on names of the two texts; what comes
 * out is a plan: which text or which token stands where, with which type.
 *
 * Source    the post-processors of Hugging Face's tokenizers.
 */
#ifndef TEXT_POST_PROCESSOR_H
#define TEXT_POST_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "io/json.h"

struct at_plan_item {
    int source; /* 0 or 1: all tokens of that text; -1: the token id */
    int id;
    int type_id; /* what the model is told of the segment */
};

/* Blanks at the ends of a piece do not belong to its place; the first piece of a text keeps one
   that was put in front of it. */
struct at_trim {
    bool prefix_space;
    bool is_first[2]; /* the first token of that text is the first of all */
};

struct at_plan {
    struct AT_ARRAY(struct at_plan_item) items;
    struct AT_ARRAY(struct at_trim) trims; /* one after the other */
};

struct at_post_processor {
    struct at_plan plans[2][2]; /* [a pair][with added tokens] */
};

/* at_post_processor_read - fill a zeroed struct from tokenizer.json; null adds nothing. AT_EFORMAT
   for what is unknown or wrong, by name. */
AT_MUST_USE int at_post_processor_read(struct at_post_processor *out, const struct at_json *v,
                                       struct at_error *err);
/* at_post_processor_set - a plan of n items; those that are tokens are left out of the plan
   without added tokens. */
void at_post_processor_set(struct at_post_processor *p, bool is_pair,
                           const struct at_plan_item *items, size_t n);
void at_post_processor_release(struct at_post_processor *p);

#endif
