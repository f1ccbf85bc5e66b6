/*
 * random_model.h - a model some layers of which have forgotten all they learned.
 *
 * What is not made random is the original's, which must outlive the copy. No file is touched.
 */
#ifndef MODEL_RANDOM_MODEL_H
#define MODEL_RANDOM_MODEL_H

#include <stdint.h>

#include "model/weights.h"

struct at_random_model {
    struct at_model model; /* for every pass; never at_model_close() it */
    float **blocks;        /* (L) weights of the layers that are random, or NULL */
};

/* at_random_model_init - a copy of m with nothing random yet. Memory at_random_model_release(),
   which accepts a zeroed struct. */
void at_random_model_init(struct at_random_model *out, const struct at_model *m);
void at_random_model_release(struct at_random_model *r);

/*
 * at_random_model_layer - give a layer the weights with which these models begin their training:
 * normal with deviation 0.02, biases 0, norms with gain 1 and bias 0. They depend on seed and
 * layer alone.
 *
 * Errors    AT_ENOMEM.
 */
AT_MUST_USE int at_random_model_layer(struct at_random_model *r, size_t layer, uint64_t seed,
                                      struct at_error *err);

#endif
