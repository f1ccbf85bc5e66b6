/*
 * cluster_pictures.c - see cluster_pictures.h.
 */
#include "cmd/cluster/cluster_pictures.h"

#include <math.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "draw/draw_scatter.h"

static void place_heads(struct at_scatter_point *points, const struct at_head_groups *r,
                        bool is_pca, struct at_arena *arena)
{
    for (size_t i = 0; i < r->n_heads; i++) {
        const struct at_grouped_head *h = &r->heads[i];
        points[i] = (struct at_scatter_point){
            .x = is_pca ? h->pca_x : h->x,
            .y = is_pca ? h->pca_y : h->y,
            .weight = h->trait,
            .category = (size_t)h->cluster,
            .name = at_arena_printf(arena, "L%zuH%zu", h->layer, h->head),
            .silhouette = h->silhouette,
        };
    }
}

int cluster_picture(struct sink *sink, const char *model_name, const struct at_head_groups *r,
                    enum cluster_map map, bool by_maps, struct at_error *err)
{
    bool is_pca = map == MAP_PCA;
    struct at_arena arena = { 0 };
    struct at_scatter_point *points = at_arena_calloc(&arena, r->n_heads, sizeof *points);
    const char **names = at_arena_alloc(&arena, r->n_groups, sizeof *names);
    struct at_scatter s = {
        .title = at_arena_printf(&arena, "Groups of heads, %s", model_name),
        .points = points,
        .n = r->n_heads,
        .category_names = names,
        .n_categories = r->n_groups,
        .has_ticks = is_pca,
        .has_silhouettes = r->k > 1,
        .x_reference = NAN,
        .y_reference = NAN,
        .x_name = is_pca ? caption_component(&arena, 1, r->pca_ratio[0], 0) : "t-SNE 1",
        .y_name = is_pca ? caption_component(&arena, 2, r->pca_ratio[1], 0) : "t-SNE 2",
        .width_mm = sink->call->width_mm,
    };
    int rc;

    for (size_t k = 0; k < r->n_groups; k++)
        names[k] = at_arena_printf(&arena, "%s (%zu)", r->groups[k].name, r->groups[k].size);
    place_heads(points, r, is_pca, &arena);
    s.subtitle = at_arena_printf(
        &arena, "%s%zu text%s, %s, k = %zu, mean silhouette %s",
        isnan(r->p) || r->has_groups ? "" : "no groups beyond chance: ", r->n_texts,
        at_plural(r->n_texts),
        by_maps ? "Jensen-Shannon distance of maps" : "seven specialisation scores", r->k,
        isnan(r->silhouette) ? "n/a" : at_arena_printf(&arena, "%.2f", r->silhouette));
    s.note = is_pca ? "size: the head's greatest z-score"
                    : "t-SNE keeps neighbours together; distances between groups mean nothing; "
                      "size: the head's greatest z-score";
    rc = sink_picture(sink, NULL, model_name, "clusters", at_draw_scatter(&s), err);
    at_arena_release(&arena);
    return rc;
}
