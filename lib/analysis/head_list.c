/*
 * head_list.c - see head_list.h.
 */
#include "analysis/head_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

/* A number of at most five digits; NULL when there is none. */
static const char *read_number(size_t *out, const char *s)
{
    const char *start = s;

    *out = 0;
    for (; *s >= '0' && *s <= '9' && s - start < 6; s++)
        *out = *out * 10 + (size_t)(*s - '0');
    return s == start || s - start > 5 ? NULL : s;
}

/* "L3H5" or "3.5" */
static const char *read_head(struct at_head *out, const char *s)
{
    bool is_named = *s == 'L';

    s = read_number(&out->layer, s + is_named);
    if (!s || *s != (is_named ? 'H' : '.'))
        return NULL;
    s = read_number(&out->head, s + 1);
    return s && (*s == ',' || *s == '\0') ? s : NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct at_head *x = a, *y = b;

    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->head > y->head) - (x->head < y->head);
}

int at_head_list_parse(struct at_head_list *out, const char *text, struct at_error *err)
{
    struct at_head_list l = { at_malloc(strlen(text) / 2 + 1, sizeof *l.items), 0 };
    int rc = 0;

    for (const char *s = text; !rc;) {
        const char *end = read_head(&l.items[l.n], s);
        if (!end) {
            rc = at_fail(err, AT_EFORMAT,
                         "'%.*s' is no head: want LAYER.HEAD, as in 3.5,4.0 or L3H5,L4H0",
                         (int)strcspn(s, ","), s);
            break;
        }
        l.n++;
        if (!*end)
            break;
        s = end + 1;
    }
    qsort(l.items, l.n, sizeof *l.items, by_place);
    for (size_t i = 1; i < l.n && !rc; i++)
        if (by_place(&l.items[i - 1], &l.items[i]) == 0)
            rc = at_fail(err, AT_EFORMAT, "head L%zuH%zu is there twice", l.items[i].layer,
                         l.items[i].head);
    if (rc)
        at_head_list_release(&l);
    else
        *out = l;
    return rc;
}

void at_head_list_release(struct at_head_list *l)
{
    free(l->items);
    *l = (struct at_head_list){ 0 };
}

int at_head_list_check(const struct at_head_list *l, const struct at_config *c,
                       struct at_error *err)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].layer >= c->n_layers || l->items[i].head >= c->n_heads)
            return at_fail(err, AT_ERANGE,
                           "no head L%zuH%zu: the model has layers 0 to %zu of heads 0 to %zu",
                           l->items[i].layer, l->items[i].head, c->n_layers - 1, c->n_heads - 1);
    return 0;
}

char *at_head_list_text(const struct at_head *heads, size_t n, const char *sep, size_t most)
{
    struct at_strbuf b = { 0 };
    size_t shown = n > most ? most : n;

    for (size_t i = 0; i < shown; i++)
        at_strbuf_addf(&b, "%sL%zuH%zu", i ? sep : "", heads[i].layer, heads[i].head);
    if (shown < n)
        at_strbuf_addf(&b, " and %zu more head%s", n - shown, at_plural(n - shown));
    return at_strbuf_take(&b);
}
