/*
 * pooling.h - directories of sentence-transformers: which module is the model, and how the rest of
 * them make one vector of a text.
 *
 * modules.json lists the modules in order: a Transformer in a directory of its own or in the root,
 * a Pooling, perhaps a Normalize. Any other is named as what is missing, and there is no vector.
 *
 * Source    sentence-transformers, models.Pooling: the vectors of several modes stand one behind
 *           the other, cls, max, mean, mean_sqrt_len, weightedmean, lasttoken.
 */
#ifndef SESSION_POOLING_H
#define SESSION_POOLING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/weights.h"
#include "text/tokenizer.h"

enum at_pooling_mode {
    AT_POOL_CLS,
    AT_POOL_MAX,
    AT_POOL_MEAN,
    AT_POOL_MEAN_SQRT_LEN,
    AT_POOL_WEIGHTEDMEAN,
    AT_POOL_LASTTOKEN,
    AT_N_POOLING_MODES
};

struct at_pooling {
    unsigned modes; /* bits of the modes; 0: the model is no sentence-transformer */
    bool normalizes;
    const char *name;    /* "mean", "cls+mean" */
    const char *missing; /* the module that is not known, or NULL */
};

/* at_pooling_model_dir - where the Transformer of dir lies, the caller's; NULL when dir has no
   modules.json. AT_EFORMAT: it lists no Transformer first. */
AT_MUST_USE int at_pooling_model_dir(char **out, const char *dir, struct at_error *err);

/* at_pooling_read - zeros when dir has no modules.json. AT_EFORMAT: a broken file, a Pooling
   without a mode, or with one that is unknown. Strings are the arena's. */
AT_MUST_USE int at_pooling_read(struct at_pooling *out, const char *dir, struct at_arena *arena,
                                struct at_error *err);

/* at_pooling_size - numbers of a vector of states of width C. */
size_t at_pooling_size(const struct at_pooling *p, size_t C);
/*
 * at_pool - the vector of a text from its final states.
 *
 * Shapes    out (at_pooling_size()); hidden (T,C), every token counts. Answers its length before
 *           it is normalized.
 */
double at_pool(double *out, const struct at_pooling *p, const float *hidden, size_t T, size_t C);

#endif
