/*
 * windows.h - a text that is longer than a model, cut into overlapping windows: where each begins
 * and which of them a token's numbers come from. Arithmetic alone, without a model.
 *
 * A window is what stands around a text (special tokens), and as many tokens of the text between
 * as there is room for. All are equally long: the last one is moved back until it is full.
 *
 * Every token of the text is owned by one window. Of a model that sees both sides it is the one
 * where the shorter of its two contexts is longest; of equals the first. Of a causal model it is
 * the first window that has at least N - M positions before the token (the first window owns all
 * that it holds), as strided perplexity has it. Special tokens in front belong to the first window,
 * those behind to the last.
 */
#ifndef TEXT_WINDOWS_H
#define TEXT_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "text/tokenizer.h"

struct at_windows {
    size_t n;                         /* windows, at least 1 */
    size_t n_before, n_text, n_after; /* tokens: in front of the text, of it, behind it */
    size_t size;                      /* tokens of the text in a window */
    size_t stride;
    bool is_causal;
};

/*
 * at_windows_plan - of a text of n_text tokens; positions: N, special tokens included; stride: M,
 * in tokens of the text, 0 for N / 2, or as many as there are if they are fewer.
 *
 * Errors    AT_ERANGE: no room for a token of the text; a stride that leaves tokens out.
 */
AT_MUST_USE int at_windows_plan(struct at_windows *out, size_t n_before, size_t n_text,
                                size_t n_after, size_t positions, size_t stride, bool is_causal,
                                struct at_error *err);

/* at_windows_of_tokens - likewise; what the tokenizer put around the text stands around windows. */
AT_MUST_USE int at_windows_of_tokens(struct at_windows *out, const struct at_tokens *tokens,
                                     size_t positions, size_t stride, bool is_causal,
                                     struct at_error *err);

/* at_windows_first - the first token of the text in window k; it has out->size of them. */
size_t at_windows_first(const struct at_windows *w, size_t k);
/* at_windows_owner - the window that owns token i, of all with the special ones (0 to
   n_before + n_text + n_after - 1). */
size_t at_windows_owner(const struct at_windows *w, size_t i);
/* at_windows_token - which token (of all) stands at a position of window k. */
size_t at_windows_token(const struct at_windows *w, size_t k, size_t position);
/* at_windows_length - positions of every window. */
size_t at_windows_length(const struct at_windows *w);

#endif
