/*
 * map_pictures.c - see map_pictures.h.
 */
#include "cmd/run/map_pictures.h"

#include <stdlib.h>

#include "analysis/rollout.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_sankey.h"
#include "draw/draw_tree.h"

/* Hand a canvas to the sink under the map's name. */
static int write_map_picture(struct sink *sink, const struct at_doc *doc, const char *kind,
                             struct map_name name, struct at_canvas *canvas, struct at_error *err)
{
    char *file = map_file_name(kind, name);
    int rc = sink_picture(sink, doc, doc->model_name, file, canvas, err);

    free(file);
    return rc;
}

static const char *weight_unit(const struct sink *sink)
{
    static const char *const units[] = { "attention weight", "share of the key's attention",
                                         "rollout weight" };

    return units[sink->call->matrix];
}

/* A rollout is no attention: what it is comes first. */
static char *title_of(const struct sink *sink, const char *plain, const char *what,
                      const struct at_doc *doc, struct map_name name)
{
    char *rollout = at_asprintf("%s of the attention rollout", what), *title;

    if (sink->call->matrix != AT_ROLLOUT)
        title = caption_title(plain, doc->model_name, name.layer, name.head);
    else if (name.layer < 0)
        title = at_asprintf("%s, %s, all layers", rollout, doc->model_name);
    else
        title = at_asprintf("%s, %s, up to layer %ld", rollout, doc->model_name, name.layer);
    free(rollout);
    return title;
}

int picture_heatmap(struct sink *sink, const struct at_doc *doc, const float *map,
                    struct map_name name, struct at_error *err)
{
    char *title = title_of(sink, "Attention", "Map", doc, name);
    char *subtitle = caption_text(sink->call, doc, "");
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "key: looked at",
        .y_name = "query: looks from",
        .unit = weight_unit(sink),
        .rows = doc->n,
        .cols = doc->n,
        .values = map,
        .row_labels = doc->labels,
        .col_labels = doc->labels,
        .scale = at_scale_fit_map(map, doc->n, doc->shape->is_causal),
        .is_causal = doc->shape->is_causal,
        .width_mm = sink->call->width_mm,
    };
    int rc = write_map_picture(sink, doc, "heatmap", name, at_draw_heatmap(&h), err);

    free(title);
    free(subtitle);
    return rc;
}

int picture_flow(struct sink *sink, const struct at_doc *doc, const struct at_flow *flow,
                 struct map_name name, double threshold, const size_t *focus, size_t n_focus,
                 struct at_error *err)
{
    char *title = title_of(sink, "Attention flow", "Flow", doc, name);
    char *kept =
        at_asprintf("weights above %.3g: %zu of %zu link%s, %.1f %% of the attention", threshold,
                    flow->links.n, flow->n_total, at_plural(flow->n_total),
                    flow->mass_total > 0.0 ? 100.0 * flow->mass_kept / flow->mass_total : 0.0);
    char *subtitle = caption_text(sink->call, doc, kept);
    struct at_sankey_link *links = at_calloc(flow->links.n, sizeof *links);
    struct at_sankey s = {
        .title = title,
        .subtitle = subtitle,
        .n_sources = doc->n,
        .n_targets = doc->n,
        .source_labels = doc->labels,
        .target_labels = doc->labels,
        .source_name = "query: looks from",
        .target_name = "key: looked at",
        .links = links,
        .n_links = flow->links.n,
        .focus = focus,
        .n_focus = n_focus,
        .width_mm = sink->call->width_mm,
    };
    int rc;

    for (size_t i = 0; i < flow->links.n; i++) {
        const struct at_link *l = &flow->links.items[i];
        links[i] = (struct at_sankey_link){ l->query, l->key, (double)l->weight };
    }
    rc = write_map_picture(sink, doc, "flow", name, at_draw_sankey(&s), err);
    free(links);
    free(kept);
    free(subtitle);
    free(title);
    return rc;
}

int picture_tree(struct sink *sink, const struct at_doc *doc, const struct at_run_tree *tree,
                 struct map_name name, struct at_error *err)
{
    char *title = title_of(sink, "Token influence", "Tree", doc, name);
    char *more = at_asprintf("from token %zu, %zu node%s%s", tree->nodes[0].index, tree->n,
                             at_plural(tree->n), tree->is_cut ? " (cut at the limit)" : "");
    char *subtitle = caption_text(sink->call, doc, more);
    struct at_tree_shape_node *shape = at_calloc(tree->n, sizeof *shape);
    struct at_tree_shape t = { title, subtitle, shape, tree->n, sink->call->width_mm };
    int rc;

    for (size_t i = 0; i < tree->n; i++) {
        const struct at_run_tree_node *n = &tree->nodes[i];
        shape[i] = (struct at_tree_shape_node){ i ? n->parent : 0, doc->labels[n->index], n->index,
                                                n->weight, n->product };
    }
    rc = write_map_picture(sink, doc, "tree", name, at_draw_tree(&t), err);
    free(shape);
    free(subtitle);
    free(more);
    free(title);
    return rc;
}

int picture_head_grid(struct sink *sink, const struct at_doc *doc, const struct picture_grid *grid,
                      struct at_error *err)
{
    char *title = at_asprintf("Attention of all heads, %s", doc->model_name);
    char *subtitle = caption_text(
        sink->call, doc, grid->side < doc->n ? "each cell the largest of those it covers" : "");
    struct at_heatmap_grid g = {
        .title = title,
        .subtitle = subtitle,
        .unit = weight_unit(sink),
        .n_layers = doc->shape->n_layers,
        .n_heads = doc->shape->n_heads,
        .rows = grid->side,
        .cols = grid->side,
        .values = grid->values,
        .scale = { .kind = AT_SEQUENTIAL, .steps = AT_SQRT, .hi = 1.0 },
        .is_causal = doc->shape->is_causal,
        .width_mm = sink->call->width_mm,
    };
    int rc = sink_picture(sink, doc, doc->model_name, "heads_grid", at_draw_heatmap_grid(&g), err);

    free(title);
    free(subtitle);
    return rc;
}
