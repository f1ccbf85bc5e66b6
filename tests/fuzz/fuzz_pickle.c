/*
 * fuzz_pickle.c - any bytes as the pickle in a file of torch.save(), whose archive is sound and has
 * two storages; every tensor that is accepted is read to its last byte.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "io/tensors.h"

enum { N_MEMBERS = 3, STORAGE = 256 };

static volatile unsigned sum; /* so that no compiler leaves the reading out */

static void put(struct at_strbuf *b, uint32_t value, size_t n)
{
    for (; n > 0; n--, value >>= 8)
        at_strbuf_addc(b, (char)value);
}

static uint32_t crc_of(const uint8_t *data, size_t n)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* What a local header and a directory entry have in common, from the version on. */
static void put_facts(struct at_strbuf *b, const char *name, uint32_t crc, size_t bytes)
{
    put(b, 20, 2);
    put(b, 0, 8); /* flags, stored, time and date */
    put(b, crc, 4);
    put(b, (uint32_t)bytes, 4);
    put(b, (uint32_t)bytes, 4);
    put(b, (uint32_t)strlen(name), 2);
    put(b, 0, 2);
}

static void put_archive(struct at_strbuf *b, const uint8_t *pickle, size_t n)
{
    static const char *const names[N_MEMBERS] = { "a/data.pkl", "a/data/0", "a/data/1" };
    static const uint8_t storage[STORAGE];
    uint32_t at[N_MEMBERS];
    size_t directory;

    for (int i = 0; i < N_MEMBERS; i++) {
        at[i] = (uint32_t)b->n;
        put(b, 0x04034b50, 4);
        put_facts(b, names[i], i ? 0 : crc_of(pickle, n), i ? STORAGE : n);
        at_strbuf_adds(b, names[i]);
        at_strbuf_add(b, i ? storage : pickle, i ? STORAGE : n);
    }
    directory = b->n;
    for (int i = 0; i < N_MEMBERS; i++) {
        put(b, 0x02014b50, 4);
        put(b, 20, 2);
        put_facts(b, names[i], i ? 0 : crc_of(pickle, n), i ? STORAGE : n);
        put(b, 0, 10); /* comment, disk, attributes */
        put(b, at[i], 4);
        at_strbuf_adds(b, names[i]);
    }
    size_t bytes = b->n - directory;
    put(b, 0x06054b50, 4);
    put(b, 0, 4);
    put(b, N_MEMBERS, 2);
    put(b, N_MEMBERS, 2);
    put(b, (uint32_t)bytes, 4);
    put(b, (uint32_t)directory, 4);
    put(b, 0, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_strbuf b = { 0 };
    struct at_tensors *ts;
    struct at_error err;
    int rc;

    put_archive(&b, data, size);
    rc = at_tensors_open(&ts, fuzz_file("pytorch_model.bin", (const uint8_t *)b.s, b.n), &err);
    at_strbuf_release(&b);
    if (rc)
        return 0;
    for (size_t i = 0; i < at_tensors_count(ts); i++) {
        const struct at_tensor_view *t = at_tensors_at(ts, i);
        for (size_t k = 0; k < t->bytes; k++)
            sum += ((const uint8_t *)t->data)[k];
    }
    at_tensors_close(ts);
    return 0;
}
