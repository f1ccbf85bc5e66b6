/*
 * utf8.h - UTF-8: checked, decoded, and made fit to be shown.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

#include "base/strbuf.h"

/* at_utf8_check - offset of the first byte that is not UTF-8 (overlong, surrogate, cut), or n. */
size_t at_utf8_check(const char *s, size_t n);

/* at_utf8_next - decode the code point at s[*i] and move *i past it; s must be valid UTF-8. */
unsigned at_utf8_next(const char *s, size_t *i);

/*
 * at_visible - text of any origin as it may be sent to a terminal.
 *
 * What could move the cursor, colour, or turn the order of the text around is written as its
 * number instead: "<U+001B>". That is every control character (C0, DEL, C1), the separators U+2028
 * and U+2029, and the twelve controls of the bidirectional algorithm; bytes that are not UTF-8
 * become "<9B>". Control characters in as_is ("\n\t", or "") pass.
 *
 * Works as snprintf() does: writes at most size - 1 bytes and a NUL, never a part of a character,
 * and returns the bytes that all of it takes. It allocates nothing, and may be called in a signal
 * handler.
 */
size_t at_visible(char *out, size_t size, const char *s, size_t n, const char *as_is);

/* at_plain_length - bytes at the start of s of which at_visible() changes none. */
size_t at_plain_length(const char *s, size_t n, const char *as_is);

/* at_strbuf_add_visible - append it to a buffer. */
void at_strbuf_add_visible(struct at_strbuf *b, const char *s, size_t n, const char *as_is);

/* at_utf8_columns - columns that n bytes of text take in a terminal, as the program's locale has
   it: wide characters two, combining marks none. */
size_t at_utf8_columns(const char *s, size_t n);

#endif
