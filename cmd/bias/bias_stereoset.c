/*
 * bias_stereoset.c - `atlas bias stereoset`: scores of the StereoSet items by a model, or from a
 * file of somebody's scores.
 */
#include "cmd/bias/bias_stereoset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_rescore.h"
#include "analysis/stereo_scoring.h"
#include "base/alloc.h"
#include "base/strbuf.h"

const char *const protocol_words[] = { "official", "reference", "conditional", NULL };

/* Items that go through the model together, and are lost together when the run is killed. */
enum { WINDOW = 24 };

/* --- the items --- */

/* Keep the items of scored parts and, of those, this shard's. */
static void keep_ours(struct stereoset *s)
{
    size_t n = 0, number = 0;

    for (size_t i = 0; i < s->set.n; i++)
        if (s->has_part[s->set.items[i].part] && shard_has(s->scoring.shard, number++)) {
            s->set.items[n] = s->set.items[i];
            s->scored[n++] = s->scored[i];
        }
    s->set.n = n;
}

static int open_set(struct stereoset *s, const char *path, struct at_error *err)
{
    int rc = at_stereoset_read(&s->set, path, err);

    if (rc)
        return rc;
    s->scored = at_malloc(s->set.n, sizeof *s->scored);
    at_scored_clear(s->scored, s->set.n);
    return sink_note_file(s->x->sink, "data", path, err);
}

/* Which parts of the data this protocol scores with this model. */
static int choose_parts(struct stereoset *s)
{
    size_t n[AT_N_PARTS] = { 0 };
    bool has_any = false;

    for (size_t i = 0; i < s->set.n; i++)
        n[s->set.items[i].part]++;
    for (size_t p = 0; p < AT_N_PARTS; p++) {
        const char *part = at_stereo_part_name((enum at_stereo_part)p);
        const char *why = at_stereo_unavailable(
            &s->x->session->model, (enum at_stereo_protocol)s->protocol, (enum at_stereo_part)p);
        s->has_part[p] = n[p] > 0 && !why;
        has_any |= s->has_part[p];
        if (n[p] == 0 || !why)
            continue;
        s->unavailable[s->n_unavailable++] = (struct at_stereo_gap){ part, why };
        if (s->protocol != AT_STEREO_REFERENCE)
            report_left_out("%zu %s items are left out: %s", n[p], part, why);
    }
    if (has_any)
        return EXIT_DONE;
    return report_error("nothing to score: %s", s->unavailable[s->n_unavailable - 1].why);
}

/* --- scoring --- */

static void item_rows(void *out, const void *arg, size_t i)
{
    const struct stereoset *s = arg;

    at_stereo_rows(out, &s->set, i, &s->scored[i], s->x->sink->run_id);
}

/* An item that an interrupted run has scored: a row for each of its sentences. */
static int take_item(void *arg, size_t i, const struct at_table *done, struct at_error *err)
{
    struct stereoset *s = arg;
    const struct at_stereo_item *item = &s->set.items[i];
    struct at_scored *scored = &s->scored[i];

    for (size_t k = 0; k < AT_N_GOLD; k++) {
        size_t row = AT_N_GOLD * i + k;
        enum at_gold gold = item->order[k];
        const char *score = journal_cell(done, row, "score");
        const char *why = journal_cell(done, row, "excluded");
        if (strcmp(journal_cell(done, row, "id"), item->sentence[gold].id) != 0)
            return at_fail(err, AT_EFORMAT, "row %zu is not the item that belongs there", row + 1);
        scored->score[gold] = *score ? strtod(score, NULL) : NAN;
        scored->n[gold] = strtoul(journal_cell(done, row, "n_tokens"), NULL, 10);
        if (*why && !scored->excluded)
            scored->excluded = at_strdup(why);
    }
    return 0;
}

static int score_window(void *arg, size_t first, size_t n, struct at_scorer *scorer,
                        struct at_error *err)
{
    struct stereoset *s = arg;
    const struct at_score_rule rule = { (enum at_pll)s->scoring.pll, (enum at_bos)s->scoring.bos };

    return at_stereo_score(s->scored + first, scorer, s->set.items + first, n,
                           (enum at_stereo_protocol)s->protocol, rule, err);
}

/* Somebody's scores. */
static int rescore(struct stereoset *s, struct at_error *err)
{
    const char *path = s->scoring.rescore;
    int rc = at_stereoset_rescore(s->scored, s->has_part, &s->set, path, err);

    if (!rc)
        rc = sink_note_file(s->x->sink, "scores", path, err);
    if (rc)
        return rc;
    keep_ours(s);
    for (size_t i = 0; i < s->set.n; i++)
        for (size_t g = 0; g < AT_N_GOLD; g++)
            if (isnan(s->scored[i].score[g]) && !s->scored[i].excluded)
                s->scored[i].excluded =
                    at_asprintf("%s sentence: no score%s", at_gold_name((enum at_gold)g),
                                g == AT_UNRELATED ? AT_STEREO_IN_PART : "");
    return 0;
}

static int score_set(struct stereoset *s, const char *data, struct at_error *err)
{
    const struct scoring *scoring = &s->scoring;
    const struct score_plan plan = {
        .unit = "items",
        .data = data,
        .note = {
            .protocol = protocol_words[s->protocol],
            .pll = pll_words[scoring->pll],
            .bos = bos_words[scoring->bos],
            .shard = scoring->shard_text ? scoring->shard_text : "1/1",
        },
        .resume = scoring->resume,
        .record = &at_stereo_row_record,
        .scored = s->scored,
        .n_items = s->set.n,
        .rows_per_item = AT_N_GOLD,
        .window = WINDOW,
        .arg = s,
        .rows = item_rows,
        .take = take_item,
        .score = score_window,
    };

    return scoring->rescore ? write_items(s->x->sink, &plan, err) : score_items(s->x, &plan, err);
}

/* --- what is told --- */

static void print_line(const char *name, const struct at_stereo_scores *scores)
{
    const struct at_stereo_category line = { name, *scores };

    printf("  ");
    at_record_line(stdout, &at_stereo_line_record, &line);
}

static void print_scores(const struct at_stereo_result *r, const char *model_name)
{
    const struct at_stereo_scores *s = &r->overall;

    printf("StereoSet, %s protocol, %s: %zu item%s, %zu target term%s, %zu excluded, %zu tie%s\n  ",
           r->origin.protocol, model_name, s->n, at_plural(s->n), s->n_targets,
           at_plural(s->n_targets), s->n_excluded, s->n_ties, at_plural(s->n_ties));
    at_record_heading(stdout, &at_stereo_line_record);
    print_line("overall", s);
    for (size_t i = 0; i < r->n_parts; i++)
        print_line(r->parts[i].name, &r->parts[i].scores);
    for (size_t i = 0; i < r->n_categories; i++)
        print_line(r->categories[i].name, &r->categories[i].scores);
    printf("  %g %% intervals over target terms: bootstrap from %d terms on, else Student's t; "
           "SS 50 is no preference\n",
           100.0 * r->origin.interval.level, AT_FEW_CLUSTERS);
}

int stereoset_show(struct sink *sink, const struct at_stereo_result *r, const char *model_name,
                   struct at_json *meta, struct at_error *err)
{
    struct at_arena arena = { 0 };
    const struct at_stereo_category_row *rows;
    size_t n;
    int rc;

    if (sink_prints(sink))
        print_scores(r, model_name);
    rows = at_stereo_category_rows(&n, r, &arena);
    rc = sink_table(sink, NULL, "categories.csv", &at_stereo_category_record, rows, n, err);
    at_arena_release(&arena);
    if (!rc)
        rc = sink_table(sink, NULL, "targets.csv", &at_stereo_target_record, r->targets,
                        r->n_targets, err);
    if (!rc && sink_draws(sink))
        rc = stereoset_pictures(sink, r, model_name, err);
    if (!rc)
        return sink_result(sink, NULL, "scores.json", &at_stereo_result_record, r, meta, err);
    at_json_free(meta);
    return rc;
}

int stereoset_note_gaps(struct sink *sink, const struct at_stereo_result *r, int status)
{
    const struct at_stereo_origin *o = &r->origin;

    if (!o->protocol || strcmp(o->protocol, protocol_words[AT_STEREO_OFFICIAL]) != 0)
        return status;
    for (size_t i = 0; i < o->n_unavailable; i++)
        sink_note_skipped(sink, o->unavailable[i].part, o->unavailable[i].why);
    return o->n_unavailable && status == EXIT_DONE ? EXIT_SKIPPED : status;
}

static struct at_stereo_origin origin_of(const struct stereoset *s)
{
    bool has_rule = !s->scoring.rescore && s->protocol != AT_STEREO_OFFICIAL;
    bool is_causal = has_rule && s->x->session->model.config.is_causal;

    return (struct at_stereo_origin){
        .protocol = protocol_words[s->protocol],
        .pll = has_rule && !is_causal ? pll_words[s->scoring.pll] : NULL,
        .bos = is_causal ? bos_words[s->scoring.bos] : NULL,
        .is_macro = s->protocol != AT_STEREO_REFERENCE,
        .interval = s->interval,
        .unavailable = s->unavailable,
        .n_unavailable = s->n_unavailable,
    };
}

static int note_items(const struct stereoset *s, int status)
{
    struct at_exclusion *list = at_malloc(s->set.n, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < s->set.n; i++)
        if (s->scored[i].excluded)
            list[n++] = (struct at_exclusion){ s->set.items[i].id, s->scored[i].excluded };
    status = note_excluded(s->x->sink, list, n, s->set.n, status);
    free(list);
    return status;
}

static int tell(struct stereoset *s)
{
    const struct at_stereo_origin origin = origin_of(s);
    const char *name = scoring_name(&s->scoring, s->x);
    struct sink *sink = s->x->sink;
    struct at_stereo_result r;
    struct at_error err;
    int status;

    at_stereo_summarize(&r, &origin, &s->set, s->scored, s->has_part);
    if (stereoset_show(sink, &r, name, scoring_meta(&s->scoring, s->x), &err))
        status = report_fault(&err);
    else if (sink_draws(sink) && stereoset_spread_picture(sink, &r, name, &err))
        status = report_fault(&err);
    else
        status = note_items(s, EXIT_DONE);
    if (s->heads && status != EXIT_FAILED)
        status = stereo_heads(s, status);
    if (s->move != 0.0 && status != EXIT_FAILED)
        status = stereo_search(s, status);
    status = stereoset_note_gaps(sink, &r, status);
    at_stereo_result_release(&r);
    return status;
}

/* --- the command --- */

static int check(void *own, struct call *c)
{
    struct stereoset *s = own;
    int status = scoring_check(&s->scoring, c, "data file");

    if (status)
        return status;
    s->scoring.ablate.is_search = s->move != 0.0;
    if (s->heads && s->scoring.shard.n > 1)
        return report_usage("--heads looks at all items together; it does not go with --shard");
    if (s->move != 0.0 && (s->scoring.rescore || s->scoring.shard.n > 1))
        return report_usage("--move scores all items again and again; it does not go with %s",
                            s->scoring.rescore ? "--rescore" : "--shard");
    if (s->move != 0.0 && c->is_json && !c->out)
        return report_usage("--move with --json needs -o DIR for a document of its own");
    if (s->move == 0.0 && (call_gives(c, &s->n_candidates) || call_gives(c, &s->n_search_items)))
        return report_usage("--candidates and --search-items go with --move");
    if (s->heads && c->is_json && !c->out)
        return report_usage("--heads with --json needs -o DIR for a document of its own");
    if (s->heads)
        c->needs |= NEED_MODEL;
    return EXIT_DONE;
}

static int run(void *own, const struct context *x)
{
    struct stereoset *s = own;
    const char *path = x->call->operands[0];
    struct at_error err;
    int status = EXIT_DONE;

    s->x = x;
    s->interval.seed = x->call->seed;
    if (open_set(s, path, &err))
        return report_fault(&err);
    if (s->scoring.rescore) {
        if (rescore(s, &err))
            return report_fault(&err);
    } else {
        status = choose_parts(s);
        if (status)
            return status;
        keep_ours(s);
    }
    return score_set(s, path, &err) ? report_fault(&err) : tell(s);
}

static void release(void *own)
{
    struct stereoset *s = own;

    at_scored_release(s->scored, s->set.n);
    free(s->scored);
    at_stereoset_release(&s->set);
    tag_source_close(&s->tags);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct stereoset *s = own;

    s->interval = (struct at_stereo_interval){ .level = 0.95, .n_resamples = 2000 };
    s->n_draws = 1000;
    s->n_top = 5;
    s->n_candidates = 8;
    tag_source_init(&s->tags);
    ablate_options(&s->scoring.ablate, call);
    const struct opt table[] = {
        OPT_GROUP("Model and protocol"),
        OPT_TEXT('m', "model", &call->model, "NAME|DIR", "model that scores the sentences"),
        OPT_ENUM(0, "protocol", &s->protocol, protocol_words, "as published; as the reference system does; or the sentence given its context"),
        OPT_ENUM(0, "pll", &s->scoring.pll, pll_words, "masked models, protocols but the official: what is hidden with a piece"),
        OPT_ENUM(0, "bos", &s->scoring.bos, bos_words, "causal models, likewise: what stands before the first token"),
        OPT_TEXT(0, "rescore", &s->scoring.rescore, "FILE", "take somebody's scores per sentence (JSON or CSV) instead of a model's"),
        OPT_GROUP("Ablation"),
        OPT_INCLUDE(s->scoring.ablate.options),
        OPT_REAL(0, "move", &s->move, "X", -100, 100, "find few heads whose removal moves SS by X points; 0: do not"),
        OPT_INT(0, "candidates", &s->n_candidates, "N", 1, 10000, "heads that are tried in every step of that, the best by themselves"),
        OPT_INT(0, "search-items", &s->n_search_items, "N", 0, 1000000, "items, drawn at random, that it scores each time; 0: all"),
        OPT_GROUP("Long runs"),
        OPT_TEXT(0, "shard", &s->scoring.shard_text, "K/N", "score part K of N; 'atlas merge' puts parts together"),
        OPT_FLAG(0, "resume", &s->scoring.resume, "go on where an interrupted run into the same DIR stopped"),
        OPT_GROUP("Intervals"),
        OPT_REAL(0, "level", &s->interval.level, "P", 0.5, 0.9999, "confidence of the intervals"),
        OPT_INT(0, "resamples", &s->interval.n_resamples, "N", 0, 1000000, "resamples of the bootstrap over target terms, where there are 30 or more"),
        OPT_GROUP("Heads"),
        OPT_FLAG(0, "heads", &s->heads, "tell what the model's heads do with stereotype and anti-stereotype"),
        OPT_INT(0, "draws", &s->n_draws, "N", 99, 1000000, "relabellings of the permutation test"),
        OPT_INT(0, "top", &s->n_top, "N", 1, 20, "heads with box and decile plots"),
        OPT_TEXT(0, "tagger", &s->tags.model, "NAME|DIR", "token classifier for parts of speech and entities"),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "scores.json", "all items, by part, category and target term", &at_stereo_result_record },
    { "items.csv", "a row for each sentence", &at_stereo_row_record },
    { "categories.csv", "a row for each category of all items and of each part",
      &at_stereo_category_record },
    { "targets.csv", "a row for each target term", &at_stereo_target_record },
    { "smallest_set.csv", "with --move a row for each head of the set", &at_stereo_step_record },
    { "smallest_set.json", "with --move the set, and SS with and without it",
      &at_stereo_search_record },
    { "journal.json", "what items.csv was started with; --resume compares it", &score_note_record },
    { "sensitivity.json", "with --heads every head, and the features with the smallest p",
      &at_sensitivity_result_record },
    { "sensitivity.csv", "with --heads a row for each head", &at_head_sensitivity_record },
    { "features.csv", "with --heads a row for each head and feature", &at_head_trait_record },
    { 0 },
};

const struct command bias_stereoset_command = {
    .name = "bias stereoset",
    .brief = "StereoSet scores: stereotype, language model, both",
    .synopsis = "[options] FILE",
    .about = "Score the StereoSet data (its JSON file) and tell the stereotype score, the "
             "language model score and both in one, overall, by category and by target "
             "term, with intervals. items.csv holds every sentence.",
    .needs = NEED_MODEL | NEED_DATA,
    .size = sizeof(struct stereoset),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .merge = bias_merge,
};
