/*
 * byte_text.c - see byte_text.h.
 */
#include "text/byte_text.h"

#include <string.h>

#include "base/utf8.h"

unsigned at_byte_character(unsigned char byte)
{
    if ((byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD))
        return byte;
    if (byte <= 0x20)
        return 0x100u + byte;
    return byte == 0xAD ? 0x143 : 0x100u + 0x21 + (byte - 0x7Fu);
}

int at_byte_of(unsigned c)
{
    if (c < 0x100)
        return at_byte_character((unsigned char)c) == c ? (int)c : -1;
    if (c <= 0x120)
        return (int)(c - 0x100);
    if (c <= 0x142)
        return (int)(c - 0x121 + 0x7F);
    return c == 0x143 ? 0xAD : -1;
}

bool at_byte_text(struct at_strbuf *out, const char *piece)
{
    size_t before = out->n, n = strlen(piece);

    for (size_t i = 0; i < n;) {
        int byte = at_byte_of(at_utf8_next(piece, &i));

        if (byte < 0) {
            out->n = before;
            if (out->s)
                out->s[before] = '\0';
            return false;
        }
        at_strbuf_addc(out, (char)byte);
    }
    return true;
}
