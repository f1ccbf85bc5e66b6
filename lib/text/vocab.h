/*
 * vocab.h - the pieces of a vocabulary and their ids, both ways.
 *
 * All pieces lie NUL-terminated in one block; the table is open addressing over it, so a
 * vocabulary of 50,000 pieces costs a handful of allocations.
 */
#ifndef TEXT_VOCAB_H
#define TEXT_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "ops/shapes.h"

enum { AT_MAX_PIECE = 4096 /* bytes */ };

/* A piece of the vocabulary; length AT_NO_PIECE marks an id that has none yet. */
#define AT_NO_PIECE UINT32_MAX
struct at_piece {
    uint32_t at, length; /* in the block */
};

struct at_vocab {
    struct at_strbuf block;
    struct AT_ARRAY(struct at_piece) pieces; /* by id */
    struct at_vocab_slot {
        uint32_t hash, at; /* of the piece, in the block */
        int32_t id;        /* -1: free */
    } * slots;
    size_t n_slots, n_used; /* a power of two; at most half are used */
    size_t longest;         /* bytes of the longest piece */
};

/* at_vocab_hash - hash of n bytes that follow what was hashed into seed (AT_HASH_START). */
#define AT_HASH_START 2166136261u
static inline uint32_t at_vocab_hash(uint32_t seed, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seed = (seed ^ (unsigned char)s[i]) * 16777619u;
    return seed;
}

/* at_vocab_reserve - room for so many pieces. */
void at_vocab_reserve(struct at_vocab *v, size_t n_pieces);
/*
 * at_vocab_add - give id a piece of n bytes.
 *
 * Edge      a piece that is there already under another id is then found under the new one, while
 *           both ids keep it (a dictionary filled line by line does the same).
 * Errors    AT_ERANGE for an id below 0 or above AT_MAX_VOCAB, or a piece that is too long;
 *           AT_EFORMAT for an id that has another piece, a NUL byte or invalid UTF-8.
 */
AT_MUST_USE int at_vocab_add(struct at_vocab *v, long long id, const char *piece, size_t n,
                             struct at_error *err);
/* at_vocab_check - AT_EFORMAT when it is empty or an id below the largest has no piece. */
AT_MUST_USE int at_vocab_check(const struct at_vocab *v, struct at_error *err);
/* at_vocab_find - id of a piece, or -1; at_vocab_find_hashed when the hash is known already. */
int at_vocab_find(const struct at_vocab *v, const char *piece, size_t n);
int at_vocab_find_hashed(const struct at_vocab *v, uint32_t hash, const char *piece, size_t n);
/* at_vocab_bytes - ids of the pieces "<0x00>" to "<0xFF>", -1 for those that are not there. */
void at_vocab_bytes(const struct at_vocab *v, int ids[256]);
/* at_vocab_piece - the piece of an id, or NULL. Valid until the next at_vocab_add(). */
const char *at_vocab_piece(const struct at_vocab *v, long long id);
void at_vocab_release(struct at_vocab *v);

/*
 * at_vocab_read_lines - vocab.txt: one piece per line, the first is id 0; LF, CRLF or CR; a blank
 * line is a piece too.
 * at_vocab_read_json - vocab.json: one object {"piece": id, ...}. A reader of its own, since a
 * general JSON tree of 50,000 members takes ten times as long.
 *
 * Errors    AT_ENOTFOUND, AT_EIO; AT_EFORMAT and AT_ERANGE with path and line, or byte.
 */
AT_MUST_USE int at_vocab_read_lines(struct at_vocab *v, const char *path, struct at_error *err);
AT_MUST_USE int at_vocab_read_json(struct at_vocab *v, const char *path, struct at_error *err);

#endif
