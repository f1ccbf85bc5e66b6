/*
 * page_summary.h - what a page says to readers without scripts, and at the top to all.
 */
#ifndef VIEW_PAGE_SUMMARY_H
#define VIEW_PAGE_SUMMARY_H

#include "base/strbuf.h"
#include "io/json.h"

/* at_page_summary - append HTML for one text, from its documents; what is not there is left out. */
void at_page_summary(struct at_strbuf *out, const struct at_json *text);

#endif
