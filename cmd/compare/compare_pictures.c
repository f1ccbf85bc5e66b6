/*
 * compare_pictures.c - both sides' maps and their difference, slopes of metrics, layers, heads,
 * what became of each head, predictions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "cmd/compare/compare.h"
#include "cmd/head_map.h"
#include "draw/draw_bars.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_lines.h"
#include "draw/draw_sankey.h"

enum { MOST_POSITIONS = 150 };

/* What all pictures are about. */
struct subject {
    struct sink *sink;
    const struct at_compare_result *r;
    const struct couple *p; /* NULL: of many texts */
    const char *models;     /* "a and b", or the one */
    const char *subtitle;
    struct at_arena arena;
};

static const char *name_of_models(struct subject *s)
{
    const struct at_compare_result *r = s->r;

    if (!strcmp(r->model_a, r->model_b))
        return r->model_a;
    return at_arena_printf(&s->arena, "a: %s, b: %s", r->model_a, r->model_b);
}

static const char *quoted_doc(struct subject *s, const struct at_doc *doc)
{
    char *text = caption_plain_text(doc);
    const char *kept = at_arena_strdup(&s->arena, text);

    free(text);
    return kept;
}

static const char *name_of_texts(struct subject *s)
{
    const struct at_compare_result *r = s->r;

    if (!s->p)
        return at_arena_printf(&s->arena, "%zu pair%s of texts", r->n_texts, at_plural(r->n_texts));
    if (!strcmp(r->text_a, r->text_b))
        return quoted_doc(s, &s->p->a.doc);
    return at_arena_printf(&s->arena, "a: %s; b: %s", quoted_doc(s, &s->p->a.doc),
                           quoted_doc(s, &s->p->b.doc));
}

/* --- maps --- */

/* Around 0, as far as the largest; never of no width. */
static struct at_scale around_zero(const float *values, size_t n)
{
    struct at_scale scale = { .kind = AT_DIVERGING };

    for (size_t i = 0; i < n; i++)
        scale.hi = fmax(scale.hi, fabs((double)values[i])); /* fmax passes over NaN */
    if (!(scale.hi > 0.0))
        scale.hi = 1.0;
    scale.lo = -scale.hi;
    return scale;
}

static int picture_map(struct subject *s, const char *kind, struct map_name name,
                       const struct at_heatmap *like, struct at_error *err)
{
    struct at_heatmap h = *like;
    char *file = map_file_name(kind, name);
    int rc;

    h.x_name = "key: looks at";
    h.y_name = "query: looks from";
    h.width_mm = s->sink->call->width_mm;
    rc = sink_picture(s->sink, NULL, s->models, file, at_draw_heatmap(&h), err);
    free(file);
    return rc;
}

static int picture_side(struct subject *s, const char *kind, struct map_name name,
                        const struct at_doc *doc, const float *map, const struct at_scale *scale,
                        struct at_error *err)
{
    char *title = caption_title("Attention", doc->model_name, name.layer, name.head);
    char *subtitle = caption_text(s->sink->call, doc, "");
    const struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .unit = "attention weight",
        .note = "Both sides share one colour range.",
        .rows = doc->n,
        .cols = doc->n,
        .values = map,
        .row_labels = doc->labels,
        .col_labels = doc->labels,
        .scale = *scale,
        .is_causal = doc->shape->is_causal,
    };
    int rc = picture_map(s, kind, name, &h, err);

    free(title);
    free(subtitle);
    return rc;
}

static int picture_difference(struct subject *s, struct map_name name,
                              const struct at_compare_view *v, struct at_error *err)
{
    const struct at_token_alignment *t = &s->p->tokens;
    bool is_causal = s->p->a.doc.shape->is_causal && s->p->b.doc.shape->is_causal;
    char *title = caption_title("Attention, a - b", s->models, name.layer, name.head);
    const struct at_heatmap h = {
        .title = title,
        .subtitle = s->subtitle,
        .unit = "difference of attention weight",
        .note = at_arena_printf(&s->arena,
                                "Orange: more in a, blue: more in b. %zu token%s of a and %zu of b "
                                "without a partner: no row or column.",
                                t->n_only_a, at_plural(t->n_only_a), t->n_only_b),
        .rows = v->U,
        .cols = v->U,
        .values = v->difference,
        .row_labels = v->labels,
        .col_labels = v->labels,
        .scale = around_zero(v->difference, v->U * v->U),
        .is_causal = is_causal,
    };
    int rc = picture_map(s, "difference", name, &h, err);

    free(title);
    return rc;
}

static int picture_maps(struct subject *s, struct map_name name, struct at_error *err)
{
    const struct side *a = &s->p->a, *b = &s->p->b;
    struct at_scale scale, other;
    struct at_compare_view v = at_compare_view(
        &a->view, &b->view, &s->p->tokens, name.layer < 0 ? AT_NONE : (size_t)name.layer,
        name.head < 0 ? AT_NONE : (size_t)name.head, &s->arena);
    int rc = 0;

    if (!v.a && !v.b)
        return 0;
    scale = at_scale_fit_map(v.a ? v.a : v.b, v.a ? a->doc.n : b->doc.n,
                             (v.a ? a : b)->doc.shape->is_causal);
    other = at_scale_fit_map(v.b ? v.b : v.a, v.b ? b->doc.n : a->doc.n,
                             (v.b ? b : a)->doc.shape->is_causal);
    scale.hi = fmax(scale.hi, other.hi);
    scale.has_above = false; /* found when it is drawn */
    if (v.a)
        rc = picture_side(s, "heatmap_a", name, &a->doc, v.a, &scale, err);
    if (!rc && v.b)
        rc = picture_side(s, "heatmap_b", name, &b->doc, v.b, &scale, err);
    if (!rc && v.difference)
        rc = picture_difference(s, name, &v, err);
    return rc;
}

static int picture_selected_maps(struct subject *s, struct at_error *err)
{
    const struct selection *chosen = &s->sink->call->selection;
    int rc = 0;

    if (selects_global(chosen))
        rc = picture_maps(s, (struct map_name){ -1, -1 }, err);
    for (size_t l = 0; l < s->r->L && !rc; l++) {
        if (selects_layer_mean(chosen, l))
            rc = picture_maps(s, (struct map_name){ (long)l, -1 }, err);
        for (size_t h = 0; h < s->r->H && !rc; h++)
            if (selects_head(chosen, l, h))
                rc = picture_maps(s, (struct map_name){ (long)l, (long)h }, err);
    }
    return rc;
}

/* --- metrics --- */

/* Each metric of the mean map from a to b, as a share of the greater of the two. */
static int picture_slopes(struct subject *s, struct at_error *err)
{
    static const double x[] = { 0, 1 };
    struct at_line_series *series = at_arena_alloc(&s->arena, AT_N_METRICS + 1, sizeof *series);
    struct at_line_plot plot = {
        .title = at_arena_printf(&s->arena, "Metrics of the mean map, %s", s->models),
        .subtitle = s->subtitle,
        .note = "Each metric as a share of the greater of its two values.",
        .x_name = "0: a, 1: b",
        .y_name = "share of the greater value",
        .is_x_count = true,
        .series = series,
        .y_reference = 1.0,
        .x_marked = NAN,
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i <= AT_N_METRICS; i++) { /* and the flow change */
        const struct at_compare_row *g = &s->r->global[i];
        double *y = at_arena_alloc(&s->arena, 2, sizeof *y);
        double most = fmax(fabs(g->a), fabs(g->b));
        if (isnan(g->difference) || !(most > 0.0))
            continue;
        y[0] = g->a / most;
        y[1] = g->b / most;
        series[plot.n_series++] =
            (struct at_line_series){ .name = g->metric, .x = x, .y = y, .n = 2 };
    }
    return plot.n_series
               ? sink_picture(s->sink, NULL, s->models, "slopes", at_draw_lines(&plot), err)
               : 0;
}

static int picture_layers(struct subject *s, struct at_error *err)
{
    const struct at_compare_result *r = s->r;
    size_t n = r->n_layers;
    double *x = at_arena_alloc(&s->arena, 5 * n, sizeof *x), *js = x + n, *cka = x + 2 * n;
    double *low = x + 3 * n, *high = x + 4 * n;
    struct at_line_series series[2] = {
        { .name = "js_distance, mean over heads", .x = x, .y = js, .n = n },
        { .name = "cka", .x = x, .y = cka, .n = n },
    };
    const struct at_line_plot plot = {
        .title = at_arena_printf(&s->arena, "What changes in each layer, %s", s->models),
        .subtitle = s->subtitle,
        .note = r->n_texts > 1 ? "Bars are 95 % intervals over texts." : NULL,
        .x_name = "layer",
        .y_name = "distance of maps, alignment of states",
        .is_x_count = true,
        .series = series,
        .n_series = 2,
        .y_reference = 0.0,
        .x_marked = r->most_changed_layer == AT_NONE ? NAN : (double)r->most_changed_layer,
        .x_marked_name = "layer that changes most",
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t l = 0; l < n; l++) {
        x[l] = (double)l;
        js[l] = r->layers[l].js_distance;
        cka[l] = r->layers[l].cka;
        low[l] = r->layers[l].low;
        high[l] = r->layers[l].high;
    }
    if (r->n_texts > 1) {
        series[0].lo = low;
        series[0].hi = high;
    }
    return sink_picture(s->sink, NULL, s->models, "layers", at_draw_lines(&plot), err);
}

/* A number of every head; those with q at most .05 are outlined. */
static int picture_heads(struct subject *s, size_t metric, struct at_error *err)
{
    const struct at_compare_result *r = s->r;
    const char *key = r->heads[metric].metric;
    size_t n = r->L * r->H, *marked = at_arena_alloc(&s->arena, n, sizeof *marked);
    bool is_distance = metric == AT_COMPARE_JS;
    double *values = at_arena_alloc(&s->arena, n, sizeof *values);
    struct at_scale scale = { .kind = is_distance ? AT_SEQUENTIAL : AT_DIVERGING };
    struct head_map p = {
        .file = at_arena_printf(&s->arena, "difference_%s", key),
        .title =
            is_distance ? "Jensen-Shannon distance" : at_arena_printf(&s->arena, "%s, a - b", key),
        .details = s->subtitle,
        .unit = is_distance ? "js_distance" : at_arena_printf(&s->arena, "difference of %s", key),
        .model_name = s->models,
        .L = r->L,
        .H = r->H,
        .values = values,
        .stride = 1,
        .scale = &scale,
        .outlined = marked,
        .outline_name = "q at most 0.05 (sign flips over texts, Benjamini-Hochberg over heads)",
    };

    for (size_t k = 0; k < n; k++) {
        const struct at_compare_row *row = &r->heads[k * r->n_numbers + metric];
        values[k] = row->difference;
        scale.hi = fmax(scale.hi, fabs(values[k]));
        if (row->q <= 0.05)
            marked[p.n_outlined++] = k;
    }
    if (!(scale.hi > 0.0))
        scale.hi = 1.0;
    scale.lo = is_distance ? 0.0 : -scale.hi;
    return picture_head_map(s->sink, NULL, &p, err);
}

/* --- heads --- */

static struct at_label *head_labels(struct subject *s, size_t L, size_t H)
{
    struct at_label *labels = at_arena_calloc(&s->arena, L * H, sizeof *labels);

    for (size_t k = 0; k < L * H; k++)
        labels[k].text = at_arena_printf(&s->arena, "L%zuH%zu", k / H, k % H);
    return labels;
}

/* In front are the heads that are most like another one than that of their place. */
static int picture_matches(struct subject *s, struct at_error *err)
{
    const struct at_compare_result *r = s->r;
    struct at_sankey_link *links = at_arena_alloc(&s->arena, r->n_matches, sizeof *links);
    size_t *moved = at_arena_alloc(&s->arena, r->n_matches, sizeof *moved);
    struct at_sankey k = {
        .title = at_arena_printf(&s->arena, "Which head is most like which, %s", s->models),
        .n_sources = r->L_a * r->H_a,
        .n_targets = r->L_b * r->H_b,
        .source_labels = head_labels(s, r->L_a, r->H_a),
        .target_labels = head_labels(s, r->L_b, r->H_b),
        .source_name = "a: layer-head",
        .target_name = "b: layer-head",
        .links = links,
        .are_heads = true,
        .unit = "score",
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < r->n_matches; i++) {
        const struct at_compare_match *m = &r->matches[i];
        if (m->layer_a == AT_NONE || m->layer_b == AT_NONE)
            continue;
        links[k.n_links] = (struct at_sankey_link){ m->layer_a * r->H_a + m->head_a,
                                                    m->layer_b * r->H_b + m->head_b, m->score };
        if (m->layer_a != m->layer_b || m->head_a != m->head_b)
            moved[k.n_focus++] = links[k.n_links].source;
        k.n_links++;
    }
    k.focus = k.n_focus ? moved : NULL;
    k.subtitle = at_arena_printf(
        &s->arena,
        "%s; width is the score, mean %.3f; %zu of %zu pairs are of another "
        "place%s",
        s->subtitle, r->match_score, k.n_focus, k.n_links, k.n_focus ? ", in colour" : "");
    return sink_picture(s->sink, NULL, s->models, "matches", at_draw_sankey(&k), err);
}

/* --- predictions --- */

static int picture_predictions(struct subject *s, struct at_error *err)
{
    static const char *const sides[] = { "a", "b" };
    const struct at_compare_result *r = s->r;
    size_t n = AT_MIN(r->n_predictions, (size_t)MOST_POSITIONS);
    struct at_bar *bars = at_arena_alloc(&s->arena, 2 * n, sizeof *bars);
    struct at_bars b = {
        .title =
            at_arena_printf(&s->arena, "Probability of the token that stands there, %s", s->models),
        .subtitle = s->subtitle,
        .note = n < r->n_predictions ? at_arena_printf(&s->arena, "The first %zu of %zu positions.",
                                                       n, r->n_predictions)
                                     : NULL,
        .value_name = "probability; at the right the most probable piece",
        .bars = bars,
        .n = 2 * n,
        .axis_lo = 0,
        .axis_hi = 1,
        .reference = NAN,
        .category_names = sides,
        .n_categories = 2,
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < n; i++) {
        const struct at_compare_prediction *p = &r->predictions[i];
        const char *kl = isnan(p->kl) ? "" : at_arena_printf(&s->arena, ", KL %.3f", p->kl);
        bars[2 * i] = (struct at_bar){
            p->label_a, p->p_a, NAN,
            NAN,        0,      at_arena_printf(&s->arena, "%s %.2f", p->top_label_a, p->top_p_a)
        };
        bars[2 * i + 1] = (struct at_bar){
            p->label_b, p->p_b,
            NAN,        NAN,
            1,          at_arena_printf(&s->arena, "%s %.2f%s", p->top_label_b, p->top_p_b, kl)
        };
    }
    return sink_picture(s->sink, NULL, s->models, "predictions", at_draw_bars(&b), err);
}

/* --- attributions --- */

/* Scores of one method for the tokens of both texts, those that belong together side by side. */
static int picture_method(struct subject *s, const char *method, const double *a, const double *b,
                          struct at_error *err)
{
    static const char *const sides[] = { "a", "b" };
    const struct at_token_alignment *t = &s->p->tokens;
    size_t n = AT_MIN(t->n_rows, (size_t)MOST_POSITIONS), last[2] = { AT_NONE, AT_NONE };
    struct at_bar *bars = at_arena_alloc(&s->arena, 2 * n, sizeof *bars);
    struct at_bars plot = {
        .title = at_arena_printf(&s->arena, "Attribution by %s, %s", method, s->models),
        .subtitle = s->subtitle,
        .note = n < t->n_rows ? at_arena_printf(&s->arena, "The first %zu of %zu pairs of tokens.",
                                                n, t->n_rows)
                              : NULL,
        .value_name = "score",
        .bars = bars,
        .axis_lo = NAN,
        .axis_hi = NAN,
        .reference = 0,
        .category_names = sides,
        .n_categories = 2,
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < n; i++) {
        const size_t index[2] = { t->rows[i].index_a, t->rows[i].index_b };
        for (size_t k = 0; k < 2; k++) {
            const double *scores = k ? b : a;
            const struct at_doc *doc = k ? &s->p->b.doc : &s->p->a.doc;
            if (index[k] == AT_NONE || index[k] == last[k] || !scores)
                continue;
            last[k] = index[k];
            bars[plot.n++] = (struct at_bar){
                doc->labels[index[k]].text, scores[index[k]], NAN, NAN, (int)k, NULL
            };
        }
    }
    return sink_picture(s->sink, NULL, s->models,
                        at_arena_printf(&s->arena, "attributions_%s", method), at_draw_bars(&plot),
                        err);
}

static const double *scores_of(const struct at_compare_measured *m, const char *method)
{
    for (size_t i = 0; i < m->n_attributions; i++)
        if (!strcmp(m->attributions[i].method, method))
            return m->attributions[i].scores;
    return NULL;
}

static int picture_attributions(struct subject *s, struct at_error *err)
{
    const struct at_compare_measured *a = &s->p->a.measured, *b = &s->p->b.measured;
    int rc = 0;

    for (size_t i = 0; i < a->n_attributions && !rc; i++)
        rc = picture_method(s, a->attributions[i].method, a->attributions[i].scores,
                            scores_of(b, a->attributions[i].method), err);
    return rc;
}

/* --- all of them --- */

/* Of one pair of texts the distance of heads, a metric that was asked for, and what is not usual;
   of many all. */
static int picture_all_heads(struct subject *s, const char *asked, size_t n_usual,
                             struct at_error *err)
{
    int rc = picture_heads(s, AT_COMPARE_JS, err);

    for (size_t i = 0; i < s->r->n_numbers && !rc; i++)
        if (i == AT_COMPARE_JS || i == AT_COMPARE_COSINE)
            continue;
        else if (s->r->n_texts > 1 || i >= n_usual ||
                 (asked && !strcmp(asked, s->r->heads[i].metric)))
            rc = picture_heads(s, i, err);
    return rc;
}

int compare_pictures(const struct compare *c, const struct at_compare_result *r,
                     const struct couple *p, struct at_error *err)
{
    struct subject s = { .sink = c->x->sink, .r = r, .p = p };
    int rc = 0;

    if (!r->n_texts)
        return 0;
    s.models = name_of_models(&s);
    s.subtitle = name_of_texts(&s);
    if (p)
        rc = picture_selected_maps(&s, err);
    if (!rc)
        rc = picture_slopes(&s, err);
    if (!rc)
        rc = picture_layers(&s, err);
    if (!rc)
        rc = picture_all_heads(&s, c->metric, c->sums.n_numbers - c->sums.n_more, err);
    if (!rc && r->n_matches)
        rc = picture_matches(&s, err);
    if (!rc && r->n_predictions)
        rc = picture_predictions(&s, err);
    if (!rc && p)
        rc = picture_attributions(&s, err);
    at_arena_release(&s.arena);
    return rc;
}
