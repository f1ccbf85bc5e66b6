/*
 * tags.h - part-of-speech and entity tags of the tokens of a text, from a tagging model or a file.
 *
 * Tags travel as spans of the text, since the tagger, the file and the model at hand cut it in
 * different ways; at_tags_align() brings them to tokens by characters.
 */
#ifndef TEXT_TAGS_H
#define TEXT_TAGS_H

#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "text/tokenizer.h"

/* Universal part-of-speech tags (universaldependencies.org/u/pos), in their alphabetical order. */
enum at_upos {
    AT_UPOS_NONE, /* special tokens, or not known */
    AT_UPOS_ADJ,
    AT_UPOS_ADP,
    AT_UPOS_ADV,
    AT_UPOS_AUX,
    AT_UPOS_CCONJ,
    AT_UPOS_DET,
    AT_UPOS_INTJ,
    AT_UPOS_NOUN,
    AT_UPOS_NUM,
    AT_UPOS_PART,
    AT_UPOS_PRON,
    AT_UPOS_PROPN,
    AT_UPOS_PUNCT,
    AT_UPOS_SCONJ,
    AT_UPOS_SYM,
    AT_UPOS_VERB,
    AT_UPOS_X,
    AT_N_UPOS
};
const char *at_upos_name(enum at_upos tag); /* "NOUN"; "" for AT_UPOS_NONE */
/* at_upos_of - the tag of that name, Penn Treebank names ("NNS", "VBZ", "IN") included;
   AT_UPOS_NONE for any other. */
enum at_upos at_upos_of(const char *name);

/* An entity label without its B- or I-; the empty string means none. */
enum { AT_ENTITY_SIZE = 16 };

/* at_entity_set - "B-PER" to "PER", "O" and "_" to "". */
void at_entity_set(char out[AT_ENTITY_SIZE], const char *label);

struct at_tag_span {
    size_t start, end; /* bytes of the text */
    enum at_upos upos;
    char entity[AT_ENTITY_SIZE]; /* "PER" */
};

struct at_tag_spans AT_ARRAY(struct at_tag_span);

/*
 * at_tags_from_probabilities - spans from a token-classification model's answer.
 *
 * Labels of the groups "upos:" and "ner:" are decided group by group. A model without groups gives
 * parts of speech when its labels are names of them, entities otherwise. A word has the tag of its
 * first piece.
 *
 * Shapes    p (T, n_labels), one row per token; label (n_labels) names. Tokens of another text
 *           than source and special ones are passed over.
 * Memory    appends to out; at_array_release().
 */
void at_tags_from_probabilities(struct at_tag_spans *out, const float *p, const char *const *label,
                                size_t n_labels, const struct at_tokens *tokens, int source);

/*
 * at_tags_read - spans from a file: CoNLL-U, or lines "token TAB tag TAB entity" (entity may be
 * missing, "_" or "O"; empty lines and lines that start with "#" are skipped).
 *
 * The tokens of the file must be those of the text, in order; white space between them is free.
 *
 * Errors    AT_EIO; AT_EFORMAT: "line 7: the text does not go on with 'foo' after 'bar'", an
 *           unknown tag, a line with one column, text that is left over.
 */
AT_MUST_USE int at_tags_read(struct at_tag_spans *out, const char *path, const char *text,
                             struct at_error *err);

/* Tags of the tokens at hand. */
struct at_token_tag {
    enum at_upos upos;
    char entity[AT_ENTITY_SIZE];
};

/* at_tags_align - out (tokens->n), zeroed by the caller: each token of the text source gets the tag
   of the span that shares most bytes with it, the first of equals. Special tokens get none. Spans
   are in the order of the text. */
void at_tags_align(struct at_token_tag *out, const struct at_tag_spans *spans,
                   const struct at_tokens *tokens, int source);

#endif
