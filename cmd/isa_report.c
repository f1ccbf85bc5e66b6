/*
 * isa_report.c - what `atlas isa` tells: documents, tables, the summary.
 */
#include "cmd/isa_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/term.h"

#define CELL_COLUMNS   "query,key,weight,query_text,key_text"
#define PAIR_COLUMNS   "query,key,query_token,key_token,weight"
#define CORPUS_COLUMNS "metric,n,mean,sd,min,max"
#define TEXT_COLUMNS                                                                               \
    "id,n_tokens,n_sentences,own,previous,next,outside,avg_dependency,avg_span,text"

const char *const isa_measure_names[ISA_N_MEASURES] = { "n_sentences", "own",     "previous",
                                                        "next",        "outside", "avg_dependency",
                                                        "avg_span" };

/* --- documents --- */

/* A sentence's number, null for none. */
static void set_sentence(struct at_json *o, const char *key, int number)
{
    at_json_set(o, key, number < 0 ? at_json_null() : at_json_int(number));
}

static struct at_json *sentences_json(const struct isa_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < s->S; i++) {
        const struct isa_sentence *x = &s->sentences[i];
        struct at_json *o = at_json_object();
        at_json_set_int(o, "index", (long long)i);
        at_json_set_string(o, "text", x->text);
        at_json_set_int(o, "segment", x->segment);
        at_json_set_int(o, "start", (long long)x->start);
        at_json_set_int(o, "end", (long long)x->end);
        at_json_set_int(o, "first_token", (long long)x->first_token);
        at_json_set_int(o, "n_tokens", (long long)x->n_tokens);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *rows_json(const double *v, size_t rows, size_t cols)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < rows; i++)
        at_json_append(list, at_json_reals(v + i * cols, cols));
    return list;
}

/* The three views of what sentences have to do with each other, an entry per sentence. */
static void set_summaries(struct at_json *doc, const struct isa_state *s)
{
    struct at_json *dependencies = at_json_array(), *influences = at_json_array();
    struct at_json *spans = at_json_array();

    for (size_t i = 0; i < s->S; i++) {
        const struct at_isa_summary *x = &s->summary[i];
        struct at_json *d = at_json_object(), *f = at_json_object(), *p = at_json_object();
        at_json_set_int(d, "index", (long long)i);
        set_sentence(d, "top", x->top_dependency);
        at_json_set_real(d, "weight", x->top_weight);
        at_json_set_real(d, "average", x->avg_dependency);
        at_json_append(dependencies, d);
        at_json_set_int(f, "index", (long long)i);
        set_sentence(f, "top", x->top_influenced);
        at_json_set_real(f, "weight", x->max_influence);
        at_json_set_real(f, "average", x->avg_influence);
        at_json_append(influences, f);
        at_json_set_int(p, "index", (long long)i);
        at_json_set_real(p, "average", x->avg_span);
        at_json_append(spans, p);
    }
    at_json_set(doc, "dependencies", dependencies);
    at_json_set(doc, "influences", influences);
    at_json_set(doc, "spans", spans);
}

static bool has_pair(const struct isa_state *s, const struct isa_pair *p)
{
    return p->query < s->S && p->key < s->S;
}

static struct at_json *labels_json(const struct isa_state *s, const size_t *tokens, size_t n)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < n; i++)
        at_json_append(list, at_json_string(s->doc->labels[tokens[i]].text));
    return list;
}

/* The tokens and the map (n_query, n_key) behind a cell. */
struct pair_map {
    size_t *query, *key, n_query, n_key;
    double *map;
};

static struct pair_map pair_map_new(const struct isa_state *s, const struct isa_pair *p)
{
    size_t n = s->doc->n;
    struct pair_map m = { .query = at_malloc(2 * n, sizeof *m.query) };

    m.key = m.query + n;
    m.n_query = at_isa_tokens(m.query, &s->isa, (int)p->query);
    m.n_key = at_isa_tokens(m.key, &s->isa, (int)p->key);
    m.map = at_malloc(m.n_query * m.n_key + 1, sizeof *m.map);
    at_isa_pair(m.map, &s->isa, (int)p->query, (int)p->key);
    return m;
}

static void pair_map_free(struct pair_map *m)
{
    free(m->query);
    free(m->map);
}

static struct at_json *pairs_json(const struct isa_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < s->call->n_pairs; i++) {
        const struct isa_pair *p = &s->call->pairs[i];
        struct at_json *o;
        struct pair_map m;
        if (!has_pair(s, p))
            continue;
        m = pair_map_new(s, p);
        o = at_json_object();
        at_json_set_int(o, "query", (long long)p->query);
        at_json_set_int(o, "key", (long long)p->key);
        at_json_set_real(o, "weight", isa_pair_weight(s, m.map, m.n_query, m.n_key));
        at_json_set(o, "query_tokens", labels_json(s, m.query, m.n_query));
        at_json_set(o, "key_tokens", labels_json(s, m.key, m.n_key));
        at_json_set(o, "map", rows_json(m.map, m.n_query, m.n_key));
        at_json_append(list, o);
        pair_map_free(&m);
    }
    return list;
}

static struct at_json *isa_document(const struct isa_state *s)
{
    struct at_json *doc = at_json_object();
    const struct selection *c = &s->job->selection;

    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set_string(doc, "method", isa_methods[s->call->method]);
    at_json_set(doc, "layer",
                c->layers == SELECT_ONE ? at_json_int((long long)c->layer) : at_json_null());
    at_json_set(doc, "head",
                c->heads == SELECT_ONE ? at_json_int((long long)c->head) : at_json_null());
    at_json_set(doc, "sentences", sentences_json(s));
    at_json_set(doc, "matrix", rows_json(s->matrix, s->S, s->S));
    at_json_set(doc, "outside", at_json_reals(s->outside, s->S));
    set_summaries(doc, s);
    if (s->call->n_pairs)
        at_json_set(doc, "pairs", pairs_json(s));
    return doc;
}

/* --- tables --- */

static int write_cells(struct isa_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "isa.csv", CELL_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < s->S * s->S; i++) {
        at_csv_int(&csv, (long long)(i / s->S));
        at_csv_int(&csv, (long long)(i % s->S));
        at_csv_real(&csv, s->matrix[i]);
        at_csv_text(&csv, s->sentences[i / s->S].text);
        at_csv_text(&csv, s->sentences[i % s->S].text);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, s->doc, "isa.csv", CELL_COLUMNS, err);
}

static int write_pair(struct isa_state *s, const struct isa_pair *p, struct at_error *err)
{
    char *name = at_asprintf("isa_pair_%zu_%zu.csv", p->query, p->key);
    struct pair_map m = pair_map_new(s, p);
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, name, PAIR_COLUMNS, err);

    for (size_t i = 0; !rc && i < m.n_query * m.n_key; i++) {
        size_t query = m.query[i / m.n_key], key = m.key[i % m.n_key];
        at_csv_int(&csv, (long long)query);
        at_csv_int(&csv, (long long)key);
        at_csv_text(&csv, s->doc->labels[query].text);
        at_csv_text(&csv, s->doc->labels[key].text);
        at_csv_real(&csv, m.map[i]);
        at_csv_end(&csv);
    }
    if (!rc)
        rc = job_csv_commit(&csv, s->job, s->doc, name, PAIR_COLUMNS, err);
    pair_map_free(&m);
    free(name);
    return rc;
}

static int write_tables(struct isa_state *s, struct at_error *err)
{
    int rc = write_cells(s, err);

    for (size_t i = 0; !rc && i < s->call->n_pairs; i++)
        if (has_pair(s, &s->call->pairs[i]))
            rc = write_pair(s, &s->call->pairs[i], err);
    return rc;
}

/* --- tables over all texts --- */

static void measure(double out[ISA_N_MEASURES], const struct isa_state *s)
{
    struct at_moments m[ISA_N_MEASURES] = { { 0 } };
    bool is_causal = s->job->shape.is_causal;

    for (size_t a = 0; a < s->S; a++) {
        const double *row = s->matrix + a * s->S;
        at_moments_add(&m[ISA_OWN], s->S > 1 ? row[a] : NAN); /* alone it is 1 by definition */
        at_moments_add(&m[ISA_PREVIOUS], a > 0 ? row[a - 1] : NAN);
        at_moments_add(&m[ISA_NEXT], a + 1 < s->S && !is_causal ? row[a + 1] : NAN);
        at_moments_add(&m[ISA_OUTSIDE], s->outside[a]);
        at_moments_add(&m[ISA_AVG_DEPENDENCY], s->summary[a].avg_dependency);
        at_moments_add(&m[ISA_AVG_SPAN], s->summary[a].avg_span);
    }
    for (size_t i = 0; i < ISA_N_MEASURES; i++)
        out[i] = at_moments_mean(&m[i]);
    out[ISA_SENTENCES] = (double)s->S;
}

static int add_to_corpus(struct isa_state *s, struct at_error *err)
{
    struct isa_call *call = s->call;
    double measures[ISA_N_MEASURES];
    int rc = 0;

    measure(measures, s);
    for (size_t i = 0; i < ISA_N_MEASURES; i++)
        at_moments_add(&call->measures[i], measures[i]);
    if (!call->has_texts_csv)
        rc = manifest_csv_open(&call->texts_csv, s->job->manifest, "texts.csv", TEXT_COLUMNS, err);
    if (rc)
        return rc;
    call->has_texts_csv = true;
    at_csv_text(&call->texts_csv, s->doc->in.id);
    at_csv_int(&call->texts_csv, (long long)s->doc->tokens.n);
    for (size_t i = 0; i < ISA_N_MEASURES; i++)
        at_csv_real(&call->texts_csv, measures[i]);
    at_csv_text(&call->texts_csv, s->doc->in.text);
    at_csv_end(&call->texts_csv);
    return 0;
}

static int write_corpus(struct isa_call *call, struct job *job, struct at_error *err)
{
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, job->manifest, "corpus.csv", CORPUS_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < ISA_N_MEASURES; i++) {
        const struct at_moments *m = &call->measures[i];
        at_csv_text(&csv, isa_measure_names[i]);
        at_csv_int(&csv, (long long)m->n);
        at_csv_real(&csv, at_moments_mean(m));
        at_csv_real(&csv, at_moments_sd(m));
        at_csv_real(&csv, m->n ? m->min : NAN);
        at_csv_real(&csv, m->n ? m->max : NAN);
        at_csv_end(&csv);
    }
    return manifest_csv_commit(&csv, job->manifest, "corpus.csv", CORPUS_COLUMNS, err);
}

int isa_close_tables(struct isa_call *call, struct job *job, int status)
{
    struct at_error err;
    int rc;

    if (!call->has_texts_csv)
        return status;
    if (status != EXIT_DONE && status != EXIT_SKIPPED) {
        at_csv_abort(&call->texts_csv);
        return status;
    }
    rc = manifest_csv_commit(&call->texts_csv, job->manifest, "texts.csv", TEXT_COLUMNS, &err);
    if (!rc)
        rc = write_corpus(call, job, &err);
    return rc ? report_fault(&err) : status;
}

/* --- the summary on standard output --- */

static void print_number(double v)
{
    if (isnan(v))
        printf("%8s", "n/a");
    else
        printf("%8.4f", v);
}

static void print_place(int sentence)
{
    if (sentence < 0)
        printf("%6s", "n/a");
    else
        printf("%6d", sentence);
}

static void print_matrix(const struct isa_state *s)
{
    size_t room = term_width(stdout);

    if (s->S * 8 + 14 > room) {
        printf("\n%zu x %zu cells do not fit here: -o DIR or --json\n", s->S, s->S);
        return;
    }
    printf("\nlooks at");
    for (size_t b = 0; b < s->S; b++)
        printf("%*zu", b ? 8 : 4, b);
    printf("  outside\n");
    for (size_t a = 0; a < s->S; a++) {
        printf("%4zu", a);
        for (size_t b = 0; b < s->S; b++)
            if (b > a && s->job->shape.is_causal)
                printf("%8s", "-");
            else
                print_number(s->matrix[a * s->S + b]);
        printf(" ");
        print_number(s->outside[a]);
        printf("\n");
    }
}

static void print_dependencies(const struct isa_state *s)
{
    printf("\n%8s  %22s  %22s\n", "", "looks most at", "is looked at most by");
    printf("sentence  %6s%8s%8s  %6s%8s%8s%8s\n", "", "weight", "average", "", "weight", "average",
           "span");
    for (size_t a = 0; a < s->S; a++) {
        const struct at_isa_summary *x = &s->summary[a];
        printf("%4zu      ", a);
        print_place(x->top_dependency);
        print_number(x->top_weight);
        print_number(x->avg_dependency);
        printf("  ");
        print_place(x->top_influenced);
        print_number(x->max_influence);
        print_number(x->avg_influence);
        print_number(x->avg_span);
        printf("\n");
    }
}

/* The strongest links of a pair, most first. */
static void print_pair(const struct isa_state *s, const struct isa_pair *p)
{
    enum { SHOWN = 10 };
    struct pair_map m = pair_map_new(s, p);
    size_t n = m.n_query * m.n_key;

    printf("\nsentence %zu looks at %zu: %.4f\n", p->query, p->key,
           isa_pair_weight(s, m.map, m.n_query, m.n_key));
    for (size_t k = 0; k < AT_MIN(n, (size_t)SHOWN); k++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            if (m.map[i] > m.map[best])
                best = i;
        if (!(m.map[best] > 0.0))
            break;
        printf("  %.4f  %3zu %s -> %zu %s\n", m.map[best], m.query[best / m.n_key],
               s->doc->labels[m.query[best / m.n_key]].text, m.key[best % m.n_key],
               s->doc->labels[m.key[best % m.n_key]].text);
        m.map[best] = -1.0;
    }
    pair_map_free(&m);
}

static void print_summary(const struct isa_state *s)
{
    static const char *const of[] = { "mass, mean over layers and heads", "greatest weight",
                                      "mass in the last layer" };
    const struct selection *c = &s->job->selection;
    size_t room = AT_MAX(term_width(stdout), (size_t)40);

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    printf("%s, %zu sentence%s, %zu %s%s, %s", s->job->shown_model, s->S, at_plural(s->S),
           s->doc->n, s->job->by_words ? "word" : "token", at_plural(s->doc->n),
           s->job->matrix == AT_ROLLOUT ? "mass in the rollout" : of[s->call->method]);
    if (c->layers == SELECT_ONE)
        printf(", layer %zu", c->layer);
    if (c->heads == SELECT_ONE)
        printf(", head %zu", c->head);
    printf("\n");
    for (size_t i = 0; i < s->S; i++) {
        printf("%4zu  ", i);
        if (term_columns(s->sentences[i].text) > room - 6)
            term_pad(stdout, s->sentences[i].text, room - 6);
        else
            printf("%s", s->sentences[i].text);
        printf("\n");
    }
    if (s->S > 1) {
        print_matrix(s);
        print_dependencies(s);
    }
    for (size_t i = 0; i < s->call->n_pairs; i++)
        if (has_pair(s, &s->call->pairs[i]))
            print_pair(s, &s->call->pairs[i]);
}

int isa_report(struct isa_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV)) {
        rc = write_tables(s, err);
        if (!rc && *s->doc->in.id)
            rc = add_to_corpus(s, err);
    }
    if (!rc && job_draws(job))
        rc = isa_pictures(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "isa.json", isa_document(s), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(s);
    return rc;
}
