/*
 * tokenizer.h - text to token ids, one face for WordPiece (BERT) and byte-level BPE (GPT-2).
 *
 * Ids are identical to Hugging Face's tokenizers. Every token knows where it came from: byte
 * offsets into the original text, the number of its word, and whether it is a special token.
 */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define AT_NO_OFFSET SIZE_MAX

enum at_tokenizer_kind { AT_WORDPIECE, AT_BPE };

struct at_token {
    int id;
    int segment;       /* 0, or 1 in the second text of a pair */
    int word;          /* number of the word from 0 over the whole input; -1 for special tokens */
    bool is_special;   /* [CLS], [SEP], [MASK], <|endoftext|> ... */
    size_t start, end; /* bytes in the text it is from (segment 0: text, 1: pair); AT_NO_OFFSET for
                          tokens that were added. A [MASK] written in the text has offsets. */
};

struct at_tokens {
    struct at_token *items;
    size_t n, cap;
};

struct at_tokenizer;

/*
 * at_tokenizer_open - read the tokenizer of a model directory.
 *
 * vocab.txt, or vocab.json + merges.txt, or tokenizer.json alone; tokenizer_config.json and
 * special_tokens_map.json when they are there (do_lower_case, strip_accents,
 * tokenize_chinese_chars, add_prefix_space, never_split, added tokens).
 *
 * Errors    AT_ENOTFOUND names the files looked for; AT_EFORMAT names file and line.
 */
AT_MUST_USE int at_tokenizer_open(struct at_tokenizer **out, const char *dir, struct at_error *err);
void at_tokenizer_close(struct at_tokenizer *t); /* accepts NULL */

enum at_tokenizer_kind at_tokenizer_kind(const struct at_tokenizer *t);
size_t at_tokenizer_vocab_size(const struct at_tokenizer *t);
/* at_tokenizer_special - id of "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<|endoftext|>" or
   any other piece written exactly so in the vocabulary; -1 when it has none. */
int at_tokenizer_id(const struct at_tokenizer *t, const char *piece);
/* at_tokenizer_piece - the raw piece ("##ing", "Ġthe"), or NULL for an id out of range. */
const char *at_tokenizer_piece(const struct at_tokenizer *t, int id);
/* at_tokenizer_add_label - append the piece as people write it: "ing" for "##ing", "the" for
   "Ġthe", bytes decoded; incomplete UTF-8 shown as <E2>; control characters as \n, \t, <07>. */
void at_tokenizer_add_label(const struct at_tokenizer *t, struct at_strbuf *out, int id);
/* at_tokenizer_continues - true when the piece goes on with the word before it ("##x", no "Ġ"). */
bool at_tokenizer_continues(const struct at_tokenizer *t, int id);
/* at_tokenizer_set_prefix_space - GPT-2: treat the text as if a space stood before it. */
void at_tokenizer_set_prefix_space(struct at_tokenizer *t, bool on);

/*
 * at_tokenize - ids of one text or a pair.
 *
 * BERT: [CLS] text [SEP] or [CLS] text [SEP] pair [SEP] when with_specials; GPT-2: the text as it
 * is (pair must be NULL). text and pair are n bytes of valid UTF-8.
 *
 * Errors    AT_ERANGE for a pair with a tokenizer that has none.
 * Memory    appends to *out; release it with at_tokens_release(). Special tokens may stand in
 *           the text and are then kept whole.
 */
AT_MUST_USE int at_tokenize(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                            const char *pair, bool with_specials, struct at_error *err);
void at_tokens_release(struct at_tokens *v);

/* at_tokens_truncate - drop tokens so that n <= max: longest segment first, specials kept. */
void at_tokens_truncate(struct at_tokens *v, size_t max);

/* at_tokenizer_decode - append the text of n ids (special tokens written as they are). */
void at_tokenizer_decode(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                         size_t n);

#endif
