/*
 * close.c - see close.h.
 */
#include "close.h"

#include <math.h>
#include <stdio.h>

struct worst {
    size_t index;
    double excess, got, want;
    double err2, ref2;
};

static void look(struct worst *w, size_t i, double got, double want, double atol, double rtol)
{
    double diff = fabs(got - want), excess = diff - (atol + rtol * fabs(want));

    if (isnan(got) && isnan(want))
        return;
    if (isnan(got) || isnan(want))
        excess = INFINITY;
    else if (got == want)
        excess = -1.0;
    else
        w->err2 += diff * diff, w->ref2 += want * want;
    if (excess > w->excess) {
        w->excess = excess;
        w->index = i;
        w->got = got;
        w->want = want;
    }
}

static void judge(const struct worst *w, const char *file, int line)
{
    if (!(w->excess > 0.0))
        return;
    print_error("worst at [%zu]: got %.9g, want %.9g, diff %.3g; relative squared error %.3g\n",
                w->index, w->got, w->want, fabs(w->got - w->want),
                w->ref2 > 0.0 ? w->err2 / w->ref2 : w->err2);
    _fail(file, line);
}

void assert_close_f(const float *got, const double *want, size_t n, double atol, double rtol,
                    const char *file, int line)
{
    struct worst w = { 0 };

    for (size_t i = 0; i < n; i++)
        look(&w, i, (double)got[i], want[i], atol, rtol);
    judge(&w, file, line);
}

void assert_close_d(const double *got, const double *want, size_t n, double atol, double rtol,
                    const char *file, int line)
{
    struct worst w = { 0 };

    for (size_t i = 0; i < n; i++)
        look(&w, i, got[i], want[i], atol, rtol);
    judge(&w, file, line);
}

void assert_near(double got, double want, double atol, const char *file, int line)
{
    assert_close_d(&got, &want, 1, atol, 0.0, file, line);
}
