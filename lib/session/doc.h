/*
 * doc.h - one text made ready for a model: tokens, words, labels. From a session's tokenizer, or
 * from a capture, which has its tokens with it.
 */
#ifndef SESSION_DOC_H
#define SESSION_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "model/capture.h"
#include "session/session.h"
#include "session/texts.h"
#include "text/label.h"
#include "text/windows.h"
#include "text/words.h"

struct at_doc_options {
    bool by_words;     /* rows are words instead of tokens, without special tokens */
    bool is_truncated; /* cut a text that is longer than the model allows */
    bool split_pair;   /* two segments, split at the sentence end nearest the middle */
    /* A text of more tokens is read in windows of so many positions, each so many tokens of the
       text behind the one before, 0 for half of it (session/doc_window.h); window 0: it is not. */
    size_t window, stride;
};

/* Of a doc that is a window of a longer one, whole; of that one the plan alone; zeros of others. */
struct at_doc_window {
    const struct at_doc *whole;
    const struct at_windows *plan;
    size_t number;     /* from 0 */
    size_t first_byte; /* of its text in the whole one */
};

struct at_doc {
    size_t number;                 /* from 0, among the texts of the input, bad ones included */
    struct at_text in;             /* id, text, pair */
    const char *model_name;        /* of the session or of the capture */
    const struct at_config *shape; /* family and sizes of the model; of a capture what it tells */
    struct at_tokens tokens;
    struct at_words words;               /* empty unless by_words */
    size_t n;                            /* rows of its maps: tokens or words */
    const struct at_label *labels;       /* (n) */
    const struct at_label *token_labels; /* (tokens.n) the same unless by_words */
    char **pieces;                       /* (tokens.n) as they are in the vocabulary */
    size_t n_tokens_given;               /* before it was cut */
    size_t n_unknown; /* tokens that the vocabulary cannot spell; their labels are the text */
    const struct at_capture_file *capture; /* that it is from, or NULL */
    enum at_tokenizer_kind kind;           /* of the pieces */
    double *dropped; /* (n) by words: attention of each word that lay on special tokens, summed
                        over n_dropped maps; else NULL */
    size_t n_dropped;
    struct at_doc_window window;
    struct at_config own_shape; /* of a capture */
    struct at_arena arena;      /* labels, pieces, dropped */
};

/* at_doc_kind - of its maps: causal or not, and whether column 0 is [CLS] (not of words). */
struct at_map_kind at_doc_kind(const struct at_doc *doc);

/*
 * at_doc_prepare - tokenize; the strings of in move to the doc, also on failure. options NULL: all
 * false.
 *
 * With options->window a text may be longer than the model: such a doc is only to be cut.
 * Errors    AT_ERANGE: longer than the model's positions (both lengths are named), or windows that
 *           are; no token, no word; what the tokenizer says.
 * Memory    at_doc_release(), also after a failure; until then its id and text are there.
 */
AT_MUST_USE int at_doc_prepare(struct at_doc *out, const struct at_session *s, struct at_text *in,
                               const struct at_doc_options *options, struct at_error *err);

/*
 * at_doc_from_capture - the text of a capture. A file of another program has pieces only: special
 * tokens and words follow from how they are written, offsets from following the pieces through the
 * text.
 *
 * Errors    AT_EFORMAT when the tokens do not fit the maps, or when there are no maps; AT_ERANGE:
 *           no word.
 * Memory    at_doc_release(), also after a failure. capture must outlive the doc, which points into
 *           itself and cannot be copied.
 */
AT_MUST_USE int at_doc_from_capture(struct at_doc *out, const struct at_capture_file *capture,
                                    const char *id, bool by_words, struct at_error *err);
void at_doc_release(struct at_doc *doc); /* accepts a zeroed struct */

/* at_doc_row_of_token - the row that a token is in; AT_NONE for a special token among words. */
size_t at_doc_row_of_token(const struct at_doc *doc, size_t token);

/* at_doc_capture_meta - what at_capture_create() wants to know of a text; the strings are the
   arena's. */
struct at_capture_meta at_doc_capture_meta(const struct at_doc *doc, struct at_arena *arena);

#endif
