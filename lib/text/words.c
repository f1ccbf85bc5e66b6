/*
 * words.c - see words.h.
 */
#include "text/words.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

void at_words_group(struct at_words *out, const struct at_tokens *tokens)
{
    struct at_words w = {
        .first = at_malloc(tokens->n, sizeof *w.first),
        .count = at_malloc(tokens->n, sizeof *w.count),
    };
    int word = -1; /* number of the word that the token before is in */

    for (size_t i = 0; i < tokens->n; i++) {
        if (tokens->items[i].word >= 0 && tokens->items[i].word == word) {
            w.count[w.n - 1]++;
        } else if (tokens->items[i].word >= 0) {
            w.first[w.n] = i;
            w.count[w.n++] = 1;
        }
        word = tokens->items[i].word;
    }
    *out = w;
}

void at_words_release(struct at_words *w)
{
    free(w->first);
    free(w->count);
    *w = (struct at_words){ 0 };
}

void at_words_add_label(const struct at_words *w, struct at_strbuf *out,
                        const struct at_tokenizer *t, const struct at_tokens *tokens, size_t i)
{
    AT_BUG_IF(i >= w->n);
    at_tokenizer_add_joined(t, out, tokens->items + w->first[i], w->count[i]);
}

/* Mean over the query pieces of word i of the sum over the key pieces of word j. */
static double word_weight(const float *map, size_t T, const struct at_words *w, size_t i, size_t j)
{
    double sum = 0.0;

    for (size_t q = w->first[i]; q < w->first[i] + w->count[i]; q++)
        for (size_t k = w->first[j]; k < w->first[j] + w->count[j]; k++)
            sum += map[q * T + k];
    return sum / (double)w->count[i];
}

/* The same over all keys. */
static double row_total(const float *map, size_t T, const struct at_words *w, size_t i)
{
    double sum = 0.0;

    for (size_t q = w->first[i]; q < w->first[i] + w->count[i]; q++)
        for (size_t k = 0; k < T; k++)
            sum += map[q * T + k];
    return sum / (double)w->count[i];
}

void at_words_attention(float *out, float *dropped, const float *map, size_t T,
                        const struct at_words *w)
{
    double *row = at_malloc(w->n, sizeof *row);

    for (size_t i = 0; i < w->n; i++) {
        double kept = 0.0, total;

        AT_BUG_IF(w->first[i] + w->count[i] > T);
        total = row_total(map, T, w, i);
        for (size_t j = 0; j < w->n; j++)
            kept += row[j] = word_weight(map, T, w, i, j);
        for (size_t j = 0; j < w->n; j++)
            out[i * w->n + j] = kept > 0.0 ? (float)(row[j] / kept) : NAN;
        if (dropped)
            dropped[i] = total > 0.0 ? (float)fmax(0.0, 1.0 - kept / total) : NAN;
    }
    free(row);
}

void at_words_mean(float *out, const float *x, size_t C, const struct at_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        for (size_t c = 0; c < C; c++) {
            double sum = 0.0;

            for (size_t k = 0; k < w->count[i]; k++)
                sum += x[(w->first[i] + k) * C + c];
            out[i * C + c] = (float)(sum / (double)w->count[i]);
        }
}
