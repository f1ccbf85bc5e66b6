/*
 * pickle.c - see pickle.h. A stack machine: opcodes push values, gather them and remember them by
 * number (the memo). Python's objects are never made, so there is nothing that could be run.
 */
#include "io/pickle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "io/textfile.h"

/* A checkpoint has some twenty values for each tensor. */
enum { MAX_VALUES = 1 << 20, MAX_MEMO = MAX_VALUES, MAX_MARKS = 1000, MAX_SHOWN = 100 };

/* Opcodes by the names of pickletools. */
enum {
    MARK = '(',
    STOP = '.',
    POP = '0',
    POP_MARK = '1',
    BININT = 'J',
    BININT1 = 'K',
    BININT2 = 'M',
    NONE = 'N',
    BINPERSID = 'Q',
    REDUCE = 'R',
    BINSTRING = 'T',
    SHORT_BINSTRING = 'U',
    BINUNICODE = 'X',
    APPEND = 'a',
    BUILD = 'b',
    GLOBAL = 'c',
    APPENDS = 'e',
    BINFLOAT = 'G',
    BINGET = 'h',
    LONG_BINGET = 'j',
    BINPUT = 'q',
    LONG_BINPUT = 'r',
    SETITEM = 's',
    TUPLE = 't',
    SETITEMS = 'u',
    EMPTY_TUPLE = ')',
    EMPTY_LIST = ']',
    EMPTY_DICT = '}',
    PROTO = 0x80,
    TUPLE1 = 0x85,
    TUPLE2 = 0x86,
    TUPLE3 = 0x87,
    NEWTRUE = 0x88,
    NEWFALSE = 0x89,
    LONG1 = 0x8a,
    SHORT_BINUNICODE = 0x8c,
    BINUNICODE8 = 0x8d,
    STACK_GLOBAL = 0x93,
    MEMOIZE = 0x94,
    FRAME = 0x95,
    LAST_PROTOCOL = 5,
};

struct reader {
    struct at_pickle *p;
    const unsigned char *start, *at, *end;
    const char *const *names;
    struct AT_ARRAY(struct at_pickle_value *) stack;
    struct AT_ARRAY(size_t) marks; /* heights of the stack */
    struct AT_ARRAY(struct at_pickle_value *) memo;
    bool is_done;
    struct at_error *err;
};

static int malformed(const struct reader *r, const char *why)
{
    return at_fail(r->err, AT_EFORMAT, "pickle: %s at byte %zu", why, (size_t)(r->at - r->start));
}

/* n bytes of the pickle, or NULL when it ends before. */
static const unsigned char *take(struct reader *r, uint64_t n)
{
    const unsigned char *p = r->at;

    if (n > (uint64_t)(r->end - r->at))
        return NULL;
    r->at += n;
    return p;
}

/* A little-endian number of n bytes that follows an opcode. */
static int take_number(uint64_t *out, struct reader *r, size_t n)
{
    const unsigned char *p = take(r, n);

    if (!p)
        return malformed(r, "it ends too early");
    *out = 0;
    while (n-- > 0)
        *out = *out << 8 | p[n];
    return 0;
}

/* ---- the stack ---- */

static int push(struct reader *r, struct at_pickle_value *v)
{
    *at_array_push(&r->stack) = v;
    return 0;
}

/* A new value of a kind, on the stack; NULL when there are too many. */
static struct at_pickle_value *push_new(struct reader *r, enum at_pickle_kind kind)
{
    struct at_pickle_value *v;

    if (r->p->values.n >= MAX_VALUES) {
        at_fail(r->err, AT_EFORMAT, "pickle: more than %d values", MAX_VALUES);
        return NULL;
    }
    v = at_arena_calloc(&r->p->arena, 1, sizeof *v);
    v->kind = kind;
    *at_array_push(&r->p->values) = v;
    push(r, v);
    return v;
}

static int push_number(struct reader *r, enum at_pickle_kind kind, long long number)
{
    struct at_pickle_value *v = push_new(r, kind);

    if (!v)
        return AT_EFORMAT;
    v->number = number;
    return 0;
}

/* Values above the last mark. */
static size_t n_free(const struct reader *r)
{
    return r->stack.n - (r->marks.n ? r->marks.items[r->marks.n - 1] : 0);
}

/* The value n below the top, which has to be above the last mark. */
static struct at_pickle_value *peek(const struct reader *r, size_t n)
{
    return n < n_free(r) ? r->stack.items[r->stack.n - 1 - n] : NULL;
}

/* The last n values become items of v, which is no longer one of them. */
static void gather(struct reader *r, struct at_pickle_value *v, size_t n)
{
    struct at_pickle_value **from = r->stack.items + r->stack.n - n;

    for (size_t i = 0; i < n; i++)
        *at_array_push(&v->items) = from[i];
    r->stack.n -= n;
}

static int mark(struct reader *r)
{
    if (r->marks.n >= MAX_MARKS)
        return malformed(r, "too many marks");
    *at_array_push(&r->marks) = r->stack.n;
    return 0;
}

static int drop_mark(struct reader *r, size_t *n_out)
{
    if (!r->marks.n)
        return malformed(r, "no mark");
    *n_out = n_free(r);
    r->marks.n--;
    return 0;
}

/* ---- values ---- */

static int read_long(struct reader *r)
{
    uint64_t n = 0, value = 0;
    int rc = take_number(&n, r, 1);

    if (rc)
        return rc;
    if (n > 8)
        return at_fail(r->err, AT_ERANGE, "pickle: a number of %d bytes, at most 8 are read",
                       (int)n);
    rc = take_number(&value, r, (size_t)n);
    if (rc)
        return rc;
    if (n && n < 8 && value >> (8 * n - 1)) /* two's complement */
        value |= UINT64_MAX << 8 * n;
    return push_number(r, AT_PICKLE_INT, (long long)value);
}

static int read_int(struct reader *r, size_t n)
{
    uint64_t value = 0;
    int rc = take_number(&value, r, n);

    if (rc)
        return rc;
    return push_number(r, AT_PICKLE_INT, n == 4 ? (int32_t)(uint32_t)value : (long long)value);
}

/* A string whose length takes so many bytes; Python 2's bytes are names too. */
static int read_text(struct reader *r, size_t length_bytes)
{
    const unsigned char *bytes;
    struct at_pickle_value *v;
    uint64_t n = 0;
    int rc = take_number(&n, r, length_bytes);

    if (rc)
        return rc;
    bytes = take(r, n);
    if (!bytes)
        return malformed(r, "a string that is longer than what is left");
    if (memchr(bytes, '\0', (size_t)n) || at_utf8_check((const char *)bytes, (size_t)n) < n)
        return malformed(r, "a string that is not UTF-8 or has a NUL");
    v = push_new(r, AT_PICKLE_TEXT);
    if (!v)
        return AT_EFORMAT;
    v->text = at_arena_strndup(&r->p->arena, (const char *)bytes, (size_t)n);
    return 0;
}

static int push_name(struct reader *r, const char *name)
{
    struct at_pickle_value *v;
    size_t i = 0;

    while (r->names[i] && strcmp(r->names[i], name) != 0)
        i++;
    if (!r->names[i])
        return at_fail(r->err, AT_EFORMAT,
                       "pickle: '%.*s' is no name that weights mention; it was not run",
                       at_shown(name, MAX_SHOWN), name);
    v = push_new(r, AT_PICKLE_NAME);
    if (!v)
        return AT_EFORMAT;
    v->text = r->names[i];
    return 0;
}

/* Two lines: module, name. */
static int read_global(struct reader *r)
{
    const char *part[2];
    int length[2];

    for (int i = 0; i < 2; i++) {
        const unsigned char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
        if (!end)
            return malformed(r, "no name");
        part[i] = (const char *)r->at;
        length[i] = (int)(end - r->at);
        r->at = end + 1;
    }
    return push_name(
        r, at_arena_printf(&r->p->arena, "%.*s.%.*s", length[0], part[0], length[1], part[1]));
}

/* Module and name are the last two values. */
static int read_stack_global(struct reader *r)
{
    const struct at_pickle_value *module = peek(r, 1), *name = peek(r, 0);

    if (!at_pickle_is(module, AT_PICKLE_TEXT) || !at_pickle_is(name, AT_PICKLE_TEXT))
        return malformed(r, "a name that is no string");
    r->stack.n -= 2;
    return push_name(r, at_arena_printf(&r->p->arena, "%s.%s", module->text, name->text));
}

/* The last n values as one of a kind. */
static int make(struct reader *r, enum at_pickle_kind kind, size_t n)
{
    struct at_pickle_value *v;

    if (n > n_free(r))
        return malformed(r, "too few values on the stack");
    v = push_new(r, kind);
    if (!v)
        return AT_EFORMAT;
    r->stack.n--;
    gather(r, v, n);
    return push(r, v);
}

static int make_to_mark(struct reader *r, enum at_pickle_kind kind)
{
    size_t n = 0;
    int rc = drop_mark(r, &n);

    return rc ? rc : make(r, kind, n);
}

/* The last n values go into the list or the dictionary below them. */
static int fill(struct reader *r, enum at_pickle_kind kind, size_t n)
{
    struct at_pickle_value *v = peek(r, n);

    if (!at_pickle_is(v, kind) || (kind == AT_PICKLE_DICT && n % 2))
        return malformed(r, "values for what is not there");
    gather(r, v, n);
    return 0;
}

static int fill_to_mark(struct reader *r, enum at_pickle_kind kind)
{
    size_t n = 0;
    int rc = drop_mark(r, &n);

    return rc ? rc : fill(r, kind, n);
}

/* OrderedDict() or, as Python 2 writes it, OrderedDict([[key, value], ...]): args becomes it. */
static int make_dict(struct reader *r, const struct at_pickle_value *args)
{
    const struct at_pickle_value *pairs = at_pickle_item(args, 0);
    struct at_pickle_value *dict;

    if (args->items.n > 1 || (args->items.n == 1 && !at_pickle_is(pairs, AT_PICKLE_LIST)))
        return malformed(r, "an OrderedDict of something else than pairs");
    r->stack.n -= 2;
    dict = push_new(r, AT_PICKLE_DICT);
    if (!dict)
        return AT_EFORMAT;
    for (size_t i = 0; pairs && i < pairs->items.n; i++) {
        const struct at_pickle_value *pair = pairs->items.items[i];
        if (pair->items.n != 2)
            return malformed(r, "an OrderedDict of something else than pairs");
        *at_array_push(&dict->items) = pair->items.items[0];
        *at_array_push(&dict->items) = pair->items.items[1];
    }
    return 0;
}

static int call(struct reader *r)
{
    const struct at_pickle_value *name = peek(r, 1), *args = peek(r, 0);

    if (!at_pickle_is(name, AT_PICKLE_NAME) || !at_pickle_is(args, AT_PICKLE_TUPLE))
        return malformed(r, "a call of what is no name");
    if (strcmp(name->text, "collections.OrderedDict") == 0)
        return make_dict(r, args);
    return make(r, AT_PICKLE_CALL, 2);
}

static int drop(struct reader *r)
{
    if (!peek(r, 0))
        return malformed(r, "too few values on the stack");
    r->stack.n--;
    return 0;
}

/* ---- the memo ---- */

static int put(struct reader *r, uint64_t number)
{
    struct at_pickle_value *v = peek(r, 0);

    if (!v || number >= MAX_MEMO)
        return malformed(r, "a memo that is not right");
    while (r->memo.n <= number)
        *at_array_push(&r->memo) = NULL;
    r->memo.items[number] = v;
    return 0;
}

static int get(struct reader *r, uint64_t number)
{
    if (number >= r->memo.n || !r->memo.items[number])
        return malformed(r, "a memo that is not right");
    return push(r, r->memo.items[number]);
}

static int with_number(struct reader *r, size_t n_bytes, int (*action)(struct reader *, uint64_t))
{
    uint64_t number = 0;
    int rc = take_number(&number, r, n_bytes);

    return rc ? rc : action(r, number);
}

static int check_protocol(struct reader *r, uint64_t protocol)
{
    if (protocol < 2 || protocol > LAST_PROTOCOL)
        return at_fail(r->err, AT_EFORMAT, "pickle: protocol %d, want 2 to %d", (int)protocol,
                       LAST_PROTOCOL);
    return 0;
}

/* Frames only help to read from a stream. */
static int ignore(struct reader *r, uint64_t number)
{
    (void)r;
    (void)number;
    return 0;
}

static int skip_float(struct reader *r)
{
    if (!take(r, 8))
        return malformed(r, "it ends too early");
    return push_new(r, AT_PICKLE_REAL) ? 0 : AT_EFORMAT;
}

static int stop(struct reader *r)
{
    if (r->stack.n != 1 || r->marks.n)
        return malformed(r, "more than one value at the end");
    r->p->top = r->stack.items[0];
    r->is_done = true;
    return 0;
}

/* ---- one opcode ---- */

/* What pushes one value that the bytes after the opcode tell. */
static int push_value(struct reader *r, int opcode)
{
    switch (opcode) {
    case NONE:
        return push_number(r, AT_PICKLE_NONE, 0);
    case NEWTRUE:
    case NEWFALSE:
        return push_number(r, AT_PICKLE_BOOL, opcode == NEWTRUE);
    case BININT1:
        return read_int(r, 1);
    case BININT2:
        return read_int(r, 2);
    case BININT:
        return read_int(r, 4);
    case LONG1:
        return read_long(r);
    case BINFLOAT:
        return skip_float(r);
    case SHORT_BINSTRING:
    case SHORT_BINUNICODE:
        return read_text(r, 1);
    case BINSTRING:
    case BINUNICODE:
        return read_text(r, 4);
    case BINUNICODE8:
        return read_text(r, 8);
    case GLOBAL:
        return read_global(r);
    case STACK_GLOBAL:
        return read_stack_global(r);
    default:
        return at_fail(r->err, AT_EFORMAT, "pickle: opcode 0x%02x at byte %zu is not read", opcode,
                       (size_t)(r->at - r->start) - 1);
    }
}

/* What works on values that are there. */
static int build(struct reader *r, int opcode)
{
    size_t n = 0;
    int rc;

    switch (opcode) {
    case EMPTY_TUPLE:
        return make(r, AT_PICKLE_TUPLE, 0);
    case EMPTY_LIST:
        return make(r, AT_PICKLE_LIST, 0);
    case EMPTY_DICT:
        return make(r, AT_PICKLE_DICT, 0);
    case TUPLE1:
    case TUPLE2:
    case TUPLE3:
        return make(r, AT_PICKLE_TUPLE, (size_t)(opcode - TUPLE1 + 1));
    case TUPLE:
        return make_to_mark(r, AT_PICKLE_TUPLE);
    case BINPERSID:
        return make(r, AT_PICKLE_PERSISTENT, 1);
    case REDUCE:
        return call(r);
    case APPEND:
        return fill(r, AT_PICKLE_LIST, 1);
    case APPENDS:
        return fill_to_mark(r, AT_PICKLE_LIST);
    case SETITEM:
        return fill(r, AT_PICKLE_DICT, 2);
    case SETITEMS:
        return fill_to_mark(r, AT_PICKLE_DICT);
    case BUILD:
    case POP:
        return drop(r);
    case POP_MARK:
        rc = drop_mark(r, &n);
        r->stack.n -= n;
        return rc;
    default:
        return push_value(r, opcode);
    }
}

static int step(struct reader *r)
{
    const unsigned char *opcode = take(r, 1);

    if (!opcode)
        return malformed(r, "it ends too early");
    switch (*opcode) {
    case PROTO:
        return with_number(r, 1, check_protocol);
    case FRAME:
        return with_number(r, 8, ignore);
    case STOP:
        return stop(r);
    case MARK:
        return mark(r);
    case BINPUT:
        return with_number(r, 1, put);
    case LONG_BINPUT:
        return with_number(r, 4, put);
    case MEMOIZE:
        return put(r, r->memo.n);
    case BINGET:
        return with_number(r, 1, get);
    case LONG_BINGET:
        return with_number(r, 4, get);
    default:
        return build(r, *opcode);
    }
}

int at_pickle_read(struct at_pickle *out, const unsigned char *bytes, size_t n,
                   const char *const *names, struct at_error *err)
{
    struct at_pickle p = { 0 };
    struct reader r = {
        .p = &p, .start = bytes, .at = bytes, .end = bytes + n, .names = names, .err = err
    };
    int rc = 0;

    while (!rc && !r.is_done)
        rc = step(&r);
    at_array_release(&r.stack);
    at_array_release(&r.marks);
    at_array_release(&r.memo);
    if (rc)
        at_pickle_release(&p);
    else
        *out = p;
    return rc;
}

void at_pickle_release(struct at_pickle *p)
{
    for (size_t i = 0; i < p->values.n; i++)
        at_array_release(&p->values.items[i]->items);
    at_array_release(&p->values);
    at_arena_release(&p->arena);
    *p = (struct at_pickle){ 0 };
}

const struct at_pickle_value *at_pickle_item(const struct at_pickle_value *v, size_t i)
{
    return v && i < v->items.n ? v->items.items[i] : NULL;
}

bool at_pickle_is(const struct at_pickle_value *v, enum at_pickle_kind kind)
{
    return v && v->kind == kind;
}

bool at_pickle_is_call(const struct at_pickle_value *v, const char *name)
{
    return at_pickle_is(v, AT_PICKLE_CALL) && strcmp(v->items.items[0]->text, name) == 0;
}
