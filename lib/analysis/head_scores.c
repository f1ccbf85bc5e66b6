/*
 * head_scores.c - see head_scores.h.
 */
#include "analysis/head_scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/summary.h"

enum { FAR = 5 }; /* least distance of a long-range cell */

/* The names of columns and keys, written once. */
#define SYNTAX     "syntax"
#define SEMANTICS  "semantics"
#define CLS        "cls"
#define PUNCT      "punct"
#define ENTITIES   "entities"
#define LONG_RANGE "long_range"
#define SELF       "self"
#define PREVIOUS   "previous_token"
#define NEXT       "next_token"
#define DUPLICATE  "duplicate"
#define INDUCTION  "induction"

#define SAME(title, specialist, phrase) title, specialist, phrase, title, specialist, phrase

const struct at_head_score_info at_head_score_table[AT_N_HEAD_SCORES] = {
    [AT_SYNTAX] = { SYNTAX, SAME("Syntax", "Syntax", "syntax") },
    [AT_SEMANTICS] = { SEMANTICS, SAME("Semantics", "Semantics", "semantics") },
    [AT_CLS] = { CLS, "[CLS] focus", "CLS", "[CLS]", "First-token (sink) focus", "First-token",
                 "the first token" },
    [AT_PUNCT] = { PUNCT, SAME("Punctuation", "Punctuation", "punctuation") },
    [AT_ENTITIES] = { ENTITIES, SAME("Entities", "Entity", "entities") },
    [AT_LONG_RANGE] = { LONG_RANGE, SAME("Long-range", "Long-range", "long range") },
    [AT_SELF] = { SELF, SAME("Self-attention", "Self-attention", "self-attention") },
};

#define SCORE(i, key, unit, help) AT_FIELD(struct at_head_score_values, v[i], key, unit, help)
static const struct at_field score_fields[] = {
    SCORE(AT_SYNTAX, SYNTAX, "fraction", "attention on function words"),
    SCORE(AT_SEMANTICS, SEMANTICS, "fraction", "attention on content words"),
    SCORE(AT_CLS, CLS, "fraction", "mean weight on the first token"),
    SCORE(AT_PUNCT, PUNCT, "fraction", "attention on punctuation"),
    SCORE(AT_ENTITIES, ENTITIES, "fraction", "attention on named entities"),
    SCORE(AT_LONG_RANGE, LONG_RANGE, "fraction", "mean weight of cells 5 or more tokens apart"),
    SCORE(AT_SELF, SELF, "fraction", "mean weight on the token itself"),
    AT_FIELD_END
};
const struct at_record at_head_score_record = AT_RECORD(struct at_head_score_values, score_fields);

const char *const at_head_pattern_keys[AT_N_HEAD_PATTERNS] = {
    [AT_PREVIOUS] = PREVIOUS,
    [AT_NEXT] = NEXT,
    [AT_DUPLICATE] = DUPLICATE,
    [AT_INDUCTION] = INDUCTION,
};

#define PATTERN(i, key, help) AT_FIELD(struct at_head_pattern_values, v[i], key, "fraction", help)
static const struct at_field pattern_fields[] = {
    PATTERN(AT_PREVIOUS, PREVIOUS, "mean weight on the token before"),
    PATTERN(AT_NEXT, NEXT, "mean weight on the token behind"),
    PATTERN(AT_DUPLICATE, DUPLICATE, "repeated tokens: mean weight on earlier copies"),
    PATTERN(AT_INDUCTION, INDUCTION, "repeated tokens: mean weight on what followed them"),
    AT_FIELD_END
};
const struct at_record at_head_pattern_record =
    AT_RECORD(struct at_head_pattern_values, pattern_fields);

static bool is_ascii_punctuation(const char *s)
{
    bool has_any = false;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == ' ')
            continue;
        if (c <= 32 || c >= 127 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
            (c >= 'a' && c <= 'z'))
            return false;
        has_any = true;
    }
    return has_any;
}

/* string.punctuation and the two sets of Attention Atlas, head_specialization.py. */
void at_token_marks(unsigned char *out, const struct at_token_tag *tags, const char *const *label,
                    size_t n)
{
    static const unsigned char mark[AT_N_UPOS] = {
        [AT_UPOS_DET] = AT_MARK_SYNTAX,      [AT_UPOS_ADP] = AT_MARK_SYNTAX,
        [AT_UPOS_AUX] = AT_MARK_SYNTAX,      [AT_UPOS_CCONJ] = AT_MARK_SYNTAX,
        [AT_UPOS_SCONJ] = AT_MARK_SYNTAX,    [AT_UPOS_PART] = AT_MARK_SYNTAX,
        [AT_UPOS_PRON] = AT_MARK_SYNTAX,     [AT_UPOS_NOUN] = AT_MARK_SEMANTICS,
        [AT_UPOS_PROPN] = AT_MARK_SEMANTICS, [AT_UPOS_VERB] = AT_MARK_SEMANTICS,
        [AT_UPOS_ADJ] = AT_MARK_SEMANTICS,   [AT_UPOS_ADV] = AT_MARK_SEMANTICS,
        [AT_UPOS_NUM] = AT_MARK_SEMANTICS,
    };

    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        if (!label[i])
            continue;
        out[i] = mark[tags[i].upos];
        out[i] |= is_ascii_punctuation(label[i]) ? AT_MARK_PUNCT : 0;
        out[i] |= tags[i].entity[0] ? AT_MARK_ENTITY : 0;
    }
}

struct score_job {
    double *out;
    const float *maps;
    size_t T;
    struct at_map_kind kind;
    const unsigned char *marks;
};

/* Sums of each column over the cells FAR or more off the diagonal, and over the others: what is far
   is summed by itself, so that nothing far is exactly 0 and not what rounding leaves. */
static void sum_columns(double *far, double *near, const float *map, size_t T, bool is_causal)
{
    for (size_t i = 0; i < T; i++) {
        const float *row = map + i * T;
        size_t end = is_causal ? i + 1 : T;
        size_t first = i < FAR ? 0 : i - FAR + 1, last = AT_MIN(i + FAR, end);
        for (size_t j = 0; j < first; j++)
            far[j] += row[j];
        for (size_t j = first; j < last; j++)
            near[j] += row[j];
        for (size_t j = last; j < end; j++)
            far[j] += row[j];
    }
}

static void score_task(void *arg, size_t head, size_t slot)
{
    const struct score_job *job = arg;
    size_t T = job->T, first = job->kind.is_causal && T > 1 ? 1 : 0;
    const float *map = job->maps + head * T * T;
    double *out = job->out + head * AT_N_HEAD_SCORES, *column = at_calloc(2 * T, sizeof *column);
    double *far = column + T, total = 0.0, far_mass = 0.0, mass[4] = { 0 }, diagonal = 0.0;
    double n_far = 0.0;

    (void)slot;
    sum_columns(far, column, map, T, job->kind.is_causal);
    for (size_t j = 0; j < T; j++) {
        column[j] += far[j];
        total += column[j];
        far_mass += far[j];
        for (int bit = 0; bit < 4; bit++)
            mass[bit] += job->marks[j] >> bit & 1 ? column[j] : 0.0;
    }
    for (size_t i = first; i < T; i++)
        diagonal += map[i * T + i];
    out[AT_SYNTAX] = mass[0] / total;
    out[AT_SEMANTICS] = mass[1] / total;
    out[AT_PUNCT] = mass[2] / total;
    out[AT_ENTITIES] = mass[3] / total;
    out[AT_CLS] = (column[0] - (first ? (double)map[0] : 0.0)) / (double)(T - first);
    out[AT_SELF] = diagonal / (double)(T - first);
    if (T > FAR)
        n_far = (double)(T - FAR) * (double)(T - FAR + 1) / (job->kind.is_causal ? 2.0 : 1.0);
    out[AT_LONG_RANGE] = n_far > 0.0 ? far_mass / n_far : NAN;
    free(column);
}

void at_head_scores(double *out, const float *maps, size_t H, size_t T, struct at_map_kind kind,
                    const unsigned char *marks, struct at_pool *pool)
{
    struct score_job job = { out, maps, T, kind, marks };

    AT_BUG_IF(T == 0);
    at_pool_run(pool, H, score_task, &job);
}

static bool is_repeat(const int *ids, const bool *is_special, size_t i, size_t j)
{
    return ids[i] == ids[j] && !(is_special && (is_special[i] || is_special[j]));
}

void at_repeats_find(struct at_repeats *out, const int *ids, const bool *is_special, size_t T)
{
    struct at_repeats r = { .T = T, .first = at_malloc(T + 1, sizeof *r.first) };
    size_t n = 0;

    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < i; j++)
            n += is_repeat(ids, is_special, i, j);
    r.copy = at_malloc(n + 1, sizeof *r.copy);
    n = 0;
    for (size_t i = 0; i < T; i++) {
        r.first[i] = n;
        for (size_t j = 0; j < i; j++)
            if (is_repeat(ids, is_special, i, j))
                r.copy[n++] = j;
        r.n += n > r.first[i];
    }
    r.first[T] = n;
    *out = r;
}

void at_repeats_release(struct at_repeats *r)
{
    free(r->first);
    free(r->copy);
    *r = (struct at_repeats){ 0 };
}

struct pattern_job {
    double *out;
    const float *maps;
    size_t T;
    bool is_causal;
    const struct at_repeats *repeats;
};

/* Mean over rows of the mass of A[i][i + step]. */
static double neighbour_mean(const float *map, size_t T, int step)
{
    double sum = 0.0;

    if (T < 2)
        return NAN;
    for (size_t i = 0; i + 1 < T; i++)
        sum += step < 0 ? map[(i + 1) * T + i] : map[i * T + i + 1];
    return sum / (double)(T - 1);
}

/* Mean mass on the earlier copies of repeated tokens, or on what follows those copies. */
static double copies_mean(const float *map, const struct at_repeats *r, size_t after)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < r->T; i++) {
        bool has_any = false;
        for (size_t c = r->first[i]; c < r->first[i + 1]; c++) {
            size_t key = r->copy[c] + after;
            if (key >= i)
                continue; /* what follows the copy is the token itself */
            sum += map[i * r->T + key];
            has_any = true;
        }
        n += has_any;
    }
    return n ? sum / (double)n : NAN;
}

static void pattern_task(void *arg, size_t head, size_t slot)
{
    const struct pattern_job *job = arg;
    const float *map = job->maps + head * job->T * job->T;
    double *out = job->out + head * AT_N_HEAD_PATTERNS;

    (void)slot;
    out[AT_PREVIOUS] = neighbour_mean(map, job->T, -1);
    out[AT_NEXT] = job->is_causal ? NAN : neighbour_mean(map, job->T, 1);
    out[AT_DUPLICATE] = job->repeats ? copies_mean(map, job->repeats, 0) : NAN;
    out[AT_INDUCTION] = job->repeats ? copies_mean(map, job->repeats, 1) : NAN;
}

void at_head_patterns(double *out, const float *maps, size_t H, size_t T, bool is_causal,
                      const struct at_repeats *r, struct at_pool *pool)
{
    struct pattern_job job = { out, maps, T, is_causal, r };

    AT_BUG_IF(r && r->T != T);
    at_pool_run(pool, H, pattern_task, &job);
}

void at_scale_within(double *out, const double *x, size_t N, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double least = NAN, most = NAN;
        for (size_t i = 0; i < N; i++) {
            least = fmin(least, x[i * d + j]); /* of a number and NaN, fmin answers the number */
            most = fmax(most, x[i * d + j]);
        }
        for (size_t i = 0; i < N; i++) {
            double v = x[i * d + j];
            bool is_told = at_has_spread(least, most);
            out[i * d + j] = isnan(v) ? NAN : is_told ? (v - least) / (most - least) : 0.5;
        }
    }
}
