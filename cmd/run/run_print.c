/*
 * run_print.c - what `atlas run` tells of a text in a terminal.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "cmd/caption.h"
#include "cmd/run/run.h"
#include "cmd/term.h"

static const char *shown_label(const char *text)
{
    return *text ? text : "\xc2\xb7";
}

static void print_tokens(const struct at_doc *doc)
{
    printf("%zu %s%s:", doc->n, doc->words.n ? "word" : "token", at_plural(doc->n));
    for (size_t i = 0; i < doc->n; i++)
        printf(" %s", shown_label(doc->labels[i].text));
    printf("\n");
}

static long or_mean(size_t number)
{
    return number == AT_NONE ? -1 : (long)number;
}

static void print_links(const struct at_doc *doc, const struct at_run_links *links)
{
    char *of = caption_title("\nstrongest links", doc->model_name, or_mean(links->layer),
                             or_mean(links->head));

    printf("%s\n", of);
    free(of);
    for (size_t i = 0; i < links->n; i++) {
        const struct at_run_link *l = &links->links[i];
        printf("  %.3f  %3zu %s -> %zu %s\n", l->weight, l->query, shown_label(l->query_token),
               l->key, shown_label(l->key_token));
    }
}

/* The heads that link tokens most, and what even attention gives. */
static void print_heads(const struct run *run, const struct at_run_result *r)
{
    size_t n = AT_MIN(r->n_links, (size_t)run->n_links);

    printf("\nattention from %s to %s; even attention %.3f\n", run->from_text, run->to_text,
           r->links[0].even);
    for (size_t i = 0; i < n; i++) {
        const struct at_token_link *l = &r->links[i];
        char name[48];
        snprintf(name, sizeof name, "L%zuH%zu", l->layer, l->head);
        printf("  %3zu  %-7s %.3f", l->rank, name, l->weight);
        if (!isnan(l->ratio))
            printf("  %.2f times even", l->ratio);
        printf("\n");
    }
}

/* A piece as people write it; the buffer's until the next call. */
static const char *label_of(struct at_strbuf *b, const struct at_session *s, int id)
{
    at_strbuf_clear(b);
    at_tokenizer_add_label(s->tokenizer, b, id);
    return at_strbuf_str(b);
}

static void print_predictions(const struct run *run, const struct at_doc *doc,
                              const struct at_run_result *r)
{
    const struct at_session *session = run->x->session;
    struct at_strbuf label = { 0 };

    if (r->n_predictions == 0)
        return;
    printf("\npredictions (%s)\n", doc->shape->is_causal ? "next token" : "position masked");
    for (size_t i = 0; i < r->n_predictions; i++) {
        const struct at_predicted *x = &r->predictions[i];
        bool is_in_text = x->index < doc->tokens.n;
        printf("  %3zu ", x->index);
        term_pad(stdout,
                 is_in_text ? label_of(&label, session, doc->tokens.items[x->index].id)
                            : "(what follows)",
                 14);
        if (x->token_rank != AT_NONE)
            printf(" rank %-5zu p %-7.4f ", x->token_rank, x->token_p);
        else
            printf(" %21s", x->n_top == 0 ? "n/a" : "");
        for (size_t k = 0; k < x->n_top; k++)
            printf("%s%s %.3f", k ? ", " : "", label_of(&label, session, x->top[k].id),
                   x->top[k].p);
        printf("\n");
    }
    at_strbuf_release(&label);
}

static void print_classes(const struct at_run_result *r)
{
    if (r->n_classes)
        printf("\nclasses of the text\n");
    for (size_t i = 0; i < r->n_classes; i++) {
        const struct at_class *c = &r->classes[i];
        printf("  ");
        term_pad(stdout, c->label, 20);
        if (isnan(c->p))
            printf(" %.4f\n", c->value);
        else
            printf(" p %.4f  logit %.3f\n", c->p, c->logit);
    }
}

static void print_embedding(const struct at_embedding *e)
{
    if (!e)
        return;
    printf("\nembedding of %zu dimensions, %s of the final states, length %.4f%s\n", e->n,
           e->pooling, e->norm, e->is_normalized ? ", normalized to 1" : "");
    if (!isnan(e->cosine))
        printf("  cosine with the second text's (length %.4f): %.4f\n", e->norm_pair, e->cosine);
}

static void print_metric(const char *name, double v)
{
    if (isnan(v))
        printf("  %-21s n/a\n", name);
    else
        printf("  %-21s %.4g\n", name, v);
}

static void print_metrics(const struct at_run_result *r)
{
    printf("\nmean map\n");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        print_metric(at_metric_fields[i].key, at_metric_get(&r->global, i));
    print_metric("flow_change", r->flow_change);
}

void run_print(const struct run *run, const struct at_doc *doc, const struct at_run_result *r,
               const float *shown)
{
    const struct call *c = run->x->call;
    enum color_mode color = (enum color_mode)c->color;
    size_t L = doc->shape->n_layers, H = doc->shape->n_heads;

    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    printf("%s, %zu layer%s x %zu head%s\n", doc->model_name, L, at_plural(L), H, at_plural(H));
    print_tokens(doc);
    if (r->strongest.n)
        print_links(doc, &r->strongest);
    if (r->n_links)
        print_heads(run, r);
    if (shown && term_wants_pictures(color, stdout)) {
        printf("\n");
        term_heatmap(stdout, shown, doc->n, doc->labels, doc->shape->is_causal, term_width(stdout),
                     term_has_color(color, stdout));
    }
    print_predictions(run, doc, r);
    print_classes(r);
    print_embedding(r->embedding);
    if (!isnan(r->next_sentence))
        printf("\nthe second segment follows the first with p %.4f\n", r->next_sentence);
    print_metrics(r);
    if (r->deep)
        deep_print(r->deep);
}
