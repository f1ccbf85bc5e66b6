/*
 * json_close.h - is a result, as a document, what a golden document has?
 */
#ifndef UNIT_JSON_CLOSE_H
#define UNIT_JSON_CLOSE_H

#include "io/record.h"

/* assert_json_close - same keys, strings and lengths; numbers within atol + rtol * |want|. */
void assert_json_close(const struct at_json *got, const struct at_json *want, double atol,
                       double rtol);

/*
 * assert_record_golden - every key that the record makes of row is in fixtures/golden/NAME, with
 * the same value but for the rounding of a golden file to 5 digits, and every column is want.
 */
void assert_record_golden(const struct at_record *r, const void *row, const char *name);

/* assert_columns - the header of a table. */
void assert_columns(const struct at_record *r, const char *want);

#endif
