/*
 * draw_label.c - see draw_label.h.
 */
#include "draw/draw_label.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/frame.h"
#include "draw/glyphs.h"

/* Lines of neighbouring labels need this many sizes: room for marks above and below letters. */
static const double line_factor = 1.3;

/* Around a text that has a direction of its own (UAX 9). */
enum {
    LEFT_TO_RIGHT_MARK = 0x200E,
    FIRST_STRONG_ISOLATE = 0x2068,
    POP_DIRECTIONAL_ISOLATE = 0x2069
};

double at_text_width(const char *utf8, double size_pt)
{
    struct at_typesetter *t = at_typesetter_new();
    struct at_text_style style = { .size_pt = size_pt };
    struct at_glyphs g;
    double w;

    at_glyphs_shape(&g, t, utf8, &style, 0, 0);
    w = g.length_mm;
    at_glyphs_release(&g);
    at_typesetter_free(t);
    return w;
}

/* What is drawn, and how many characters of it are faint at the start. */
static char *displayed(const struct at_label *label, const size_t *show_index, size_t *n_faint)
{
    struct at_strbuf b = { 0 };
    const char *text = label->text;
    bool is_isolated;

    if (show_index)
        at_strbuf_addf(&b, "%zu ", *show_index);
    if (show_index && strlen(text) + 1 == b.n && !strncmp(text, b.s, b.n - 1))
        at_strbuf_clear(&b); /* an axis of numbers says them once */
    *n_faint = b.n;
    is_isolated = b.n && at_text_direction(text) == AT_FROM_RIGHT;
    if (is_isolated) { /* else the number would go to the right of it */
        at_strbuf_add_utf8(&b, LEFT_TO_RIGHT_MARK);
        at_strbuf_add_utf8(&b, FIRST_STRONG_ISOLATE);
        *n_faint += 2;
    }
    if (!*text || *text == ' ') {
        at_strbuf_adds(&b, "·");
        *n_faint += 1;
        text += *text == ' ';
    } else if (label->is_continuation) {
        *n_faint += 2;
        if (strncmp(text, "##", 2) != 0)
            at_strbuf_adds(&b, "##");
    }
    at_strbuf_adds(&b, text);
    if (is_isolated)
        at_strbuf_add_utf8(&b, POP_DIRECTIONAL_ISOLATE);
    return at_strbuf_take(&b);
}

void at_label_draw(struct at_canvas *c, double x, double y, const struct at_label *label,
                   const size_t *show_index, const struct at_text_style *style)
{
    struct at_text_style s = *style;
    char *text = displayed(label, show_index, &s.n_faint);

    s.is_faint = label->is_special;
    at_canvas_text(c, x, y, text, &s);
    free(text);
}

double at_label_length(const struct at_label *label, const size_t *show_index, double size_pt)
{
    size_t n_faint;
    char *text = displayed(label, show_index, &n_faint);
    double w = at_text_width(text, size_pt);

    free(text);
    return w;
}

size_t at_label_step(double *size_out, double pitch_mm, double max_pt)
{
    static const size_t round[] = { 1, 2, 5 };
    size_t power = 1, step = 1;

    AT_BUG_IF(!(pitch_mm > 0));
    for (size_t k = 0;; k++) {
        step = round[k % 3] * power;
        if ((double)step * pitch_mm >= AT_MIN_PT * line_factor * AT_PT_MM)
            break;
        if (k % 3 == 2)
            power *= 10;
    }
    double fits = (double)step * pitch_mm / (line_factor * AT_PT_MM);
    *size_out = AT_MIN(fits, AT_MAX(max_pt, AT_MIN_PT));
    return step;
}

/* With the pitch taken off, "pitch apart" becomes "not descending": isotonic regression by pooling
   adjacent violators (Barlow et al. 1972), in linear time. */
void at_label_spread(double *y, size_t n, double pitch, double lo, double hi)
{
    struct pool {
        double sum;
        size_t n;
    } * pools;
    size_t n_pools = 0, k = 0;

    if (n == 0)
        return;
    if (n > 1 && pitch * (double)(n - 1) > hi - lo)
        pitch = (hi - lo) / (double)(n - 1);
    pools = at_malloc(n, sizeof *pools);
    for (size_t i = 0; i < n; i++) {
        pools[n_pools++] = (struct pool){ y[i] - pitch * (double)i, 1 };
        while (n_pools > 1 && pools[n_pools - 2].sum * (double)pools[n_pools - 1].n >=
                                  pools[n_pools - 1].sum * (double)pools[n_pools - 2].n) {
            pools[n_pools - 2].sum += pools[n_pools - 1].sum;
            pools[n_pools - 2].n += pools[n_pools - 1].n;
            n_pools--;
        }
    }
    hi -= pitch * (double)(n - 1);
    for (size_t p = 0; p < n_pools; p++) {
        double at = AT_MAX(lo, AT_MIN(hi, pools[p].sum / (double)pools[p].n));
        for (size_t i = 0; i < pools[p].n; i++, k++)
            y[k] = at + pitch * (double)k;
    }
    free(pools);
}
