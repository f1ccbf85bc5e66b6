/*
 * sentence_rules.c - see sentence_rules.h.
 */
#define _DEFAULT_SOURCE /* DIR, struct dirent */
#include "text/sentence_rules.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/path.h"
#include "base/utf8.h"
#include "io/textfile.h"
#include "text/unicode.h"
#include "text/vocab.h"

struct at_sentence_language {
    char *name;
    struct at_vocab words;
    unsigned short *kinds; /* by id, bits of enum at_sentence_kind */
};

struct at_sentence_rules {
    struct at_sentence_language *items; /* by name */
    size_t n, cap;
};

static const char suffix[] = ".txt";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The kind that a line begins with, and how many bytes of it are read; 0 for none. */
static enum at_sentence_kind read_kind(const char *line, size_t n, size_t *used)
{
    static const struct {
        const char *name;
        enum at_sentence_kind kind;
    } kinds[] = {
        { "title:", AT_SENT_TITLE },   { "number:", AT_SENT_NUMBER },
        { "month:", AT_SENT_MONTH },   { "ordinal:", AT_SENT_ORDINAL },
        { "hour:", AT_SENT_HOUR },     { "other:", AT_SENT_OTHER },
        { "name:", AT_SENT_NAME },     { "starter:", AT_SENT_STARTER },
        { "common:", AT_SENT_COMMON },
    };

    for (size_t i = 0; i < AT_COUNTOF(kinds); i++) {
        *used = strlen(kinds[i].name);
        if (*used <= n && !memcmp(line, kinds[i].name, *used))
            return kinds[i].kind;
    }
    return 0;
}

static int add_word(struct at_sentence_language *l, const char *word, size_t n, unsigned kind,
                    struct at_error *err)
{
    int id = at_vocab_find(&l->words, word, n), rc = 0;

    if (id < 0) {
        id = (int)l->words.pieces.n;
        rc = at_vocab_add(&l->words, id, word, n, err);
        if (rc)
            return rc;
        l->kinds = at_realloc(l->kinds, (size_t)id + 1, sizeof *l->kinds);
        l->kinds[id] = 0;
    }
    l->kinds[id] |= (unsigned short)kind;
    return 0;
}

static int read_line(struct at_sentence_language *l, const char *line, size_t n,
                     struct at_error *err)
{
    enum at_sentence_kind kind;
    size_t at;

    if (n == 0 || line[0] == '#')
        return 0;
    kind = read_kind(line, n, &at);
    if (!kind)
        return at_fail(err, AT_EFORMAT,
                       "expected title:, number:, month:, ordinal:, hour:, other:, name:, starter: "
                       "or common:");
    while (at < n) {
        size_t start;
        int rc;

        while (at < n && is_blank(line[at]))
            at++;
        start = at;
        while (at < n && !is_blank(line[at]))
            at++;
        rc = start < at ? add_word(l, line + start, at - start, kind, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static int read_file(struct at_sentence_language *l, const char *path, struct at_error *err)
{
    struct at_lines lines;
    int rc = at_lines_open(&lines, path, AT_MAX_PIECE, err), more = 0;

    if (rc)
        return rc;
    while (!rc && (more = at_lines_next(&lines, err)) > 0) {
        rc = read_line(l, lines.line, lines.n, err);
        if (rc)
            at_error_in(err, "%s: line %zu", path, lines.number);
    }
    at_lines_close(&lines);
    return rc ? rc : more;
}

static int by_name(const void *a, const void *b)
{
    const struct at_sentence_language *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Names of the languages that have a file; nothing is read. */
static void list_files(struct at_sentence_rules *out, const char *dir)
{
    const struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        size_t n = strlen(e->d_name), end = sizeof suffix - 1;
        struct at_sentence_language l = { 0 };
        if (n <= end || e->d_name[0] == '.' || strcmp(e->d_name + n - end, suffix) != 0)
            continue;
        l.name = at_strdup(e->d_name);
        l.name[n - end] = '\0';
        *at_array_push(out) = l;
    }
    if (d)
        closedir(d);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_name);
}

static void release_language(struct at_sentence_language *l)
{
    at_vocab_release(&l->words);
    free(l->kinds);
    free(l->name);
}

void at_sentence_rules_close(struct at_sentence_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        release_language(&r->items[i]);
    free(r->items);
    free(r);
}

/* Keep one language of those that there are. */
static int keep_language(struct at_sentence_rules *r, const char *language, const char *dir,
                         struct at_error *err)
{
    struct at_strbuf names = { 0 };
    int rc;

    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->items[i].name, language)) {
            struct at_sentence_language l = r->items[i];
            r->items[i] = r->items[--r->n];
            while (r->n)
                release_language(&r->items[--r->n]);
            r->items[r->n++] = l;
            return 0;
        }
    at_sentence_languages(&names, r);
    rc = at_fail(err, AT_ENOTFOUND, "no rules for sentences of '%s' in '%s': there are %s",
                 language, dir, r->n ? at_strbuf_str(&names) : "none");
    at_strbuf_release(&names);
    return rc;
}

int at_sentence_rules_open(struct at_sentence_rules **out, const char *dir, const char *language,
                           struct at_error *err)
{
    struct at_sentence_rules *r = at_calloc(1, sizeof *r);
    int rc = 0;

    list_files(r, dir);
    if (language)
        rc = keep_language(r, language, dir, err);
    else if (r->n == 0)
        rc = at_fail(err, AT_ENOTFOUND, "no rules for sentences in '%s'", dir);
    for (size_t i = 0; i < r->n && !rc; i++) {
        char *file = at_asprintf("%s/%s%s", dir, r->items[i].name, suffix);
        rc = read_file(&r->items[i], file, err);
        free(file);
    }
    if (rc)
        at_sentence_rules_close(r);
    else
        *out = r;
    return rc;
}

void at_sentence_languages(struct at_strbuf *out, const struct at_sentence_rules *r)
{
    for (size_t i = 0; i < r->n; i++)
        at_strbuf_addf(out, "%s%s", i ? ", " : "", r->items[i].name);
}

const char *at_sentence_language_name(const struct at_sentence_language *l)
{
    return l->name;
}

/* A word with its first letter small: longer words are no starters and no abbreviations. */
static int find_small(const struct at_vocab *words, const char *word, size_t n)
{
    struct at_strbuf small = { 0 };
    unsigned lower[AT_MAX_LOWER];
    size_t next = 0, count;
    int id = -1;

    if (n == 0 || n > 64)
        return -1;
    count = at_unicode_lower(lower, at_utf8_next(word, &next));
    for (size_t i = 0; i < count; i++)
        at_strbuf_add_utf8(&small, lower[i]);
    at_strbuf_add(&small, word + next, n - next);
    id = at_vocab_find(words, small.s, small.n);
    at_strbuf_release(&small);
    return id;
}

unsigned at_sentence_kinds(const struct at_sentence_language *l, const char *word, size_t n)
{
    int id;

    if (!l || n == 0)
        return 0;
    id = at_vocab_find(&l->words, word, n);
    if (id < 0)
        id = find_small(&l->words, word, n);
    return id < 0 ? 0 : l->kinds[id];
}

/* --- which language --- */

static const struct at_sentence_language *find_language(const struct at_sentence_rules *r,
                                                        const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->items[i].name, name))
            return &r->items[i];
    return NULL;
}

static bool is_kana(unsigned c)
{
    return c >= 0x3041 && c <= 0x30FF && c != 0x30FB;
}

/* The kinds of a word; of one letter or two with the next such word, "z. B.", those of both. */
static unsigned kinds_in_text(const struct at_sentence_language *l, const char *word, size_t n,
                              const char *behind)
{
    unsigned kinds = at_sentence_kinds(l, word, n);
    struct at_strbuf both = { 0 };
    size_t second = strcspn(behind + (*behind == ' '), " .");

    if (kinds || n > 2 || *behind != ' ' || second == 0 || second > 4 || behind[1 + second] != '.')
        return kinds;
    at_strbuf_addf(&both, "%.*s.%.*s", (int)n, word, (int)second, behind + 1);
    kinds = at_sentence_kinds(l, both.s, both.n);
    at_strbuf_release(&both);
    return kinds;
}

/* How many of the text's words are common ones of the language, or abbreviations of it. */
static size_t count_words(const struct at_sentence_language *l, const char *text)
{
    const unsigned short_ones = AT_SENT_TITLE | AT_SENT_NUMBER | AT_SENT_OTHER | AT_SENT_HOUR;
    size_t count = 0, n = strlen(text);

    for (size_t i = 0, start, end; i < n; i = end) {
        bool has_period;
        unsigned kinds;
        for (start = end = i; end < n;) {
            size_t next = end;
            unsigned c = at_utf8_next(text, &next);
            if (!at_unicode_is_letter(c) && !(c == '.' && end > start && end + 1 < n))
                break;
            end = next;
        }
        if (end == start) {
            at_utf8_next(text, &end);
            continue;
        }
        has_period = text[end - 1] == '.';
        kinds =
            kinds_in_text(l, text + start, end - start - has_period, has_period ? text + end : "");
        count += (kinds & AT_SENT_COMMON) != 0;
        count += has_period && kinds & short_ones;
    }
    return count;
}

const struct at_sentence_language *at_sentence_language_of(const struct at_sentence_rules *r,
                                                           const char *text)
{
    size_t n_kana = 0, n_ideographs = 0, n_others = 0, most = 0;
    const struct at_sentence_language *best;

    if (!r || r->n == 1)
        return r ? &r->items[0] : NULL;
    for (size_t i = 0; text[i];) {
        unsigned c = at_utf8_next(text, &i);
        if (at_unicode_is_letter(c))
            ++*(is_kana(c) ? &n_kana : at_unicode_is_bert_cjk(c) ? &n_ideographs : &n_others);
    }
    if (2 * (n_kana + n_ideographs) > n_others)
        return find_language(r, 8 * n_kana > n_ideographs ? "ja" : "zh");
    best = find_language(r, "en");
    most = best ? count_words(best, text) : 0;
    for (size_t i = 0; i < r->n; i++) {
        size_t count = count_words(&r->items[i], text);
        if (!best || count > most) {
            best = &r->items[i];
            most = count;
        }
    }
    return best;
}
