/*
 * json_close.c - see json_close.h.
 */
#include "json_close.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "close.h"
#include "model_fixture.h"

struct place {
    const struct place *outer;
    const char *key;
    size_t index;
};

static void print_place(const struct place *p)
{
    if (p->outer)
        print_place(p->outer);
    if (p->key)
        print_error("%s%s", p->outer ? "." : "", p->key);
    else if (p->outer)
        print_error("[%zu]", p->index);
}

static void check(bool is_right, const struct place *p, const struct at_json *got,
                  const struct at_json *want)
{
    struct at_strbuf b = { 0 };

    if (is_right)
        return;
    print_place(p);
    print_error(": got ");
    at_json_dump(&b, got, 0, 0);
    print_error("%s, want ", b.s);
    at_strbuf_clear(&b);
    at_json_dump(&b, want, 0, 0);
    print_error("%s\n", b.s);
    at_strbuf_release(&b);
    fail();
}

static void compare(const struct at_json *got, const struct at_json *want, const struct place *p,
                    double atol, double rtol)
{
    const struct at_json *value;

    if (at_json_is_object(want)) {
        check(at_json_is_object(got) && at_json_count(got) == at_json_count(want), p, got, want);
        for (const char *key = NULL; (key = at_json_next(want, key, &value));)
            compare(at_json_get(got, key), value, &(struct place){ p, key, 0 }, atol, rtol);
    } else if (at_json_is_array(want)) {
        check(at_json_is_array(got) && at_json_count(got) == at_json_count(want), p, got, want);
        for (size_t i = 0; i < at_json_count(want); i++)
            compare(at_json_at(got, i), at_json_at(want, i), &(struct place){ p, NULL, i }, atol,
                    rtol);
    } else if (at_json_is_number(want)) {
        double a = at_json_number(got, NAN), b = at_json_number(want, NAN);
        check(fabs(a - b) <= atol + rtol * fabs(b), p, got, want);
    } else {
        struct at_strbuf a = { 0 }, b = { 0 };
        at_json_dump(&a, got, 0, 0);
        at_json_dump(&b, want, 0, 0);
        check(strcmp(a.s, b.s) == 0, p, got, want);
        at_strbuf_release(&a);
        at_strbuf_release(&b);
    }
}

void assert_json_close(const struct at_json *got, const struct at_json *want, double atol,
                       double rtol)
{
    compare(got, want, &(struct place){ NULL, NULL, 0 }, atol, rtol);
}

void assert_record_golden(const struct at_record *r, const void *row, const char *name)
{
    struct at_json *got = at_record_json(r, row), *want;
    const struct at_json *value;
    struct at_error err;
    char path[128];

    snprintf(path, sizeof path, "fixtures/golden/%s", name);
    must(at_json_read(&want, path, &err), &err);
    for (const char *key = NULL; (key = at_json_next(got, key, &value));) {
        const struct place top = { NULL, key, 0 };
        compare(value, at_json_get(want, key), &top, 1e-6, 5.1e-5);
    }
    at_json_free(got);
    at_json_free(want);
}

void assert_columns(const struct at_record *r, const char *want)
{
    struct at_strbuf b = { 0 };

    at_record_columns(&b, r);
    assert_string_equal(at_strbuf_str(&b), want);
    at_strbuf_release(&b);
}
