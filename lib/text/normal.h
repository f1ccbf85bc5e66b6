/*
 * normal.h - a text on its way through the steps of a tokenizer, with the way back.
 *
 * A step takes a part of a text and hands on smaller parts, or the same part written anew. What
 * was written anew knows of each byte which bytes of the text it comes from; that is how a token
 * is told its place, whatever happened before.
 */
#ifndef TEXT_NORMAL_H
#define TEXT_NORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* A part of a text, borrowed. It begins and ends between characters. */
struct at_part {
    const char *s;
    size_t n;
    const uint32_t *start, *end; /* byte i comes from the bytes [start[i], end[i]) of the text; NULL
                                    while the part is as it was given */
    size_t at;                   /* where it begins in the text */
};

/* at_part_slice - its bytes [from, to). */
struct at_part at_part_slice(const struct at_part *p, size_t from, size_t to);
/*
 * at_part_span - the bytes of the text that its bytes [from, to) come from, whole characters.
 *
 * Edge      nothing comes from where it would be; a range that goes beyond the part answers
 *           itself, as Hugging Face's tokenizers do.
 */
void at_part_span(size_t *start, size_t *end, const struct at_part *p, size_t from, size_t to);
bool at_part_is_ascii(const struct at_part *p);

/* A part that was written anew. */
struct at_normal {
    struct at_strbuf text;
    uint32_t *start, *end;
    size_t cap; /* of start and end */
};

void at_normal_release(struct at_normal *v);

/*
 * Writing a part anew: its characters are taken one after the other.
 *
 *   at_rewrite_begin(&w, &normal, &part);
 *   while (w.next < part.n) ...
 *   part = at_rewrite_end(&w);            lies in normal
 *
 * put: c takes the place of the next character. add: c is new and comes from what was taken last
 * (from nothing, at the beginning). drop: the next character goes. keep: the next n bytes stay.
 * change: what the normalizers of Hugging Face's library count for a character c: 1 adds it, 0 puts
 * it, -n puts it and drops n more.
 */
struct at_rewrite {
    struct at_normal *out;
    struct at_part in;
    size_t next; /* bytes of in that were taken */
};

void at_rewrite_begin(struct at_rewrite *w, struct at_normal *out, const struct at_part *in);
void at_rewrite_put(struct at_rewrite *w, unsigned c);
void at_rewrite_add(struct at_rewrite *w, unsigned c);
void at_rewrite_drop(struct at_rewrite *w);
void at_rewrite_keep(struct at_rewrite *w, size_t n);
void at_rewrite_change(struct at_rewrite *w, unsigned c, long change);
struct at_part at_rewrite_end(const struct at_rewrite *w);

#endif
