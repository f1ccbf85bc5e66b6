/*
 * byte_text.h - bytes written as characters, as GPT-2's vocabulary has them: printable Latin-1 as
 * it is, the others as U+0100 and up in order, so that a space is "\u0120".
 */
#ifndef TEXT_BYTE_TEXT_H
#define TEXT_BYTE_TEXT_H

#include <stdbool.h>

#include "base/strbuf.h"

/* at_byte_character - what is written for a byte. */
unsigned at_byte_character(unsigned char byte);
/* at_byte_of - the byte that a character stands for, or -1. */
int at_byte_of(unsigned c);
/* at_byte_text - append the bytes that a piece stands for; false (and nothing added) when it has a
   character that stands for none, as an added token may. */
bool at_byte_text(struct at_strbuf *out, const char *piece);

#endif
