/*
 * conllu.h - reads sentences in CoNLL-U (universaldependencies.org/format.html).
 */
#ifndef TEXT_CONLLU_H
#define TEXT_CONLLU_H

#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "io/textfile.h"

/* A syntactic word. Words of one surface token share its bytes, unless together they spell it
   ("don't" = do + n't, but not Spanish "del" = de + el). */
struct at_conllu_word {
    size_t start, end; /* bytes in the sentence's text */
    size_t head;       /* index of the head word; its own for the root, or when not annotated */
    size_t form, upos, relation; /* offsets into strings; see at_conllu_str() */
    size_t entity;               /* MISC "NER=B-PER", or "" */
    size_t line;                 /* in the file */
};

struct at_conllu_words AT_ARRAY(struct at_conllu_word);

struct at_conllu_sentence {
    struct at_conllu_words words;
    struct at_strbuf text; /* "# text", or the surface tokens and SpaceAfter when there is none */
    struct at_strbuf strings;
    size_t id; /* offset of "# sent_id", or of "" */
    size_t line;
};

struct at_conllu {
    struct at_lines lines;
    const char *path; /* borrowed; put in front of errors */
};

AT_MUST_USE int at_conllu_open(struct at_conllu *out, const char *path, struct at_error *err);

/*
 * at_conllu_next - the next sentence into *s, which is zeroed before the first call and used again.
 *
 * Empty nodes (8.1) are skipped, multi-word tokens (3-4) give their words the bytes of the
 * token, or of their part of it.
 *
 * Answers   1, 0 at the end, negative on AT_EIO or AT_EFORMAT ("line 12: 7 columns, want 10", a
 *           head that is no word, surface tokens that are not the text).
 */
AT_MUST_USE int at_conllu_next(struct at_conllu_sentence *s, struct at_conllu *c,
                               struct at_error *err);
const char *at_conllu_str(const struct at_conllu_sentence *s, size_t offset);
void at_conllu_sentence_release(struct at_conllu_sentence *s);
void at_conllu_close(struct at_conllu *c);

#endif
