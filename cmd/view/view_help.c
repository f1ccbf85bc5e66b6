/*
 * view_help.c - what the page says about its numbers: formulas, readings and sources of metrics,
 * and the meaning of every key of its documents.
 */
#include <string.h>

#include "analysis/metric_info.h"
#include "cmd/view/view.h"

static struct at_json *metric_help(const struct at_metric_text *t, bool is_causal)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "title", t->title);
    at_json_set_string(o, "unit", t->unit);
    at_json_set_string(o, "formula",
                       is_causal && t->formula_causal ? t->formula_causal : t->formula);
    at_json_set_string(o, "range", t->range);
    at_json_set_string(o, "high", t->high);
    at_json_set_string(o, "low", t->low);
    at_json_set_string(o, "source", t->source);
    return o;
}

static void add_key(void *arg, const char *name, const struct at_field *f,
                    const struct at_field *of)
{
    struct at_json *o = at_json_object();

    (void)of;
    at_json_set_string(o, "help", f->help);
    if (f->unit)
        at_json_set_string(o, "unit", f->unit);
    at_json_set(arg, name, o);
}

/* Of every document that a command writes: {"heads.json": {"heads[].raw.syntax": ...}}. */
static struct at_json *document_help(void)
{
    struct at_json *documents = at_json_object();

    for (size_t i = 0; commands[i]; i++)
        for (const struct output *o = commands[i]->outputs; o && o->file; o++) {
            size_t n = strlen(o->file);
            struct at_json *keys;
            if (n < 5 || strcmp(o->file + n - 5, ".json") != 0 || !o->record ||
                !view_shows(o->file))
                continue;
            keys = at_json_object();
            at_record_walk_keys(o->record, add_key, keys);
            at_json_set(documents, o->file, keys);
        }
    return documents;
}

struct at_json *view_help(bool is_causal)
{
    struct at_json *help = at_json_object(), *metrics = at_json_object();
    struct at_json *roles = at_json_object();

    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++)
        at_json_set(metrics, at_metric_key(i), metric_help(&at_metric_texts[i], is_causal));
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
        const struct at_head_score_info *s = &at_head_score_table[i];
        at_json_set_string(roles, s->key,
                           is_causal && s->title_no_cls ? s->title_no_cls : s->title);
    }
    at_json_set(help, "metrics", metrics);
    at_json_set(help, "roles", roles);
    at_json_set(help, "documents", document_help());
    return help;
}
