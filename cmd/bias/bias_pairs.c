/*
 * bias_pairs.c - `atlas bias pairs`: which sentence of minimal pairs a model prefers; CrowS-Pairs
 * and BLiMP are presets.
 */
#include "cmd/bias/bias_pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/lm_head.h"

static const char *const preset_words[] = { "none", "crows", "blimp", NULL };
static const char *const score_words[] = { "auto", "shared", "diff", "full", "ar", NULL };

enum { PRESET_NONE, PRESET_CROWS, PRESET_BLIMP };
enum { SCORE_AUTO, SCORE_SHARED, SCORE_DIFF, SCORE_FULL, SCORE_AR };

/* Pairs that go through the model together, and are lost together when the run is killed. */
enum { WINDOW = 32 };

/* --- the pairs --- */

/* Options and preset to a rule. */
static void choose_rule(struct pairs *p)
{
    if (p->score == SCORE_AUTO)
        p->score = p->preset == PRESET_CROWS ? SCORE_SHARED : SCORE_FULL;
    p->rule = (struct at_pair_rule){
        .tokens = p->score == SCORE_SHARED ? AT_PAIR_SHARED
                  : p->score == SCORE_DIFF ? AT_PAIR_DIFF
                                           : AT_PAIR_FULL,
        .score = { (enum at_pll)p->scoring.pll, (enum at_bos)p->scoring.bos },
        .is_mean = p->is_mean,
        .is_rounded = p->preset == PRESET_CROWS,
    };
}

static int check_model(const struct pairs *p)
{
    const struct at_session *s = p->x->session;

    if (p->score == SCORE_AR && !s->model.config.is_causal)
        return report_error("--score ar needs a causal model; '%s' is masked, see --score full",
                            s->name);
    if (!at_lm_head_present(&s->model))
        return report_error("'%s' has no language-model head", s->name);
    return EXIT_DONE;
}

/* Scores from a file, in place of a model's or beside them. */
static int read_scores(struct at_scored **out, const struct pairs *p, const char *role,
                       const char *path, struct at_error *err)
{
    int rc;

    *out = at_calloc(p->pairs.n, sizeof **out);
    rc = at_pairs_rescore(*out, &p->pairs, path, err);
    return rc ? rc : sink_note_file(p->x->sink, role, path, err);
}

static int open_pairs(struct pairs *p, const char *path, struct at_error *err)
{
    int rc = at_pairs_read(&p->pairs, path, err);

    if (!rc)
        rc = sink_note_file(p->x->sink, "data", path, err);
    if (!rc && p->scoring.rescore)
        rc = read_scores(&p->scored, p, "scores", p->scoring.rescore, err);
    if (!rc && p->against)
        rc = read_scores(&p->against_scored, p, "against", p->against, err);
    return rc;
}

static void keep_ours(struct pairs *p)
{
    size_t n = 0;

    if (!p->scored) {
        p->scored = at_malloc(p->pairs.n, sizeof *p->scored);
        at_scored_clear(p->scored, p->pairs.n);
    }
    p->index = at_malloc(p->pairs.n, sizeof *p->index);
    for (size_t i = 0; i < p->pairs.n; i++) {
        if (!shard_has(p->scoring.shard, i))
            continue;
        p->index[n] = i;
        p->pairs.items[n] = p->pairs.items[i];
        p->scored[n] = p->scored[i];
        if (p->against_scored)
            p->against_scored[n] = p->against_scored[i];
        n++;
    }
    p->pairs.n = n;
}

/* --- scoring --- */

static void pair_rows(void *out, const void *arg, size_t i)
{
    const struct pairs *p = arg;

    *(struct at_pair_row *)out =
        at_pair_row(&p->pairs, i, p->index[i], &p->scored[i], p->x->sink->run_id);
}

/* A pair that an interrupted run has scored. */
static int take_pair(void *arg, size_t i, const struct at_table *done, struct at_error *err)
{
    static const char *const scores[] = { "score_a", "score_b" };
    static const char *const counts[] = { "n_a", "n_b" };
    struct pairs *p = arg;
    const char *cell;

    if (strtoul(journal_cell(done, i, "index"), NULL, 10) != p->index[i])
        return at_fail(err, AT_EFORMAT, "row %zu is not the pair that belongs there", i + 1);
    for (size_t k = 0; k < 2; k++) {
        cell = journal_cell(done, i, scores[k]);
        p->scored[i].score[k] = *cell ? strtod(cell, NULL) : NAN;
        p->scored[i].n[k] = strtoul(journal_cell(done, i, counts[k]), NULL, 10);
    }
    cell = journal_cell(done, i, "excluded");
    p->scored[i].excluded = *cell ? at_strdup(cell) : NULL;
    return 0;
}

static int score_window(void *arg, size_t first, size_t n, struct at_scorer *scorer,
                        struct at_error *err)
{
    struct pairs *p = arg;

    return at_pair_score(p->scored + first, scorer, p->pairs.items + first, n, &p->rule, err);
}

static int score_pairs(struct pairs *p, const char *data, struct at_error *err)
{
    const struct scoring *s = &p->scoring;
    const struct score_plan plan = {
        .unit = "pairs",
        .data = data,
        .note = {
            .preset = preset_words[p->preset],
            .score = score_words[p->score],
            .mean = p->is_mean ? "yes" : "no",
            .pll = pll_words[s->pll],
            .bos = bos_words[s->bos],
            .shard = s->shard_text ? s->shard_text : "1/1",
        },
        .resume = s->resume,
        .record = &at_pair_row_record,
        .scored = p->scored,
        .n_items = p->pairs.n,
        .rows_per_item = 1,
        .window = WINDOW,
        .arg = p,
        .rows = pair_rows,
        .take = take_pair,
        .score = score_window,
    };

    if (!s->rescore)
        return score_items(p->x, &plan, err);
    for (size_t i = 0; i < p->pairs.n; i++)
        if (isnan(p->scored[i].score[0]) || isnan(p->scored[i].score[1]))
            p->scored[i].excluded = at_strdup(!*p->pairs.items[i].a   ? "no first sentence"
                                              : !*p->pairs.items[i].b ? "no second sentence"
                                                                      : "no scores");
    return write_items(p->x->sink, &plan, err);
}

/* --- what is told --- */

static void print_line(const char *name, const struct at_pair_group *group)
{
    const struct at_pair_group line = { .name = name, .shares = group->shares };

    printf("  ");
    at_record_line(stdout, &at_pair_line_record, &line);
}

static void print_shares(const struct at_pair_result *r, const char *model_name)
{
    const struct at_pair_test *t = r->against;

    printf("Minimal pairs, %s, score %s\n  ", model_name, r->origin.score);
    at_record_heading(stdout, &at_pair_line_record);
    for (size_t i = 0; i < r->n_groups; i++)
        print_line(i ? r->groups[i].name : r->groups[i].kind, &r->groups[i]);
    printf("  percent of pairs, %g %% Wilson intervals; a is the %s\n", 100.0 * r->origin.level,
           "more stereotypical, the good or the first sentence");
    if (t)
        printf("  against %s: %.1f - %.1f = %+.1f points [%+.1f, %+.1f], p = %.3g "
               "(McNemar, %zu and %zu pair%s differing)\n",
               t->scores, t->first, t->second, t->difference, t->interval.low, t->interval.high,
               t->p, t->only_first, t->only_second, at_plural(t->only_second));
}

int pairs_show(struct sink *sink, const struct at_pair_result *r, const char *model_name,
               struct at_json *meta, struct at_error *err)
{
    int rc;

    if (sink_prints(sink))
        print_shares(r, model_name);
    rc = sink_table(sink, NULL, "targets.csv", &at_pair_group_record, r->groups, r->n_groups, err);
    if (!rc && r->n_categories)
        rc = sink_table(sink, NULL, "categories.csv", &at_pair_category_record, r->categories,
                        r->n_categories, err);
    if (!rc && r->n_directions)
        rc = sink_table(sink, NULL, "directions.csv", &at_pair_direction_record, r->directions,
                        r->n_directions, err);
    if (!rc && sink_draws(sink))
        rc = pairs_picture(sink, r, model_name, err);
    if (!rc)
        return sink_result(sink, NULL, "scores.json", &at_pair_result_record, r, meta, err);
    at_json_free(meta);
    return rc;
}

int pairs_note_excluded(struct sink *sink, const struct at_pairs *pairs, const size_t *index,
                        const struct at_scored *scored, int status)
{
    struct at_arena arena = { 0 };
    struct at_exclusion *list = at_arena_alloc(&arena, pairs->n, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < pairs->n; i++) {
        const char *id = pairs->items[i].id;
        if (!scored[i].excluded)
            continue;
        if (!*id)
            id = at_arena_printf(&arena, "pair %zu", index ? index[i] : i);
        list[n++] = (struct at_exclusion){ id, scored[i].excluded };
    }
    status = note_excluded(sink, list, n, pairs->n, status);
    at_arena_release(&arena);
    return status;
}

static int tell(const struct pairs *p)
{
    const struct scoring *s = &p->scoring;
    bool is_causal = !s->rescore && p->x->session->model.config.is_causal;
    const struct at_pair_origin origin = {
        .protocol = preset_words[p->preset],
        .score = s->rescore ? "given" : score_words[p->score],
        .reduction = p->is_mean ? "mean" : "sum",
        .pll = !s->rescore && !is_causal ? pll_words[s->pll] : NULL,
        .bos = is_causal ? bos_words[s->bos] : NULL,
        .is_rounded = p->rule.is_rounded,
        .level = p->level,
    };
    struct at_pair_result r;
    struct at_error err;
    int status;

    at_pair_summarize(&r, &origin, &p->pairs, p->scored, p->against_scored, p->against);
    if (pairs_show(p->x->sink, &r, scoring_name(s, p->x), scoring_meta(s, p->x), &err))
        status = report_fault(&err);
    else
        status = pairs_note_excluded(p->x->sink, &p->pairs, p->index, p->scored, EXIT_DONE);
    at_pair_result_release(&r);
    return status;
}

/* --- the command --- */

static int check(void *own, struct call *c)
{
    struct pairs *p = own;

    return scoring_check(&p->scoring, c, "file of pairs");
}

static int run(void *own, const struct context *x)
{
    struct pairs *p = own;
    const char *path = x->call->operands[0];
    struct at_error err;
    int status;

    p->x = x;
    choose_rule(p);
    status = p->scoring.rescore ? EXIT_DONE : check_model(p);
    if (status)
        return status;
    if (open_pairs(p, path, &err))
        return report_fault(&err);
    keep_ours(p);
    return score_pairs(p, path, &err) ? report_fault(&err) : tell(p);
}

static void release(void *own)
{
    struct pairs *p = own;

    at_scored_release(p->scored, p->pairs.n);
    free(p->scored);
    free(p->against_scored);
    free(p->index);
    at_pairs_release(&p->pairs);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct pairs *p = own;

    p->level = 0.95;
    p->scoring.bos = AT_BOS_PREPEND;
    ablate_options(&p->scoring.ablate, call);
    const struct opt table[] = {
        OPT_GROUP("Model and protocol"),
        OPT_TEXT('m', "model", &call->model, "NAME|DIR", "model that scores the sentences"),
        OPT_ENUM(0, "preset", &p->preset, preset_words, "crows: shared tokens, rounded to 3 decimals; blimp: whole sentences"),
        OPT_ENUM(0, "score", &p->score, score_words, "which tokens count: shared or differing ones, all; ar: all, causal models only"),
        OPT_FLAG(0, "mean", &p->is_mean, "divide by the number of tokens"),
        OPT_ENUM(0, "pll", &p->scoring.pll, pll_words, "masked models: what is hidden with a piece"),
        OPT_ENUM(0, "bos", &p->scoring.bos, bos_words, "causal models: what stands before the first token"),
        OPT_TEXT(0, "rescore", &p->scoring.rescore, "FILE", "take the scores of an items.csv instead of a model's"),
        OPT_TEXT(0, "against", &p->against, "FILE", "compare with another model's items.csv of the same pairs"),
        OPT_GROUP("Ablation"),
        OPT_INCLUDE(p->scoring.ablate.options),
        OPT_GROUP("Long runs"),
        OPT_TEXT(0, "shard", &p->scoring.shard_text, "K/N", "score part K of N; 'atlas merge' puts parts together"),
        OPT_FLAG(0, "resume", &p->scoring.resume, "go on where an interrupted run into the same DIR stopped"),
        OPT_GROUP("Intervals"),
        OPT_REAL(0, "level", &p->level, "P", 0.5, 0.9999, "confidence of the intervals"),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "scores.json", "all pairs, by category and by direction", &at_pair_result_record },
    { "items.csv", "a row for each pair", &at_pair_row_record },
    { "categories.csv", "a row for each category", &at_pair_category_record },
    { "directions.csv", "a row for each direction", &at_pair_direction_record },
    { "targets.csv", "a row for all pairs, for each category and direction",
      &at_pair_group_record },
    { "journal.json", "what items.csv was started with; --resume compares it", &score_note_record },
    { 0 },
};

const struct command bias_pairs_command = {
    .name = "bias pairs",
    .brief = "which sentence of minimal pairs a model prefers",
    .synopsis = "[options] FILE",
    .about = "Score minimal pairs (CSV, TSV or JSONL) and tell how often the first, more "
             "stereotypical or good sentence is the likelier one, overall, by category "
             "and by direction. items.csv holds every pair.",
    .needs = NEED_MODEL | NEED_DATA,
    .size = sizeof(struct pairs),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .merge = bias_merge,
};
