/*
 * run_tokens.c - the tokens that a call of `atlas run` names, found in each text, and the heads
 * that link them.
 */
#include <string.h>

#include "cmd/run/run.h"

/* --- the call --- */

/* "auto", "all", "none" or tokens. */
static int check_mask(struct run *run)
{
    static const char *const words[] = { "auto", "all", "none" };

    for (size_t i = 0; i < AT_COUNTOF(words); i++)
        if (!strcmp(run->mask_text, words[i])) {
            run->mask = (enum at_mask_choice)i;
            return EXIT_DONE;
        }
    if (!at_rows_is_list(run->mask_text))
        return report_usage("--mask takes auto, all, none or tokens like 3,5-7 or cat, not '%s'",
                            run->mask_text);
    run->mask = AT_MASK_LIST;
    return EXIT_DONE;
}

/* Links are told of each text. */
static int check_links(const struct run *run, const struct call *c)
{
    bool is_many = c->is_lines || c->is_jsonl || c->n_operands > 1;

    if (!run->from_text != !run->to_text)
        return report_usage("--from-token and --to-token go together");
    if (run->from_text && c->matrix != AT_RAW)
        return report_usage("--from-token is of softmax rows; leave out --matrix");
    if (run->from_text && is_many && !c->is_each && !c->is_json)
        return report_usage("--from-token tells of each text; give --each or --json");
    return EXIT_DONE;
}

int run_check_tokens(struct run *run, const struct call *c)
{
    const struct {
        const char *option, *list;
        const void *list_of; /* the variable that the option is stored in */
    } lists[] = {
        { "--focus", run->focus_text, &run->focus_text },
        { "--tree-root", run->root_text, &run->root_text },
        { "--from-token", run->from_text, &run->from_text },
        { "--to-token", run->to_text, &run->to_text },
    };
    int status = check_mask(run);

    if (!strcmp(run->root_text, "-1"))
        run->root_text = "auto";
    for (size_t i = 0; i < AT_COUNTOF(lists) && !status; i++)
        if (lists[i].list && !at_rows_is_list(lists[i].list))
            status = report_usage("%s takes tokens like 3,5-7 or cat,mat, not '%s'",
                                  lists[i].option, lists[i].list);
    for (size_t i = 0; i < AT_COUNTOF(lists) && !status && c->window; i++)
        if (call_gives(c, lists[i].list_of))
            status =
                report_usage("%s is of one map of a text; leave out --window", lists[i].option);
    return status ? status : check_links(run, c);
}

/* --- a text --- */

static int find_mask(struct at_mask *out, const struct run *run, const struct at_doc *doc,
                     struct at_arena *arena, struct at_error *err)
{
    const struct at_session *session = run->x->session;
    struct at_rows rows = { 0 };
    int rc = 0;

    if (doc->window.whole)
        doc = doc->window.whole;
    if (run->mask == AT_MASK_LIST && session && at_session_takes_masks(session))
        rc = at_doc_tokens(&rows, doc, "--mask", run->mask_text, arena, err);
    *out = (struct at_mask){ run->mask, rows.items, rows.n };
    return rc;
}

/* A causal model's first token sees itself only; its last sees them all. */
static int find_root(size_t *out, const struct run *run, const struct at_doc *doc,
                     struct at_arena *arena, struct at_error *err)
{
    if (strcmp(run->root_text, "auto") != 0)
        return at_doc_row(out, doc, "--tree-root", run->root_text, arena, err);
    *out = doc->shape->is_causal ? doc->n - 1 : 0;
    return 0;
}

int run_find_tokens(struct run_tokens *out, const struct run *run, const struct at_doc *doc,
                    struct at_arena *arena, struct at_error *err)
{
    struct run_tokens t = { 0 };
    struct at_rows from = { 0 }, to = { 0 };
    int rc = find_root(&t.root, run, doc, arena, err);

    if (!rc && run->focus_text)
        rc = at_doc_rows(&t.focus, doc, "--focus", run->focus_text, arena, err);
    if (!rc)
        rc = find_mask(&t.mask, run, doc, arena, err);
    if (!rc && run->from_text)
        rc = at_doc_rows(&from, doc, "--from-token", run->from_text, arena, err);
    if (!rc && run->to_text)
        rc = at_doc_rows(&to, doc, "--to-token", run->to_text, arena, err);
    t.ends = (struct at_token_ends){ from.items, to.items, from.n, to.n };
    *out = t;
    return rc;
}

/* --- what links them --- */

void run_add_link(struct run_links *links, const struct run_tokens *t, const struct at_doc *doc,
                  const float *map, size_t layer, size_t head)
{
    if (t->ends.n_from)
        *at_array_push(links) =
            at_token_link(map, doc->n, doc->shape->is_causal, &t->ends, layer, head);
}

int run_write_links(struct run_links *links, struct sink *sink, const struct at_doc *doc,
                    struct at_error *err)
{
    if (!links->n)
        return 0;
    at_token_links_rank(links->items, links->n);
    return sink_table(sink, doc, "links.csv", &at_token_link_record, links->items, links->n, err);
}
