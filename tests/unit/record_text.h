/*
 * record_text.h - what is written of a record, against what should be: tables and documents.
 *
 * The test program needs the folder of sandbox.h.
 */
#ifndef UNIT_RECORD_TEXT_H
#define UNIT_RECORD_TEXT_H

#include "io/record.h"

/* assert_table - n rows as CSV, the names of the columns first. */
void assert_table(const struct at_record *r, const void *rows, size_t n, const char *want);
/* assert_document - one struct as JSON on a line. */
void assert_document(const struct at_record *r, const void *row, const char *want);
/* assert_terminal - heading and one line. */
void assert_terminal(const struct at_record *r, const void *row, const char *want);

#endif
