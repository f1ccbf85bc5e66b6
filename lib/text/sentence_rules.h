/*
 * sentence_rules.h - what a language's words say of the end of a sentence: one file per language,
 * fixtures/data/sentences/<language>.txt in the source tree; the head of en.txt says what the lines
 * are.
 */
#ifndef TEXT_SENTENCE_RULES_H
#define TEXT_SENTENCE_RULES_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Kinds of words; a word may be of several. */
enum at_sentence_kind {
    AT_SENT_TITLE = 1 << 0,
    AT_SENT_NUMBER = 1 << 1,
    AT_SENT_MONTH = 1 << 2,
    AT_SENT_ORDINAL = 1 << 3,
    AT_SENT_HOUR = 1 << 4,
    AT_SENT_OTHER = 1 << 5,
    AT_SENT_NAME = 1 << 6,
    AT_SENT_STARTER = 1 << 7,
    AT_SENT_COMMON = 1 << 8,
};

struct at_sentence_language;
struct at_sentence_rules;

/*
 * at_sentence_rules_open - the file of one language in dir, or with language NULL all that are
 * there: each text is then split by the rules of the language it seems to be in.
 *
 * Errors    AT_ENOTFOUND: no such language (those that there are are named), or none at all;
 *           AT_EIO; AT_EFORMAT with file and line.
 * Memory    at_sentence_rules_close(), which accepts NULL.
 */
AT_MUST_USE int at_sentence_rules_open(struct at_sentence_rules **out, const char *dir,
                                       const char *language, struct at_error *err);
void at_sentence_rules_close(struct at_sentence_rules *r);

/* at_sentence_languages - "de, en, fr": those that are open, or can be opened in a directory. */
void at_sentence_languages(struct at_strbuf *out, const struct at_sentence_rules *r);

/*
 * at_sentence_language_of - whose rules a text is split by: of the only language, else by script
 * (kana: ja, other ideographs: zh), else the one that has most of the text's words among its common
 * ones and its abbreviations; of equals en, or the first.
 *
 * Edge      NULL for rules NULL, and for a script whose language has no file.
 */
const struct at_sentence_language *at_sentence_language_of(const struct at_sentence_rules *r,
                                                           const char *text);
const char *at_sentence_language_name(const struct at_sentence_language *l); /* "de" */

/* at_sentence_kinds - of a word, without its period; 0 for one that the file does not have, or
   language NULL. A word in small letters is found with a capital, too. */
unsigned at_sentence_kinds(const struct at_sentence_language *l, const char *word, size_t n);

#endif
