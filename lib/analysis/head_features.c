/*
 * head_features.c - see head_features.h.
 */
#include "analysis/head_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/chance.h"
#include "base/alloc.h"
#include "session/doc_window.h"

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_head_row, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_head_row, head, "head", NULL, "head, from 0"),
    AT_FIELD_RECORD(struct at_head_row, raw, "raw", &at_head_score_record, "scores"),
    AT_FIELD_RECORD(struct at_head_row, scaled, "scaled", &at_head_score_record,
                    "scores moved to 0..1 within the layer", .suffix = "_scaled"),
    AT_FIELD_RECORD(struct at_head_row, z, "z", &at_head_score_record,
                    "scores in standard deviations from the mean of all heads", .suffix = "_z"),
    AT_FIELD_RECORD(struct at_head_row, patterns, "patterns", &at_head_pattern_record,
                    "scores of position and repetition"),
    AT_FIELD_RECORD(struct at_head_row, ratio, "ratio", &at_head_score_record,
                    "scores as ratios to even attention over the same tokens", .suffix = "_ratio"),
    AT_FIELD_RECORD(struct at_head_row, pattern_ratio, "pattern_ratio", &at_head_pattern_record,
                    "likewise", .suffix = "_ratio"),
    AT_FIELD_END
};
const struct at_record at_head_row_record = AT_RECORD(struct at_head_row, head_fields);

static const struct at_field tag_fields[] = {
    AT_FIELD(struct at_tag_row, index, "index", NULL, "token or word, from 0",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_tag_row, token, "token", NULL, "as people write it"),
    AT_FIELD(struct at_tag_row, upos, "upos", NULL, "universal part of speech"),
    AT_FIELD(struct at_tag_row, entity, "entity", NULL, "kind of named entity"),
    AT_FIELD(struct at_tag_row, start, "start", "bytes", "where it starts in the text",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_tag_row, end, "end", "bytes", "where it ends", .flags = AT_CSV_ONLY),
    AT_FIELD_END
};
const struct at_record at_tag_row_record = AT_RECORD(struct at_tag_row, tag_fields);

static const struct at_field heads_fields[] = {
    AT_FIELD_LIST(struct at_heads, heads, n_heads, "heads", &at_head_row_record, "every head"),
    AT_FIELD_LIST(struct at_heads, tokens, n, "tokens", &at_tag_row_record,
                  "tokens or words with their tags"),
    AT_FIELD_END
};
const struct at_record at_heads_record = AT_RECORD(struct at_heads, heads_fields);

/* Numbers that are equal where the labels are: what repeats among words. (n), the caller's. */
static int *label_ids(const struct at_doc *doc)
{
    int *ids = at_malloc(doc->n, sizeof *ids);

    for (size_t i = 0; i < doc->n; i++) {
        size_t j = 0;
        while (strcmp(doc->labels[j].text, doc->labels[i].text) != 0)
            j++;
        ids[i] = (int)j;
    }
    return ids;
}

/* Words that the vocabulary lacks look alike, but they are not known to repeat one another. */
static bool is_unknown(const struct at_doc *doc, size_t i)
{
    const char *name = doc->words.n ? doc->labels[i].text : doc->pieces[i];

    return strcmp(name, "[UNK]") == 0;
}

static void find_repeats(struct at_repeats *out, const struct at_doc *doc)
{
    bool *is_special = at_calloc(doc->n, sizeof *is_special);
    int *ids;

    if (doc->words.n) {
        ids = label_ids(doc);
    } else {
        ids = at_malloc(doc->n, sizeof *ids);
        for (size_t i = 0; i < doc->n; i++) {
            ids[i] = doc->tokens.items[i].id;
            is_special[i] = doc->tokens.items[i].is_special;
        }
    }
    for (size_t i = 0; i < doc->n; i++)
        is_special[i] |= is_unknown(doc, i);
    at_repeats_find(out, ids, is_special, doc->n);
    free(is_special);
    free(ids);
}

/* The scores of a map of even attention over these tokens, in the mode of the others. */
static void score_even_map(struct at_head_features *f, enum at_matrix_mode mode)
{
    size_t n = f->doc->n;
    bool is_causal = f->doc->shape->is_causal;
    float *map = at_malloc(n * n, sizeof *map);

    at_even_map(map, n, is_causal);
    if (mode == AT_COL)
        at_column_normalize(map, map, n);
    at_head_scores(f->even_score, map, 1, n, at_doc_kind(f->doc), f->marks, NULL);
    at_head_patterns(f->even_pattern, map, 1, n, is_causal, &f->repeats, NULL);
    free(map);
}

/* All that comes from tags and tokens; f has its doc and its tags. */
static void init_scores(struct at_head_features *f, enum at_matrix_mode mode)
{
    const struct at_doc *doc = f->doc;
    size_t heads = f->L * f->H, n = doc->n;
    const char **labels = at_malloc(n, sizeof *labels);

    AT_BUG_IF(mode != AT_RAW && mode != AT_COL);
    for (size_t i = 0; i < n; i++)
        labels[i] = doc->labels[i].is_special ? NULL : doc->labels[i].text;
    f->marks = at_calloc(n, sizeof *f->marks);
    at_token_marks(f->marks, f->tags, labels, n);
    free(labels);
    find_repeats(&f->repeats, doc);
    f->score = at_calloc(heads * AT_N_HEAD_SCORES, sizeof *f->score);
    f->pattern = at_calloc(heads * AT_N_HEAD_PATTERNS, sizeof *f->pattern);
    score_even_map(f, mode);
    if (mode == AT_COL)
        f->in_mode = at_malloc(f->H * n * n, sizeof *f->in_mode);
}

/* A doc with its tags, nothing else. */
static int init_tags(struct at_head_features *out, const struct at_doc *doc,
                     const struct at_tagger *tagger, struct at_error *err)
{
    struct at_head_features f = { .doc = doc, .L = doc->shape->n_layers, .H = doc->shape->n_heads };
    int rc;

    f.tags = at_calloc(doc->n, sizeof *f.tags);
    rc = at_tag_doc(f.tags, &f.tagged, tagger, doc, err);
    if (rc)
        at_head_features_release(&f);
    else
        *out = f;
    return rc;
}

int at_head_features_init(struct at_head_features *out, const struct at_doc *doc,
                          const struct at_tagger *tagger, enum at_matrix_mode mode,
                          struct at_error *err)
{
    int rc = init_tags(out, doc, tagger, err);

    if (!rc)
        init_scores(out, mode);
    return rc;
}

void at_head_features_release(struct at_head_features *f)
{
    at_repeats_release(&f->repeats);
    free(f->tags);
    free(f->marks);
    free(f->score);
    free(f->pattern);
    free(f->in_mode);
    *f = (struct at_head_features){ 0 };
}

void at_head_features_add(struct at_head_features *f, const struct at_doc_layer *layer,
                          struct at_pool *pool)
{
    size_t cells = layer->n * layer->n, first = layer->layer * f->H;
    const float *maps = layer->maps;

    if (f->in_mode) {
        for (size_t h = 0; h < f->H; h++)
            at_column_normalize(f->in_mode + h * cells, maps + h * cells, layer->n);
        maps = f->in_mode;
    }
    at_head_scores(f->score + first * AT_N_HEAD_SCORES, maps, f->H, layer->n, at_doc_kind(f->doc),
                   f->marks, pool);
    at_head_patterns(f->pattern + first * AT_N_HEAD_PATTERNS, maps, f->H, layer->n,
                     f->doc->shape->is_causal, &f->repeats, pool);
}

void at_head_features_ratios(double *out, const struct at_head_features *f)
{
    for (size_t k = 0; k < f->L * f->H; k++, out += AT_N_HEAD_NUMBERS) {
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            out[i] = at_chance_ratio(f->score[k * AT_N_HEAD_SCORES + i], f->even_score[i]);
        for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
            out[AT_N_HEAD_SCORES + i] =
                at_chance_ratio(f->pattern[k * AT_N_HEAD_PATTERNS + i], f->even_pattern[i]);
    }
}

static struct at_tag_row tag_row(const struct at_head_features *f, size_t i)
{
    const struct at_doc *doc = f->doc;
    const struct at_token_tag *tag = &f->tags[i];
    size_t first = doc->words.n ? doc->words.first[i] : i;
    size_t last = doc->words.n ? first + doc->words.count[i] - 1 : i;

    return (struct at_tag_row){ .index = i,
                                .token = doc->labels[i].text,
                                .upos = tag->upos ? at_upos_name(tag->upos) : NULL,
                                .entity = *tag->entity ? tag->entity : NULL,
                                .start = doc->tokens.items[first].start,
                                .end = doc->tokens.items[last].end };
}

/* Value i of all heads: x (n, stride). */
static struct at_strongest strongest(const double *x, size_t stride, size_t n)
{
    struct at_strongest s = { 0 };

    for (size_t rank = 0; rank < AT_N_STRONGEST; rank++) {
        size_t best = n;
        for (size_t k = 0; k < n; k++) {
            double v = x[k * stride];
            bool is_shown = false;
            for (size_t r = 0; r < s.n; r++)
                is_shown |= s.head[r] == k;
            if (!isnan(v) && !is_shown && (best == n || v > x[best * stride]))
                best = k;
        }
        s.is_defined |= best < n;
        if (best == n || x[best * stride] == 0.0)
            break;
        s.head[s.n] = best;
        s.value[s.n++] = x[best * stride];
    }
    return s;
}

/* Mean raw scores of groups of layers, which a picture can keep apart. */
static void add_profiles(struct at_heads *r, const struct at_head_features *f,
                         struct at_arena *arena)
{
    enum { MOST = 8 };

    r->n_profiles = f->L <= MOST ? f->L : 3;
    r->profiles = at_arena_calloc(arena, r->n_profiles, sizeof *r->profiles);
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
        double max = 0.0;
        for (size_t p = 0; p < r->n_profiles; p++) {
            size_t first = p * f->L / r->n_profiles, end = (p + 1) * f->L / r->n_profiles;
            struct at_moments m = { 0 };
            for (size_t k = first * f->H; k < end * f->H; k++)
                at_moments_add(&m, f->score[k * AT_N_HEAD_SCORES + i]);
            r->profiles[p].first = first;
            r->profiles[p].last = end - 1;
            r->profiles[p].mean[i] = at_moments_mean(&m);
            max = fmax(max, r->profiles[p].mean[i]);
        }
        for (size_t p = 0; p < r->n_profiles; p++)
            r->profiles[p].relative[i] =
                max > 0.0 ? r->profiles[p].mean[i] / max : r->profiles[p].mean[i];
    }
}

static void add_sameness(struct at_heads *r, const struct at_head_features *f,
                         struct at_arena *arena)
{
    r->is_same = at_arena_calloc(arena, f->L, sizeof *r->is_same);
    for (size_t l = 0; l < f->L; l++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
            const double *x = f->score + l * f->H * AT_N_HEAD_SCORES + i;
            r->is_same[l][i] = true;
            for (size_t h = 1; h < f->H; h++)
                r->is_same[l][i] &= x[h * AT_N_HEAD_SCORES] == x[0];
        }
}

struct at_heads at_head_features_finish(const struct at_head_features *f, struct at_arena *arena)
{
    size_t n = f->L * f->H, per_layer = f->H * AT_N_HEAD_SCORES;
    struct at_heads r = { .L = f->L, .H = f->H, .n_heads = n, .n = f->doc->n };
    double *scaled = at_malloc(n * AT_N_HEAD_SCORES, sizeof *scaled);
    double *z = at_malloc(n * AT_N_HEAD_SCORES, sizeof *z);
    double *ratio = at_malloc(n * AT_N_HEAD_NUMBERS, sizeof *ratio);

    at_head_features_ratios(ratio, f);
    for (size_t l = 0; l < f->L; l++)
        at_scale_within(scaled + l * per_layer, f->score + l * per_layer, f->H, AT_N_HEAD_SCORES);
    at_standardize(z, f->score, n, AT_N_HEAD_SCORES);
    r.heads = at_arena_alloc(arena, n, sizeof *r.heads);
    for (size_t k = 0; k < n; k++) {
        struct at_head_row *row = &r.heads[k];
        row->layer = k / f->H;
        row->head = k % f->H;
        memcpy(row->raw.v, f->score + k * AT_N_HEAD_SCORES, sizeof row->raw.v);
        memcpy(row->scaled.v, scaled + k * AT_N_HEAD_SCORES, sizeof row->scaled.v);
        memcpy(row->z.v, z + k * AT_N_HEAD_SCORES, sizeof row->z.v);
        memcpy(row->ratio.v, ratio + k * AT_N_HEAD_NUMBERS, sizeof row->ratio.v);
        memcpy(row->pattern_ratio.v, ratio + k * AT_N_HEAD_NUMBERS + AT_N_HEAD_SCORES,
               sizeof row->pattern_ratio.v);
        memcpy(row->patterns.v, f->pattern + k * AT_N_HEAD_PATTERNS, sizeof row->patterns.v);
    }
    r.tokens = at_arena_alloc(arena, r.n, sizeof *r.tokens);
    for (size_t i = 0; i < r.n; i++)
        r.tokens[i] = tag_row(f, i);
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        r.strongest[i] = strongest(f->score + i, AT_N_HEAD_SCORES, n);
    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        r.strongest[AT_N_HEAD_SCORES + i] = strongest(f->pattern + i, AT_N_HEAD_PATTERNS, n);
    memcpy(r.even, f->even_score, sizeof f->even_score);
    memcpy(r.even + AT_N_HEAD_SCORES, f->even_pattern, sizeof f->even_pattern);
    add_profiles(&r, f, arena);
    add_sameness(&r, f, arena);
    free(scaled);
    free(z);
    free(ratio);
    return r;
}

/* --- a text in windows --- */

int at_head_windows_begin(struct at_head_windows *w, const struct at_doc *whole,
                          const struct at_tagger *tagger, struct at_error *err)
{
    struct at_head_features *f = &w->whole;
    int rc;

    at_head_windows_release(w);
    rc = init_tags(f, whole, tagger, err);
    if (rc)
        return rc;
    f->score = at_calloc(f->L * f->H * AT_N_HEAD_SCORES, sizeof *f->score);
    f->pattern = at_calloc(f->L * f->H * AT_N_HEAD_PATTERNS, sizeof *f->pattern);
    w->sums = at_calloc((f->L * f->H + 1) * AT_N_HEAD_NUMBERS, sizeof *w->sums);
    return 0;
}

void at_head_windows_init(struct at_head_features *out, const struct at_head_windows *w,
                          const struct at_doc *window, enum at_matrix_mode mode)
{
    *out = (struct at_head_features){ .doc = window, .L = w->whole.L, .H = w->whole.H };
    out->tags = at_calloc(window->n, sizeof *out->tags);
    for (size_t i = 0; i < window->n; i++) {
        size_t row = at_doc_whole_row(window, i);
        if (row != AT_NONE)
            out->tags[i] = w->whole.tags[row];
    }
    init_scores(out, mode);
}

void at_head_windows_add(struct at_head_windows *w, const struct at_head_features *f)
{
    double weight = (double)at_doc_n_owned(f->doc);
    struct at_weighted *sums = w->sums;

    for (size_t k = 0; k <= f->L * f->H; k++, sums += AT_N_HEAD_NUMBERS) {
        bool is_even = k == f->L * f->H;
        const double *score = is_even ? f->even_score : f->score + k * AT_N_HEAD_SCORES;
        const double *pattern = is_even ? f->even_pattern : f->pattern + k * AT_N_HEAD_PATTERNS;
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_weighted_add(&sums[i], score[i], weight);
        for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
            at_weighted_add(&sums[AT_N_HEAD_SCORES + i], pattern[i], weight);
    }
}

void at_head_windows_finish(struct at_head_windows *w)
{
    struct at_head_features *f = &w->whole;
    const struct at_weighted *sums = w->sums;

    for (size_t k = 0; k <= f->L * f->H; k++, sums += AT_N_HEAD_NUMBERS) {
        bool is_even = k == f->L * f->H;
        double *score = is_even ? f->even_score : f->score + k * AT_N_HEAD_SCORES;
        double *pattern = is_even ? f->even_pattern : f->pattern + k * AT_N_HEAD_PATTERNS;
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            score[i] = at_weighted_mean(&sums[i]);
        for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
            pattern[i] = at_weighted_mean(&sums[AT_N_HEAD_SCORES + i]);
    }
}

void at_head_windows_release(struct at_head_windows *w)
{
    at_head_features_release(&w->whole);
    free(w->sums);
    *w = (struct at_head_windows){ 0 };
}

/* --- many texts --- */

static const struct at_field text_row_fields[] = {
    AT_FIELD_RECORD(struct at_heads_text_row, of, NULL, &at_text_head_record, "the text"),
    AT_FIELD(struct at_heads_text_row, n_rows, "n_rows", NULL, "size of its maps: tokens or words"),
    AT_FIELD(struct at_heads_text_row, text, "text", NULL, "the text"),
    AT_FIELD_RECORD(struct at_heads_text_row, scores, NULL, &at_head_score_record,
                    "mean of the heads"),
    AT_FIELD_RECORD(struct at_heads_text_row, patterns, NULL, &at_head_pattern_record,
                    "mean of the heads"),
    AT_FIELD_END,
};
const struct at_record at_heads_text_row_record =
    AT_RECORD(struct at_heads_text_row, text_row_fields);

/* Means over the heads of x (heads,n). */
static void mean_of_heads(double *out, const double *x, size_t heads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct at_moments m = { 0 };
        for (size_t k = 0; k < heads; k++)
            at_moments_add(&m, x[k * n + i]);
        out[i] = at_moments_mean(&m);
    }
}

struct at_heads_text_row at_heads_text_row(const struct at_head_features *f)
{
    struct at_heads_text_row row = { .n_rows = f->doc->n, .text = f->doc->in.text };

    mean_of_heads(row.scores.v, f->score, f->L * f->H, AT_N_HEAD_SCORES);
    mean_of_heads(row.patterns.v, f->pattern, f->L * f->H, AT_N_HEAD_PATTERNS);
    return row;
}

const char *at_head_number_key(size_t i)
{
    return i < AT_N_HEAD_SCORES ? at_head_score_table[i].key
                                : at_head_pattern_keys[i - AT_N_HEAD_SCORES];
}

void at_head_features_corpus_add(struct at_corpus *c, const struct at_head_features *f)
{
    double *ratio = at_malloc(f->L * f->H * AT_N_HEAD_NUMBERS, sizeof *ratio);

    at_corpus_add_heads(c, 0, f->score, AT_N_HEAD_SCORES, true);
    at_corpus_add_heads(c, AT_N_HEAD_SCORES, f->pattern, AT_N_HEAD_PATTERNS, true);
    at_head_features_ratios(ratio, f);
    at_corpus_add_ratios(c, ratio);
    free(ratio);
}
