/*
 * bias_calibrate.c - `atlas bias calibrate`: from which ratio on is a head's attention to flagged
 * tokens more than chance? Quantiles of the null over many texts, for the model at hand.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/bar_null.h"
#include "base/alloc.h"
#include "cmd/bias/detector_source.h"
#include "cmd/file_digest.h"

struct calibrate {
    struct detector_source source;
    long n_draws;
    const struct context *x;
    struct at_bar_null null;
};

/* --- one text --- */

struct state {
    struct calibrate *c;
    struct at_bar_text text;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_bar_text_release(&s->text);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct calibrate *c = arg;
    const struct at_bar_flags flags = { .detector = &c->source.detector };
    struct state *s = at_calloc(1, sizeof *s);

    s->c = c;
    if (!at_bar_text_begin(&s->text, doc, &flags, AT_BAR_THRESHOLD, err))
        return s;
    release_text(s);
    return NULL;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    (void)err;
    at_bar_text_add(&s->text, layer);
    return 0;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;

    (void)final_hidden;
    (void)err;
    at_bar_null_add(&s->c->null, &s->text, (size_t)s->c->n_draws, s->c->x->call->seed);
    return 0;
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static void print_summary(const char *model_name, const struct at_bar_null_result *r)
{
    printf("attention to flagged tokens by chance, %s: %zu of %zu text%s with flagged tokens\n",
           model_name, r->any.n_texts, r->n_texts, at_plural(r->n_texts));
    printf("  ");
    at_record_heading(stdout, &at_bar_null_row_record);
    printf("  ");
    at_record_line(stdout, &at_bar_null_row_record, &r->any);
    for (size_t i = 0; i < r->n_categories; i++) {
        printf("  ");
        at_record_line(stdout, &at_bar_null_row_record, &r->by_category[i]);
    }
    printf("  pooled over heads; single heads differ, see calibration.csv with -o\n");
}

static int tell(struct calibrate *c, struct at_arena *arena, struct at_error *err)
{
    struct sink *sink = c->x->sink;
    const struct at_session *session = c->x->session;
    struct at_bar_null_result r = at_bar_null_finish(&c->null, arena);
    struct at_bar_null_head *heads;
    struct at_digest model;
    size_t n = 0;
    int rc = weights_digest(&model, session->model.files, err);

    if (rc)
        return rc;
    r.model_sha256 = model.hex;
    r.rule = at_detector_rule(&c->source.detector, arena);
    r.n_draws = (size_t)c->n_draws;
    r.seed = c->x->call->seed;
    if (sink_writes(sink, FORMAT_CSV)) {
        heads = at_bar_null_heads(&n, &c->null, arena);
        rc = sink_table(sink, NULL, "calibration.csv", &at_bar_null_head_record, heads, n, err);
    }
    if (!rc)
        rc = sink_result(sink, NULL, "calibration.json", &at_bar_null_result_record, &r,
                         call_meta(c->x->call, session->name, &session->model.config), err);
    if (!rc && sink_prints(sink))
        print_summary(session->name, &r);
    if (!rc && r.any.n_texts == 0)
        report_warning("no text has a flagged token: there is nothing to calibrate with");
    return rc;
}

static int run(void *own, const struct context *x)
{
    const struct at_config *shape = &x->session->model.config;
    struct calibrate *c = own;
    struct at_arena arena = { 0 };
    struct at_error err;
    int status;

    c->x = x;
    if (detector_source_open(&c->source, x, &err) ||
        at_bar_null_init(&c->null, shape->n_layers, shape->n_heads, &err))
        return report_fault(&err);
    status = each_text(x, &visitor, c, "calibrating");
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && tell(c, &arena, &err))
        status = report_fault(&err);
    at_arena_release(&arena);
    return status;
}

static void release(void *own)
{
    struct calibrate *c = own;

    at_bar_null_release(&c->null);
    detector_source_close(&c->source);
}

/* --- the call --- */

static int check(void *own, struct call *call)
{
    struct calibrate *c = own;
    int status = detector_source_check(&c->source, call);

    if (!status && (call->from || call->pair || call->doc.split_pair))
        return report_usage("bias calibrate reads plain texts, without --from and --pair");
    return status;
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct calibrate *c = own;

    c->n_draws = 200;
    detector_source_init(&c->source, false);
    call->model = "atlas-bias";
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_GROUP("Flagged tokens"),
        OPT_INCLUDE(c->source.options),
        OPT_GROUP("Null"),
        OPT_INT(0, "draws", &c->n_draws, "N", 1, 1000000, "random sets of tokens per text"),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "calibration.json", "the ratios that chance gives", &at_bar_null_result_record },
    { "calibration.csv", "a row for each head, of anything flagged, then of each category",
      &at_bar_null_head_record },
    { 0 },
};

const struct command bias_calibrate_command = {
    .name = "bias calibrate",
    .brief = "thresholds of that attention for a model, from texts",
    .synopsis = "[options] [text ...]",
    .about = "Find, from texts, which ratios of attention to flagged tokens chance alone gives "
             "with this model: the thresholds for 'bias attention'. Use --lines with a file of "
             "many sentences; calibration.json carries the model's hash.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct calibrate),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
