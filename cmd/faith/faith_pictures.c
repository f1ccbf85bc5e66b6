/*
 * faith_pictures.c - a result of `atlas faith` as pictures, and all of them on one page.
 *
 * Whatever is drawn is in the result: nothing is computed here but where things go.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "cmd/faith/faith_pictures.h"
#include "draw/draw_lines.h"
#include "draw/draw_panels.h"
#include "draw/draw_scatter.h"
#include "draw/draw_strip.h"

static const double level = 0.05;

/* ---- words ---- */

static const char *target_words(const struct at_faith_target *t, struct at_arena *arena)
{
    const char *what =
        t->token_label ? at_arena_printf(arena, "%s '%s'", t->kind, t->token_label) : t->kind;

    if (t->foil)
        what = at_arena_printf(arena, "why '%s' and not '%s'", t->token_label, t->foil_label);
    if (t->index != AT_NONE)
        what = at_arena_printf(arena, "%s at token %zu", what, t->index);
    return at_arena_printf(arena, "%s, F = %.3g", what, t->value);
}

const char *picture_title(struct pictures *p, const char *what)
{
    return p->subtitle ? at_arena_printf(&p->arena, "%s, %s", what, p->doc->model_name) : what;
}

static struct at_label *number_labels(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

static struct at_label *method_labels(struct pictures *p)
{
    struct at_label *labels = at_arena_calloc(&p->arena, p->r->n_methods, sizeof *labels);

    for (size_t m = 0; m < p->r->n_methods; m++)
        labels[m].text = p->r->methods[m].method;
    return labels;
}

/* Sizes from 0, or signed scores to either side of it. */
static struct at_scale scale_of(const float *values, size_t n)
{
    bool is_signed = false;

    for (size_t i = 0; i < n; i++)
        is_signed = is_signed || values[i] < 0.0f;
    return at_scale_fit(is_signed ? AT_DIVERGING : AT_SEQUENTIAL, 0.0, values, n);
}

struct at_canvas *picture_heads(struct pictures *p, const struct at_heatmap *h, size_t L, size_t H,
                                const float *values)
{
    struct at_heatmap map = *h;

    map.x_name = "head";
    map.y_name = "layer";
    map.rows = L;
    map.cols = H;
    map.values = values;
    map.row_labels = number_labels(&p->arena, L);
    map.col_labels = number_labels(&p->arena, H);
    map.show_values = true;
    map.width_mm = p->width_mm;
    return at_draw_heatmap(&map);
}

/* ---- one method ---- */

/* Does this token follow the one before it without a space? */
static bool stands_close(const struct at_doc *doc, size_t t)
{
    const struct at_token *tokens = doc->tokens.items;

    if (t == 0 || tokens[t].is_special || tokens[t - 1].is_special)
        return false;
    return doc->labels[t].is_continuation ||
           (tokens[t].source == tokens[t - 1].source && tokens[t].start == tokens[t - 1].end &&
            tokens[t].end > tokens[t].start && strncmp(doc->labels[t].text, "##", 2) != 0);
}

static struct at_canvas *draw_text(struct pictures *p, size_t m)
{
    const struct at_attribution *a = &p->r->attributions[m];
    struct at_strip_token *tokens = at_arena_calloc(&p->arena, a->T, sizeof *tokens);
    float *values = at_arena_alloc(&p->arena, a->T, sizeof *values);
    struct at_scale scale;

    for (size_t t = 0; t < a->T; t++) {
        const struct at_label *label = &p->doc->labels[t];
        values[t] = (float)a->scores[t];
        tokens[t] = (struct at_strip_token){ .text = label->text,
                                             .is_continuation = stands_close(p->doc, t),
                                             .is_special = label->is_special,
                                             .intensity = a->scores[t] };
    }
    scale = scale_of(values, a->T);
    const struct at_strip strip = {
        .title = picture_title(p, at_arena_printf(&p->arena, "What the decision depended on: %s",
                                                  p->r->methods[m].name)),
        .subtitle = p->subtitle ? p->target : NULL,
        .note = scale.kind == AT_DIVERGING ? "orange raises F, blue lowers it" : NULL,
        .tokens = tokens,
        .n = a->T,
        .scale = &scale,
        .intensity_name = "score",
        .width_mm = p->width_mm,
    };
    return at_draw_strip(&strip);
}

/* Heads of method m: r->heads has them method by method. */
static const struct at_head_agreement *heads_of(const struct at_faith_result *r, size_t m,
                                                size_t *n)
{
    *n = r->n_methods ? r->n_heads / r->n_methods : 0;
    return r->heads + m * *n;
}

static struct at_canvas *draw_heads(struct pictures *p, size_t m)
{
    size_t n, n_outlined = 0, L, H;
    const struct at_head_agreement *heads = heads_of(p->r, m, &n);
    float *values = at_arena_alloc(&p->arena, n, sizeof *values);
    size_t *outlined = at_arena_alloc(&p->arena, n, sizeof *outlined);

    if (n == 0)
        return NULL;
    L = heads[n - 1].layer + 1;
    H = n / L;
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)heads[i].all.rho;
        if (heads[i].all.q < level)
            outlined[n_outlined++] = i;
    }
    const struct at_heatmap h = {
        .title = picture_title(p, "Attention of every head against an attribution"),
        .subtitle = p->subtitle
                        ? at_arena_printf(&p->arena, "%s; %s", p->r->methods[m].name, p->subtitle)
                        : p->r->methods[m].name,
        .unit = "Spearman rho of attention received and absolute score",
        .scale = { .kind = AT_DIVERGING, .lo = -1.0, .hi = 1.0 },
        .outlined = outlined,
        .n_outlined = n_outlined,
        .outline_name = at_arena_printf(&p->arena, "q < %g over all heads", level),
    };
    return picture_heads(p, &h, L, H, values);
}

static struct at_canvas *draw_scatter(struct pictures *p, size_t m)
{
    static const char *const kinds[] = { "tokens of the text", "special tokens" };
    const struct at_faith_result *r = p->r;
    struct at_scatter_point *points = at_arena_calloc(&p->arena, r->T, sizeof *points);

    for (size_t t = 0; t < r->T; t++)
        points[t] = (struct at_scatter_point){ .x = r->tokens[t].received,
                                               .y = r->attributions[m].scores[t],
                                               .weight = 0.3,
                                               .category = p->doc->labels[t].is_special,
                                               .name = r->tokens[t].label };
    const struct at_scatter s = {
        .title = picture_title(p, "Attention against attribution"),
        .subtitle = p->subtitle,
        .x_name = "attention that the token receives, mean over heads",
        .y_name = at_arena_printf(&p->arena, "score of %s", r->methods[m].name),
        .points = points,
        .n = r->T,
        .category_names = kinds,
        .n_categories = AT_COUNTOF(kinds),
        .has_ticks = true,
        .x_reference = NAN,
        .y_reference = 0.0,
        .width_mm = p->width_mm,
    };
    return at_draw_scatter(&s);
}

/* ---- all methods ---- */

/* Bars of all tokens, or of the n in rows. */
static struct at_canvas *draw_bars(struct pictures *p, const size_t *rows, size_t n,
                                   const char *note)
{
    const struct at_faith_result *r = p->r;
    struct at_label *labels = at_arena_calloc(&p->arena, n, sizeof *labels);
    struct at_panel *panels = at_arena_calloc(&p->arena, r->n_methods, sizeof *panels);
    const struct at_panels b = { .title = picture_title(p, "Attributions of every method"),
                                 .subtitle = p->subtitle,
                                 .note = note,
                                 .rows = labels,
                                 .numbers = rows,
                                 .n = n,
                                 .panels = panels,
                                 .n_panels = r->n_methods,
                                 .width_mm = p->width_mm };

    for (size_t i = 0; i < n; i++)
        labels[i] = p->doc->labels[rows[i]];
    for (size_t m = 0; m < r->n_methods; m++) {
        double *values = at_arena_alloc(&p->arena, n, sizeof *values);
        for (size_t i = 0; i < n; i++)
            values[i] = r->attributions[m].scores[rows[i]];
        panels[m] = (struct at_panel){ r->methods[m].method, values };
    }
    return at_draw_panels(&b);
}

static struct at_canvas *draw_all_bars(struct pictures *p)
{
    size_t n = p->r->T, *rows = at_arena_alloc(&p->arena, n, sizeof *rows);

    for (size_t t = 0; t < n; t++)
        rows[t] = t;
    return draw_bars(p, rows, n, "every panel has a scale of its own, in the method's units");
}

static struct at_canvas *draw_agreement(struct pictures *p)
{
    const struct at_faith_result *r = p->r;
    size_t n = r->n_methods, n_outlined = 0;
    float *values = at_arena_alloc(&p->arena, n * n, sizeof *values);
    size_t *outlined = at_arena_alloc(&p->arena, n * n, sizeof *outlined);

    for (size_t m = 0; m < n; m++)
        values[m * n + m] = 1.0f;
    for (size_t a = 0, i = 0; a < n; a++)
        for (size_t b = a + 1; b < n && i < r->n_agreement; b++, i++) {
            const struct at_agreement *pair = &r->agreement[i].agreement;
            values[a * n + b] = values[b * n + a] = (float)pair->rho;
            if (pair->q < level) {
                outlined[n_outlined++] = a * n + b;
                outlined[n_outlined++] = b * n + a;
            }
        }
    const struct at_heatmap h = {
        .title = picture_title(p, "How far the methods agree"),
        .subtitle = p->subtitle,
        .unit = "Spearman rho of absolute scores",
        .rows = n,
        .cols = n,
        .values = values,
        .row_labels = method_labels(p),
        .col_labels = method_labels(p),
        .scale = { .kind = AT_DIVERGING, .lo = -1.0, .hi = 1.0 },
        .show_values = true,
        .outlined = outlined,
        .n_outlined = n_outlined,
        .outline_name = at_arena_printf(&p->arena, "q < %g over all pairs", level),
        .width_mm = p->width_mm,
    };
    return at_draw_heatmap(&h);
}

/* One line for each method, and random orders in their band. */
static struct at_canvas *draw_curves(struct pictures *p, bool is_sufficiency)
{
    const struct at_faith_result *r = p->r;
    struct at_line_series *series = at_arena_calloc(&p->arena, r->n_curves, sizeof *series);
    double *numbers = at_arena_alloc(&p->arena, 4 * r->n_curves, sizeof *numbers);
    size_t n = 0;

    for (size_t i = 0; i < r->n_curves; i++) {
        const struct at_curve_point *c = &r->curves[i];
        const double *spread = is_sufficiency ? c->sufficiency_spread : c->comprehensiveness_spread;
        double *at = numbers + i;
        bool is_random = strcmp(c->method, "random") == 0;
        if (i == 0 || strcmp(c->method, r->curves[i - 1].method) != 0)
            series[n++] =
                (struct at_line_series){ .name = is_random ? "random orders" : c->method,
                                         .style = is_random ? AT_LINE_BAND : AT_LINE_MARKED,
                                         .x = at,
                                         .y = at + r->n_curves,
                                         .lo = is_random ? at + 2 * r->n_curves : NULL,
                                         .hi = is_random ? at + 3 * r->n_curves : NULL };
        series[n - 1].n++;
        at[0] = c->k;
        at[r->n_curves] = is_sufficiency ? c->sufficiency : c->comprehensiveness;
        at[2 * r->n_curves] = spread[0];
        at[3 * r->n_curves] = spread[1];
    }
    const struct at_line_plot l = {
        .title = picture_title(p, is_sufficiency ? "Sufficiency: only the highest scores stay"
                                                 : "Comprehensiveness: the highest scores go"),
        .subtitle = p->subtitle,
        .note = is_sufficiency ? "lower is better" : "higher is better",
        .x_name = is_sufficiency ? "% of tokens that stay" : "% of tokens that go",
        .y_name = "what F loses",
        .series = series,
        .n_series = n,
        .y_reference = NAN,
        .x_marked = NAN,
        .width_mm = p->width_mm,
    };
    return at_draw_lines(&l);
}

/* ---- one page ---- */

enum { PAGE_W = 210, PAGE_H = 297, MOST_BARS = 16 };

struct page {
    struct at_canvas *canvas;
    double y;
};

/* The n tokens to which the first method gives the most, in the order of the text. */
static struct at_canvas *draw_main_bars(struct pictures *p, size_t n)
{
    const struct at_faith_result *r = p->r;
    size_t *rows = at_arena_alloc(&p->arena, r->T, sizeof *rows), n_rows = 0;

    for (size_t t = 0; t < r->T; t++)
        if (r->tokens[t].rank <= n)
            rows[n_rows++] = t;
    return draw_bars(p, rows, n_rows,
                     n_rows < r->T ? at_arena_printf(&p->arena,
                                                     "the %zu tokens with the largest scores of "
                                                     "%s; a scale for each panel",
                                                     n_rows, r->methods[0].method)
                                   : "a scale for each panel");
}

/* Pictures side by side below what is there, unless the page has no room for them. */
static bool place(struct page *page, struct at_canvas *left, struct at_canvas *right,
                  const char *left_name, const char *right_name)
{
    double h = left ? at_canvas_height(left) : 0.0;

    if (right)
        h = fmax(h, at_canvas_height(right));
    if (page->y + h > PAGE_H) {
        at_canvas_free(left);
        at_canvas_free(right);
        return false;
    }
    if (left)
        at_canvas_place(page->canvas, left, left_name, 0, page->y);
    if (right)
        at_canvas_place(page->canvas, right, right_name, left ? PAGE_W / 2.0 : 0, page->y);
    page->y += h;
    return true;
}

/* One above the other; either may be NULL. */
static struct at_canvas *stack(struct at_canvas *above, struct at_canvas *below)
{
    double h;

    if (!above || !below)
        return above ? above : below;
    h = at_canvas_height(above);
    at_canvas_resize(above, fmax(at_canvas_width(above), at_canvas_width(below)),
                     h + at_canvas_height(below));
    at_canvas_place(above, below, "ablation", 0, h);
    return above;
}

/* What the page answers, in words. */
static const char *answers(struct pictures *p)
{
    const struct at_faith_result *r = p->r;
    const struct at_mean_rho *rho = &r->mean_rho[0];
    const struct at_curve_area *best = NULL;
    const char *words = "";

    if (rho->exceeds_half)
        words = at_arena_printf(&p->arena,
                                "Attention of the %zu heads agrees with %s by a mean Spearman rho "
                                "of %.2f (%.2f to %.2f). Does it exceed 0.5? %s. ",
                                rho->n, r->methods[0].name, rho->mean, rho->low, rho->high,
                                rho->exceeds_half);
    for (size_t i = 0; i < r->n_areas; i++)
        if (isfinite(r->areas[i].net_comprehensiveness) &&
            (!best || r->areas[i].net_comprehensiveness > best->net_comprehensiveness))
            best = &r->areas[i];
    if (best)
        words = at_arena_printf(&p->arena,
                                "%sF loses most when the tokens go that %s names first: %.2f more "
                                "than in random orders.",
                                words, best->method, best->net_comprehensiveness);
    return words;
}

/* The page takes the pictures that fit: those of the first method, then those of all. */
static struct at_canvas *draw_page(struct pictures *p)
{
    const struct at_text_style big = { .size_pt = 12, .is_bold = true, .rgb = 0x1a1a1au };
    const struct at_text_style words = { .size_pt = 8, .rgb = 0x1a1a1au };
    const char *subtitle = p->subtitle;
    double width = p->width_mm;
    struct page page = { at_canvas_new(PAGE_W, PAGE_H), 6 };
    bool has_curves = p->r->n_curves > 0;

    page.y += at_canvas_paragraph(page.canvas, 3, page.y, PAGE_W - 6, 2,
                                  picture_title(p, "Attention and explanation"), &big);
    page.y +=
        1.5 + at_canvas_paragraph(page.canvas, 3, page.y + 1, PAGE_W - 6, 3, subtitle, &words);
    page.y +=
        2 + at_canvas_paragraph(page.canvas, 3, page.y + 1, PAGE_W - 6, 3, answers(p), &words);
    p->subtitle = NULL;
    p->width_mm = PAGE_W;
    place(&page, draw_text(p, 0), NULL, "text", "");
    p->width_mm = PAGE_W / 2.0;
    place(&page, stack(draw_heads(p, 0), picture_ablation(p)),
          has_curves ? draw_curves(p, false) : NULL, "heads", "curves");
    place(&page, p->r->n_agreement ? draw_agreement(p) : NULL, draw_scatter(p, 0), "agreement",
          "scatter");
    p->width_mm = PAGE_W;
    for (size_t n = MOST_BARS; n >= 4; n -= 2)
        if (place(&page, draw_main_bars(p, n), NULL, "attributions", ""))
            break;
    p->subtitle = subtitle;
    p->width_mm = width;
    return page.canvas;
}

/* ---- files ---- */

int picture_write(struct pictures *p, const char *name, struct at_canvas *canvas,
                  struct at_error *err)
{
    return canvas ? sink_picture(p->f->x->sink, p->doc, p->doc->model_name, name, canvas, err) : 0;
}

static int draw_methods(struct pictures *p, struct at_error *err)
{
    int rc = 0;

    for (size_t m = 0; m < p->r->n_methods && !rc; m++) {
        const char *key = p->r->methods[m].method;
        rc = picture_write(p, at_arena_printf(&p->arena, "text_%s", key), draw_text(p, m), err);
        if (!rc)
            rc = picture_write(p, at_arena_printf(&p->arena, "heads_%s", key), draw_heads(p, m),
                               err);
        if (!rc)
            rc = picture_write(p, at_arena_printf(&p->arena, "scatter_%s", key), draw_scatter(p, m),
                               err);
    }
    return rc;
}

static int draw_together(struct pictures *p, struct at_error *err)
{
    int rc = picture_write(p, "attributions", draw_all_bars(p), err);

    if (!rc && p->r->n_agreement)
        rc = picture_write(p, "agreement", draw_agreement(p), err);
    if (!rc && p->r->n_curves)
        rc = picture_write(p, "comprehensiveness", draw_curves(p, false), err);
    if (!rc && p->r->n_curves)
        rc = picture_write(p, "sufficiency", draw_curves(p, true), err);
    if (!rc)
        rc = picture_write(p, "summary", draw_page(p), err);
    return rc;
}

int faith_pictures(const struct faith *f, const struct at_doc *doc, const struct at_faith_result *r,
                   struct at_error *err)
{
    struct pictures p = { .f = f, .doc = doc, .r = r, .width_mm = f->x->call->width_mm };
    char *text = caption_plain_text(doc);
    int rc;

    p.target = target_words(&r->target, &p.arena);
    p.subtitle = at_arena_printf(&p.arena, "%s; %s", p.target, text);
    rc = draw_methods(&p, err);
    if (!rc && r->n_methods)
        rc = draw_together(&p, err);
    if (!rc)
        rc = picture_removed(&p, err);
    free(text);
    at_arena_release(&p.arena);
    return rc;
}
