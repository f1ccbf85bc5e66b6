/*
 * wordpiece.c - see wordpiece.h.
 *
 * The hash of a prefix is a by-product of the hash of the word, so all candidates of one position
 * cost one walk over the word: hash every prefix, then look them up from the longest down.
 */
#include "text/wordpiece.h"

#include <string.h>

/* Id of the longest piece that text starts with, its bytes in *n; -1 when there is none. The
   first n_joined of the n bytes are the joiner, whose hash is hash. */
static int longest_piece(const struct at_wordpiece *wp, struct at_wordpiece_work *work,
                         const char *text, size_t n_joined, uint32_t hash, size_t *n)
{
    size_t longest = AT_MIN(*n, wp->vocab->longest);
    uint32_t *hashes;

    at_array_reserve(&work->hashes, longest + n_joined + 1);
    hashes = work->hashes.items;
    hashes[n_joined] = hash;
    for (size_t i = n_joined; i < longest; i++)
        hashes[i + 1] = at_vocab_hash(hashes[i], text + i, 1);
    for (size_t i = longest; i > n_joined; i--) {
        int id = at_vocab_find_hashed(wp->vocab, hashes[i], text, i);

        if (id >= 0) {
            *n = i;
            return id;
        }
    }
    return -1;
}

static size_t count_characters(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xC0) != 0x80;
    return count;
}

/* The pieces of the word, which lies in work behind room for the joiner; false: it has none. */
static bool find_pieces(struct at_founds *out, const struct at_wordpiece *wp,
                        struct at_wordpiece_work *work, size_t n)
{
    size_t n_joiner = strlen(wp->joiner);
    uint32_t joined = at_vocab_hash(AT_HASH_START, wp->joiner, n_joiner);

    for (size_t at = 0; at < n;) {
        size_t n_joined = at ? n_joiner : 0, length = n_joined + n - at;
        char *rest = work->word.s + n_joiner + at - n_joined;
        int id;

        memcpy(rest, wp->joiner, n_joined); /* over what was matched already */
        id = longest_piece(wp, work, rest, n_joined, at ? joined : AT_HASH_START, &length);
        if (id < 0)
            return false;
        *at_array_push(out) = (struct at_found){ id, at, at + length - n_joined };
        at += length - n_joined;
    }
    return true;
}

int at_wordpiece_encode(struct at_founds *out, const struct at_wordpiece *wp,
                        struct at_wordpiece_work *work, const char *word, size_t n,
                        struct at_error *err)
{
    size_t first = out->n;

    if (n <= wp->max_characters || count_characters(word, n) <= wp->max_characters) {
        at_strbuf_clear(&work->word);
        at_strbuf_adds(&work->word, wp->joiner);
        at_strbuf_add(&work->word, word, n);
        if (find_pieces(out, wp, work, n))
            return 0;
    }
    out->n = first;
    if (wp->unk < 0)
        return at_fail(err, AT_EFORMAT, "the vocabulary has no token for the unknown word '%.*s'",
                       at_shown(word, AT_MIN(n, (size_t)100)), word);
    *at_array_push(out) = (struct at_found){ wp->unk, 0, n };
    return 0;
}

void at_wordpiece_work_release(struct at_wordpiece_work *work)
{
    at_strbuf_release(&work->word);
    at_array_release(&work->hashes);
}
