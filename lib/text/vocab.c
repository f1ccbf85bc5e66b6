/*
 * vocab.c - see vocab.h. The table of pieces; vocab_files.c fills it.
 */
#include "text/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MAX_BLOCK = 1 << 30 };

static void put_slot(struct at_vocab *v, struct at_vocab_slot slot)
{
    size_t i = slot.hash & (v->n_slots - 1);

    while (v->slots[i].id >= 0)
        i = (i + 1) & (v->n_slots - 1);
    v->slots[i] = slot;
    v->n_used++;
}

void at_vocab_reserve(struct at_vocab *v, size_t n_pieces)
{
    struct at_vocab_slot *old = v->slots;
    size_t n_old = v->n_slots, want = 1024;

    while (want < 2 * AT_MIN(n_pieces, (size_t)AT_MAX_VOCAB))
        want *= 2;
    if (want <= n_old)
        return;
    v->n_slots = want;
    v->slots = at_malloc(want, sizeof *v->slots);
    v->n_used = 0;
    for (size_t i = 0; i < want; i++)
        v->slots[i].id = -1;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].id >= 0)
            put_slot(v, old[i]);
    free(old);
}

static struct at_vocab_slot *slot_of(const struct at_vocab *v, uint32_t hash, const char *piece,
                                     size_t n)
{
    if (!v->n_slots)
        return NULL;
    for (size_t i = hash & (v->n_slots - 1); v->slots[i].id >= 0; i = (i + 1) & (v->n_slots - 1)) {
        struct at_vocab_slot *slot = &v->slots[i];

        /* the NUL behind a piece tells its length, without a look at v->pieces */
        if (slot->hash == hash && slot->at + n < v->block.n && v->block.s[slot->at + n] == '\0' &&
            !memcmp(v->block.s + slot->at, piece, n))
            return slot;
    }
    return NULL;
}

static int check_new(const struct at_vocab *v, long long id, const char *piece, size_t n,
                     struct at_error *err)
{
    const char *other;

    if (id < 0 || id >= AT_MAX_VOCAB)
        return at_fail(err, AT_ERANGE, "id %lld is out of range, want 0 to %d", id,
                       AT_MAX_VOCAB - 1);
    if (n > AT_MAX_PIECE)
        return at_fail(err, AT_ERANGE, "piece %lld has %zu bytes, at most %d", id, n, AT_MAX_PIECE);
    if (memchr(piece, '\0', n))
        return at_fail(err, AT_EFORMAT, "piece %lld has a NUL byte", id);
    if (at_utf8_check(piece, n) < n)
        return at_fail(err, AT_EFORMAT, "invalid UTF-8 in piece %lld, at its byte %zu", id,
                       at_utf8_check(piece, n));
    if (v->block.n > MAX_BLOCK)
        return at_fail(err, AT_ERANGE, "the vocabulary has more than %d bytes", MAX_BLOCK);
    other = at_vocab_piece(v, id);
    if (other && (strlen(other) != n || memcmp(other, piece, n) != 0))
        return at_fail(err, AT_EFORMAT, "id %lld is given to both '%s' and '%.*s'", id, other,
                       (int)n, piece);
    return 0;
}

int at_vocab_add(struct at_vocab *v, long long id, const char *piece, size_t n,
                 struct at_error *err)
{
    uint32_t hash = at_vocab_hash(AT_HASH_START, piece, n);
    struct at_vocab_slot *known;
    int rc = check_new(v, id, piece, n, err);

    if (rc)
        return rc;
    while (v->pieces.n <= (size_t)id)
        *at_array_push(&v->pieces) = (struct at_piece){ 0, AT_NO_PIECE };
    v->longest = AT_MAX(v->longest, n);
    known = slot_of(v, hash, piece, n);
    if (known) {
        v->pieces.items[id] = v->pieces.items[known->id];
        known->id = (int32_t)id;
        return 0;
    }
    v->pieces.items[id] = (struct at_piece){ (uint32_t)v->block.n, (uint32_t)n };
    at_strbuf_add(&v->block, piece, n);
    at_strbuf_addc(&v->block, '\0');
    at_vocab_reserve(v, v->n_used + 1);
    put_slot(v, (struct at_vocab_slot){ hash, v->pieces.items[id].at, (int32_t)id });
    return 0;
}

int at_vocab_check(const struct at_vocab *v, struct at_error *err)
{
    if (!v->pieces.n)
        return at_fail(err, AT_EFORMAT, "the vocabulary is empty");
    for (size_t i = 0; i < v->pieces.n; i++)
        if (v->pieces.items[i].length == AT_NO_PIECE)
            return at_fail(err, AT_EFORMAT, "no piece has the id %zu, of ids up to %zu", i,
                           v->pieces.n - 1);
    return 0;
}

int at_vocab_find_hashed(const struct at_vocab *v, uint32_t hash, const char *piece, size_t n)
{
    const struct at_vocab_slot *slot = slot_of(v, hash, piece, n);

    return slot ? slot->id : -1;
}

int at_vocab_find(const struct at_vocab *v, const char *piece, size_t n)
{
    return at_vocab_find_hashed(v, at_vocab_hash(AT_HASH_START, piece, n), piece, n);
}

void at_vocab_bytes(const struct at_vocab *v, int ids[256])
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char piece[8];

        snprintf(piece, sizeof piece, "<0x%02X>", byte);
        ids[byte] = at_vocab_find(v, piece, strlen(piece));
    }
}

const char *at_vocab_piece(const struct at_vocab *v, long long id)
{
    if (id < 0 || (size_t)id >= v->pieces.n || v->pieces.items[id].length == AT_NO_PIECE)
        return NULL;
    return v->block.s + v->pieces.items[id].at;
}

void at_vocab_release(struct at_vocab *v)
{
    at_strbuf_release(&v->block);
    at_array_release(&v->pieces);
    free(v->slots);
    *v = (struct at_vocab){ 0 };
}
