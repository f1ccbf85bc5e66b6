/*
 * scored.c - see scored.h.
 */
#include "analysis/scored.h"

#include <math.h>
#include <stdlib.h>

static const struct at_field exclusion_fields[] = {
    AT_FIELD(struct at_exclusion, id, "id", NULL, "of the item, or of its first sentence"),
    AT_FIELD(struct at_exclusion, why, "why", NULL, "why it is left out"),
    AT_FIELD_END,
};
const struct at_record at_exclusion_record = AT_RECORD(struct at_exclusion, exclusion_fields);

void at_scored_clear(struct at_scored *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        items[i] =
            (struct at_scored){ .score = { NAN, NAN, NAN }, .n = { AT_NONE, AT_NONE, AT_NONE } };
}

void at_scored_release(struct at_scored *items, size_t n)
{
    for (size_t i = 0; items && i < n; i++) {
        free(items[i].excluded);
        items[i].excluded = NULL;
    }
}
