/*
 * oracle.h - reads fixtures/oracle text files: named arrays made outside atlas.
 *
 * A record is a line "name count" and the values, separated by blanks; "nan" is one of them.
 */
#ifndef UNIT_ORACLE_H
#define UNIT_ORACLE_H

#include <stddef.h>

struct oracle;

/* A missing or broken file, or name, fails the running test. */
struct oracle *oracle_open(const char *path);
void oracle_close(struct oracle *o);
/* The values of a record, as doubles or as floats; *n may be NULL. They belong to o. */
const double *oracle_get(struct oracle *o, const char *name, size_t *n);
const float *oracle_get_f(struct oracle *o, const char *name, size_t *n);

#endif
