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
    AT_KIND_LIST,   /* a pointer and a size_t count: a list of objects. No column: a table */
    AT_KIND_REALS,  /* double * and a size_t count: a list of numbers. JSON only */
    AT_KIND_TEXTS,  /* const char ** and a size_t count: a list of strings; "+" in CSV */
    AT_KIND_SIZES,  /* size_t * and a size_t count: a list of integers. JSON only */
    AT_KIND_MATRIX, /* double * and two size_t, rows and columns: a list of lists. JSON only */
};

/* Where a field appears and how; 0 is CSV and JSON, null for what is undefined. */
enum at_field_flags {
    AT_CSV_ONLY = 1 << 0,
    AT_JSON_ONLY = 1 << 1,
    AT_LEAVE_OUT = 1 << 2,   /* JSON: undefined, empty list or NULL: no key at all */
    AT_NONNEGATIVE = 1 << 3, /* of int and long: below 0 is undefined */
    AT_KEYED = 1 << 4,       /* of a list: an object whose keys are the first (text) field */
    AT_TERM_ONLY = 1 << 5,   /* neither CSV nor JSON */
    AT_AS_MEAN = 1 << 6,     /* of a layer or head: AT_NONE is "mean" */
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
    int decimals;        /* of a real; AT_PERCENT */
};

struct at_record {
    size_t size; /* of the struct */
    const struct at_field *fields;
};

/* clang-format off */
#define AT_RECORD(type, fields) { sizeof(type), (fields) }
#define AT_FIELD_END { .kind = AT_KIND_END }

#define AT_MEMBER(type, member) (((type *)0)->member)
#define AT_KIND_OF(type, member) \
    _Generic(AT_MEMBER(type, member), \
             int: AT_KIND_INT, long: AT_KIND_LONG, size_t: AT_KIND_SIZE, float: AT_KIND_FLOAT, \
             double: AT_KIND_REAL, bool: AT_KIND_BOOL, const char *: AT_KIND_TEXT, \
             char *: AT_KIND_TEXT, struct at_json *: AT_KIND_JSON)

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

/*
 * at_record_json - an object of one struct; the caller's.
 * at_record_set - the same keys into an object that is there.
 */
struct at_json *at_record_json(const struct at_record *r, const void *row);
void at_record_set(struct at_json *object, const struct at_record *r, const void *row);

/* at_record_columns - append "layer,head,weight". */
void at_record_columns(struct at_strbuf *out, const struct at_record *r);
/* at_record_cells - the cells of one row; the caller ends it (at_csv_end()). */
void at_record_cells(struct at_csv *csv, const struct at_record *r, const void *row);

/* at_record_heading, at_record_line - a terminal table: the fields that have a heading, each in its
   width with a space between, no blanks at the end of a line; undefined is "n/a". */
void at_record_heading(FILE *f, const struct at_record *r);
void at_record_line(FILE *f, const struct at_record *r, const void *row);

/* at_record_find - the field with that column name, in place fields included; NULL. With a suffix
   of its record only under its full name. */
const struct at_field *at_record_find(const struct at_record *r, const char *column);
/* at_record_real - the value of a scalar field as a number; NaN for text and what is undefined. */
double at_record_real(const struct at_record *r, const char *column, const void *row);

/*
 * at_record_walk - every field in order, records and links entered: of the columns of a CSV table,
 * or of the keys of a JSON object, whose lists are entered too.
 *
 * name is the whole column name, or the path of a key: "heads[].raw.syntax".
 */
typedef void (*at_field_fn)(void *arg, const char *name, const struct at_field *f);
void at_record_walk_columns(const struct at_record *r, at_field_fn fn, void *arg);
void at_record_walk_keys(const struct at_record *r, at_field_fn fn, void *arg);

/* at_field_type - "integer", "number", "text", "true/false", "list", as help tells it. */
const char *at_field_type(const struct at_field *f);

#endif
