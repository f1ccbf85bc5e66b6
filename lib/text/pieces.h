/*
 * pieces.h - tokens of which only the pieces are known, as in a capture that another program made:
 * how they are written, where they stand in the text and which words they make.
 */
#ifndef TEXT_PIECES_H
#define TEXT_PIECES_H

#include <stddef.h>

#include "base/strbuf.h"
#include "text/tokenizer.h"

/* at_pieces_add_label - append n pieces in a row as people write them, their bytes put together
   first: what at_tokenizer_add_joined() does with a tokenizer. */
void at_pieces_add_label(struct at_strbuf *out, enum at_tokenizer_kind kind, char *const *pieces,
                         size_t n);

/*
 * at_pieces_locate - offsets and words of tokens, by following their pieces through the text.
 *
 * Of the tokens source and is_special are read; start, end and word are set, as at_tokenize() sets
 * them when the pieces are those of the text, whether the tokenizer was cased or not.
 *
 * Shapes    pieces (v->n).
 * Edge      text and pair may be NULL. A piece that the text does not go on with has no offsets;
 *           its word follows from how it is written.
 */
void at_pieces_locate(struct at_tokens *v, enum at_tokenizer_kind kind, char *const *pieces,
                      const char *text, const char *pair);

#endif
