/*
 * protobuf.c - see protobuf.h.
 */
#include "text/protobuf.h"

#include <string.h>

static int broken(const struct at_protobuf *m, const char *what, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "%s at byte %zu", what, m->base + m->at);
}

static int take_varint(struct at_protobuf *m, uint64_t *out, struct at_error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned char byte;

        if (m->at == m->n)
            return broken(m, "a number does not end", err);
        byte = m->bytes[m->at++];
        if (shift == 63 && byte > 1)
            break;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return 0;
    }
    return broken(m, "a number of more than 64 bits", err);
}

static int take_fixed(struct at_protobuf *m, uint64_t *out, size_t n, struct at_error *err)
{
    if (m->n - m->at < n)
        return broken(m, "a number does not end", err);
    *out = 0;
    for (size_t i = n; i-- > 0;)
        *out = *out << 8 | m->bytes[m->at + i];
    m->at += n;
    return 0;
}

int at_protobuf_next(struct at_protobuf *m, struct at_protobuf_field *out, struct at_error *err)
{
    struct at_protobuf_field f = { 0 };
    uint64_t key;
    int rc;

    if (m->at == m->n)
        return 0;
    rc = take_varint(m, &key, err);
    if (rc)
        return rc;
    f.number = key >> 3;
    f.type = (enum at_wire_type)(key & 7);
    if (f.number == 0)
        return broken(m, "a field without a number", err);
    switch (f.type) {
    case AT_WIRE_VARINT:
        rc = take_varint(m, &f.value, err);
        break;
    case AT_WIRE_64:
        rc = take_fixed(m, &f.value, 8, err);
        break;
    case AT_WIRE_32:
        rc = take_fixed(m, &f.value, 4, err);
        break;
    case AT_WIRE_BYTES:
        rc = take_varint(m, &f.value, err);
        if (!rc && f.value > m->n - m->at)
            rc = broken(m, "a field is longer than the file", err);
        if (rc)
            break;
        f.bytes = m->bytes + m->at;
        f.n = (size_t)f.value;
        f.base = m->base + m->at;
        m->at += f.n;
        break;
    default:
        rc = broken(m, "a field of a type that is not known", err);
    }
    if (rc)
        return rc;
    *out = f;
    return 1;
}

float at_protobuf_float(const struct at_protobuf_field *f)
{
    uint32_t bits = (uint32_t)f->value;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}
