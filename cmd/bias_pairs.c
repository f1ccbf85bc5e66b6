/*
 * bias_pairs.c - `atlas bias pairs`: which sentence of minimal pairs a model prefers; CrowS-Pairs
 * and BLiMP are presets.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/pair_scoring.h"
#include "base/alloc.h"
#include "cmd/bias_shared.h"
#include "cmd/build_info.h"
#include "cmd/journal.h"
#include "cmd/score_items.h"
#include "model/lm_head.h"

static const char *const preset_words[] = { "none", "crows", "blimp", NULL };
static const char *const score_words[] = { "auto", "shared", "diff", "full", "ar", NULL };

enum { PRESET_NONE, PRESET_CROWS, PRESET_BLIMP };
enum { SCORE_AUTO, SCORE_SHARED, SCORE_DIFF, SCORE_FULL, SCORE_AR };

/* Pairs that go through the model together, and are lost together when the run is killed. */
enum { WINDOW = 32 };

struct call {
    struct job job;
    int preset, score, pll, bos;
    bool is_mean, resume;
    const char *rescore, *against, *shard_text;
    struct interval_options interval;
    struct shard shard;
    struct at_pair_rule rule;

    struct at_pairs pairs;  /* those that are scored here */
    size_t *index;          /* (n) their numbers in the file */
    double *scores;         /* (n, 2) */
    size_t *n_tokens;       /* (n, 2) */
    char **excluded;        /* (n) */
    double *against_scores; /* (n, 2) or NULL */
};

static void call_release(struct call *c)
{
    for (size_t i = 0; c->excluded && i < c->pairs.n; i++)
        free(c->excluded[i]);
    free(c->excluded);
    free(c->scores);
    free(c->n_tokens);
    free(c->index);
    free(c->against_scores);
    at_pairs_release(&c->pairs);
}

/* Options and preset to a rule. */
static int choose_rule(struct call *c)
{
    if (c->score == SCORE_AUTO)
        c->score = c->preset == PRESET_CROWS ? SCORE_SHARED : SCORE_FULL;
    c->rule = (struct at_pair_rule){
        .tokens = c->score == SCORE_SHARED ? AT_PAIR_SHARED
                  : c->score == SCORE_DIFF ? AT_PAIR_DIFF
                                           : AT_PAIR_FULL,
        .score = { (enum at_pll)c->pll, (enum at_bos)c->bos },
        .is_mean = c->is_mean,
        .is_rounded = c->preset == PRESET_CROWS,
    };
    if (c->score == SCORE_AR && !c->rescore && !c->job.shape.is_causal)
        return report_error("--score ar needs a causal model; '%s' is masked, see --score full",
                            c->job.shown_model);
    return EXIT_DONE;
}

static int open_pairs(struct call *c, const char *path, struct at_error *err)
{
    int rc = at_pairs_read(&c->pairs, path, err);

    if (rc)
        return rc;
    c->scores = at_calloc(2 * c->pairs.n, sizeof *c->scores);
    c->n_tokens = at_calloc(2 * c->pairs.n, sizeof *c->n_tokens);
    c->excluded = at_calloc(c->pairs.n, sizeof *c->excluded);
    c->index = at_malloc(c->pairs.n, sizeof *c->index);
    if (c->job.manifest)
        rc = manifest_input_file(c->job.manifest, "data", path, err);
    if (!rc && c->rescore)
        rc = at_pairs_rescore(c->scores, &c->pairs, c->rescore, err);
    if (!rc && c->rescore && c->job.manifest)
        rc = manifest_input_file(c->job.manifest, "scores", c->rescore, err);
    if (!rc && c->against) {
        c->against_scores = at_malloc(2 * c->pairs.n, sizeof *c->against_scores);
        rc = at_pairs_rescore(c->against_scores, &c->pairs, c->against, err);
    }
    if (!rc && c->against && c->job.manifest)
        rc = manifest_input_file(c->job.manifest, "against", c->against, err);
    return rc;
}

static void keep_ours(struct call *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->pairs.n; i++) {
        if (!shard_has(c->shard, i))
            continue;
        c->index[n] = i;
        c->pairs.items[n] = c->pairs.items[i];
        memmove(c->scores + 2 * n, c->scores + 2 * i, 2 * sizeof *c->scores);
        if (c->against_scores)
            memmove(c->against_scores + 2 * n, c->against_scores + 2 * i,
                    2 * sizeof *c->against_scores);
        n++;
    }
    c->pairs.n = n;
}

/* --- scoring --- */

/* A pair that an interrupted run has scored. */
static int take_pair(void *arg, size_t i, const struct at_table *done, struct at_error *err)
{
    static const char *const scores[] = { "score_a", "score_b" }, *const counts[] = { "n_a",
                                                                                      "n_b" };
    struct call *c = arg;
    const char *cell;

    if (strtoul(journal_cell(done, i, "index"), NULL, 10) != c->index[i])
        return at_fail(err, AT_EFORMAT, "row %zu is not the pair that belongs there", i + 1);
    for (size_t s = 0; s < 2; s++) {
        cell = journal_cell(done, i, scores[s]);
        c->scores[2 * i + s] = *cell ? strtod(cell, NULL) : NAN;
        c->n_tokens[2 * i + s] = strtoul(journal_cell(done, i, counts[s]), NULL, 10);
    }
    cell = journal_cell(done, i, "excluded");
    c->excluded[i] = *cell ? at_strdup(cell) : NULL;
    return 0;
}

static int score_window(void *arg, size_t first, size_t n, struct at_scorer *scorer,
                        struct at_csv *csv, struct at_error *err)
{
    struct call *c = arg;
    struct at_pair_result results[WINDOW];
    char text[SCORE_TEXT];
    int rc = at_pair_score(results, scorer, c->pairs.items + first, n, &c->rule, err);

    if (rc)
        return rc;
    for (size_t k = 0; k < n; k++) {
        size_t i = first + k;
        for (size_t s = 0; s < 2; s++) {
            c->scores[2 * i + s] = score_text(text, results[k].score[s]);
            c->n_tokens[2 * i + s] = results[k].n[s];
        }
        c->excluded[i] = results[k].excluded; /* ours now */
        if (csv)
            pairs_row(csv, &c->pairs, i, c->index[i], c->scores + 2 * i, c->n_tokens + 2 * i,
                      c->excluded[i]);
    }
    return 0;
}

static int score_pairs(struct call *c, const char *data, struct at_error *err)
{
    const struct score_setting settings[] = {
        { "preset", preset_words[c->preset] }, { "score", score_words[c->score] },
        { "mean", c->is_mean ? "yes" : "no" }, { "pll", bias_pll_words[c->pll] },
        { "bos", bias_bos_words[c->bos] },     { "shard", c->shard_text ? c->shard_text : "1/1" },
    };
    const struct score_plan plan = {
        .unit = "pairs",
        .data = data,
        .settings = settings,
        .n_settings = AT_COUNTOF(settings),
        .resume = c->resume,
        .columns = PAIR_COLUMNS,
        .n_items = c->pairs.n,
        .rows_per_item = 1,
        .window = WINDOW,
        .arg = c,
        .take = take_pair,
        .score = score_window,
    };

    return score_items(&c->job, &plan, err);
}

static int write_rescored(struct call *c, struct at_error *err)
{
    struct at_csv csv;
    int rc;

    for (size_t i = 0; i < c->pairs.n; i++)
        if (isnan(c->scores[2 * i]) || isnan(c->scores[2 * i + 1]))
            c->excluded[i] = at_strdup(!*c->pairs.items[i].a   ? "no first sentence"
                                       : !*c->pairs.items[i].b ? "no second sentence"
                                                               : "no scores");
    if (!c->job.manifest || !(c->job.formats & FORMAT_CSV))
        return 0;
    rc = job_csv_open(&csv, &c->job, NULL, "items.csv", PAIR_COLUMNS, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < c->pairs.n; i++)
        pairs_row(&csv, &c->pairs, i, c->index[i], c->scores + 2 * i, NULL, c->excluded[i]);
    return job_csv_commit(&csv, &c->job, NULL, "items.csv", PAIR_COLUMNS, err);
}

/* --- the report --- */

static struct at_json *head_json(const struct call *c)
{
    struct at_json *head = at_json_object(), *meta;

    if (c->rescore) {
        struct at_json *versions = at_json_object();
        meta = at_json_object();
        at_json_set_string(meta, "scores", at_path_base(c->rescore));
        at_json_set_string(versions, "atlas", version_number());
        at_json_set_int(versions, "schema", 1);
        at_json_set(meta, "versions", versions);
    } else {
        meta = job_meta(&c->job, NULL);
        at_json_set_string(head, c->job.shape.is_causal ? "bos" : "pll",
                           c->job.shape.is_causal ? bias_bos_words[c->bos]
                                                  : bias_pll_words[c->pll]);
    }
    at_json_set(head, "meta", meta);
    at_json_set_string(head, "protocol", preset_words[c->preset]);
    at_json_set_string(head, "score", c->rescore ? "given" : score_words[c->score]);
    at_json_set_string(head, "reduction", c->is_mean ? "mean" : "sum");
    at_json_set_string(head, "unit", "nats");
    at_json_set_bool(head, "rounded", c->rule.is_rounded);
    at_json_set_real(head, "level", c->interval.level);
    return head;
}

static int finish(struct call *c)
{
    struct pairs_report r = {
        .head = head_json(c),
        .pairs = &c->pairs,
        .scores = c->scores,
        .excluded = c->excluded,
        .against = c->against_scores,
        .against_name = c->against,
        .level = c->interval.level,
    };
    const char **ids = at_malloc(c->pairs.n, sizeof *ids);
    struct at_error err;
    int status;

    for (size_t i = 0; i < c->pairs.n; i++)
        ids[i] = pairs_name(&c->job, &c->pairs.items[i], c->index[i]);
    if (pairs_report(&c->job, &r, &err))
        status = report_fault(&err);
    else
        status = note_excluded(&c->job, ids, c->excluded, c->pairs.n, EXIT_DONE);
    free(ids);
    return status;
}

static int run(struct call *c, const struct opt *table, int argc, char **argv)
{
    struct at_error err;
    int status, rc;

    if (argc != 1)
        return report_usage("want one file of pairs, found %d", argc);
    if (!shard_parse(&c->shard, c->shard_text))
        return report_usage("--shard takes K/N with 1 <= K <= N, not '%s'", c->shard_text);
    if (c->resume && (!c->job.out || c->rescore))
        return report_usage("--resume needs -o DIR and a model");
    status = c->rescore ? job_start_bare(&c->job, table) : job_start_model(&c->job, table);
    if (!status)
        status = choose_rule(c);
    if (status)
        return status;
    if (c->rescore)
        c->job.shown_model = at_path_base(c->rescore);
    else if (!at_lm_head_present(&c->job.model))
        return report_error("'%s' has no language-model head", c->job.shown_model);
    rc = open_pairs(c, argv[0], &err);
    if (rc)
        return report_fault(&err);
    keep_ours(c);
    rc = c->rescore ? write_rescored(c, &err) : score_pairs(c, argv[0], &err);
    return rc ? report_fault(&err) : finish(c);
}

int bias_pairs(int argc, char **argv)
{
    struct call c = { .interval = { 0.95, 0 }, .bos = AT_BOS_PREPEND };
    int status;

    job_init(&c.job, "bias pairs", argc, argv);
    /* clang-format off */
    const struct opt table[] = {
        OPT_GROUP("Model and protocol"),
        OPT_TEXT('m', "model", &c.job.model_name, "NAME|DIR", "model that scores the sentences"),
        OPT_ENUM(0, "preset", &c.preset, preset_words, "crows: shared tokens, rounded to 3 decimals; blimp: whole sentences"),
        OPT_ENUM(0, "score", &c.score, score_words, "which tokens count: shared or differing ones, all; ar: all, causal models only"),
        OPT_FLAG(0, "mean", &c.is_mean, "divide by the number of tokens"),
        OPT_ENUM(0, "pll", &c.pll, bias_pll_words, "masked models: what is hidden with a piece"),
        OPT_ENUM(0, "bos", &c.bos, bias_bos_words, "causal models: what stands before the first token"),
        OPT_TEXT(0, "rescore", &c.rescore, "FILE", "take the scores of an items.csv instead of a model's"),
        OPT_TEXT(0, "against", &c.against, "FILE", "compare with another model's items.csv of the same pairs"),
        OPT_GROUP("Long runs"),
        OPT_TEXT(0, "shard", &c.shard_text, "K/N", "score part K of N; 'atlas bias merge' puts parts together"),
        OPT_FLAG(0, "resume", &c.resume, "go on where an interrupted run into the same DIR stopped"),
        OPT_GROUP("Intervals"),
        OPT_REAL(0, "level", &c.interval.level, "P", 0.5, 0.9999, "confidence of the intervals"),
        OPT_INCLUDE(c.job.output_options),
        OPT_INCLUDE(c.job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias pairs [options] FILE",
                      "Score minimal pairs (CSV, TSV or JSONL) and tell how often the first, more "
                      "stereotypical or good sentence is the likelier one, overall, by category "
                      "and by direction. items.csv holds every pair.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&c.job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&c.job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = run(&c, table, argc, argv + 1);
    call_release(&c);
    return job_finish(&c.job, status);
}
