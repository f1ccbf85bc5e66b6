/*
 * faith_maps.c - the maps that methods of `atlas faith` read, as files.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/faith/faith.h"
#include "io/safetensors.h"

/* The map of the i-th method; NULL when it has none. */
static const float *map_of(const struct faith *f, const struct at_mixing *x, size_t i)
{
    for (size_t k = 0; k < AT_N_MIXING; k++)
        if (f->options.methods[i]->maps == 1u << k)
            return x->map[k];
    return NULL;
}

/* A causal model has no cells right of the diagonal. */
static void add_cells(struct table *t, const struct at_mixing *x, const char *method,
                      const float *map)
{
    size_t T = x->T;

    for (size_t c = 0; c < x->L * T * T; c++) {
        struct at_map_cell cell = { method, c / T / T, c / T % T, c % T, (double)map[c] };
        if (!x->m->config.is_causal || cell.key <= cell.query)
            table_add(t, &cell);
    }
}

static int write_csv(const struct faith *f, const struct at_doc *doc, const struct at_mixing *x,
                     struct at_error *err)
{
    struct sink *sink = f->x->sink;
    struct table t = { 0 };
    int rc = table_open(&t, sink, doc, "maps.csv", &at_map_cell_record, err);

    for (size_t i = 0; i < f->options.n_methods && !rc; i++)
        if (map_of(f, x, i))
            add_cells(&t, x, f->options.methods[i]->key, map_of(f, x, i));
    if (!rc)
        rc = table_commit(&t, sink, err);
    table_abort(&t);
    return rc;
}

static int write_tensors(const struct faith *f, const char *path, const struct at_mixing *x,
                         struct at_error *err)
{
    const size_t shape[] = { x->L, x->T, x->T };
    size_t n = f->options.n_methods, *numbers = at_malloc(n, sizeof *numbers);
    struct at_safetensors_writer *w;
    int rc = at_safetensors_create(&w, path, err);

    for (size_t i = 0; i < n && !rc; i++)
        if (map_of(f, x, i))
            numbers[i] = at_safetensors_declare(w, f->options.methods[i]->key, "F32", 3, shape);
    if (!rc) {
        rc = at_safetensors_begin(w, err);
        for (size_t i = 0; i < n && !rc; i++)
            if (map_of(f, x, i))
                rc = at_safetensors_append(w, numbers[i], map_of(f, x, i),
                                           x->L * x->T * x->T * sizeof(float), err);
        if (!rc)
            rc = at_safetensors_commit(w, err);
        else
            at_safetensors_abort(w);
    }
    free(numbers);
    return rc;
}

int faith_write_maps(const struct faith *f, const struct at_doc *doc, const struct at_mixing *x,
                     struct at_error *err)
{
    struct manifest *manifest = f->x->sink->manifest;
    char *rel = sink_rel(doc, "maps.safetensors"), *path = NULL;
    int rc = 0;
    bool has_maps = false;

    for (size_t k = 0; k < AT_N_MIXING; k++)
        has_maps = has_maps || x->map[k];
    if (has_maps) {
        rc = write_csv(f, doc, x, err);
        if (!rc)
            rc = manifest_path(&path, manifest, rel, err);
        if (!rc)
            rc = write_tensors(f, path, x, err);
        if (!rc)
            rc = manifest_output(manifest, rel, err);
    }
    free(path);
    free(rel);
    return rc;
}
