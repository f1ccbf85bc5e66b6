/*
 * deep_report.c - the document of `run --deep`, and its summary on standard output.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/job_deep_dive.h"
#include "cmd/term.h"
#include "stats/summary.h"

/* Means over rows of one quantity of a layer. */
static double mean_norm(const struct at_vector_stats *s, size_t n)
{
    struct at_moments m = { 0 };

    for (size_t i = 0; i < n; i++)
        at_moments_add(&m, s[i].norm);
    return at_moments_mean(&m);
}

static double mean_active(const struct at_vector_stats *s, size_t n)
{
    struct at_moments m = { 0 };

    for (size_t i = 0; i < n; i++)
        at_moments_add(&m, s[i].positive);
    return at_moments_mean(&m);
}

/* --- the document --- */

static void set_index(struct at_json *o, const struct deep *d, size_t i)
{
    at_json_set_int(o, "index", (long long)i);
    at_json_set_string(o, "token", d->doc->labels[i].text);
}

static struct at_json *neighbours_json(const struct deep *d, const struct deep_embedding *e,
                                       size_t i)
{
    struct at_json *list = at_json_array();

    for (size_t k = 0; k < d->n_near; k++) {
        const struct at_neighbour *x = &e->near[i * d->n_near + k];
        struct at_json *o = at_json_object();
        set_index(o, d, x->token);
        at_json_set_real(o, "cosine", x->cosine);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *embeddings_json(const struct deep *d)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < d->n; i++) {
        struct at_json *o = at_json_object();
        set_index(o, d, i);
        if (d->word.stats) {
            at_json_set_real(o, "word_norm", d->word.stats[i].norm);
            at_json_set_real(o, "position_norm", d->position.stats[i].norm);
            at_json_set_real(o, "sum_norm", d->sum[i].norm);
            at_json_set(o, "neighbours", neighbours_json(d, &d->word, i));
            at_json_set(o, "position_neighbours", neighbours_json(d, &d->position, i));
        }
        if (d->segment.stats)
            at_json_set_real(o, "segment_norm", d->segment.stats[i].norm);
        at_json_set_real(o, "output_norm", d->states[0].stats[i].norm);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *layers_json(const struct deep *d)
{
    struct at_json *list = at_json_array();
    size_t cells = d->H * d->n;

    for (size_t l = 0; l < d->L; l++) {
        const struct deep_layer *x = &d->layers[l];
        struct at_json *o = at_json_object();
        at_json_set_int(o, "layer", (long long)l);
        at_json_set_real(o, "input_norm", mean_norm(d->states[l].stats, d->n));
        at_json_set_real(o, "mid_norm", mean_norm(x->mid, d->n));
        at_json_set_real(o, "output_norm", mean_norm(d->states[l + 1].stats, d->n));
        at_json_set_real(o, "attention_change", at_mean(x->attention_change, d->n));
        at_json_set_real(o, "ffn_change", at_mean(x->ffn_change, d->n));
        at_json_set_real(o, "active", mean_active(x->ffn, d->n));
        at_json_set_real(o, "projection_norm", at_mean(x->projection, d->n));
        at_json_set_real(o, "q_norm", at_mean(x->q_norm, cells));
        at_json_set_real(o, "k_norm", at_mean(x->k_norm, cells));
        at_json_set_real(o, "v_norm", at_mean(x->v_norm, cells));
        at_json_set_real(o, "context_norm", at_mean(x->context_norm, cells));
        at_json_append(list, o);
    }
    return list;
}

static void add_plane(struct at_json *list, const char *space, long layer,
                      const struct deep_plane *p)
{
    struct at_json *o;

    if (!p->xy)
        return;
    o = at_json_object();
    at_json_set_string(o, "space", space);
    at_json_set(o, "layer", layer < 0 ? at_json_null() : at_json_int(layer));
    at_json_set_real(o, "x_ratio", p->ratio[0]);
    at_json_set_real(o, "y_ratio", p->ratio[1]);
    at_json_append(list, o);
}

static struct at_json *planes_json(const struct deep *d)
{
    struct at_json *list = at_json_array();

    add_plane(list, "word", -1, &d->word.plane);
    add_plane(list, "position", -1, &d->position.plane);
    for (size_t s = 0; s <= d->L; s++)
        add_plane(list, "hidden", (long)s, &d->states[s].plane);
    for (size_t l = 0; l < d->L; l++) {
        add_plane(list, "mid", (long)l, &d->layers[l].mid_plane);
        add_plane(list, "qkv", (long)l, &d->layers[l].qkv_plane);
    }
    return list;
}

static struct at_json *row_json(const struct deep *d, const struct deep_row *r)
{
    struct at_json *o = at_json_object(), *keys = at_json_array();

    at_json_set_int(o, "layer", (long long)r->layer);
    at_json_set_int(o, "head", (long long)r->head);
    at_json_set_int(o, "query", (long long)r->row.query);
    at_json_set_string(o, "query_token", d->doc->labels[r->row.query].text);
    at_json_set_int(o, "n_visible", (long long)r->row.n_visible);
    at_json_set_real(o, "row_max", r->row.row_max);
    at_json_set_real(o, "sum_exp", r->row.sum_exp);
    at_json_set_real(o, "log_sum", r->row.log_sum);
    at_json_set_real(o, "weight_error", r->row.weight_error);
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct at_attention_step *s = &r->steps[i];
        struct at_json *k = at_json_object();
        at_json_set_int(k, "key", (long long)s->key);
        at_json_set_string(k, "key_token", d->doc->labels[s->key].text);
        at_json_set_real(k, "dot", s->dot);
        at_json_set_real(k, "scaled", s->scaled);
        at_json_set_real(k, "shifted", s->shifted);
        at_json_set_real(k, "weight", s->weight);
        at_json_set_real(k, "stored", s->stored);
        at_json_set_real(k, "ranked_by", r->ranked[i]);
        at_json_append(keys, k);
    }
    at_json_set(o, "keys", keys);
    return o;
}

static struct at_json *lens_json(const struct deep *d, size_t token)
{
    struct at_json *o = at_json_object(), *states = at_json_array();

    set_index(o, d, token);
    for (size_t s = 0; s <= d->L; s++) {
        const struct at_ranking *r = &d->states[s].lens[token];
        struct at_json *state = at_json_object(), *top = at_json_array();
        for (size_t k = 0; k < d->top_k && r->top[k].id >= 0; k++) {
            struct at_json *e = at_json_object();
            at_json_set_int(e, "rank", (long long)k + 1);
            at_json_set_string(e, "token", at_tokenizer_piece(d->job->tokenizer, r->top[k].id));
            at_json_set_int(e, "id", r->top[k].id);
            at_json_set_real(e, "p", r->top[k].p);
            at_json_append(top, e);
        }
        at_json_set_int(state, "state", (long long)s);
        at_json_set(state, "top", top);
        at_json_set(state, "target_rank",
                    r->token_rank ? at_json_int((long long)r->token_rank) : at_json_null());
        at_json_set_real(state, "target_p", exp(r->token_log_p));
        at_json_append(states, state);
    }
    at_json_set(o, "states", states);
    return o;
}

static struct at_json *omitted_json(const struct deep *d)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < d->omitted.n; i++) {
        struct at_json *o = at_json_object();
        at_json_set_string(o, "what", d->omitted.items[i].what);
        at_json_set_string(o, "why", d->omitted.items[i].why);
        at_json_append(list, o);
    }
    return list;
}

struct at_json *deep_document(const struct deep *d)
{
    struct at_json *doc = at_json_object(), *focus = at_json_array(), *steps = at_json_array();
    struct at_json *lens = at_json_array();

    for (size_t i = 0; i < d->n_focus; i++) {
        at_json_append(focus, at_json_int((long long)d->focus[i]));
        if (d->has_lens)
            at_json_append(lens, lens_json(d, d->focus[i]));
    }
    /* of one head; those of all are many and in the table */
    for (size_t i = 0; i < d->rows.n && d->selection->heads == SELECT_ONE; i++)
        at_json_append(steps, row_json(d, &d->rows.items[i]));
    at_json_set(doc, "meta", job_meta(d->job, d->doc));
    at_json_set(doc, "omitted", omitted_json(d));
    at_json_set(doc, "focus", focus);
    at_json_set_string(doc, "focus_chosen", d->is_focus_given ? "given" : "first");
    at_json_set(doc, "embeddings", embeddings_json(d));
    at_json_set(doc, "layers", layers_json(d));
    at_json_set(doc, "pca", planes_json(d));
    at_json_set(doc, "steps", steps);
    at_json_set_real(doc, "weight_error", d->weight_error);
    at_json_set(doc, "lens", lens);
    return doc;
}

/* --- the summary --- */

/* A capture may hold what is not a number; deep.json has null there. */
static void print_number(const char *before, double v, int width, int places)
{
    if (isfinite(v))
        printf("%s%*.*f", before, width, places, v);
    else
        printf("%s%*s", before, width, "n/a");
}

static void print_layers(const struct deep *d)
{
    printf("\nresidual stream, means over %s\n", d->job->by_words ? "words" : "tokens");
    printf("  layer    length  change by attention  by feed-forward  units above 0\n");
    printf("  %5s", "embed");
    print_number("  ", mean_norm(d->states[0].stats, d->n), 8, 3);
    printf("\n");
    for (size_t l = 0; l < d->L; l++) {
        const struct deep_layer *x = &d->layers[l];
        printf("  %5zu", l);
        print_number("  ", mean_norm(d->states[l + 1].stats, d->n), 8, 3);
        print_number("  ", at_mean(x->attention_change, d->n), 19, 3);
        print_number("  ", at_mean(x->ffn_change, d->n), 15, 3);
        printf("  %11.1f %%\n", 100.0 * mean_active(x->ffn, d->n));
    }
}

static void print_lens(const struct deep *d)
{
    enum { CELL = 13 };
    struct at_strbuf label = { 0 };

    printf("\nlogit lens: what each state would predict %s\n  %5s",
           d->job->shape.is_causal ? "next" : "at this place", "");
    for (size_t i = 0; i < d->n_focus; i++) {
        printf("  ");
        term_pad(stdout, d->doc->labels[d->focus[i]].text, CELL);
    }
    printf("\n");
    for (size_t s = 0; s <= d->L; s++) {
        if (s)
            printf("  %5zu", s - 1);
        else
            printf("  %5s", "embed");
        for (size_t i = 0; i < d->n_focus; i++) {
            const struct at_prediction *best = &d->states[s].lens[d->focus[i]].top[0];
            if (best->id < 0) {
                printf("  %-*s", CELL, "n/a");
                continue;
            }
            at_strbuf_clear(&label);
            at_tokenizer_add_label(d->job->tokenizer, &label, best->id);
            printf("  ");
            term_pad(stdout, at_strbuf_str(&label), CELL - 5);
            printf(" %.2f", best->p);
        }
        printf("\n");
    }
    at_strbuf_release(&label);
}

static void print_rows(const struct deep *d)
{
    for (size_t k = 0; k < d->rows.n; k++) {
        const struct deep_row *r = &d->rows.items[k];
        printf("\nlayer %zu, head %zu, query %zu %s:", r->layer, r->head, r->row.query,
               d->doc->labels[r->row.query].text);
        print_number(" row maximum ", r->row.row_max, 0, 4);
        print_number(", log-sum-exp ", r->row.log_sum, 0, 4);
        printf("\n       key             %9s  %9s  %7s\n", "q.k", "scaled", "weight");
        for (size_t i = 0; i < r->n_steps; i++) {
            const struct at_attention_step *s = &r->steps[i];
            printf("  %4zu ", s->key);
            term_pad(stdout, d->doc->labels[s->key].text, 14);
            print_number("  ", s->dot, 9, 4);
            print_number("  ", s->scaled, 9, 4);
            print_number("  ", s->weight, 7, 4);
            printf("\n");
        }
    }
}

void deep_print(const struct deep *d)
{
    print_layers(d);
    if (d->has_lens && d->n_focus)
        print_lens(d);
    if (d->selection->heads == SELECT_ONE)
        print_rows(d);
    for (size_t i = 0; i < d->omitted.n; i++)
        printf("%sleft out: %s; %s\n", i ? "" : "\n", d->omitted.items[i].what,
               d->omitted.items[i].why);
}

int deep_write(struct deep *d, struct at_error *err)
{
    struct job *job = d->job;
    int rc = 0;

    if (job->formats & FORMAT_CSV)
        rc = deep_tables(d, err);
    if (!rc && job_draws(job))
        rc = deep_pictures(d, err);
    if (!rc && (job->formats & FORMAT_JSON)) {
        struct at_json *doc = deep_document(d);
        char *rel = job_rel(d->doc, "deep.json");
        rc = manifest_json(job->manifest, rel, doc, (int)job->digits, err);
        at_json_free(doc);
        free(rel);
    }
    return rc;
}
