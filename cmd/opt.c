/*
 * opt.c - see opt.h. The only caller of getopt_long.
 */
#define _GNU_SOURCE
#include "cmd/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/strbuf.h"
#include "cmd/report.h"

enum { MAX_OPTS = 96, HELP_COLUMN = 26, HELP_WIDTH = 79, LONG_ONLY = 256 };

/* What getopt_long() answers for --help and --list-options. */
enum { HELP = 'h', LIST = '\n' };

const struct opt *opt_next(struct opt_walk *w, const struct opt *table)
{
    if (!w->at[0])
        w->at[0] = table;
    for (;;) {
        const struct opt *o = w->at[w->depth];
        if (o->type == OPT_TYPE_END) {
            if (w->depth == 0)
                return NULL;
            w->depth--;
            continue;
        }
        w->at[w->depth]++;
        if (o->type != OPT_TYPE_TABLE)
            return o;
        AT_BUG_IF(w->depth + 1 >= AT_COUNTOF(w->at));
        w->at[++w->depth] = o->table;
    }
}

const char *opt_value(const struct opt *o, char *buf, size_t size)
{
    switch (o->type) {
    case OPT_TYPE_INT:
        snprintf(buf, size, "%ld", *(long *)o->value);
        return buf;
    case OPT_TYPE_REAL:
        snprintf(buf, size, "%.9g", *(double *)o->value);
        return buf;
    case OPT_TYPE_TEXT:
        return *(const char **)o->value ? *(const char **)o->value : "";
    case OPT_TYPE_ENUM:
        return o->words[*(int *)o->value];
    case OPT_TYPE_FLAG:
        return *(bool *)o->value ? "yes" : "";
    default:
        return "";
    }
}

static const char *type_name(enum opt_type t)
{
    static const char *const names[] = {
        "", "", "flag", "integer", "number", "text", "word", "list"
    };

    return names[t];
}

/* "auto|all|none" for an enum, else the metavar. */
static const char *metavar(const struct opt *o, struct at_strbuf *scratch)
{
    if (o->type != OPT_TYPE_ENUM)
        return o->metavar ? o->metavar : "";
    at_strbuf_clear(scratch);
    for (size_t i = 0; o->words[i]; i++)
        at_strbuf_addf(scratch, "%s%s", i ? "|" : "", o->words[i]);
    return at_strbuf_str(scratch);
}

/* Print text wrapped, continuing at the given column; the cursor stands at column `at`. */
static void wrap(FILE *f, const char *text, size_t at, size_t indent)
{
    while (*text) {
        size_t n = strcspn(text, " ");
        if (at + n > HELP_WIDTH && at > indent) {
            fprintf(f, "\n%*s", (int)indent, "");
            at = indent;
        }
        fwrite(text, 1, n, f);
        at += n;
        text += n;
        if (*text == ' ') {
            text++;
            if (at < HELP_WIDTH)
                fputc(' ', f);
            at++;
        }
    }
    fputc('\n', f);
}

static void help_line(FILE *f, const struct opt *o)
{
    struct at_strbuf left = { 0 }, text = { 0 }, words = { 0 };
    const char *meta = metavar(o, &words);
    char number[64];
    const char *value = opt_value(o, number, sizeof number);

    if (o->letter)
        at_strbuf_addf(&left, "  -%c, --%s", o->letter, o->name);
    else
        at_strbuf_addf(&left, "      --%s", o->name);
    if (*meta)
        at_strbuf_addf(&left, " %s", meta);
    at_strbuf_adds(&text, o->help);
    if (*value && o->type != OPT_TYPE_FLAG)
        at_strbuf_addf(&text, " (default %s)", value);
    if (left.n + 2 > HELP_COLUMN)
        fprintf(f, "%s\n%*s", left.s, HELP_COLUMN, "");
    else
        fprintf(f, "%-*s", HELP_COLUMN, left.s);
    wrap(f, text.s, HELP_COLUMN, HELP_COLUMN);
    at_strbuf_release(&left);
    at_strbuf_release(&text);
    at_strbuf_release(&words);
}

void opt_help(FILE *f, const struct opt *table, const char *synopsis, const char *about)
{
    struct opt_walk w = { 0 };
    const struct opt *o;

    fprintf(f, "usage: %s\n", synopsis);
    if (about && *about) {
        fputc('\n', f);
        wrap(f, about, 0, 0);
    }
    while ((o = opt_next(&w, table)))
        if (o->type == OPT_TYPE_GROUP)
            fprintf(f, "\n%s\n", o->help);
        else
            help_line(f, o);
    fprintf(f, "\n  -h, --help              show this help\n");
}

void opt_list_options(FILE *f, const struct opt *table)
{
    struct opt_walk w = { 0 };
    struct at_strbuf words = { 0 };
    const struct opt *o;
    char number[64];

    while ((o = opt_next(&w, table))) {
        const char *meta, *value;
        if (o->type == OPT_TYPE_GROUP)
            continue;
        meta = metavar(o, &words);
        value = opt_value(o, number, sizeof number);
        fprintf(f, "%s\t%c\t%s\t%s\t%s\t%s\n", o->name, o->letter ? o->letter : '-',
                *meta ? meta : "-", type_name(o->type), value, o->help);
    }
    at_strbuf_release(&words);
}

/* Store one option's argument; false after a line on standard error. */
static bool store(const struct opt *o, char *arg)
{
    char *end;

    errno = 0;
    switch (o->type) {
    case OPT_TYPE_FLAG:
        *(bool *)o->value = true;
        return true;
    case OPT_TYPE_TEXT:
        *(const char **)o->value = arg;
        return true;
    case OPT_TYPE_LIST: {
        struct opt_list *list = o->value;
        if (list->n == AT_COUNTOF(list->items)) {
            report_usage("--%s may be given at most %zu times", o->name, list->n);
            return false;
        }
        list->items[list->n++] = arg;
        return true;
    }
    case OPT_TYPE_INT: {
        long v = strtol(arg, &end, 10);
        if (end == arg || *end || errno || (double)v < o->lo || (double)v > o->hi) {
            report_usage("--%s takes a whole number from %.0f to %.0f, not '%s'", o->name, o->lo,
                         o->hi, arg);
            return false;
        }
        *(long *)o->value = v;
        return true;
    }
    case OPT_TYPE_REAL: {
        double v = strtod(arg, &end);
        if (end == arg || *end || errno || !(v >= o->lo && v <= o->hi)) {
            report_usage("--%s takes a number from %g to %g, not '%s'", o->name, o->lo, o->hi, arg);
            return false;
        }
        *(double *)o->value = v;
        return true;
    }
    default:
        break;
    }
    AT_BUG_IF(o->type != OPT_TYPE_ENUM);
    for (int i = 0; o->words[i]; i++)
        if (!strcmp(o->words[i], arg)) {
            *(int *)o->value = i;
            return true;
        }
    {
        struct at_strbuf words = { 0 };
        report_usage("--%s takes %s, not '%s'", o->name, metavar(o, &words), arg);
        at_strbuf_release(&words);
    }
    return false;
}

/* "--tree-k, --tree-depth": the options that begin like name. How many there are. */
static size_t add_matching(struct at_strbuf *b, const char *name, const struct opt *const *opts,
                           size_t n)
{
    size_t n_found = 0;

    for (size_t i = 0; i < n; i++)
        if (!strncmp(opts[i]->name, name, strlen(name)))
            at_strbuf_addf(b, "%s--%s", n_found++ ? ", " : "", opts[i]->name);
    return n_found;
}

/* An option that is none: what it may have been. */
static void complain_of_name(const char *name, const struct opt *const *opts, size_t n)
{
    const char *names[MAX_OPTS + 1], *near;
    struct at_strbuf matching = { 0 };

    for (size_t i = 0; i < n; i++)
        names[i] = opts[i]->name;
    names[n] = "help";
    near = opt_nearest(name, names, n + 1);
    if (*name && add_matching(&matching, name, opts, n) > 1)
        report_usage("'--%s' is short for several options: %s", name, at_strbuf_str(&matching));
    else if (near)
        report_usage("unknown option '--%s'; did you mean '--%s'?", name, near);
    else
        report_usage("unknown option '--%s'", name);
    at_strbuf_release(&matching);
}

/*
 * Explain what getopt_long refused. optopt is 0 for a name that is unknown or short for several,
 * what the option answers to when its argument is missing or unwanted, else the unknown letter; of
 * a letter that is not ASCII it is the first byte, and argv[optind] still the argument.
 */
static void complain(char **argv, int code, const struct opt *const *opts, size_t n)
{
    char name[64];

    if (code == ':') {
        for (size_t i = 0; i < n; i++)
            if (optopt == opts[i]->letter || optopt == LONG_ONLY + (int)i)
                report_usage("--%s needs an argument", opts[i]->name);
    } else if (optopt >= LONG_ONLY) {
        report_usage("--%s takes no argument", opts[optopt - LONG_ONLY]->name);
    } else if (optopt == HELP || optopt == LIST) {
        report_usage("--%s takes no argument", optopt == HELP ? "help" : "list-options");
    } else if (optopt > 0 && optopt < 0x80) {
        report_usage("unknown option '-%c'", optopt);
    } else if (optopt) {
        report_usage("unknown option '%s'", argv[optind]);
    } else {
        const char *arg = argv[optind - 1] + strlen("--");
        snprintf(name, sizeof name, "%.*s",
                 at_shown(arg, AT_MIN(strcspn(arg, "="), sizeof name - 1)), arg);
        complain_of_name(name, opts, n);
    }
}

/* A table as getopt_long() wants it. */
struct getopt_tables {
    const struct opt *opts[MAX_OPTS];
    size_t n;
    struct option longs[MAX_OPTS + 3];
    char shorts[3 * MAX_OPTS + 4];
};

static void fill_tables(struct getopt_tables *t, const struct opt *table)
{
    struct opt_walk w = { 0 };
    const struct opt *o;
    size_t n = 0, s = 0;

    t->shorts[s++] = ':';
    t->shorts[s++] = HELP;
    while ((o = opt_next(&w, table))) {
        if (o->type == OPT_TYPE_GROUP)
            continue;
        AT_BUG_IF(n == MAX_OPTS);
        t->longs[n] =
            (struct option){ o->name, o->type != OPT_TYPE_FLAG, NULL, LONG_ONLY + (int)n };
        if (o->letter) {
            t->shorts[s++] = (char)o->letter;
            if (o->type != OPT_TYPE_FLAG)
                t->shorts[s++] = ':';
        }
        t->opts[n++] = o;
    }
    t->shorts[s] = '\0';
    t->longs[n] = (struct option){ "help", 0, NULL, HELP };
    t->longs[n + 1] = (struct option){ "list-options", 0, NULL, LIST };
    t->longs[n + 2] = (struct option){ 0 };
    t->n = n;
}

static const struct opt *find_option(const struct getopt_tables *t, int code)
{
    size_t i = 0;

    while (i < t->n && code != t->opts[i]->letter && code != LONG_ONLY + (int)i)
        i++;
    AT_BUG_IF(i == t->n);
    return t->opts[i];
}

bool opt_is_given(const struct opt_given *g, const void *value)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->values[i] == value)
            return true;
    return false;
}

static void note_given(struct opt_given *g, const void *value)
{
    if (g && !opt_is_given(g, value))
        g->values[g->n++] = value;
}

enum opt_result opt_parse(int *argc, char **argv, const struct opt *table, const char *synopsis,
                          const char *about, struct opt_given *given)
{
    struct getopt_tables t;
    int code, n_operands;

    fill_tables(&t, table);
    opterr = 0;
    optind = 0; /* from the start, also for the second time */
    /* Help first: it tells the defaults, which the values that are stored replace. */
    while ((code = getopt_long(*argc, argv, t.shorts, t.longs, NULL)) != -1) {
        if (code == HELP)
            opt_help(stdout, table, synopsis, about);
        else if (code == LIST)
            opt_list_options(stdout, table);
        else if (code == '?' || code == ':')
            complain(argv, code, t.opts, t.n);
        else
            continue;
        return code == HELP || code == LIST ? OPT_DONE : OPT_BAD_USE;
    }
    optind = 0;
    while ((code = getopt_long(*argc, argv, t.shorts, t.longs, NULL)) != -1) {
        const struct opt *o = find_option(&t, code);
        if (!store(o, optarg))
            return OPT_BAD_USE;
        note_given(given, o->value);
    }
    n_operands = *argc - optind;
    memmove(argv, argv + optind, (size_t)n_operands * sizeof *argv);
    *argc = n_operands;
    return OPT_GO_ON;
}

/* Edit distance (Levenshtein) with swaps of neighbours, for short words. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 48 };
    size_t d[MAX + 1][MAX + 1], n = strlen(a), m = strlen(b);

    if (n > MAX || m > MAX)
        return MAX;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            size_t swap_or_keep = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = AT_MIN(swap_or_keep, AT_MIN(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = AT_MIN(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

const char *opt_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t least = AT_MAX((size_t)2, strlen(word) / 3) + 1;

    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(word, candidates[i]);
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}

bool opt_number_list(size_t **out, size_t *n, const char *s, size_t max)
{
    struct AT_ARRAY(size_t) v = { 0 };

    for (;;) {
        char *end;
        unsigned long first, last;
        if (*s < '0' || *s > '9')
            break;
        errno = 0;
        first = last = strtoul(s, &end, 10);
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (errno || first > last || last > max)
            break;
        for (unsigned long i = first; i <= last; i++)
            *at_array_push(&v) = i;
        if (*end == '\0') {
            *out = v.items;
            *n = v.n;
            return true;
        }
        if (*end != ',')
            break;
        s = end + 1;
    }
    at_array_release(&v);
    return false;
}
