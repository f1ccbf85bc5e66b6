/*
 * lens.h - the logit lens: what a model's head would predict from the state behind any layer.
 */
#ifndef SESSION_LENS_H
#define SESSION_LENS_H

#include <stddef.h>

#include "model/lm_head.h"
#include "session/doc.h"

/*
 * at_lens - rank the vocabulary by a state. A final norm of the model comes before its head.
 *
 * The token asked about is the one in its place, of a causal model the next one.
 * Source    nostalgebraist 2020, "interpreting GPT: the logit lens".
 * Shapes    out (T), each with room for k; x (T,C) the residual stream.
 * Errors    AT_ENOTFOUND: the model has no head that predicts tokens.
 */
AT_MUST_USE int at_lens(struct at_ranking *out, size_t k, const struct at_session *s,
                        const struct at_tokens *tokens, const float *x, struct at_error *err);

#endif
