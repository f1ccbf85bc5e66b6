/*
 * cmd_run.c - `atlas run`: a text through the model; its tokens, predictions, attention maps and
 * the pictures of them. What is printed or written of it is in run_report.c.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/capture_doc.h"
#include "cmd/map_pictures.h"
#include "cmd/run.h"
#include "draw/draw_heatmap.h"

/* Heads of a grid are drawn at most this large; larger maps are reduced. */
enum { GRID_SIDE = 64, GRID_SIDE_SMALL = 32, MANY_HEADS = 400 };

static void run_state_release(void *state)
{
    struct run_state *s = state;

    at_map_series_release(&s->series);
    at_capture_abort(s->capture);
    if (s->has_attention_csv)
        at_csv_abort(&s->attention_csv);
    at_json_free(s->trees);
    deep_free(s->deep);
    free(s->shown);
    free(s->grid);
    free(s);
}

static bool writes(const struct run_state *s, unsigned format)
{
    return s->job->manifest && (s->job->formats & format);
}

static int open_capture(struct run_state *s, struct at_error *err)
{
    struct job *job = s->job;
    const struct at_config *c = &job->shape;
    struct at_dims dims = { c->n_layers,   c->n_heads,   s->doc->tokens.n, c->width,
                            c->head_width, c->ffn_width, c->vocab };
    unsigned keep = AT_CAP_ATTENTION | AT_CAP_HIDDEN | (s->run->with_logits ? AT_CAP_LOGITS : 0);
    size_t T = s->doc->tokens.n;
    char *rel = job_rel(s->doc, "capture.safetensors"), *path = NULL;
    int *ids = at_malloc(2 * T, sizeof *ids), rc;
    struct at_capture_meta meta = capture_meta_new(job, s->doc);

    if (s->deep)
        keep |= AT_CAP_QKV | AT_CAP_CONTEXT | AT_CAP_MID | AT_CAP_FFN;
    for (size_t i = 0; i < T; i++) {
        ids[i] = s->doc->tokens.items[i].id;
        ids[T + i] = s->doc->tokens.items[i].segment;
    }
    rc = manifest_path(&path, job->manifest, rel, err);
    if (!rc)
        rc = at_capture_create(&s->capture, path, &dims, keep, &meta, ids, ids + T, err);
    capture_meta_free(&meta);
    free(ids);
    free(path);
    free(rel);
    return rc;
}

static int run_prepare(struct run_state *s, struct at_error *err)
{
    struct job *job = s->job;
    size_t n = s->doc->n, heads = job->shape.n_layers * job->shape.n_heads;
    int rc = 0;

    if (s->run->root >= (long)n)
        rc = at_fail(err, AT_ERANGE, "--tree-root %ld is outside the text's %zu %s%s", s->run->root,
                     n, job->by_words ? "word" : "token", at_plural(n));
    for (size_t i = 0; !rc && i < s->run->n_focus; i++)
        if (s->run->focus[i] >= n)
            rc = at_fail(err, AT_ERANGE, "--focus %zu is outside the text's %zu %s%s",
                         s->run->focus[i], n, job->by_words ? "word" : "token", at_plural(n));
    if (!rc)
        rc = predict_check(job, s->doc, s->run->mask, err);
    if (!rc && s->run->is_deep)
        rc = deep_new(&s->deep, job, s->doc, &job->selection, s->run->focus, s->run->n_focus,
                      (size_t)s->run->top_k, err);
    if (!rc)
        rc = at_map_series_init(&s->series, n, (enum at_matrix_mode)job->matrix, err);
    if (!rc)
        s->shown = at_malloc(n * n, sizeof *s->shown);
    if (!rc && job_draws(s->job) && job->matrix != AT_ROLLOUT) {
        s->grid_side = AT_MIN(n, (size_t)(heads > MANY_HEADS ? GRID_SIDE_SMALL : GRID_SIDE));
        s->grid = at_malloc(heads * s->grid_side * s->grid_side, sizeof *s->grid);
    }
    if (!rc && job->manifest && !job->from && !s->run->no_capture)
        rc = open_capture(s, err);
    if (!rc && writes(s, FORMAT_CSV)) {
        rc = job_csv_open(&s->attention_csv, job, s->doc, "attention.csv", ATTENTION_COLUMNS, err);
        s->has_attention_csv = !rc;
    }
    return rc;
}

static void *run_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct run_state *s = at_calloc(1, sizeof *s);

    *s = (struct run_state){
        .job = job, .run = arg, .doc = doc, .trees = at_json_array(), .shown_name = { -1, -1 }
    };
    if (run_prepare(s, err)) {
        run_state_release(s);
        return NULL;
    }
    return s;
}

static int run_embedded(void *state, const float *embedded, struct at_error *err)
{
    struct run_state *s = state;
    int rc = s->capture ? at_capture_add_embedded(s->capture, embedded, err) : 0;

    return !rc && s->deep ? deep_embedded(s->deep, embedded, err) : rc;
}

/* A causal model's first token sees itself only; its last sees them all. */
static size_t tree_root(const struct run_state *s)
{
    if (s->run->root >= 0)
        return (size_t)s->run->root;
    return s->job->shape.is_causal ? s->doc->n - 1 : 0;
}

/* The tree of one map; q and k are this head's columns, NULL for means. */
static int add_tree(struct run_state *s, const float *map, struct map_name name,
                    const struct at_layer_view *raw, struct at_error *err)
{
    const struct run_options *run = s->run;
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes nodes = { 0 };
    bool has_qk = name.head >= 0 && raw && raw->q && !s->job->by_words;
    size_t column = has_qk ? (size_t)name.head * raw->D : 0;
    bool is_cut;
    int rc = 0;

    o.root = tree_root(s);
    o.k = (size_t)run->tree_k;
    o.depth = (size_t)run->tree_depth;
    o.max_nodes = (size_t)run->tree_nodes;
    o.min_weight = run->tree_min_weight;
    o.is_causal = s->job->shape.is_causal;
    is_cut = at_tree_grow(&nodes, map, s->doc->n, has_qk ? raw->q + column : NULL,
                          has_qk ? raw->k + column : NULL, has_qk ? raw->qkv_stride : 0,
                          has_qk ? raw->D : 0, &o);
    at_json_append(s->trees, run_tree_json(s, &nodes, is_cut, name));
    if (job_draws(s->job))
        rc = picture_tree(s->job, s->doc, &nodes, is_cut, name, err);
    at_array_release(&nodes);
    return rc;
}

/* Everything that is made of one selected map. */
static int show_map(struct run_state *s, const float *map, struct map_name name,
                    const struct at_layer_view *raw, struct at_error *err)
{
    const struct run_options *run = s->run;
    int rc = 0;

    memcpy(s->shown, map, s->doc->n * s->doc->n * sizeof *map);
    s->shown_name = name;
    if (!s->job->manifest)
        return 0;
    if (job_draws(s->job))
        rc = picture_heatmap(s->job, s->doc, map, name, err);
    if (!rc && job_draws(s->job))
        rc = picture_flow(s->job, s->doc, map, name, run->flow_threshold, run->focus, run->n_focus,
                          err);
    if (!rc)
        rc = add_tree(s, map, name, raw, err);
    return rc;
}

/* One head: its table rows, its thumbnail, its pictures when it was chosen. */
static int run_head(struct run_state *s, const struct doc_layer *l, size_t head,
                    struct at_error *err)
{
    const float *map = at_map_series_head(&s->series, l->maps + head * l->n * l->n);
    struct map_name name = { (long)l->layer, (long)head };
    size_t side = s->grid_side;
    int rc = 0;

    if (!map)
        return 0; /* rollout has no heads */
    if (s->has_attention_csv)
        run_attention_rows(s, map, name);
    if (s->grid)
        at_thumbnail(s->grid + (l->layer * l->H + head) * side * side, side, map, l->n);
    if (job_selects_head(&s->job->selection, l->layer, head))
        rc = show_map(s, map, name, l->raw, err);
    return rc;
}

/* A rollout has one map for a layer, which stands for whichever of its heads was chosen. */
static bool selects_any_head(const struct selection *s, size_t layer)
{
    return job_selects_head(s, layer, s->heads == SELECT_ONE ? s->head : 0);
}

static int run_layer(void *state, const struct doc_layer *l, struct at_error *err)
{
    struct run_state *s = state;
    const struct selection *chosen = &s->job->selection;
    struct map_name mean = { (long)l->layer, -1 };
    int rc = 0;

    at_map_series_add(&s->series, l->maps, l->H);
    if (s->capture)
        rc = at_capture_add(s->capture, l->raw, err);
    if (!rc && s->deep)
        rc = deep_layer_add(s->deep, l->raw, &s->series, err);
    for (size_t h = 0; !rc && h < l->H; h++)
        rc = run_head(s, l, h, err);
    if (!rc && s->has_attention_csv && s->job->matrix == AT_ROLLOUT)
        run_attention_rows(s, at_map_series_layer(&s->series), mean);
    if (!rc && (job_selects_layer_mean(chosen, l->layer) ||
                (s->job->matrix == AT_ROLLOUT && selects_any_head(chosen, l->layer))))
        rc = show_map(s, at_map_series_layer(&s->series), mean, NULL, err);
    return rc;
}

static int draw_grid(struct run_state *s, struct at_error *err)
{
    const struct job *job = s->job;
    char *title = at_asprintf("Attention of all heads, %s", job->shown_model);
    char *subtitle = job_subtitle(
        job, s->doc, s->grid_side < s->doc->n ? "each cell the largest of those it covers" : "");
    struct at_heatmap_grid g = {
        .title = title,
        .subtitle = subtitle,
        .unit = job->matrix == AT_COL ? "share of the key's attention" : "attention weight",
        .n_layers = job->shape.n_layers,
        .n_heads = job->shape.n_heads,
        .rows = s->grid_side,
        .cols = s->grid_side,
        .values = s->grid,
        .scale = { .kind = AT_SEQUENTIAL, .hi = 1.0 },
        .is_causal = job->shape.is_causal,
        .width_mm = job->width_mm,
    };
    int rc = job_picture(s->job, s->doc, "heads_grid", at_draw_heatmap_grid(&g), err);

    free(title);
    free(subtitle);
    return rc;
}

/* Logits in blocks of rows, so that (T,V) is never in memory. */
static int write_logits(struct run_state *s, const float *hidden, struct at_error *err)
{
    enum { ROWS = 16 };
    struct job *job = s->job;
    size_t T = s->doc->tokens.n, C = job->shape.width, V = job->shape.vocab;
    void *block = NULL;
    int rc = at_try_alloc(&block, ROWS * V, sizeof(float), "logits", err);

    for (size_t i = 0; !rc && i < T; i += ROWS) {
        size_t rows = AT_MIN((size_t)ROWS, T - i);
        rc = at_lm_logits(block, &job->model, hidden + i * C, rows, job->pool, err);
        if (!rc)
            rc = at_capture_add_logits(s->capture, block, rows, err);
    }
    free(block);
    return rc;
}

static int commit_capture(struct run_state *s, const float *hidden, struct at_error *err)
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
    rel = job_rel(s->doc, "capture.safetensors");
    rc = manifest_output(s->job->manifest, rel, err);
    free(rel);
    return rc;
}

static int run_finish(void *state, const float *hidden, struct at_error *err)
{
    struct run_state *s = state;
    struct predictions predictions;
    const float *global = at_map_series_global(&s->series);
    struct map_name mean = { -1, -1 };
    int rc = 0;

    if (job_selects_global(&s->job->selection))
        rc = show_map(s, global, mean, NULL, err);
    if (!rc && s->grid)
        rc = draw_grid(s, err);
    if (!rc)
        rc = commit_capture(s, hidden, err);
    if (!rc && s->deep && s->job->manifest)
        rc = deep_write(s->deep, err);
    if (rc)
        return rc;
    rc = predict(&predictions, s->job, s->doc, hidden, s->run->mask, (size_t)s->run->top_k, err);
    if (rc)
        return rc;
    rc = run_report(s, &predictions, err);
    predictions_release(&predictions);
    return rc;
}

static const struct text_handler handler = {
    .what = "running",
    .needs_states = true,
    .begin = run_begin,
    .embedded = run_embedded,
    .layer = run_layer,
    .finish = run_finish,
    .release = run_state_release,
};

static int check_run_options(struct run_options *run, const struct job *job, const char *focus)
{
    size_t *list = NULL, n = 0;

    if (!predict_takes_mask(run->mask))
        return report_usage("--mask takes auto, all, none or positions like 3,5-7, not '%s'",
                            run->mask);
    if (focus && !opt_number_list(&list, &n, focus, 1000000))
        return report_usage("--focus takes positions like 3,5-7, not '%s'", focus);
    run->focus = list;
    run->n_focus = n;
    if (run->with_logits && !job->out)
        return report_usage("--logits writes into the capture; give -o DIR");
    if (run->with_logits && run->no_capture)
        return report_usage("--logits writes into the capture; leave out --no-capture");
    if (run->with_logits && job->from)
        return report_usage("--logits needs the model; it cannot go with --from");
    return EXIT_DONE;
}

int cmd_run(int argc, char **argv)
{
    struct job job;
    struct run_options run = {
        .mask = "auto",
        .top_k = 5,
        .root = -1,
        .tree_k = 3,
        .tree_depth = 3,
        .tree_nodes = 400,
        .n_links = 10,
        .flow_threshold = 0.04,
        .min_weight = 0.01,
    };
    const char *focus = NULL;
    int status;

    job_init(&job, "run", argc, argv);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Predictions"),
        OPT_TEXT(0, "mask", &run.mask, "auto|all|none|N,M", "masked models: positions to predict; auto is the [MASK]s of the text, else each in turn"),
        OPT_INT(0, "top-k", &run.top_k, "N", 1, 1000, "predictions per position"),
        OPT_INCLUDE(job.select_options),
        OPT_INT(0, "links", &run.n_links, "N", 0, 1000000, "strongest links to list"),
        OPT_REAL(0, "min-weight", &run.min_weight, "X", 0, 1, "smallest weight in attention.csv"),
        OPT_REAL(0, "flow-threshold", &run.flow_threshold, "X", 0, 1, "flow: draw links above this weight"),
        OPT_TEXT(0, "focus", &focus, "N,M", "flow: these tokens in front, the rest grey; --deep: follow these"),
        OPT_INT(0, "tree-root", &run.root, "N", -1, 1000000, "tree: token it starts from; -1 is the first, of a causal model the last"),
        OPT_INT(0, "tree-k", &run.tree_k, "N", 1, 100, "tree: children per node"),
        OPT_INT(0, "tree-depth", &run.tree_depth, "N", 1, 50, "tree: levels, the root's included"),
        OPT_INT(0, "tree-nodes", &run.tree_nodes, "N", 1, 100000, "tree: stop growing at this many nodes"),
        OPT_REAL(0, "tree-min-weight", &run.tree_min_weight, "X", 0, 1, "tree: do not follow weaker links"),
        OPT_FLAG(0, "deep", &run.is_deep, "inside the layers too: embeddings, queries and keys, residual stream, logit lens"),
        OPT_INCLUDE(job.output_options),
        OPT_FLAG(0, "no-capture", &run.no_capture, "write no capture.safetensors"),
        OPT_FLAG(0, "logits", &run.with_logits, "write logits into the capture too"),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    switch (opt_parse(&argc, argv, table, "atlas run [options] [text ...]",
                      "Run texts through a model: tokens, predictions and every attention map. "
                      "Without -o a summary goes to standard output; with it documents, tables, "
                      "pictures and the capture go to DIR.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = check_run_options(&run, &job, focus);
    if (!status)
        status = job_start(&job, table, argc, argv);
    if (!status)
        status = run_open_tables(&run, &job);
    if (!status)
        status = job_each_text(&job, &handler, &run);
    status = run_close_tables(&run, &job, status);
    free(run.focus);
    return job_finish(&job, status);
}
