/*
 * pairs_pictures.c - preference in minimal pairs by category.
 */
#include "cmd/bias/bias_pairs.h"
#include "draw/draw_bars.h"

int pairs_picture(struct sink *sink, const struct at_pair_result *r, const char *model_name,
                  struct at_error *err)
{
    const struct at_pair_shares *all = &r->overall;
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_alloc(&arena, r->n_categories + 1, sizeof *bars);
    const struct at_bars b = {
        .title = at_arena_printf(&arena, "Preference in minimal pairs, %s", model_name),
        .subtitle = at_arena_printf(&arena, "%zu pair%s, %zu tie%s; score %s, %s over tokens%s%s",
                                    all->n, at_plural(all->n), all->n_ties, at_plural(all->n_ties),
                                    r->origin.score, r->origin.reduction, r->origin.pll ? ", " : "",
                                    r->origin.pll ? r->origin.pll : ""),
        .value_name = "% of pairs whose first sentence scores higher",
        .bars = bars,
        .n = r->n_categories + 1,
        .axis_lo = 0.0,
        .axis_hi = 100.0,
        .reference = 50.0,
        .reference_name = "no preference",
        .interval_name = at_arena_printf(&arena, "%g %% Wilson interval", 100.0 * r->origin.level),
        .width_mm = sink->call->width_mm,
    };
    int rc;

    for (size_t i = 0; i < b.n; i++) {
        const struct at_pair_shares *s = &r->groups[i].shares;
        bars[i] = (struct at_bar){
            .label = i ? r->groups[i].name : "overall",
            .value = s->preference,
            .lo = s->interval.low,
            .hi = s->interval.high,
            .detail = at_arena_printf(&arena, "n = %zu", s->n),
        };
    }
    rc = sink_picture(sink, NULL, model_name, "categories", at_draw_bars(&b), err);
    at_arena_release(&arena);
    return rc;
}
