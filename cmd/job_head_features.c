/*
 * job_head_features.c - see job_head_features.h.
 */
#include "cmd/job_head_features.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

int head_modes_only(const struct job *job)
{
    if (job->matrix == AT_ROLLOUT)
        return report_usage("a rollout has no heads; --matrix is raw or col here");
    return EXIT_DONE;
}

/* Numbers that are equal where the labels are: what repeats among words. (n), the caller's. */
static int *label_ids(const struct doc *doc)
{
    int *ids = at_malloc(doc->n, sizeof *ids);

    for (size_t i = 0; i < doc->n; i++) {
        size_t j = 0;
        while (strcmp(doc->labels[j].text, doc->labels[i].text) != 0)
            j++;
        ids[i] = (int)j;
    }
    return ids;
}

/* Words that the vocabulary lacks look alike, but they are not known to repeat one another. */
static bool is_unknown(const struct doc *doc, size_t i)
{
    const char *name = doc->words.n ? doc->labels[i].text : doc->pieces[i];

    return strcmp(name, "[UNK]") == 0;
}

static void find_repeats(struct head_features *f, const struct doc *doc)
{
    bool *is_special = at_calloc(doc->n, sizeof *is_special);
    int *ids;

    if (doc->words.n) {
        ids = label_ids(doc);
    } else {
        ids = at_malloc(doc->n, sizeof *ids);
        for (size_t i = 0; i < doc->n; i++) {
            ids[i] = doc->tokens.items[i].id;
            is_special[i] = doc->tokens.items[i].is_special;
        }
    }
    for (size_t i = 0; i < doc->n; i++)
        is_special[i] |= is_unknown(doc, i);
    at_repeats_find(&f->repeats, ids, is_special, doc->n);
    free(is_special);
    free(ids);
}

int head_features_init(struct head_features *f, const struct job *job, const struct tagger *tagger,
                       const struct doc *doc, struct at_error *err)
{
    size_t L = job->shape.n_layers, H = job->shape.n_heads, n = doc->n;
    const char **labels = at_malloc(n, sizeof *labels);
    int rc;

    *f = (struct head_features){ .L = L, .H = H };
    f->tags = at_calloc(n, sizeof *f->tags);
    f->marks = at_calloc(n, sizeof *f->marks);
    f->score = at_calloc(L * H * AT_N_HEAD_SCORES, sizeof *f->score);
    f->pattern = at_calloc(L * H * AT_N_HEAD_PATTERNS, sizeof *f->pattern);
    if (job->matrix == AT_COL)
        f->in_mode = at_malloc(H * n * n, sizeof *f->in_mode);
    for (size_t i = 0; i < n; i++)
        labels[i] = doc->labels[i].is_special ? NULL : doc->labels[i].text;
    rc = tagger_tag(f->tags, tagger, doc, job->pool, err);
    if (!rc) {
        at_token_marks(f->marks, f->tags, labels, n);
        find_repeats(f, doc);
    }
    free(labels);
    return rc;
}

void head_features_release(struct head_features *f)
{
    at_repeats_release(&f->repeats);
    free(f->tags);
    free(f->marks);
    free(f->score);
    free(f->pattern);
    free(f->in_mode);
    *f = (struct head_features){ 0 };
}

void head_features_layer(struct head_features *f, const struct job *job,
                         const struct doc_layer *layer)
{
    size_t cells = layer->n * layer->n, first = layer->layer * f->H;
    const float *maps = layer->maps;

    if (f->in_mode) {
        for (size_t h = 0; h < f->H; h++)
            at_column_normalize(f->in_mode + h * cells, maps + h * cells, layer->n);
        maps = f->in_mode;
    }
    at_head_scores(f->score + first * AT_N_HEAD_SCORES, maps, f->H, layer->n, job_map_kind(job),
                   f->marks, job->pool);
    at_head_patterns(f->pattern + first * AT_N_HEAD_PATTERNS, maps, f->H, layer->n,
                     job->shape.is_causal, &f->repeats, job->pool);
}
