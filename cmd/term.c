/*
 * term.c - see term.h.
 */
#define _DEFAULT_SOURCE /* struct winsize */
#include "cmd/term.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/guard.h"
#include "io/textfile.h"

enum { MAX_LINES = 48, LABEL_COLUMNS = 16 };

bool term_wants_pictures(enum color_mode mode, FILE *f)
{
    return mode == COLOR_ALWAYS || isatty(guard_descriptor(f));
}

bool term_has_color(enum color_mode mode, FILE *f)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (mode != COLOR_AUTO)
        return mode == COLOR_ALWAYS;
    return isatty(guard_descriptor(f)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

size_t term_width(FILE *f)
{
    const char *env = getenv("COLUMNS");
    struct winsize w;
    long n = env ? strtol(env, NULL, 10) : 0;

    if (ioctl(guard_descriptor(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return n >= 20 && n <= 10000 ? (size_t)n : 80;
}

size_t term_columns(const char *utf8)
{
    return at_utf8_columns(utf8, strlen(utf8));
}

void term_pad(FILE *f, const char *utf8, size_t width)
{
    struct at_strbuf visible = { 0 };
    bool is_cut;
    size_t room, used = 0;

    at_strbuf_add_visible(&visible, utf8, strlen(utf8), "");
    utf8 = at_strbuf_str(&visible);
    is_cut = term_columns(utf8) > width;
    room = is_cut ? width - 1 : width;
    for (size_t i = 0; utf8[i];) {
        size_t start = i, w;
        (void)at_utf8_next(utf8, &i);
        w = at_utf8_columns(utf8 + start, i - start);
        if (used + w > room)
            break;
        fwrite(utf8 + start, 1, i - start, f);
        used += w;
    }
    if (is_cut) {
        fputs("\xe2\x80\xa6", f);
        used++;
    }
    fprintf(f, "%*s", (int)(width - used), "");
    at_strbuf_release(&visible);
}

/* One cell; v is 0..1 of the largest weight. Light to dark blue, as in the pictures. */
static void put_cell(FILE *f, double v, bool is_masked, size_t columns, bool has_color)
{
    static const int ramp[] = { 231, 195, 153, 117, 75, 69, 63, 27, 21, 19, 18, 17 };
    static const char *const shades[] = { " ", "\xe2\x96\x91", "\xe2\x96\x92", "\xe2\x96\x93",
                                          "\xe2\x96\x88" };
    size_t i = (size_t)(v * (double)AT_COUNTOF(ramp));

    if (is_masked) {
        fputs(columns == 2 ? " \xc2\xb7" : "\xc2\xb7", f);
    } else if (has_color) {
        i = AT_MIN(i, AT_COUNTOF(ramp) - 1);
        fprintf(f, OWN_ESC "[48;5;%dm%*s" OWN_ESC "[0m", ramp[i], (int)columns, "");
    } else {
        i = AT_MIN((size_t)(v * (double)AT_COUNTOF(shades)), AT_COUNTOF(shades) - 1);
        for (size_t k = 0; k < columns; k++)
            fputs(shades[i], f);
    }
}

/* Largest weight among the cells [i0,i1) x [j0,j1) that exist; -1 when all are masked. */
static double block_max(const float *map, size_t n, size_t i0, size_t i1, size_t j0, size_t j1,
                        bool is_causal)
{
    double max = -1.0;

    for (size_t i = i0; i < i1; i++)
        for (size_t j = j0; j < j1 && (!is_causal || j <= i); j++)
            if (!isnan(map[i * n + j]))
                max = fmax(max, (double)map[i * n + j]);
    return max;
}

/* Key indices under the columns, every fifth cell. */
static void put_axis(FILE *f, size_t cells, size_t step, size_t columns)
{
    size_t used = 0;

    fprintf(f, "%*s", LABEL_COLUMNS + 5, "");
    for (size_t j = 0; j < cells; j += 5) {
        char number[24];
        int len = snprintf(number, sizeof number, "%zu", j * step);
        if (used > j * columns)
            continue;
        used += (size_t)fprintf(f, "%*s%s", (int)(j * columns - used), "", number);
        AT_BUG_IF(len < 0);
    }
    fputc('\n', f);
}

void term_heatmap(FILE *f, const float *map, size_t n, const struct at_label *labels,
                  bool is_causal, size_t width, bool has_color)
{
    size_t room = width > LABEL_COLUMNS + 12 ? width - LABEL_COLUMNS - 6 : 6;
    size_t columns = n * 2 <= room ? 2 : 1, step, cells;
    double largest = block_max(map, n, 0, n, 0, n, is_causal);

    step = AT_MAX((n + room / columns - 1) / (room / columns), (n + MAX_LINES - 1) / MAX_LINES);
    cells = (n + step - 1) / step;
    for (size_t a = 0; a < cells; a++) {
        size_t i0 = a * step, i1 = AT_MIN(n, i0 + step);
        fprintf(f, "%4zu ", i0);
        term_pad(f, labels[i0].text, LABEL_COLUMNS);
        for (size_t b = 0; b < cells; b++) {
            size_t j0 = b * step, j1 = AT_MIN(n, j0 + step);
            double v = block_max(map, n, i0, i1, j0, j1, is_causal);
            put_cell(f, largest > 0.0 ? v / largest : 0.0, v < 0.0, columns, has_color);
        }
        fputc('\n', f);
    }
    put_axis(f, cells, step, columns);
    fprintf(f, "     rows look at columns; darkest is %.3f", largest);
    if (step > 1)
        fprintf(f, "; each cell is the largest of %zu x %zu", step, step);
    fputc('\n', f);
}
