/*
 * draw_samples.h - what the two halves of draw_samples share.
 */
#ifndef TESTS_DRAW_SAMPLES_H
#define TESTS_DRAW_SAMPLES_H

#include <stddef.h>

#include "draw/canvas.h"

/* Labels in many scripts: words, pieces, special tokens, an address, a line end, nothing. */
enum { N_SAMPLE_WORDS = 32 };
extern const char *const sample_words[N_SAMPLE_WORDS];

/* save_sample - write a canvas in every format, say how long it took, and free it. */
void save_sample(struct at_canvas *c, const char *name);

/* sample_charts - the pictures of draw_samples_charts.c. */
void sample_charts(void);

#endif
