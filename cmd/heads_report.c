/*
 * heads_report.c - what `atlas heads` tells: documents, tables, the summary, tables over texts.
 */
#include "cmd/heads_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define TAG_COLUMNS  "index,token,upos,entity,start,end"
#define ROLE_COLUMNS "role,rank,layer,head,mean,sd,n"

enum { TOP_HEADS = 10 };

const char *head_score_title(const struct job *job, size_t score)
{
    const struct at_head_score_info *info = &at_head_score_table[score];

    return job->shape.has_summary_token || !info->title_no_cls ? info->title : info->title_no_cls;
}

static double score_of(const double *scores, size_t k, size_t i)
{
    return scores[k * AT_N_HEAD_SCORES + i];
}

static struct at_json *scores_json(const double *scores, size_t k)
{
    struct at_json *o = at_json_object();

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        at_json_set_real(o, at_head_score_table[i].key, score_of(scores, k, i));
    return o;
}

static struct at_json *head_json(const struct heads_state *s, size_t k)
{
    const struct head_features *f = &s->features;
    struct at_json *o = at_json_object(), *patterns = at_json_object();

    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        at_json_set_real(patterns, at_head_pattern_keys[i], f->pattern[k * AT_N_HEAD_PATTERNS + i]);
    at_json_set_int(o, "layer", (long long)(k / f->H));
    at_json_set_int(o, "head", (long long)(k % f->H));
    at_json_set(o, "raw", scores_json(f->score, k));
    at_json_set(o, "scaled", scores_json(s->scaled, k));
    at_json_set(o, "z", scores_json(s->z, k));
    at_json_set(o, "patterns", patterns);
    return o;
}

static struct at_json *tags_json(const struct heads_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < s->doc->n; i++) {
        const struct at_token_tag *t = &s->features.tags[i];
        struct at_json *o = at_json_object();
        at_json_set_string(o, "token", s->doc->labels[i].text);
        at_json_set_string(o, "upos", t->upos ? at_upos_name(t->upos) : NULL);
        at_json_set_string(o, "entity", *t->entity ? t->entity : NULL);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *heads_document(const struct heads_state *s)
{
    struct at_json *doc = at_json_object(), *heads = at_json_array();
    struct at_json *meta = job_meta(s->job, s->doc);

    at_json_set_string(meta, s->call->tagger.file ? "tags" : "tagger",
                       tagger_name(&s->call->tagger));
    for (size_t k = 0; k < s->features.L * s->features.H; k++)
        at_json_append(heads, head_json(s, k));
    at_json_set(doc, "meta", meta);
    at_json_set(doc, "heads", heads);
    at_json_set(doc, "tokens", tags_json(s));
    return doc;
}

static char *heads_columns(void)
{
    struct at_strbuf b = { 0 };

    at_strbuf_adds(&b, "layer,head");
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        at_strbuf_addf(&b, ",%s", at_head_score_table[i].key);
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        at_strbuf_addf(&b, ",%s_scaled", at_head_score_table[i].key);
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        at_strbuf_addf(&b, ",%s_z", at_head_score_table[i].key);
    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        at_strbuf_addf(&b, ",%s", at_head_pattern_keys[i]);
    return at_strbuf_take(&b);
}

static int write_heads_csv(struct heads_state *s, struct at_error *err)
{
    const struct head_features *f = &s->features;
    char *columns = heads_columns();
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "heads.csv", columns, err);

    for (size_t k = 0; !rc && k < f->L * f->H; k++) {
        at_csv_int(&csv, (long long)(k / f->H));
        at_csv_int(&csv, (long long)(k % f->H));
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_csv_real(&csv, score_of(f->score, k, i));
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_csv_real(&csv, score_of(s->scaled, k, i));
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_csv_real(&csv, score_of(s->z, k, i));
        for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
            at_csv_real(&csv, f->pattern[k * AT_N_HEAD_PATTERNS + i]);
        at_csv_end(&csv);
    }
    if (!rc)
        rc = job_csv_commit(&csv, s->job, s->doc, "heads.csv", columns, err);
    free(columns);
    return rc;
}

static int write_tags_csv(struct heads_state *s, struct at_error *err)
{
    const struct doc *doc = s->doc;
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, doc, "tags.csv", TAG_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < doc->n; i++) {
        const struct at_token_tag *tag = &s->features.tags[i];
        size_t first = doc->words.n ? doc->words.first[i] : i;
        size_t last = doc->words.n ? first + doc->words.count[i] - 1 : i;
        const struct at_token *a = &doc->tokens.items[first], *b = &doc->tokens.items[last];
        at_csv_int(&csv, (long long)i);
        at_csv_text(&csv, doc->labels[i].text);
        at_csv_text(&csv, at_upos_name(tag->upos));
        at_csv_text(&csv, tag->entity);
        at_csv_real(&csv, a->start == AT_NO_OFFSET ? NAN : (double)a->start);
        at_csv_real(&csv, b->end == AT_NO_OFFSET ? NAN : (double)b->end);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, doc, "tags.csv", TAG_COLUMNS, err);
}

/* --- the summary --- */

static void print_tags(const struct heads_state *s)
{
    for (size_t i = 0; i < s->doc->n; i++) {
        const struct at_token_tag *t = &s->features.tags[i];
        printf("%s%s", i ? " " : "", s->doc->labels[i].text);
        if (t->upos)
            printf("/%s", at_upos_name(t->upos));
        if (*t->entity)
            printf("/%s", t->entity);
    }
    printf("\n");
}

/* The three heads with the highest value in a column of values (n_heads, stride). */
static void print_top(const struct head_features *f, const char *title, const double *values,
                      size_t stride)
{
    size_t n = f->L * f->H, shown[3] = { n, n, n };

    printf("  %-26s", title);
    for (size_t rank = 0; rank < 3; rank++) {
        size_t best = n;
        for (size_t k = 0; k < n; k++) {
            double v = values[k * stride];
            if (isnan(v) || k == shown[0] || k == shown[1])
                continue;
            if (best == n || v > values[best * stride])
                best = k;
        }
        if (best == n || values[best * stride] == 0.0) {
            printf("%s", rank > 0 ? "" : best == n ? "  n/a" : "  none");
            break;
        }
        shown[rank] = best;
        printf("  %zu-%-2zu %.4f", best / f->H, best % f->H, values[best * stride]);
    }
    printf("\n");
}

static void print_summary(const struct heads_state *s)
{
    const struct head_features *f = &s->features;

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    printf("%s, %zu layer%s x %zu head%s, tags by %s\n", s->job->shown_model, f->L, at_plural(f->L),
           f->H, at_plural(f->H), tagger_name(&s->call->tagger));
    print_tags(s);
    printf("\nstrongest heads (layer-head, raw score)\n");
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        print_top(f, head_score_title(s->job, i), f->score + i, AT_N_HEAD_SCORES);
    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        print_top(f, at_head_pattern_keys[i], f->pattern + i, AT_N_HEAD_PATTERNS);
}

int heads_report(struct heads_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV)) {
        rc = write_heads_csv(s, err);
        if (!rc)
            rc = write_tags_csv(s, err);
    }
    if (!rc && job_draws(job))
        rc = heads_pictures(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "heads.json", heads_document(s), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(s);
    return rc;
}

/* --- tables over all texts --- */

/* Heads in order of their mean for one role, best first; order (L*H). Ties keep their order. */
static size_t rank_heads(size_t *order, struct corpus_table *t, size_t role)
{
    size_t n = 0;

    for (size_t k = 0; k < t->L * t->H; k++) {
        double v = at_moments_mean(corpus_cell(t, (long)(k / t->H), (long)(k % t->H), role));
        size_t at = n;
        if (isnan(v))
            continue;
        for (; at > 0; at--) {
            size_t o = order[at - 1];
            if (at_moments_mean(corpus_cell(t, (long)(o / t->H), (long)(o % t->H), role)) >= v)
                break;
            order[at] = o;
        }
        order[at] = k;
        n++;
    }
    return n;
}

static int write_roles(struct heads_call *call, struct job *job, struct at_error *err)
{
    struct corpus_table *t = &call->corpus;
    size_t *order = at_malloc(t->L * t->H, sizeof *order);
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, job->manifest, "roles.csv", ROLE_COLUMNS, err);

    for (size_t role = 0; !rc && role < t->n_values; role++) {
        size_t n = rank_heads(order, t, role);
        for (size_t rank = 0; rank < n && rank < TOP_HEADS; rank++) {
            size_t k = order[rank];
            const struct at_moments *m = corpus_cell(t, (long)(k / t->H), (long)(k % t->H), role);
            at_csv_text(&csv, t->keys[role]);
            at_csv_int(&csv, (long long)rank + 1);
            at_csv_int(&csv, (long long)(k / t->H));
            at_csv_int(&csv, (long long)(k % t->H));
            at_csv_real(&csv, at_moments_mean(m));
            at_csv_real(&csv, at_moments_sd(m));
            at_csv_int(&csv, (long long)m->n);
            at_csv_end(&csv);
        }
    }
    if (!rc)
        rc = manifest_csv_commit(&csv, job->manifest, "roles.csv", ROLE_COLUMNS, err);
    free(order);
    return rc;
}

int heads_corpus(struct heads_call *call, struct job *job, int status)
{
    struct at_error err;
    int rc;

    if (!job->manifest || !(job->formats & FORMAT_CSV))
        return status;
    rc = corpus_write(&call->corpus, job->manifest, "corpus.csv", &err);
    if (!rc)
        rc = write_roles(call, job, &err);
    return rc ? report_fault(&err) : status;
}
