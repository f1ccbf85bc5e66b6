/*
 * cmd_heads.c - `atlas heads`: what each head looks at. Seven specialisation scores, scores of
 * position and repetition, and with --conllu the syntactic relations heads find.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/heads_call.h"

enum { MIN_WORDS = 10 }; /* of --min-words when it is not given */

static void heads_release(void *state)
{
    struct heads_state *s = state;

    head_features_release(&s->features);
    free(s->scaled);
    free(s->z);
    free(s);
}

static void *heads_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct heads_state *s = at_calloc(1, sizeof *s);

    *s = (struct heads_state){ .job = job, .call = arg, .doc = doc };
    if (head_features_init(&s->features, job, &s->call->tagger, doc, err)) {
        heads_release(s);
        return NULL;
    }
    return s;
}

static int heads_layer(void *state, const struct doc_layer *layer, struct at_error *err)
{
    struct heads_state *s = state;

    (void)err;
    head_features_layer(&s->features, s->job, layer);
    return 0;
}

/* Moments over the texts, of heads and of the means of each layer and of the model. */
static void add_to_corpus(struct heads_state *s)
{
    const struct head_features *f = &s->features;
    struct corpus_table *t = &s->call->corpus;

    if (!t->cells)
        corpus_init(t, f->L, f->H, s->call->keys, N_HEAD_VALUES);
    for (size_t k = 0; k < f->L * f->H; k++) {
        long layer = (long)(k / f->H), head = (long)(k % f->H);
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_moments_add(corpus_cell(t, layer, head, i), f->score[k * AT_N_HEAD_SCORES + i]);
        for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
            at_moments_add(corpus_cell(t, layer, head, AT_N_HEAD_SCORES + i),
                           f->pattern[k * AT_N_HEAD_PATTERNS + i]);
    }
}

static int heads_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct heads_state *s = state;
    const struct head_features *f = &s->features;
    size_t n = f->L * f->H, per_layer = f->H * AT_N_HEAD_SCORES;

    (void)final_hidden;
    s->scaled = at_malloc(n * AT_N_HEAD_SCORES, sizeof *s->scaled);
    s->z = at_malloc(n * AT_N_HEAD_SCORES, sizeof *s->z);
    for (size_t l = 0; l < f->L; l++)
        at_scale_within(s->scaled + l * per_layer, f->score + l * per_layer, f->H,
                        AT_N_HEAD_SCORES);
    at_standardize(s->z, f->score, n, AT_N_HEAD_SCORES);
    if (*s->doc->in.id)
        add_to_corpus(s);
    return heads_report(s, err);
}

static const struct text_handler handler = {
    .what = "scoring heads",
    .begin = heads_begin,
    .layer = heads_layer,
    .finish = heads_finish,
    .release = heads_release,
};

/* What says nothing about the sentences of a treebank; NULL when none of it is given. */
static const char *beside_conllu(const struct job *job)
{
    const struct {
        bool is_given;
        const char *name;
    } all[] = {
        { job->pair != NULL, "--pair" },        { job->split_pair, "--split-pair" },
        { job->is_lines, "--lines" },           { job->is_jsonl, "--jsonl" },
        { job->is_truncated, "--truncate" },    { job->by_words, "--words" },
        { job->layer_text != NULL, "--layer" }, { job->head_text != NULL, "--head" },
        { job->matrix != AT_RAW, "--matrix" },
    };

    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        if (all[i].is_given)
            return all[i].name;
    return NULL;
}

static int check_heads_options(const struct heads_call *call, const struct job *job, int n_texts)
{
    const char *beside = call->conllu ? beside_conllu(job) : NULL;
    int status;

    if (call->conllu && (n_texts || job->file || job->from))
        return report_usage("--conllu brings its own sentences; give no text beside it");
    if (call->conllu && call->tagger.file)
        return report_usage("--conllu and --tags exclude each other");
    if (beside)
        return report_usage("--conllu counts whole sentences over all heads; leave out %s", beside);
    if (!call->conllu && (call->subtypes || call->min_words != MIN_WORDS))
        return report_usage("--%s goes with --conllu", call->subtypes ? "subtypes" : "min-words");
    status = tagger_check(&call->tagger, job, n_texts);
    return status ? status : head_modes_only(job);
}

static int heads_of_texts(struct heads_call *call, struct job *job)
{
    struct at_error err;
    int rc = tagger_open(&call->tagger, &err), status;

    if (!rc && job->manifest)
        rc = tagger_note(&call->tagger, job->manifest, &err);
    if (rc)
        return report_fault(&err);
    status = job_each_text(job, &handler, call);
    if (call->corpus.cells && (status == EXIT_DONE || status == EXIT_SKIPPED))
        status = heads_corpus(call, job, status);
    corpus_release(&call->corpus);
    return status;
}

int cmd_heads(int argc, char **argv)
{
    struct heads_call call = { .min_words = MIN_WORDS };
    struct job job;
    int status;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        call.keys[i] = at_head_score_table[i].key;
    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        call.keys[AT_N_HEAD_SCORES + i] = at_head_pattern_keys[i];
    job_init(&job, "heads", argc, argv);
    tagger_init(&call.tagger);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Tags"),
        OPT_INCLUDE(call.tagger.options),
        OPT_TEXT(0, "conllu", &call.conllu, "FILE", "sentences with dependency trees: the best head for every relation, against the best fixed offset"),
        OPT_INT(0, "min-words", &call.min_words, "N", 1, 1000000, "--conllu: leave out relations with fewer words"),
        OPT_FLAG(0, "subtypes", &call.subtypes, "--conllu: keep nmod:poss apart from nmod"),
        OPT_INCLUDE(job.select_options),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    switch (opt_parse(&argc, argv, table, "atlas heads [options] [text ...]",
                      "Score what each head looks at: function words, content words, the first "
                      "token, punctuation, entities, far away, itself; the token before or after, "
                      "earlier copies and what followed them. Scaled scores compare heads of one "
                      "layer only.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = check_heads_options(&call, &job, argc);
    if (!status)
        status = call.conllu ? job_start_model(&job, table) : job_start(&job, table, argc, argv);
    if (!status)
        status = call.conllu ? heads_syntax(&call, &job) : heads_of_texts(&call, &job);
    tagger_close(&call.tagger);
    return job_finish(&job, status);
}
