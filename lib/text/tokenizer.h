/*
 * tokenizer.h - text to token ids, one face for every tokenizer that models come with.
 *
 * Ids and places are identical to those of Hugging Face's tokenizers. Every token knows where it
 * came from: byte offsets into the original text, the number of its word, and whether it is a
 * special token.
 */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

#define AT_NO_OFFSET SIZE_MAX

enum at_tokenizer_kind { AT_WORDPIECE, AT_BPE, AT_UNIGRAM, AT_WORDLEVEL };

/* What a special token is there for, whatever its spelling. */
enum at_token_role {
    AT_ROLE_UNK,
    AT_ROLE_CLS,
    AT_ROLE_SEP,
    AT_ROLE_PAD,
    AT_ROLE_MASK,
    AT_ROLE_BOS,
    AT_ROLE_EOS,
    AT_N_ROLES
};

struct at_token {
    int id;
    int segment;     /* the type that the model is told: 0, mostly 1 in the second text of a pair */
    int word;        /* number of the word (words.h) from 0 over both texts; -1 for specials */
    bool is_special; /* [CLS], [SEP], [MASK], <|endoftext|> ...; [UNK] is text */
    size_t start, end; /* bytes in the text it is from, as the tokenizer's files say: mostly without
                          the space before a word; AT_NO_OFFSET for tokens that were added. A [MASK]
                          written in the text has offsets. */
    int source;        /* the text it is from: 0, or 1 for the second one of a pair; -1: none */
};

struct at_tokens {
    struct at_token *items;
    size_t n, cap;
};

struct at_tokenizer;

/*
 * at_tokenizer_open - read the tokenizer of a model directory.
 *
 * tokenizer.json where it is there, and means what Hugging Face's library makes of it. Without it
 * vocab.txt, or vocab.json and merges.txt, or a SentencePiece model, with what
 * tokenizer_config.json, special_tokens_map.json and added_tokens.json say.
 *
 * Errors    AT_ENOTFOUND names the files looked for; AT_EFORMAT and AT_ERANGE name file and key or
 *           line. What is not known is refused by name.
 */
AT_MUST_USE int at_tokenizer_open(struct at_tokenizer **out, const char *dir, struct at_error *err);
void at_tokenizer_close(struct at_tokenizer *t); /* accepts NULL */

enum at_tokenizer_kind at_tokenizer_kind(const struct at_tokenizer *t);
/* at_tokenizer_name - what finds the pieces: "WordPiece", "byte-level BPE", "BPE", "Unigram",
   "WordLevel". */
const char *at_tokenizer_name(const struct at_tokenizer *t);
/* at_tokenizer_source - the files that the pieces come from: "vocab.json, merges.txt". */
const char *at_tokenizer_source(const struct at_tokenizer *t);
/* at_tokenizer_notes - the i-th remark: where files contradict each other, which one won; what they
   say and atlas leaves alone. NULL when there are no more. */
const char *at_tokenizer_notes(const struct at_tokenizer *t, size_t i);
/* at_tokenizer_max_tokens - at how many tokens tokenizer.json would cut a text, which atlas does
   not do; 0: it would not. */
size_t at_tokenizer_max_tokens(const struct at_tokenizer *t);
/* at_tokenizer_vocab_size - the largest id and one. */
size_t at_tokenizer_vocab_size(const struct at_tokenizer *t);
/* at_tokenizer_id - id of "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<|endoftext|>" or
   any other piece written exactly so in the vocabulary; -1 when it has none. */
int at_tokenizer_id(const struct at_tokenizer *t, const char *piece);
/* at_tokenizer_role - id of the token with that part, as the tokenizer's files name it, else by its
   usual spelling ("[MASK]", "<|endoftext|>"); -1 when it has none. */
int at_tokenizer_role(const struct at_tokenizer *t, enum at_token_role role);
/* at_tokenizer_piece - the raw piece ("##ing", "Ġthe"), or NULL for an id out of range. */
const char *at_tokenizer_piece(const struct at_tokenizer *t, int id);
/* at_tokenizer_add_label - append the piece as people write it: "ing" for "##ing", "the" for
   "Ġthe" and "▁the", bytes decoded; incomplete UTF-8 shown as <E2>; control characters as \n, \t,
   <07>; a piece of spaces alone as U+2423, one for each. Nothing for an id out of range. */
void at_tokenizer_add_label(const struct at_tokenizer *t, struct at_strbuf *out, int id);
/* at_tokenizer_label - the same as a string of the arena. */
const char *at_tokenizer_label(const struct at_tokenizer *t, int id, struct at_arena *arena);
/* at_tokenizer_add_joined - the same for n tokens in a row, whose bytes are put together first. */
void at_tokenizer_add_joined(const struct at_tokenizer *t, struct at_strbuf *out,
                             const struct at_token *tokens, size_t n);
/* at_tokenizer_set_prefix_space - GPT-2: treat the text as if a space stood before it. */
void at_tokenizer_set_prefix_space(struct at_tokenizer *t, bool on);

/*
 * at_tokenize - ids of one text or a pair.
 *
 * With with_specials what the tokenizer puts around texts, [CLS] text [SEP] pair [SEP] for BERT.
 * Special tokens that stand in the text are kept whole.
 *
 * Errors    AT_EFORMAT for invalid UTF-8, and for a text with something that has no piece where
 *           there is no unknown token; AT_ERANGE for a text above 512 MB, a pair with a tokenizer
 *           that puts nothing between texts, a byte without a piece in vocab.json. *out is
 *           untouched.
 * Memory    appends to *out; release it with at_tokens_release().
 */
AT_MUST_USE int at_tokenize(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                            const char *pair, bool with_specials, struct at_error *err);
void at_tokens_release(struct at_tokens *v);

/* at_tokens_ids - the ids alone (n), as models take them. Memory free(). */
AT_MUST_USE int *at_tokens_ids(const struct at_tokens *v);

/* at_tokens_truncate - drop tokens from the ends of the texts so that n <= max: of the longer text
   first, [CLS] and [SEP] stay (also when max has no room for them). */
void at_tokens_truncate(struct at_tokens *v, size_t max);

/* at_tokenizer_decode - append the text of n ids (special tokens written as they are). WordPiece
   forgets where spaces were: none is written before ".", "," and their like. Bytes that are no
   UTF-8 become U+FFFD. */
void at_tokenizer_decode(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                         size_t n);

#endif
