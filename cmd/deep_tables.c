/*
 * deep_tables.c - the tables of `run --deep`.
 */
#include <math.h>

#include "base/attr.h"
#include "cmd/job_deep_dive.h"

#define EMBEDDING_COLUMNS                                                                          \
    "index,token,segment,word_norm,position_norm,segment_norm,sum_norm,output_norm,word_nearest,"  \
    "word_cosine,position_nearest,position_cosine"
#define QKV_COLUMNS                                                                                \
    "layer,head,index,token,q_norm,k_norm,v_norm,context_norm,nearest_key,nearest_token,cosine"
#define RESIDUAL_COLUMNS                                                                           \
    "layer,index,token,input_norm,mid_norm,output_norm,attention_change,ffn_change"
#define FFN_COLUMNS    "layer,index,token,active,norm,mean,sd,min,max,projection_norm"
#define HIDDEN_COLUMNS "state,index,token,norm,mean,sd,min,max"
#define STEPS_COLUMNS                                                                              \
    "layer,head,query,key,query_token,key_token,dot,scaled,row_max,shifted,sum_exp,log_sum,"       \
    "weight,stored,ranked_by"
#define LENS_COLUMNS "state,index,token,rank,prediction,id,p,logit,target,target_rank,target_p"
#define PCA_COLUMNS  "space,layer,index,token,x,y,x_ratio,y_ratio"

static void put_row_name(struct at_csv *csv, const struct deep *d, size_t i)
{
    at_csv_int(csv, (long long)i);
    at_csv_text(csv, d->doc->labels[i].text);
}

static void put_norm(struct at_csv *csv, const struct at_vector_stats *stats, size_t i)
{
    at_csv_real(csv, stats ? stats[i].norm : NAN);
}

/* The nearest other row, when there is another. */
static void put_nearest(struct at_csv *csv, const struct deep *d, const struct deep_embedding *e,
                        size_t i)
{
    if (e->stats && d->n_near) {
        at_csv_int(csv, (long long)e->near[i * d->n_near].token);
        at_csv_real(csv, e->near[i * d->n_near].cosine);
    } else {
        at_csv_empty(csv);
        at_csv_empty(csv);
    }
}

static int row_segment(const struct deep *d, size_t i)
{
    return d->doc->tokens.items[d->doc->words.n ? d->doc->words.first[i] : i].segment;
}

static void fill_embeddings(struct at_csv *csv, const struct deep *d)
{
    for (size_t i = 0; i < d->n; i++) {
        put_row_name(csv, d, i);
        if (at_family_has(d->job->shape.family, AT_SEGMENT_EMBED))
            at_csv_int(csv, row_segment(d, i));
        else
            at_csv_empty(csv);
        put_norm(csv, d->word.stats, i);
        put_norm(csv, d->position.stats, i);
        put_norm(csv, d->segment.stats, i);
        put_norm(csv, d->sum, i);
        put_norm(csv, d->states[0].stats, i);
        put_nearest(csv, d, &d->word, i);
        put_nearest(csv, d, &d->position, i);
        at_csv_end(csv);
    }
}

static void fill_qkv(struct at_csv *csv, const struct deep *d)
{
    for (size_t at = 0; at < d->L * d->H * d->n; at++) {
        const struct deep_layer *l = &d->layers[at / (d->H * d->n)];
        size_t k = at % (d->H * d->n);
        at_csv_int(csv, (long long)(at / (d->H * d->n)));
        at_csv_int(csv, (long long)(k / d->n));
        put_row_name(csv, d, k % d->n);
        at_csv_real(csv, l->q_norm[k]);
        at_csv_real(csv, l->k_norm[k]);
        at_csv_real(csv, l->v_norm[k]);
        at_csv_real(csv, l->context_norm[k]);
        at_csv_int(csv, (long long)l->nearest[k].token);
        at_csv_text(csv, d->doc->labels[l->nearest[k].token].text);
        at_csv_real(csv, l->nearest[k].cosine);
        at_csv_end(csv);
    }
}

static void fill_residual(struct at_csv *csv, const struct deep *d)
{
    for (size_t at = 0; at < d->L * d->n; at++) {
        size_t layer = at / d->n, i = at % d->n;
        const struct deep_layer *l = &d->layers[layer];
        at_csv_int(csv, (long long)layer);
        put_row_name(csv, d, i);
        at_csv_real(csv, d->states[layer].stats[i].norm);
        at_csv_real(csv, l->mid[i].norm);
        at_csv_real(csv, d->states[layer + 1].stats[i].norm);
        at_csv_real(csv, l->attention_change[i]);
        at_csv_real(csv, l->ffn_change[i]);
        at_csv_end(csv);
    }
}

static void fill_ffn(struct at_csv *csv, const struct deep *d)
{
    for (size_t at = 0; at < d->L * d->n; at++) {
        const struct deep_layer *l = &d->layers[at / d->n];
        const struct at_vector_stats *s = &l->ffn[at % d->n];
        at_csv_int(csv, (long long)(at / d->n));
        put_row_name(csv, d, at % d->n);
        at_csv_real(csv, s->positive);
        at_csv_real(csv, s->norm);
        at_csv_real(csv, s->mean);
        at_csv_real(csv, s->sd);
        at_csv_real(csv, s->min);
        at_csv_real(csv, s->max);
        at_csv_real(csv, l->projection[at % d->n]);
        at_csv_end(csv);
    }
}

static void fill_hidden(struct at_csv *csv, const struct deep *d)
{
    for (size_t at = 0; at < (d->L + 1) * d->n; at++) {
        const struct at_vector_stats *s = &d->states[at / d->n].stats[at % d->n];
        at_csv_int(csv, (long long)(at / d->n));
        put_row_name(csv, d, at % d->n);
        at_csv_real(csv, s->norm);
        at_csv_real(csv, s->mean);
        at_csv_real(csv, s->sd);
        at_csv_real(csv, s->min);
        at_csv_real(csv, s->max);
        at_csv_end(csv);
    }
}

static void fill_steps(struct at_csv *csv, const struct deep *d)
{
    for (size_t k = 0; k < d->rows.n; k++) {
        const struct deep_row *r = &d->rows.items[k];
        for (size_t i = 0; i < r->n_steps; i++) {
            const struct at_attention_step *s = &r->steps[i];
            at_csv_int(csv, (long long)r->layer);
            at_csv_int(csv, (long long)r->head);
            at_csv_int(csv, (long long)r->row.query);
            at_csv_int(csv, (long long)s->key);
            at_csv_text(csv, d->doc->labels[r->row.query].text);
            at_csv_text(csv, d->doc->labels[s->key].text);
            at_csv_real(csv, s->dot);
            at_csv_real(csv, s->scaled);
            at_csv_real(csv, r->row.row_max);
            at_csv_real(csv, s->shifted);
            at_csv_real(csv, r->row.sum_exp);
            at_csv_real(csv, r->row.log_sum);
            at_csv_real(csv, s->weight);
            at_csv_real(csv, s->stored);
            at_csv_real(csv, r->ranked[i]);
            at_csv_end(csv);
        }
    }
}

static void fill_lens(struct at_csv *csv, const struct deep *d)
{
    const struct at_tokenizer *t = d->job->tokenizer;

    for (size_t at = 0; at < (d->L + 1) * d->T; at++) {
        const struct at_ranking *r = &d->states[at / d->T].lens[at % d->T];
        for (size_t k = 0; k < d->top_k && r->top[k].id >= 0; k++) {
            at_csv_int(csv, (long long)(at / d->T));
            put_row_name(csv, d, at % d->T);
            at_csv_int(csv, (long long)k + 1);
            at_csv_text(csv, at_tokenizer_piece(t, r->top[k].id));
            at_csv_int(csv, r->top[k].id);
            at_csv_real(csv, r->top[k].p);
            at_csv_real(csv, (double)r->top[k].logit);
            at_csv_text(csv, r->token < 0 ? NULL : at_tokenizer_piece(t, r->token));
            at_csv_real(csv, r->token_rank ? (double)r->token_rank : NAN);
            at_csv_real(csv, exp(r->token_log_p));
            at_csv_end(csv);
        }
    }
}

/* layer -1: of no layer. */
static void put_plane(struct at_csv *csv, const struct deep *d, const char *space, long layer,
                      const struct deep_plane *p, size_t first)
{
    for (size_t i = 0; p->xy && i < d->n; i++) {
        at_csv_text(csv, space);
        if (layer >= 0)
            at_csv_int(csv, layer);
        else
            at_csv_empty(csv);
        put_row_name(csv, d, i);
        at_csv_real(csv, p->xy[2 * (first + i)]);
        at_csv_real(csv, p->xy[2 * (first + i) + 1]);
        at_csv_real(csv, p->ratio[0]);
        at_csv_real(csv, p->ratio[1]);
        at_csv_end(csv);
    }
}

static void fill_pca(struct at_csv *csv, const struct deep *d)
{
    put_plane(csv, d, "word", -1, &d->word.plane, 0);
    put_plane(csv, d, "position", -1, &d->position.plane, 0);
    for (size_t s = 0; s <= d->L; s++)
        put_plane(csv, d, "hidden", (long)s, &d->states[s].plane, 0);
    for (size_t l = 0; l < d->L; l++) {
        put_plane(csv, d, "mid", (long)l, &d->layers[l].mid_plane, 0);
        put_plane(csv, d, "query", (long)l, &d->layers[l].qkv_plane, 0);
        put_plane(csv, d, "key", (long)l, &d->layers[l].qkv_plane, d->n);
        put_plane(csv, d, "value", (long)l, &d->layers[l].qkv_plane, 2 * d->n);
    }
}

int deep_tables(struct deep *d, struct at_error *err)
{
    static const struct {
        const char *name, *columns;
        void (*fill)(struct at_csv *csv, const struct deep *d);
        bool is_of_lens, is_of_tokens;
    } tables[] = {
        { "embeddings.csv", EMBEDDING_COLUMNS, fill_embeddings, false, false },
        { "qkv.csv", QKV_COLUMNS, fill_qkv, false, false },
        { "residual.csv", RESIDUAL_COLUMNS, fill_residual, false, false },
        { "ffn.csv", FFN_COLUMNS, fill_ffn, false, false },
        { "hidden.csv", HIDDEN_COLUMNS, fill_hidden, false, false },
        { "steps.csv", STEPS_COLUMNS, fill_steps, false, true },
        { "lens.csv", LENS_COLUMNS, fill_lens, true, false },
        { "pca.csv", PCA_COLUMNS, fill_pca, false, false },
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_COUNTOF(tables); i++) {
        struct at_csv csv;
        if ((tables[i].is_of_lens && !d->has_lens) || (tables[i].is_of_tokens && d->job->by_words))
            continue;
        rc = job_csv_open(&csv, d->job, d->doc, tables[i].name, tables[i].columns, err);
        if (rc)
            return rc;
        tables[i].fill(&csv, d);
        rc = job_csv_commit(&csv, d->job, d->doc, tables[i].name, tables[i].columns, err);
    }
    return rc;
}
