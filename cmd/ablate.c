/*
 * ablate.c - see ablate.h.
 */
#include "cmd/ablate.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cmd.h"

/* Heads that a model's name tells. */
enum { NAMED = 6 };

/* clang-format off */
void ablate_options(struct ablate *a, struct call *c)
{
    const struct opt table[] = {
        OPT_TEXT(0, "ablate", &a->heads_text, "LIST", "remove these heads from the model: LAYER.HEAD,..., from 0"),
        OPT_ENUM(0, "ablation", &a->mode, at_removal_modes, "what takes a removed head's place"),
        OPT_TEXT(0, "reference", &a->reference_path, "FILE", "texts, one per line, that mean and resample are taken from; default: the text itself"),
        OPT_END,
    };

    memcpy(a->options, table, sizeof table);
    c->ablate = a;
}
/* clang-format on */

int ablate_check_mode(const struct ablate *a)
{
    if (a->reference_path && a->mode == AT_REMOVE_ZERO)
        return report_usage("--reference needs --ablation mean or resample");
    return EXIT_DONE;
}

int ablate_check(struct ablate *a, const struct call *c)
{
    struct at_error err;

    if (a->is_search && a->heads_text)
        return report_usage("heads are sought here; that does not go with --ablate");
    if (a->is_search)
        return ablate_check_mode(a);
    if (!a->heads_text || !strcmp(a->heads_text, "none")) {
        if (call_gives(c, &a->mode) || a->reference_path)
            return report_usage("%s needs --ablate with heads to remove",
                                a->reference_path ? "--reference" : "--ablation");
        return EXIT_DONE;
    }
    if (!strcmp(a->heads_text, "all"))
        return report_usage("--ablate all, one head at a time, is of 'atlas faith'; name heads "
                            "here, as in 3.5,4.0");
    if (c->from)
        return report_usage("--ablate needs a model; --from reads what one computed before");
    if (!(c->needs & NEED_MODEL))
        return report_usage("--ablate needs a model to remove heads from");
    if (at_head_list_parse(&a->heads, a->heads_text, &err))
        return report_usage("--ablate: %s", err.text);
    return ablate_check_mode(a);
}

int ablate_read(struct ablate *a, const struct at_session *s, struct sink *sink,
                struct at_error *err)
{
    uint64_t seed = (uint64_t)sink->call->seed;
    int rc = at_head_list_check(&a->heads, &s->model.config, err);

    if (rc)
        return at_error_in(err, "--ablate");
    if (a->reference_path) {
        rc = at_head_reference_read(&a->reference, s, a->reference_path, seed, err);
        if (rc)
            return at_error_in(err, "--reference");
        rc = sink_note_file(sink, "reference", a->reference_path, err);
    }
    a->rule = (struct at_removal_rule){ (enum at_removal_mode)a->mode,
                                        a->reference_path ? &a->reference : NULL, seed };
    return rc;
}

int ablate_open(struct ablate *a, struct at_session *s, struct sink *sink, struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    char *heads;
    int rc = a->heads.n || a->is_search ? ablate_read(a, s, sink, err) : 0;

    if (rc || !a->heads.n)
        return rc;
    a->gates = at_malloc(c->n_layers * c->n_heads, sizeof *a->gates);
    at_removal_gates(a->gates, a->heads.items, a->heads.n, c);
    a->edit = at_removal_edit(&a->rule, a->gates);
    s->model.edit = &a->edit;
    heads = at_head_list_text(a->heads.items, a->heads.n, ", ", NAMED);
    s->name =
        at_arena_printf(&s->arena, "%s without %s (%s)", s->name, heads, at_removal_modes[a->mode]);
    free(heads);
    return 0;
}

void ablate_meta(const struct ablate *a, struct at_json *meta)
{
    struct at_json *o, *list;

    if (!a || !a->heads.n)
        return;
    o = at_json_object();
    list = at_json_array();
    for (size_t i = 0; i < a->heads.n; i++) {
        char *name = at_head_list_text(&a->heads.items[i], 1, "", 1);
        at_json_append(list, at_json_string(name));
        free(name);
    }
    at_json_set(o, "heads", list);
    at_json_set_string(o, "mode", at_removal_modes[a->mode]);
    at_json_set_string(o, "reference", a->reference_path);
    at_json_set(meta, "ablation", o);
}

void ablate_release(struct ablate *a)
{
    at_head_list_release(&a->heads);
    at_head_reference_release(&a->reference);
    free(a->gates);
    a->gates = NULL;
}
