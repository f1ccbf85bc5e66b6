/*
 * conllu.c - see conllu.h.
 */
#include "text/conllu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"

enum {
    COLUMN_ID,
    COLUMN_FORM,
    COLUMN_UPOS = 3,
    COLUMN_HEAD = 6,
    COLUMN_RELATION = 7,
    COLUMN_MISC = 9,
    N_COLUMNS = 10,
    MAX_LINE = 1 << 20,
    MAX_WORDS = 100000
};

int at_conllu_open(struct at_conllu *out, const char *path, struct at_error *err)
{
    struct at_conllu c = { .path = path };
    int rc = at_lines_open(&c.lines, path, MAX_LINE, err);

    if (!rc)
        *out = c;
    return rc;
}

void at_conllu_close(struct at_conllu *c)
{
    at_lines_close(&c->lines);
}

const char *at_conllu_str(const struct at_conllu_sentence *s, size_t offset)
{
    return s->strings.s + offset;
}

void at_conllu_sentence_release(struct at_conllu_sentence *s)
{
    at_array_release(&s->words);
    at_strbuf_release(&s->text);
    at_strbuf_release(&s->strings);
}

static size_t add_string(struct at_conllu_sentence *s, const char *text)
{
    size_t at = s->strings.n;

    at_strbuf_add(&s->strings, text, strlen(text) + 1);
    return at;
}

/* What a sentence needs while it is read. */
struct reader {
    struct at_conllu_sentence *s;
    struct at_error *err;
    size_t number;                 /* of the line */
    bool has_text;                 /* "# text" was there */
    size_t at;                     /* bytes of the text that the surface tokens have used up */
    size_t range_first, range_end; /* words of the multi-word token at hand, 1-based; 0: none */
    size_t start, end;             /* bytes of the surface token at hand */
    size_t n_spaces_owed; /* before the next surface token, when the text is put together */
};

static int fail(struct reader *r, const char *what, const char *detail)
{
    return at_fail(r->err, AT_EFORMAT, "line %zu: %s '%s'", r->number, what, detail);
}

/* A whole number and nothing else. */
static bool parse_number(size_t *out, const char *s)
{
    size_t n = 0;

    if (!*s || strlen(s) > 9)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        n = 10 * n + (size_t)(*s - '0');
    }
    *out = n;
    return true;
}

/* Value of a key of the MISC column ("A=x|B=y"), cut out in place; NULL when it is not there. */
static char *misc_value(char *misc, const char *key)
{
    size_t n = strlen(key);

    for (char *p = misc; p; p = strchr(p, '|')) {
        p += *p == '|';
        if (strncmp(p, key, n) == 0 && p[n] == '=') {
            p[n + 1 + strcspn(p + n + 1, "|")] = '\0';
            return p + n + 1;
        }
    }
    return NULL;
}

static bool is_space_after(const char *misc)
{
    return !strstr(misc, "SpaceAfter=No");
}

/* Bytes of a surface token: found in the text, or put at its end when there is no "# text". */
static int place_surface(struct reader *r, const char *form, const char *misc)
{
    struct at_strbuf *text = &r->s->text;

    if (!r->has_text) {
        for (; r->n_spaces_owed; r->n_spaces_owed--)
            at_strbuf_addc(text, ' ');
        r->start = text->n;
        at_strbuf_adds(text, form);
        r->end = text->n;
        r->n_spaces_owed = is_space_after(misc);
        return 0;
    }
    r->at += strspn(at_strbuf_str(text) + r->at, " \t");
    /* A no-break space may stand in a form ("10 000") and in the text alike. */
    if (strncmp(at_strbuf_str(text) + r->at, form, strlen(form)) != 0)
        return fail(r, "this is not how '# text' goes on:", form);
    r->start = r->at;
    r->end = r->at += strlen(form);
    return 0;
}

/* Bytes of the text from at on that a form spells, an apostrophe being one however it is written; 0
   when it is not what stands there. */
static size_t spelled(const char *text, const char *form)
{
    static const char curly[] = "\xe2\x80\x99"; /* U+2019 */
    size_t i = 0;

    while (*form) {
        bool is_curly = !strncmp(text + i, curly, 3), wants_curly = !strncmp(form, curly, 3);
        if ((is_curly || text[i] == '\'') && (wants_curly || *form == '\'')) {
            i += is_curly ? 3 : 1;
            form += wants_curly ? 3 : 1;
            continue;
        }
        if (text[i++] != *form++)
            return 0;
    }
    return i;
}

/* Words that together spell their token ("did" and "n't") get places of their own. */
static void place_parts(struct reader *r)
{
    struct at_conllu_word *words = r->s->words.items;
    const char *text = at_strbuf_str(&r->s->text);
    size_t at = r->start;

    for (size_t i = r->range_first - 1; i < r->range_end; i++) {
        size_t n = spelled(text + at, at_conllu_str(r->s, words[i].form));
        if (n == 0 || at + n > r->end)
            return;
        at += n;
    }
    if (at != r->end)
        return;
    at = r->start;
    for (size_t i = r->range_first - 1; i < r->range_end; i++) {
        words[i].start = at;
        words[i].end = at += spelled(text + at, at_conllu_str(r->s, words[i].form));
    }
}

static int add_word(struct reader *r, char **cell)
{
    struct at_conllu_sentence *s = r->s;
    struct at_conllu_word w = { .line = r->number };
    size_t id, head = 0;
    char *entity;
    int rc = 0;

    if (!parse_number(&id, cell[COLUMN_ID]) || id != s->words.n + 1)
        return fail(r, "no word number, or not the next one:", cell[COLUMN_ID]);
    if (id > MAX_WORDS)
        return at_fail(r->err, AT_ERANGE, "line %zu: more than %d words in a sentence", r->number,
                       MAX_WORDS);
    if (strcmp(cell[COLUMN_HEAD], "_") != 0 && !parse_number(&head, cell[COLUMN_HEAD]))
        return fail(r, "no head:", cell[COLUMN_HEAD]);
    if (id > r->range_end)
        rc = place_surface(r, cell[COLUMN_FORM], cell[COLUMN_MISC]);
    if (rc)
        return rc;
    w.start = r->start;
    w.end = r->end;
    w.head = head ? head - 1 : id - 1;
    w.form = add_string(s, cell[COLUMN_FORM]);
    w.upos = add_string(s, cell[COLUMN_UPOS]);
    w.relation = add_string(s, cell[COLUMN_RELATION]);
    entity = misc_value(cell[COLUMN_MISC], "NER");
    w.entity = add_string(s, entity ? entity : "");
    *at_array_push(&s->words) = w;
    if (id == r->range_end)
        place_parts(r);
    return 0;
}

/* "3-4": a surface token that is several words. */
static int add_range(struct reader *r, char **cell, char *dash)
{
    size_t first, last;

    *dash = '\0';
    if (!parse_number(&first, cell[COLUMN_ID]) || !parse_number(&last, dash + 1) ||
        first != r->s->words.n + 1 || last < first)
        return fail(r, "no range of the next words, ending in", dash + 1);
    r->range_first = first;
    r->range_end = last;
    return place_surface(r, cell[COLUMN_FORM], cell[COLUMN_MISC]);
}

static int add_line(struct reader *r, char *line)
{
    char *cell[N_COLUMNS], *dash;
    size_t n = 0;

    for (char *p = line; p; n++) {
        char *tab = strchr(p, '\t');
        if (n < N_COLUMNS)
            cell[n] = p;
        if (tab)
            *tab++ = '\0';
        p = tab;
    }
    if (n != N_COLUMNS)
        return at_fail(r->err, AT_EFORMAT, "line %zu: %zu columns, want %d", r->number, n,
                       N_COLUMNS);
    if (strchr(cell[COLUMN_ID], '.')) /* an empty node: not in the text, not in the tree */
        return 0;
    dash = strchr(cell[COLUMN_ID], '-');
    return dash ? add_range(r, cell, dash) : add_word(r, cell);
}

static void add_comment(struct reader *r, const char *line)
{
    static const char text[] = "# text = ", id[] = "# sent_id = ";

    if (strncmp(line, text, sizeof text - 1) == 0) {
        at_strbuf_adds(&r->s->text, line + sizeof text - 1);
        r->has_text = true;
    } else if (strncmp(line, id, sizeof id - 1) == 0) {
        r->s->id = add_string(r->s, line + sizeof id - 1);
    }
}

static int check_sentence(struct reader *r)
{
    const struct at_conllu_sentence *s = r->s;

    for (size_t i = 0; i < s->words.n; i++) {
        const struct at_conllu_word *w = &s->words.items[i];
        if (w->head >= s->words.n)
            return at_fail(r->err, AT_EFORMAT, "line %zu: head %zu of a sentence of %zu word%s",
                           w->line, w->head + 1, s->words.n, at_plural(s->words.n));
    }
    if (r->range_end > s->words.n)
        return at_fail(r->err, AT_EFORMAT, "line %zu: a range up to word %zu, of %zu word%s",
                       r->number, r->range_end, s->words.n, at_plural(s->words.n));
    return 0;
}

int at_conllu_next(struct at_conllu_sentence *s, struct at_conllu *c, struct at_error *err)
{
    struct reader r = { .s = s, .err = err };
    int rc;

    s->words.n = s->line = 0;
    at_strbuf_clear(&s->text);
    at_strbuf_clear(&s->strings);
    s->id = add_string(s, "");
    while ((rc = at_lines_next(&c->lines, err)) == 1) {
        char *line = c->lines.line;
        r.number = c->lines.number;
        if (*line == '\0' && s->words.n > 0)
            break;
        if (*line == '\0') { /* comments without a sentence, at the head of a file */
            at_strbuf_clear(&s->text);
            r.has_text = false;
            s->id = add_string(s, "");
            s->line = 0;
        }
        if (*line && s->line == 0)
            s->line = r.number;
        rc = 0;
        if (*line == '#')
            add_comment(&r, line);
        else if (*line)
            rc = add_line(&r, line);
        if (rc)
            break;
    }
    if (rc >= 0)
        rc = s->words.n ? check_sentence(&r) : 0;
    if (rc < 0)
        return at_error_in(err, "'%s'", c->path);
    return s->words.n > 0;
}
