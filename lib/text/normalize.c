/*
 * normalize.c - see normalize.h.
 *
 * Characters are cleaned one by one. Where accents are stripped they then collect in a run, from
 * one starter (combining class 0) to the next, because NFD sorts the marks in between.
 */
#include "text/normalize.h"

#include <stdlib.h>

#include "base/array.h"
#include "io/textfile.h"
#include "text/unicode.h"

/* The bytes of the source that a code point comes from. */
struct origin {
    uint32_t start, end;
};

struct mark {
    unsigned c, order; /* combining class */
    size_t index;      /* in the run */
    struct origin from;
};

struct pass {
    struct at_normal *out;
    const struct at_normalizer *rules;
    struct AT_ARRAY(struct mark) run; /* waits to be sorted */
};

static void put(struct at_normal *v, unsigned c, struct origin from)
{
    size_t i = v->text.n;

    if (c < 0x80)
        at_strbuf_addc(&v->text, (char)c);
    else
        at_strbuf_add_utf8(&v->text, c);
    if (v->text.n > v->cap) {
        v->cap = v->text.cap;
        v->start = at_realloc(v->start, v->cap, sizeof *v->start);
        v->end = at_realloc(v->end, v->cap, sizeof *v->end);
    }
    for (; i < v->text.n; i++) {
        v->start[i] = from.start;
        v->end[i] = from.end;
    }
}

static void put_lower(struct pass *p, unsigned c, struct origin from)
{
    unsigned lower[AT_MAX_LOWER] = { c };
    size_t n = p->rules->lower ? at_unicode_lower(lower, c) : 1;

    for (size_t i = 0; i < n; i++)
        put(p->out, lower[i], from);
}

/* By class, those of one class in the order of the text. */
static int compare_marks(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void flush_run(struct pass *p)
{
    if (p->run.n > 2) /* a starter and one mark are in order */
        qsort(p->run.items, p->run.n, sizeof *p->run.items, compare_marks);
    for (size_t i = 0; i < p->run.n; i++)
        if (!at_unicode_is_bert_mark(p->run.items[i].c))
            put_lower(p, p->run.items[i].c, p->run.items[i].from);
    p->run.n = 0;
}

static void put_stripped(struct pass *p, unsigned c, struct origin from)
{
    unsigned parts[AT_MAX_DECOMPOSED];
    size_t n = at_unicode_bert_decompose(parts, c);

    for (size_t i = 0; i < n; i++) {
        struct mark m = { parts[i], at_unicode_order(parts[i]), 0, from };

        if (m.order == 0)
            flush_run(p);
        m.index = p->run.n;
        *at_array_push(&p->run) = m;
    }
}

static void put_spaced(struct pass *p, unsigned c, struct origin from)
{
    void (*next)(struct pass *, unsigned, struct origin) =
        p->rules->strip_accents ? put_stripped : put_lower;
    bool is_spaced = p->rules->space_cjk && at_unicode_is_bert_cjk(c);

    if (is_spaced)
        next(p, ' ', from);
    next(p, c, from);
    if (is_spaced)
        next(p, ' ', from);
}

void at_normalize(struct at_normal *out, const struct at_normalizer *rules, const char *text,
                  size_t n, size_t base)
{
    struct pass p = { out, rules, { 0 } };

    AT_BUG_IF(base > UINT32_MAX || n > UINT32_MAX - base);
    for (size_t i = 0; i < n;) {
        uint32_t start = (uint32_t)(base + i);
        unsigned c = at_utf8_next(text, &i);

        if (rules->clean_text) {
            if (c == 0 || c == 0xFFFD || at_unicode_is_bert_control(c))
                continue;
            if (at_unicode_is_space(c))
                c = ' ';
        }
        put_spaced(&p, c, (struct origin){ start, (uint32_t)(base + i) });
    }
    flush_run(&p);
    at_array_release(&p.run);
}

void at_normal_clear(struct at_normal *v)
{
    at_strbuf_clear(&v->text);
}

void at_normal_release(struct at_normal *v)
{
    at_strbuf_release(&v->text);
    free(v->start);
    free(v->end);
    *v = (struct at_normal){ 0 };
}
