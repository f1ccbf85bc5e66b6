/*
 * bias_stereoset.c - `atlas bias stereoset`: scores of the StereoSet items by a model, or from a
 * file of somebody's scores.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_scoring.h"
#include "base/alloc.h"
#include "cmd/bias_shared.h"
#include "cmd/build_info.h"
#include "cmd/journal.h"
#include "cmd/score_items.h"
#include "cmd/stereo_heads.h"

static const char *const protocol_words[] = { "official", "reference", "conditional", NULL };

/* Items that go through the model together, and are lost together when the run is killed. */
enum { WINDOW = 24 };

struct call {
    struct job job;
    int protocol, pll, bos;
    bool resume;
    const char *rescore, *shard_text;
    struct interval_options interval;
    struct shard shard;
    struct stereo_heads heads;

    struct at_stereoset set; /* the items that are scored here */
    double *scores;          /* (n, AT_N_GOLD) */
    size_t *n_tokens;        /* (n, AT_N_GOLD) */
    char **excluded;         /* (n) */
    bool has_part[AT_N_PARTS];
    const char *unavailable[AT_N_PARTS];
};

static void call_release(struct call *c)
{
    stereo_heads_release(&c->heads);
    for (size_t i = 0; c->excluded && i < c->set.n; i++)
        free(c->excluded[i]);
    free(c->excluded);
    free(c->scores);
    free(c->n_tokens);
    at_stereoset_release(&c->set);
}

/* Keep the items of scored parts and, of those, this shard's. */
static void keep_ours(struct call *c)
{
    size_t n = 0, number = 0;

    for (size_t i = 0; i < c->set.n; i++) {
        if (!c->has_part[c->set.items[i].part] || !shard_has(c->shard, number++))
            continue;
        c->set.items[n] = c->set.items[i];
        memmove(c->scores + AT_N_GOLD * n, c->scores + AT_N_GOLD * i,
                AT_N_GOLD * sizeof *c->scores);
        n++;
    }
    c->set.n = n;
}

static int open_set(struct call *c, const char *path, struct at_error *err)
{
    int rc = at_stereoset_read(&c->set, path, err);

    if (rc)
        return rc;
    c->scores = at_calloc(AT_N_GOLD * c->set.n, sizeof *c->scores);
    c->n_tokens = at_calloc(AT_N_GOLD * c->set.n, sizeof *c->n_tokens);
    c->excluded = at_calloc(c->set.n, sizeof *c->excluded);
    if (c->job.manifest)
        rc = manifest_input_file(c->job.manifest, "data", path, err);
    return rc;
}

/* Which parts of the data this protocol scores with this model. */
static int choose_parts(struct call *c)
{
    size_t n[AT_N_PARTS] = { 0 };

    for (size_t i = 0; i < c->set.n; i++)
        n[c->set.items[i].part]++;
    for (size_t p = 0; p < AT_N_PARTS; p++) {
        const char *why = at_stereo_unavailable(&c->job.model, (enum at_stereo_protocol)c->protocol,
                                                (enum at_stereo_part)p);
        c->has_part[p] = n[p] > 0 && !why;
        if (n[p] == 0 || !why)
            continue;
        c->unavailable[p] = why;
        if (c->protocol != AT_STEREO_REFERENCE)
            report_left_out("%zu %s items are left out: %s", n[p],
                            at_stereo_part_name((enum at_stereo_part)p), why);
    }
    for (size_t p = 0; p < AT_N_PARTS; p++)
        if (c->has_part[p])
            return EXIT_DONE;
    return report_error("nothing to score: %s", c->unavailable[AT_INTERSENTENCE]
                                                    ? c->unavailable[AT_INTERSENTENCE]
                                                    : c->unavailable[AT_INTRASENTENCE]);
}

/* --- scoring --- */

/* An item that an interrupted run has scored: a row for each of its sentences. */
static int take_item(void *arg, size_t i, const struct at_table *done, struct at_error *err)
{
    struct call *c = arg;
    const struct at_stereo_item *item = &c->set.items[i];

    for (size_t k = 0; k < AT_N_GOLD; k++) {
        size_t row = AT_N_GOLD * i + k, at = AT_N_GOLD * i + item->order[k];
        const char *score = journal_cell(done, row, "score");
        const char *why = journal_cell(done, row, "excluded");
        if (strcmp(journal_cell(done, row, "id"), item->sentence[item->order[k]].id) != 0)
            return at_fail(err, AT_EFORMAT, "row %zu is not the item that belongs there", row + 1);
        c->scores[at] = *score ? strtod(score, NULL) : NAN;
        c->n_tokens[at] = strtoul(journal_cell(done, row, "n_tokens"), NULL, 10);
        if (*why && !c->excluded[i])
            c->excluded[i] = at_strdup(why);
    }
    return 0;
}

static int score_window(void *arg, size_t first, size_t n, struct at_scorer *scorer,
                        struct at_csv *csv, struct at_error *err)
{
    struct call *c = arg;
    const struct at_score_rule rule = { (enum at_pll)c->pll, (enum at_bos)c->bos };
    struct at_stereo_result results[WINDOW];
    int rc = at_stereo_score(results, scorer, c->set.items + first, n,
                             (enum at_stereo_protocol)c->protocol, rule, err);

    if (rc)
        return rc;
    for (size_t k = 0; k < n; k++) {
        size_t at = AT_N_GOLD * (first + k);
        char text[SCORE_TEXT];
        for (size_t g = 0; g < AT_N_GOLD; g++) {
            c->scores[at + g] = score_text(text, results[k].score[g]);
            c->n_tokens[at + g] = results[k].n[g];
        }
        c->excluded[first + k] = results[k].excluded; /* ours now */
        if (csv)
            stereo_rows(csv, &c->set, first + k, c->scores + at, c->n_tokens + at,
                        results[k].excluded);
    }
    return 0;
}

static int score_set(struct call *c, const char *data, struct at_error *err)
{
    const struct score_setting settings[] = {
        { "protocol", protocol_words[c->protocol] },
        { "pll", bias_pll_words[c->pll] },
        { "bos", bias_bos_words[c->bos] },
        { "shard", c->shard_text ? c->shard_text : "1/1" },
    };
    const struct score_plan plan = {
        .unit = "items",
        .data = data,
        .settings = settings,
        .n_settings = AT_COUNTOF(settings),
        .resume = c->resume,
        .columns = STEREO_COLUMNS,
        .n_items = c->set.n,
        .rows_per_item = AT_N_GOLD,
        .window = WINDOW,
        .arg = c,
        .take = take_item,
        .score = score_window,
    };

    return score_items(&c->job, &plan, err);
}

/* --- somebody's scores --- */

static int rescore_items(struct call *c, struct at_error *err)
{
    struct job *job = &c->job;
    struct at_csv csv;
    int rc = at_stereoset_rescore(c->scores, c->has_part, &c->set, c->rescore, err);

    if (!rc && job->manifest)
        rc = manifest_input_file(job->manifest, "scores", c->rescore, err);
    if (rc)
        return rc;
    keep_ours(c);
    for (size_t i = 0; i < c->set.n; i++)
        for (size_t g = 0; g < AT_N_GOLD; g++)
            if (isnan(c->scores[AT_N_GOLD * i + g]) && !c->excluded[i])
                c->excluded[i] =
                    at_asprintf("%s sentence: no score%s", at_gold_name((enum at_gold)g),
                                g == AT_UNRELATED ? AT_STEREO_IN_PART : "");
    if (!job->manifest || !(job->formats & FORMAT_CSV))
        return 0;
    rc = job_csv_open(&csv, job, NULL, "items.csv", STEREO_COLUMNS, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < c->set.n; i++)
        stereo_rows(&csv, &c->set, i, c->scores + AT_N_GOLD * i, NULL, c->excluded[i]);
    return job_csv_commit(&csv, job, NULL, "items.csv", STEREO_COLUMNS, err);
}

/* --- the report --- */

static struct at_json *rescore_meta(const struct call *c)
{
    struct at_json *meta = at_json_object(), *versions = at_json_object();

    at_json_set_string(meta, "scores", at_path_base(c->rescore));
    at_json_set_string(versions, "atlas", version_number());
    at_json_set_int(versions, "schema", 1);
    at_json_set(meta, "versions", versions);
    return meta;
}

static struct at_json *head_json(const struct call *c)
{
    struct at_json *head = at_json_object(), *interval = at_json_object();
    struct at_json *unavailable = at_json_object();

    at_json_set(head, "meta", c->rescore ? rescore_meta(c) : job_meta(&c->job, NULL));
    at_json_set_string(head, "protocol", protocol_words[c->protocol]);
    if (!c->rescore && c->protocol != AT_STEREO_OFFICIAL)
        at_json_set_string(head, c->job.shape.is_causal ? "bos" : "pll",
                           c->job.shape.is_causal ? bias_bos_words[c->bos]
                                                  : bias_pll_words[c->pll]);
    at_json_set_real(interval, "level", c->interval.level);
    at_json_set_int(interval, "resamples", c->interval.n_resamples);
    at_json_set_int(interval, "seed", c->job.seed);
    at_json_set(head, "interval", interval);
    for (size_t p = 0; p < AT_N_PARTS; p++)
        if (c->unavailable[p])
            at_json_set_string(unavailable, at_stereo_part_name((enum at_stereo_part)p),
                               c->unavailable[p]);
    at_json_set(head, "unavailable", unavailable);
    return head;
}

/* What the model's heads do with the same items. */
static int look_at_heads(struct call *c, const char *const *ids, int status)
{
    struct job *job = &c->job;
    const char *name = c->rescore ? at_path_base(c->rescore) : protocol_words[c->protocol];
    struct at_error err;

    job->shown_model = at_path_base(job->model_name); /* the scores may be somebody else's */
    if (stereo_heads_run(&c->heads, job, &c->set, c->scores, name, &err))
        return report_fault(&err);
    return note_excluded(job, ids, c->heads.too_long, c->set.n, status);
}

static int finish(struct call *c, int status)
{
    struct stereo_report r = {
        .head = head_json(c),
        .set = &c->set,
        .scores = c->scores,
        .excluded = c->excluded,
        .has_part = c->has_part,
        .options = { c->protocol != AT_STEREO_REFERENCE,
                     { (size_t)c->interval.n_resamples, c->interval.level,
                       (uint64_t)c->job.seed } },
    };
    const char **ids = at_malloc(c->set.n, sizeof *ids);
    struct at_error err;

    for (size_t i = 0; i < c->set.n; i++)
        ids[i] = c->set.items[i].id;
    if (stereo_report(&c->job, &r, &err))
        status = report_fault(&err);
    else if (job_draws(&c->job) && stereo_heads_bias_picture(&c->job, &c->set, c->scores, &err))
        status = report_fault(&err);
    else
        status = note_excluded(&c->job, ids, c->excluded, c->set.n, status);
    if (c->heads.is_on && status != EXIT_FAILED)
        status = look_at_heads(c, ids, status);
    free(ids);
    for (size_t p = 0; p < AT_N_PARTS; p++)
        if (c->unavailable[p] && c->protocol == AT_STEREO_OFFICIAL)
            status = note_part(&c->job, at_stereo_part_name((enum at_stereo_part)p),
                               c->unavailable[p], status);
    return status;
}

static int run(struct call *c, const struct opt *table, int argc, char **argv)
{
    struct at_error err;
    int status, rc;

    if (argc != 1)
        return report_usage("want one data file, found %d", argc);
    if (!shard_parse(&c->shard, c->shard_text))
        return report_usage("--shard takes K/N with 1 <= K <= N, not '%s'", c->shard_text);
    if (c->resume && (!c->job.out || c->rescore))
        return report_usage("--resume needs -o DIR and a model");
    if (c->heads.is_on && c->shard.n > 1)
        return report_usage("--heads looks at all items together; it does not go with --shard");
    if (c->heads.is_on && c->job.is_json && !c->job.out)
        return report_usage("--heads with --json needs -o DIR for a document of its own");
    status = c->rescore && !c->heads.is_on ? job_start_bare(&c->job, table)
                                           : job_start_model(&c->job, table);
    if (status)
        return status;
    if (c->rescore)
        c->job.shown_model = at_path_base(c->rescore);
    rc = open_set(c, argv[0], &err);
    if (rc)
        return report_fault(&err);
    if (!c->rescore) {
        status = choose_parts(c);
        if (status)
            return status;
        keep_ours(c);
    }
    rc = c->rescore ? rescore_items(c, &err) : score_set(c, argv[0], &err);
    return rc ? report_fault(&err) : finish(c, status);
}

int bias_stereoset(int argc, char **argv)
{
    struct call c = { .interval = { 0.95, 2000 } };
    int status;

    job_init(&c.job, "bias stereoset", argc, argv);
    stereo_heads_init(&c.heads);
    /* clang-format off */
    const struct opt table[] = {
        OPT_GROUP("Model and protocol"),
        OPT_TEXT('m', "model", &c.job.model_name, "NAME|DIR", "model that scores the sentences"),
        OPT_ENUM(0, "protocol", &c.protocol, protocol_words, "as published; as the reference system does; or the sentence given its context"),
        OPT_ENUM(0, "pll", &c.pll, bias_pll_words, "masked models, protocols but the official: what is hidden with a piece"),
        OPT_ENUM(0, "bos", &c.bos, bias_bos_words, "causal models, likewise: what stands before the first token"),
        OPT_TEXT(0, "rescore", &c.rescore, "FILE", "take somebody's scores per sentence (JSON or CSV) instead of a model's"),
        OPT_GROUP("Long runs"),
        OPT_TEXT(0, "shard", &c.shard_text, "K/N", "score part K of N; 'atlas bias merge' puts parts together"),
        OPT_FLAG(0, "resume", &c.resume, "go on where an interrupted run into the same DIR stopped"),
        OPT_GROUP("Intervals"),
        INTERVAL_OPTIONS(&c.interval),
        OPT_INCLUDE(c.heads.options),
        OPT_INCLUDE(c.job.output_options),
        OPT_INCLUDE(c.job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias stereoset [options] FILE",
                      "Score the StereoSet data (its JSON file) and tell the stereotype score, the "
                      "language model score and both in one, overall, by category and by target "
                      "term, with intervals. items.csv holds every sentence.",
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
