/*
 * tokenizer_read.h - the readers of tokenizer files, for each other: tokenizer_read.c chooses,
 * tokenizer_json.c reads tokenizer.json, tokenizer_files.c separate files, sentencepiece.c those of
 * SentencePiece.
 */
#ifndef TEXT_TOKENIZER_READ_H
#define TEXT_TOKENIZER_READ_H

#include "text/tokenizer_parts.h"
#include "text/tokenizer_settings.h"

enum { AT_MAX_CHARACTERS = 100 /* of a word in WordPiece, unless a file says another number */ };

/* at_tokenizer_read_json - tokenizer.json at path, with what settings change of it. */
AT_MUST_USE int at_tokenizer_read_json(struct at_tokenizer *t, const struct at_settings *s,
                                       const char *path, struct at_error *err);
/* at_tokenizer_read_files - whatever other files there are; AT_ENOTFOUND when there are none. */
AT_MUST_USE int at_tokenizer_read_files(struct at_tokenizer *t, const struct at_settings *s,
                                        struct at_error *err);
/* at_sentencepiece_read - the model at path, with ids as the class of that name gives them. */
AT_MUST_USE int at_sentencepiece_read(struct at_tokenizer *t, const struct at_settings *s,
                                      const char *path, struct at_error *err);

/* at_tokenizer_new_id - the id that a token gets which the vocabulary of the model does not have:
   behind all pieces and all tokens added so far, as Hugging Face's library counts. */
int at_tokenizer_new_id(const struct at_tokenizer *t);
/* at_tokenizer_add_special - make a token (a string, or an object with its properties) special; a
   new one gets the next id. With only_new one that was added already stays as it is. */
AT_MUST_USE int at_tokenizer_add_special(struct at_tokenizer *t, const struct at_json *v,
                                         bool only_new, struct at_error *err);
/* at_tokenizer_flags - how a token is looked for, from the properties of the object v, which may be
   no object; is_special: it is, whatever they say. */
void at_tokenizer_flags(struct at_added_token *token, const struct at_json *v, bool is_special);

#endif
