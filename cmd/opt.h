/*
 * opt.h - option tables over getopt_long.
 *
 * A command declares one array of options; parsing, bounds, -h, --list-options, completion and the
 * man-page test all come from it. Variables hold their defaults before opt_parse() is called, so
 * help prints the truth.
 *
 *   long k = 4;
 *   const struct opt table[] = {
 *       OPT_GROUP("Clustering"),
 *       OPT_INT('k', "clusters", &k, "N", 2, 64, "number of clusters"),
 *       OPT_INCLUDE(job->options),
 *       OPT_END,
 *   };
 */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum opt_type {
    OPT_TYPE_END,
    OPT_TYPE_GROUP, /* a heading in the help */
    OPT_TYPE_FLAG,  /* bool */
    OPT_TYPE_INT,   /* long within lo..hi */
    OPT_TYPE_REAL,  /* double within lo..hi */
    OPT_TYPE_TEXT,  /* const char *, points into argv; NULL for not given */
    OPT_TYPE_ENUM,  /* int, index into words */
    OPT_TYPE_LIST,  /* struct opt_list, the option may be repeated */
    OPT_TYPE_TABLE, /* another table that follows in place: shared options */
};

struct opt_list {
    const char *items[64]; /* each points into argv */
    size_t n;
};

struct opt {
    enum opt_type type;
    int letter; /* 0 for none */
    const char *name, *metavar, *help;
    void *value;
    double lo, hi;
    const char *const *words; /* OPT_TYPE_ENUM, NULL-terminated */
    const struct opt *table;  /* OPT_TYPE_TABLE */
};

/* clang-format off */
#define OPT_END          { .type = OPT_TYPE_END }
#define OPT_GROUP(title) { .type = OPT_TYPE_GROUP, .help = (title) }
#define OPT_INCLUDE(sub) { .type = OPT_TYPE_TABLE, .table = (sub) }
#define OPT_FLAG(l, n, v, h) \
    { .type = OPT_TYPE_FLAG, .letter = (l), .name = (n), .value = (v), .help = (h) }
#define OPT_INT(l, n, v, m, a, b, h) \
    { .type = OPT_TYPE_INT, .letter = (l), .name = (n), .value = (v), .metavar = (m), \
      .lo = (a), .hi = (b), .help = (h) }
#define OPT_REAL(l, n, v, m, a, b, h) \
    { .type = OPT_TYPE_REAL, .letter = (l), .name = (n), .value = (v), .metavar = (m), \
      .lo = (a), .hi = (b), .help = (h) }
#define OPT_TEXT(l, n, v, m, h) \
    { .type = OPT_TYPE_TEXT, .letter = (l), .name = (n), .value = (v), .metavar = (m), .help = (h) }
#define OPT_ENUM(l, n, v, w, h) \
    { .type = OPT_TYPE_ENUM, .letter = (l), .name = (n), .value = (v), .words = (w), .help = (h) }
#define OPT_LIST(l, n, v, m, h) \
    { .type = OPT_TYPE_LIST, .letter = (l), .name = (n), .value = (v), .metavar = (m), .help = (h) }
/* clang-format on */

/* Which options a call has, by the variables they are stored in. */
struct opt_given {
    const void *values[96];
    size_t n;
};
bool opt_is_given(const struct opt_given *g, const void *value);

/* What opt_parse() found, beside the values it stored. */
enum opt_result {
    OPT_GO_ON,   /* run the command; argv[0..argc-1] are the operands */
    OPT_DONE,    /* -h or --list-options was answered: exit status 0 */
    OPT_BAD_USE, /* one line was printed: exit status 2 */
};

/*
 * opt_parse - parse argv[1..], store values, leave the operands in argv[0..*argc-1].
 *
 * synopsis is "atlas run [options] [text ...]"; about is the paragraph that -h prints below it.
 * Options and operands may be mixed; "--" ends options; "-" is an operand. given may be NULL.
 */
enum opt_result opt_parse(int *argc, char **argv, const struct opt *table, const char *synopsis,
                          const char *about, struct opt_given *given);

/* opt_help - synopsis, about and every option with its default, wrapped at 79 columns. */
void opt_help(FILE *f, const struct opt *table, const char *synopsis, const char *about);

/* opt_list_options - long name TAB letter or - TAB metavar or - TAB type TAB default TAB help. */
void opt_list_options(FILE *f, const struct opt *table);

/* Walking a table with the included ones in place: zero the walk, call until NULL. */
struct opt_walk {
    const struct opt *at[4];
    size_t depth;
};
const struct opt *opt_next(struct opt_walk *w, const struct opt *table);

/* opt_value - the present value as text, "" for none; buf is scratch for numbers. */
const char *opt_value(const struct opt *o, char *buf, size_t size);

/* opt_nearest - the candidate with the smallest edit distance to word; NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *candidates, size_t n);

/* opt_number_list - "0,3,17" or "2-5" into an array the caller frees; false on bad syntax. */
bool opt_number_list(size_t **out, size_t *n, const char *s, size_t max);

#endif
