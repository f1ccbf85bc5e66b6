/*
 * faith.c - `atlas faith`: what a decision depended on, and whether attention tells.
 */
#include "cmd/faith/faith.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/method_list.h"
#include "session/doc_rows.h"

/* Maps of flow take seconds at this many tokens and minutes at twice as many. */
enum { FLOW_MAP_TOKENS = 64 };

/* --- one text --- */

struct state {
    struct faith *f;
    struct at_faith_options options;
    struct at_faith_text text;
    double *head_scores; /* (L,H) that heads are ordered by, or NULL */
    struct at_arena arena;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_faith_text_release(&s->text);
    at_arena_release(&s->arena);
    free(s);
}

/* Tokens that are named by their text have a number in each text. */
static int find_position(struct state *s, const struct at_doc *doc, struct at_error *err)
{
    struct at_probe_options *o = &s->options.probe;
    struct at_rows rows;
    int rc;

    if (!s->f->position_text || o->positions)
        return 0;
    rc = at_doc_tokens(&rows, doc, "--position", s->f->position_text, &s->arena, err);
    if (!rc) {
        o->positions = rows.items;
        o->n_positions = rows.n;
    }
    return rc;
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct faith *f = arg;
    struct state *s = at_calloc(1, sizeof *s);

    s->f = f;
    s->options = f->options;
    if (find_position(s, doc, err) ||
        at_faith_text_begin(&s->text, f->x->session, &f->aim, doc, &s->options, err)) {
        release_text(s);
        return NULL;
    }
    s->head_scores = faith_ablation_scores(&f->ablation, doc->shape, &s->text.arena);
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    faith_ablation_add(&s->f->ablation, s->head_scores, layer, s->text.doc);
    return at_faith_text_add(&s->text, layer, err);
}

static int write_tables(struct faith *f, const struct at_doc *doc, const struct at_faith_result *r,
                        struct at_error *err)
{
    struct sink *sink = f->x->sink;
    struct at_arena arena = { 0 };
    int rc = sink_table(sink, doc, "attributions.csv", &at_attribution_row_record,
                        at_attribution_rows(r, &arena), r->n_methods * r->T, err);

    if (!rc)
        rc = sink_table(sink, doc, "heads.csv", &at_head_agreement_record, r->heads, r->n_heads,
                        err);
    if (!rc)
        rc = sink_table(sink, doc, "agreement.csv", &at_method_agreement_record, r->agreement,
                        r->n_agreement, err);
    if (!rc && r->n_curves)
        rc = sink_table(sink, doc, "curves.csv", &at_curve_point_record, r->curves, r->n_curves,
                        err);
    if (!rc && r->n_areas)
        rc = sink_table(sink, doc, "areas.csv", &at_curve_area_record, r->areas, r->n_areas, err);
    if (!rc && r->n_sanity)
        rc =
            sink_table(sink, doc, "sanity.csv", &at_sanity_row_record, r->sanity, r->n_sanity, err);
    if (!rc && r->heads_removed)
        rc = faith_ablation_tables(sink, doc, r->heads_removed, err);
    at_arena_release(&arena);
    return rc;
}

/* Of several texts: a row of each in the tables over all of them. */
static int add_to_corpus(struct faith *f, const struct at_doc *doc, const struct at_faith_result *r,
                         struct at_error *err)
{
    const char *model = f->x->session->name;
    const struct at_config *c = doc->shape;
    struct sink *sink = f->x->sink;
    const struct at_faith_text_row row = { model,           doc->in.id,      r->T,        r->target,
                                           r->completeness, r->conservation, sink->run_id };
    int rc = 0;

    if (!*doc->in.id)
        return 0;
    if (!f->corpus.n)
        rc = table_open(&f->texts, sink, NULL, "texts.csv", &at_faith_text_row_record, err);
    if (!rc && !f->corpus.n)
        rc = table_open(&f->text_methods, sink, NULL, "methods.csv", &at_faith_method_row_record,
                        err);
    if (rc)
        return rc;
    at_faith_corpus_add(&f->corpus, r, model, c->n_layers * c->n_heads, c->n_heads);
    table_add(&f->texts, &row);
    for (size_t m = 0; m < r->n_methods; m++) {
        const struct at_curve_area none = { NULL, NAN, NAN, NAN, { 0 }, NAN, { 0 } };
        const struct at_faith_method_row method = { model,
                                                    doc->in.id,
                                                    r->attributions[m].method,
                                                    r->mean_rho[m].mean,
                                                    r->n_areas ? r->areas[m] : none,
                                                    sink->run_id };
        table_add(&f->text_methods, &method);
    }
    return 0;
}

static void on_rows(void *arg, size_t n_rows)
{
    struct faith *f = arg;

    f->n_rows_done += n_rows;
    progress_show(&f->progress, f->n_rows_done);
}

/* A masked model asked where nothing is masked has little to expect. */
static void warn_of_sight(const struct at_faith_text *t)
{
    const struct at_probe *p = &t->probe;
    int mask = at_tokenizer_role(t->s->tokenizer, AT_ROLE_MASK);
    const char *id = t->doc->in.id;

    if (p->aim->choice == AT_AIM_TOKEN && !t->s->model.config.is_causal && mask >= 0 &&
        p->ids[p->index] != mask)
        report_warning("%s%stoken %zu, '%s', is in sight of the model that is asked about it; the "
                       "mask token hides it",
                       id, *id ? ": " : "", p->index, t->doc->labels[p->index].text);
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct faith *f = s->f;
    const struct at_doc *doc = s->text.doc;
    struct at_faith_result r;
    int rc;

    (void)final_hidden;
    f->n_rows_done = 0;
    call_progress(f->x->call, &f->progress, "explaining", "tokens", 0);
    rc = at_faith_text_finish(&r, &s->text, err);
    if (!rc)
        rc = faith_ablation_finish(&r, &f->ablation, &s->text, s->head_scores, err);
    progress_end(&f->progress);
    if (!rc)
        warn_of_sight(&s->text);
    if (!rc)
        rc = write_tables(f, doc, &r, err);
    if (!rc && f->x->sink->manifest)
        rc = faith_write_maps(f, doc, &s->text.mixing, err);
    if (!rc)
        rc = add_to_corpus(f, doc, &r, err);
    if (!rc)
        rc = sink_result(f->x->sink, doc, "faith.json", &at_faith_result_record, &r,
                         doc_meta(f->x->call, doc), err);
    if (!rc && sink_draws(f->x->sink))
        rc = faith_pictures(f, doc, &r, err);
    if (!rc && sink_prints(f->x->sink))
        faith_print(f, doc, &r);
    return rc;
}

static const struct at_visitor visitor = {
    .needs_states = true,
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static int tell_corpus(struct faith *f, struct at_error *err)
{
    struct sink *sink = f->x->sink;
    struct at_faith_summary s;
    int rc = table_commit(&f->texts, sink, err);

    if (!rc)
        rc = table_commit(&f->text_methods, sink, err);
    if (rc || !f->corpus.n)
        return rc;
    at_faith_summarize(&s, &f->corpus, f->options.seed, &f->arena);
    rc = sink_table(sink, NULL, "corpus.csv", &at_faith_corpus_row_record, s.rows, s.n_rows, err);
    if (!rc)
        rc = sink_result_file(
            sink, NULL, "summary.json", &at_faith_summary_record, &s,
            call_meta(f->x->call, f->x->session->name, &f->x->session->model.config), err);
    if (!rc && sink_prints(sink))
        faith_print_summary(&s);
    return rc;
}

static int run(void *own, const struct context *x)
{
    struct faith *f = own;
    const struct at_aim_options aim = { (enum at_aim_choice)f->choice, f->token, f->foil,
                                        f->label };
    struct at_error err;
    int status;

    f->x = x;
    f->options.attribution.baseline = (enum at_ig_baseline)f->baseline;
    f->options.attribution.n_steps = (size_t)f->n_steps;
    f->options.probe.batch_rows = (size_t)f->batch_rows;
    f->options.n_draws = (size_t)f->n_draws;
    f->options.seed = (uint64_t)x->call->seed;
    if (x->sink->manifest)
        f->options.max_flow_map = f->methods_text ? SIZE_MAX : FLOW_MAP_TOKENS;
    f->options.probe.progress = on_rows;
    f->options.probe.arg = f;
    if (at_aim_init(&f->aim, x->session, &aim, &f->arena, &err))
        return report_fault(&err);
    if (faith_ablation_open(&f->ablation, x, &err))
        return report_fault(&err);
    status = each_text(x, &visitor, f, "explaining");
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && tell_corpus(f, &err))
        status = report_fault(&err);
    return status;
}

static void release(void *own)
{
    struct faith *f = own;

    table_abort(&f->texts);
    table_abort(&f->text_methods);
    at_faith_corpus_release(&f->corpus);
    faith_ablation_release(&f->ablation);
    at_arena_release(&f->arena);
}

/* --- the call --- */

static int check(void *own, struct call *c)
{
    struct faith *f = own;
    struct at_probe_options *o = &f->options.probe;
    size_t *positions;
    int status;

    if (c->from)
        return report_usage("faith asks the model itself: give the text, not --from");
    if ((f->token || f->foil) && f->label)
        return report_usage("--target and --foil are of tokens, --class of labels");
    if ((f->token || f->foil) && f->choice != AT_AIM_AUTO && f->choice != AT_AIM_TOKEN)
        return report_usage("--target and --foil go with --explain token");
    if (f->label && f->choice != AT_AIM_AUTO && f->choice != AT_AIM_LABEL &&
        f->choice != AT_AIM_CLASS)
        return report_usage("--class goes with --explain label or class");
    if (f->position_text) {
        if (call_number_list(c, &positions, &o->n_positions, f->position_text))
            o->positions = positions;
        else if (!at_rows_is_list(f->position_text))
            return report_usage("--position takes a token's number from 0 or its text, of labels "
                                "also a list like 3,5 or 2-4, not '%s'",
                                f->position_text);
    }
    status = faith_ablation_check(&f->ablation, c);
    return status ? status : take_methods(&f->options, f->methods_text, &f->arena);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    static const char *const choices[] = { "auto",  "token", "likelihood", "label",
                                           "class", "pooled_norm", NULL };
    static const char *const baselines[] = { "auto", "pad", "mask", "zero", "eos", NULL };
    struct faith *f = own;

    f->batch_rows = AT_BACKWARD_ROWS;
    f->n_draws = 20;
    faith_ablation_options(&f->ablation);
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_GROUP("What is explained"),
        OPT_ENUM(0, "explain", &f->choice, choices, "ln p of a token, of the text, p of labels, ln p of a class, or the length of the mean final state; auto is what the call names, or the first of these that the model can tell"),
        OPT_TEXT(0, "target", &f->token, "TOKEN", "token whose probability is explained; by default what the model expects"),
        OPT_TEXT(0, "foil", &f->foil, "TOKEN", "why the target and not this token"),
        OPT_TEXT(0, "position", &f->position_text, "N", "token at which the model is asked, from 0; by default the only mask, else the last one; of labels a list"),
        OPT_TEXT(0, "class", &f->label, "LABEL", "label of a token classifier, or of all its B- and I- labels, or class of a text; by default all labels but O"),
        OPT_GROUP("Methods"),
        OPT_TEXT(0, "methods", &f->methods_text, "LIST", "attributions to compute; by default all"),
        OPT_INT(0, "steps", &f->n_steps, "N", 0, 4096, "integrated gradients: nodes of one rule; 0 refines until they add up"),
        OPT_ENUM(0, "baseline", &f->baseline, baselines, "integrated gradients: where they begin; auto is pad where there is one, else eos"),
        OPT_FLAG(0, "keep-special", &f->options.attribution.keeps_special, "integrated gradients: special tokens are in the baseline, too"),
        OPT_INT(0, "draws", &f->n_draws, "N", 0, 10000, "random orders of the tokens that deletion curves are set against; 0: no curves"),
        OPT_FLAG(0, "sanity", &f->options.wants_sanity, "make the layers random from the top, and see what is left of the scores"),
        OPT_INT(0, "batch-rows", &f->batch_rows, "N", 1, 1000000, "tokens that go through the model together; more are faster and take more memory"),
        OPT_GROUP("Ablation of heads"),
        OPT_INCLUDE(f->ablation.options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "faith.json", "the target, and what every method makes of it", &at_faith_result_record },
    { "attributions.csv", "a row for each method and token", &at_attribution_row_record },
    { "heads.csv", "a row for each method and head", &at_head_agreement_record },
    { "agreement.csv", "a row for each two methods", &at_method_agreement_record },
    { "ablation.csv", "a row for each head, or one for those of --ablate together",
      &at_ablation_row_record },
    { "ablation_proof.csv", "likewise: that heads were removed", &at_ablation_proof_record },
    { "ablation_layers.csv", "a row for each layer without its heads", &at_layer_ablation_record },
    { "elbow.csv", "a row for each of the first heads by a score", &at_elbow_row_record },
    { "smallest_set.csv", "with --move a row for each head of the set", &at_smallest_row_record },
    { "direct.csv", "a row for each part of the logit", &at_direct_effect_record },
    { "patching.csv", "a row for each head", &at_patching_row_record },
    { "curves.csv", "a row for each method and share of the tokens", &at_curve_point_record },
    { "areas.csv", "a row for each method", &at_curve_area_record },
    { "sanity.csv", "with --sanity a row for each method and number of random layers",
      &at_sanity_row_record },
    { "texts.csv", "a row for each of several texts", &at_faith_text_row_record },
    { "methods.csv", "a row for each of several texts and each method",
      &at_faith_method_row_record },
    { "corpus.csv", "a row for each number of several texts", &at_faith_corpus_row_record },
    { "summary.json", "of several texts: does attention agree?", &at_faith_summary_record },
    { "maps.csv", "a row for each method with maps, layer and two tokens", &at_map_cell_record },
    { 0 },
};

const struct command faith_command = {
    .name = "faith",
    .brief = "are attention weights explanations? attributions of a decision",
    .synopsis = "[options] [text ...]",
    .about = "Explain one decision of a model, such as the word that it expects at [MASK], by "
             "several methods, and measure how far attention weights agree with what the decision "
             "depended on.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct faith),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
