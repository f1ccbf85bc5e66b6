/*
 * page.h - one HTML file with everything that was found about some texts, and the program that
 * shows it (the .html, .css and .js files of this folder, put together by scripts/gen-page.sh).
 *
 * The file asks nothing of any network: its policy names the hashes of its own script and style and
 * forbids all else. What was found lies in it as JSON, and as a summary for readers without
 * scripts. See atlas-view(1) for the keys.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "io/json.h"

/* A text of the page. What is packed is from page_maps.h; NULL: there is none. */
struct at_page_text {
    struct at_json *about; /* id, text, tokens, documents ... */
    size_t n, L, H, D;     /* n rows of a map; D of a vector */
    bool is_exact;
    char **maps;            /* (L) of the heads of each layer */
    char *means, *rollouts; /* (L,n,n) mean of the heads; rollout up to the layer */
    char **vectors;         /* (L) queries (H,n,D), then keys, as half floats */
};
void at_page_text_release(struct at_page_text *t); /* accepts a zeroed one */

struct at_page {
    const char *title;
    struct at_json *about; /* of all texts: model, documents, help; lent */
    struct at_page_text *texts;
    size_t n_texts;
    /* at_page_fit() fills these. */
    size_t n_kept; /* layers whose maps are in the page */
    bool leaves_out_vectors;
};

/*
 * at_page_fit - leave out what makes the page larger than max bytes (0: any size): first the
 * vectors, then the maps of heads of some layers. Of n_kept layers layer i of at_page_layer() is
 * kept, evenly spread from the first to the last; one is the last. Means and rollouts of all layers
 * stay.
 *
 * Errors    AT_ERANGE: not even a page without any map of a head is that small.
 */
AT_MUST_USE int at_page_fit(struct at_page *p, size_t max, struct at_error *err);

/* at_page_layer - number of the i-th of n_kept layers of L. */
size_t at_page_layer(size_t i, size_t n_kept, size_t L);

/* at_page_write - append the file. */
void at_page_write(struct at_strbuf *out, const struct at_page *p);

/* at_html_add - s as text of an HTML document or a quoted attribute. */
void at_html_add(struct at_strbuf *out, const char *s);

#endif
