/*
 * map_pictures.c - see map_pictures.h.
 */
#include "cmd/map_pictures.h"

#include <stdlib.h>

#include "analysis/flow.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_sankey.h"
#include "draw/draw_tree.h"

char *map_file_name(const char *kind, struct map_name name)
{
    if (name.layer < 0)
        return at_asprintf("%s_mean", kind);
    if (name.head < 0)
        return at_asprintf("%s_L%ld_mean", kind, name.layer);
    return at_asprintf("%s_L%ld_H%ld", kind, name.layer, name.head);
}

/* Hand a canvas to job_picture() under the map's name. */
static int write_map_picture(struct job *job, const struct doc *doc, const char *kind,
                             struct map_name name, struct at_canvas *canvas, struct at_error *err)
{
    char *file = map_file_name(kind, name);
    int rc = job_picture(job, doc, file, canvas, err);

    free(file);
    return rc;
}

int picture_heatmap(struct job *job, const struct doc *doc, const float *map, struct map_name name,
                    struct at_error *err)
{
    char *title = job_title(job, "Attention", name.layer, name.head);
    char *subtitle = job_subtitle(job, doc, "");
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = job->matrix == AT_COL ? "share of the key's attention" : "attention weight",
        .rows = doc->n,
        .cols = doc->n,
        .values = map,
        .row_labels = doc->labels,
        .col_labels = doc->labels,
        .scale = at_scale_fit_map(map, doc->n, job->shape.is_causal),
        .is_causal = job->shape.is_causal,
        .width_mm = job->width_mm,
    };
    int rc = write_map_picture(job, doc, "heatmap", name, at_draw_heatmap(&h), err);

    free(title);
    free(subtitle);
    return rc;
}

int picture_flow(struct job *job, const struct doc *doc, const float *map, struct map_name name,
                 double threshold, const size_t *focus, size_t n_focus, struct at_error *err)
{
    char *title = job_title(job, "Attention flow", name.layer, name.head), *kept, *subtitle;
    struct at_flow flow = { 0 };
    struct at_sankey_link *links;
    struct at_sankey s;
    int rc;

    at_flow_links(&flow, map, doc->n, job->shape.is_causal, threshold);
    links = at_calloc(flow.links.n, sizeof *links);
    for (size_t i = 0; i < flow.links.n; i++) {
        const struct at_link *l = &flow.links.items[i];
        links[i] = (struct at_sankey_link){ l->query, l->key, (double)l->weight };
    }
    kept = at_asprintf("weights above %g: %zu of %zu link%s, %.1f %% of the attention", threshold,
                       flow.links.n, flow.n_total, at_plural(flow.n_total),
                       flow.mass_total > 0.0 ? 100.0 * flow.mass_kept / flow.mass_total : 0.0);
    subtitle = job_subtitle(job, doc, kept);
    s = (struct at_sankey){
        .title = title,
        .subtitle = subtitle,
        .n_sources = doc->n,
        .n_targets = doc->n,
        .source_labels = doc->labels,
        .target_labels = doc->labels,
        .source_name = "query: looks from",
        .target_name = "key: looked at",
        .links = links,
        .n_links = flow.links.n,
        .focus = focus,
        .n_focus = n_focus,
        .width_mm = job->width_mm,
    };
    rc = write_map_picture(job, doc, "flow", name, at_draw_sankey(&s), err);
    at_flow_release(&flow);
    free(links);
    free(kept);
    free(subtitle);
    free(title);
    return rc;
}

int picture_tree(struct job *job, const struct doc *doc, const struct at_tree_nodes *nodes,
                 bool is_cut, struct map_name name, struct at_error *err)
{
    char *title = job_title(job, "Token influence", name.layer, name.head);
    char *more = at_asprintf("from token %zu, %zu node%s%s", nodes->items[0].token, nodes->n,
                             at_plural(nodes->n), is_cut ? " (cut at the limit)" : "");
    char *subtitle = job_subtitle(job, doc, more);
    struct at_tree_shape_node *shape = at_calloc(nodes->n, sizeof *shape);
    struct at_tree_shape t = { title, subtitle, shape, nodes->n, job->width_mm };
    int rc;

    for (size_t i = 0; i < nodes->n; i++) {
        const struct at_tree_node *n = &nodes->items[i];
        shape[i] =
            (struct at_tree_shape_node){ n->parent, doc->labels[n->token], n->weight, n->product };
    }
    rc = write_map_picture(job, doc, "tree", name, at_draw_tree(&t), err);
    free(shape);
    free(subtitle);
    free(more);
    free(title);
    return rc;
}
