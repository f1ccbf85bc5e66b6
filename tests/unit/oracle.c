/*
 * oracle.c - see oracle.h.
 */
#include "oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"

struct record {
    char name[64];
    size_t n;
    double *values;
    float *floats;
};

struct oracle {
    struct record *items;
    size_t n, cap;
};

static void read_record(struct oracle *o, FILE *f, const char *path, const char *name, size_t n)
{
    struct record *r = at_array_push(o);

    *r = (struct record){ .n = n };
    r->values = at_malloc(n + 1, sizeof *r->values);
    r->floats = at_malloc(n + 1, sizeof *r->floats);
    snprintf(r->name, sizeof r->name, "%s", name);
    for (size_t i = 0; i < n; i++) {
        if (fscanf(f, "%lf", &r->values[i]) != 1)
            fail_msg("%s: '%s' has %zu values, want %zu", path, name, i, n);
        r->floats[i] = (float)r->values[i];
    }
}

struct oracle *oracle_open(const char *path)
{
    struct oracle *o = at_calloc(1, sizeof *o);
    FILE *f = fopen(path, "r");
    char name[64];
    size_t n;

    if (!f)
        fail_msg("cannot open '%s'", path);
    while (fscanf(f, "%63s %zu", name, &n) == 2)
        read_record(o, f, path, name, n);
    fclose(f);
    return o;
}

void oracle_close(struct oracle *o)
{
    for (size_t i = 0; i < o->n; i++) {
        free(o->items[i].values);
        free(o->items[i].floats);
    }
    at_array_release(o);
    free(o);
}

static const struct record *find(const struct oracle *o, const char *name, size_t *n)
{
    for (size_t i = 0; i < o->n; i++) {
        if (strcmp(o->items[i].name, name) == 0) {
            if (n)
                *n = o->items[i].n;
            return &o->items[i];
        }
    }
    fail_msg("no record '%s'", name);
    return NULL;
}

const double *oracle_get(struct oracle *o, const char *name, size_t *n)
{
    return find(o, name, n)->values;
}

const float *oracle_get_f(struct oracle *o, const char *name, size_t *n)
{
    return find(o, name, n)->floats;
}
