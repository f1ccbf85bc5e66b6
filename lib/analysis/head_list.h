/*
 * head_list.h - heads by name: "3.5,4.0" is head 5 of layer 3 and head 0 of layer 4, from 0.
 */
#ifndef ANALYSIS_HEAD_LIST_H
#define ANALYSIS_HEAD_LIST_H

#include <stddef.h>

#include "base/error.h"
#include "model/config.h"

struct at_head {
    size_t layer, head;
};

struct at_head_list {
    struct at_head *items; /* (n), by layer and head */
    size_t n;
};

/*
 * at_head_list_parse - heads of a list whose parts are LAYER.HEAD or LLAYERHHEAD: "3.5,L4H0".
 *
 * Errors    AT_EFORMAT: something else stands there, or a head twice.
 * Memory    at_head_list_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_head_list_parse(struct at_head_list *out, const char *text,
                                   struct at_error *err);
void at_head_list_release(struct at_head_list *l);

/* at_head_list_check - AT_ERANGE when the model does not have one of them. */
AT_MUST_USE int at_head_list_check(const struct at_head_list *l, const struct at_config *c,
                                   struct at_error *err);

/* at_head_list_text - "L3H5, L4H0"; of more than most heads the first of them "and 7 more heads".
   sep stands between them. free() it. */
AT_MUST_USE char *at_head_list_text(const struct at_head *heads, size_t n, const char *sep,
                                    size_t most);

#endif
