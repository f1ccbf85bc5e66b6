/*
 * method_list.c - see method_list.h.
 */
#include "cmd/method_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/opt.h"
#include "cmd/report.h"

static int unknown_method(const char *name, size_t n)
{
    const char *names[32] = { 0 };
    char *wanted = at_strndup(name, n);
    const char *near;
    size_t i = 0;

    for (; at_attribution_methods[i] && i + 1 < AT_COUNTOF(names); i++)
        names[i] = at_attribution_methods[i]->key;
    near = opt_nearest(wanted, names, i);
    report_usage("--methods: there is no '%s'%s%s%s", wanted, near ? "; do you mean '" : "",
                 near ? near : "", near ? "'?" : "");
    free(wanted);
    return EXIT_USAGE;
}

int take_methods(struct at_faith_options *o, const char *list, struct at_arena *arena)
{
    const struct at_attribution_method *const *all = at_attribution_methods;
    size_t n = 0;
    bool *is_wanted;

    while (all[n])
        n++;
    is_wanted = at_arena_calloc(arena, n, sizeof *is_wanted);
    for (const char *s = list; s;) {
        size_t length = strcspn(s, ",");
        const struct at_attribution_method *m = at_attribution_find(s, length);
        if (!m)
            return unknown_method(s, length);
        for (size_t i = 0; i < n; i++)
            is_wanted[i] = is_wanted[i] || all[i] == m;
        s = s[length] ? s + length + 1 : NULL;
    }
    o->are_named = list != NULL;
    o->methods = at_arena_calloc(arena, n, sizeof *o->methods);
    for (size_t i = 0; i < n; i++)
        if (!list || is_wanted[i])
            o->methods[o->n_methods++] = all[i];
    return EXIT_DONE;
}
