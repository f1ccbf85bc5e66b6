/*
 * scale.c - see scale.h.
 */
#include "draw/scale.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "draw/frame.h"
#include "draw/draw_label.h"

/* White to dark blue in equal steps of lightness (OKLab L from 1 to 0.27), through one hue family,
   so that it also reads in grey. Anchors are joined by straight lines in sRGB. */
static const uint32_t sequential[] = {
    0xffffff, 0xe5f3f8, 0xcbe6f2, 0xb1d9ec, 0x96cde7, 0x7ebfe1, 0x6bb0da, 0x59a1d2, 0x4792ca,
    0x3684c0, 0x2775b5, 0x2065a9, 0x1f569d, 0x1c478f, 0x19397f, 0x172c6d, 0x14205a,
};

/* Dark blue, white, dark orange: equal steps of lightness on both sides; blue and orange stay apart
   for the colour-blind. */
static const uint32_t diverging[] = {
    0x123a6b, 0x145090, 0x2468ad, 0x3c83c2, 0x599ed3, 0x80b7e1, 0xaccfeb, 0xd5e7f5, 0xffffff,
    0xffddbb, 0xfcbb7e, 0xf19847, 0xdc7a2b, 0xc35e0f, 0xa54700, 0x853400, 0x622600,
};

static uint32_t mix(uint32_t a, uint32_t b, double t)
{
    uint32_t out = 0;

    for (int shift = 0; shift <= 16; shift += 8) {
        double ca = (a >> shift) & 255, cb = (b >> shift) & 255;
        out |= (uint32_t)(ca + (cb - ca) * t + 0.5) << shift;
    }
    return out;
}

static uint32_t along(const uint32_t *anchors, size_t n, double t)
{
    double at = t * (double)(n - 1);
    size_t i = AT_MIN((size_t)at, n - 2);

    return mix(anchors[i], anchors[i + 1], at - (double)i);
}

/* A value, at least lo, in the units in which colours are evenly spaced; and back. */
static double stretch(const struct at_scale *s, double v)
{
    switch (s->steps) {
    case AT_SQRT:
        return sqrt(v - s->lo);
    case AT_LOG:
        return log(v);
    default:
        return v;
    }
}

static double shrink(const struct at_scale *s, double u)
{
    switch (s->steps) {
    case AT_SQRT:
        return s->lo + u * u;
    case AT_LOG:
        return exp(u);
    default:
        return u;
    }
}

/* Where a value of lo..hi stands on the scale, 0..1; and which value stands there. */
static double place(const struct at_scale *s, double v)
{
    double from = stretch(s, s->lo), span = stretch(s, s->hi) - from;

    return span > 0 ? (stretch(s, v) - from) / span : 0.0;
}

static double value_at(const struct at_scale *s, double t)
{
    double from = stretch(s, s->lo);

    return shrink(s, from + t * (stretch(s, s->hi) - from));
}

/* Both sides of the neutral value use the same unit, the longer one: equal distances get equally
   strong colours. */
static double diverging_place(const struct at_scale *s, double v)
{
    double neutral = stretch(s, s->neutral), above = stretch(s, s->hi) - neutral,
           below = neutral - stretch(s, s->lo), reach = AT_MAX(above, below);

    return reach > 0 ? 0.5 + 0.5 * (stretch(s, v) - neutral) / reach : 0.5;
}

uint32_t at_scale_color(const struct at_scale *s, double v)
{
    if (isnan(v))
        return AT_COLOR_UNDEFINED;
    v = AT_MIN(AT_MAX(v, s->lo), s->hi);
    if (s->kind == AT_DIVERGING)
        return along(diverging, AT_COUNTOF(diverging), diverging_place(s, v));
    return along(sequential, AT_COUNTOF(sequential), place(s, v));
}

/* The step of the ticks of a range, 0 when it has none. */
static double tick_step(double lo, double hi)
{
    double ticks[9];
    size_t n = at_ticks(ticks, AT_COUNTOF(ticks), lo, hi);

    return n >= 2 ? ticks[1] - ticks[0] : 0;
}

/* The multiple of step at or beyond v: rounding errors of floats are not beyond. */
static double round_up(double v, double step)
{
    return step > 0 ? ceil(v / step - 5e-6) * step : v;
}

void at_scale_round(struct at_scale *s)
{
    if (s->steps == AT_LOG) {
        s->lo = pow(10, floor(log10(s->lo) + 1e-9));
        s->hi = pow(10, ceil(log10(s->hi) - 1e-9));
    } else if (s->kind == AT_DIVERGING) {
        double far = AT_MAX(s->hi - s->neutral, s->neutral - s->lo);
        far = round_up(far, tick_step(0, far));
        s->lo = s->lo >= 0 ? AT_MAX(s->neutral - far, 0) : s->neutral - far; /* ratios end at 0 */
        s->hi = s->neutral + far;
    } else {
        double step = tick_step(s->lo, s->hi);
        s->hi = round_up(s->hi, step);
        s->lo = 0.0 - round_up(-s->lo, step);
    }
}

struct at_scale at_scale_fit(enum at_scale_kind kind, double neutral, const float *values, size_t n)
{
    struct at_scale s = { .kind = kind, .neutral = neutral };
    double lo = INFINITY, hi = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            lo = AT_MIN(lo, values[i]);
            hi = AT_MAX(hi, values[i]);
        }
    if (lo > hi)
        lo = hi = neutral;
    if (kind == AT_DIVERGING) {
        s.hi = AT_MAX(hi, neutral + 1e-6);
        s.lo = lo;
    } else {
        s.lo = AT_MIN(lo, 0.0);
        s.hi = hi > s.lo ? hi : s.lo + 1;
    }
    at_scale_round(&s);
    return s;
}

/* Whether most of the finite values stand in the palest tenth. */
static bool is_flat(const struct at_scale *s, const float *values, size_t n)
{
    size_t n_pale = 0, n_finite = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            n_finite++;
            n_pale += values[i] <= s->lo || place(s, AT_MIN(values[i], s->hi)) < 0.1;
        }
    return 2 * n_pale > n_finite;
}

void at_scale_unflatten(struct at_scale *s, const float *values, size_t n)
{
    const double decades = 1e-4;
    double least = INFINITY;

    if (!is_flat(s, values, n))
        return;
    s->steps = AT_SQRT;
    if (s->lo < 0 || !(s->hi > 0) || !is_flat(s, values, n))
        return;
    for (size_t i = 0; i < n; i++)
        if (values[i] > 0)
            least = AT_MIN(least, values[i]);
    s->steps = AT_LOG;
    s->lo = AT_MIN(AT_MAX(least, decades * s->hi), 0.1 * s->hi);
    at_scale_round(s);
}

struct at_scale at_scale_fit_map(const float *values, size_t n, bool is_causal)
{
    float *seen = at_malloc(n * n, sizeof *seen);
    struct at_scale s;
    size_t k = 0;

    for (size_t i = is_causal && n > 1 ? 1 : 0; i < n; i++)
        for (size_t j = 0; j < (is_causal ? i + 1 : n); j++)
            seen[k++] = values[i * n + j];
    s = at_scale_fit(AT_SEQUENTIAL, 0, seen, k);
    if (is_flat(&s, seen, k))
        s.steps = AT_SQRT;
    free(seen);
    return s;
}

uint32_t at_categorical(size_t i)
{
    /* Okabe and Ito (2008), "Color Universal Design"; black last, as it is our ink */
    static const uint32_t colors[] = {
        0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9, 0xf0e442, 0x000000,
    };

    return colors[i % AT_COUNTOF(colors)];
}

/* Each round of the eight shapes begins one colour further on. */
uint32_t at_category_color(size_t i)
{
    return at_categorical(i + i / 8);
}

bool at_is_dark(uint32_t rgb)
{
    /* luma of Rec. 709 on the coded values: enough to choose black or white ink */
    double y = 0.2126 * (rgb >> 16 & 255) + 0.7152 * (rgb >> 8 & 255) + 0.0722 * (rgb & 255);

    return y < 140;
}

size_t at_ticks(double *out, size_t max, double lo, double hi)
{
    static const double nice[] = { 1, 2, 5, 10 };
    double span = hi - lo;
    size_t n = 0;

    if (max == 0 || !isfinite(span) || span < 0)
        return 0;
    /* far above the last bits of lo and hi, where adding 1 to a number of steps changes nothing */
    if (span <= 1e-12 * fmax(fabs(lo), fabs(hi)) || max == 1) {
        out[0] = lo;
        return 1;
    }
    double power = pow(10, floor(log10(span / (double)max)));
    double slack = 1e-9 * span; /* ends that are round numbers but for their last bits */
    for (int decade = 0; decade < 3; decade++, power *= 10)
        for (size_t k = 0; k + 1 < AT_COUNTOF(nice); k++) {
            double step = nice[k] * power;
            double first = ceil((lo - slack) / step), last = floor((hi + slack) / step);
            if (last - first + 1 > (double)max)
                continue;
            for (double t = first; t <= last; t++)
                out[n++] = t * step == 0 ? 0.0 : t * step;
            return n;
        }
    return 0;
}

void at_small_text(char *out, size_t size, double v, int n_digits)
{
    int decimals = v == 0 ? 0 : n_digits - 1 - (int)floor(log10(fabs(v)));

    if (decimals <= 5)
        snprintf(out, size, "%.*f", decimals, v);
    else
        snprintf(out, size, "%.*e", n_digits - 1, v);
}

void at_tick_text(char *out, size_t size, double v, double step)
{
    double decimals = step > 0 ? fmax(0, ceil(-log10(step) - 1e-9)) : 0;
    double most = fabs(v), digits = 0;

    if (v != 0 && step > 0)
        digits = floor(log10(most) + 1e-9) - floor(log10(step) + 1e-9);
    if (v == 0 && (decimals > 6 || step >= 1e6))
        snprintf(out, size, "0");
    else if (!(step > 0))
        snprintf(out, size, "%.4g", v == 0 ? 0.0 : v);
    else if ((decimals > 6 && digits <= 2) || decimals > 9 || step >= 1e6 || most >= 1e7)
        snprintf(out, size, "%.*e", (int)fmin(fmax(digits, 0), 9), v);
    else
        snprintf(out, size, "%.*f", (int)decimals, v == 0 ? 0.0 : v);
}

/* Round numbers of a range that is not spaced evenly: 1, 2 and 5 of every power of ten, or the
   powers alone; largest first. Returns how many. */
static size_t uneven_ticks(double *out, size_t max, const struct at_scale *s)
{
    static const double nice[] = { 5, 2, 1 };
    double power = pow(10, floor(log10(s->hi) + 1e-9));
    bool has_many = s->steps == AT_LOG && s->hi > 1e3 * s->lo;
    size_t n = 0;

    for (double least = 1e-9 * power; power > least; power /= 10)
        for (size_t k = has_many ? 2 : 0; k < AT_COUNTOF(nice); k++)
            if (n < max && nice[k] * power < s->hi && nice[k] * power > s->lo)
                out[n++] = nice[k] * power;
    return n;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The two ends of the range always, round numbers between them where there is room. */
static size_t bar_labels(double *out, size_t max, const struct at_scale *s, double h)
{
    const double pitch = 4.0; /* mm */
    double ticks[32], free_below = 1.0 - pitch / h;
    size_t n, k = 0;

    out[k++] = s->lo;
    n = s->steps == AT_LINEAR
            ? at_ticks(ticks, AT_MIN((size_t)8, (size_t)(h / pitch)), s->lo, s->hi)
            : uneven_ticks(ticks, AT_COUNTOF(ticks), s);
    for (size_t i = 0; i < n && k + 1 < max; i++) {
        double t = place(s, ticks[i]);
        if (t <= pitch / h || t >= (s->steps == AT_LINEAR ? 1.0 - pitch / h : free_below))
            continue;
        out[k++] = ticks[i];
        free_below = t - pitch / h;
    }
    if (s->hi > s->lo)
        out[k++] = s->hi;
    qsort(out, k, sizeof *out, ascending);
    return k;
}

/* Three digits, or as many as place an end of the range to a hundredth of it. */
static void end_text(char *out, size_t size, double v, double range)
{
    int digits = 3;

    do
        snprintf(out, size, "%.*g", digits, v == 0 ? 0.0 : v);
    while (fabs(strtod(out, NULL) - v) > 0.01 * range && digits++ < 9);
}

/* What stands beside a colour bar: numbers, and the unit in lines along it. */
struct bar_text {
    size_t n, n_lines;
    double at[10], widest;
    char label[10][48];
    char unit[160];      /* with the kind of scale that is not linear */
    const char *line[3]; /* each starts here; the last goes on to the end */
};

/* Millimetres across a bar: itself, its ticks, the unit; no bar takes less than least_w, so that
   pictures of a series are alike in size. */
static const double bar_w = 3, tick_w = 1.3, unit_gap = 1.2, line_pitch = 2.9, least_w = 14;

/* The second line of text, NULL when it fits into one; a word alone is a line of any length. */
static const char *break_line(const char *text, double max_mm)
{
    const char *next = NULL;

    if (at_text_width(text, AT_TICK_PT) <= max_mm)
        return NULL;
    for (const char *s = strchr(text, ' '); s; s = strchr(s + 1, ' ')) {
        char *line = at_strndup(text, (size_t)(s - text));
        bool fits = at_text_width(line, AT_TICK_PT) <= max_mm;
        free(line);
        if (next && !fits)
            break;
        next = s + 1;
    }
    return next;
}

static void set_bar_text(struct bar_text *t, const struct at_scale *s, double h, const char *unit)
{
    static const char *const kinds[] = { "", "square-root scale", "log scale" };
    const char *kind = kinds[s->steps];
    double step;

    *t = (struct bar_text){ 0 };
    t->n = bar_labels(t->at, AT_COUNTOF(t->at), s, h);
    step = t->n > 3 ? t->at[2] - t->at[1] : 0;
    for (size_t i = 0; i < t->n; i++) {
        /* one alone is written as the ends are, and so are unevenly spaced ones */
        bool is_tick = s->steps == AT_LINEAR && t->n > 3 && i > 0 && i + 1 < t->n;
        char number[40];
        if (!is_tick)
            end_text(number, sizeof number, t->at[i],
                     s->steps == AT_LINEAR ? s->hi - s->lo : fabs(t->at[i]));
        else
            at_tick_text(number, sizeof number, t->at[i], step);
        snprintf(t->label[i], sizeof t->label[i], "%s%s",
                 i + 1 == t->n && s->has_above ? "≥ "
                 : i == 0 && s->has_below      ? "≤ "
                                               : "",
                 number);
        t->widest = fmax(t->widest, at_text_width(t->label[i], AT_TICK_PT));
    }
    snprintf(t->unit, sizeof t->unit, "%s%s%s", unit ? unit : "",
             unit && *unit && *kind ? ", " : "", kind);
    for (unit = t->unit; unit && *unit && t->n_lines < AT_COUNTOF(t->line);
         unit = break_line(unit, h))
        t->line[t->n_lines++] = unit;
}

double at_colorbar_width(const struct at_scale *s, double h, const char *unit)
{
    struct bar_text t;
    double w = bar_w + tick_w;

    set_bar_text(&t, s, h, unit);
    w += t.widest;
    if (t.n_lines)
        w += unit_gap + line_pitch * (double)(t.n_lines - 1) + AT_TICK_PT * AT_PT_MM;
    return fmax(w, least_w);
}

static void draw_unit(struct at_canvas *c, double x, double y, double h, const struct bar_text *t)
{
    struct at_text_style style = { .size_pt = AT_TICK_PT,
                                   .angle_deg = 90,
                                   .rgb = AT_INK,
                                   .h = AT_ANCHOR_MIDDLE,
                                   .v = AT_ANCHOR_START,
                                   .max_mm = h };

    for (size_t i = 0; i < t->n_lines; i++) {
        const char *from = t->line[i];
        bool is_last = i + 1 == t->n_lines;
        char *line = at_strndup(from, is_last ? strlen(from) : (size_t)(t->line[i + 1] - 1 - from));
        at_canvas_text(c, x + line_pitch * (double)i, y + h / 2, line, &style);
        free(line);
    }
}

void at_colorbar(struct at_canvas *c, double x, double y, double h, const struct at_scale *s,
                 const char *unit)
{
    enum { STEPS = 128 };
    struct at_text_style style = { .size_pt = AT_TICK_PT, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK };
    uint32_t colors[STEPS];
    struct bar_text t;

    set_bar_text(&t, s, h, unit);
    at_canvas_group(c, "colour bar");
    for (size_t i = 0; i < STEPS; i++)
        colors[i] = at_scale_color(s, value_at(s, 1.0 - ((double)i + 0.5) / (double)STEPS));
    at_canvas_cells(c, x, y, bar_w, h, colors, STEPS, 1);
    at_canvas_rect(c, x, y, bar_w, h, at_stroke(AT_INK_LINE, 0.15));
    for (size_t i = 0; i < t.n; i++) {
        double y_tick = y + h * (1.0 - place(s, t.at[i]));
        at_canvas_line(c, x + bar_w, y_tick, x + bar_w + 0.8, y_tick, at_stroke(AT_INK_LINE, 0.15));
        at_canvas_text(c, x + bar_w + tick_w, y_tick, t.label[i], &style);
    }
    draw_unit(c, x + bar_w + tick_w + t.widest + unit_gap, y, h, &t);
}
