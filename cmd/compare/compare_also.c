/*
 * compare_also.c - what the other analyses need to be run on both sides: sentence rules, detectors
 * of bias, what is to be explained, a treebank.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_syntax.h"
#include "cmd/compare/compare.h"
#include "cmd/method_list.h"
#include "session/find.h"

static const char *const words[] = { "isa", "bias", "bar", "faith", "roles", "all", NULL };

/* --also: words into bits; roles have a way of their own. */
static int take_parts(struct compare *c)
{
    for (const char *s = c->also.list ? c->also.list : ""; *s;) {
        size_t n = strcspn(s, ","), i = 0;
        while (words[i] && (strlen(words[i]) != n || strncmp(words[i], s, n) != 0))
            i++;
        if (!words[i])
            return report_usage("--also takes a list of isa, bias, bar, faith, roles, or all, not "
                                "'%.*s'",
                                at_shown(s, n), s);
        c->has_roles |= i >= 4;
        c->also.measures.parts |= i < 4 ? 1u << i : i == 5 ? 0xfu : 0;
        s += n + (s[n] == ',');
    }
    return EXIT_DONE;
}

int also_check(struct compare *c)
{
    struct also *a = &c->also;
    unsigned parts;
    int status = take_parts(c);

    if (status)
        return status;
    parts = a->measures.parts;
    if (c->kind == COMPARE_DIRECTORIES && (parts & AT_COMPARE_FAITH || a->conllu))
        return report_usage(
            "attributions and treebanks ask the models themselves, not directories");
    if ((a->methods || a->target) && !(parts & AT_COMPARE_FAITH))
        return report_usage("--methods and --target go with --also faith");
    if (a->detector && !(parts & (AT_COMPARE_BIAS | AT_COMPARE_BAR)))
        return report_usage("--detector goes with --also bias or bar");
    status = take_methods(&a->faith, a->methods, &c->arena);
    a->measures.faith = &a->faith;
    at_compare_measure_keys(&a->keys, &a->measures, &c->arena);
    return status;
}

static int open_rules(struct also *a, struct at_error *err)
{
    char *path;
    int rc = at_data_path(&path, "data/sentences", err);

    if (!rc)
        rc = at_sentence_rules_open(&a->rules, path, NULL, err);
    a->measures.rules = a->rules;
    free(path);
    return rc;
}

/* A model that is a classifier flags for itself, as `atlas bias` does. */
static int open_detectors(struct compare *c, struct at_error *err)
{
    const struct at_session_options options = { .pool = c->pool,
                                                .prefix_space = at_bias_is_classifier };
    const struct at_session *const models[2] = { c->a, c->b };
    struct also *a = &c->also;
    int rc = 0;

    for (size_t i = 0; i < 2 && !rc; i++) {
        bool is_own = !a->detector && models[i] && at_bias_is_classifier(&models[i]->model.config);
        if (!is_own && !a->classifier.tokenizer) {
            rc = at_session_open(&a->classifier, a->detector ? a->detector : "atlas-bias", &options,
                                 err);
            if (!rc)
                rc = sink_note_session(c->x->sink, "detector", &a->classifier, err);
        }
        if (!rc)
            rc = at_detector_init(&a->detectors[i], is_own ? models[i] : &a->classifier, NULL, err);
        a->asked[i].detector = &a->detectors[i];
    }
    return rc;
}

static int open_aims(struct compare *c, struct at_error *err)
{
    const struct at_session *const models[2] = { c->a, c->b };
    const struct at_aim_options options = { .token = c->also.target };
    int rc = 0;

    c->also.faith.seed = (uint64_t)c->x->call->seed;
    for (size_t i = 0; i < 2 && !rc; i++) {
        rc = at_aim_init(&c->also.aims[i], models[i], &options, &c->arena, err);
        c->also.asked[i].session = models[i];
        c->also.asked[i].aim = &c->also.aims[i];
    }
    return rc;
}

int also_open(struct compare *c, struct at_error *err)
{
    struct also *a = &c->also;
    unsigned parts = a->measures.parts;
    int rc = 0;

    a->measures.pool = c->pool;
    c->sums.more = a->keys.heads;
    c->sums.n_more = a->keys.n_heads;
    c->sums.of_text = a->keys.texts;
    c->sums.n_of_text = a->keys.n_texts;
    if (parts & AT_COMPARE_ISA)
        rc = open_rules(a, err);
    if (!rc && parts & (AT_COMPARE_BIAS | AT_COMPARE_BAR))
        rc = open_detectors(c, err);
    if (!rc && parts & AT_COMPARE_FAITH)
        rc = open_aims(c, err);
    return rc;
}

void also_close(struct also *a)
{
    at_sentence_rules_close(a->rules);
    for (size_t i = 0; i < 2; i++)
        at_detector_release(&a->detectors[i]);
    at_session_close(&a->classifier);
}

/* --- a treebank --- */

/* Each model has read what it can: accuracies are of those sentences. */
static void tell_skipped(struct compare *c, const char *model, const struct at_head_syntax *s)
{
    if (!s->n_skipped)
        return;
    report_left_out("%s: %zu of %zu sentences of the treebank have more tokens than it takes, or "
                    "none; left out",
                    model, s->n_skipped, s->n_skipped + s->n_sentences);
    sink_note_skipped(c->x->sink, model, "sentences of the treebank that are too long");
    c->n_skipped += s->n_skipped;
}

int also_syntax(struct compare *c)
{
    const struct at_head_syntax_options options = { .min_words = 10 };
    struct at_head_syntax a = { 0 }, b = { 0 };
    struct at_error err;
    int rc;

    if (!c->also.conllu)
        return EXIT_DONE;
    rc = sink_note_file(c->x->sink, "conllu", c->also.conllu, &err);
    if (!rc)
        rc = at_head_syntax_read(&a, c->a, c->also.conllu, &options, &err);
    if (!rc)
        rc = at_head_syntax_read(&b, c->b, c->also.conllu, &options, &err);
    if (!rc) {
        tell_skipped(c, c->a->name, &a);
        tell_skipped(c, c->b->name, &b);
        at_compare_syntax(&c->tables, &a, &b);
    }
    at_head_syntax_release(&a);
    at_head_syntax_release(&b);
    return rc ? report_fault(&err) : EXIT_DONE;
}
