/*
 * isa.c - `atlas isa`: how much of one sentence's attention lands on another.
 */
#include "cmd/isa/isa.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/doc_window.h"
#include "session/find.h"

/* --- one text --- */

struct state {
    struct isa *isa;
    const struct at_doc *doc;
    struct at_isa_text text;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_isa_text_release(&s->text);
    free(s);
}

/* Pairs outside a text are an error when it is the only one, else they are left out of it. */
static int check_pairs(const struct isa *isa, const struct at_isa_text *t, struct at_error *err)
{
    const struct at_isa_options *o = &isa->options;

    for (size_t i = 0; i < o->n_pairs && !*t->doc->in.id; i++)
        if (!at_isa_text_has(t, &o->pairs[i]))
            return at_fail(err, AT_ERANGE, "--sentences %zu,%zu is outside the text's %zu (from 0)",
                           o->pairs[i].query, o->pairs[i].key, t->sentences.n);
    return 0;
}

static void warn_left_out(const struct at_isa_text *t)
{
    const struct at_isa_sentences *found = &t->sentences;
    const char *id = t->doc->in.id;

    if (found->n_left_out)
        report_warning("%s%s%zu of %zu sentence%s with no token, left out", id, *id ? ": " : "",
                       found->n_left_out, found->n + found->n_left_out,
                       at_plural(found->n + found->n_left_out));
}

/* The text, or with its first window the whole of it. */
static int begin_sentences(struct state *s, struct at_error *err)
{
    struct isa *isa = s->isa;
    const struct at_doc *whole = s->doc->window.whole;
    const struct at_isa_text *t = whole ? &isa->windows.whole : &s->text;
    int rc = whole ? at_isa_windows_begin(&isa->windows, whole, &isa->options, err)
                   : at_isa_text_begin(&s->text, s->doc, &isa->options, err);

    if (!rc)
        rc = check_pairs(isa, t, err);
    if (!rc)
        warn_left_out(t);
    return rc;
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct isa *isa = arg;
    struct state *s = at_calloc(1, sizeof *s);
    bool is_window = doc->window.whole != NULL;
    int rc = 0;

    *s = (struct state){ .isa = isa, .doc = doc };
    if (!is_window || at_doc_is_first_window(doc))
        rc = begin_sentences(s, err);
    if (!rc && is_window)
        rc = at_isa_windows_init(&s->text, &isa->windows, doc, err);
    if (rc) {
        release_text(s);
        return NULL;
    }
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    (void)err;
    at_isa_text_add(&s->text, layer);
    return 0;
}

static int write_tables(struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r,
                        struct at_error *err)
{
    struct sink *sink = isa->x->sink;
    struct at_arena arena = { 0 };
    int rc = 0;

    if (sink_writes(sink, FORMAT_CSV))
        rc = sink_table(sink, doc, "isa.csv", &at_isa_cell_record, at_isa_cells(r, &arena),
                        r->S * r->S, err);
    for (size_t i = 0; !rc && i < r->n_pairs; i++) {
        const struct at_isa_drill *d = &r->pairs[i];
        rc =
            sink_table(sink, doc, at_arena_printf(&arena, "isa_pair_%zu_%zu.csv", d->query, d->key),
                       &at_isa_link_record, at_isa_links(d, &arena), d->n_query * d->n_key, err);
    }
    at_arena_release(&arena);
    return rc;
}

static int add_to_corpus(struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r,
                         struct at_error *err)
{
    struct at_corpus *corpus = many_corpus(&isa->many, doc);
    struct at_isa_text_row row;

    if (!corpus)
        return 0;
    row = at_isa_text_row(doc, r);
    at_isa_corpus_add(corpus, &row);
    return many_add(&isa->many, doc, &row, err);
}

static int tell(struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r,
                struct at_error *err)
{
    struct sink *sink = isa->x->sink;
    int rc = write_tables(isa, doc, r, err);

    if (!*doc->in.id && r->S < 2)
        report_warning(r->S ? "the text is one sentence; its matrix is 1 by definition"
                            : "the text has no sentence; its matrix is empty");
    if (!rc)
        rc = add_to_corpus(isa, doc, r, err);
    if (!rc && sink_draws(sink) && sink_keeps(sink, doc))
        rc = isa_pictures(isa, doc, r, err);
    if (!rc)
        rc = sink_result(sink, doc, "isa.json", &at_isa_result_record, r,
                         doc_meta(isa->x->call, doc), err);
    if (!rc && sink_prints(sink) && sink_keeps(sink, doc))
        isa_print(isa, doc, r);
    return rc;
}

/* Pairs that were asked for and are never together. */
static void warn_unseen(const struct at_isa_windows *w)
{
    const struct at_isa_options *o = &w->whole.options;

    for (size_t i = 0; i < o->n_pairs; i++)
        if (at_isa_text_has(&w->whole, &o->pairs[i]) && !w->pairs[i].n_query)
            report_warning("no window has both sentence %zu and sentence %zu", o->pairs[i].query,
                           o->pairs[i].key);
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct isa *isa = s->isa;
    struct at_isa_result r;

    (void)final_hidden;
    if (!s->doc->window.whole) {
        r = at_isa_text_finish(&s->text);
        return tell(isa, s->doc, &r, err);
    }
    at_isa_windows_add(&isa->windows, &s->text);
    if (!at_doc_is_last_window(s->doc))
        return 0;
    warn_unseen(&isa->windows);
    r = at_isa_windows_finish(&isa->windows);
    return tell(isa, s->doc->window.whole, &r, err);
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static int open_sentences(struct isa *isa, struct at_error *err)
{
    const char *path = isa->sentences_path;
    char *rules;
    int rc;

    if (path) {
        rc = at_given_sentences_read(&isa->given, path, err);
        isa->options.given = &isa->given;
        return rc || !strcmp(path, "-") ? rc : sink_note_file(isa->x->sink, "sentences", path, err);
    }
    rc = at_data_path(&rules, "data/sentences", err);
    if (rc)
        return rc;
    rc = at_sentence_rules_open(&isa->rules, rules, isa->language, err);
    isa->options.rules = isa->rules;
    free(rules);
    return rc;
}

static void look_of(struct value_look *out, size_t value)
{
    static const char *const titles[] = {
        "sentences",           "own sentence", "sentence before", "sentence behind", "outside",
        "each other sentence", "span"
    };

    *out = (struct value_look){ titles[value], "", at_isa_measure_unit(value), false };
}

static const struct corpus_way corpus_way = {
    .texts = &at_isa_text_row_record,
    .n_values = AT_ISA_N_MEASURES,
    .key = at_isa_measure_key,
    .look = look_of,
    .file = "isa",
    .overall = "mean",
};

static int run(void *own, const struct context *x)
{
    struct isa *isa = own;
    struct at_error err;

    isa->x = x;
    isa->options.method = (enum at_isa_method)isa->method;
    isa->options.mode = (enum at_matrix_mode)x->call->matrix;
    isa->options.layer = call_one_layer(x->call);
    isa->options.head = call_one_head(x->call);
    if (open_sentences(isa, &err))
        return report_fault(&err);
    if (many_begin(&isa->many, &corpus_way, x, &err))
        return report_fault(&err);
    return many_end(&isa->many, each_text(x, &visitor, isa, "comparing sentences"));
}

static void release(void *own)
{
    struct isa *isa = own;

    many_release(&isa->many);
    at_isa_windows_release(&isa->windows);
    at_given_sentences_release(&isa->given);
    at_sentence_rules_close(isa->rules);
}

/* --- the call --- */

/* Was this pair given before? Its files would be written twice. */
static bool is_known(const struct at_isa_pair *pairs, size_t n, const struct at_isa_pair *p)
{
    for (size_t i = 0; i < n; i++)
        if (pairs[i].query == p->query && pairs[i].key == p->key)
            return true;
    return false;
}

static int parse_pairs(struct isa *isa, struct call *call)
{
    const struct opt_list *list = &isa->pairs_given;
    struct at_isa_pair *pairs = at_arena_calloc(&call->arena, list->n + 1, sizeof *pairs);
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        const char *s = list->items[i];
        char *end = NULL, *last = NULL;
        pairs[n].query = strtoul(s, &end, 10);
        if (*s >= '0' && *s <= '9' && *end == ',' && end[1] >= '0' && end[1] <= '9')
            pairs[n].key = strtoul(end + 1, &last, 10);
        if (!last || *last)
            return report_usage("--sentences takes two numbers like 0,1, not '%s'", s);
        n += !is_known(pairs, n, &pairs[n]);
    }
    isa->options.pairs = pairs;
    isa->options.n_pairs = n;
    return EXIT_DONE;
}

static int check(void *own, struct call *call)
{
    struct isa *isa = own;

    if (call->matrix == AT_COL)
        return report_usage("--matrix col says who looks at a token; what a sentence gives away is "
                            "in its rows: raw or rollout");
    if (call->matrix == AT_ROLLOUT && isa->method != AT_ISA_MEAN)
        return report_usage("a rollout is one map: there is no --isa %s of it",
                            at_isa_method_name((enum at_isa_method)isa->method));
    if (call->matrix == AT_ROLLOUT && call->head_text && strcmp(call->head_text, "mean") != 0)
        return report_usage("a rollout has no heads; leave out --head");
    if (isa->method == AT_ISA_LAST_LAYER && call->layer_text)
        return report_usage("--isa last_layer chooses the layer; leave out --layer");
    if (isa->sentences_path && (call->is_lines || call->is_jsonl))
        return report_usage("--sentences-file is for one text");
    return parse_pairs(isa, call);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    static const char *const methods[] = { "mean", "max", "last_layer", NULL };
    struct isa *isa = own;

    call->makes_corpus = true;
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Sentences"),
        OPT_ENUM(0, "isa", &isa->method, methods, "mean mass over layers and heads, the greatest weight, or the mass in the last layer"),
        OPT_TEXT(0, "sentences-file", &isa->sentences_path, "FILE", "the text's sentences, one a line, instead of finding them"),
        OPT_TEXT(0, "language", &isa->language, "CODE", "language whose rules tell where sentences end; by default told from the text"),
        OPT_LIST(0, "sentences", &isa->pairs_given, "A,B", "show the tokens behind a cell: sentence A looks at B; may be repeated"),
        OPT_INCLUDE(call->select_options),
        OPT_INCLUDE(call->corpus_options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "isa.json", "sentences and what each gives the others", &at_isa_result_record },
    { "isa.csv", "a row for each cell", &at_isa_cell_record },
    { "isa_pair_<a>_<b>.csv", "a row for each token of sentence a and each of sentence b",
      &at_isa_link_record },
    MANY_OUTPUTS(&at_isa_text_row_record),
    { "corpus.csv", "a row for each number of a text over several texts", &at_corpus_model_record },
    { 0 },
};

const struct command isa_command = {
    .name = "isa",
    .brief = "how much of one sentence's attention lands on another",
    .synopsis = "[options] [text ...]",
    .about = "Measure how much of each sentence's attention lands on each other sentence, what a "
             "sentence depends on and what it influences, and how far attention reaches.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct isa),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .corpus = &corpus_way,
};
