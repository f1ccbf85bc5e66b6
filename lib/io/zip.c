/*
 * zip.c - see zip.h.
 */
#include "io/zip.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

/* Signatures and the sizes of what follows them, the four bytes included. */
#define LOCAL_SIGNATURE     0x04034b50u
#define ENTRY_SIGNATURE     0x02014b50u
#define END_SIGNATURE       0x06054b50u
#define END64_SIGNATURE     0x06064b50u
#define LOCATOR64_SIGNATURE 0x07064b50u
enum {
    LOCAL_BYTES = 30,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR64_BYTES = 20,
    MAX_COMMENT = 0xFFFF,
    EXTRA_ZIP64 = 1, /* tag of the extra field that holds sizes beyond 32 bits */
    FLAG_ENCRYPTED = 1,
    METHOD_STORED = 0,
    MAX_SHOWN = 200, /* bytes of a name in a message */
};

/* A little-endian number of n bytes. */
static uint64_t number(const unsigned char *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)number(p, 4);
}

static unsigned u16(const unsigned char *p)
{
    return (unsigned)number(p, 2);
}

/* n bytes at offset, or NULL when they are not all there. */
static const unsigned char *slice(const struct at_zip *z, uint64_t offset, uint64_t n)
{
    return offset <= z->n && n <= z->n - offset ? z->bytes + offset : NULL;
}

/* Where the central directory lies. */
struct extent {
    uint64_t begin, bytes, n_entries;
};

/* The end record of an archive that needs more than 32 bits; at: offset of the usual one. */
static int read_end64(struct extent *e, const struct at_zip *z, size_t at, struct at_error *err)
{
    const unsigned char *p =
        at >= LOCATOR64_BYTES ? slice(z, at - LOCATOR64_BYTES, LOCATOR64_BYTES) : NULL;

    if (!p || u32(p) != LOCATOR64_SIGNATURE)
        return 0;
    p = slice(z, number(p + 8, 8), END64_BYTES);
    if (!p || u32(p) != END64_SIGNATURE)
        return at_fail(err, AT_EFORMAT, "zip: the 64-bit end record is not where it should be");
    if (u32(p + 16) || u32(p + 20))
        return at_fail(err, AT_EFORMAT, "zip: an archive in several parts");
    *e = (struct extent){ number(p + 48, 8), number(p + 40, 8), number(p + 32, 8) };
    return 0;
}

/* The end record is the last thing in the archive, but for a comment. */
static int find_directory(struct extent *e, const struct at_zip *z, struct at_error *err)
{
    size_t first = z->n > END_BYTES + MAX_COMMENT ? z->n - END_BYTES - MAX_COMMENT : 0;

    for (size_t at = z->n >= END_BYTES ? z->n - END_BYTES + 1 : 0; at-- > first;) {
        const unsigned char *p = z->bytes + at;
        if (u32(p) != END_SIGNATURE || u16(p + 20) != z->n - at - END_BYTES)
            continue;
        if (u16(p + 4) || u16(p + 6))
            return at_fail(err, AT_EFORMAT, "zip: an archive in several parts");
        *e = (struct extent){ u32(p + 16), u32(p + 12), u16(p + 10) };
        return read_end64(e, z, at, err);
    }
    return at_fail(err, AT_EFORMAT, "zip: no end record; the file is cut or no zip archive");
}

/* The sizes and the offset that do not fit 32 bits, in this order, of those that do not. */
static int read_extra64(uint64_t values[3], const unsigned char *extra, size_t n)
{
    while (n >= 4) {
        size_t tag = u16(extra), length = u16(extra + 2), used = 0;
        extra += 4;
        n -= 4;
        if (length > n)
            return AT_EFORMAT;
        for (size_t i = 0; i < 3 && tag == EXTRA_ZIP64; i++) {
            if (values[i] != UINT32_MAX)
                continue;
            if (used + 8 > length)
                return AT_EFORMAT;
            values[i] = number(extra + used, 8);
            used += 8;
        }
        extra += length;
        n -= length;
    }
    return 0;
}

/* One entry at offset *at of the directory, of which *at leaves it. */
static int read_entry(struct at_zip_member *out, size_t *at, const struct at_zip *z, uint64_t end,
                      struct at_error *err)
{
    const unsigned char *p = *at + ENTRY_BYTES <= end ? slice(z, *at, ENTRY_BYTES) : NULL;
    uint64_t values[3], total; /* original size, stored size, offset of the local header */

    if (!p || u32(p) != ENTRY_SIGNATURE)
        return at_fail(err, AT_EFORMAT, "zip: no directory entry at byte %zu", *at);
    total = ENTRY_BYTES + (uint64_t)u16(p + 28) + u16(p + 30) + u16(p + 32);
    if (total > end - *at)
        return at_fail(err, AT_EFORMAT, "zip: the directory entry at byte %zu is cut", *at);
    *out = (struct at_zip_member){ .name = (const char *)p + ENTRY_BYTES,
                                   .name_bytes = u16(p + 28),
                                   .crc = u32(p + 16),
                                   .method = u16(p + 10),
                                   .flags = u16(p + 8) };
    values[0] = u32(p + 24);
    values[1] = u32(p + 20);
    values[2] = u32(p + 42);
    if (read_extra64(values, p + ENTRY_BYTES + out->name_bytes, u16(p + 30)) || values[2] > z->n ||
        (out->method == METHOD_STORED && (values[0] != values[1] || values[0] > z->n)))
        return at_fail(err, AT_EFORMAT, "zip: the sizes of '%.*s' are not right",
                       at_shown(out->name, AT_MIN(out->name_bytes, (size_t)MAX_SHOWN)), out->name);
    out->bytes = (size_t)values[1];
    out->header = (size_t)values[2];
    *at += (size_t)total;
    return 0;
}

static int compare_names(const char *a, size_t n, const char *b, size_t m)
{
    int order = memcmp(a, b, AT_MIN(n, m));

    return order ? order : (n > m) - (n < m);
}

static int by_name(const void *a, const void *b)
{
    const struct at_zip_member *x = a, *y = b;

    return compare_names(x->name, x->name_bytes, y->name, y->name_bytes);
}

static int read_directory(struct at_zip *z, struct at_error *err)
{
    struct extent e = { 0 };
    int rc = find_directory(&e, z, err);
    size_t at;

    if (rc)
        return rc;
    if (!slice(z, e.begin, e.bytes))
        return at_fail(err, AT_EFORMAT, "zip: the directory is not inside the file");
    if (e.n_entries > e.bytes / ENTRY_BYTES)
        return at_fail(err, AT_EFORMAT, "zip: %llu entries in a directory of %llu bytes",
                       (unsigned long long)e.n_entries, (unsigned long long)e.bytes);
    z->directory = at = (size_t)e.begin;
    for (uint64_t i = 0; i < e.n_entries; i++) {
        struct at_zip_member m;
        rc = read_entry(&m, &at, z, e.begin + e.bytes, err);
        if (rc)
            return rc;
        *at_array_push(&z->members) = m;
    }
    if (z->members.n)
        qsort(z->members.items, z->members.n, sizeof *z->members.items, by_name);
    for (size_t i = 1; i < z->members.n; i++) {
        const struct at_zip_member *m = &z->members.items[i];
        if (by_name(m - 1, m) == 0)
            return at_fail(err, AT_EFORMAT, "zip: '%.*s' is there twice",
                           at_shown(m->name, AT_MIN(m->name_bytes, (size_t)MAX_SHOWN)), m->name);
    }
    return 0;
}

int at_zip_open(struct at_zip *out, const unsigned char *bytes, size_t n, struct at_error *err)
{
    struct at_zip z = { .bytes = bytes, .n = n };
    int rc = read_directory(&z, err);

    if (rc)
        at_zip_close(&z);
    else
        *out = z;
    return rc;
}

void at_zip_close(struct at_zip *z)
{
    at_array_release(&z->members);
    *z = (struct at_zip){ 0 };
}

const struct at_zip_member *at_zip_find(const struct at_zip *z, const char *name, size_t name_bytes)
{
    const struct at_zip_member key = { .name = name, .name_bytes = name_bytes };

    if (!z->members.n)
        return NULL;
    return bsearch(&key, z->members.items, z->members.n, sizeof key, by_name);
}

int at_zip_data(const unsigned char **out, const struct at_zip *z, const struct at_zip_member *m,
                struct at_error *err)
{
    int shown = at_shown(m->name, AT_MIN(m->name_bytes, (size_t)MAX_SHOWN));
    const unsigned char *p = slice(z, m->header, LOCAL_BYTES);
    size_t begin;

    if (m->flags & FLAG_ENCRYPTED)
        return at_fail(err, AT_EFORMAT, "zip: '%.*s' is encrypted", shown, m->name);
    if (m->method != METHOD_STORED)
        return at_fail(err, AT_EFORMAT, "zip: '%.*s' is compressed (method %u), want it stored",
                       shown, m->name, m->method);
    if (!p || u32(p) != LOCAL_SIGNATURE)
        return at_fail(err, AT_EFORMAT, "zip: '%.*s' is not where the directory says", shown,
                       m->name);
    begin = m->header + LOCAL_BYTES + u16(p + 26) + u16(p + 28);
    if (u16(p + 26) != m->name_bytes || begin > z->directory || m->bytes > z->directory - begin)
        return at_fail(err, AT_EFORMAT, "zip: '%.*s' does not fit its place", shown, m->name);
    if (memcmp(p + LOCAL_BYTES, m->name, m->name_bytes) != 0)
        return at_fail(err, AT_EFORMAT, "zip: where '%.*s' should be is another member", shown,
                       m->name);
    *out = z->bytes + begin;
    return 0;
}

bool at_zip_is_intact(const struct at_zip_member *m, const unsigned char *data)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < m->bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc == m->crc;
}
