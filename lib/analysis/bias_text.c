/*
 * bias_text.c - see bias_text.h.
 */
#include "analysis/bias_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

/* A number for each category: keys that are the categories, columns of their own. */
#define BY_CATEGORY(type, member, prefix, unit, help)                                              \
    AT_FIELD(type, member[AT_BIAS_GEN], prefix "gen", unit, help "generalisation", .json = "GEN"), \
        AT_FIELD(type, member[AT_BIAS_UNFAIR], prefix "unfair", unit, help "unfairness",           \
                 .json = "UNFAIR"),                                                                \
        AT_FIELD(type, member[AT_BIAS_STEREO], prefix "stereo", unit, help "stereotype",           \
                 .json = "STEREO")

/* An object whose fields lie in the struct itself. */
#define WITHIN(k, rec, ...)                                                                        \
    {                                                                                              \
        .key = (k), .kind = AT_KIND_RECORD, .record = (rec), .help = __VA_ARGS__                   \
    }

/* --- tokens --- */

static const struct at_field score_fields[] = {
    BY_CATEGORY(struct at_bias_token_row, score, "", "probability", "of "),
    AT_FIELD(struct at_bias_token_row, score_o, "o", "probability", "of no category", .json = "O"),
    AT_FIELD_END
};
static const struct at_record score_record = AT_RECORD(struct at_bias_token_row, score_fields);

static const struct at_field fired_fields[] = {
    AT_FIELD(struct at_bias_fired_row, category, "category", NULL, "GEN, UNFAIR or STEREO"),
    AT_FIELD(struct at_bias_fired_row, p, "p", "probability", "that reached the threshold"),
    AT_FIELD(struct at_bias_fired_row, threshold, "threshold", "probability", "that it reached"),
    AT_FIELD(struct at_bias_fired_row, label, "label", NULL, "with thresholds by label: which",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
static const struct at_record fired_record = AT_RECORD(struct at_bias_fired_row, fired_fields);

static const struct at_field token_fields[] = {
    AT_FIELD(struct at_bias_token_row, index, "index", NULL, "token, from 0"),
    AT_FIELD(struct at_bias_token_row, token, "token", NULL, "piece of the vocabulary"),
    AT_FIELD(struct at_bias_token_row, label, "label", NULL, "as people write it"),
    AT_FIELD(struct at_bias_token_row, is_special, "special", NULL, "it is [CLS] or the like",
             .flags = AT_JSON_ONLY),
    AT_FIELD(struct at_bias_token_row, start, "start", "bytes", "where it starts in the text",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_bias_token_row, end, "end", "bytes", "where it ends", .flags = AT_LEAVE_OUT),
    WITHIN("scores", &score_record, "the greater of a category's two probabilities, and O's"),
    AT_FIELD_FLAGS(struct at_bias_token_row, labels, "labels", at_bias_keys,
                   "what it is flagged with"),
    AT_FIELD(struct at_bias_token_row, is_suppressed, "suppressed", NULL,
             "punctuation, which is never flagged", .flags = AT_JSON_ONLY | AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_bias_token_row, fired, n_fired, "fired", &fired_record,
                  "what reached its threshold", .flags = AT_KEYED | AT_LEAVE_OUT),
    AT_FIELD(struct at_bias_token_row, confidence, "confidence", "probability",
             "greatest that reached its threshold", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_bias_token_row, tier, "tier", NULL, "low, medium or high, of the confidence",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_bias_token_row, explanation, "explanation", NULL, "the same in words",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_bias_token_row_record = AT_RECORD(struct at_bias_token_row, token_fields);

/* --- spans --- */

static const struct at_field mean_fields[] = { BY_CATEGORY(struct at_bias_span_row, mean, "mean_",
                                                           "probability", "mean over words, of "),
                                               AT_FIELD_END };
static const struct at_record mean_record = AT_RECORD(struct at_bias_span_row, mean_fields);

static const struct at_field span_fields[] = {
    AT_FIELD(struct at_bias_span_row, category, "category", NULL,
             "any, or the one category of its words", .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_bias_span_row, start, "start", "bytes", "where it starts in the text"),
    AT_FIELD(struct at_bias_span_row, end, "end", "bytes", "where it ends"),
    AT_FIELD(struct at_bias_span_row, first_token, "first_token", NULL, "token, from 0"),
    AT_FIELD(struct at_bias_span_row, n_tokens, "n_tokens", NULL, "its tokens"),
    AT_FIELD(struct at_bias_span_row, n_words, "n_words", NULL, "its words"),
    AT_FIELD(struct at_bias_span_row, text, "text", NULL, "the words themselves"),
    AT_FIELD_FLAGS(struct at_bias_span_row, labels, "labels", at_bias_keys,
                   "what they are flagged with"),
    AT_FIELD(struct at_bias_span_row, score, "score", "probability",
             "mean of its categories' means"),
    WITHIN("mean", &mean_record, "of every category"),
    AT_FIELD(struct at_bias_span_row, is_shown, "shown", NULL,
             "the score is at least --min-score: it is coloured", .flags = AT_JSON_ONLY),
    AT_FIELD(struct at_bias_span_row, explanation, "explanation", NULL,
             "explanations of its tokens"),
    AT_FIELD_END
};
const struct at_record at_bias_span_row_record = AT_RECORD(struct at_bias_span_row, span_fields);

static const struct at_field category_spans_fields[] = {
    AT_FIELD(struct at_bias_category_spans, category, "category", NULL, "GEN, UNFAIR or STEREO"),
    AT_FIELD_LIST(struct at_bias_category_spans, spans, n, NULL, &at_bias_span_row_record,
                  "runs of words flagged with that category"),
    AT_FIELD_END
};
static const struct at_record category_spans_record =
    AT_RECORD(struct at_bias_category_spans, category_spans_fields);

/* --- the text --- */

static const struct at_field count_fields[] = {
    BY_CATEGORY(struct at_bias_summary, count, "", NULL, "words flagged as "), AT_FIELD_END
};
static const struct at_record count_record = AT_RECORD(struct at_bias_summary, count_fields);

static const struct at_field summary_fields[] = {
    AT_FIELD(struct at_bias_summary_row, of.total, "words", NULL, "words with a letter or digit"),
    AT_FIELD(struct at_bias_summary_row, of.flagged, "flagged", NULL, "how many are flagged"),
    AT_FIELD(struct at_bias_summary_row, of.percentage, "percentage", "percent",
             "share of words that are flagged"),
    AT_FIELD_RECORD(struct at_bias_summary_row, of, "count", &count_record, "by category"),
    AT_FIELD(struct at_bias_summary_row, of.confidence, "confidence", "probability",
             "mean over flagged words and their categories"),
    AT_FIELD_FLAGS(struct at_bias_summary_row, categories, "categories", at_bias_keys,
                   "those that were found", .flags = AT_JSON_ONLY),
    AT_FIELD_END
};
static const struct at_record summary_record =
    AT_RECORD(struct at_bias_summary_row, summary_fields);

static const struct at_field component_fields[] = {
    AT_FIELD(struct at_bias_level, density, "density", "fraction", "share of flagged words"),
    BY_CATEGORY(struct at_bias_level, category, "", "fraction",
                "five times the share of words, at most 1: "),
    AT_FIELD_END
};
static const struct at_record component_record = AT_RECORD(struct at_bias_level, component_fields);

static const struct at_field level_fields[] = {
    AT_FIELD(struct at_bias_level_row, of.score, "level", NULL,
             "weighted mean of the components, from 0 to 1", .json = "score"),
    AT_FIELD(struct at_bias_level_row, band, "band", NULL, "low, moderate or high"),
    AT_FIELD_RECORD(struct at_bias_level_row, of, "components", &component_record,
                    "before they are weighted", .flags = AT_JSON_ONLY),
    AT_FIELD_END
};
static const struct at_record level_record = AT_RECORD(struct at_bias_level_row, level_fields);

static const struct at_field tier_fields[] = {
    AT_FIELD(struct at_bias_result, tiers[AT_BIAS_TIER_LOW], "low", NULL, "below 0.70"),
    AT_FIELD(struct at_bias_result, tiers[AT_BIAS_TIER_MEDIUM], "medium", NULL, "below 0.85"),
    AT_FIELD(struct at_bias_result, tiers[AT_BIAS_TIER_HIGH], "high", NULL, "from 0.85 on"),
    AT_FIELD_END
};
static const struct at_record tier_record = AT_RECORD(struct at_bias_result, tier_fields);

static const struct at_field result_fields[] = {
    AT_FIELD_RECORD(struct at_bias_result, rule, "rule", &at_detector_rule_record,
                    "what decides whether a token is flagged"),
    AT_FIELD_LIST(struct at_bias_result, tokens, n_tokens, "tokens", &at_bias_token_row_record,
                  "every token"),
    AT_FIELD_LIST(struct at_bias_result, spans, n_spans, "spans", &at_bias_span_row_record,
                  "runs of adjacent flagged words"),
    AT_FIELD_LIST(struct at_bias_result, by_category, n_categories, "spans_by_category",
                  &category_spans_record, "those of one category alone", .flags = AT_KEYED),
    AT_FIELD_RECORD(struct at_bias_result, summary, "summary", &summary_record, "of the words"),
    AT_FIELD_RECORD(struct at_bias_result, level, "level", &level_record,
                    "one number for the text"),
    WITHIN("tiers", &tier_record, "flagged tokens by confidence"),
    AT_FIELD(struct at_bias_result, caution, "caution", NULL, "what to think of the classifier",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_END
};
const struct at_record at_bias_result_record = AT_RECORD(struct at_bias_result, result_fields);

static const struct at_field text_row_fields[] = {
    AT_FIELD_RECORD(struct at_bias_text_row, of, NULL, &at_text_head_record, "the text"),
    AT_FIELD_RECORD(struct at_bias_text_row, summary, NULL, &summary_record, NULL),
    AT_FIELD_RECORD(struct at_bias_text_row, level, NULL, &level_record, NULL), AT_FIELD_END
};
const struct at_record at_bias_text_row_record =
    AT_RECORD(struct at_bias_text_row, text_row_fields);

/* --- making it --- */

/* A text on its way. */
struct making {
    struct at_bias_result *r;
    const struct at_detector *d;
    const struct at_doc *doc;
    const struct at_bias_text_options *options;
    struct at_bias_token *verdicts; /* (T) */
    struct at_bias_words words;
    struct at_arena *arena;
};

static unsigned bits_of(const bool *fired)
{
    unsigned bits = 0;

    for (size_t c = 0; c < AT_N_BIAS; c++)
        bits |= (unsigned)fired[c] << c;
    return bits;
}

/* The text of a buffer as the arena's; the buffer is empty again. */
static const char *keep(struct at_arena *arena, struct at_strbuf *b)
{
    const char *text = at_arena_strdup(arena, at_strbuf_str(b));

    at_strbuf_release(b);
    return text;
}

static void add_fired(struct at_bias_token_row *row, const struct making *m,
                      const struct at_bias_token *v)
{
    bool is_by_label = m->d->rule.is_by_label;
    struct at_strbuf why = { 0 };

    row->fired = at_arena_alloc(m->arena, AT_N_BIAS, sizeof *row->fired);
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        const struct at_bias_fired *f = &v->fired[c];
        if (f->label < 0)
            continue;
        row->labels |= 1u << c;
        row->fired[row->n_fired++] =
            (struct at_bias_fired_row){ at_bias_keys[c], f->p, f->threshold,
                                        is_by_label ? at_bias_label_name((size_t)f->label) : NULL };
    }
    row->tier = at_bias_tier_name(at_bias_tier(row->confidence));
    at_bias_explain(&why, v, is_by_label);
    row->explanation = keep(m->arena, &why);
    m->r->tiers[at_bias_tier(row->confidence)]++;
}

static void add_tokens(struct making *m)
{
    struct at_bias_result *r = m->r;
    size_t n = m->doc->tokens.n;

    r->n_tokens = n;
    r->tokens = at_arena_calloc(m->arena, n, sizeof *r->tokens);
    r->scores = at_arena_alloc(m->arena, (AT_N_BIAS + 1) * n, sizeof *r->scores);
    for (size_t i = 0; i < n; i++) {
        const struct at_bias_token *v = &m->verdicts[i];
        const struct at_token *token = &m->doc->tokens.items[i];
        struct at_bias_token_row *row = &r->tokens[i];
        *row = (struct at_bias_token_row){
            .index = i,
            .token = m->doc->pieces[i],
            .label = m->doc->labels[i].text,
            .start = token->start,
            .end = token->start == AT_NO_OFFSET ? AT_NONE : token->end,
            .is_special = v->is_special,
            .is_suppressed = v->is_suppressed,
            .score_o = v->score_o,
            .confidence = at_bias_confidence(v),
        };
        for (size_t c = 0; c < AT_N_BIAS; c++) {
            row->score[c] = v->score[c];
            r->scores[c * n + i] = v->is_special ? NAN : (float)v->score[c];
        }
        r->scores[AT_N_BIAS * n + i] = v->is_special ? NAN : (float)v->score_o;
        if (!isnan(row->confidence))
            add_fired(row, m, v);
    }
}

static const char *text_between(const struct making *m, size_t start, size_t end)
{
    return at_arena_strndup(m->arena, m->doc->in.text + start, end - start);
}

/* Runs of one category, or of any (-1), behind those that are there; answers how many. */
static size_t add_spans_of(struct making *m, long category)
{
    struct at_bias_spans found = { 0 };
    struct at_bias_result *r = m->r;
    size_t n;

    at_bias_spans(&found, &m->words, category);
    for (size_t i = 0; i < found.n; i++) {
        const struct at_bias_span *s = &found.items[i];
        struct at_bias_span_row *row = &r->spans[r->n_all_spans++];
        struct at_strbuf why = { 0 };
        *row = (struct at_bias_span_row){
            .category = category < 0 ? "any" : at_bias_keys[category],
            .first_word = s->first_word,
            .start = s->start,
            .end = s->end,
            .first_token = s->first_token,
            .n_tokens = s->n_tokens,
            .n_words = s->n_words,
            .text = text_between(m, s->start, s->end),
            .labels = bits_of(s->fired),
            .score = s->score,
            .is_shown = s->score >= m->options->min_score,
        };
        for (size_t c = 0; c < AT_N_BIAS; c++)
            row->mean[c] = s->mean[c];
        at_bias_span_explain(&why, s, m->verdicts, m->d->rule.is_by_label);
        row->explanation = keep(m->arena, &why);
    }
    n = found.n;
    at_array_release(&found);
    return n;
}

static void add_spans(struct making *m)
{
    struct at_bias_result *r = m->r;

    r->spans = at_arena_alloc(m->arena, (AT_N_BIAS + 1) * m->words.n, sizeof *r->spans);
    r->n_spans = add_spans_of(m, -1);
    for (size_t i = 0; i < r->n_spans; i++)
        r->n_hidden += !r->spans[i].is_shown;
    r->n_categories = AT_N_BIAS;
    r->by_category = at_arena_alloc(m->arena, AT_N_BIAS, sizeof *r->by_category);
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        struct at_bias_span_row *first = r->spans + r->n_all_spans;
        r->by_category[c] =
            (struct at_bias_category_spans){ at_bias_keys[c], first, add_spans_of(m, (long)c) };
    }
}

static void add_words(struct making *m)
{
    struct at_bias_result *r = m->r;

    r->n_words = m->words.n;
    r->words = at_arena_calloc(m->arena, r->n_words, sizeof *r->words);
    for (size_t i = 0; i < r->n_words; i++) {
        const struct at_bias_word *w = &m->words.items[i];
        struct at_bias_word_row *row = &r->words[i];
        row->text = text_between(m, w->start, w->end);
        row->is_continuation = i > 0 && w->start == m->words.items[i - 1].end;
        row->labels = bits_of(w->fired);
        row->p_max = NAN;
        for (size_t c = 0; c < AT_N_BIAS; c++) {
            row->p[c] = NAN;
            for (size_t t = w->first_token; t < w->first_token + w->n_tokens; t++)
                row->p[c] = fmax(row->p[c], m->verdicts[t].fired[c].p); /* NaN: did not fire */
            row->p_max = fmax(row->p_max, row->p[c]);
        }
    }
    for (size_t k = 0; k < r->n_spans; k++)
        for (size_t i = 0; i < r->spans[k].n_words; i++)
            r->words[r->spans[k].first_word + i].is_shown = r->spans[k].is_shown;
}

int at_bias_text(struct at_bias_result *out, struct at_arena *arena, const struct at_detector *d,
                 const struct at_doc *doc, const float *hidden,
                 const struct at_bias_text_options *options, struct at_error *err)
{
    struct at_bias_result r = { .caution = d->session->model.config.caution };
    struct making m = { .r = &r, .d = d, .doc = doc, .options = options, .arena = arena };
    int rc;

    m.verdicts = at_calloc(doc->tokens.n, sizeof *m.verdicts);
    rc = at_detector_judge(m.verdicts, d, &doc->tokens, hidden, err);
    if (!rc) {
        r.rule = at_detector_rule(d, arena);
        at_bias_words(&m.words, m.verdicts, &doc->tokens, doc->in.text);
        add_tokens(&m);
        add_spans(&m);
        add_words(&m);
        at_bias_summary(&r.summary.of, &m.words);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            r.summary.categories |= (unsigned)(r.summary.of.count[c] > 0) << c;
        at_bias_level(&r.level.of, &r.summary.of, &options->weights);
        r.level.band = at_bias_band_name(r.level.of.band);
        *out = r;
    }
    at_array_release(&m.words);
    free(m.verdicts);
    return rc;
}
