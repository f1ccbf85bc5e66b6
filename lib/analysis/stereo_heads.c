/*
 * stereo_heads.c - see stereo_heads.h.
 */
#include "analysis/stereo_heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "session/batch.h"

/* --- the items --- */

static bool has_scores(const struct at_scored *scored)
{
    for (size_t g = 0; g < AT_N_GOLD; g++)
        if (!isfinite(scored->score[g]))
            return false;
    return true;
}

int at_stereo_heads_choose(struct at_stereo_heads *h, const struct at_stereoset *set,
                           const struct at_scored *scored, struct at_error *err)
{
    *h = (struct at_stereo_heads){ .set = set, .part = AT_INTRASENTENCE };
    h->item = at_malloc(set->n, sizeof *h->item);
    h->too_long = at_calloc(set->n, sizeof *h->too_long);
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].part == AT_INTERSENTENCE && has_scores(&scored[i]))
            h->part = AT_INTERSENTENCE;
    for (size_t i = 0; i < set->n; i++) {
        const struct at_stereo_item *it = &set->items[i];
        if (it->part != h->part || !has_scores(&scored[i]))
            continue;
        if (it->part == AT_INTERSENTENCE && !*it->context)
            return at_fail(err, AT_EFORMAT,
                           "--heads needs contexts: give the JSON file of the data, not a table");
        h->item[h->n++] = i;
    }
    if (h->n < AT_STEREO_HEADS_MIN)
        return at_fail(err, AT_ERANGE,
                       "--heads compares items: found %zu %s ones with scores, want %d", h->n,
                       at_stereo_part_name(h->part), AT_STEREO_HEADS_MIN);
    return 0;
}

void at_stereo_heads_release(struct at_stereo_heads *h)
{
    for (size_t i = 0; h->too_long && i < h->set->n; i++)
        free(h->too_long[i]);
    free(h->too_long);
    free(h->item);
    at_sensitivity_release(&h->s);
    *h = (struct at_stereo_heads){ 0 };
}

/* --- one batch of texts --- */

struct reader {
    struct at_stereo_heads *h;
    const struct at_session *session;
    const struct at_tagger *tagger;
    const struct at_stereo_heads_observer *observer;
    struct at_batcher batch;
    struct at_doc docs[AT_BATCH_TEXTS];
    float *row[AT_BATCH_TEXTS];           /* (L*H, AT_N_TRAITS) where its traits go */
    unsigned char *marks[AT_BATCH_TEXTS]; /* (T) */
    signed char *part[AT_BATCH_TEXTS];    /* (T) */
    float *scratch;                       /* (slots, T*T) of the longest text so far */
    size_t scratch_cells;
};

static void drop_texts(struct reader *r)
{
    for (size_t i = 0; i < r->batch.B; i++) {
        at_doc_release(&r->docs[i]);
        free(r->marks[i]);
        free(r->part[i]);
    }
    at_batcher_clear(&r->batch);
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct reader *r = arg;
    struct at_pool *pool = r->session->pool;
    size_t cells = at_pool_size(pool) * view->T * view->T;

    (void)err;
    if (cells > r->scratch_cells) {
        r->scratch = at_realloc(r->scratch, cells, sizeof *r->scratch);
        r->scratch_cells = cells;
    }
    at_head_traits(r->row[view->text] + view->layer * view->H * AT_N_TRAITS, view->attention,
                   view->H, view->T, at_doc_kind(&r->docs[view->text]), r->marks[view->text],
                   r->part[view->text], r->scratch, pool);
    return 0;
}

static int run_batch(struct reader *r, struct at_error *err)
{
    const struct at_forward_options options = {
        .want_attention = true,
        .on_layer = on_layer,
        .arg = r,
    };
    int rc = at_batcher_run(&r->batch, &r->session->model, &options, false, r->session->pool, err);

    drop_texts(r);
    return rc;
}

/* Tags as marks, and the part of the text that each token is of. n_context: bytes in front. */
static int mark_tokens(struct reader *r, size_t at, size_t n_context, struct at_error *err)
{
    const struct at_doc *doc = &r->docs[at];
    size_t T = doc->tokens.n;
    struct at_token_tag *tags = at_calloc(T, sizeof *tags);
    const char **labels = at_malloc(T, sizeof *labels);
    struct at_tagged tagged;
    int rc = at_tag_doc(tags, &tagged, r->tagger, doc, err);

    r->marks[at] = at_calloc(T, 1);
    r->part[at] = at_malloc(T, 1);
    for (size_t i = 0; i < T; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        bool has_part = n_context > 0 && !t->is_special;
        labels[i] = t->is_special ? NULL : doc->labels[i].text;
        r->part[at][i] = !has_part              ? AT_PART_NONE
                         : t->start < n_context ? AT_PART_CONTEXT
                                                : AT_PART_COMPLETION;
    }
    if (!rc) {
        at_token_marks(r->marks[at], tags, labels, T);
        if (r->observer->tagged)
            r->observer->tagged(r->observer->arg, doc, &tagged);
    }
    free(labels);
    free(tags);
    return rc;
}

/* Put a text in line. One that the model does not take leaves its row undefined, with the reason in
   why. */
static int add_text(struct reader *r, float *row, double *n_tokens, const struct at_stereo_item *it,
                    enum at_gold gold, char **why, struct at_error *err)
{
    bool has_context = it->part == AT_INTERSENTENCE;
    size_t at = r->batch.B, n_context = has_context ? strlen(it->context) : 0;
    const char *sentence = it->sentence[gold].text;
    struct at_text in = { at_strdup(it->sentence[gold].id),
                          has_context ? at_asprintf("%s %s", it->context, sentence)
                                      : at_strdup(sentence),
                          NULL };
    int rc = at_doc_prepare(&r->docs[at], r->session, &in, NULL, err);

    if (rc == AT_ERANGE && !*why)
        *why = at_strdup(err->text);
    if (rc) {
        at_doc_release(&r->docs[at]);
        return rc == AT_ERANGE ? 0 : rc;
    }
    *n_tokens = (double)r->docs[at].tokens.n;
    r->row[at] = row;
    at_batcher_add(&r->batch, &r->docs[at].tokens);
    rc = mark_tokens(r, at, n_context, err);
    if (!rc && at_batcher_is_full(&r->batch))
        rc = run_batch(r, err);
    return rc;
}

static int read_items(struct reader *r, struct at_error *err)
{
    struct at_stereo_heads *h = r->h;
    size_t row = h->s.n_heads * AT_N_TRAITS;
    int rc = 0;

    for (size_t k = 0; !rc && k < h->n; k++) {
        const struct at_stereo_item *it = &h->set->items[h->item[k]];
        char **why = &h->too_long[h->item[k]];
        double n[2] = { NAN, NAN };
        rc = add_text(r, h->s.stereo + k * row, &n[0], it, AT_STEREO, why, err);
        if (!rc)
            rc = add_text(r, h->s.anti + k * row, &n[1], it, AT_ANTI, why, err);
        h->s.longer[k] = n[0] - n[1];
        if (r->observer->done)
            r->observer->done(r->observer->arg, k + 1);
    }
    return rc ? rc : run_batch(r, err);
}

int at_stereo_heads_read(struct at_stereo_heads *h, const struct at_session *session,
                         const struct at_tagger *tagger, const struct at_scored *scored,
                         const struct at_stereo_heads_observer *observer, struct at_error *err)
{
    const struct at_config *shape = &session->model.config;
    struct reader *r;
    int rc = at_sensitivity_init(&h->s, h->n, shape->n_layers * shape->n_heads,
                                 h->set->n_categories, err);

    if (rc)
        return rc;
    for (size_t k = 0; k < h->n; k++) {
        const double *s = scored[h->item[k]].score;
        h->s.term[k] = (int)h->set->items[h->item[k]].target;
        h->s.category[k] = (int)h->set->items[h->item[k]].category;
        h->s.bias[k] = s[AT_STEREO] - s[AT_ANTI];
        h->s.margin[k] = 0.5 * (s[AT_STEREO] + s[AT_ANTI]) - s[AT_UNRELATED];
    }
    r = at_calloc(1, sizeof *r);
    r->h = h;
    r->session = session;
    r->tagger = tagger;
    r->observer = observer;
    rc = read_items(r, err);
    drop_texts(r);
    at_batcher_release(&r->batch);
    free(r->scratch);
    free(r);
    return rc;
}
