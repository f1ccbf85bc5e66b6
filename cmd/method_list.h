/*
 * method_list.h - --methods: which attributions are computed, of the table in
 * analysis/attribution.h.
 */
#ifndef CMD_METHOD_LIST_H
#define CMD_METHOD_LIST_H

#include "analysis/faith_text.h"

/* take_methods - the methods of a list like "ig,norm", all without one (NULL), in the order of the
   table, into o; the arena's. Answers an exit status. */
int take_methods(struct at_faith_options *o, const char *list, struct at_arena *arena);

#endif
