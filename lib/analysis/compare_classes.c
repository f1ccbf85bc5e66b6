/*
 * compare_classes.c - see compare_classes.h.
 */
#include "analysis/compare_classes.h"

#include <string.h>

static const struct at_field class_fields[] = {
    AT_FIELD(struct at_compare_class, label, "label", NULL, "class, or what a regression is of"),
    AT_FIELD(struct at_compare_class, a, "a", NULL, "probability, or value, of the first"),
    AT_FIELD(struct at_compare_class, b, "b", NULL, "of the second"),
    AT_FIELD(struct at_compare_class, difference, "difference", NULL, "a - b"),
    AT_FIELD(struct at_compare_class, logit_a, "logit_a", "nats", "logit of the first",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_class, logit_b, "logit_b", "nats", "of the second",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_compare_class_record = AT_RECORD(struct at_compare_class, class_fields);

static const struct at_class *find(const struct at_classes *c, const char *label)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->items[i].label, label))
            return &c->items[i];
    return NULL;
}

struct at_compare_class *at_compare_classes(size_t *n, const struct at_classes *a,
                                            const struct at_classes *b, struct at_arena *arena)
{
    struct at_compare_class *all = at_arena_alloc(arena, a->n + 1, sizeof *all);

    *n = 0;
    for (size_t i = 0; i < a->n && a->is_regression == b->is_regression; i++) {
        const struct at_class *x = &a->items[i], *y = find(b, x->label);
        double p = a->is_regression ? x->value : x->p, q;
        if (!y)
            continue;
        q = b->is_regression ? y->value : y->p;
        all[(*n)++] = (struct at_compare_class){ x->label, p, q, p - q, x->logit, y->logit };
    }
    return all;
}
