/*
 * json.h - our reader and writer of JSON documents over Jansson, the only file that sees it.
 *
 * A value is an opaque struct at_json. Setters take ownership of the value they are given
 * ("stealing"), getters borrow. NaN and infinities become null: a number that is not defined is
 * never written as one. Output has sorted keys and 9 significant digits, so that equal results
 * are equal bytes. Text that is not UTF-8 is a bug: callers check input first (io/textfile.h).
 */
#ifndef IO_JSON_H
#define IO_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct at_json;

/* Building. Every set/append steals value. */
struct at_json *at_json_object(void);
struct at_json *at_json_array(void);
struct at_json *at_json_string(const char *s); /* NULL gives null */
struct at_json *at_json_int(long long v);
struct at_json *at_json_real(double v); /* not finite gives null */
struct at_json *at_json_bool(bool v);
struct at_json *at_json_null(void);
void at_json_set(struct at_json *object, const char *key, struct at_json *value);
void at_json_append(struct at_json *array, struct at_json *value);
void at_json_set_string(struct at_json *object, const char *key, const char *s);
void at_json_set_int(struct at_json *object, const char *key, long long v);
void at_json_set_real(struct at_json *object, const char *key, double v);
void at_json_set_bool(struct at_json *object, const char *key, bool v);
/* at_json_reals - array of n numbers. */
struct at_json *at_json_reals(const double *v, size_t n);
/* at_json_share - v once more, for a second owner; neither may change it from now on. */
struct at_json *at_json_share(struct at_json *v);
void at_json_free(struct at_json *v); /* accepts NULL */

/*
 * at_json_dump - append the document to out; indent 0 is one line, else spaces per level.
 * digits: significant digits of reals, 0 for the default 9. Control characters of all kinds are
 * escaped, those too that only a terminal would take for any (base/utf8.h).
 */
void at_json_dump(struct at_strbuf *out, const struct at_json *v, int indent, int digits);

/*
 * Reading. AT_EFORMAT names line and column; at_json_read puts the path in front, drops a byte
 * order mark, as textfile.h does, and takes Python's NaN, Infinity and -Infinity for strings. Any
 * value may stand at the top. Of a key given twice the last counts, except that _unique refuses it.
 */
AT_MUST_USE int at_json_parse(struct at_json **out, const char *text, size_t n,
                              struct at_error *err);
AT_MUST_USE int at_json_parse_unique(struct at_json **out, const char *text, size_t n,
                                     struct at_error *err);
AT_MUST_USE int at_json_read(struct at_json **out, const char *path, struct at_error *err);

bool at_json_is_object(const struct at_json *v);
bool at_json_is_array(const struct at_json *v);
bool at_json_is_string(const struct at_json *v);
bool at_json_is_number(const struct at_json *v);
bool at_json_is_integer(const struct at_json *v); /* what at_json_integer() answers for; 12.0 is */
bool at_json_is_bool(const struct at_json *v);
bool at_json_is_null(const struct at_json *v); /* true for NULL too */
/* Getters answer the fallback when v is NULL or of another type. */
const struct at_json *at_json_get(const struct at_json *object, const char *key);
const struct at_json *at_json_at(const struct at_json *array, size_t i);
size_t at_json_count(const struct at_json *array_or_object);
const char *at_json_text(const struct at_json *v, const char *fallback);
long long at_json_integer(const struct at_json *v, long long fallback);
double at_json_number(const struct at_json *v, double fallback);
bool at_json_truth(const struct at_json *v, bool fallback);
/* Walking an object in file order: key NULL starts, then the key answered last; NULL at the end. */
const char *at_json_next(const struct at_json *object, const char *key,
                         const struct at_json **value_out);

/*
 * at_json_check_memory - from now on Jansson allocates as base/alloc.h does: what is refused goes
 * to the failure handler and nowhere else. It holds for the whole process, so it is a program's
 * to choose, before its first document.
 */
void at_json_check_memory(void);

/* at_json_library - version of Jansson in use, "2.14". */
const char *at_json_library(void);

#endif
