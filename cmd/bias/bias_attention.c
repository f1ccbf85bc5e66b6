/*
 * bias_attention.c - `atlas bias attention`: how much attention flagged tokens draw, head by head,
 * and whether that is more than chance.
 */
#include "cmd/bias/bias_attention.h"

#include <stdlib.h>

#include "analysis/bar_null.h"
#include "base/alloc.h"
#include "cmd/file_digest.h"
#include "session/doc_rows.h"
#include "session/doc_window.h"

/* --- one text --- */

struct state {
    struct attention *a;
    const struct at_doc *doc;
    struct at_bar_text text;
    struct at_map_series maps; /* when pictures are drawn */
    struct marked_text marked;
    struct at_arena arena;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_bar_text_release(&s->text);
    at_map_series_release(&s->maps);
    at_arena_release(&s->arena);
    free(s);
}

static bool draws(const struct state *s)
{
    return sink_draws(s->a->x->sink) && sink_keeps(s->a->x->sink, s->doc);
}

static int begin_flags(struct at_bar_text *out, const struct attention *a, const struct at_doc *doc,
                       struct at_arena *arena, struct at_error *err)
{
    struct at_bar_flags flags = a->flags;
    struct at_rows rows = { 0 };
    int rc = 0;

    if (a->tokens_text)
        rc = at_doc_tokens(&rows, doc, "--tokens", a->tokens_text, arena, err);
    if (rc)
        return rc;
    flags.tokens = rows.items;
    flags.n_tokens = rows.n;
    return at_bar_text_begin(out, doc, &flags, a->threshold, err);
}

/* What is flagged in a window, for its maps. */
static void list_in_window(struct state *s)
{
    const struct at_bar_text *all = &s->a->windows;
    struct at_bar_text *own = &s->text;

    own->doc = s->doc;
    own->flagged = at_arena_alloc(&s->arena, s->doc->tokens.n, sizeof *own->flagged);
    for (size_t i = 0; i < s->doc->tokens.n; i++) {
        size_t at = at_doc_whole_token(s->doc, i), k = 0;
        while (k < all->n_flagged && all->flagged[k].index != at)
            k++;
        if (k == all->n_flagged)
            continue;
        own->flagged[own->n_flagged] = all->flagged[k];
        own->flagged[own->n_flagged++].index = i;
    }
}

static int begin(struct state *s, struct at_error *err)
{
    struct attention *a = s->a;
    const struct at_doc *whole = s->doc->window.whole;
    int rc = 0;

    if (whole && at_doc_is_first_window(s->doc)) {
        at_bar_text_release(&a->windows);
        rc = begin_flags(&a->windows, a, whole, &s->arena, err);
    } else if (!whole) {
        rc = begin_flags(&s->text, a, s->doc, &s->arena, err);
    }
    if (rc || !draws(s))
        return rc;
    if (whole)
        list_in_window(s);
    s->marked = mark_text(a->x->sink, &s->text, &s->arena);
    return at_map_series_init(&s->maps, s->doc->tokens.n, AT_RAW, err);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct state *s = at_calloc(1, sizeof *s);

    *s = (struct state){ .a = arg, .doc = doc };
    if (begin(s, err)) {
        release_text(s);
        return NULL;
    }
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *l, struct at_error *err)
{
    struct state *s = state;
    const struct selection *chosen = &s->a->x->call->selection;
    int rc = 0;

    if (s->doc->window.whole)
        at_bar_text_add_window(&s->a->windows, s->doc, l);
    else
        at_bar_text_add(&s->text, l);
    if (!draws(s))
        return 0;
    at_map_series_add(&s->maps, l->maps, l->H);
    for (size_t h = 0; h < l->H && !rc; h++)
        if (selects_head(chosen, l->layer, h))
            rc = picture_marked_map(&s->marked, l->maps + h * l->n * l->n,
                                    (struct map_name){ (long)l->layer, (long)h }, err);
    if (!rc && selects_layer_mean(chosen, l->layer))
        rc = picture_marked_map(&s->marked, at_map_series_layer(&s->maps),
                                (struct map_name){ (long)l->layer, -1 }, err);
    return rc;
}

static int add_to_corpus(struct attention *a, const struct at_doc *doc,
                         const struct at_bar_result *r, struct at_error *err)
{
    struct at_corpus *corpus = many_corpus(&a->many, doc);
    struct at_bar_text_row row;

    if (!corpus)
        return 0;
    at_bar_corpus_add(corpus, r);
    row = at_bar_text_row(doc, r);
    return many_add(&a->many, doc, &row, err);
}

static int tell(struct attention *a, const struct at_doc *doc, const struct at_bar_result *r,
                struct at_error *err)
{
    struct sink *sink = a->x->sink;
    int rc = sink_table(sink, doc, "bar.csv", &at_bar_row_record, r->heads, r->n_heads, err);

    if (!rc)
        rc = sink_table(sink, doc, "propagation.csv", &at_bar_layer_record, r->layers, r->L, err);
    if (!rc && sink_draws(sink) && sink_keeps(sink, doc) && r->n_flagged)
        rc = attention_pictures(a, doc, r, err);
    if (!rc)
        rc = sink_result(sink, doc, "bar.json", &at_bar_result_record, r, doc_meta(a->x->call, doc),
                         err);
    if (!rc && sink_prints(sink) && sink_keeps(sink, doc))
        attention_print(doc, r);
    return rc;
}

static int finish_all(struct attention *a, struct at_bar_text *text, struct at_error *err)
{
    const struct at_bar_options options = {
        .n_permutations = (size_t)a->n_permutations,
        .n_top = (size_t)a->n_top,
        .alpha = a->alpha,
        .correction = (enum at_bar_correction)a->correction,
        .seed = a->x->call->seed,
    };
    const struct at_bar_result r = at_bar_text_finish(text, &options, a->x->pool);
    int rc = add_to_corpus(a, text->doc, &r, err);

    return rc ? rc : tell(a, text->doc, &r, err);
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct attention *a = s->a;
    int rc = 0;

    (void)final_hidden;
    if (draws(s) && selects_global(&a->x->call->selection))
        rc = picture_marked_map(&s->marked, at_map_series_global(&s->maps),
                                (struct map_name){ -1, -1 }, err);
    if (rc)
        return rc;
    if (!s->doc->window.whole)
        return finish_all(a, &s->text, err);
    if (!at_doc_is_last_window(s->doc))
        return 0;
    at_bar_text_finish_windows(&a->windows);
    return finish_all(a, &a->windows, err);
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

/* The threshold that `bias calibrate` found for this very model. */
static int take_calibration(struct attention *a, struct at_error *err)
{
    struct at_digest digest;
    int rc = weights_digest(&digest, a->x->session->model.files, err);

    if (!rc)
        rc = at_bar_null_threshold(&a->threshold, a->calibration, digest.hex, err);
    return rc ? rc : sink_note_file(a->x->sink, "calibration", a->calibration, err);
}

static void look_of(struct value_look *out, size_t value)
{
    static const struct value_look looks[AT_N_BAR_VALUES] = {
        { "Attention to flagged tokens", "", "ratio to even attention (1)", true },
        { "Attention among flagged tokens", "", "ratio to even attention (1)", true },
        { "Greatest weight on a flagged token", "", "attention weight", false },
        { "Attention to flagged tokens, by what sees them", "", "ratio to even attention (1)",
          true },
    };

    *out = looks[value];
}

static const char *value_key(size_t value)
{
    return at_bar_value_keys[value];
}

static const struct corpus_way corpus_way = {
    .texts = &at_bar_text_row_record,
    .nothing = "no token is flagged in any of them",
    .n_values = AT_N_BAR_VALUES,
    .key = value_key,
    .look = look_of,
    .has_heads = true,
    .has_ratios = true,
    .file = "corpus",
    .overall = "mean of all heads",
};

static int run(void *own, const struct context *x)
{
    struct attention *a = own;
    struct at_error err;
    int rc = 0;

    a->x = x;
    if (!a->tokens_text) {
        rc = detector_source_open(&a->source, x, &err);
        a->flags.detector = &a->source.detector;
    }
    if (!rc && a->calibration)
        rc = take_calibration(a, &err);
    if (rc)
        return report_fault(&err);
    if (many_begin(&a->many, &corpus_way, x, &err))
        return report_fault(&err);
    return many_end(&a->many, each_text(x, &visitor, a, "measuring"));
}

static void release(void *own)
{
    struct attention *a = own;

    many_release(&a->many);
    at_bar_text_release(&a->windows);
    detector_source_close(&a->source);
}

/* --- the call --- */

static int check(void *own, struct call *c)
{
    struct attention *a = own;
    if (c->pair || c->doc.split_pair)
        return report_usage("bias attention reads plain texts, without --pair");
    if (a->calibration && c->from)
        return report_usage("--calibration needs the model itself, not --from");
    if (a->calibration && call_gives(c, &a->threshold))
        return report_usage("--calibration and --bar-threshold exclude each other");
    if (!a->tokens_text)
        return detector_source_check(&a->source, c);
    if (detector_source_given(&a->source))
        return report_usage("--tokens flags by hand; leave out what is for a classifier");
    if (!at_rows_is_list(a->tokens_text))
        return report_usage("--tokens takes tokens like 2,5-7 or women, not '%s'", a->tokens_text);
    return EXIT_DONE;
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    static const char *const corrections[] = { "none", "fdr", "bonferroni", NULL };
    struct attention *a = own;

    a->threshold = AT_BAR_THRESHOLD;
    a->alpha = 0.05;
    a->n_permutations = 30000;
    a->n_top = 5;
    a->correction = AT_BAR_FDR;
    detector_source_init(&a->source, false);
    call->model = "atlas-bias";
    call->makes_corpus = true;
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Flagged tokens"),
        OPT_INCLUDE(a->source.options),
        OPT_TEXT(0, "tokens", &a->tokens_text, "LIST", "flag these tokens (2,5-7, women) instead"),
        OPT_GROUP("Attention to them"),
        OPT_REAL(0, "bar-threshold", &a->threshold, "R", 0, 1000, "heads above are specialised; the default is another model's calibration, see 'bias calibrate'"),
        OPT_TEXT(0, "calibration", &a->calibration, "FILE", "take that threshold (alpha 0.05) from what 'bias calibrate' wrote for this model"),
        OPT_INT(0, "permutations", &a->n_permutations, "N", 99, 100000000, "random sets of tokens; all of them when they are fewer"),
        OPT_REAL(0, "alpha", &a->alpha, "P", 0, 0.5, "level of significance"),
        OPT_ENUM(0, "correction", &a->correction, corrections, "for testing many heads"),
        OPT_INT(0, "top", &a->n_top, "N", 1, 1000, "heads listed"),
        OPT_GROUP("Maps with the flagged tokens marked"),
        OPT_TEXT(0, "layer", &call->layer_text, "N|all|mean", "layer of the maps, from 0"),
        OPT_TEXT(0, "head", &call->head_text, "N|all|mean", "head of the maps, from 0"),
        OPT_INCLUDE(call->corpus_options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "bar.json", "attention to flagged tokens, head by head", &at_bar_result_record },
    { "bar.csv", "a row for each head", &at_bar_row_record },
    { "propagation.csv", "a row for each layer", &at_bar_layer_record },
    MANY_OUTPUTS(&at_bar_text_row_record),
    { "corpus.csv", "a row for each head and metric over several texts", &at_corpus_role_record },
    { "roles.csv", "over several texts the ten heads with the greatest mean of each metric",
      &at_role_record },
    MANY_OUTPUTS_OF_HEADS,
    { 0 },
};

const struct command bias_attention_command = {
    .name = "bias attention",
    .brief = "how much attention every head gives to flagged tokens",
    .synopsis = "[options] [text ...]",
    .about = "Measure how much attention every head gives to the tokens that a bias classifier "
             "flags, against even attention (ratio 1) and against random sets of tokens (p, false "
             "discovery rate q, Bonferroni).",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct attention),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .corpus = &corpus_way,
};
