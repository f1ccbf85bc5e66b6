/*
 * random_model.c - see random_model.h.
 */
#include "model/random_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

static const double DEVIATION = 0.02;

void at_random_model_init(struct at_random_model *out, const struct at_model *m)
{
    size_t L = m->config.n_layers;
    struct at_layer_weights *layers = at_malloc(L, sizeof *layers);

    memcpy(layers, m->weights.layer, L * sizeof *layers);
    out->model = *m;
    out->model.weights.layer = layers;
    out->blocks = at_calloc(L, sizeof *out->blocks);
}

void at_random_model_release(struct at_random_model *r)
{
    for (size_t l = 0; r->blocks && l < r->model.config.n_layers; l++)
        free(r->blocks[l]);
    free(r->blocks);
    free(r->model.weights.layer);
    *r = (struct at_random_model){ 0 };
}

/* The products and norms of a layer, whatever its family leaves empty. */
enum { N_PRODUCTS = 8, N_NORMS = 4 };

static void parts_of(struct at_dense *products[N_PRODUCTS], struct at_norm *norms[N_NORMS],
                     struct at_layer_weights *w)
{
    struct at_dense *const all[N_PRODUCTS] = {
        &w->q, &w->k, &w->v, &w->qkv, &w->attn_out, &w->ffn_gate, &w->ffn_in, &w->ffn_out
    };
    struct at_norm *const all_norms[N_NORMS] = { &w->norm1, &w->norm2, &w->query_norm,
                                                 &w->key_norm };

    memcpy(products, all, sizeof all);
    memcpy(norms, all_norms, sizeof all_norms);
}

/* The next n floats of a block; without a block only their number counts. */
static float *take(float *block, size_t *used, size_t n)
{
    float *at = block ? block + *used : NULL;

    *used += n;
    return at;
}

static void fill_vector(struct at_vector *v, float *block, size_t *used, float value)
{
    float *at = v->data ? take(block, used, v->n) : NULL;

    for (size_t i = 0; at && i < v->n; i++)
        at[i] = value;
    if (at)
        v->data = at;
}

static void fill_product(struct at_dense *d, float *block, size_t *used, struct at_rng *rng)
{
    size_t n = d->w.data ? d->w.n_out * d->w.n_in : 0;
    float *at = n ? take(block, used, n) : NULL;

    for (size_t i = 0; at && i < n; i++)
        at[i] = (float)(DEVIATION * at_rng_normal(rng));
    if (at) {
        d->w.data = at;
        d->w.dtype = AT_F32;
        d->w.pitch = 0;
    }
    fill_vector(&d->b, block, used, 0.0f);
}

/* All of a layer; answers how many floats that is. */
static size_t fill_layer(struct at_layer_weights *w, float *block, struct at_rng *rng)
{
    struct at_dense *products[N_PRODUCTS];
    struct at_norm *norms[N_NORMS];
    size_t used = 0;

    parts_of(products, norms, w);
    for (size_t i = 0; i < N_PRODUCTS; i++)
        fill_product(products[i], block, &used, rng);
    for (size_t i = 0; i < N_NORMS; i++) {
        fill_vector(&norms[i]->gain, block, &used, 1.0f);
        fill_vector(&norms[i]->bias, block, &used, 0.0f);
    }
    return used;
}

int at_random_model_layer(struct at_random_model *r, size_t layer, uint64_t seed,
                          struct at_error *err)
{
    struct at_layer_weights *w = &r->model.weights.layer[layer];
    struct at_rng rng;
    void *block;
    int rc;

    AT_BUG_IF(r->blocks[layer]);
    at_rng_init(&rng, seed, layer);
    rc = at_try_alloc(&block, fill_layer(w, NULL, &rng), sizeof(float), "random weights", err);
    if (rc)
        return rc;
    r->blocks[layer] = block;
    fill_layer(w, block, &rng);
    return 0;
}
