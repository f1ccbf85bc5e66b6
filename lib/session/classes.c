/*
 * classes.c - see classes.h.
 */
#include "session/classes.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/classify.h"

static const struct at_field class_fields[] = {
    AT_FIELD(struct at_class, label, "label", NULL, "class, or what a regression is of"),
    AT_FIELD(struct at_class, p, "p", "probability",
             "over the classes; of each alone where they do not exclude one another",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_class, logit, "logit", "nats", "before that", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_class, value, "value", NULL, "of a regression", .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_class_record = AT_RECORD(struct at_class, class_fields);

size_t at_class_row(const struct at_doc *doc)
{
    return doc->shape->has_summary_token ? 0 : doc->tokens.n - 1;
}

/* Probabilities from logits (n). */
static void add_probabilities(struct at_classes *c, bool is_multi_label)
{
    double max = -INFINITY, sum = 0.0;

    for (size_t i = 0; i < c->n; i++)
        max = fmax(max, c->items[i].logit);
    for (size_t i = 0; i < c->n; i++)
        sum += exp(c->items[i].logit - max);
    for (size_t i = 0; i < c->n; i++)
        c->items[i].p = is_multi_label ? 1.0 / (1.0 + exp(-c->items[i].logit))
                                       : exp(c->items[i].logit - max) / sum;
}

int at_classes_of(struct at_classes *out, const struct at_session *s, const struct at_doc *doc,
                  const float *hidden, struct at_arena *arena, struct at_error *err)
{
    struct at_classes c = { 0 };
    const struct at_config *config = s ? &s->model.config : NULL;
    float *logits;
    int rc;

    *out = c;
    if (!s || !hidden || !s->model.weights.text_classifier.w.data)
        return 0;
    c.n = config->n_labels;
    c.is_regression = config->is_regression;
    c.items = at_arena_calloc(arena, c.n, sizeof *c.items);
    logits = at_malloc(c.n, sizeof *logits);
    rc = at_class_logits(logits, &s->model, hidden + at_class_row(doc) * config->width, s->pool,
                         err);
    for (size_t i = 0; !rc && i < c.n; i++) {
        double x = (double)logits[i];
        c.items[i] = c.is_regression ? (struct at_class){ config->labels[i], NAN, NAN, x }
                                     : (struct at_class){ config->labels[i], NAN, x, NAN };
    }
    free(logits);
    if (rc)
        return rc;
    if (!c.is_regression)
        add_probabilities(&c, config->is_multi_label);
    *out = c;
    return 0;
}
