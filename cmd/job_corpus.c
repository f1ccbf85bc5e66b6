/*
 * job_corpus.c - see job_corpus.h.
 */
#include "cmd/job_corpus.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/job.h"

#define CORPUS_COLUMNS "layer,head,metric,n,mean,sd,min,max"

void corpus_init(struct corpus_table *t, size_t L, size_t H, const char *const *keys,
                 size_t n_values)
{
    *t = (struct corpus_table){ L, H, n_values, keys, NULL };
    t->cells = at_calloc((L * H + L + 1) * n_values, sizeof *t->cells);
}

void corpus_release(struct corpus_table *t)
{
    free(t->cells);
    *t = (struct corpus_table){ 0 };
}

struct at_moments *corpus_cell(struct corpus_table *t, long layer, long head, size_t value)
{
    size_t row = t->L * t->H + t->L;

    if (layer >= 0)
        row = head >= 0 ? (size_t)layer * t->H + (size_t)head : t->L * t->H + (size_t)layer;
    return &t->cells[row * t->n_values + value];
}

static void write_row(struct at_csv *csv, struct corpus_table *t, long layer, long head)
{
    for (size_t i = 0; i < t->n_values; i++) {
        const struct at_moments *c = corpus_cell(t, layer, head, i);
        if (c->n == 0)
            continue;
        job_csv_place(csv, layer, head);
        at_csv_text(csv, t->keys[i]);
        at_csv_int(csv, (long long)c->n);
        at_csv_real(csv, at_moments_mean(c));
        at_csv_real(csv, at_moments_sd(c));
        at_csv_real(csv, c->min);
        at_csv_real(csv, c->max);
        at_csv_end(csv);
    }
}

int corpus_write(struct corpus_table *t, struct manifest *m, const char *rel, struct at_error *err)
{
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, m, rel, CORPUS_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t l = 0; l < t->L; l++)
        for (size_t h = 0; h < t->H; h++)
            write_row(&csv, t, (long)l, (long)h);
    for (size_t l = 0; l < t->L; l++)
        write_row(&csv, t, (long)l, -1);
    write_row(&csv, t, -1, -1);
    return manifest_csv_commit(&csv, m, rel, CORPUS_COLUMNS, err);
}
