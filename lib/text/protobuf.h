/*
 * protobuf.h - a message of Protocol Buffers, field by field, where it lies.
 *
 *   struct at_protobuf m = { .bytes = bytes, .n = n };
 *   while ((rc = at_protobuf_next(&m, &field, err)) > 0) ...
 *
 * Strict: a field that does not end in the message, a number of more than 64 bits and the old group
 * types are errors. Nothing is allocated.
 */
#ifndef TEXT_PROTOBUF_H
#define TEXT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum at_wire_type { AT_WIRE_VARINT = 0, AT_WIRE_64 = 1, AT_WIRE_BYTES = 2, AT_WIRE_32 = 5 };

struct at_protobuf {
    const unsigned char *bytes;
    size_t n, at;
    size_t base; /* of bytes in the file, for messages */
};

struct at_protobuf_field {
    uint64_t number;
    enum at_wire_type type;
    uint64_t value;             /* VARINT, 64, 32 */
    const unsigned char *bytes; /* BYTES */
    size_t n;
    size_t base; /* of bytes in the file */
};

/* at_protobuf_next - 1: the next field, 0: there are no more; AT_EFORMAT names the byte. */
AT_MUST_USE int at_protobuf_next(struct at_protobuf *m, struct at_protobuf_field *out,
                                 struct at_error *err);
/* at_protobuf_float - the value of a 32-bit field as a float. */
float at_protobuf_float(const struct at_protobuf_field *f);

#endif
