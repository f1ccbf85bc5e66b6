/*
 * base64.c - see base64.h.
 */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void at_base64_add(struct at_strbuf *out, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned b = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
                     (left > 2 ? p[i + 2] : 0);
        const char four[4] = { alphabet[b >> 18], alphabet[b >> 12 & 63],
                               left > 1 ? alphabet[b >> 6 & 63] : '=',
                               left > 2 ? alphabet[b & 63] : '=' };
        at_strbuf_add(out, four, sizeof four);
    }
}
