/*
 * compare.c - `atlas compare`: two models on a text, two texts, or what two earlier runs wrote.
 */
#include "cmd/compare/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_clusters.h"
#include "base/alloc.h"
#include "base/path.h"

/* --- results --- */

static void add_note(struct compare *c, struct at_compare_result *r, const char *note)
{
    if (!r->notes)
        r->notes = at_arena_alloc(&c->arena, 8, sizeof *r->notes);
    r->notes[r->n_notes++] = note;
}

static void add_notes(struct compare *c, struct at_compare_result *r, const struct at_config *a,
                      const struct at_config *b)
{
    if (a->is_causal != b->is_causal)
        add_note(c, r,
                 "one model is causal: its metrics are over the lower triangle of a map, the "
                 "other's over all of it");
    if (r->L_a != r->L_b)
        add_note(c, r, "the models differ in depth: layers are compared by relative depth");
    if (r->H_a != r->H_b)
        add_note(c, r, "the models differ in heads: those that one lacks have no partner");
    if (c->has_other_vocabulary)
        add_note(c, r, "the models differ in vocabulary: no divergence of their predictions");
    if (!r->n_aligned && r->n_texts)
        add_note(c, r, "the texts share no token: only metrics are compared");
}

static int write_tables(struct compare *c, const struct at_compare_result *r, struct at_error *err)
{
    struct sink *sink = c->x->sink;
    int rc =
        sink_table(sink, NULL, "compare.csv", &at_compare_row_record, r->heads, r->n_heads, err);

    if (!rc && r->n_columns)
        rc = sink_table(sink, NULL, "tables.csv", &at_table_difference_record, r->tables,
                        r->n_tables, err);
    if (!rc && r->n_layers)
        rc = sink_table(sink, NULL, "layers.csv", &at_compare_layer_record, r->layers, r->n_layers,
                        err);
    if (!rc && r->n_matches)
        rc = sink_table(sink, NULL, "matches.csv", &at_compare_match_record, r->matches,
                        r->n_matches, err);
    if (!rc && r->n_clusters)
        rc = sink_table(sink, NULL, "clusters.csv", &at_compare_cluster_record, r->clusters,
                        r->n_clusters, err);
    if (!rc && r->tokens)
        rc = sink_table(sink, NULL, "tokens.csv", &at_aligned_record, r->tokens, r->n_tokens, err);
    if (!rc && r->n_predictions)
        rc = sink_table(sink, NULL, "predictions.csv", &at_compare_prediction_record,
                        r->predictions, r->n_predictions, err);
    if (!rc && r->n_classes)
        rc = sink_table(sink, NULL, "classes.csv", &at_compare_class_record, r->classes,
                        r->n_classes, err);
    return rc;
}

/* The result and what the tables of two directories add to it. */
static int tell(struct compare *c, struct at_compare_result *r, const struct couple *p,
                struct at_json *meta, struct at_error *err)
{
    int rc;

    rc = at_compare_clusters(r, &c->sums, (uint64_t)c->x->call->seed, c->pool, &c->arena, err);
    if (rc) {
        at_json_free(meta);
        return rc;
    }
    at_compared_tables_tell(r, &c->tables);
    r->command = c->command;
    if (c->missing_tables)
        add_note(c, r, c->missing_tables);
    rc = write_tables(c, r, err);

    if (!rc && sink_draws(c->x->sink))
        rc = compare_pictures(c, r, p, err);
    if (rc) {
        at_json_free(meta);
        return rc;
    }
    if (sink_prints(c->x->sink))
        compare_print(c, r, p);
    return sink_result(c->x->sink, NULL, "compare.json", &at_compare_record, r, meta, err);
}

static int predict(struct at_compare_predictions *out, struct compare *c, const struct couple *p,
                   struct at_error *err)
{
    const struct at_compare_predictor a = { c->a, &p->a.doc, p->a.final_hidden };
    const struct at_compare_predictor b = { c->b, &p->b.doc, p->b.final_hidden };
    const struct at_predict_options options = { .mask = c->mask, .k = (size_t)c->top_k };
    int rc;

    *out = (struct at_compare_predictions){ .mean_kl = NAN, .top_changed = NAN };
    if (!c->a)
        return 0;
    rc = at_predict_check(c->a, &p->a.doc, &c->mask, err);
    return rc ? rc : at_compare_predict(out, &a, &b, &p->tokens, &options, err);
}

static int add_classes(struct at_compare_result *r, struct compare *c, const struct couple *p,
                       struct at_error *err)
{
    struct at_classes a, b;
    int rc = at_classes_of(&a, c->a, &p->a.doc, p->a.final_hidden, &c->arena, err);

    if (!rc)
        rc = at_classes_of(&b, c->b, &p->b.doc, p->b.final_hidden, &c->arena, err);
    if (!rc)
        r->classes = at_compare_classes(&r->n_classes, &a, &b, &c->arena);
    return rc;
}

/* Of one pair: whose decision is explained. */
static void note_targets(struct compare *c, struct at_compare_result *r, const struct couple *p)
{
    const struct at_faith_target *a = &p->a.measured.target, *b = &p->b.measured.target;

    if (p->a.measured.n_attributions)
        add_note(c, r,
                 at_arena_printf(&c->arena, "attributions explain %s%s%s in a, %s%s%s in b",
                                 a->kind, a->token ? " " : "", a->token ? a->token : "", b->kind,
                                 b->token ? " " : "", b->token ? b->token : ""));
}

static int tell_couple(struct compare *c, const struct couple *p,
                       const struct at_compare_predictions *predictions, struct at_error *err)
{
    struct at_compare_result r =
        at_compare_finish(&c->sums, (uint64_t)c->x->call->seed, c->pool, &c->arena);
    struct at_json *meta;
    int rc;

    r.model_a = p->a.doc.model_name;
    r.model_b = p->b.doc.model_name;
    r.text_a = p->a.doc.in.text;
    r.text_b = p->b.doc.in.text;
    r.tokens = p->tokens.rows;
    r.n_tokens = p->tokens.n_rows;
    r.predictions = predictions->items;
    r.n_predictions = predictions->n;
    add_notes(c, &r, p->a.doc.shape, p->b.doc.shape);
    note_targets(c, &r, p);
    if (!p->tokens.n_units)
        report_warning("the texts share no token: only metrics are compared");
    meta = doc_meta(c->x->call, &p->a.doc);
    at_json_set(meta, "b", doc_meta(c->x->call, &p->b.doc));
    rc = add_classes(&r, c, p, err);
    if (rc)
        at_json_free(meta);
    else
        rc = tell(c, &r, p, meta, err);
    if (!rc)
        c->verdict = compare_judge(c, &r);
    return rc;
}

static int add_predictions(struct compare *c, const struct at_compare_predictions *p,
                           struct at_error *err)
{
    int rc = 0;

    if (p->n && !c->predictions.is_open)
        rc = table_open(&c->predictions, c->x->sink, NULL, "predictions.csv",
                        &at_compare_prediction_record, err);
    for (size_t i = 0; i < p->n && !rc; i++)
        table_add(&c->predictions, &p->items[i]);
    return rc;
}

static int add_to_texts(struct compare *c, const struct couple *p, struct at_error *err)
{
    struct at_compare_text row = at_compare_text_row(&c->sums, &p->a.view, &p->b.view, &p->tokens);
    int rc = 0;

    row.run_id = c->x->sink->run_id;
    if (!c->texts.is_open)
        rc = table_open(&c->texts, c->x->sink, NULL, "texts.csv", &at_compare_text_record, err);
    if (!rc)
        table_add(&c->texts, &row);
    return rc;
}

/* What the result of many texts is of, once the first of them is there. */
static void remember(struct compare *c, const struct couple *p)
{
    if (c->sums.n_texts)
        return;
    c->name_a = at_arena_strdup(&c->arena, p->a.doc.model_name);
    c->name_b = at_arena_strdup(&c->arena, p->b.doc.model_name);
    c->shape_a = *p->a.doc.shape;
    c->shape_b = *p->b.doc.shape;
}

/* What heads look at, and the other analyses. */
static int measure(struct compare *c, struct side *s, const struct at_compare_asked *asked,
                   struct at_error *err)
{
    int rc = c->has_roles ? side_find_roles(s, &c->tags.tagger, c->pool, err) : 0;

    return rc ? rc : at_compare_measure(&s->measured, &s->view, &c->also.measures, asked, err);
}

int compare_couple(struct compare *c, struct couple *p, bool is_only, struct at_error *err)
{
    struct at_compare_predictions predictions = { 0 };
    int rc = measure(c, &p->a, &c->also.asked[0], err);

    if (!rc)
        rc = measure(c, &p->b, &c->also.asked[1], err);
    if (rc)
        return rc;
    remember(c, p);
    at_align_tokens(&p->tokens, &p->a.doc, &p->b.doc);
    rc = predict(&predictions, c, p, err);
    if (!rc)
        rc = at_compare_add(&c->sums, &p->a.view, &p->b.view, &p->tokens, c->pool, err);
    if (!rc) {
        at_compare_predicted(&c->sums, predictions.mean_kl, predictions.top_changed);
        at_compare_measured_tables(&c->tables, &p->a.measured, &p->b.measured, &p->tokens,
                                   is_only ? "" : p->a.doc.in.id);
        c->has_other_vocabulary |= predictions.n && !predictions.has_one_vocabulary;
        rc = is_only ? tell_couple(c, p, &predictions, err) : add_to_texts(c, p, err);
    }
    if (!rc && !is_only)
        rc = add_predictions(c, &predictions, err);
    at_compare_predictions_release(&predictions);
    return rc;
}

/* Of many texts; of tables alone no more is known than the names of the models. */
static struct at_json *sums_meta(const struct compare *c)
{
    struct at_json *meta, *b = at_json_object();

    if (c->sums.n_texts) {
        at_json_free(b);
        meta = call_meta(c->x->call, c->name_a, &c->shape_a);
        b = call_meta(c->x->call, c->name_b, &c->shape_b);
    } else {
        meta = at_json_object();
        at_json_set_string(meta, "model", c->name_a);
        at_json_set_string(b, "model", c->name_b);
    }
    at_json_set(meta, "b", b);
    return meta;
}

int compare_sums(struct compare *c)
{
    struct at_compare_result r =
        at_compare_finish(&c->sums, (uint64_t)c->x->call->seed, c->pool, &c->arena);
    struct at_error err;
    struct at_json *meta = sums_meta(c);
    int rc;

    r.model_a = c->name_a;
    r.model_b = c->name_b;
    if (r.n_texts)
        add_notes(c, &r, &c->shape_a, &c->shape_b);
    rc = tell(c, &r, NULL, meta, &err);
    if (!rc)
        rc = table_commit(&c->texts, c->x->sink, &err);
    if (!rc)
        rc = table_commit(&c->predictions, c->x->sink, &err);
    if (rc)
        return report_fault(&err);
    c->verdict = compare_judge(c, &r);
    return EXIT_DONE;
}

int compare_judge(const struct compare *c, const struct at_compare_result *r)
{
    struct at_compare_worst worst;

    if (isnan(c->fail_above))
        return EXIT_DONE;
    worst = at_compare_worst(r, c->metric, call_one_layer(c->x->call), call_one_head(c->x->call));
    if (isnan(worst.value)) /* a test of nothing is no passed test */
        return report_error("--fail-above: no difference of %s is defined in these heads",
                            c->metric ? c->metric : "js_distance");
    if (!(worst.value > c->fail_above))
        return EXIT_DONE;
    if (worst.row)
        report_left_out("head L%zuH%zu: the difference of %s is %.6g, above %g", worst.row->layer,
                        worst.row->head, worst.row->metric, worst.value, c->fail_above);
    else
        report_left_out("%s, %s: the difference of %s is %.6g, above %g", worst.of_column->table,
                        worst.of_column->row, worst.of_column->column, worst.value, c->fail_above);
    return EXIT_SKIPPED;
}

/* --- the run --- */

static int open_other(struct compare *c, struct at_error *err)
{
    const struct at_session_options options = {
        .precision = (enum at_precision)c->x->call->precision,
        .pool = c->pool,
    };
    int rc;

    c->a = c->b = c->x->session;
    if (c->models.n < 2 || !strcmp(c->models.items[0], c->models.items[1]))
        return 0;
    rc = at_session_open(&c->other, c->models.items[1], &options, err);
    if (!rc)
        rc = sink_note_session(c->x->sink, "model_b", &c->other, err);
    c->b = &c->other;
    return rc;
}

static int check_selection(const struct compare *c, struct at_error *err)
{
    return c->a ? call_check_selection(c->x->call, &c->a->model.config, err) : 0;
}

static int run(void *own, const struct context *x)
{
    struct compare *c = own;
    struct at_error err;
    int status;

    c->x = x;
    if (!x->pool)
        c->own_pool = at_pool_new((size_t)x->call->n_threads);
    c->pool = x->pool ? x->pool : c->own_pool;
    c->sums.has_matches = !c->no_matches;
    c->sums.has_roles = c->has_roles;
    if (c->has_roles && tag_source_open(&c->tags, x, &err))
        return report_fault(&err);
    if (c->kind != COMPARE_DIRECTORIES && (open_other(c, &err) || check_selection(c, &err)))
        return report_fault(&err);
    if (also_open(c, &err))
        return report_fault(&err);
    status = also_syntax(c);
    if (status)
        return status;
    if (c->kind == COMPARE_PAIRS)
        status = compare_pairs(c);
    else if (c->kind == COMPARE_TEXTS)
        status = compare_texts(c);
    else
        status = compare_directories(c);
    if (!status && c->n_skipped)
        status = EXIT_SKIPPED;
    return status ? status : c->verdict;
}

static void release(void *own)
{
    struct compare *c = own;

    table_abort(&c->texts);
    table_abort(&c->predictions);
    also_close(&c->also);
    at_compare_release(&c->sums);
    at_compared_tables_release(&c->tables);
    at_session_close(&c->other);
    tag_source_close(&c->tags);
    at_pool_free(c->own_pool);
    at_arena_release(&c->arena);
}

/* --- the call --- */

static int parse_mask(struct compare *c, struct call *call)
{
    static const struct {
        const char *name;
        enum at_mask_choice choice;
    } words[] = { { "auto", AT_MASK_AUTO }, { "all", AT_MASK_ALL }, { "none", AT_MASK_NONE } };
    size_t *positions;

    for (size_t i = 0; i < AT_COUNTOF(words); i++)
        if (!strcmp(c->mask_text, words[i].name)) {
            c->mask.choice = words[i].choice;
            return EXIT_DONE;
        }
    c->mask.choice = AT_MASK_LIST;
    if (!call_number_list(call, &positions, &c->mask.n, c->mask_text))
        return report_usage("--mask takes auto, all, none or positions like 0,3, not '%s'",
                            c->mask_text);
    c->mask.positions = positions;
    return EXIT_DONE;
}

/* Two directories are compared when nothing else says where the sides come from. */
static int check_directories(struct compare *c, struct call *call)
{
    const void *const others[] = {
        &c->models,      &c->with,    &c->pairs_path, &call->file,      &call->is_lines,
        &call->is_jsonl, &call->pair, &c->mask_text,  &call->precision, &call->doc.is_truncated
    };
    const char *beside = call_first_given(call, others, AT_COUNTOF(others));

    for (int i = 0; i < 2; i++)
        if (!at_path_is_dir(call->operands[i]))
            return report_usage("'%s' is no directory: two directories are compared, or a text by "
                                "two models (-m twice), or two texts (--with)",
                                call->operands[i]);
    if (beside)
        return report_usage("two directories are compared as they are; leave out --%s", beside);
    c->kind = COMPARE_DIRECTORIES;
    c->dir_a = call->operands[0];
    c->dir_b = call->operands[1];
    call->needs = 0;
    return EXIT_DONE;
}

static int check_pairs(struct compare *c, struct call *call)
{
    if (call->n_operands || call->file || c->with || call->is_lines || call->is_jsonl || call->pair)
        return report_usage("--pairs has the texts; leave out other ones");
    c->kind = COMPARE_PAIRS;
    call->needs = NEED_MODEL;
    return EXIT_DONE;
}

static int check_texts(struct compare *c, struct call *call)
{
    if (c->with && !*c->with)
        return report_usage("--with takes a text, not ''");
    if (c->with && (call->is_lines || call->is_jsonl || call->n_operands > 1))
        return report_usage("--with compares one text with another; for many, --pairs");
    if (!c->with && c->models.n < 2)
        return report_usage("what with what? -m A -m B, --with TEXT, --pairs FILE, or two "
                            "directories");
    return EXIT_DONE;
}

static bool is_compared(const struct compare *c, const char *metric)
{
    const struct at_compare all = { .has_roles = c->has_roles,
                                    .more = c->also.keys.heads,
                                    .n_more = c->also.keys.n_heads };
    const char *key;

    for (size_t i = 0; (key = at_compare_key(&all, i)) != NULL; i++)
        if (!strcmp(metric, key))
            return true;
    return false;
}

static int check_sides(struct compare *c, struct call *call)
{
    if (c->models.n > 2)
        return report_usage("two models are compared, not %zu", c->models.n);
    if (c->models.n)
        call->model = c->models.items[0];
    for (size_t i = 0; i < c->models.n; i++)
        if (!*c->models.items[i])
            return report_usage("--model takes a name or a directory, not ''");
    if (c->pairs_path)
        return check_pairs(c, call);
    if (call->n_operands == 2 && !c->models.n && !c->with && !call->file)
        return check_directories(c, call);
    return check_texts(c, call);
}

static int check(void *own, struct call *call)
{
    struct compare *c = own;
    int status = parse_mask(c, call);

    if (!status)
        status = check_sides(c, call);
    if (!status)
        status = also_check(c);
    if (status || !c->metric || c->kind == COMPARE_DIRECTORIES || is_compared(c, c->metric))
        return status;
    return report_usage(
        "--metric takes a metric, js_distance, cosine_received, and with --roles or "
        "--also what they add, not '%s'",
        c->metric);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct compare *c = own;

    c->mask_text = "auto";
    c->top_k = 5;
    c->fail_above = NAN;
    tag_source_init(&c->tags);
    const struct opt table[] = {
        OPT_GROUP("Models and texts"),
        OPT_LIST('m', "model", &c->models, "NAME|DIR", "model to look into; twice: the two that are compared"),
        OPT_TEXT('f', "file", &call->file, "FILE", "read the text from FILE; - is standard input"),
        OPT_FLAG(0, "lines", &call->is_lines, "one text per line"),
        OPT_FLAG(0, "jsonl", &call->is_jsonl, "one JSON object per line, key text (and id, pair)"),
        OPT_TEXT(0, "with", &c->with, "TEXT", "the other text"),
        OPT_TEXT(0, "pairs", &c->pairs_path, "FILE", "pairs of texts: CSV, TSV or JSONL with two columns, text_a and text_b"),
        OPT_TEXT(0, "pair", &call->pair, "TEXT", "second segment: [CLS] text [SEP] TEXT [SEP]"),
        OPT_FLAG(0, "truncate", &call->doc.is_truncated, "cut texts that are longer than the model allows, with a warning"),
        OPT_GROUP("What is compared"),
        OPT_TEXT(0, "mask", &c->mask_text, "auto|all|none|N,M", "positions of the first text that are predicted"),
        OPT_INT(0, "top-k", &c->top_k, "K", 1, 100, "most probable tokens whose overlap is counted"),
        OPT_FLAG(0, "no-matches", &c->no_matches, "do not look for the head that each head is most like"),
        OPT_FLAG(0, "roles", &c->has_roles, "also what heads look at, and groups of heads: runs a tagger"),
        OPT_TEXT(0, "tagger", &c->tags.model, "NAME|DIR", "token classifier for parts of speech and entities"),
        OPT_TEXT(0, "also", &c->also.list, "LIST", "other analyses of both sides: isa, bias, bar, faith, roles, or all"),
        OPT_TEXT(0, "detector", &c->also.detector, "NAME|DIR", "of bias and bar: classifier that flags tokens; default: a model itself when it is one, else atlas-bias"),
        OPT_TEXT(0, "methods", &c->also.methods, "LIST", "of faith: attributions to compute; by default all"),
        OPT_TEXT(0, "target", &c->also.target, "TOKEN", "of faith: token whose probability is explained; by default what each model expects"),
        OPT_TEXT(0, "conllu", &c->also.conllu, "FILE", "treebank: also the syntactic relations that heads of both models find"),
        OPT_TEXT(0, "layer", &call->layer_text, "N|all|mean", "layer of pictures and of --fail-above, from 0"),
        OPT_TEXT(0, "head", &call->head_text, "N|all|mean", "head of pictures and of --fail-above, from 0"),
        OPT_REAL(0, "fail-above", &c->fail_above, "X", 0, 1e9, "end with status 3 when a head differs by more than X"),
        OPT_TEXT(0, "metric", &c->metric, "NAME", "what --fail-above looks at; by default js_distance"),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "compare.json", "everything", &at_compare_record },
    { "compare.csv", "a row for each number of each head", &at_compare_row_record },
    { "layers.csv", "a row for each layer", &at_compare_layer_record },
    { "tables.csv", "a row for each number of --also and --conllu, or in tables of directories",
      &at_table_difference_record },
    { "matches.csv", "a row for each head and the one it is most like", &at_compare_match_record },
    { "clusters.csv", "a row for each head and its groups, with --roles",
      &at_compare_cluster_record },
    { "tokens.csv", "a row for each pair of tokens, and each token without a partner",
      &at_aligned_record },
    { "classes.csv", "a row for each class, of classifiers of whole texts",
      &at_compare_class_record },
    { "predictions.csv", "a row for each position that both predict",
      &at_compare_prediction_record },
    { "texts.csv", "a row for each of several pairs of texts", &at_compare_text_record },
    { 0 },
};

const struct command compare_command = {
    .name = "compare",
    .brief = "what differs between two models, two texts or two runs",
    .synopsis = "[options] [text | dir dir]",
    .about = "Compare two models on the same texts, one model on two texts, or what two earlier "
             "runs wrote, head by head: metrics, attention, hidden states, predictions, and which "
             "head became which. Differences are the first minus the second.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct compare),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
