/*
 * numbers.h - why a model gives no numbers: the weight that is none itself.
 *
 * One NaN among the weights makes NaN of everything that comes after it, and so does a sum that
 * leaves the range of float. Passes and heads look at what they give, which costs next to nothing,
 * and ask here only when it is not finite.
 */
#ifndef MODEL_NUMBERS_H
#define MODEL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/weights.h"

/* at_all_finite - is none of the values NaN or infinite? */
bool at_all_finite(const float *v, size_t n);

/*
 * at_no_numbers - AT_EFORMAT, always: "model 'dir' gives no numbers: 'h.0.mlp.c_fc.weight' (layer 0
 * feed-forward in weight) has NaN at row 3, column 5".
 *
 * It is the first such weight in the order of the network. When all weights are numbers the message
 * ends in otherwise instead.
 */
int at_no_numbers(const struct at_model *m, const char *otherwise, struct at_error *err);

#endif
