/*
 * bias_labels.c - see bias_labels.h.
 */
#include "analysis/bias_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "io/textfile.h"
#include "model/classify.h"

enum { MAX_FILE = 1 << 20, NOT_NAMED = AT_N_BIAS_LABELS };

/* A label without its group, and without its place in a span. */
static const char *bare_name(const char *label)
{
    label += at_label_group(label);
    label += *label == ':';
    return (*label == 'B' || *label == 'I') && label[1] == '-' ? label + 2 : label;
}

static bool is_inside(const char *label)
{
    const char *bare = bare_name(label);

    return bare - label >= 2 && bare[-2] == 'I' && bare[-1] == '-';
}

static bool is_text(const char *a, const char *b, size_t n)
{
    return strlen(a) == n && memcmp(a, b, n) == 0;
}

/* The label of a role for one of the classifier's; NOT_NAMED when there is no such role. */
static size_t role_of(const char *role, size_t n, const char *label)
{
    for (size_t i = 0; i < AT_N_BIAS_LABELS; i++)
        if (is_text(at_bias_label_name(i), role, n))
            return i;
    for (size_t i = 1; i < AT_N_BIAS_LABELS; i++) {
        const char *name = at_bias_label_name(i);
        if (is_text(name + 2, role, n) && (*name == 'I') == is_inside(label))
            return i;
    }
    return NOT_NAMED;
}

/* "NAME=ROLE" (n). */
static int take_item(struct at_bias_label_map *m, const char *item, size_t n,
                     const struct at_config *c, struct at_error *err)
{
    const char *equals = memchr(item, '=', n);
    size_t length = equals ? (size_t)(equals - item) : 0, n_found = 0;

    if (!length || length + 1 == n)
        return at_fail(err, AT_ERANGE, "want NAME=ROLE, not '%.*s'", at_shown(item, n), item);
    for (size_t i = 0; i < c->n_labels; i++) {
        size_t role = role_of(equals + 1, n - length - 1, c->labels[i]);
        if (!is_text(c->labels[i], item, length) && !is_text(bare_name(c->labels[i]), item, length))
            continue;
        if (role == NOT_NAMED)
            return at_fail(err, AT_ERANGE,
                           "no role '%.*s'; want GEN, UNFAIR, STEREO, with or without B- or I-, "
                           "or O",
                           at_shown(equals + 1, n - length - 1), equals + 1);
        if (m->role[i] != NOT_NAMED)
            return at_fail(err, AT_ERANGE, "label '%s' has two roles", c->labels[i]);
        m->role[i] = role;
        n_found++;
    }
    return n_found
               ? 0
               : at_fail(err, AT_ERANGE, "the classifier has no label '%.*s'; its first is '%s'",
                         at_shown(item, length), item, c->n_labels ? c->labels[0] : "");
}

/* All items of a list; of a file they end with their lines. */
static int take_list(struct at_bias_label_map *m, const char *s, const char *ends,
                     const struct at_config *c, struct at_error *err)
{
    int rc = 0;

    while (*s && !rc) {
        size_t n = strcspn(s, ends);
        const char *item = s;
        s += n + (s[n] != '\0');
        while (n && strchr(" \t\r", *item)) {
            item++;
            n--;
        }
        while (n && strchr(" \t\r", item[n - 1]))
            n--;
        if (n && *item != '#')
            rc = take_item(m, item, n, c, err);
    }
    return rc;
}

/* Labels that nobody named are O. */
static int complete(struct at_bias_label_map *m, struct at_error *err)
{
    size_t n_flagging = 0;

    for (size_t i = 0; i < m->n; i++) {
        if (m->role[i] == NOT_NAMED)
            m->role[i] = AT_BIAS_O;
        n_flagging += m->role[i] != AT_BIAS_O;
    }
    return n_flagging ? 0 : at_fail(err, AT_ERANGE, "no label is GEN, UNFAIR or STEREO");
}

int at_bias_label_map_read(struct at_bias_label_map *out, const char *text,
                           const struct at_config *config, struct at_error *err)
{
    struct at_bias_label_map m = { at_malloc(config->n_labels + 1, sizeof *m.role),
                                   config->n_labels, config->is_multi_label };
    char *file = NULL;
    size_t length;
    int rc = 0;

    for (size_t i = 0; i < m.n; i++)
        m.role[i] = NOT_NAMED;
    if (at_path_is_file(text))
        rc = at_text_read(&file, &length, text, MAX_FILE, err);
    if (!rc)
        rc = take_list(&m, file ? file : text, file ? "\n" : ",", config, err);
    if (!rc)
        rc = complete(&m, err);
    if (rc && file)
        at_error_in(err, "%s", text);
    free(file);
    if (rc)
        at_bias_label_map_release(&m);
    else
        *out = m;
    return rc;
}

void at_bias_label_map_release(struct at_bias_label_map *m)
{
    free(m->role);
    *m = (struct at_bias_label_map){ 0 };
}

void at_bias_label_map_apply(float *out, const struct at_bias_label_map *m, const float *p,
                             size_t N)
{
    memset(out, 0, N * AT_N_BIAS_LABELS * sizeof *out);
    for (size_t t = 0; t < N; t++)
        for (size_t i = 0; i < m->n; i++) {
            float *to = &out[t * AT_N_BIAS_LABELS + m->role[i]], x = p[t * m->n + i];
            *to = m->is_multi_label ? AT_MAX(*to, x) : *to + x;
        }
}
