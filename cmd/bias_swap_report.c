/*
 * bias_swap_report.c - what `atlas bias swap` tells: swaps, the counterfactual, consistency of
 * attention.
 */
#include "cmd/bias_swap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/layer_heads.h"

#define SWAP_COLUMNS        "start,end,original,replacement,category"
#define CONSISTENCY_COLUMNS "layer,head,cosine,concentration,delta_aligned,delta_swap,total_delta"
#define TEXT_COLUMNS                                                                               \
    "id,text,swapped,n_replaced,n_left,n_aligned,n_pieces_a,n_pieces_b,mean_cosine,"               \
    "mean_concentration"

enum { TOP_HEADS = 5 };

/* The picture's colours span at least this much, so that heads which all stay do not look apart. */
static const double LITTLE_CHANGE = 0.9;

static char *original(const struct swap_state *s, const struct at_swap *swap)
{
    return at_asprintf("%.*s", (int)(swap->end - swap->start), s->doc->in.text + swap->start);
}

static const char *category_name(const struct swap_state *s, const struct at_swap *swap)
{
    return s->call->terms.categories[swap->term->category];
}

/* --- heads that changed most --- */

struct change {
    size_t head;
    double total;
};

static int by_change(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return x->head < y->head ? -1 : x->head > y->head;
}

/* The heads with the largest total change, first the largest; answers how many. */
static size_t top_heads(size_t top[TOP_HEADS], const struct swap_state *s)
{
    size_t n = s->L * s->H, n_top = AT_MIN(n, (size_t)TOP_HEADS);
    struct change *order = at_malloc(n, sizeof *order);

    for (size_t i = 0; i < n; i++)
        order[i] = (struct change){ i, s->heads[i].total_delta };
    qsort(order, n, sizeof *order, by_change);
    for (size_t i = 0; i < n_top; i++)
        top[i] = order[i].head;
    free(order);
    return n_top;
}

/* --- document --- */

static struct at_json *swaps_json(const struct swap_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < s->swaps.n; i++) {
        const struct at_swap *swap = &s->swaps.items[i];
        struct at_json *o = at_json_object();
        char *text = original(s, swap);
        at_json_set_int(o, "start", (long long)swap->start);
        at_json_set_int(o, "end", (long long)swap->end);
        at_json_set_string(o, "original", text);
        at_json_set_string(o, "replacement", swap->replacement);
        at_json_set_string(o, "category", category_name(s, swap));
        at_json_append(list, o);
        free(text);
    }
    return list;
}

static struct at_json *head_json(const struct swap_state *s, size_t i)
{
    const struct at_consistency_head *h = &s->heads[i];
    struct at_json *o = at_json_object();

    at_json_set_int(o, "layer", (long long)(i / s->H));
    at_json_set_int(o, "head", (long long)(i % s->H));
    at_json_set_real(o, "cosine", h->cosine);
    at_json_set_real(o, "concentration", h->concentration);
    at_json_set_real(o, "delta_aligned", h->delta_aligned);
    at_json_set_real(o, "delta_swap", h->delta_swap);
    at_json_set_real(o, "total_delta", h->total_delta);
    return o;
}

/* Labels of the tokens outside the aligned stretches of one side. */
static struct at_json *swapped_tokens(const struct swap_state *s, const struct doc *doc, bool is_a)
{
    const struct at_blocks *b = &s->consistency.blocks;
    struct at_json *list = at_json_array();
    size_t block = 0;

    for (size_t i = 0; i < doc->tokens.n; i++) {
        while (block < b->n &&
               i >= (is_a ? b->items[block].a : b->items[block].b) + b->items[block].n)
            block++;
        if (block == b->n || i < (is_a ? b->items[block].a : b->items[block].b))
            at_json_append(list, at_json_string(doc->labels[i].text));
    }
    return list;
}

static struct at_json *consistency_json(const struct swap_state *s)
{
    const struct at_consistency *c = &s->consistency;
    struct at_json *o, *heads = at_json_array(), *top_list = at_json_array();
    size_t top[TOP_HEADS], n_top;

    o = at_json_object();
    at_json_set_real(o, "mean_cosine", c->mean_cosine);
    at_json_set_real(o, "mean_concentration", c->mean_concentration);
    at_json_set_int(o, "n_aligned", (long long)c->n_aligned);
    at_json_set_int(o, "n_pieces_a", (long long)c->n_swap_a);
    at_json_set_int(o, "n_pieces_b", (long long)c->n_swap_b);
    at_json_set(o, "swapped_tokens_a", swapped_tokens(s, s->doc, true));
    at_json_set(o, "swapped_tokens_b", swapped_tokens(s, &s->other, false));
    n_top = top_heads(top, s);
    for (size_t i = 0; i < n_top; i++)
        at_json_append(top_list, head_json(s, top[i]));
    for (size_t i = 0; i < s->L * s->H; i++)
        at_json_append(heads, head_json(s, i));
    at_json_set(o, "top_heads", top_list);
    at_json_set(o, "heads", heads);
    return o;
}

static struct at_json *document(const struct swap_state *s)
{
    struct at_json *doc = at_json_object(), *meta = job_meta(s->job, s->doc);

    at_json_set_string(meta, s->call->tagger.file ? "tags" : "tagger",
                       tagger_name(&s->call->tagger));
    at_json_set(doc, "meta", meta);
    at_json_set_string(doc, "text", s->doc->in.text);
    at_json_set_string(doc, "swapped", s->swaps.text);
    at_json_set_int(doc, "n_replaced", (long long)s->swaps.n_replaced);
    at_json_set_int(doc, "n_articles", (long long)s->swaps.n_articles);
    at_json_set(doc, "swaps", swaps_json(s));
    at_json_set(doc, "consistency", s->heads ? consistency_json(s) : at_json_null());
    return doc;
}

/* --- tables --- */

static int write_swaps(const struct swap_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "swap.csv", SWAP_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < s->swaps.n; i++) {
        const struct at_swap *swap = &s->swaps.items[i];
        char *text = original(s, swap);
        at_csv_int(&csv, (long long)swap->start);
        at_csv_int(&csv, (long long)swap->end);
        at_csv_text(&csv, text);
        at_csv_text(&csv, swap->replacement);
        at_csv_text(&csv, category_name(s, swap));
        at_csv_end(&csv);
        free(text);
    }
    return job_csv_commit(&csv, s->job, s->doc, "swap.csv", SWAP_COLUMNS, err);
}

static int write_consistency(const struct swap_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "consistency.csv", CONSISTENCY_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; s->heads && i < s->L * s->H; i++) {
        const struct at_consistency_head *h = &s->heads[i];
        at_csv_int(&csv, (long long)(i / s->H));
        at_csv_int(&csv, (long long)(i % s->H));
        at_csv_real(&csv, h->cosine);
        at_csv_real(&csv, h->concentration);
        at_csv_real(&csv, h->delta_aligned);
        at_csv_real(&csv, h->delta_swap);
        at_csv_real(&csv, h->total_delta);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, s->doc, "consistency.csv", CONSISTENCY_COLUMNS, err);
}

/* A row of DIR/texts.csv, which is begun with the first text of several. */
static int add_text(struct swap_state *s, struct at_error *err)
{
    struct swap_call *call = s->call;
    const struct at_consistency *c = &s->consistency;
    struct at_csv *csv = &call->table;

    if (!call->has_table) {
        int rc = job_csv_open(csv, s->job, NULL, "texts.csv", TEXT_COLUMNS, err);
        if (rc)
            return rc;
        call->has_table = true;
    }
    at_csv_text(csv, s->doc->in.id);
    at_csv_text(csv, s->doc->in.text);
    at_csv_text(csv, s->swaps.text);
    at_csv_int(csv, (long long)s->swaps.n_replaced);
    at_csv_int(csv, (long long)(s->swaps.n - s->swaps.n_replaced));
    if (s->heads) {
        at_csv_int(csv, (long long)c->n_aligned);
        at_csv_int(csv, (long long)c->n_swap_a);
        at_csv_int(csv, (long long)c->n_swap_b);
    } else {
        for (int i = 0; i < 3; i++)
            at_csv_empty(csv);
    }
    at_csv_real(csv, s->heads ? c->mean_cosine : NAN);
    at_csv_real(csv, s->heads ? c->mean_concentration : NAN);
    at_csv_end(csv);
    return 0;
}

int swap_table_close(struct swap_call *call, struct job *job, struct at_error *err)
{
    if (!call->has_table)
        return 0;
    call->has_table = false;
    return job_csv_commit(&call->table, job, NULL, "texts.csv", TEXT_COLUMNS, err);
}

static int write_tables(struct swap_state *s, struct at_error *err)
{
    int rc = write_swaps(s, err);

    if (!rc)
        rc = write_consistency(s, err);
    if (!rc && *s->doc->in.id)
        rc = add_text(s, err);
    return rc;
}

/* --- picture --- */

static int picture(const struct swap_state *s, struct at_error *err)
{
    size_t n = s->L * s->H;
    double *cosine = at_malloc(n, sizeof *cosine);
    struct at_scale scale = { .kind = AT_SEQUENTIAL, .lo = LITTLE_CHANGE, .hi = 1.0 };
    struct layer_heads p = {
        .file = "consistency",
        .title = "Attention consistency",
        .unit = "cosine of received attention",
        .L = s->L,
        .H = s->H,
        .values = cosine,
        .stride = 1,
    };
    char *details =
        at_asprintf("%zu term%s swapped, %zu token%s aligned, %zu and %zu piece%s swapped",
                    s->swaps.n_replaced, at_plural(s->swaps.n_replaced), s->consistency.n_aligned,
                    at_plural(s->consistency.n_aligned), s->consistency.n_swap_a,
                    s->consistency.n_swap_b, at_plural(s->consistency.n_swap_b));
    int rc;

    for (size_t i = 0; i < n; i++) {
        cosine[i] = s->heads[i].cosine;
        scale.lo = fmin(scale.lo, cosine[i]);
    }
    p.details = details;
    p.scale = &scale;
    rc = picture_layer_heads(s->job, s->doc, &p, err);
    free(details);
    free(cosine);
    return rc;
}

/* --- standard output --- */

static void print_heads(const struct swap_state *s)
{
    const struct at_consistency *c = &s->consistency;
    size_t top[TOP_HEADS], n_top = top_heads(top, s);

    printf("  attention of %s: mean cosine %.3f, concentration %.3f; %zu token%s aligned, "
           "%zu and %zu piece%s swapped\n",
           s->job->shown_model, c->mean_cosine, c->mean_concentration, c->n_aligned,
           at_plural(c->n_aligned), c->n_swap_a, c->n_swap_b, at_plural(c->n_swap_b));
    if (c->n_swap_a != c->n_swap_b)
        printf("  later tokens stand at other positions, which moves attention by itself\n");
    printf("  %-10s%8s%15s%14s\n", "most moved", "cosine", "concentration", "total change");
    for (size_t i = 0; i < n_top; i++) {
        const struct at_consistency_head *h = &s->heads[top[i]];
        printf("  L%zu H%-6zu", top[i] / s->H, top[i] % s->H);
        printf("%*s%8.3f%15.3f%14.3f\n", top[i] / s->H < 10, "", h->cosine, h->concentration,
               h->total_delta);
    }
}

static void print_swaps(const struct swap_state *s)
{
    for (size_t i = 0; i < s->swaps.n; i++) {
        const struct at_swap *swap = &s->swaps.items[i];
        char *text = original(s, swap);
        printf("  %4zu-%-4zu ", swap->start, swap->end);
        if (swap->replacement)
            printf("%s -> %s (%s)\n", text, swap->replacement, category_name(s, swap));
        else
            printf("%s left alone (%s): not clearly about a person\n", text,
                   category_name(s, swap));
        free(text);
    }
    if (s->swaps.n_articles)
        printf("  %zu %s corrected\n", s->swaps.n_articles,
               s->swaps.n_articles == 1 ? "article" : "articles");
}

static void print_summary(const struct swap_state *s)
{
    if (*s->doc->in.id)
        printf("%s: ", s->doc->in.id);
    printf("%s\n", s->swaps.text);
    if (s->swaps.n == 0)
        printf("  no term of the list in it\n");
    print_swaps(s);
    if (s->heads)
        print_heads(s);
}

int swap_report(struct swap_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (!job->is_json && !job->manifest)
        print_summary(s);
    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_tables(s, err);
    if (!rc && s->heads && job_draws(job))
        rc = picture(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "swap.json", document(s), err);
    return rc;
}
