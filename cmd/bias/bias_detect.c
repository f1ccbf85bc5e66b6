/*
 * bias_detect.c - `atlas bias detect`: flagged tokens, words and spans of texts, and their level.
 */
#include "cmd/bias/bias_detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/doc_window.h"

/* --- one text --- */

struct state {
    struct detect *d;
    const struct at_doc *doc;
    struct at_arena arena; /* the result */
};

static void release_text(void *state)
{
    struct state *s = state;

    at_arena_release(&s->arena);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct detect *d = arg;
    struct state *s;

    const struct at_doc *whole = doc->window.whole, *all = whole ? whole : doc;

    if ((!whole || at_doc_is_first_window(doc)) &&
        at_detector_agrees(&d->source.detector, &all->tokens, all->in.text, err))
        return NULL;
    s = at_calloc(1, sizeof *s);
    *s = (struct state){ .d = d, .doc = doc };
    return s;
}

/* A row of the table over all texts, which is begun with the first of several. */
static int add_to_texts(struct detect *d, const struct at_doc *doc, const struct at_bias_result *r,
                        struct at_error *err)
{
    struct at_arena arena = { 0 };
    const struct at_bias_text_row row = { sink_text_head(d->x->sink, doc, &arena), r->summary,
                                          r->level };
    int rc = 0;

    if (*doc->in.id && !d->texts.is_open)
        rc = table_open(&d->texts, d->x->sink, NULL, "texts.csv", &at_bias_text_row_record, err);
    if (!rc)
        table_add(&d->texts, &row);
    at_arena_release(&arena);
    return rc;
}

static int tell(struct detect *d, const struct at_doc *doc, const struct at_bias_result *r,
                struct at_error *err)
{
    struct sink *sink = d->x->sink;
    int rc =
        sink_table(sink, doc, "tokens.csv", &at_bias_token_row_record, r->tokens, r->n_tokens, err);

    if (!rc)
        rc = sink_table(sink, doc, "spans.csv", &at_bias_span_row_record, r->spans, r->n_all_spans,
                        err);
    if (!rc)
        rc = add_to_texts(d, doc, r, err);
    if (!rc && sink_draws(sink))
        rc = detect_pictures(sink, doc, r, err);
    if (!rc)
        rc = sink_result(sink, doc, "bias.json", &at_bias_result_record, r,
                         doc_meta(d->x->call, doc), err);
    if (!rc && sink_prints(sink))
        detect_print(d, doc, r);
    return rc;
}

/* Every token's state from the window that owns it. */
static void keep_states(struct detect *d, const struct at_doc *doc, const float *hidden)
{
    size_t n = doc->window.whole->tokens.n, C = doc->shape->width;

    if (at_doc_is_first_window(doc))
        d->states = at_realloc(d->states, n * C, sizeof *d->states);
    for (size_t i = 0; i < doc->tokens.n; i++)
        if (at_doc_owns_token(doc, i))
            memcpy(d->states + at_doc_whole_token(doc, i) * C, hidden + i * C, C * sizeof *hidden);
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct detect *d = s->d;
    const struct at_doc *doc = s->doc;
    struct at_bias_result r;
    int rc;

    if (doc->window.whole) {
        keep_states(d, doc, final_hidden);
        if (!at_doc_is_last_window(doc))
            return 0;
        final_hidden = d->states;
        doc = doc->window.whole;
    }
    rc = at_bias_text(&r, &s->arena, &d->source.detector, doc, final_hidden, &d->options, err);
    return rc ? rc : tell(d, doc, &r, err);
}

static const struct at_visitor visitor = {
    .needs_states = true,
    .begin = begin_text,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static int run(void *own, const struct context *x)
{
    struct detect *d = own;
    struct at_error err;
    int status;

    d->x = x;
    if (detector_source_open(&d->source, x, &err))
        return report_fault(&err);
    status = each_text(x, &visitor, d, "reading");
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && table_commit(&d->texts, x->sink, &err))
        status = report_fault(&err);
    return status;
}

static void release(void *own)
{
    struct detect *d = own;

    table_abort(&d->texts);
    free(d->states);
    detector_source_close(&d->source);
}

/* --- the call --- */

/* "0.3,0.2,0.25,0.25": density, generalisation, unfairness, stereotype. */
static int take_weights(struct at_bias_weights *w, const char *text)
{
    double v[1 + AT_N_BIAS], sum = 0.0;
    const char *s = text;
    char *end;

    for (size_t i = 0; i < AT_COUNTOF(v); i++) {
        v[i] = strtod(s, &end);
        if (end == s || !(v[i] >= 0.0) || *end != (i + 1 < AT_COUNTOF(v) ? ',' : '\0'))
            return report_usage("--weights takes four numbers, density,GEN,UNFAIR,STEREO, not '%s'",
                                text);
        sum += v[i];
        s = end + 1;
    }
    if (!(sum > 0.0))
        return report_usage("--weights: one of the four must be above 0");
    w->density = v[0];
    memcpy(w->category, v + 1, sizeof w->category);
    return EXIT_DONE;
}

static int check(void *own, struct call *c)
{
    struct detect *d = own;
    int status = d->weights_text ? take_weights(&d->options.weights, d->weights_text) : EXIT_DONE;

    if (status)
        return status;
    if (c->pair || c->doc.split_pair)
        return report_usage("bias detect reads plain texts, without --pair");
    if (c->from)
        return report_usage("bias detect needs the classifier itself: give the text, not --from");
    return detector_source_check(&d->source, c);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct detect *d = own;

    d->options = (struct at_bias_text_options){ 0.35, AT_BIAS_WEIGHTS_INIT };
    detector_source_init(&d->source, true);
    call->model = "atlas-bias";
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Detection"),
        OPT_INCLUDE(d->source.options),
        OPT_REAL(0, "min-score", &d->options.min_score, "P", 0, 1, "spans below this mean score are not coloured"),
        OPT_TEXT(0, "weights", &d->weights_text, "D,G,U,S", "of the composite level: density, GEN, UNFAIR, STEREO"),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "bias.json", "what is flagged in the text", &at_bias_result_record },
    { "tokens.csv", "a row for each token", &at_bias_token_row_record },
    { "spans.csv", "a row for each run of words flagged with anything, then with each category",
      &at_bias_span_row_record },
    { "texts.csv", "a row for each of several texts", &at_bias_text_row_record },
    { 0 },
};

const struct command bias_detect_command = {
    .name = "bias detect",
    .brief = "flag generalisations, unfairness and stereotypes, token by token",
    .synopsis = "[options] [text ...]",
    .about = "Flag explicit generalisations, unfairness and stereotypes about groups, token by "
             "token, with a classifier of seven labels (O, and B-/I- of GEN, UNFAIR, STEREO). "
             "What is only implied is outside its definition: nothing flagged does not mean "
             "unbiased.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct detect),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
