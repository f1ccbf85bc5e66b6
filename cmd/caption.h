/*
 * caption.h - titles and subtitles of pictures, and file names of maps.
 */
#ifndef CMD_CAPTION_H
#define CMD_CAPTION_H

#include "cmd/call.h"

/* caption_title - "Attention, atlas-bert, layer 3, head 5"; layer or head may be -1 for a mean. */
char *caption_title(const char *what, const char *model_name, long layer, long head);
/* Which map it is; -1 for a mean. Names and titles follow from it: "L3_H5", "L3_mean", "mean". */
struct map_name {
    long layer, head;
};
/* map_file_name - "heatmap_L3_H5"; the caller frees. */
char *map_file_name(const char *kind, struct map_name name);
/* caption_text - elided text, matrix mode, words or pieces, number of tokens, and more ("" for
   none). caption_plain_text - the same of what no matrix mode changes. */
char *caption_text(const struct call *c, const struct at_doc *doc, const char *more);
char *caption_plain_text(const struct at_doc *doc);
/* caption_component - of a principal component's axis, "PC 1 (42 %)"; without any variance ratio is
   NaN and has no share to tell. The arena's; the others are freed with free(). */
const char *caption_component(struct at_arena *arena, int number, double ratio, int decimals);

#endif
