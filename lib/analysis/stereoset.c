/*
 * stereoset.c - see stereoset.h.
 */
#include "analysis/stereoset.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/csv.h"
#include "io/json.h"
#include "io/text_kind.h"

static const char *const gold_names[AT_N_GOLD] = { "stereotype", "anti-stereotype", "unrelated" };
static const char *const part_names[AT_N_PARTS] = { "intrasentence", "intersentence" };

const char *at_gold_name(enum at_gold gold)
{
    return gold_names[gold];
}

const char *at_stereo_part_name(enum at_stereo_part part)
{
    return part_names[part];
}

/* Where in the file we are, for messages: data.intersentence[12].sentences[1]. */
struct place {
    enum at_stereo_part part;
    size_t item;
    long sentence; /* -1: the item itself */
};

static int bad(const struct place *at, struct at_error *err, const char *what, const char *found)
{
    char sentence[32] = "";

    if (at->sentence >= 0)
        snprintf(sentence, sizeof sentence, ".sentences[%ld]", at->sentence);
    return at_fail(err, AT_EFORMAT, "data.%s[%zu]%s: %s%s%s%s", part_names[at->part], at->item,
                   sentence, what, found ? " '" : "", found ? found : "", found ? "'" : "");
}

static int take_string(const char **out, struct at_arena *arena, const struct at_json *object,
                       const char *key, const struct place *at, struct at_error *err)
{
    const struct at_json *v = at_json_get(object, key);

    if (!at_json_is_string(v))
        return bad(at, err, v ? "not a string: key" : "missing key", key);
    *out = at_arena_strdup(arena, at_json_text(v, ""));
    return 0;
}

static int gold_of(enum at_gold *out, const char *name)
{
    for (size_t g = 0; g < AT_N_GOLD; g++)
        if (strcmp(name, gold_names[g]) == 0) {
            *out = (enum at_gold)g;
            return 0;
        }
    return AT_ENOTFOUND;
}

static int read_sentences(struct at_stereo_item *item, struct at_arena *arena,
                          const struct at_json *list, struct place at, struct at_error *err)
{
    char count[32];
    int rc = 0;

    if (!at_json_is_array(list))
        return bad(&at, err, "missing list", "sentences");
    snprintf(count, sizeof count, "%zu", at_json_count(list));
    if (at_json_count(list) != AT_N_GOLD)
        return bad(&at, err, "want 3 sentences, found", count);
    for (size_t i = 0; i < AT_N_GOLD && !rc; i++) {
        const struct at_json *entry = at_json_at(list, i);
        struct at_stereo_sentence sentence = { 0 };
        const char *label = NULL;
        at.sentence = (long)i;
        if (!at_json_is_object(entry))
            return bad(&at, err, "not an object", NULL);
        rc = take_string(&sentence.id, arena, entry, "id", &at, err);
        if (!rc)
            rc = take_string(&sentence.text, arena, entry, "sentence", &at, err);
        if (!rc)
            rc = take_string(&label, arena, entry, "gold_label", &at, err);
        if (!rc && gold_of(&item->order[i], label) != 0)
            rc =
                bad(&at, err,
                    "want gold label 'stereotype', 'anti-stereotype' or 'unrelated', found", label);
        if (!rc && item->sentence[item->order[i]].id)
            rc = bad(&at, err, "second sentence with gold label", label);
        if (!rc)
            item->sentence[item->order[i]] = sentence;
    }
    return rc;
}

static size_t count_blanks(const char *context)
{
    size_t n = 0;

    for (const char *p = context; (p = strstr(p, "BLANK")); p += strlen("BLANK"))
        n++;
    return n;
}

/* target and category are kept as strings until all are known; names (n, 2). */
static int read_item(struct at_stereo_item *item, const char **names, struct at_arena *arena,
                     const struct at_json *v, struct place at, struct at_error *err)
{
    int rc;

    if (!at_json_is_object(v))
        return bad(&at, err, "not an object", NULL);
    item->part = at.part;
    rc = take_string(&item->id, arena, v, "id", &at, err);
    if (!rc)
        rc = take_string(&names[0], arena, v, "target", &at, err);
    if (!rc)
        rc = take_string(&names[1], arena, v, "bias_type", &at, err);
    if (!rc)
        rc = take_string(&item->context, arena, v, "context", &at, err);
    if (!rc)
        rc = read_sentences(item, arena, at_json_get(v, "sentences"), at, err);
    if (!rc)
        item->n_blanks = count_blanks(item->context);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct names of one column of names (n, 2), sorted; numbers of the rows into *number. */
static size_t number_names(const char ***out, const char **names, size_t column, size_t n,
                           struct at_arena *arena)
{
    const char **list = at_arena_alloc(arena, n, sizeof *list);
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        list[i] = names[2 * i + column];
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++)
        if (m == 0 || strcmp(list[m - 1], list[i]) != 0)
            list[m++] = list[i];
    *out = list;
    return m;
}

static size_t name_number(const char *const *list, size_t n, const char *name)
{
    const char *const *hit = bsearch(&name, list, n, sizeof *list, by_name);

    return (size_t)(hit - list);
}

static int by_id(const void *a, const void *b)
{
    const struct at_stereo_id *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static int check_item_ids(const struct at_stereoset *s, struct at_error *err)
{
    const char **ids = at_malloc(s->n, sizeof *ids);
    int rc = 0;

    for (size_t i = 0; i < s->n; i++)
        ids[i] = s->items[i].id;
    qsort(ids, s->n, sizeof *ids, by_name);
    for (size_t i = 1; i < s->n && !rc; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            rc = at_fail(err, AT_EFORMAT, "two items have the id '%s'", ids[i]);
    free(ids);
    return rc;
}

static int index_sentences(struct at_stereoset *s, struct at_error *err)
{
    size_t n = AT_N_GOLD * s->n;

    s->ids = at_arena_alloc(&s->arena, n, sizeof *s->ids);
    for (size_t i = 0; i < n; i++) {
        enum at_gold gold = (enum at_gold)(i % AT_N_GOLD);
        size_t item = i / AT_N_GOLD;
        s->ids[i] = (struct at_stereo_id){ s->items[item].sentence[gold].id, item, gold };
    }
    qsort(s->ids, n, sizeof *s->ids, by_id);
    for (size_t i = 1; i < n; i++)
        if (strcmp(s->ids[i - 1].id, s->ids[i].id) == 0)
            return at_fail(err, AT_EFORMAT, "two sentences have the id '%s'", s->ids[i].id);
    return 0;
}

int at_stereoset_find(size_t *item_out, enum at_gold *gold_out, const struct at_stereoset *s,
                      const char *id)
{
    struct at_stereo_id key = { id, 0, AT_STEREO }, *hit;

    hit = bsearch(&key, s->ids, AT_N_GOLD * s->n, sizeof key, by_id);
    if (!hit)
        return AT_ENOTFOUND;
    *item_out = hit->item;
    *gold_out = hit->gold;
    return 0;
}

/* Ids checked, targets and categories numbered; names (n, 2). */
static int finish(struct at_stereoset *s, const char **names, struct at_error *err)
{
    int rc = check_item_ids(s, err);

    if (!rc)
        rc = index_sentences(s, err);
    if (rc)
        return rc;
    s->n_targets = number_names(&s->targets, names, 0, s->n, &s->arena);
    s->n_categories = number_names(&s->categories, names, 1, s->n, &s->arena);
    for (size_t i = 0; i < s->n; i++) {
        s->items[i].target = name_number(s->targets, s->n_targets, names[2 * i]);
        s->items[i].category = name_number(s->categories, s->n_categories, names[2 * i + 1]);
    }
    return 0;
}

static int read_parts(struct at_stereoset *s, const char **names, const struct at_json *const *part,
                      struct at_error *err)
{
    int rc = 0;

    for (size_t p = 0; p < AT_N_PARTS; p++)
        for (size_t i = 0; i < at_json_count(part[p]) && !rc; i++) {
            struct place at = { (enum at_stereo_part)p, i, -1 };
            rc = read_item(&s->items[s->n], names + 2 * s->n, &s->arena, at_json_at(part[p], i), at,
                           err);
            s->n++;
        }
    return rc;
}

static int from_json(struct at_stereoset *s, const struct at_json *root, struct at_error *err)
{
    const struct at_json *data = at_json_get(root, "data"), *part[AT_N_PARTS];
    const char **names;
    size_t n = 0;
    int rc;

    if (!at_json_is_object(data))
        return at_fail(err, AT_EFORMAT, "not a StereoSet file: no object 'data'");
    for (size_t p = 0; p < AT_N_PARTS; p++) {
        part[p] = at_json_get(data, part_names[p]);
        if (part[p] && !at_json_is_array(part[p]))
            return at_fail(err, AT_EFORMAT, "data.%s is not a list", part_names[p]);
        n += at_json_count(part[p]);
    }
    if (n == 0)
        return at_fail(err, AT_EFORMAT,
                       "no items: neither data.intrasentence nor data.intersentence has any");
    s->items = at_arena_calloc(&s->arena, n, sizeof *s->items);
    names = at_arena_calloc(&s->arena, 2 * n, sizeof *names);
    rc = read_parts(s, names, part, err);
    return rc ? rc : finish(s, names, err);
}

/* One item of an items.csv: rows row .. row+2. */
static int table_item(struct at_stereoset *s, const char **names, const struct at_table *t,
                      size_t row, const long *column, struct at_error *err)
{
    struct at_stereo_item *item = &s->items[row / AT_N_GOLD];
    const char *part = at_table_cell(t, row, (size_t)column[1]);

    item->part = strcmp(part, part_names[0]) == 0 ? AT_INTRASENTENCE : AT_INTERSENTENCE;
    if (strcmp(part, part_names[item->part]) != 0)
        return at_fail(err, AT_EFORMAT, "row %zu: unknown type '%s'", row + 1, part);
    names[0] = at_arena_strdup(&s->arena, at_table_cell(t, row, (size_t)column[3]));
    names[1] = at_arena_strdup(&s->arena, at_table_cell(t, row, (size_t)column[2]));
    item->context = "";
    for (size_t k = 0; k < AT_N_GOLD; k++) {
        const char *gold = at_table_cell(t, row + k, (size_t)column[4]);
        struct at_stereo_sentence sentence = {
            at_arena_strdup(&s->arena, at_table_cell(t, row + k, (size_t)column[0])),
            at_arena_strdup(&s->arena, at_table_cell(t, row + k, (size_t)column[5])),
        };
        if (gold_of(&item->order[k], gold) != 0 || item->sentence[item->order[k]].id)
            return at_fail(err, AT_EFORMAT, "row %zu: unknown or second gold label '%s'",
                           row + k + 1, gold);
        item->sentence[item->order[k]] = sentence;
        item->id = item->id ? item->id : sentence.id;
    }
    return 0;
}

static int from_table(struct at_stereoset *s, const struct at_table *t, struct at_error *err)
{
    static const char *const wanted[] = { "id", "type", "category", "target", "gold", "text" };
    long column[AT_COUNTOF(wanted)];
    size_t n = t->n_rows / AT_N_GOLD;
    const char **names;
    int rc = 0;

    for (size_t c = 0; c < AT_COUNTOF(wanted); c++) {
        column[c] = at_table_column(t, wanted[c]);
        if (column[c] < 0)
            return at_fail(err, AT_EFORMAT, "no column '%s'", wanted[c]);
    }
    if (n == 0 || t->n_rows % AT_N_GOLD)
        return at_fail(err, AT_EFORMAT, "%zu rows, want three for every item", t->n_rows);
    s->items = at_arena_calloc(&s->arena, n, sizeof *s->items);
    names = at_arena_calloc(&s->arena, 2 * n, sizeof *names);
    for (s->n = 0; s->n < n && !rc; s->n++)
        rc = table_item(s, names + 2 * s->n, t, AT_N_GOLD * s->n, column, err);
    return rc ? rc : finish(s, names, err);
}

int at_stereoset_read(struct at_stereoset *out, const char *path, struct at_error *err)
{
    struct at_stereoset s = { 0 };
    struct at_table table = { 0 };
    struct at_json *root = NULL;
    bool is_table = at_text_kind(path) != AT_TEXT_JSON;
    int rc = is_table ? at_table_read(&table, path, ',', err) : at_json_read(&root, path, err);

    if (rc)
        return rc;
    rc = is_table ? from_table(&s, &table, err) : from_json(&s, root, err);
    at_json_free(root);
    at_table_release(&table);
    if (rc) {
        at_stereoset_release(&s);
        return at_error_in(err, "%s", path);
    }
    *out = s;
    return 0;
}

void at_stereoset_release(struct at_stereoset *s)
{
    at_arena_release(&s->arena);
    *s = (struct at_stereoset){ 0 };
}
