/*
 * tensor_names.c - see tensor_names.h.
 */
#include "model/tensor_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

/* What wrappers put before names, and classes that hold a trunk; no family's own names begin so. */
static const char *const prefixes[] = { "_orig_mod.", "module.",  "model.",      "base_model.",
                                        "bert.",      "roberta.", "transformer." };

/* The end of a name, and how many prefixes stand before it. */
static const char *strip(const char *name, const char *own, size_t *n_before)
{
    size_t n = strlen(own);
    bool is_known = n && strncmp(name, own, n) == 0;

    for (size_t i = 0; i < AT_COUNTOF(prefixes) && !is_known; i++) {
        n = strlen(prefixes[i]);
        is_known = strncmp(name, prefixes[i], n) == 0;
    }
    if (!is_known)
        return name;
    ++*n_before;
    return strip(name + n, own, n_before);
}

const char *at_tensor_name_bare(const char *name, const char *prefix)
{
    size_t n_before = 0;

    return strip(name, prefix, &n_before);
}

static int by_name(const void *a, const void *b)
{
    const struct at_tensor_name *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->n_before > y->n_before) - (x->n_before < y->n_before);
}

static int only_name(const void *a, const void *b)
{
    const struct at_tensor_name *x = a, *y = b;

    return strcmp(x->name, y->name);
}

int at_tensor_names_make(struct at_tensor_names *out, const struct at_tensors *files,
                         const char *prefix, struct at_error *err)
{
    size_t n = at_tensors_count(files), kept = 0;
    struct at_tensor_names names = { 0 };

    for (size_t i = 0; i < n; i++) {
        const struct at_tensor_view *t = at_tensors_at(files, i);
        size_t n_before = 0;
        const char *bare = strip(t->name, prefix, &n_before);
        *at_array_push(&names) = (struct at_tensor_name){ bare, n_before, t };
    }
    if (n)
        qsort(names.items, n, sizeof *names.items, by_name);
    for (size_t i = 0; i < n; i++) {
        const struct at_tensor_name *x = &names.items[i];
        if (!kept || only_name(&names.items[kept - 1], x) != 0)
            names.items[kept++] = *x;
        else if (names.items[kept - 1].n_before == x->n_before) {
            int rc = at_fail(err, AT_EFORMAT, "'%.200s' and '%.200s' are one tensor to the model",
                             names.items[kept - 1].tensor->name, x->tensor->name);
            at_tensor_names_release(&names);
            return rc;
        }
    }
    names.n = kept;
    *out = names;
    return 0;
}

void at_tensor_names_release(struct at_tensor_names *names)
{
    at_array_release(names);
}

const struct at_tensor_view *at_tensor_names_find(const struct at_tensor_names *names,
                                                  const char *name)
{
    const struct at_tensor_name key = { .name = name }, *found = NULL;

    if (names->n)
        found = bsearch(&key, names->items, names->n, sizeof key, only_name);
    return found ? found->tensor : NULL;
}

size_t at_tensor_names_common(const struct at_tensor_names *names)
{
    const char *first, *last;
    size_t common = 0;

    if (names->n < 2)
        return 0;
    first = names->items[0].name;
    last = names->items[names->n - 1].name; /* in order: what these two share, all share */
    for (size_t i = 0; first[i] && first[i] == last[i]; i++)
        if (first[i] == '.')
            common = i + 1;
    return common;
}
