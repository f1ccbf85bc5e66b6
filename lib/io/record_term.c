/*
 * record_term.c - see record.h: terminal tables of a record.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/field.h"
#include "io/record.h"

/* A line being printed: blanks wait until there is something behind them. */
struct line {
    FILE *f;
    size_t blanks;
    bool has_begun;
};

static void put(struct line *l, const char *text, int width)
{
    struct at_strbuf visible = { 0 };
    size_t columns, room = (size_t)abs(width), pad;

    at_strbuf_add_visible(&visible, text, strlen(text), "");
    columns = at_utf8_columns(at_strbuf_str(&visible), visible.n);
    pad = room > columns ? room - columns : 0;

    l->blanks += l->has_begun;
    l->has_begun = true;
    if (width > 0)
        l->blanks += pad;
    if (*text) {
        fprintf(l->f, "%*s%s", (int)l->blanks, "", visible.s);
        l->blanks = 0;
    }
    if (width < 0)
        l->blanks += pad;
    at_strbuf_release(&visible);
}

static const char *undefined(const struct at_field *f)
{
    return f->flags & AT_BLANK ? "" : "n/a";
}

static void show_real(struct at_strbuf *out, const struct at_field *f, double v)
{
    if (!isfinite(v))
        at_strbuf_adds(out, undefined(f));
    else if (f->decimals == AT_PERCENT)
        at_strbuf_addf(out, "%.0f %%", 100.0 * v);
    else if (f->decimals < 0)
        at_strbuf_addf(out, "%.*g", AT_DIGITS(f->decimals), v);
    else
        at_strbuf_addf(out, "%.*f", f->decimals, v);
}

static void show_integer(struct at_strbuf *out, const struct at_field *f, const void *row)
{
    long long v;

    if (!at_field_integer(&v, f, row))
        at_strbuf_adds(out, f->flags & AT_AS_MEAN ? "mean" : undefined(f));
    else if (f->flags & AT_TRUTH)
        at_strbuf_adds(out, v > 0 ? "yes" : "no");
    else
        at_strbuf_addf(out, "%lld", v);
}

static void show_interval(struct at_strbuf *out, const struct at_field *f, const void *row)
{
    const double *v = at_field_interval(f, row);

    if (!isfinite(v[0]) && !isfinite(v[1])) {
        at_strbuf_adds(out, undefined(f));
        return;
    }
    at_strbuf_addc(out, '[');
    show_real(out, f, v[0]);
    at_strbuf_adds(out, ", ");
    show_real(out, f, v[1]);
    at_strbuf_addc(out, ']');
}

static void show_words(struct at_strbuf *out, const struct at_field *f, const void *row)
{
    struct at_word_list w;

    AT_BUG_IF(f->kind != AT_KIND_FLAGS && f->kind != AT_KIND_TEXTS);
    if (at_field_words(&w, f, row))
        at_word_list_join(out, &w);
    else
        at_strbuf_adds(out, undefined(f));
}

static void show(struct at_strbuf *out, const struct at_field *f, const void *row)
{
    const char *text;

    switch (f->kind) {
    case AT_KIND_INT:
    case AT_KIND_LONG:
    case AT_KIND_SIZE:
        show_integer(out, f, row);
        break;
    case AT_KIND_FLOAT:
    case AT_KIND_REAL:
        show_real(out, f, at_field_real(f, row));
        break;
    case AT_KIND_BOOL:
        at_strbuf_adds(out, at_field_bool(f, row) ? "yes" : "no");
        break;
    case AT_KIND_TEXT:
        text = at_field_text(f, row);
        at_strbuf_adds(out, text ? text : undefined(f));
        break;
    case AT_KIND_INTERVAL:
        show_interval(out, f, row);
        break;
    default:
        show_words(out, f, row);
    }
}

static void put_headings(struct line *l, const struct at_record *r)
{
    for (const struct at_field *f = r->fields; f->kind; f++)
        if (at_field_is_struct(f))
            put_headings(l, f->record);
        else if (f->heading)
            put(l, f->heading, f->width);
}

static void put_values(struct line *l, const struct at_record *r, const void *row)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        struct at_strbuf text = { 0 };
        if (at_field_is_struct(f)) {
            put_values(l, f->record, at_field_inner(f, row));
        } else if (f->heading) {
            if (row)
                show(&text, f, row);
            put(l, row ? at_strbuf_str(&text) : undefined(f), f->width);
        }
        at_strbuf_release(&text);
    }
}

void at_record_heading(FILE *f, const struct at_record *r)
{
    struct line l = { .f = f };

    put_headings(&l, r);
    fputc('\n', f);
}

void at_record_line(FILE *f, const struct at_record *r, const void *row)
{
    struct line l = { .f = f };

    put_values(&l, r, row);
    fputc('\n', f);
}
