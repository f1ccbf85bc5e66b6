/*
 * segments.h - one text as two segments, for models that read pairs.
 */
#ifndef TEXT_SEGMENTS_H
#define TEXT_SEGMENTS_H

#include <stddef.h>

/*
 * at_split_pair - where to cut a text so that both halves are made of whole sentences.
 *
 * Of all places after '.', '!' or '?' that white space and a letter a-z follow, the one nearest to
 * the middle; the first of two that are equally near.
 *
 * Source    Attention Atlas (Python), tokenize_with_segments().
 * Units     byte offset just after the punctuation; 0 when there is none. text is valid UTF-8.
 */
size_t at_split_pair(const char *text);

#endif
