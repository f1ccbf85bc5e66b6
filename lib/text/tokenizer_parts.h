/*
 * tokenizer_parts.h - what a tokenizer is made of, for the files that run it and read it.
 *
 * A text goes through these in order: added tokens that are not normalized, the normalizer, the
 * other added tokens, the pre-tokenizer, the model, the post-processor. Whatever files a tokenizer
 * comes from, this is what they are read into.
 */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include <stdbool.h>

#include "text/added.h"
#include "text/bpe.h"
#include "text/decoder.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pretokenizer.h"
#include "text/tokenizer.h"
#include "text/unigram.h"
#include "text/vocab.h"
#include "text/wordpiece.h"

struct at_tokenizer {
    struct at_added added;
    struct at_normalizer normalizer;
    struct at_pretokenizer pretokenizer;

    enum at_tokenizer_kind kind;
    struct at_vocab vocab; /* of the model: without the added tokens */
    int unk;               /* of the model; -1 for none */
    struct at_wordpiece wordpiece;
    struct at_bpe bpe;
    struct at_unigram unigram;

    struct at_post_processor post;
    bool trims_spaces; /* places leave out blanks, whatever post says */
    struct at_decoder decoder;

    int role[AT_N_ROLES]; /* ids, -1 for none */
    size_t n_ids;         /* the largest id and one */
    size_t max_tokens;    /* at which tokenizer.json would cut; 0: it does not */
    char *source;         /* names of the files that it comes from */
    struct AT_ARRAY(char *) notes;
};

/* at_tokenizer_note - add a remark for at_tokenizer_notes(). */
void at_tokenizer_note(struct at_tokenizer *t, const char *fmt, ...) AT_PRINTF(2, 3);
/* at_tokenizer_normal_form - append what the normalizer makes of a string: an
   at_added_normalize_fn, arg is the tokenizer. */
int at_tokenizer_normal_form(void *arg, struct at_strbuf *out, const char *s, struct at_error *err);

/* at_label_bytes - append bytes as a label: without the space before a word, unless that is all. */
void at_label_bytes(struct at_strbuf *out, const struct at_strbuf *bytes);

/* at_tokenizer_read - fill a zeroed struct from the files of a directory; see at_tokenizer_open.
   After a failure it may be half filled. */
AT_MUST_USE int at_tokenizer_read(struct at_tokenizer *t, const char *dir, struct at_error *err);

/*
 * at_tokenizer_run - append the tokens of one text, without those that are put around it.
 *
 * Errors    AT_EFORMAT, AT_ERANGE, AT_ENOMEM: see at_tokenize(). *out may have got some tokens.
 */
AT_MUST_USE int at_tokenizer_run(struct at_tokens *out, const struct at_tokenizer *t,
                                 const char *text, int source, const struct at_plan *plan,
                                 int *word, struct at_error *err);

#endif
