/*
 * baseline.h - a model's metrics on ten neutral sentences: what is ordinary for each head.
 *
 * Kept on disk under the cache folder, by digest of the model and version of the definitions. The
 * file is written aside and renamed, so two processes may compute it at once.
 */
#ifndef ANALYSIS_BASELINE_H
#define ANALYSIS_BASELINE_H

#include <stddef.h>

#include "analysis/attn_metrics.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/weights.h"
#include "text/tokenizer.h"

/* Counts up with every change of a metric's definition or of the sentences. */
enum { AT_BASELINE_VERSION = 2, AT_N_BASELINE_SENTENCES = 10 };
extern const char *const at_baseline_sentences[AT_N_BASELINE_SENTENCES];

struct at_baseline {
    size_t L, H;
    struct at_attn_metrics *head; /* (L,H) mean over the sentences */
    double flow_change;
};

/* at_baseline_compute - runs the model on the sentences. Memory at_baseline_release(). */
AT_MUST_USE int at_baseline_compute(struct at_baseline *out, const struct at_model *m,
                                    const struct at_tokenizer *t, struct at_pool *pool,
                                    struct at_error *err);
void at_baseline_release(struct at_baseline *b);

/*
 * at_baseline_load, at_baseline_save - the cache file DIR/baseline-<version>-<digest>.json.
 *
 * Errors    load: AT_ENOTFOUND when there is none or it is of another shape or version (compute
 *           then); save: AT_EIO, AT_ERANGE: the caller may go on without.
 */
AT_MUST_USE int at_baseline_load(struct at_baseline *out, const char *dir, const char *digest,
                                 size_t L, size_t H, struct at_error *err);
AT_MUST_USE int at_baseline_save(const struct at_baseline *b, const char *dir, const char *digest,
                                 struct at_error *err);

#endif
