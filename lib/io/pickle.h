/*
 * pickle.h - a pickle as data: values are built, nothing is imported and nothing is run.
 *
 * The opcodes are those that dictionaries of tensors need, of protocols 2 to 5; the names that may
 * be mentioned are the caller's list, and every other opcode and name is refused. A call becomes a
 * value too (what is called, and with what), for the caller to make sense of; only
 * collections.OrderedDict is known here, and becomes a dictionary. What BUILD sets on a value is
 * dropped. Memory is a small multiple of the pickle's own size whatever it says.
 * Reference: Lib/pickletools.py of CPython describes every opcode.
 */
#ifndef IO_PICKLE_H
#define IO_PICKLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/error.h"

enum at_pickle_kind {
    AT_PICKLE_NONE,
    AT_PICKLE_BOOL,
    AT_PICKLE_INT,
    AT_PICKLE_REAL,
    AT_PICKLE_TEXT,
    AT_PICKLE_NAME,       /* something that Python would import */
    AT_PICKLE_TUPLE,      /* items */
    AT_PICKLE_LIST,       /* items */
    AT_PICKLE_DICT,       /* items: key, value, key, value, ... */
    AT_PICKLE_CALL,       /* items: what is called, the tuple of its arguments */
    AT_PICKLE_PERSISTENT, /* items: the one value that stands for an object outside the pickle */
};

struct at_pickle_value {
    enum at_pickle_kind kind;
    long long number; /* BOOL, INT */
    const char *text; /* TEXT: UTF-8 without a NUL; NAME: "module.name" */
    struct AT_ARRAY(struct at_pickle_value *) items;
};

struct at_pickle {
    const struct at_pickle_value *top;
    struct AT_ARRAY(struct at_pickle_value *) values; /* all that were built */
    struct at_arena arena;
};

/*
 * at_pickle_read - read one pickle from n bytes; names is a NULL-terminated list of "module.name".
 *
 * Errors    AT_EFORMAT, the offset and what is refused: "'os.system' is no name that ... mentions".
 *           AT_ERANGE for a number that no long long holds.
 * Edge      A value may be part of itself.
 * Memory    at_pickle_release(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_pickle_read(struct at_pickle *out, const unsigned char *bytes, size_t n,
                               const char *const *names, struct at_error *err);
void at_pickle_release(struct at_pickle *p);

/* at_pickle_item - the i-th item, or NULL when there is none or v is NULL. */
const struct at_pickle_value *at_pickle_item(const struct at_pickle_value *v, size_t i);
/* at_pickle_is - is v there and of this kind? */
bool at_pickle_is(const struct at_pickle_value *v, enum at_pickle_kind kind);
/* at_pickle_is_call - a call of "module.name"? */
bool at_pickle_is_call(const struct at_pickle_value *v, const char *name);

#endif
