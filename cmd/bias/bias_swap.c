/*
 * bias_swap.c - `atlas bias swap`: the counterfactual of a text, terms for a group of people
 * replaced by their counterparts, and how far a model's attention stays the same.
 */
#include "cmd/bias/bias_swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/find.h"

/* --- one text --- */

struct state {
    struct swap *swap;
    const struct at_doc *doc;
    struct at_counterfactual text;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_counterfactual_release(&s->text);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct swap *swap = arg;
    struct state *s = at_calloc(1, sizeof *s);
    struct at_counterfactual *t = &s->text;

    *s = (struct state){ .swap = swap, .doc = doc };
    if (at_counterfactual_begin(t, swap->x->session, doc, &swap->options, err)) {
        release_text(s);
        return NULL;
    }
    tag_source_warn(doc, &t->tagged);
    if (t->why_not.code)
        report_warning("attention is not compared: the swapped %s", t->why_not.text);
    if (t->other.n_tokens_given > t->other.tokens.n)
        report_warning("%s%stext has %zu tokens, cut to the model's %zu", doc->in.id,
                       *doc->in.id ? ": " : "", t->other.n_tokens_given, t->other.tokens.n);
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    (void)err;
    at_counterfactual_add(&s->text, layer);
    return 0;
}

/* A row of the table over all texts, which is begun with the first of several. */
static int add_to_texts(struct swap *swap, const struct at_doc *doc,
                        const struct at_counterfactual_result *r, struct at_error *err)
{
    struct at_arena arena = { 0 };
    const struct at_counterfactual_row row = { sink_text_head(swap->x->sink, doc, &arena), *r };
    int rc = 0;

    if (*doc->in.id && !swap->texts.is_open)
        rc = table_open(&swap->texts, swap->x->sink, NULL, "texts.csv",
                        &at_counterfactual_row_record, err);
    if (!rc)
        table_add(&swap->texts, &row);
    at_arena_release(&arena);
    return rc;
}

static int tell(struct swap *swap, const struct at_doc *doc,
                const struct at_counterfactual_result *r, struct at_error *err)
{
    const struct at_comparison *c = r->consistency;
    struct sink *sink = swap->x->sink;
    struct at_json *meta;
    int rc = sink_table(sink, doc, "swap.csv", &at_swap_row_record, r->swaps, r->n_swaps, err);

    if (!rc)
        rc = sink_table(sink, doc, "consistency.csv", &at_consistency_row_record,
                        c ? c->heads : NULL, c ? c->n_heads : 0, err);
    if (!rc)
        rc = add_to_texts(swap, doc, r, err);
    if (!rc && c && sink_draws(sink))
        rc = swap_picture(sink, doc, r, err);
    if (rc)
        return rc;
    if (sink_prints(sink))
        swap_print(doc, r);
    meta = doc_meta(swap->x->call, doc);
    tag_source_meta(&swap->tags, meta);
    return sink_result(sink, doc, "swap.json", &at_counterfactual_record, r, meta, err);
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct at_counterfactual_result r;
    int rc = at_counterfactual_finish(&r, &s->text, err);

    (void)final_hidden;
    return rc ? rc : tell(s->swap, s->doc, &r, err);
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static int open_terms(struct swap *swap, struct at_error *err)
{
    char *built_in = NULL;
    const char *path = swap->terms_file;
    int rc = path ? 0 : at_data_path(&built_in, "data/swap-terms.tsv", err);

    if (!path)
        path = built_in;
    if (!rc)
        rc = at_swap_terms_read(&swap->terms, path, err);
    if (!rc)
        rc = sink_note_file(swap->x->sink, "terms", path, err);
    free(built_in);
    return rc;
}

/* The category that was asked for; answers an exit status. */
static int choose_category(struct swap *swap)
{
    const struct at_swap_terms *t = &swap->terms;
    const char *name = swap->category_name, *near;

    swap->options.category = AT_SWAP_FIRST;
    if (!strcmp(name, "first"))
        return EXIT_DONE;
    swap->options.category = -1;
    if (!strcmp(name, "all"))
        return EXIT_DONE;
    for (size_t i = 0; i < t->n_categories; i++)
        if (!strcmp(t->categories[i], name))
            swap->options.category = (long)i;
    if (swap->options.category >= 0)
        return EXIT_DONE;
    near = opt_nearest(name, t->categories, t->n_categories);
    if (near)
        return report_usage("--category: the list has no '%s'; did you mean '%s'?", name, near);
    return report_usage("--category: the list has no '%s'", name);
}

static int run(void *own, const struct context *x)
{
    struct swap *swap = own;
    struct at_error err;
    int status;

    swap->x = x;
    if (open_terms(swap, &err) || tag_source_open(&swap->tags, x, &err))
        return report_fault(&err);
    status = choose_category(swap);
    if (status)
        return status;
    swap->options.terms = &swap->terms;
    swap->options.tagger = &swap->tags.tagger;
    swap->options.doc = x->call->doc;
    status = each_text(x, &visitor, swap, "swapping");
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) &&
        table_commit(&swap->texts, x->sink, &err))
        status = report_fault(&err);
    return status;
}

static void release(void *own)
{
    struct swap *swap = own;

    table_abort(&swap->texts);
    tag_source_close(&swap->tags);
    at_swap_terms_release(&swap->terms);
}

/* --- the call --- */

static int check(void *own, struct call *c)
{
    const struct swap *swap = own;

    return tag_source_check(&swap->tags, c);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct swap *swap = own;

    tag_source_init(&swap->tags);
    swap->category_name = "first";
    const struct opt table[] = {
        OPT_GROUP("Model and text"),
        OPT_TEXT('m', "model", &call->model, "NAME|DIR", "model whose attention to the two texts is compared"),
        OPT_TEXT('f', "file", &call->file, "FILE", "read the text from FILE; - is standard input"),
        OPT_FLAG(0, "lines", &call->is_lines, "one text per line"),
        OPT_FLAG(0, "jsonl", &call->is_jsonl, "one JSON object per line, key text (and id)"),
        OPT_FLAG(0, "truncate", &call->doc.is_truncated, "cut texts that are longer than the model allows, with a warning"),
        OPT_GROUP("Terms"),
        OPT_TEXT(0, "terms", &swap->terms_file, "FILE", "another list of pairs: TSV with term, counterpart, category, gate"),
        OPT_TEXT(0, "category", &swap->category_name, "NAME", "swap terms of this category, of that of the text's first term, or of all: NAME|first|all"),
        OPT_INCLUDE(swap->tags.options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "swap.json", "the counterfactual, and attention to both texts", &at_counterfactual_record },
    { "swap.csv", "a row for each term", &at_swap_row_record },
    { "consistency.csv", "a row for each head", &at_consistency_row_record },
    { "texts.csv", "a row for each of several texts", &at_counterfactual_row_record },
    { 0 },
};

const struct command bias_swap_command = {
    .name = "bias swap",
    .brief = "the counterfactual of a text, and attention to both",
    .synopsis = "[options] [text ...]",
    .about = "Replace terms for a group of people by their counterparts, and tell how far each "
             "head's attention to the rest of the text stays the same. Ambiguous terms are "
             "swapped only where the tags say that they are about a person.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct swap),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
