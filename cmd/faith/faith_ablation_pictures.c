/*
 * faith_ablation_pictures.c - heads that were removed, what they write to the logit, and what a
 * gradient foretells of them.
 */
#include <math.h>

#include "cmd/faith/faith_pictures.h"
#include "draw/draw_panels.h"
#include "draw/draw_scatter.h"

/* Heads that lie layer by layer, as all of them do when they are removed one by one. */
static bool is_every_head(const struct at_ablation *a, size_t *L, size_t *H)
{
    if (!a->n_rows || a->rows[0].layer == AT_NONE || a->rows[a->n_rows - 1].layer == AT_NONE)
        return false;
    *L = a->rows[a->n_rows - 1].layer + 1;
    *H = a->rows[a->n_rows - 1].head + 1;
    return a->n_rows == *L * *H;
}

struct at_canvas *picture_ablation(struct pictures *p)
{
    const struct at_ablation *a = p->r->heads_removed ? &p->r->heads_removed->ablation : NULL;
    size_t L, H;
    float *values;

    if (!a || !is_every_head(a, &L, &H))
        return NULL;
    values = at_arena_alloc(&p->arena, a->n_rows, sizeof *values);
    for (size_t i = 0; i < a->n_rows; i++)
        values[i] = (float)a->rows[i].change;
    const struct at_heatmap h = {
        .title = picture_title(p, "Change of F without each head"),
        .subtitle = p->subtitle,
        .unit = at_arena_printf(&p->arena, "change of F, mode %s", a->rows[0].mode),
        .scale = at_scale_fit(AT_DIVERGING, 0.0, values, a->n_rows),
    };
    return picture_heads(p, &h, L, H, values);
}

/* The heads of the elbow from the first on: alone, and together with those above. */
static struct at_canvas *draw_elbow(struct pictures *p)
{
    const struct at_ablation *a = &p->r->heads_removed->ablation;
    enum { SHARE, CHANGE, IMPACT, KL, N };
    static const char *const names[N] = { "share of the sum", "change of F", "impact", "KL, nats" };
    struct at_label *labels = at_arena_calloc(&p->arena, a->n_elbow, sizeof *labels);
    struct at_panel panels[N];
    double *values[N];
    size_t elbow = 0;

    for (size_t k = 0; k < N; k++) {
        values[k] = at_arena_alloc(&p->arena, a->n_elbow, sizeof **values);
        panels[k] = (struct at_panel){ names[k], values[k] };
    }
    for (size_t i = 0; i < a->n_elbow; i++) {
        const struct at_elbow_row *e = &a->elbow[i];
        labels[i].text = at_arena_printf(&p->arena, "%sL%zuH%zu", i ? "+ " : "", e->layer, e->head);
        values[SHARE][i] = e->share;
        values[CHANGE][i] = e->change;
        values[IMPACT][i] = e->impact;
        values[KL][i] = e->kl;
        if (e->is_elbow)
            elbow = e->rank;
    }
    const struct at_panels b = {
        .title = picture_title(p, at_arena_printf(&p->arena,
                                                  "The first %zu heads by %s, removed "
                                                  "together with those above them",
                                                  a->n_elbow, a->by)),
        .subtitle = p->subtitle,
        .note = elbow ? at_arena_printf(&p->arena, "beyond %zu the next head adds less than 5 %%",
                                        elbow)
                      : NULL,
        .rows = labels,
        .n = a->n_elbow,
        .panels = panels,
        .n_panels = N,
        .width_mm = p->width_mm,
    };
    return at_draw_panels(&b);
}

static struct at_canvas *draw_direct(struct pictures *p)
{
    const struct at_direct_effects *d = &p->r->heads_removed->direct;
    size_t L = 0, H = 0;
    float *values;

    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].head != AT_NONE) {
            L = AT_MAX(L, d->items[i].layer + 1);
            H = AT_MAX(H, d->items[i].head + 1);
        }
    if (L == 0)
        return NULL;
    values = at_arena_alloc(&p->arena, L * H, sizeof *values);
    for (size_t i = 0; i < L * H; i++)
        values[i] = NAN;
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].head != AT_NONE)
            values[d->items[i].layer * H + d->items[i].head] = (float)d->items[i].dla;
    const struct at_heatmap h = {
        .title = picture_title(p, "What each head adds to the logit itself"),
        .subtitle = p->subtitle,
        .unit = d->is_linearised ? "direct logit attribution, head linearised"
                                 : "direct logit attribution",
        .scale = at_scale_fit(AT_DIVERGING, 0.0, values, L * H),
    };
    return picture_heads(p, &h, L, H, values);
}

static struct at_canvas *draw_patching(struct pictures *p)
{
    const struct at_ablation *a = &p->r->heads_removed->ablation;
    struct at_scatter_point *points = at_arena_calloc(&p->arena, a->n_patching, sizeof *points);
    static const char *const heads[] = { "heads" };

    for (size_t i = 0; i < a->n_patching; i++) {
        const struct at_patching_row *row = &a->patching[i];
        points[i] = (struct at_scatter_point){
            .x = row->score,
            .y = row->change,
            .weight = 0.1,
            .name = at_arena_printf(&p->arena, "L%zuH%zu", row->layer, row->head),
        };
    }
    const struct at_scatter s = {
        .title = picture_title(p, "What a gradient foretells of each head"),
        .subtitle = p->subtitle,
        .note = at_arena_printf(&p->arena, "Pearson r %.2f, Spearman rho %.2f", a->patching_pearson,
                                a->patching_rho),
        .x_name = "attribution patching: gradient x difference",
        .y_name = "change of F when it happens",
        .points = points,
        .n = a->n_patching,
        .category_names = heads,
        .n_categories = 1,
        .has_ticks = true,
        .x_reference = 0.0,
        .y_reference = 0.0,
        .width_mm = p->width_mm,
    };
    return at_draw_scatter(&s);
}

int picture_removed(struct pictures *p, struct at_error *err)
{
    const struct at_ablation_result *r = p->r->heads_removed;
    int rc;

    if (!r)
        return 0;
    rc = picture_write(p, "ablation", picture_ablation(p), err);
    if (!rc && r->ablation.n_elbow)
        rc = picture_write(p, "ablation_elbow", draw_elbow(p), err);
    if (!rc && r->direct.n)
        rc = picture_write(p, "direct", draw_direct(p), err);
    if (!rc && r->ablation.n_patching)
        rc = picture_write(p, "patching", draw_patching(p), err);
    return rc;
}
