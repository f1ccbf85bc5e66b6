/*
 * record.h - the fields of a struct, declared once: from them come CSV tables, JSON objects,
 * terminal tables, `atlas help output` and the column lists of atlas-output(5).
 *
 *   struct at_head_metrics { size_t layer, head; double focus_entropy; };
 *
 *   static const struct at_field head_metrics_fields[] = {
 *       AT_FIELD(struct at_head_metrics, layer, "layer", NULL, "layer, from 0"),
 *       AT_FIELD(struct at_head_metrics, head, "head", NULL, "head, from 0"),
 *       AT_FIELD(struct at_head_metrics, focus_entropy, "focus_entropy", "nats",
 *                "entropy of the whole map"),
 *       AT_FIELD_END
 *   };
 *   const struct at_record at_head_metrics_record = AT_RECORD(struct at_head_metrics,
 *                                                             head_metrics_fields);
 *
 * The type of a scalar is taken from the member itself. What is undefined is NaN, NULL or AT_NONE
 * in memory, an empty cell in CSV and null in JSON. A result is a struct of scalars, records and
 * lists: its JSON document is written from its record, its tables are lists of it. Whoever measures
 * fills the struct and knows no file; whoever writes computes nothing.
 */
#ifndef IO_RECORD_H
#define IO_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "io/csv.h"
#include "io/json.h"

/* An index, an offset or a count that there is not. */
#define AT_NONE SIZE_MAX

enum at_field_kind {
    AT_KIND_END,
    AT_KIND_INT,   /* int; a negative one is undefined with AT_NONNEGATIVE */
    AT_KIND_LONG,  /* long; likewise */
    AT_KIND_SIZE,  /* size_t; AT_NONE is undefined */
    AT_KIND_FLOAT, /* float; NaN is undefined */
    AT_KIND_REAL,  /* double; likewise */
    AT_KIND_BOOL,  /* bool: true and false, 1 and 0 in CSV */
    AT_KIND_TEXT,  /* const char *; NULL is undefined */
    AT_KIND_JSON,  /* struct at_json *, lent: JSON only */
    /* A double (2): [low, high] in JSON, the columns <key>_low and <key>_high in CSV. */
    AT_KIND_INTERVAL,
    /* unsigned bits that have names: a list of those that are set; in CSV joined by "+". */
    AT_KIND_FLAGS,
    AT_KIND_RECORD, /* a struct within the struct: an object, or its fields in place (no key) */
    AT_KIND_LINK,   /* a pointer to a struct, or NULL for null; its columns in CSV all the same */
    /* Lists are a pointer and a count; a count without a pointer is undefined as a whole. */
    AT_KIND_LIST,  /* structs and a size_t count: a list of objects. No column: a table */
    AT_KIND_REALS, /* double * and a size_t count: a list of numbers. JSON only */
    /* const char ** and a size_t count: a list of those that are not NULL; in CSV joined by "+". */
    AT_KIND_TEXTS,
    AT_KIND_SIZES,  /* size_t * and a size_t count: a list of integers. JSON only */
    AT_KIND_MATRIX, /* double * and two size_t, rows and columns: a list of lists. JSON only */
};

/* Where a field appears and how; 0 is CSV and JSON, null for what is undefined. */
enum at_field_flags {
    AT_CSV_ONLY = 1 << 0,
    AT_JSON_ONLY = 1 << 1,
    /* JSON: undefined, false, an empty list or object: no key at all; of a link in place that leads
       nowhere none of its keys. */
    AT_LEAVE_OUT = 1 << 2,
    AT_NONNEGATIVE = 1 << 3, /* of int and long: below 0 is undefined */
    /* Of a list: an object whose keys are the first (text) field. A second field without a key is
       the value, else the other fields are an object. */
    AT_KEYED = 1 << 4,
    AT_TERM_ONLY = 1 << 5, /* neither CSV nor JSON */
    AT_AS_MEAN = 1 << 6,   /* of a layer or head: undefined is "mean" */
    AT_TRUTH = 1 << 7,     /* of int: true and false, undefined below 0 */
    AT_EXACT = 1 << 8,     /* of a real: 15 significant digits in CSV */
    AT_BLANK = 1 << 9,     /* in a terminal table, undefined is nothing instead of n/a */
};

struct at_field {
    const char *key; /* CSV column and JSON key; NULL of a record whose fields are in place */
    enum at_field_kind kind;
    size_t offset;                  /* in the struct */
    size_t count, count2;           /* offsets of the counts of lists and matrices */
    const char *unit;               /* "nats", "fraction", "percent"; NULL for none */
    const char *help;               /* what it means, a line without a full stop */
    unsigned flags;                 /* enum at_field_flags */
    const char *json;               /* key in JSON where it is another one */
    const char *suffix;             /* of a record: behind the column names of its fields */
    const struct at_record *record; /* of a record, link or list */
    const char *const *names;       /* of flags, NULL-terminated, bit 0 first */
    /* In a terminal table: */
    const char *heading; /* NULL: no column there */
    int width;           /* in columns, negative: to the left */
    int decimals;        /* of a real; AT_PERCENT, AT_DIGITS(n) */
};

struct at_record {
    size_t size; /* of the struct */
    const struct at_field *fields;
};

/* clang-format off */
#define AT_RECORD(type, fields) { sizeof(type), (fields) }
#define AT_FIELD_END { .kind = AT_KIND_END }

/* By the member's address, so that an array of characters is not taken for a pointer to them. */
#define AT_KIND_OF(type, member) \
    _Generic(&((type *)0)->member, \
             int *: AT_KIND_INT, long *: AT_KIND_LONG, size_t *: AT_KIND_SIZE, \
             float *: AT_KIND_FLOAT, double *: AT_KIND_REAL, bool *: AT_KIND_BOOL, \
             const char **: AT_KIND_TEXT, char **: AT_KIND_TEXT, struct at_json **: AT_KIND_JSON)

/* A scalar. The dots are the help, and behind it what else is to be set: .flags = AT_CSV_ONLY. */
#define AT_FIELD(type, member, k, u, ...) \
    { .key = (k), .kind = AT_KIND_OF(type, member), .offset = offsetof(type, member), \
      .unit = (u), .help = __VA_ARGS__ }
#define AT_FIELD_FLAGS(type, member, k, n, ...) \
    { .key = (k), .kind = AT_KIND_FLAGS, .offset = offsetof(type, member), .names = (n), \
      .help = __VA_ARGS__ }
#define AT_FIELD_INTERVAL(type, member, k, u, ...) \
    { .key = (k), .kind = AT_KIND_INTERVAL, .offset = offsetof(type, member), .unit = (u), \
      .help = __VA_ARGS__ }
/* A struct within: k NULL puts its fields in place. */
#define AT_FIELD_RECORD(type, member, k, rec, ...) \
    { .key = (k), .kind = AT_KIND_RECORD, .offset = offsetof(type, member), .record = (rec), \
      .help = __VA_ARGS__ }
#define AT_FIELD_LINK(type, member, k, rec, ...) \
    { .key = (k), .kind = AT_KIND_LINK, .offset = offsetof(type, member), .record = (rec), \
      .help = __VA_ARGS__ }
/* member is a pointer, n the member that counts. */
#define AT_FIELD_LIST(type, member, n, k, rec, ...) \
    { .key = (k), .kind = AT_KIND_LIST, .offset = offsetof(type, member), \
      .count = offsetof(type, n), .record = (rec), .help = __VA_ARGS__ }
#define AT_FIELD_REALS(type, member, n, k, u, ...) \
    { .key = (k), .kind = AT_KIND_REALS, .offset = offsetof(type, member), \
      .count = offsetof(type, n), .unit = (u), .help = __VA_ARGS__ }
#define AT_FIELD_TEXTS(type, member, n, k, ...) \
    { .key = (k), .kind = AT_KIND_TEXTS, .offset = offsetof(type, member), \
      .count = offsetof(type, n), .help = __VA_ARGS__ }
#define AT_FIELD_SIZES(type, member, n, k, ...) \
    { .key = (k), .kind = AT_KIND_SIZES, .offset = offsetof(type, member), \
      .count = offsetof(type, n), .help = __VA_ARGS__ }
#define AT_FIELD_MATRIX(type, member, rows, cols, k, u, ...) \
    { .key = (k), .kind = AT_KIND_MATRIX, .offset = offsetof(type, member), \
      .count = offsetof(type, rows), .count2 = offsetof(type, cols), .unit = (u), \
      .help = __VA_ARGS__ }
/* clang-format on */

/* decimals of a share from 0 to 1 that a terminal shows as a whole percentage. */
enum { AT_PERCENT = -1 };
/* decimals of a number that a terminal shows with n significant digits, as "%.2g" does. */
#define AT_DIGITS(n) (-1 - (n))

/*
 * at_record_json - an object of one struct; the caller's.
 * at_record_set - the same keys into an object that is there.
 *
 * row NULL is a struct in which everything is undefined; at_record_cells() takes it likewise.
 */
struct at_json *at_record_json(const struct at_record *r, const void *row);
void at_record_set(struct at_json *object, const struct at_record *r, const void *row);

/* at_record_columns - append "layer,head,weight". */
void at_record_columns(struct at_strbuf *out, const struct at_record *r);
/* at_record_cells - the cells of one row; the caller ends it (at_csv_end()). */
void at_record_cells(struct at_csv *csv, const struct at_record *r, const void *row);

/* at_exact - the number that a cell with AT_EXACT holds; NaN when v is not finite. */
double at_exact(double v);

/*
 * at_record_heading, at_record_line - a terminal table: the fields that have a heading, each in its
 * width with a space between, no blanks at the end of a line.
 *
 * Text is to the left with a negative width; what is too long moves the rest on. Undefined is
 * "n/a", flags and texts are joined as in CSV, true and false are "yes" and "no".
 */
void at_record_heading(FILE *f, const struct at_record *r);
void at_record_line(FILE *f, const struct at_record *r, const void *row);

/*
 * at_record_find - the field of a CSV column, those of records included; NULL when there is none.
 * at_record_real - the value in a CSV column as a number; NaN for text and what is undefined. A
 * name of no column is a bug.
 *
 * column is the whole name: with the suffix of the record, and "ss_low" for an end of interval ss.
 */
const struct at_field *at_record_find(const struct at_record *r, const char *column);
double at_record_real(const struct at_record *r, const char *column, const void *row);

/*
 * at_record_walk_columns - every column of a CSV table in order; name is its whole name, of the
 * record whose suffix is in it, or NULL.
 * at_record_walk_keys - every key of a JSON object in order of declaration, what is within objects
 * and lists included; name is a path: "heads[].raw.syntax".
 *
 * A list of numbers is "centroid[]", a matrix "cells[][]", an interval "ci[2]", what a keyed list
 * has for each key "by_target.<target>".
 */
typedef void (*at_field_fn)(void *arg, const char *name, const struct at_field *f,
                            const struct at_field *of);
void at_record_walk_columns(const struct at_record *r, at_field_fn fn, void *arg);
void at_record_walk_keys(const struct at_record *r, at_field_fn fn, void *arg);

/* at_field_type - "integer", "integer or mean", "number", "text", "true/false", "object" or "any",
   as help tells it; of a list that of its elements. */
const char *at_field_type(const struct at_field *f);

#endif
