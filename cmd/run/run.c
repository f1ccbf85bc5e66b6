/*
 * run.c - `atlas run`: a text through the model; its tokens, predictions, attention maps and the
 * pictures of them.
 */
#include "cmd/run/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/draw_heatmap.h"
#include "model/capture.h"
#include "model/lm_head.h"
#include "session/doc_window.h"

/* Heads of a grid are drawn at most this large; larger maps are reduced. */
enum { GRID_SIDE = 64, GRID_SIDE_SMALL = 32, MANY_HEADS = 400 };

/* A flow has at most so many links unless its threshold is given. */
enum { MAX_LINKS = 1500 };

/* One text. */
struct state {
    struct run *run;
    struct call *call;
    struct sink *sink;
    const struct at_doc *doc;
    bool keeps;                         /* it has files or a summary of its own */
    struct at_text_metrics_run metrics; /* of a text among many, or a window */
    struct run_tokens tokens;
    struct run_links links;
    struct at_map_series series;
    struct at_capture_writer *capture; /* NULL when none is written */
    struct table attention;
    double min_weight;          /* of its rows */
    double mass, mass_left_out; /* of the rows that it could have */
    float *grid;                /* (L,H,side,side) thumbnails, or NULL */
    size_t grid_side;
    float *shown; /* (n,n) the map selected last: summary, terminal, links */
    struct map_name shown_name;
    struct at_run_trees trees;
    struct at_deep_dive deep; /* with --deep */
    struct at_arena arena;    /* the result */
};

static void release_text(void *state)
{
    struct state *s = state;

    at_text_metrics_release(&s->metrics);
    at_map_series_release(&s->series);
    at_capture_abort(s->capture);
    table_abort(&s->attention);
    at_array_release(&s->trees);
    at_array_release(&s->links);
    at_deep_dive_release(&s->deep);
    at_arena_release(&s->arena);
    free(s->shown);
    free(s->grid);
    free(s);
}

static bool draws(const struct state *s)
{
    return s->keeps && sink_draws(s->sink);
}

/* --- before the first layer --- */

static int open_capture(struct state *s, struct at_error *err)
{
    size_t T = s->doc->tokens.n;
    struct at_dims dims = at_config_dims(s->doc->shape, T);
    unsigned keep = AT_CAP_ATTENTION | AT_CAP_HIDDEN | (s->run->with_logits ? AT_CAP_LOGITS : 0);
    struct at_capture_meta meta = at_doc_capture_meta(s->doc, &s->arena);
    int *ids = at_malloc(2 * T, sizeof *ids), rc;
    char *rel = sink_rel(s->doc, "capture.safetensors"), *path = NULL;

    if (s->run->is_deep)
        keep |= AT_CAP_QKV | AT_CAP_CONTEXT | AT_CAP_MID | AT_CAP_FFN;
    for (size_t i = 0; i < T; i++) {
        ids[i] = s->doc->tokens.items[i].id;
        ids[T + i] = s->doc->tokens.items[i].segment;
    }
    rc = manifest_path(&path, s->sink->manifest, rel, err);
    if (!rc)
        rc = at_capture_create(&s->capture, path, &dims, keep, &meta, ids, ids + T, err);
    free(ids);
    free(path);
    free(rel);
    return rc;
}

static int on_deep_layer(void *arg, const struct at_deep_view *view, struct at_error *err)
{
    struct state *s = arg;

    return draws(s) ? deep_layer_pictures(s->sink, s->doc, view, err) : 0;
}

static int begin_deep(struct state *s, struct at_error *err)
{
    const struct at_deep_options options = {
        .layer = call_one_layer(s->call),
        .head = call_one_head(s->call),
        .focus = s->tokens.focus.items,
        .n_focus = s->tokens.focus.n,
        .top_k = (size_t)s->run->top_k,
        .on_layer = on_deep_layer,
        .arg = s,
    };

    struct at_strbuf missing = { 0 };
    int rc;

    if (s->doc->capture && at_deep_missing(&missing, s->doc->capture))
        rc = at_fail(err, AT_ENOTFOUND,
                     "the capture has no %s, which --deep needs; 'atlas run --deep -o DIR' writes "
                     "them",
                     missing.s);
    else
        rc = at_deep_begin(&s->deep, s->doc, s->run->x->session, &options, err);
    at_strbuf_release(&missing);
    if (!rc && s->tokens.focus.n > AT_DEEP_MAX_FOCUS)
        report_warning("--deep follows %d tokens step by step: the first %d of the %zu of --focus",
                       AT_DEEP_MAX_FOCUS, AT_DEEP_MAX_FOCUS, s->tokens.focus.n);
    return rc;
}

static int prepare(struct state *s, struct at_error *err)
{
    size_t n = s->doc->n, heads = s->doc->shape->n_layers * s->doc->shape->n_heads;
    int rc = run_find_tokens(&s->tokens, s->run, s->doc, &s->arena, err);

    if (!rc && s->run->is_deep)
        rc = begin_deep(s, err);
    if (!rc)
        rc = at_map_series_init(&s->series, n, (enum at_matrix_mode)s->call->matrix, err);
    if (!rc)
        s->shown = at_malloc(n * n, sizeof *s->shown);
    if (!rc && draws(s) && s->call->matrix != AT_ROLLOUT) {
        s->grid_side = AT_MIN(n, (size_t)(heads > MANY_HEADS ? GRID_SIDE_SMALL : GRID_SIDE));
        s->grid = at_malloc(heads * s->grid_side * s->grid_side, sizeof *s->grid);
    }
    if (!rc && *s->doc->in.id)
        rc = at_text_metrics_begin(&s->metrics, s->doc, (enum at_matrix_mode)s->call->matrix, NULL,
                                   s->run->x->pool, err);
    if (!rc && s->sink->manifest && !s->call->from && !s->run->no_capture)
        rc = open_capture(s, err);
    if (!rc)
        rc = table_open(&s->attention, s->sink, s->doc, "attention.csv", &at_attention_cell_record,
                        err);
    return rc;
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct run *run = arg;
    struct state *s = at_calloc(1, sizeof *s);

    *s = (struct state){
        .run = run, .call = run->x->call, .sink = run->x->sink, .doc = doc, .shown_name = { -1, -1 }
    };
    s->keeps = sink_keeps(s->sink, doc);
    s->min_weight = run->min_weight < 0 ? 1.0 / (double)doc->n : run->min_weight;
    if (prepare(s, err)) {
        release_text(s);
        return NULL;
    }
    return s;
}

/* --- layer by layer --- */

static int add_embedded(void *state, const float *embedded, struct at_error *err)
{
    struct state *s = state;
    int rc = s->capture ? at_capture_add_embedded(s->capture, embedded, err) : 0;

    return !rc && s->run->is_deep ? at_deep_embedded(&s->deep, embedded, err) : rc;
}

static size_t or_none(long number)
{
    return number < 0 ? AT_NONE : (size_t)number;
}

/* A map's visible weights from min_weight on, into attention.csv. */
static void add_rows(struct state *s, const float *map, struct map_name name)
{
    size_t n = s->doc->n;

    for (size_t i = 0; i < n && s->attention.is_open; i++) {
        size_t visible = s->doc->shape->is_causal ? i + 1 : n;
        for (size_t j = 0; j < visible; j++) {
            double w = map[i * n + j];
            s->mass += isnan(w) ? 0.0 : w;
            s->mass_left_out += w < s->min_weight ? w : 0.0;
            if (w >= s->min_weight)
                table_add(&s->attention,
                          &(struct at_attention_cell){ or_none(name.layer), or_none(name.head), i,
                                                       j, s->doc->labels[i].text,
                                                       s->doc->labels[j].text, map[i * n + j] });
        }
    }
}

/* The tree of one map; of a head's with the products of its queries and keys. */
static int add_tree(struct state *s, const float *map, struct map_name name,
                    const struct at_layer_view *raw, struct at_error *err)
{
    const struct run *run = s->run;
    bool has_qk = name.head >= 0 && raw && raw->q && !s->call->doc.by_words;
    size_t column = has_qk ? (size_t)name.head * raw->D : 0;
    size_t key_column = has_qk ? at_view_key_column(raw, (size_t)name.head) : 0;
    const struct at_tree_options o = {
        .root = s->tokens.root,
        .k = (size_t)run->tree_k,
        .depth = (size_t)run->tree_depth,
        .max_nodes = (size_t)run->tree_nodes,
        .min_weight = run->tree_min_weight,
        .is_causal = s->doc->shape->is_causal,
    };
    struct at_tree_nodes nodes = { 0 };
    const struct at_run_tree *tree;
    bool is_cut = at_tree_grow(&nodes, map, s->doc->n, has_qk ? raw->q + column : NULL,
                               has_qk ? raw->k + key_column : NULL, has_qk ? raw->qkv_stride : 0,
                               has_qk ? raw->D : 0, &o);

    tree = at_run_trees_add(&s->trees, s->doc, &nodes, is_cut, or_none(name.layer),
                            or_none(name.head), &s->arena);
    at_array_release(&nodes);
    return draws(s) ? picture_tree(s->sink, s->doc, tree, name, err) : 0;
}

static int draw_flow(struct state *s, const float *map, struct map_name name, struct at_error *err)
{
    struct at_flow flow = { 0 };
    double threshold = s->run->flow_threshold;
    int rc;

    if (threshold < 0)
        threshold = at_flow_threshold(map, s->doc->n, s->doc->shape->is_causal, MAX_LINKS);
    at_flow_links(&flow, map, s->doc->n, s->doc->shape->is_causal, threshold);
    rc = picture_flow(s->sink, s->doc, &flow, name, threshold, s->tokens.focus.items,
                      s->tokens.focus.n, err);
    at_flow_release(&flow);
    return rc;
}

/* Everything that is made of one selected map. */
static int show_map(struct state *s, const float *map, struct map_name name,
                    const struct at_layer_view *raw, struct at_error *err)
{
    int rc = 0;

    memcpy(s->shown, map, s->doc->n * s->doc->n * sizeof *map);
    s->shown_name = name;
    if (!s->sink->manifest || !s->keeps)
        return 0;
    if (draws(s))
        rc = picture_heatmap(s->sink, s->doc, map, name, err);
    if (!rc && draws(s))
        rc = draw_flow(s, map, name, err);
    return rc ? rc : add_tree(s, map, name, raw, err);
}

/* One head: its table rows, its thumbnail, its pictures when it was chosen. */
static int add_head(struct state *s, const struct at_doc_layer *l, size_t head,
                    struct at_error *err)
{
    const float *map = at_map_series_head(&s->series, l->maps + head * l->n * l->n);
    struct map_name name = { (long)l->layer, (long)head };
    size_t side = s->grid_side;

    if (!map)
        return 0; /* rollout has no heads */
    add_rows(s, map, name);
    run_add_link(&s->links, &s->tokens, s->doc, map, l->layer, head);
    if (s->grid)
        at_thumbnail(s->grid + (l->layer * l->H + head) * side * side, side, map, l->n);
    if (selects_head(&s->call->selection, l->layer, head))
        return show_map(s, map, name, l->raw, err);
    return 0;
}

/* A rollout has one map for a layer, which stands for whichever of its heads was chosen. */
static bool selects_any_head(const struct selection *s, size_t layer)
{
    return selects_head(s, layer, s->heads == SELECT_ONE ? s->head : 0);
}

static int add_layer(void *state, const struct at_doc_layer *l, struct at_error *err)
{
    struct state *s = state;
    const struct selection *chosen = &s->call->selection;
    struct map_name mean = { (long)l->layer, -1 };
    bool is_rollout = s->call->matrix == AT_ROLLOUT;
    int rc = 0;

    at_map_series_add(&s->series, l->maps, l->H);
    if (*s->doc->in.id)
        at_text_metrics_add(&s->metrics, l);
    if (s->capture)
        rc = at_capture_add(s->capture, l->raw, err);
    if (!rc && s->run->is_deep)
        rc = at_deep_layer(&s->deep, l->raw, &s->series, s->run->x->pool, err);
    for (size_t h = 0; !rc && h < l->H; h++)
        rc = add_head(s, l, h, err);
    if (!rc && is_rollout)
        add_rows(s, at_map_series_layer(&s->series), mean);
    if (!rc && (selects_layer_mean(chosen, l->layer) ||
                (is_rollout && selects_any_head(chosen, l->layer))))
        rc = show_map(s, at_map_series_layer(&s->series), mean, NULL, err);
    return rc;
}

/* --- after the last layer --- */

static int draw_grid(struct state *s, struct at_error *err)
{
    const struct picture_grid grid = { s->grid, s->grid_side };

    return s->grid ? picture_head_grid(s->sink, s->doc, &grid, err) : 0;
}

/* Logits in blocks of rows, so that (T,V) is never in memory. */
static int write_logits(struct state *s, const float *hidden, struct at_error *err)
{
    enum { ROWS = 16 };
    const struct at_session *session = s->run->x->session;
    size_t T = s->doc->tokens.n, C = s->doc->shape->width, V = s->doc->shape->vocab;
    void *block = NULL;
    int rc = at_try_alloc(&block, ROWS * V, sizeof(float), "logits", err);

    for (size_t i = 0; !rc && i < T; i += ROWS) {
        size_t rows = AT_MIN((size_t)ROWS, T - i);
        rc = at_lm_logits(block, &session->model, hidden + i * C, rows, session->pool, err);
        if (!rc)
            rc = at_capture_add_logits(s->capture, block, rows, err);
    }
    free(block);
    return rc;
}

static int commit_capture(struct state *s, const float *hidden, struct at_error *err)
{
    struct at_capture_writer *w = s->capture;
    char *rel;
    int rc = 0;

    if (!w)
        return 0;
    if (s->run->with_logits)
        rc = write_logits(s, hidden, err);
    if (rc)
        return rc;
    s->capture = NULL;
    rc = at_capture_commit(w, hidden, err);
    if (rc)
        return rc;
    rel = sink_rel(s->doc, "capture.safetensors");
    rc = manifest_output(s->sink->manifest, rel, err);
    free(rel);
    return rc;
}

/* deep.json and its tables and pictures, when there are files. */
static int write_deep(struct state *s, struct at_error *err)
{
    struct at_arena arena = { 0 };
    const struct at_deep *d = &s->deep.result;
    int rc = 0;

    for (int i = 0; !rc && i < AT_N_DEEP_TABLES && sink_writes(s->sink, FORMAT_CSV); i++) {
        size_t n;
        const void *rows = at_deep_table_rows(&n, d, (enum at_deep_table)i, &arena);
        if (rows)
            rc = sink_table(s->sink, s->doc, at_deep_tables[i].name, at_deep_tables[i].record, rows,
                            n, err);
    }
    at_arena_release(&arena);
    if (!rc && sink_draws(s->sink))
        rc = deep_pictures(s->sink, d, err);
    if (!rc)
        rc = sink_result_file(s->sink, s->doc, "deep.json", &at_deep_record, d,
                              doc_meta(s->call, s->doc), err);
    return rc;
}

static void on_predicted(void *arg, size_t n_done, size_t n)
{
    struct progress *p = arg;

    p->total = n;
    progress_show(p, n_done);
}

static int predict(struct at_predictions *out, struct state *s, const float *hidden,
                   struct at_error *err)
{
    struct progress progress = { 0 };
    const struct at_predict_options options = { .mask = s->tokens.mask,
                                                .k = (size_t)s->run->top_k,
                                                .progress = on_predicted,
                                                .arg = &progress };
    int rc;

    if (at_predict_leaves_out(s->run->x->session, s->doc, &s->tokens.mask) &&
        !s->run->is_mask_told) {
        report_warning("%zu tokens without a [MASK]: their predictions would take a pass for each "
                       "and are left out; --mask all makes them",
                       s->doc->window.whole ? s->doc->window.whole->tokens.n : s->doc->tokens.n);
        s->run->is_mask_told = true;
    }
    call_progress(s->call, &progress, "predicting", "positions", 0);
    rc = at_predict(out, s->run->x->session, s->doc, hidden, &options, err);
    progress_end(&progress);
    return rc;
}

static int write_tables(struct state *s, const struct at_run_result *r,
                        const struct at_predictions *p, struct at_error *err)
{
    struct at_arena arena = { 0 };
    int rc = table_commit(&s->attention, s->sink, err);

    if (!rc)
        rc = sink_table(s->sink, s->doc, "tokens.csv", &at_run_token_record, r->tokens, r->n_tokens,
                        err);
    if (!rc && r->n_words)
        rc = sink_table(s->sink, s->doc, "words.csv", &at_run_word_record, r->words, r->n_words,
                        err);
    if (!rc && r->n_classes)
        rc = sink_table(s->sink, s->doc, "classes.csv", &at_class_record, r->classes, r->n_classes,
                        err);
    if (!rc && sink_writes(s->sink, FORMAT_CSV)) {
        size_t n;
        struct at_prediction_row *rows =
            at_prediction_rows(&n, p, s->run->x->session, s->doc, &arena);
        rc =
            sink_table(s->sink, s->doc, "predictions.csv", &at_prediction_row_record, rows, n, err);
    }
    at_arena_release(&arena);
    return rc;
}

static int add_to_corpus(struct state *s, struct at_error *err)
{
    if (!*s->doc->in.id)
        return 0;
    at_text_metrics_finish(&s->metrics);
    if (s->doc->window.whole)
        return 0; /* with the last of the windows */
    return many_add_metrics(&s->run->many, s->doc, &s->metrics.result, err);
}

/* Tables and documents of a text or a window. */
static int tell(struct state *s, const struct at_run_result *r,
                const struct at_predictions *predictions, struct at_error *err)
{
    int rc = write_tables(s, r, predictions, err);

    if (!rc)
        rc = run_write_links(&s->links, s->sink, s->doc, err);
    if (!rc)
        rc = sink_result_file(s->sink, s->doc, "tree.json", &at_run_trees_record, &s->trees,
                              doc_meta(s->call, s->doc), err);
    if (!rc)
        rc = sink_wants_document(s->sink)
                 ? sink_document(s->sink, s->doc, "run.json", run_document(s->call, s->doc, r), err)
                 : 0;
    if (!rc && s->keeps && sink_prints(s->sink))
        run_print(s->run, s->doc, r, s->shown);
    return rc;
}

/* Predictions, and all that is told of the text; windows are told of when they have files. */
static int conclude(struct state *s, const float *hidden, struct at_error *err)
{
    bool deep_is_apart = s->sink->manifest != NULL; /* it has a file of its own */
    bool is_window = s->doc->window.whole != NULL;
    struct at_predictions predictions;
    struct at_classes classes;
    struct at_run_result r;
    int rc = predict(&predictions, s, hidden, err);

    if (rc)
        return rc;
    r = at_run_finish(s->doc, &s->series, &predictions,
                      s->run->is_deep && !deep_is_apart ? &s->deep.result : NULL, s->shown,
                      or_none(s->shown_name.layer), or_none(s->shown_name.head),
                      (size_t)s->run->n_links, &s->arena);
    rc = at_classes_of(&classes, s->run->x->session, s->doc, hidden, &s->arena, err);
    if (!rc)
        rc = at_embedding_of(&r.embedding, s->run->x->session, s->doc, hidden, &s->arena, err);
    r.classes = classes.items;
    r.n_classes = classes.n;
    r.links = s->links.items; /* ranked when they are written */
    r.n_links = s->links.n;
    if (s->mass > 0.0) {
        r.table_min_weight = s->min_weight;
        r.table_left_out = s->mass_left_out / s->mass;
    }
    if (is_window && !rc)
        at_run_windows_add(&s->run->windows, s->doc, &r, &s->metrics);
    if (!rc && (!is_window || (s->keeps && s->sink->manifest && !s->call->is_json)))
        rc = tell(s, &r, &predictions, err);
    at_predictions_release(&predictions);
    if (!rc && is_window && at_doc_is_last_window(s->doc))
        rc = run_tell_whole(s->run, s->doc->window.whole, err);
    return rc;
}

static int finish_text(void *state, const float *hidden, struct at_error *err)
{
    struct state *s = state;
    bool is_told = s->keeps || s->call->is_json || s->doc->window.whole;
    int rc = 0;

    if (selects_global(&s->call->selection))
        rc = show_map(s, at_map_series_global(&s->series), (struct map_name){ -1, -1 }, NULL, err);
    if (!rc)
        rc = draw_grid(s, err);
    if (!rc)
        rc = commit_capture(s, hidden, err);
    if (!rc && s->run->is_deep)
        at_deep_finish(&s->deep);
    if (!rc && s->run->is_deep && s->sink->manifest && s->keeps)
        rc = write_deep(s, err);
    if (!rc)
        rc = add_to_corpus(s, err);
    return rc || !is_told ? rc : conclude(s, hidden, err);
}

static const struct at_visitor visitor = {
    .needs_states = true,
    .begin = begin_text,
    .embedded = add_embedded,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- the command --- */

static int run_texts(void *own, const struct context *x)
{
    struct run *run = own;
    struct at_error err;

    run->x = x;
    if (x->session && x->session->pooling.missing)
        report_warning("no embedding of texts: %s is not implemented", x->session->pooling.missing);
    if (many_begin(&run->many, &metrics_way, x, &err))
        return report_fault(&err);
    return many_end(&run->many, each_text(x, &visitor, run, "running"));
}

static void release(void *own)
{
    struct run *run = own;

    many_release(&run->many);
    at_run_windows_release(&run->windows);
}

static int check(void *own, struct call *call)
{
    struct run *run = own;
    int status = run_check_tokens(run, call);

    if (status)
        return status;
    if (run->is_deep && call->window)
        return report_usage("--deep looks into one pass over a text; leave out --window");
    if (run->with_logits && !call->out)
        return report_usage("--logits writes into the capture; give -o DIR");
    if (run->with_logits && run->no_capture)
        return report_usage("--logits writes into the capture; leave out --no-capture");
    if (run->with_logits && call->from)
        return report_usage("--logits needs the model; it cannot go with --from");
    return EXIT_DONE;
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct run *run = own;

    *run = (struct run){ .mask_text = "auto", .root_text = "auto", .top_k = 5, .tree_k = 3,
                         .tree_depth = 3, .tree_nodes = 400, .n_links = 10, .flow_threshold = -1,
                         .min_weight = -1 };
    ablate_options(&run->ablate, call);
    call->makes_corpus = true;
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Predictions"),
        OPT_TEXT(0, "mask", &run->mask_text, "auto|all|none|TOKENS", "masked models: tokens to predict; auto is the [MASK]s of the text, else each in turn of at most 64 tokens"),
        OPT_INT(0, "top-k", &run->top_k, "N", 1, 1000, "predictions per position"),
        OPT_GROUP("Ablation"),
        OPT_INCLUDE(run->ablate.options),
        OPT_INCLUDE(call->select_options),
        OPT_INT(0, "links", &run->n_links, "N", 0, 1000000, "strongest links to list"),
        OPT_REAL(0, "min-weight", &run->min_weight, "X", -1, 1, "smallest weight in attention.csv; -1 is even attention, 1/T"),
        OPT_REAL(0, "flow-threshold", &run->flow_threshold, "X", -1, 1, "flow: draw links above this weight; -1 is even attention, 1/T, or so much that 1500 are left"),
        OPT_TEXT(0, "focus", &run->focus_text, "TOKENS", "flow: these tokens in front, the rest grey; --deep: follow these"),
        OPT_TEXT(0, "from-token", &run->from_text, "TOKENS", "rank the heads by their attention from these, each by number or text ..."),
        OPT_TEXT(0, "to-token", &run->to_text, "TOKENS", "... to these, beside even attention"),
        OPT_TEXT(0, "tree-root", &run->root_text, "auto|TOKEN", "tree: token it starts from; auto is the first, of a causal model the last"),
        OPT_INT(0, "tree-k", &run->tree_k, "N", 1, 100, "tree: children per node"),
        OPT_INT(0, "tree-depth", &run->tree_depth, "N", 1, 50, "tree: levels, the root's included"),
        OPT_INT(0, "tree-nodes", &run->tree_nodes, "N", 1, 100000, "tree: stop growing at this many nodes"),
        OPT_REAL(0, "tree-min-weight", &run->tree_min_weight, "X", 0, 1, "tree: do not follow weaker links"),
        OPT_FLAG(0, "deep", &run->is_deep, "inside the layers too: embeddings, queries and keys, residual stream, logit lens"),
        OPT_INCLUDE(call->corpus_options),
        OPT_INCLUDE(call->output_options),
        OPT_FLAG(0, "no-capture", &run->no_capture, "write no capture.safetensors"),
        OPT_FLAG(0, "logits", &run->with_logits, "write logits into the capture too"),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "run.json", "tokens, predictions, strongest links and the mean map in numbers",
      &at_run_record },
    { "tokens.csv", "a row for each token", &at_run_token_record },
    { "words.csv", "with --words a row for each word", &at_run_word_record },
    { "predictions.csv", "a row for each position and rank", &at_prediction_row_record },
    { "classes.csv", "a row for each class of a classifier of whole texts", &at_class_record },
    { "attention.csv", "a row for each visible cell whose weight is at least --min-weight",
      &at_attention_cell_record },
    { "links.csv", "with --from-token and --to-token a row for each head, by what links them",
      &at_token_link_record },
    { "tree.json", "who a token looks at, and who those look at", &at_run_trees_record },
    MANY_OUTPUTS(&at_metrics_text_row_record),
    { "corpus.csv", "a row for each head and metric over several texts", &at_corpus_head_record },
    MANY_OUTPUTS_OF_HEADS,
    { "deep.json", "with --deep what is inside the layers", &at_deep_record },
    { "embeddings.csv", "with --deep a row for each token of the embedding tables",
      &at_deep_embedding_record },
    { "qkv.csv", "a row for each head and token", &at_deep_qkv_record },
    { "residual.csv", "a row for each layer and token", &at_deep_residual_record },
    { "ffn.csv", "a row for each layer and token: units of the feed-forward block",
      &at_deep_ffn_record },
    { "hidden.csv", "a row for each state of the residual stream and token",
      &at_deep_hidden_record },
    { "steps.csv", "a row for each key that ranks high for a token that is followed",
      &at_deep_steps_record },
    { "lens.csv", "a row for each state, token and rank", &at_deep_lens_record },
    { "pca.csv", "a row for each token in each space", &at_deep_pca_record },
    { 0 },
};

const struct command run_command = {
    .name = "run",
    .brief = "text in, attention out: tokens, predictions, maps and their pictures",
    .synopsis = "[options] [text ...]",
    .about = "Run texts through a model: tokens, predictions and every attention map. Without -o a "
             "summary goes to standard output; with it documents, tables, pictures and the capture "
             "go to DIR.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct run),
    .options = options,
    .check = check,
    .run = run_texts,
    .release = release,
    .outputs = outputs,
    .corpus = &metrics_way,
};
