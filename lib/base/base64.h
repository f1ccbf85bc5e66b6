/*
 * base64.h - bytes as text (RFC 4648, the alphabet with + and /, padded with =).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/strbuf.h"

/* at_base64_add - append n bytes, as 4 characters for every 3 that were begun. */
void at_base64_add(struct at_strbuf *out, const void *bytes, size_t n);

#endif
