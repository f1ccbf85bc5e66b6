/*
 * normal.c - see normal.h.
 */
#include "text/normal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

struct at_part at_part_slice(const struct at_part *p, size_t from, size_t to)
{
    struct at_part slice = { p->s + from, to - from, NULL, NULL, p->at + from };

    if (p->start) {
        slice.start = p->start + from;
        slice.end = p->end + from;
        slice.at = from < p->n ? p->start[from] : p->at;
    }
    return slice;
}

void at_part_span(size_t *start, size_t *end, const struct at_part *p, size_t from, size_t to)
{
    if (to > p->n) {
        *start = from;
        *end = to;
    } else if (from == to) {
        *start = *end = p->at + from;
    } else if (p->start) {
        *start = p->start[from];
        *end = p->end[to - 1];
    } else {
        while (from > 0 && is_inside_character(p->s[from]))
            from--;
        while (to < p->n && is_inside_character(p->s[to]))
            to++;
        *start = p->at + from;
        *end = p->at + to;
    }
}

bool at_part_is_ascii(const struct at_part *p)
{
    unsigned char all = 0;

    for (size_t i = 0; i < p->n; i++)
        all |= (unsigned char)p->s[i];
    return all < 0x80;
}

void at_normal_release(struct at_normal *v)
{
    at_strbuf_release(&v->text);
    free(v->start);
    free(v->end);
    *v = (struct at_normal){ 0 };
}

void at_rewrite_begin(struct at_rewrite *w, struct at_normal *out, const struct at_part *in)
{
    at_strbuf_clear(&out->text);
    *w = (struct at_rewrite){ out, *in, 0 };
}

/* Origins for what was added to the text since it had n bytes. */
static void make_room(struct at_normal *v)
{
    if (v->text.n <= v->cap)
        return;
    v->cap = v->text.cap;
    v->start = at_realloc(v->start, v->cap, sizeof *v->start);
    v->end = at_realloc(v->end, v->cap, sizeof *v->end);
}

static void write_character(struct at_normal *v, unsigned c, size_t start, size_t end)
{
    size_t i = v->text.n;

    if (c < 0x80)
        at_strbuf_addc(&v->text, (char)c);
    else
        at_strbuf_add_utf8(&v->text, c);
    make_room(v);
    for (; i < v->text.n; i++) {
        v->start[i] = (uint32_t)start;
        v->end[i] = (uint32_t)end;
    }
}

void at_rewrite_drop(struct at_rewrite *w)
{
    if (w->next < w->in.n)
        w->next++;
    while (w->next < w->in.n && is_inside_character(w->in.s[w->next]))
        w->next++;
}

void at_rewrite_add(struct at_rewrite *w, unsigned c)
{
    size_t start = w->in.at, end = start;

    if (w->next > 0)
        at_part_span(&start, &end, &w->in, w->next - 1, w->next);
    write_character(w->out, c, start, end);
}

void at_rewrite_put(struct at_rewrite *w, unsigned c)
{
    size_t start, end;

    if (w->next == w->in.n) { /* a normal form that counts more characters than there are */
        at_rewrite_add(w, c);
        return;
    }
    at_part_span(&start, &end, &w->in, w->next, w->next + 1);
    at_rewrite_drop(w);
    write_character(w->out, c, start, end);
}

void at_rewrite_change(struct at_rewrite *w, unsigned c, long change)
{
    if (change > 0)
        at_rewrite_add(w, c);
    else
        at_rewrite_put(w, c);
    for (; change < 0 && w->next < w->in.n; change++)
        at_rewrite_drop(w);
}

void at_rewrite_keep(struct at_rewrite *w, size_t n)
{
    struct at_normal *v = w->out;
    size_t at = v->text.n, to = w->next + n;

    at_strbuf_add(&v->text, w->in.s + w->next, n);
    make_room(v);
    if (n && w->in.start) {
        memcpy(v->start + at, w->in.start + w->next, n * sizeof *v->start);
        memcpy(v->end + at, w->in.end + w->next, n * sizeof *v->end);
    }
    for (size_t i = w->next; !w->in.start && i < to;) {
        size_t first = i, end = i + 1;

        while (end < to && is_inside_character(w->in.s[end]))
            end++;
        for (; i < end; i++, at++) {
            v->start[at] = (uint32_t)(w->in.at + first);
            v->end[at] = (uint32_t)(w->in.at + end);
        }
    }
    w->next = to;
}

struct at_part at_rewrite_end(const struct at_rewrite *w)
{
    const struct at_normal *v = w->out;

    if (!v->text.n)
        return (struct at_part){ .s = "", .at = w->in.at };
    return (struct at_part){ v->text.s, v->text.n, v->start, v->end, w->in.at };
}
