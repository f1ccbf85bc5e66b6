/*
 * json_scan.h - a JSON text read piece by piece, without a tree of its values.
 *
 * For tables of 50,000 members, of which a general tree takes ten times as long. The caller takes
 * the marks ('{', ',') and reads the values that he expects; what he does not want is skipped.
 *
 *   at_json_scan_begin(&s, text, n);
 *   if (at_json_scan_take(&s, '[') && !at_json_scan_take(&s, ']'))
 *       do rc = at_json_scan_whole(&s, &id, err); while (!rc && at_json_scan_take(&s, ','));
 *   at_json_scan_release(&s);
 *
 * Messages name the byte of the text, counted from 0.
 */
#ifndef IO_JSON_SCAN_H
#define IO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct at_json_scan {
    const char *start, *at, *end;
    struct at_strbuf text; /* the string read last */
};

void at_json_scan_begin(struct at_json_scan *s, const char *text, size_t n);
void at_json_scan_release(struct at_json_scan *s);

/* at_json_scan_peek - the next character behind white space, which is stepped over, or 0. */
char at_json_scan_peek(struct at_json_scan *s);
/* at_json_scan_take - true when the next character is c, which is then stepped over too. */
bool at_json_scan_take(struct at_json_scan *s, char c);
/* at_json_scan_fail - AT_EFORMAT, "expected <wanted> at byte 17". */
int at_json_scan_fail(const struct at_json_scan *s, const char *wanted, struct at_error *err);

/*
 * at_json_scan_string - the next value, a string of at most max bytes, into s->text.
 *
 * Edge      it may hold NUL bytes ("\u0000") and bytes that are not UTF-8.
 * Errors    AT_EFORMAT, also for half of a surrogate pair.
 */
AT_MUST_USE int at_json_scan_string(struct at_json_scan *s, size_t max, struct at_error *err);
/* at_json_scan_whole - a whole number from 0 to below 2^53. AT_EFORMAT. */
AT_MUST_USE int at_json_scan_whole(struct at_json_scan *s, long long *out, struct at_error *err);
/*
 * at_json_scan_number - any number.
 *
 * The digits that fit 64 bits, times or over one power of ten, as serde_json does it: the last bit
 * may differ from the nearest double, and sums that are equal there are equal here.
 * Errors    AT_EFORMAT; AT_ERANGE for one that is infinite.
 */
AT_MUST_USE int at_json_scan_number(struct at_json_scan *s, double *out, struct at_error *err);
/* at_json_scan_skip - any value. AT_EFORMAT, also when it is nested deeper than 64 values. */
AT_MUST_USE int at_json_scan_skip(struct at_json_scan *s, struct at_error *err);
/* at_json_scan_member - the key of the next member of an object and its colon, into s->text. */
AT_MUST_USE int at_json_scan_member(struct at_json_scan *s, size_t max, struct at_error *err);

#endif
