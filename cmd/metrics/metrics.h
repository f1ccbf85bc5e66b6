/*
 * metrics.h - the room of `atlas metrics`: a call of it, and how its results are shown.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "analysis/text_metrics.h"
#include "cmd/cmd.h"
#include "cmd/many.h"

struct metrics {
    const char *explain; /* --explain */
    bool no_baseline, full_scale;
    bool has_baseline;
    struct at_baseline baseline;
    const struct context *x;
    struct many many;
    struct at_text_metrics_windows windows; /* of the text at hand */
};

/* metrics_print - the summary of one text on standard output. */
void metrics_print(const struct metrics *m, const struct at_doc *doc,
                   const struct at_text_metrics *t);
/* metrics_explain - a metric's page. */
void metrics_explain(size_t metric);
/* metrics_pictures - layer x head maps, gauges, profile. */
AT_MUST_USE int metrics_pictures(const struct metrics *m, const struct at_doc *doc,
                                 const struct at_text_metrics *t, struct at_error *err);

#endif
