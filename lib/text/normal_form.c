/*
 * normal_form.c - see normal_form.h.
 *
 * Characters are decomposed one by one and wait in a run, from one starter (combining class 0) to
 * the next, since marks in between are sorted. For NFC and NFKC what comes out of that is composed:
 * a starter waits for the marks that it may take in, those that it does not take wait behind it.
 */
#include "text/normal_form.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/utf8.h"
#include "text/unicode.h"

/* A character and what it means for the places of others, see at_rewrite_change(). */
struct unit {
    unsigned c, order; /* combining class */
    long change;
    size_t index; /* in the run */
};

struct units AT_ARRAY(struct unit);

struct pass {
    struct at_rewrite *w;
    bool is_compatible, composes;
    struct units run; /* waits to be sorted */
    struct unit starter;
    bool has_starter, is_blocked; /* is_blocked: marks wait */
    unsigned last_order;          /* of those */
    struct units marks;           /* not taken in by the starter */
};

static void write(struct pass *p, const struct unit *u)
{
    at_rewrite_change(p->w, u->c, u->change);
}

static void write_marks(struct pass *p)
{
    for (size_t i = 0; i < p->marks.n; i++)
        write(p, &p->marks.items[i]);
    p->marks.n = 0;
    p->is_blocked = false;
}

static void new_starter(struct pass *p, const struct unit *u)
{
    write(p, &p->starter);
    write_marks(p);
    p->starter = *u;
}

static void compose(struct pass *p, const struct unit *u)
{
    unsigned both = 0;

    if (!p->has_starter) {
        p->has_starter = u->order == 0;
        p->starter = *u;
        if (!p->has_starter)
            write(p, u);
        return;
    }
    if (!p->is_blocked || p->last_order < u->order)
        both = at_unicode_old_compose(p->starter.c, u->c);
    if (both) {
        p->starter.c = both;
        p->starter.change += u->change - 1;
    } else if (u->order == 0) {
        new_starter(p, u);
    } else {
        *at_array_push(&p->marks) = *u;
        p->is_blocked = true;
        p->last_order = u->order;
    }
}

/* By class, those of one class in the order of the text. */
static int compare_units(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void flush_run(struct pass *p)
{
    if (p->run.n > 1)
        qsort(p->run.items, p->run.n, sizeof *p->run.items, compare_units);
    for (size_t i = 0; i < p->run.n; i++)
        (p->composes ? compose : write)(p, &p->run.items[i]);
    p->run.n = 0;
}

static void decompose(struct pass *p, unsigned c)
{
    unsigned parts[AT_MAX_DECOMPOSED];
    size_t n = at_unicode_old_decompose(parts, c, p->is_compatible);

    for (size_t i = 0; i < n; i++) {
        struct unit u = { parts[i], at_unicode_order(parts[i]), i > 0, 0 };

        if (u.order == 0)
            flush_run(p);
        u.index = p->run.n;
        *at_array_push(&p->run) = u;
    }
}

void at_normal_form(struct at_rewrite *w, enum at_normal_form form)
{
    struct pass p = { .w = w,
                      .is_compatible = form == AT_NFKC || form == AT_NFKD,
                      .composes = form == AT_NFC || form == AT_NFKC };

    for (size_t i = 0; i < w->in.n;)
        decompose(&p, at_utf8_next(w->in.s, &i));
    flush_run(&p);
    if (p.has_starter)
        write(&p, &p.starter);
    write_marks(&p);
    at_array_release(&p.run);
    at_array_release(&p.marks);
}
