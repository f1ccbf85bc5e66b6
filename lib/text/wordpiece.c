/*
 * wordpiece.c - see wordpiece.h.
 *
 * The hash of a prefix is a by-product of the hash of the word, so all candidates of one position
 * cost one walk over the word: hash every prefix, then look them up from the longest down.
 */
#include "text/wordpiece.h"

#include <string.h>

#include "base/array.h"
#include "io/textfile.h"
#include "text/unicode.h"

/* Stands before every piece but the first of a word. */
static const char joiner[] = "##";

enum { N_JOINER = sizeof joiner - 1, MAX_BYTES = 4 * AT_MAX_WORD };

/* Id of the longest piece that text starts with, its bytes in *n; -1 when there is none. The
   first n_joined of the n bytes are the joiner. */
static int longest_piece(const struct at_wordpiece *wp, const char *text, size_t n_joined,
                         size_t *n)
{
    uint32_t hashes[N_JOINER + MAX_BYTES + 1];
    size_t longest = AT_MIN(*n, wp->vocab->longest);

    hashes[0] = AT_HASH_START;
    for (size_t i = 0; i < longest; i++)
        hashes[i + 1] = at_vocab_hash(hashes[i], text + i, 1);
    for (size_t i = longest; i > n_joined; i--) {
        int id = at_vocab_find_hashed(wp->vocab, hashes[i], text, i);

        if (id >= 0 && id < wp->n_pieces) {
            *n = i;
            return id;
        }
    }
    return -1;
}

/* Tokens of one word of n bytes; like has what they share. */
static void add_word(struct at_tokens *out, const struct at_wordpiece *wp,
                     const struct at_normal *text, size_t from, size_t n, struct at_token like)
{
    char word[N_JOINER + MAX_BYTES];
    size_t first = out->n;

    AT_BUG_IF(n > MAX_BYTES);
    memcpy(word + N_JOINER, text->text.s + from, n);
    for (size_t at = 0; at < n;) {
        size_t n_joined = at ? N_JOINER : 0;
        size_t length = n_joined + n - at;
        char *rest = word + N_JOINER + at - n_joined;

        memcpy(rest, joiner, n_joined); /* over what was matched already */
        like.id = longest_piece(wp, rest, n_joined, &length);
        if (like.id < 0)
            break;
        length -= n_joined;
        like.start = text->start[from + at];
        like.end = text->end[from + at + length - 1];
        *at_array_push(out) = like;
        at += length;
    }
    if (like.id < 0) {
        out->n = first;
        like.id = wp->unk;
        like.start = text->start[from];
        like.end = text->end[from + n - 1];
        *at_array_push(out) = like;
    }
}

void at_wordpiece_encode(struct at_tokens *out, const struct at_wordpiece *wp,
                         const struct at_normal *text, size_t from, size_t to, int segment,
                         int *word)
{
    const char *s = text->text.s;

    AT_BUG_IF(wp->max_characters > AT_MAX_WORD);
    for (size_t i = from; i < to;) {
        size_t start = i, n_characters = 1;
        unsigned c = at_utf8_next(s, &i);
        struct at_token like = { .segment = segment };

        if (at_unicode_is_space(c))
            continue;
        if (!at_unicode_is_bert_punct(c))
            for (size_t next = i; i < to; i = next, n_characters++) {
                c = at_utf8_next(s, &next);
                if (at_unicode_is_space(c) || at_unicode_is_bert_punct(c))
                    break;
            }
        like.word = (*word)++;
        if (n_characters <= wp->max_characters) {
            add_word(out, wp, text, start, i - start, like);
        } else {
            like.id = wp->unk;
            like.start = text->start[start];
            like.end = text->end[i - 1];
            *at_array_push(out) = like;
        }
    }
}
