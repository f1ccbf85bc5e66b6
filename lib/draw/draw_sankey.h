/*
 * draw_sankey.h - flow between two columns of tokens, ribbons as wide as their weight.
 *
 * Columns rather than rows, because labels read horizontally and a page is higher than wide: 300
 * tokens fit on one. Where not all labels have room near their tokens, focus and marked tokens
 * and those with most weight keep theirs.
 */
#ifndef DRAW_SANKEY_H
#define DRAW_SANKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "text/label.h"

struct at_sankey_link {
    size_t source, target; /* query looks at key */
    double weight;
};

struct at_sankey {
    const char *title, *subtitle; /* the subtitle states threshold, kept links and kept mass */
    size_t n_sources, n_targets;
    const struct at_label *source_labels, *target_labels;
    const char *source_name, *target_name; /* "query: looks from", "key: looks at" */
    const struct at_sankey_link *links;
    size_t n_links;
    bool are_heads;      /* labels are not tokens of a text: no index before them */
    const char *unit;    /* of the key of widths, "score"; NULL: "weight" */
    const size_t *focus; /* sources drawn in front, the rest grey; NULL for none */
    size_t n_focus;
    double width_mm; /* at most, unless it is too narrow */
};

/* at_draw_sankey - a new canvas; the caller frees it. Ribbons leave and enter in the order that
   crosses least, coloured by source, opacity by weight. Weights that are not positive are left
   out. */
struct at_canvas *at_draw_sankey(const struct at_sankey *s);

#endif
