/*
 * run_report.c - what `atlas run` tells of a text: run.json, tree.json, tables, the summary.
 */
#include "cmd/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/flow.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/term.h"

#define TOKEN_COLUMNS      "index,token,label,id,start,end,segment,special,word,received"
#define PREDICTION_COLUMNS "index,token,token_rank,token_p,rank,prediction,id,p,logit"

/* Share of attention each column receives: mean over the queries that can see it. out (n). */
static void received_attention(double *out, const float *map, size_t n, bool is_causal)
{
    for (size_t j = 0; j < n; j++)
        out[j] = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out[j] += (double)map[i * n + j];
    for (size_t j = 0; j < n; j++)
        out[j] /= (double)(is_causal ? n - j : n);
}

void run_attention_rows(struct run_state *s, const float *map, struct map_name name)
{
    struct at_csv *csv = &s->attention_csv;
    size_t n = s->doc->n;

    for (size_t i = 0; i < n; i++) {
        size_t visible = s->job->shape.is_causal ? i + 1 : n;
        for (size_t j = 0; j < visible; j++) {
            if (!((double)map[i * n + j] >= s->run->min_weight))
                continue;
            at_csv_int(csv, name.layer);
            if (name.head >= 0)
                at_csv_int(csv, name.head);
            else
                at_csv_text(csv, "mean");
            at_csv_int(csv, (long long)i);
            at_csv_int(csv, (long long)j);
            at_csv_text(csv, s->doc->labels[i].text);
            at_csv_text(csv, s->doc->labels[j].text);
            at_csv_real(csv, (double)map[i * n + j]);
            at_csv_end(csv);
        }
    }
}

static void set_map_name(struct at_json *o, struct map_name name)
{
    if (name.layer >= 0)
        at_json_set_int(o, "layer", name.layer);
    else
        at_json_set_string(o, "layer", "mean");
    if (name.head >= 0)
        at_json_set_int(o, "head", name.head);
    else
        at_json_set_string(o, "head", "mean");
}

struct at_json *run_tree_json(const struct run_state *s, const struct at_tree_nodes *nodes,
                              bool is_cut, struct map_name name)
{
    struct at_json *tree = at_json_object(), *list = at_json_array();

    for (size_t i = 0; i < nodes->n; i++) {
        const struct at_tree_node *n = &nodes->items[i];
        struct at_json *o = at_json_object();
        at_json_set_int(o, "node", (long long)i);
        at_json_set(o, "parent", i ? at_json_int((long long)n->parent) : at_json_null());
        at_json_set_int(o, "depth", (long long)n->depth);
        at_json_set_int(o, "index", (long long)n->token);
        at_json_set_string(o, "token", s->doc->labels[n->token].text);
        at_json_set_real(o, "weight", n->weight);
        at_json_set_real(o, "product", n->product);
        at_json_set_real(o, "qk", n->qk);
        at_json_append(list, o);
    }
    set_map_name(tree, name);
    at_json_set_bool(tree, "cut", is_cut);
    at_json_set(tree, "nodes", list);
    return tree;
}

static struct at_json *tokens_json(const struct doc *doc, const double *received)
{
    struct at_json *list = at_json_array();
    bool by_words = doc->words.n > 0;

    for (size_t i = 0; i < doc->tokens.n; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        struct at_json *o = at_json_object();
        bool is_from_text = t->start != AT_NO_OFFSET;
        at_json_set_int(o, "index", (long long)i);
        at_json_set_string(o, "token", doc->pieces[i]);
        if (!by_words) {
            at_json_set_string(o, "label", doc->labels[i].text);
            at_json_set_real(o, "received", received[i]);
        }
        at_json_set_int(o, "id", t->id);
        at_json_set(o, "start", is_from_text ? at_json_int((long long)t->start) : at_json_null());
        at_json_set(o, "end", is_from_text ? at_json_int((long long)t->end) : at_json_null());
        at_json_set_int(o, "segment", t->segment);
        at_json_set_bool(o, "special", t->is_special);
        at_json_set(o, "word", t->word >= 0 ? at_json_int(t->word) : at_json_null());
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *words_json(const struct doc *doc, const double *received)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < doc->words.n; i++) {
        struct at_json *o = at_json_object();
        at_json_set_int(o, "index", (long long)i);
        at_json_set_string(o, "label", doc->labels[i].text);
        at_json_set_int(o, "first_token", (long long)doc->words.first[i]);
        at_json_set_int(o, "n_tokens", (long long)doc->words.count[i]);
        at_json_set_real(o, "received", received[i]);
        at_json_set_real(o, "dropped", doc->dropped[i] / (double)doc->n_dropped);
        at_json_append(list, o);
    }
    return list;
}

/* Piece at a position, NULL past the end of the text. */
static const char *piece_at(const struct doc *doc, size_t i)
{
    return i < doc->tokens.n ? doc->pieces[i] : NULL;
}

static struct at_json *predictions_json(const struct run_state *s, const struct predictions *p)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < p->n; i++) {
        const struct predicted *x = &p->items[i];
        struct at_json *o = at_json_object(), *top = at_json_array();
        at_json_set_int(o, "index", (long long)x->index);
        at_json_set_string(o, "token", piece_at(s->doc, x->index));
        at_json_set(o, "token_rank",
                    x->ranking.token_rank ? at_json_int((long long)x->ranking.token_rank)
                                          : at_json_null());
        at_json_set_real(o, "token_p", exp(x->ranking.token_log_p));
        for (size_t r = 0; r < p->k && x->ranking.top[r].id >= 0; r++) {
            const struct at_prediction *t = &x->ranking.top[r];
            struct at_json *e = at_json_object();
            at_json_set_int(e, "rank", (long long)r + 1);
            at_json_set_string(e, "token", at_tokenizer_piece(s->job->tokenizer, t->id));
            at_json_set_int(e, "id", t->id);
            at_json_set_real(e, "p", t->p);
            at_json_set_real(e, "logit", (double)t->logit);
            at_json_append(top, e);
        }
        at_json_set_real(o, "log_sum_exp", x->ranking.log_sum_exp);
        at_json_set(o, "top", top);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *links_json(const struct run_state *s, const struct at_links *links)
{
    struct at_json *o = at_json_object(), *list = at_json_array();

    set_map_name(o, s->shown_name);
    for (size_t i = 0; i < links->n; i++) {
        const struct at_link *l = &links->items[i];
        struct at_json *e = at_json_object();
        at_json_set_int(e, "query", (long long)l->query);
        at_json_set_int(e, "key", (long long)l->key);
        at_json_set_string(e, "query_token", s->doc->labels[l->query].text);
        at_json_set_string(e, "key_token", s->doc->labels[l->key].text);
        at_json_set_real(e, "weight", (double)l->weight);
        at_json_append(list, e);
    }
    at_json_set(o, "links", list);
    return o;
}

static struct at_json *metrics_json(const struct at_attn_metrics *m)
{
    struct at_json *o = at_json_object();

    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_json_set_real(o, at_metric_fields[i].key, at_metric_get(m, i));
    return o;
}

/* What a report is made of, computed once. */
struct findings {
    const struct predictions *predictions;
    double *received; /* (n) */
    struct at_links links;
    struct at_attn_metrics global;
    double flow_change;
};

static struct at_json *run_document(const struct run_state *s, const struct findings *f)
{
    struct at_json *doc = at_json_object();

    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set(doc, "tokens", tokens_json(s->doc, f->received));
    if (s->job->by_words)
        at_json_set(doc, "words", words_json(s->doc, f->received));
    at_json_set(doc, "predictions", predictions_json(s, f->predictions));
    if (s->doc->in.pair)
        at_json_set_real(doc, "next_sentence", f->predictions->next_sentence);
    at_json_set(doc, "strongest", links_json(s, &f->links));
    at_json_set(doc, "global", metrics_json(&f->global));
    at_json_set_real(doc, "flow_change", f->flow_change);
    if (s->deep && !s->job->manifest) /* else it has a file of its own */
        at_json_set(doc, "deep", deep_document(s->deep));
    return doc;
}

static int write_tokens_csv(const struct run_state *s, const double *received, struct at_error *err)
{
    const struct doc *doc = s->doc;
    bool by_words = doc->words.n > 0;
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, doc, "tokens.csv", TOKEN_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < doc->tokens.n; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        at_csv_int(&csv, (long long)i);
        at_csv_text(&csv, doc->pieces[i]);
        at_csv_text(&csv, by_words ? NULL : doc->labels[i].text);
        at_csv_int(&csv, t->id);
        if (t->start != AT_NO_OFFSET) {
            at_csv_int(&csv, (long long)t->start);
            at_csv_int(&csv, (long long)t->end);
        } else {
            at_csv_empty(&csv);
            at_csv_empty(&csv);
        }
        at_csv_int(&csv, t->segment);
        at_csv_int(&csv, t->is_special);
        if (t->word >= 0)
            at_csv_int(&csv, t->word);
        else
            at_csv_empty(&csv);
        at_csv_real(&csv, by_words ? NAN : received[i]);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, doc, "tokens.csv", TOKEN_COLUMNS, err);
}

static int write_predictions_csv(const struct run_state *s, const struct predictions *p,
                                 struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "predictions.csv", PREDICTION_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < p->n; i++) {
        const struct predicted *x = &p->items[i];
        for (size_t r = 0; r < p->k && x->ranking.top[r].id >= 0; r++) {
            const struct at_prediction *t = &x->ranking.top[r];
            at_csv_int(&csv, (long long)x->index);
            at_csv_text(&csv, piece_at(s->doc, x->index));
            at_csv_real(&csv, x->ranking.token_rank ? (double)x->ranking.token_rank : NAN);
            at_csv_real(&csv, exp(x->ranking.token_log_p));
            at_csv_int(&csv, (long long)r + 1);
            at_csv_text(&csv, at_tokenizer_piece(s->job->tokenizer, t->id));
            at_csv_int(&csv, t->id);
            at_csv_real(&csv, t->p);
            at_csv_real(&csv, (double)t->logit);
            at_csv_end(&csv);
        }
    }
    return job_csv_commit(&csv, s->job, s->doc, "predictions.csv", PREDICTION_COLUMNS, err);
}

static int write_tables(struct run_state *s, const struct findings *f, struct at_error *err)
{
    int rc = 0;

    if (!s->has_attention_csv)
        return 0;
    s->has_attention_csv = false;
    rc = job_csv_commit(&s->attention_csv, s->job, s->doc, "attention.csv", ATTENTION_COLUMNS, err);
    if (!rc)
        rc = write_tokens_csv(s, f->received, err);
    if (!rc)
        rc = write_predictions_csv(s, f->predictions, err);
    return rc;
}

static int write_tree_document(struct run_state *s, struct at_error *err)
{
    struct at_json *doc = at_json_object();
    char *rel = job_rel(s->doc, "tree.json");
    int rc;

    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set(doc, "trees", s->trees);
    s->trees = NULL;
    rc = manifest_json(s->job->manifest, rel, doc, (int)s->job->digits, err);
    at_json_free(doc);
    free(rel);
    return rc;
}

/* --- the summary on standard output --- */

static void print_label(const struct at_label *l)
{
    printf("%s", *l->text ? l->text : "\xc2\xb7");
}

static void print_tokens(const struct run_state *s)
{
    size_t n = s->doc->n;

    printf("%zu %s%s:", n, s->job->by_words ? "word" : "token", at_plural(n));
    for (size_t i = 0; i < n; i++) {
        printf(" ");
        print_label(&s->doc->labels[i]);
    }
    printf("\n");
}

static void print_links(const struct run_state *s, const struct at_links *links)
{
    char *of = job_title(s->job, "\nstrongest links", s->shown_name.layer, s->shown_name.head);

    printf("%s\n", of);
    free(of);
    for (size_t i = 0; i < links->n; i++) {
        const struct at_link *l = &links->items[i];
        printf("  %.3f  %3zu ", (double)l->weight, l->query);
        print_label(&s->doc->labels[l->query]);
        printf(" -> %zu ", l->key);
        print_label(&s->doc->labels[l->key]);
        printf("\n");
    }
}

static void print_predictions(const struct run_state *s, const struct predictions *p)
{
    struct at_strbuf label = { 0 };

    if (p->n == 0)
        return;
    printf("\npredictions (%s)\n", s->job->shape.is_causal ? "next token" : "position masked");
    for (size_t i = 0; i < p->n; i++) {
        const struct predicted *x = &p->items[i];
        at_strbuf_clear(&label);
        if (x->index < s->doc->tokens.n)
            at_tokenizer_add_label(s->job->tokenizer, &label, s->doc->tokens.items[x->index].id);
        printf("  %3zu ", x->index);
        term_pad(stdout, x->index < s->doc->tokens.n ? at_strbuf_str(&label) : "(what follows)",
                 14);
        if (x->ranking.token_rank)
            printf(" rank %-5zu p %-7.4f ", x->ranking.token_rank, exp(x->ranking.token_log_p));
        else
            printf(" %21s", x->ranking.top[0].id < 0 ? "n/a" : "");
        for (size_t r = 0; r < p->k && x->ranking.top[r].id >= 0; r++) {
            at_strbuf_clear(&label);
            at_tokenizer_add_label(s->job->tokenizer, &label, x->ranking.top[r].id);
            printf("%s%s %.3f", r ? ", " : "", at_strbuf_str(&label), x->ranking.top[r].p);
        }
        printf("\n");
    }
    at_strbuf_release(&label);
}

static void print_metric(const char *name, double v)
{
    if (isnan(v))
        printf("  %-21s n/a\n", name);
    else
        printf("  %-21s %.4g\n", name, v);
}

static void print_metrics(const struct findings *f)
{
    printf("\nmean map\n");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        print_metric(at_metric_fields[i].key, at_metric_get(&f->global, i));
    print_metric("flow_change", f->flow_change);
}

static void print_summary(const struct run_state *s, const struct findings *f)
{
    const struct job *job = s->job;

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    printf("%s, %zu layer%s x %zu head%s\n", job->shown_model, job->shape.n_layers,
           at_plural(job->shape.n_layers), job->shape.n_heads, at_plural(job->shape.n_heads));
    print_tokens(s);
    if (f->links.n)
        print_links(s, &f->links);
    if (term_wants_pictures((enum color_mode)job->color, stdout)) {
        printf("\n");
        term_heatmap(stdout, s->shown, s->doc->n, s->doc->labels, job->shape.is_causal,
                     term_width(stdout), term_has_color((enum color_mode)job->color, stdout));
    }
    print_predictions(s, f->predictions);
    if (!isnan(f->predictions->next_sentence))
        printf("\nthe second segment follows the first with p %.4f\n",
               f->predictions->next_sentence);
    print_metrics(f);
    if (s->deep)
        deep_print(s->deep);
}

/* --- tables over all texts --- */

static char *text_columns(void)
{
    struct at_strbuf b = { 0 };

    at_strbuf_adds(&b, "id,n_tokens,n_rows,text");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_strbuf_addf(&b, ",%s", at_metric_fields[i].key);
    at_strbuf_adds(&b, ",flow_change");
    return at_strbuf_take(&b);
}

int run_open_tables(struct run_options *run, struct job *job)
{
    struct at_error err;
    char *columns;
    int rc;

    if (!job->manifest || !(job->formats & FORMAT_CSV) || !texts_is_many(&job->texts))
        return EXIT_DONE;
    columns = text_columns();
    rc = manifest_csv_open(&run->texts_csv, job->manifest, "texts.csv", columns, &err);
    free(columns);
    if (rc)
        return report_fault(&err);
    run->has_texts_csv = true;
    return EXIT_DONE;
}

static void add_text_row(struct run_state *s, const struct findings *f)
{
    struct at_csv *csv = &s->run->texts_csv;

    at_csv_text(csv, s->doc->in.id);
    at_csv_int(csv, (long long)s->doc->tokens.n);
    at_csv_int(csv, (long long)s->doc->n);
    at_csv_text(csv, s->doc->in.text);
    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_csv_real(csv, at_metric_get(&f->global, i));
    at_csv_real(csv, f->flow_change);
    at_csv_end(csv);
}

int run_close_tables(struct run_options *run, struct job *job, int status)
{
    struct at_error err;
    char *columns;
    int rc;

    if (!run->has_texts_csv)
        return status;
    run->has_texts_csv = false;
    if (status != EXIT_DONE && status != EXIT_SKIPPED) {
        at_csv_abort(&run->texts_csv);
        return status;
    }
    columns = text_columns();
    rc = manifest_csv_commit(&run->texts_csv, job->manifest, "texts.csv", columns, &err);
    free(columns);
    return rc ? report_fault(&err) : status;
}

int run_report(struct run_state *s, const struct predictions *p, struct at_error *err)
{
    struct job *job = s->job;
    size_t n = s->doc->n;
    const float *global = at_map_series_global(&s->series);
    float *scratch = at_malloc(n * n, sizeof *scratch);
    struct findings f = { .predictions = p, .received = at_malloc(n, sizeof *f.received) };
    int rc = 0;

    at_attn_metrics(&f.global, global, n, job_map_kind(job), scratch);
    received_attention(f.received, global, n, job->shape.is_causal);
    at_strongest_links(&f.links, s->shown, n, job->shape.is_causal, (size_t)s->run->n_links);
    f.flow_change = at_map_series_flow_change(&s->series);
    if (job->manifest)
        rc = write_tables(s, &f, err);
    if (!rc && job->manifest && (job->formats & FORMAT_JSON))
        rc = write_tree_document(s, err);
    if (!rc && s->run->has_texts_csv)
        add_text_row(s, &f);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "run.json", run_document(s, &f), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(s, &f);
    at_array_release(&f.links);
    free(f.received);
    free(scratch);
    return rc;
}
