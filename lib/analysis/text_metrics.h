/*
 * text_metrics.h - what `atlas metrics` measures on one text: the metrics of every head, of the
 * mean map of every layer and of the model, beside the other heads and what is ordinary for the
 * model.
 *
 *   at_text_metrics_begin() -> at_text_metrics_add() for each layer -> at_text_metrics_finish()
 */
#ifndef ANALYSIS_TEXT_METRICS_H
#define ANALYSIS_TEXT_METRICS_H

#include "analysis/baseline.h"
#include "analysis/corpus.h"
#include "analysis/map_series.h"
#include "analysis/metric_info.h"
#include "analysis/metric_reference.h"
#include "session/pass.h"
#include "stats/summary.h"

/* The word of each metric's band, "low", "middle" or "high"; NULL where it has none. */
#define AT_METRIC_BAND_MEMBER(name, unit, help) const char *name;
struct at_metric_bands {
    AT_METRICS(AT_METRIC_BAND_MEMBER)
};
#undef AT_METRIC_BAND_MEMBER

struct at_head_metrics {
    size_t layer, head;
    struct at_attn_metrics metrics;
    struct at_attn_metrics rank; /* percent of the layer's heads whose value is smaller */
    struct at_metric_bands band;
    const struct at_attn_metrics *baseline; /* on neutral sentences, or NULL */
};

struct at_layer_metrics {
    size_t layer;
    struct at_attn_metrics metrics;    /* of the mean map of its heads */
    struct at_attn_metrics head_means; /* of the heads' own metrics, where they are defined */
};

struct at_text_metrics {
    size_t L, H, n;                  /* n rows of a map */
    size_t n_heads;                  /* L*H, or 0: a rollout has no heads */
    struct at_head_metrics *heads;   /* (n_heads) by layer */
    size_t n_layers;                 /* L */
    struct at_layer_metrics *layers; /* (L) */
    struct at_attn_metrics global;   /* of the mean map */
    struct at_metric_bands global_band;
    struct at_metric_reference reference; /* what a text of n rows can have */
    double flow_change;
    double baseline_flow_change;        /* NaN without a baseline */
    const struct at_baseline *baseline; /* or NULL */
    /* Heads with the least and the greatest value of each metric; AT_NONE when no head has any. */
    size_t least[AT_N_METRICS], greatest[AT_N_METRICS];
};

/* metrics.json; its tables are metrics.csv, layers.csv and global.csv. */
extern const struct at_record at_head_metrics_record, at_layer_metrics_record,
    at_global_metrics_record, at_text_metrics_record;

struct at_text_metrics_run {
    struct at_text_metrics result;
    struct at_map_kind kind;
    struct at_map_series series;
    struct at_pool *pool;
    float *scratch; /* (threads,2,n,n) a map in the mode and the metrics' own room */
};

/*
 * at_text_metrics_begin - for a text of n rows; baseline may be NULL and must outlive the result.
 *
 * Edge      bands hold for raw maps only: in another mode there are none. Errors  AT_ENOMEM.
 * Memory    at_text_metrics_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_text_metrics_begin(struct at_text_metrics_run *r, const struct at_doc *doc,
                                      enum at_matrix_mode mode, const struct at_baseline *baseline,
                                      struct at_pool *pool, struct at_error *err);
/* at_text_metrics_add - the next layer. */
void at_text_metrics_add(struct at_text_metrics_run *r, const struct at_doc_layer *layer);
/* at_text_metrics_finish - what needs all layers: r->result is complete. */
void at_text_metrics_finish(struct at_text_metrics_run *r);
void at_text_metrics_release(struct at_text_metrics_run *r);

/*
 * A text that is read in windows (session/doc_window.h): every number is the mean over rows of what
 * it is in the window that owns the row; the metrics of windows in which it is not defined do not
 * count. Bands are of the first window's length, the length of all unless rows are words.
 */
struct at_text_metrics_windows {
    struct at_text_metrics result; /* after _finish */
    enum at_matrix_mode mode;
    struct at_weighted (*sums)[AT_N_METRIC_TEXTS]; /* (n_heads + L + 1) heads, layers, the model */
};

/* at_text_metrics_windows_add - a window that is finished; the first begins anew. */
void at_text_metrics_windows_add(struct at_text_metrics_windows *w,
                                 const struct at_text_metrics_run *window,
                                 const struct at_doc *doc);
/* at_text_metrics_windows_finish - after the last: w->result is complete. */
void at_text_metrics_windows_finish(struct at_text_metrics_windows *w);
void at_text_metrics_windows_release(struct at_text_metrics_windows *w); /* accepts a zeroed one */

/* texts.csv: a text of many, with the metrics of its mean map. */
struct at_metrics_text_row {
    struct at_text_head of;
    size_t n_rows;
    const char *text;
    struct at_attn_metrics global;
    double flow_change;
};
extern const struct at_record at_metrics_text_row_record;

/* at_text_metrics_corpus_add - all metrics of all heads, layers and the mean map; the corpus has
   AT_N_METRIC_TEXTS values. */
void at_text_metrics_corpus_add(struct at_corpus *c, const struct at_text_metrics *t);

#endif
