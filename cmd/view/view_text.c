/*
 * view_text.c - one text on its way into a page: every analysis that the page shows, side by side
 * over one pass.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bar_text.h"
#include "analysis/bias_text.h"
#include "analysis/deep_dive.h"
#include "analysis/isa_text.h"
#include "analysis/run_result.h"
#include "analysis/text_metrics.h"
#include "base/alloc.h"
#include "cmd/view/view.h"
#include "model/capture.h"
#include "view/page_maps.h"

enum {
    MAX_PREDICTED = 64,     /* tokens of a text that is predicted at every position */
    MAX_VECTORS = 375000,   /* queries and keys, in numbers: 1 MB as half floats in base64 */
    TOP_K = 5,              /* predictions */
    N_LINKS = 10,           /* strongest links listed */
    N_PERMUTATIONS = 30000, /* of the test of attention to flagged tokens */
};

struct state {
    struct view *v;
    const struct at_doc *doc;
    struct at_page_text page;
    struct at_json *documents;
    struct at_map_series raw, rollout;
    struct at_text_metrics_run metrics;
    struct at_head_features features;
    struct at_isa_text isa;
    struct at_deep_dive deep;
    struct at_bar_text bar;
    struct at_faith_text faith;
    struct at_faith_options faith_options; /* the methods that a text of its length has */
    bool has_metrics, has_features, has_isa, has_deep, has_bar, has_faith;
    float *means, *rollouts; /* (L,n,n) */
    struct at_arena arena;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_page_text_release(&s->page);
    at_json_free(s->documents);
    at_map_series_release(&s->raw);
    at_map_series_release(&s->rollout);
    at_text_metrics_release(&s->metrics);
    at_head_features_release(&s->features);
    at_isa_text_release(&s->isa);
    at_deep_dive_release(&s->deep);
    at_bar_text_release(&s->bar);
    if (s->has_faith)
        at_faith_text_release(&s->faith);
    at_arena_release(&s->arena);
    free(s->means);
    free(s->rollouts);
    free(s);
}

/* --- before the first layer --- */

static bool wants(const struct state *s, enum view_part part)
{
    return !(s->v->left_out & part);
}

/* One analysis: there, or left out with the reason. Its own failure is not the page's. */
static bool started(struct state *s, const char *what, int rc, const struct at_error *err)
{
    if (rc)
        view_omit(s->v, s->doc->in.id, what, err->text);
    return !rc;
}

static void begin_deep(struct state *s)
{
    const struct at_deep_options options = { .layer = AT_NONE, .head = AT_NONE, .top_k = TOP_K };
    struct at_strbuf missing = { 0 };
    struct at_error err;

    if (s->doc->capture && at_deep_missing(&missing, s->doc->capture))
        view_omit(s->v, s->doc->in.id, "inside",
                  "the capture lacks tensors that 'atlas run --deep -o DIR' writes");
    else
        s->has_deep = started(s, "inside",
                              at_deep_begin(&s->deep, s->doc, s->v->session, &options, &err), &err);
    at_strbuf_release(&missing);
}

/* Integrated gradients go through the model tens of times. */
static void choose_methods(struct state *s)
{
    const struct at_faith_options *o = &s->v->faith;
    struct at_faith_options *own = &s->faith_options;
    bool is_given = call_gives(s->v->x->call, &s->v->methods);

    *own = *o;
    own->are_named = is_given;
    own->methods = at_arena_calloc(&s->arena, o->n_methods, sizeof *own->methods);
    own->n_methods = 0;
    for (size_t i = 0; i < o->n_methods; i++)
        if (is_given || o->methods[i] != &at_method_ig || s->doc->tokens.n <= MAX_PREDICTED)
            own->methods[own->n_methods++] = o->methods[i];
        else
            view_omit(s->v, s->doc->in.id, "integrated gradients",
                      "of texts of more than 64 tokens they take long; --methods asks for them");
}

static void begin_attributions(struct state *s)
{
    struct view *v = s->v;
    struct at_error err;

    if (s->doc->capture || v->x->call->doc.by_words) {
        view_omit(v, s->doc->in.id, "attributions",
                  s->doc->capture ? "they ask the model itself, not a capture"
                                  : "they are of tokens, without --words");
        return;
    }
    choose_methods(s);
    s->has_faith = started(
        s, "attributions",
        at_faith_text_begin(&s->faith, v->session, &v->aim, s->doc, &s->faith_options, &err), &err);
}

static void begin_analyses(struct state *s)
{
    struct view *v = s->v;
    const struct at_isa_options isa = { .layer = AT_NONE, .head = AT_NONE, .rules = v->rules };
    const struct at_bar_flags flags = { .detector = &v->detector };
    struct at_error err;

    s->has_metrics =
        started(s, "metrics",
                at_text_metrics_begin(&s->metrics, s->doc, AT_RAW, NULL, v->x->pool, &err), &err);
    if (v->has_tags)
        s->has_features = started(
            s, "roles", at_head_features_init(&s->features, s->doc, &v->tags.tagger, AT_RAW, &err),
            &err);
    if (v->rules)
        s->has_isa = started(s, "sentences", at_isa_text_begin(&s->isa, s->doc, &isa, &err), &err);
    if (wants(s, VIEW_DEEP))
        begin_deep(s);
    if (v->has_detector && (s->doc->in.pair || v->x->call->doc.by_words))
        view_omit(v, s->doc->in.id, "bias", "flagged are tokens of plain texts, without --pair");
    else if (v->has_detector)
        s->has_bar = started(
            s, "bias", at_bar_text_begin(&s->bar, s->doc, &flags, AT_BAR_THRESHOLD, &err), &err);
    if (v->has_aim || (s->doc->capture && wants(s, VIEW_ATTRIBUTIONS)))
        begin_attributions(s);
}

/* Of directories nothing is computed anew, but planes and lengths of states are in no document. */
static void begin_states(struct state *s)
{
    struct at_strbuf missing = { 0 };

    if (s->doc->capture && !at_deep_missing(&missing, s->doc->capture) && wants(s, VIEW_DEEP))
        begin_deep(s);
    at_strbuf_release(&missing);
}

static bool keeps_vectors(const struct state *s)
{
    const struct at_config *c = s->doc->shape;
    size_t numbers = 2 * c->n_layers * s->doc->tokens.n * at_query_width(c);

    if (!wants(s, VIEW_VECTORS) || s->v->x->call->doc.by_words ||
        (s->doc->capture && !s->doc->capture->q))
        return false;
    if (numbers <= MAX_VECTORS)
        return true;
    view_omit(s->v, s->doc->in.id, "neurons",
              "queries and keys of so long a text would take more than 1 MB");
    return false;
}

static int prepare(struct state *s, struct at_error *err)
{
    size_t n = s->doc->n, L = s->doc->shape->n_layers, H = s->doc->shape->n_heads;
    void *means = NULL, *rollouts = NULL;
    int rc = s->v->is_beside ? 0 : view_check_model(s->v, s->doc->model_name, L, H, err);

    if (!rc)
        rc = at_map_series_init(&s->raw, n, AT_RAW, err);

    if (!rc)
        rc = at_map_series_init(&s->rollout, n, AT_ROLLOUT, err);
    if (!rc)
        rc = at_try_alloc(&means, L * n * n, sizeof(float), "the mean maps", err);
    if (!rc)
        rc = at_try_alloc(&rollouts, L * n * n, sizeof(float), "the rollouts", err);
    s->means = means;
    s->rollouts = rollouts;
    if (rc)
        return rc;
    s->documents = at_json_object();
    s->page = (struct at_page_text){ .n = n, .L = L, .H = H, .is_exact = s->v->is_exact };
    s->page.maps = at_calloc(L, sizeof *s->page.maps);
    s->page.D = s->doc->shape->head_width;
    if (keeps_vectors(s))
        s->page.vectors = at_calloc(L, sizeof *s->page.vectors);
    if (s->v->n_dirs)
        begin_states(s);
    else
        begin_analyses(s);
    return 0;
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct state *s = at_calloc(1, sizeof *s);

    *s = (struct state){ .v = arg, .doc = doc };
    if (prepare(s, err)) {
        release_text(s);
        return NULL;
    }
    return s;
}

/* --- layer by layer --- */

static int add_embedded(void *state, const float *embedded, struct at_error *err)
{
    struct state *s = state;

    return s->has_deep ? at_deep_embedded(&s->deep, embedded, err) : 0;
}

static char *pack_vectors(const struct at_layer_view *view)
{
    size_t per_head = view->T * view->D, n = view->H * per_head;
    float *both = at_malloc(2 * n, sizeof *both);
    char *packed;

    at_split_heads(both, view->q, view->qkv_stride, view->H, view->T, view->D);
    for (size_t h = 0; h < view->H; h++) /* what each reads, though groups of heads share it */
        at_split_heads(both + n + h * per_head, view->k + at_view_key_column(view, h),
                       view->qkv_stride, 1, view->T, view->D);
    packed = at_page_pack_halves(both, 2 * n);
    free(both);
    return packed;
}

static int add_layer(void *state, const struct at_doc_layer *l, struct at_error *err)
{
    struct state *s = state;
    size_t cells = l->n * l->n;
    int rc;

    at_map_series_add(&s->raw, l->maps, l->H);
    at_map_series_add(&s->rollout, l->maps, l->H);
    memcpy(s->means + l->layer * cells, at_map_series_layer(&s->raw), cells * sizeof(float));
    memcpy(s->rollouts + l->layer * cells, at_map_series_layer(&s->rollout), cells * sizeof(float));
    s->page.maps[l->layer] = at_page_pack_maps(l->maps, l->H, l->n, s->page.is_exact);
    if (s->page.vectors)
        s->page.vectors[l->layer] = pack_vectors(l->raw);
    if (s->has_metrics)
        at_text_metrics_add(&s->metrics, l);
    if (s->has_features)
        at_head_features_add(&s->features, l, s->v->x->pool);
    if (s->has_isa)
        at_isa_text_add(&s->isa, l);
    if (s->has_bar)
        at_bar_text_add(&s->bar, l);
    rc = s->has_faith ? at_faith_text_add(&s->faith, l, err) : 0;
    if (!rc && s->has_deep)
        rc = at_deep_layer(&s->deep, l->raw, &s->raw, s->v->x->pool, err);
    return rc;
}

/* --- after the last layer --- */

static void add_document(struct state *s, const char *name, const struct at_record *r,
                         const void *result)
{
    struct at_json *document = at_record_json(r, result);

    at_json_set(document, "meta", doc_meta(s->v->x->call, s->doc));
    at_json_set(s->documents, name, document);
}

static struct at_json *tokens_json(const struct at_doc *doc)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < doc->n; i++) {
        struct at_json *o = at_json_object();
        at_json_set_string(o, "label", doc->labels[i].text);
        at_json_set_bool(o, "special", doc->labels[i].is_special);
        at_json_set_bool(o, "continuation", doc->labels[i].is_continuation);
        if (doc->n == doc->tokens.n) {
            const struct at_token *t = &doc->tokens.items[i];
            at_json_set_string(o, "piece", doc->pieces[i]);
            at_json_set_int(o, "word", t->word);
            at_json_set_int(o, "segment", t->segment);
        }
        at_json_append(list, o);
    }
    return list;
}

/* What every state of the residual stream would predict at every token: pieces and probabilities,
   (L+1) lists of T. */
static struct at_json *lens_json(const struct at_deep *d)
{
    struct at_json *o = at_json_object(), *pieces = at_json_array(), *ps = at_json_array();

    for (size_t state = 0; state <= d->L; state++) {
        struct at_json *row = at_json_array(), *p = at_json_array();
        for (size_t i = 0; i < d->T; i++) {
            const struct at_ranking *r = &d->states[state].lens[i];
            bool is_there = r->top[0].id >= 0;
            at_json_append(
                row,
                at_json_string(is_there ? at_tokenizer_piece(d->tokenizer, r->top[0].id) : NULL));
            at_json_append(p, is_there ? at_json_real(r->top[0].p) : at_json_null());
        }
        at_json_append(pieces, row);
        at_json_append(ps, p);
    }
    at_json_set(o, "token", pieces);
    at_json_set(o, "p", ps);
    return o;
}

/* Lengths of the states of the residual stream, (L+1) lists of n. */
static struct at_json *norms_json(const struct at_deep *d)
{
    struct at_json *list = at_json_array();

    for (size_t state = 0; state <= d->L; state++) {
        struct at_json *row = at_json_array();
        for (size_t i = 0; i < d->n; i++)
            at_json_append(row, at_json_real(d->states[state].stats[i].norm));
        at_json_append(list, row);
    }
    return list;
}

/* For a picture: to a thousandth. */
static struct at_json *point_json(const double *xy)
{
    const double rounded[2] = { round(xy[0] * 1000.0) / 1000.0, round(xy[1] * 1000.0) / 1000.0 };

    return at_json_reals(rounded, 2);
}

/* The planes of the two directions of greatest variance. */
static struct at_json *planes_json(const struct at_deep *d)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < d->n_spaces; i++) {
        const struct at_deep_space *s = &d->spaces[i];
        struct at_json *o = at_json_object(), *points = at_json_array();
        for (size_t k = 0; k < (s->is_qkv ? 3 : 1) * d->n; k++)
            at_json_append(points, point_json(s->plane->xy + 2 * k));
        at_json_set_string(o, "space", s->space);
        at_json_set(o, "layer",
                    s->layer == AT_NONE ? at_json_null() : at_json_int((long long)s->layer));
        at_json_set_real(o, "x_ratio", s->plane->ratio[0]);
        at_json_set_real(o, "y_ratio", s->plane->ratio[1]);
        at_json_set(o, "xy", points);
        at_json_append(list, o);
    }
    return list;
}

static void add_deep(struct state *s)
{
    const struct at_deep *d = at_deep_finish(&s->deep);

    add_document(s, "deep", &at_deep_record, d);
    at_json_set(s->page.about, "norms", norms_json(d));
    at_json_set(s->page.about, "planes", planes_json(d));
    at_json_set(s->page.about, "lens", d->has_lens ? lens_json(d) : at_json_null());
}

/* The mask tokens of the text, else every position of a short one. */
static struct at_mask mask_of(const struct state *s)
{
    const struct at_session *session = s->v->session;
    int id = session ? at_tokenizer_role(session->tokenizer, AT_ROLE_MASK) : -1;
    const struct at_doc *doc = s->doc->window.whole ? s->doc->window.whole : s->doc;
    size_t T = doc->tokens.n;
    bool has_mask = false;

    for (size_t i = 0; i < T && id >= 0; i++)
        has_mask |= doc->tokens.items[i].id == id;
    if (!wants(s, VIEW_PREDICTIONS))
        return (struct at_mask){ .choice = AT_MASK_NONE };
    if (has_mask || T <= MAX_PREDICTED)
        return (struct at_mask){ .choice = AT_MASK_AUTO };
    view_omit(s->v, s->doc->in.id, "predictions",
              "texts of more than 64 tokens are predicted at their [MASK]s only");
    return (struct at_mask){ .choice = AT_MASK_NONE };
}

static int add_run(struct state *s, const float *hidden, struct at_error *err)
{
    const struct at_predict_options options = { .mask = mask_of(s), .k = TOP_K };
    struct at_predictions predictions;
    struct at_run_result r;
    int rc = at_predict(&predictions, s->v->session, s->doc, hidden, &options, err);

    if (rc)
        return rc;
    r = at_run_finish(s->doc, &s->raw, &predictions, NULL, at_map_series_global(&s->raw), AT_NONE,
                      AT_NONE, N_LINKS, &s->arena);
    add_document(s, "run", &at_run_record, &r);
    at_predictions_release(&predictions);
    return 0;
}

/* The classifier reads the text by itself: its tokens are its own. */
static void *begin_flagging(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct state *s = arg;
    struct state *own = at_calloc(1, sizeof *own);

    (void)err;
    *own = (struct state){ .v = s->v, .doc = doc, .documents = at_json_share(s->documents) };
    return own;
}

static int finish_flagging(void *state, const float *hidden, struct at_error *err)
{
    static const struct at_bias_text_options options = { 0.35, AT_BIAS_WEIGHTS_INIT };
    struct state *s = state;
    struct at_bias_result r;
    int rc = at_bias_text(&r, &s->arena, &s->v->detector, s->doc, hidden, &options, err);

    if (!rc)
        add_document(s, "bias", &at_bias_result_record, &r);
    return rc;
}

static void add_bias(struct state *s)
{
    static const struct at_visitor flagging = { .needs_states = true,
                                                .begin = begin_flagging,
                                                .finish = finish_flagging,
                                                .release = release_text };
    const struct at_bar_options options = { .n_permutations = N_PERMUTATIONS,
                                            .n_top = 5,
                                            .alpha = 0.05,
                                            .correction = AT_BAR_FDR,
                                            .seed = s->v->x->call->seed };
    struct at_bar_result r = at_bar_text_finish(&s->bar, &options, s->v->x->pool);
    struct at_error err;

    add_document(s, "bar", &at_bar_result_record, &r);
    if (at_pass_text(&s->v->bias, s->doc->in.text, NULL, NULL, &flagging, s, &err))
        view_omit(s->v, s->doc->in.id, "bias", err.text);
}

static void add_attributions(struct state *s)
{
    struct at_faith_result r;
    struct at_error err;

    if (started(s, "attributions", at_faith_text_finish(&r, &s->faith, &err), &err))
        add_document(s, "faith", &at_faith_result_record, &r);
}

static void add_analyses(struct state *s)
{
    if (s->has_metrics) {
        at_text_metrics_finish(&s->metrics);
        add_document(s, "metrics", &at_text_metrics_record, &s->metrics.result);
    }
    if (s->has_features) {
        struct at_heads heads = at_head_features_finish(&s->features, &s->arena);
        add_document(s, "heads", &at_heads_record, &heads);
        if (!s->v->is_beside)
            at_head_groups_add_text(&s->v->grouping, &s->features, NULL, s->v->x->pool);
    }
    if (s->has_isa) {
        struct at_isa_result isa = at_isa_text_finish(&s->isa);
        add_document(s, "isa", &at_isa_result_record, &isa);
    }
    if (s->has_deep)
        add_deep(s);
    if (s->has_bar)
        add_bias(s);
    if (s->has_faith)
        add_attributions(s);
}

static int finish_text(void *state, const float *hidden, struct at_error *err)
{
    struct state *s = state;
    struct at_page_text *p = &s->page;
    int rc;

    p->about = at_json_object();
    p->means = at_page_pack_maps(s->means, p->L, p->n, p->is_exact);
    p->rollouts = at_page_pack_maps(s->rollouts, p->L, p->n, p->is_exact);
    at_json_set_string(p->about, "id", s->doc->in.id);
    at_json_set_string(p->about, "model", s->doc->model_name);
    at_json_set_string(p->about, "text", s->doc->in.text);
    if (s->doc->in.pair)
        at_json_set_string(p->about, "pair", s->doc->in.pair);
    at_json_set_bool(p->about, "words", s->v->x->call->doc.by_words);
    at_json_set(p->about, "tokens", tokens_json(s->doc));
    rc = s->v->n_dirs ? 0 : add_run(s, hidden, err);
    if (rc)
        return rc;
    add_analyses(s);
    at_json_set(p->about, "documents", s->documents);
    s->documents = NULL;
    if (!s->v->about) {
        s->v->kind = at_doc_kind(s->doc);
        s->v->about = call_meta(s->v->x->call, s->doc->model_name, s->doc->shape);
    }
    if (!s->v->n_dirs ||
        !view_find_text(s->v, s->doc->in.text, s->doc->in.pair ? s->doc->in.pair : "")) {
        *at_array_push(&s->v->texts) = *p;
        *p = (struct at_page_text){ 0 };
    }
    return 0;
}

const struct at_visitor view_visitor = {
    .needs_states = true,
    .begin = begin_text,
    .embedded = add_embedded,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};
