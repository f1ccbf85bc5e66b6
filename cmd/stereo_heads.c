/*
 * stereo_heads.c - see stereo_heads.h: texts through the model, traits of heads item by item.
 */
#include "cmd/stereo_heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/job_doc.h"

/* A batch is closed when it has this many rows or texts. */
enum { BATCH_ROWS = 1024, BATCH_TEXTS = 64 };

void stereo_heads_init(struct stereo_heads *h)
{
    *h = (struct stereo_heads){ .n_draws = 1000, .n_top = 5 };
    tagger_init(&h->tagger);
    /* clang-format off */
    const struct opt options[] = {
        OPT_GROUP("Heads"),
        OPT_FLAG(0, "heads", &h->is_on, "tell what the model's heads do with stereotype and anti-stereotype"),
        OPT_INT(0, "draws", &h->n_draws, "N", 99, 1000000, "relabellings of the permutation test"),
        OPT_INT(0, "top", &h->n_top, "N", 1, 20, "heads with box and decile plots"),
        OPT_TEXT(0, "tagger", &h->tagger.model_name, "NAME|DIR", "token classifier for parts of speech and entities"),
        OPT_END,
    };
    /* clang-format on */
    memcpy(h->options, options, sizeof options);
}

void stereo_heads_release(struct stereo_heads *h)
{
    for (size_t i = 0; h->too_long && i < h->set->n; i++)
        free(h->too_long[i]);
    free(h->too_long);
    free(h->item);
    free(h->longer);
    free(h->traits);
    free(h->heads);
    free(h->order);
    at_sensitivity_release(&h->s);
    tagger_close(&h->tagger);
}

/* --- one batch of texts --- */

struct reader {
    struct stereo_heads *h;
    struct doc docs[BATCH_TEXTS];
    float *row[BATCH_TEXTS];           /* (L*H, AT_N_TRAITS) where its traits go */
    unsigned char *marks[BATCH_TEXTS]; /* (T) */
    signed char *part[BATCH_TEXTS];    /* (T) */
    size_t n, n_rows;
    float *scratch; /* (slots, T*T) of the longest text so far */
    size_t scratch_cells;
};

static void drop_texts(struct reader *r)
{
    for (size_t i = 0; i < r->n; i++) {
        doc_release(&r->docs[i]);
        free(r->marks[i]);
        free(r->part[i]);
    }
    r->n = r->n_rows = 0;
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct reader *r = arg;
    struct job *job = r->h->job;
    size_t cells = at_pool_size(job->pool) * view->T * view->T;

    (void)err;
    if (cells > r->scratch_cells) {
        r->scratch = at_realloc(r->scratch, cells, sizeof *r->scratch);
        r->scratch_cells = cells;
    }
    at_head_traits(r->row[view->text] + view->layer * view->H * AT_N_TRAITS, view->attention,
                   view->H, view->T, job_map_kind(job), r->marks[view->text], r->part[view->text],
                   r->scratch, job->pool);
    return 0;
}

static int run_batch(struct reader *r, struct at_error *err)
{
    struct job *job = r->h->job;
    size_t start[BATCH_TEXTS + 1], row = 0;
    int *ids = at_malloc(r->n_rows, sizeof *ids), rc;
    struct at_batch batch = { r->n, start, ids, NULL };
    struct at_forward_options options = {
        .want_attention = true,
        .on_layer = on_layer,
        .arg = r,
    };

    for (size_t i = 0; i < r->n; i++) {
        const struct at_tokens *t = &r->docs[i].tokens;
        start[i] = row;
        for (size_t j = 0; j < t->n; j++)
            ids[row++] = t->items[j].id;
    }
    start[r->n] = row;
    rc = at_forward(NULL, &job->model, &batch, &options, job->pool, err);
    free(ids);
    drop_texts(r);
    return rc;
}

/* Tags as marks, and the part of the text that each token is of. n_context: bytes in front. */
static int mark_tokens(struct reader *r, size_t at, size_t n_context, struct at_error *err)
{
    const struct doc *doc = &r->docs[at];
    size_t T = doc->tokens.n;
    struct at_token_tag *tags = at_calloc(T, sizeof *tags);
    const char **labels = at_malloc(T, sizeof *labels);
    int rc = tagger_tag(tags, &r->h->tagger, doc, r->h->job->pool, err);

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
    if (!rc)
        at_token_marks(r->marks[at], tags, labels, T);
    free(labels);
    free(tags);
    return rc;
}

/* Put a text in line. One that is too long leaves its row undefined, with the reason in why. */
static int add_text(struct reader *r, float *row, double *n_tokens, const struct at_stereo_item *it,
                    enum at_gold gold, char **why, struct at_error *err)
{
    bool has_context = it->part == AT_INTERSENTENCE;
    size_t at = r->n, n_context = has_context ? strlen(it->context) : 0;
    const char *sentence = it->sentence[gold].text;
    struct text in = { at_strdup(it->sentence[gold].id),
                       has_context ? at_asprintf("%s %s", it->context, sentence)
                                   : at_strdup(sentence),
                       NULL };
    int rc = doc_prepare(&r->docs[at], r->h->job, &in, err);

    if (rc == AT_ERANGE && !*why)
        *why = at_strdup(err->text);
    if (rc) {
        doc_release(&r->docs[at]);
        return rc == AT_ERANGE ? 0 : rc;
    }
    *n_tokens = (double)r->docs[at].tokens.n;
    r->row[at] = row;
    r->n++;
    r->n_rows += r->docs[at].tokens.n;
    rc = mark_tokens(r, at, n_context, err);
    if (!rc && (r->n == BATCH_TEXTS || r->n_rows >= BATCH_ROWS))
        rc = run_batch(r, err);
    return rc;
}

static int read_items(struct stereo_heads *h, struct at_error *err)
{
    struct reader *r = at_calloc(1, sizeof *r);
    size_t row = h->L * h->H * AT_N_TRAITS;
    struct job *job = h->job;
    struct progress progress = { 0 };
    int rc = 0;

    r->h = h;
    progress_start(&progress, (enum progress_mode)(job->is_quiet ? PROGRESS_NEVER : job->progress),
                   "reading heads", "items", h->n_items);
    for (size_t k = 0; !rc && k < h->n_items; k++) {
        const struct at_stereo_item *it = &h->set->items[h->item[k]];
        char **why = &h->too_long[h->item[k]];
        double n[2] = { NAN, NAN };
        rc = add_text(r, h->s.stereo + k * row, &n[0], it, AT_STEREO, why, err);
        if (!rc)
            rc = add_text(r, h->s.anti + k * row, &n[1], it, AT_ANTI, why, err);
        h->longer[k] = n[0] - n[1];
        h->n_left_out += *why != NULL;
        progress_show(&progress, k + 1);
    }
    if (!rc && r->n)
        rc = run_batch(r, err);
    progress_end(&progress);
    drop_texts(r);
    free(r->scratch);
    free(r);
    return rc;
}

/* --- all items --- */

static bool has_scores(const double *scores, size_t item)
{
    for (size_t g = 0; g < AT_N_GOLD; g++)
        if (!isfinite(scores[AT_N_GOLD * item + g]))
            return false;
    return true;
}

static int choose_items(struct stereo_heads *h, const double *scores, struct at_error *err)
{
    h->item = at_malloc(h->set->n, sizeof *h->item);
    h->too_long = at_calloc(h->set->n, sizeof *h->too_long);
    h->part = AT_INTRASENTENCE;
    for (size_t i = 0; i < h->set->n; i++)
        if (h->set->items[i].part == AT_INTERSENTENCE && has_scores(scores, i))
            h->part = AT_INTERSENTENCE;
    for (size_t i = 0; i < h->set->n; i++) {
        const struct at_stereo_item *it = &h->set->items[i];
        if (it->part != h->part || !has_scores(scores, i))
            continue;
        if (it->part == AT_INTERSENTENCE && !*it->context)
            return at_fail(err, AT_EFORMAT,
                           "--heads needs contexts: give the JSON file of the data, not a table");
        h->item[h->n_items++] = i;
    }
    if (h->n_items < STEREO_HEADS_MIN)
        return at_fail(err, AT_ERANGE,
                       "--heads compares items: found %zu %s ones with scores, "
                       "want %d",
                       h->n_items, at_stereo_part_name(h->part), STEREO_HEADS_MIN);
    return 0;
}

static void take_scores(struct stereo_heads *h, const double *scores)
{
    for (size_t k = 0; k < h->n_items; k++) {
        const double *s = scores + AT_N_GOLD * h->item[k];
        h->s.term[k] = (int)h->set->items[h->item[k]].target;
        h->s.category[k] = (int)h->set->items[h->item[k]].category;
        h->s.bias[k] = s[AT_STEREO] - s[AT_ANTI];
        h->s.margin[k] = 0.5 * (s[AT_STEREO] + s[AT_ANTI]) - s[AT_UNRELATED];
    }
}

static void analyse(struct stereo_heads *h)
{
    size_t n = h->L * h->H;

    h->traits = at_malloc(n * AT_N_TRAITS, sizeof *h->traits);
    h->heads = at_malloc(n, sizeof *h->heads);
    h->order = at_malloc(n, sizeof *h->order);
    at_sensitivity_run(h->traits, h->heads, &h->s, (size_t)h->n_draws, (uint64_t)h->job->seed,
                       h->job->pool);
    for (size_t i = 0; i < n; i++)
        h->order[h->heads[i].rank] = i;
    for (size_t i = 0; i < n * AT_N_TRAITS; i++)
        h->n_tested += !isnan(h->traits[i].p);
}

int stereo_heads_run(struct stereo_heads *h, struct job *job, const struct at_stereoset *set,
                     const double *scores, const char *scores_name, struct at_error *err)
{
    int rc;

    h->job = job;
    h->set = set;
    h->scores_name = scores_name;
    h->L = job->shape.n_layers;
    h->H = job->shape.n_heads;
    rc = choose_items(h, scores, err);
    if (!rc)
        rc = tagger_open(&h->tagger, err);
    if (!rc && job->manifest)
        rc = tagger_note(&h->tagger, job->manifest, err);
    if (!rc)
        rc = at_sensitivity_init(&h->s, h->n_items, h->L * h->H, set->n_categories, err);
    if (rc)
        return rc;
    h->longer = at_calloc(h->n_items, sizeof *h->longer);
    take_scores(h, scores);
    rc = read_items(h, err);
    if (rc)
        return rc;
    analyse(h);
    return stereo_heads_report(h, err);
}
