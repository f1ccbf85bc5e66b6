/*
 * post_processor.c - see post_processor.h.
 */
#include "text/post_processor.h"

#include <string.h>

#include "ops/shapes.h"
#include "text/steps.h"

enum { MAX_ITEMS = 1000 };

/* An item on its way: the items of one group stay together. */
struct item {
    struct at_plan_item it;
    size_t group;
};

/* The steps being run, for one text or a pair, with or without added tokens. */
struct run {
    struct AT_ARRAY(struct item) items;
    size_t n_groups;
    bool with_added;
    struct at_plan *plan; /* whose trims are filled */
    struct at_error *err;
};

static void push(struct run *r, struct at_plan_item it, size_t group)
{
    *at_array_push(&r->items) = (struct item){ it, group };
}

static int read_id(int *out, const struct at_json *v, struct at_error *err)
{
    long long id = at_json_integer(v, -1);

    if (id < 0 || id >= AT_MAX_VOCAB)
        return at_fail(err, AT_EFORMAT, "a token of the post-processor has no id from 0 to %d",
                       AT_MAX_VOCAB - 1);
    *out = (int)id;
    return 0;
}

/* "sep": ["[SEP]", 102] */
static int read_token(int *out, const struct at_json *v, const char *key, struct at_error *err)
{
    const struct at_json *pair = at_json_get(v, key);

    if (at_json_count(pair) != 2 || !at_json_is_string(at_json_at(pair, 0)))
        return at_fail(err, AT_EFORMAT, "'%s' of '%s' is not a token and its id", key,
                       at_step_type(v));
    return read_id(out, at_json_at(pair, 1), err);
}

static int run_trim(struct run *r, const struct at_json *v)
{
    struct at_trim trim = { .is_first = { true, true } };
    bool is_on;
    int rc = at_step_flag(&is_on, v, "trim_offsets", true, r->err);

    if (!rc)
        rc = at_step_flag(&trim.prefix_space, v, "add_prefix_space", true, r->err);
    if (rc || !is_on)
        return rc;
    for (size_t i = 1; i < r->items.n; i++)
        if (r->items.items[i].it.source >= 0 &&
            r->items.items[i].group == r->items.items[i - 1].group)
            trim.is_first[r->items.items[i].it.source] = false;
    *at_array_push(&r->plan->trims) = trim;
    return 0;
}

/* Put cls, or before where there are more texts, in front of each group, and sep behind it. */
static void surround(struct run *r, int cls, int sep, int before, int type_of_others)
{
    struct run old = *r;
    size_t n = old.items.n;

    memset(&r->items, 0, sizeof r->items);
    for (size_t g = 0, i = 0; g < old.n_groups; g++) {
        struct at_plan_item mark = { -1, g ? before : cls, g ? type_of_others : 0 };

        if (mark.id >= 0)
            push(r, mark, g);
        for (; i < n && old.items.items[i].group == g; i++)
            push(r, old.items.items[i].it, g);
        mark.id = sep;
        push(r, mark, g);
    }
    at_array_release(&old.items);
}

static int run_bert(struct run *r, const struct at_json *v)
{
    int cls, sep, rc = read_token(&cls, v, "cls", r->err);

    if (!rc)
        rc = read_token(&sep, v, "sep", r->err);
    if (!rc && r->with_added)
        surround(r, cls, sep, -1, 1);
    return rc;
}

static int run_roberta(struct run *r, const struct at_json *v)
{
    int cls, sep, rc = read_token(&cls, v, "cls", r->err);

    if (!rc)
        rc = read_token(&sep, v, "sep", r->err);
    if (!rc)
        rc = run_trim(r, v);
    if (rc)
        return rc;
    for (size_t i = 0; i < r->items.n; i++)
        r->items.items[i].it.type_id = 0;
    if (r->with_added)
        surround(r, cls, sep, sep, 0);
    return 0;
}

static int read_type_id(int *out, const struct at_json *v, struct at_error *err)
{
    long long type = at_json_integer(at_json_get(v, "type_id"), -1);

    if (type < 0 || type > INT16_MAX)
        return at_fail(err, AT_EFORMAT, "'type_id' in a template is no whole number");
    *out = (int)type;
    return 0;
}

/* {"Sequence": {"id": "A", "type_id": 0}} */
static int run_sequence(struct run *r, const struct run *old, const struct at_json *v, size_t group)
{
    const char *id = at_json_text(at_json_get(v, "id"), "");
    size_t wanted = !strcmp(id, "A") ? 0 : 1;
    int type_id = 0, rc = read_type_id(&type_id, v, r->err);

    if (rc)
        return rc;
    if ((wanted && strcmp(id, "B") != 0) || wanted >= old->n_groups)
        return at_fail(r->err, AT_EFORMAT, "a template of %zu text%s names the text '%.*s'",
                       old->n_groups, at_plural(old->n_groups), at_shown(id, 100), id);
    for (size_t i = 0; i < old->items.n; i++) {
        struct item item = old->items.items[i];

        if (item.group != wanted)
            continue;
        item.it.type_id = type_id;
        push(r, item.it, group);
    }
    return 0;
}

/* {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, of the tokens that the template lists. */
static int run_special(struct run *r, const struct at_json *tokens, const struct at_json *v,
                       size_t group)
{
    const char *name = at_json_text(at_json_get(v, "id"), "");
    const struct at_json *ids = at_json_get(at_json_get(tokens, name), "ids");
    struct at_plan_item it = { .source = -1 };
    int rc = read_type_id(&it.type_id, v, r->err);

    if (!rc && !at_json_is_array(ids))
        rc = at_fail(r->err, AT_EFORMAT,
                     "a template names '%.*s', which its 'special_tokens' do not have",
                     at_shown(name, 100), name);
    for (size_t i = 0; !rc && i < at_json_count(ids); i++) {
        rc = read_id(&it.id, at_json_at(ids, i), r->err);
        if (!rc && r->with_added)
            push(r, it, group);
    }
    return rc;
}

static int run_template(struct run *r, const struct at_json *v)
{
    const struct at_json *pieces = at_json_get(v, r->n_groups == 2 ? "pair" : "single");
    struct run old = *r;
    int rc = 0;

    if (r->n_groups > 2)
        return at_fail(r->err, AT_EFORMAT, "'TemplateProcessing' behind another one");
    if (!at_json_is_array(pieces))
        return at_fail(r->err, AT_EFORMAT, "'%s' of 'TemplateProcessing' is not a list",
                       r->n_groups == 2 ? "pair" : "single");
    memset(&r->items, 0, sizeof r->items);
    r->n_groups = 0;
    for (size_t i = 0; !rc && i < at_json_count(pieces); i++) {
        const struct at_json *piece = at_json_at(pieces, i);
        const struct at_json *sequence = at_json_get(piece, "Sequence");
        const struct at_json *special = at_json_get(piece, "SpecialToken");

        if (sequence)
            rc = run_sequence(r, &old, sequence, r->n_groups++);
        else if (special) {
            rc = run_special(r, at_json_get(v, "special_tokens"), special, r->n_groups);
            r->n_groups += r->with_added;
        } else
            rc = at_fail(r->err, AT_EFORMAT,
                         "a piece of a template is neither 'Sequence' nor 'SpecialToken'");
        if (!rc && r->items.n > MAX_ITEMS)
            rc = at_fail(r->err, AT_ERANGE, "a template of more than %d tokens", MAX_ITEMS);
    }
    at_array_release(&old.items);
    return rc;
}

static const struct type {
    const char *name;
    int (*run)(struct run *r, const struct at_json *v);
    const char *keys[5];
} types[] = {
    { "TemplateProcessing", run_template, { "single", "pair", "special_tokens" } },
    { "BertProcessing", run_bert, { "sep", "cls" } },
    { "RobertaProcessing", run_roberta, { "sep", "cls", "trim_offsets", "add_prefix_space" } },
    { "ByteLevel", run_trim, { "add_prefix_space", "trim_offsets", "use_regex" } },
};

static int run_step(struct run *r, const struct at_json *v, int depth)
{
    static const char *const keys[] = { "processors", NULL };
    const struct at_json *list = at_json_get(v, keys[0]);
    const struct type *type = types, *end = types + AT_COUNTOF(types);
    int rc;

    if (!strcmp(at_step_type(v), "Sequence")) {
        rc = at_step_check("post-processor", v, keys, r->err);
        if (!rc && (!at_json_is_array(list) || depth == AT_MAX_NESTED))
            rc = at_fail(r->err, AT_EFORMAT, "'processors' of 'Sequence' is not a list%s",
                         depth == AT_MAX_NESTED ? " that is nested less" : "");
        for (size_t i = 0; !rc && i < at_json_count(list); i++)
            rc = run_step(r, at_json_at(list, i), depth + 1);
        return rc;
    }
    while (type < end && strcmp(at_step_type(v), type->name) != 0)
        type++;
    if (type == end)
        return at_step_unknown("post-processor", v, r->err);
    rc = at_step_check("post-processor", v, type->keys, r->err);
    if (!rc)
        rc = type->run(r, v);
    if (!rc && r->items.n + r->plan->trims.n > MAX_ITEMS)
        rc = at_fail(r->err, AT_ERANGE, "post-processors that add more than %d tokens", MAX_ITEMS);
    return rc;
}

int at_post_processor_read(struct at_post_processor *out, const struct at_json *v,
                           struct at_error *err)
{
    int rc = 0;

    for (int k = 0; !rc && k < 4; k++) {
        bool is_pair = k & 1, with_added = k & 2;
        struct at_plan *plan = &out->plans[is_pair][with_added];
        struct run r = {
            .n_groups = 1 + is_pair, .with_added = with_added, .plan = plan, .err = err
        };

        push(&r, (struct at_plan_item){ 0, -1, 0 }, 0);
        if (is_pair)
            push(&r, (struct at_plan_item){ 1, -1, 1 }, 1);
        if (!at_json_is_null(v))
            rc = run_step(&r, v, 0);
        for (size_t i = 0; i < r.items.n; i++)
            *at_array_push(&plan->items) = r.items.items[i].it;
        at_array_release(&r.items);
    }
    return rc;
}

void at_post_processor_set(struct at_post_processor *p, bool is_pair,
                           const struct at_plan_item *items, size_t n)
{
    for (int with_added = 0; with_added < 2; with_added++) {
        struct at_plan *plan = &p->plans[is_pair][with_added];

        plan->items.n = 0;
        for (size_t i = 0; i < n; i++)
            if (with_added || items[i].source >= 0)
                *at_array_push(&plan->items) = items[i];
    }
}

void at_post_processor_release(struct at_post_processor *p)
{
    for (int k = 0; k < 4; k++) {
        at_array_release(&p->plans[k & 1][k >> 1].items);
        at_array_release(&p->plans[k & 1][k >> 1].trims);
    }
}
