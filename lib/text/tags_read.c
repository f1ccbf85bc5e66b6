/*
 * tags_read.c - at_tags_read() of tags.h: tags from a table or from CoNLL-U, placed in a text.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text/conllu.h"
#include "text/tags.h"
#include "base/attr.h"
#include "io/textfile.h"

enum { MAX_LINE = 1 << 20, MAX_SHOWN = 20 };

/* Spans are added as tokens are found in the text, one behind the other. */
struct placer {
    struct at_tag_spans spans;
    const char *text;
    size_t at;          /* bytes used up */
    const char *before; /* last token placed, for errors; in the text */
    size_t n_before;
    struct at_error *err;
};

static size_t skip_space(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r\n\v\f");
}

static int place(struct placer *p, size_t line, const char *token, size_t n,
                 const struct at_tag_span *tag)
{
    size_t at = skip_space(p->text, p->at);

    if (n == 0)
        return at_fail(p->err, AT_EFORMAT, "line %zu: no token", line);
    if (strncmp(p->text + at, token, n) != 0)
        return at_fail(p->err, AT_EFORMAT, "line %zu: the text does not go on with '%.*s'%s%.*s%s",
                       line, (int)n, token, p->n_before ? " after '" : " at its start",
                       (int)p->n_before, p->n_before ? p->before : "", p->n_before ? "'" : "");
    *at_array_push(&p->spans) = *tag;
    p->spans.items[p->spans.n - 1].start = at;
    p->spans.items[p->spans.n - 1].end = p->at = at + n;
    p->before = p->text + at;
    p->n_before = (size_t)at_shown(token, AT_MIN(n, (size_t)MAX_SHOWN));
    return 0;
}

/* "token TAB tag TAB entity", cut up in place. */
static int place_row(struct placer *p, size_t number, char *line)
{
    struct at_tag_span tag = { 0 };
    char *upos = strchr(line, '\t'), *entity = upos ? strchr(upos + 1, '\t') : NULL;

    if (!upos)
        return at_fail(p->err, AT_EFORMAT, "line %zu: 1 column, want token, tag and entity",
                       number);
    *upos++ = '\0';
    if (entity)
        *entity++ = '\0';
    tag.upos = at_upos_of(upos);
    if (tag.upos == AT_UPOS_NONE && strcmp(upos, "_") != 0)
        return at_fail(p->err, AT_EFORMAT, "line %zu: '%s' is no part-of-speech tag", number, upos);
    if (entity) {
        entity[strcspn(entity, "\t")] = '\0';
        at_entity_set(tag.entity, entity);
    }
    return place(p, number, line, strlen(line), &tag);
}

static int place_table(struct placer *p, const char *path)
{
    struct at_lines lines;
    int rc = at_lines_open(&lines, path, MAX_LINE, p->err);

    if (rc)
        return rc;
    while ((rc = at_lines_next(&lines, p->err)) == 1) {
        /* "#" alone may be a token of the text; a comment has no tab */
        bool is_comment = lines.line[0] == '#' && !strchr(lines.line, '\t');
        rc = *lines.line && !is_comment ? place_row(p, lines.number, lines.line) : 0;
        if (rc)
            break;
    }
    at_lines_close(&lines);
    return rc ? at_error_in(p->err, "'%s'", path) : 0;
}

static int place_sentence(struct placer *p, const struct at_conllu_sentence *s)
{
    for (size_t i = 0; i < s->words.n; i++) {
        const struct at_conllu_word *w = &s->words.items[i];
        struct at_tag_span tag = { .upos = at_upos_of(at_conllu_str(s, w->upos)) };
        int rc;
        if (i > 0 && w->start == w[-1].start && w->end == w[-1].end)
            continue; /* of a multi-word token the first word's tag counts */
        at_entity_set(tag.entity, at_conllu_str(s, w->entity));
        rc = place(p, w->line, at_strbuf_str(&s->text) + w->start, w->end - w->start, &tag);
        if (rc)
            return rc;
    }
    return 0;
}

static int place_conllu(struct placer *p, const char *path)
{
    struct at_conllu_sentence s = { 0 };
    struct at_conllu c;
    int rc = at_conllu_open(&c, path, p->err);

    if (rc)
        return rc;
    while ((rc = at_conllu_next(&s, &c, p->err)) == 1) {
        rc = place_sentence(p, &s);
        if (rc) {
            at_error_in(p->err, "'%s'", path);
            break;
        }
    }
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
    return rc;
}

/* CoNLL-U has ten columns. *is_out: the first line that is no comment has. Standard input goes back
   to its start, for the second reading. */
static int look_for_conllu(bool *is_out, const char *path, struct at_error *err)
{
    struct at_lines lines;
    int rc = at_lines_open(&lines, path, MAX_LINE, err);

    *is_out = false;
    if (rc)
        return rc;
    while ((rc = at_lines_next(&lines, err)) == 1) {
        size_t n_tabs = 0;
        for (const char *s = lines.line; *s; s++)
            n_tabs += *s == '\t';
        *is_out = n_tabs == 9;
        if (n_tabs > 0)
            break;
    }
    if (rc >= 0 && fseek(lines.f, 0, SEEK_SET) != 0)
        rc = at_fail(err, AT_EIO, "tags are read twice, want a file, not a pipe");
    at_lines_close(&lines);
    return rc < 0 ? at_error_in(err, "'%s'", path) : 0;
}

int at_tags_read(struct at_tag_spans *out, const char *path, const char *text, struct at_error *err)
{
    struct placer p = { .text = text, .err = err };
    bool is_conllu;
    const char *rest;
    int rc = look_for_conllu(&is_conllu, path, err);

    if (!rc)
        rc = is_conllu ? place_conllu(&p, path) : place_table(&p, path);
    rest = text + skip_space(text, p.at);
    if (!rc && *rest)
        rc = at_fail(err, AT_EFORMAT, "'%s': the tokens end before the text, at '%.*s'", path,
                     at_shown(rest, AT_MIN(strcspn(rest, "\n"), (size_t)MAX_SHOWN)), rest);
    if (rc)
        at_array_release(&p.spans);
    else
        *out = p.spans;
    return rc;
}
