/*
 * tokenizer_settings.h - what the small files beside a vocabulary say: tokenizer_config.json,
 * special_tokens_map.json, added_tokens.json, and tokenizer_class of config.json.
 */
#ifndef TEXT_TOKENIZER_SETTINGS_H
#define TEXT_TOKENIZER_SETTINGS_H

#include <stdbool.h>

#include "base/error.h"
#include "io/json.h"
#include "text/tokenizer.h"

/* One directory's files, NULL for those that are not there. */
struct at_settings {
    const char *dir;
    struct at_json *config;   /* tokenizer_config.json */
    struct at_json *specials; /* special_tokens_map.json */
    struct at_json *added;    /* added_tokens.json */
    struct at_json *model;    /* config.json */
    char name[64];            /* see at_settings_class() */
};

/* at_settings_read - AT_EFORMAT names file and key for what is of the wrong type. */
AT_MUST_USE int at_settings_read(struct at_settings *out, const char *dir, struct at_error *err);
void at_settings_release(struct at_settings *s);

/* at_settings_class - the tokenizer's class without "Tokenizer" and "Fast", "GPT2"; NULL when no
   file names one. at_settings_full_class - as it is written. */
const char *at_settings_class(const struct at_settings *s);
const char *at_settings_full_class(const struct at_settings *s);

/* at_settings_switch - a key of tokenizer_config.json that is true or false; false and *out
   untouched when it is null or not there. */
bool at_settings_switch(bool *out, const struct at_settings *s, const char *key);

/* at_settings_key - "mask_token" and its like. */
const char *at_settings_key(enum at_token_role role);
/*
 * at_settings_special - the token with that part, a string or an object with "content"; NULL: none
 * is named.
 *
 * Where both files name one, tokenizer_config.json counts if it lists the added tokens too, else
 * special_tokens_map.json, as Hugging Face's library does; *other is then what does not count.
 */
const struct at_json *at_settings_special(const struct at_settings *s, enum at_token_role role,
                                          const struct at_json **other);
/* at_settings_more - the i-th of the further special tokens that files name; NULL: no more. */
const struct at_json *at_settings_more(const struct at_settings *s, size_t i);

/* at_token_content - the text of a token that is a string or an object with "content"; NULL for
   none. */
const char *at_token_content(const struct at_json *v);

#endif
