/*
 * bias_detect_report.c - what `atlas bias detect` tells: bias.json, tokens.csv, spans.csv,
 * pictures, the coloured text.
 */
#include "cmd/bias_detect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/guard.h"
#include "base/strbuf.h"
#include "cmd/term.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_strip.h"

#define TOKEN_COLUMNS                                                                              \
    "index,token,label,start,end,gen,unfair,stereo,o,labels,confidence,tier,explanation"
#define SPAN_COLUMNS                                                                               \
    "category,start,end,first_token,n_tokens,n_words,text,labels,score,mean_gen,mean_unfair,"      \
    "mean_stereo,explanation"
#define TEXT_COLUMNS "id,words,flagged,percentage,gen,unfair,stereo,confidence,level,band"

/* "GEN+STEREO" for what fired; "" for nothing. */
static char *labels_text(const bool *fired)
{
    struct at_strbuf b = { 0 };

    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (fired[c])
            at_strbuf_addf(&b, "%s%s", b.n ? "+" : "", at_bias_key((enum at_bias_category)c));
    return b.s ? at_strbuf_take(&b) : at_strdup("");
}

static void fired_of(bool *fired, const struct at_bias_token *t)
{
    for (size_t c = 0; c < AT_N_BIAS; c++)
        fired[c] = t->fired[c].label >= 0;
}

static char *explanation(const struct detect_state *s, const struct at_bias_token *t)
{
    struct at_strbuf b = { 0 };

    at_bias_explain(&b, t, s->call->detector.rule.is_by_label);
    return b.s ? at_strbuf_take(&b) : at_strdup("");
}

static char *span_text(const struct detect_state *s, const struct at_bias_span *span)
{
    return at_strndup(s->doc->in.text + span->start, span->end - span->start);
}

static char *span_explanation(const struct detect_state *s, const struct at_bias_span *span)
{
    struct at_strbuf b = { 0 };

    at_bias_span_explain(&b, span, s->verdicts, s->call->detector.rule.is_by_label);
    return b.s ? at_strbuf_take(&b) : at_strdup("");
}

/* --- document --- */

static struct at_json *keys_json(const bool *fired)
{
    struct at_json *list = at_json_array();

    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (fired[c])
            at_json_append(list, at_json_string(at_bias_key((enum at_bias_category)c)));
    return list;
}

static struct at_json *by_category(const double *values)
{
    struct at_json *o = at_json_object();

    for (size_t c = 0; c < AT_N_BIAS; c++)
        at_json_set_real(o, at_bias_key((enum at_bias_category)c), values[c]);
    return o;
}

static struct at_json *fired_json(const struct at_bias_token *t, bool is_by_label)
{
    struct at_json *o = at_json_object();

    for (size_t c = 0; c < AT_N_BIAS; c++) {
        const struct at_bias_fired *f = &t->fired[c];
        struct at_json *one;
        if (f->label < 0)
            continue;
        one = at_json_object();
        at_json_set_real(one, "p", f->p);
        at_json_set_real(one, "threshold", f->threshold);
        if (is_by_label)
            at_json_set_string(one, "label", at_bias_label_name((size_t)f->label));
        at_json_set(o, at_bias_key((enum at_bias_category)c), one);
    }
    return o;
}

static struct at_json *token_json(const struct detect_state *s, size_t i)
{
    const struct at_bias_token *t = &s->verdicts[i];
    const struct at_token *token = &s->doc->tokens.items[i];
    struct at_json *o = at_json_object(), *scores = by_category(t->score);
    double confidence = at_bias_confidence(t);
    bool fired[AT_N_BIAS];

    fired_of(fired, t);
    at_json_set_int(o, "index", (long long)i);
    at_json_set_string(o, "token", s->doc->pieces[i]);
    at_json_set_string(o, "label", s->doc->labels[i].text);
    at_json_set_bool(o, "special", t->is_special);
    if (token->start != AT_NO_OFFSET) {
        at_json_set_int(o, "start", (long long)token->start);
        at_json_set_int(o, "end", (long long)token->end);
    }
    at_json_set_real(scores, "O", t->score_o);
    at_json_set(o, "scores", scores);
    at_json_set(o, "labels", keys_json(fired));
    if (t->is_suppressed)
        at_json_set_bool(o, "suppressed", true);
    if (isnan(confidence))
        return o;
    at_json_set(o, "fired", fired_json(t, s->call->detector.rule.is_by_label));
    at_json_set_real(o, "confidence", confidence);
    at_json_set_string(o, "tier", at_bias_tier_name(at_bias_tier(confidence)));
    char *why = explanation(s, t);
    at_json_set_string(o, "explanation", why);
    free(why);
    return o;
}

static struct at_json *span_json(const struct detect_state *s, const struct at_bias_span *span)
{
    struct at_json *o = at_json_object();
    char *text = span_text(s, span), *why = span_explanation(s, span);

    at_json_set_string(o, "text", text);
    at_json_set_int(o, "start", (long long)span->start);
    at_json_set_int(o, "end", (long long)span->end);
    at_json_set_int(o, "first_token", (long long)span->first_token);
    at_json_set_int(o, "n_tokens", (long long)span->n_tokens);
    at_json_set_int(o, "n_words", (long long)span->n_words);
    at_json_set(o, "labels", keys_json(span->fired));
    at_json_set_real(o, "score", span->score);
    at_json_set(o, "mean", by_category(span->mean));
    at_json_set_bool(o, "shown", span->score >= s->call->min_score);
    at_json_set_string(o, "explanation", why);
    free(text);
    free(why);
    return o;
}

static struct at_json *spans_json(const struct detect_state *s, const struct at_bias_spans *spans)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < spans->n; i++)
        at_json_append(list, span_json(s, &spans->items[i]));
    return list;
}

static struct at_json *category_spans_json(const struct detect_state *s)
{
    struct at_json *o = at_json_object();

    for (size_t c = 0; c < AT_N_BIAS; c++) {
        struct at_bias_spans spans = { 0 };
        at_bias_spans(&spans, &s->words, (long)c);
        at_json_set(o, at_bias_key((enum at_bias_category)c), spans_json(s, &spans));
        at_array_release(&spans);
    }
    return o;
}

static struct at_json *summary_json(const struct at_bias_summary *s)
{
    struct at_json *o = at_json_object(), *count = at_json_object();
    bool found[AT_N_BIAS];

    for (size_t c = 0; c < AT_N_BIAS; c++) {
        at_json_set_int(count, at_bias_key((enum at_bias_category)c), (long long)s->count[c]);
        found[c] = s->count[c] > 0;
    }
    at_json_set_int(o, "words", (long long)s->total);
    at_json_set_int(o, "flagged", (long long)s->flagged);
    at_json_set_real(o, "percentage", s->percentage);
    at_json_set(o, "count", count);
    at_json_set_real(o, "confidence", s->confidence);
    at_json_set(o, "categories", keys_json(found));
    return o;
}

static struct at_json *level_json(const struct at_bias_level *l)
{
    struct at_json *o = at_json_object(), *components = by_category(l->category);

    at_json_set_real(o, "score", l->score);
    at_json_set_string(o, "band", at_bias_band_name(l->band));
    at_json_set_real(components, "density", l->density);
    at_json_set(o, "components", components);
    return o;
}

static struct at_json *tiers_json(const struct detect_state *s)
{
    struct at_json *o = at_json_object();

    for (size_t t = 0; t < AT_N_BIAS_TIERS; t++) {
        long long n = 0;
        for (size_t i = 0; i < s->doc->tokens.n; i++) {
            double confidence = at_bias_confidence(&s->verdicts[i]);
            n += !isnan(confidence) && at_bias_tier(confidence) == (enum at_bias_tier)t;
        }
        at_json_set_int(o, at_bias_tier_name((enum at_bias_tier)t), n);
    }
    return o;
}

static struct at_json *document(const struct detect_state *s)
{
    struct at_json *doc = at_json_object(), *tokens = at_json_array();

    for (size_t i = 0; i < s->doc->tokens.n; i++)
        at_json_append(tokens, token_json(s, i));
    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set(doc, "rule", detector_rule(&s->call->detector));
    at_json_set(doc, "tokens", tokens);
    at_json_set(doc, "spans", spans_json(s, &s->spans));
    at_json_set(doc, "spans_by_category", category_spans_json(s));
    at_json_set(doc, "summary", summary_json(&s->summary));
    at_json_set(doc, "level", level_json(&s->level));
    at_json_set(doc, "tiers", tiers_json(s));
    if (s->job->shape.caution)
        at_json_set_string(doc, "caution", s->job->shape.caution);
    return doc;
}

/* --- tables --- */

static void token_row(struct at_csv *csv, const struct detect_state *s, size_t i)
{
    const struct at_bias_token *t = &s->verdicts[i];
    const struct at_token *token = &s->doc->tokens.items[i];
    double confidence = at_bias_confidence(t);
    char *why = explanation(s, t), *labels;
    bool fired[AT_N_BIAS];

    fired_of(fired, t);
    labels = labels_text(fired);
    at_csv_int(csv, (long long)i);
    at_csv_text(csv, s->doc->pieces[i]);
    at_csv_text(csv, s->doc->labels[i].text);
    for (size_t k = 0; k < 2; k++)
        if (token->start == AT_NO_OFFSET)
            at_csv_empty(csv);
        else
            at_csv_int(csv, (long long)(k ? token->end : token->start));
    for (size_t c = 0; c < AT_N_BIAS; c++)
        at_csv_real(csv, t->score[c]);
    at_csv_real(csv, t->score_o);
    at_csv_text(csv, labels);
    at_csv_real(csv, confidence);
    at_csv_text(csv, isnan(confidence) ? "" : at_bias_tier_name(at_bias_tier(confidence)));
    at_csv_text(csv, why);
    at_csv_end(csv);
    free(labels);
    free(why);
}

static int write_tokens(struct detect_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "tokens.csv", TOKEN_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < s->doc->tokens.n; i++)
        token_row(&csv, s, i);
    return job_csv_commit(&csv, s->job, s->doc, "tokens.csv", TOKEN_COLUMNS, err);
}

static void span_rows(struct at_csv *csv, const struct detect_state *s, long category)
{
    struct at_bias_spans spans = { 0 };

    at_bias_spans(&spans, &s->words, category);
    for (size_t i = 0; i < spans.n; i++) {
        const struct at_bias_span *span = &spans.items[i];
        char *text = span_text(s, span), *why = span_explanation(s, span);
        char *labels = labels_text(span->fired);
        at_csv_text(csv, category < 0 ? "any" : at_bias_key((enum at_bias_category)category));
        at_csv_int(csv, (long long)span->start);
        at_csv_int(csv, (long long)span->end);
        at_csv_int(csv, (long long)span->first_token);
        at_csv_int(csv, (long long)span->n_tokens);
        at_csv_int(csv, (long long)span->n_words);
        at_csv_text(csv, text);
        at_csv_text(csv, labels);
        at_csv_real(csv, span->score);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            at_csv_real(csv, span->mean[c]);
        at_csv_text(csv, why);
        at_csv_end(csv);
        free(text);
        free(why);
        free(labels);
    }
    at_array_release(&spans);
}

static int write_spans(struct detect_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "spans.csv", SPAN_COLUMNS, err);

    if (rc)
        return rc;
    for (long category = -1; category < AT_N_BIAS; category++)
        span_rows(&csv, s, category);
    return job_csv_commit(&csv, s->job, s->doc, "spans.csv", SPAN_COLUMNS, err);
}

int detect_texts_table(struct detect_call *c, struct job *job, struct at_error *err)
{
    struct at_csv csv;
    int rc;

    if (c->rows.n == 0 || !job->manifest || !(job->formats & FORMAT_CSV))
        return 0;
    rc = job_csv_open(&csv, job, NULL, "texts.csv", TEXT_COLUMNS, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < c->rows.n; i++) {
        const struct detect_row *r = &c->rows.items[i];
        at_csv_text(&csv, r->id);
        at_csv_int(&csv, (long long)r->summary.total);
        at_csv_int(&csv, (long long)r->summary.flagged);
        at_csv_real(&csv, r->summary.percentage);
        for (size_t k = 0; k < AT_N_BIAS; k++)
            at_csv_int(&csv, (long long)r->summary.count[k]);
        at_csv_real(&csv, r->summary.confidence);
        at_csv_real(&csv, r->level.score);
        at_csv_text(&csv, at_bias_band_name(r->level.band));
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, job, NULL, "texts.csv", TEXT_COLUMNS, err);
}

/* --- pictures --- */

static const char *const category_names[] = { "generalisation", "unfairness", "stereotype" };

/* Words of a span that is told of but not coloured. */
static bool is_hidden(const struct detect_state *s, size_t word)
{
    for (size_t i = 0; i < s->spans.n; i++)
        if (word >= s->spans.items[i].first_word &&
            word < s->spans.items[i].first_word + s->spans.items[i].n_words)
            return s->spans.items[i].score < s->call->min_score;
    return false;
}

/* The largest probability of a word's pieces that fired in a category; 0 when none did. */
static double word_p(const struct detect_state *s, const struct at_bias_word *w, size_t category)
{
    double p = 0.0;

    for (size_t i = w->first_token; i < w->first_token + w->n_tokens; i++)
        if (s->verdicts[i].fired[category].label >= 0)
            p = fmax(p, s->verdicts[i].fired[category].p);
    return p;
}

static char *level_text(const struct detect_state *s)
{
    if (isnan(s->level.score))
        return at_strdup("no words");
    return at_asprintf("%zu of %zu word%s flagged, level %.2f (%s)", s->summary.flagged,
                       s->summary.total, at_plural(s->summary.total), s->level.score,
                       at_bias_band_name(s->level.band));
}

/* The text as it was written, word by word. */
static struct at_strip_token *strip_words(const struct detect_state *s, struct at_arena *arena)
{
    struct at_strip_token *out = at_arena_calloc(arena, s->words.n, sizeof *out);

    for (size_t i = 0; i < s->words.n; i++) {
        const struct at_bias_word *w = &s->words.items[i];
        out[i].text = at_arena_strndup(arena, s->doc->in.text + w->start, w->end - w->start);
        out[i].is_continuation = i > 0 && w->start == s->words.items[i - 1].end;
        out[i].intensity = NAN;
        for (size_t c = 0; c < AT_N_BIAS && !is_hidden(s, i); c++)
            if (w->fired[c]) {
                out[i].marks |= 1u << c;
                out[i].intensity = fmax(out[i].intensity, word_p(s, w, c));
            }
    }
    return out;
}

static int picture_text(struct detect_state *s, struct at_error *err)
{
    struct at_arena arena = { 0 };
    const char *caution = s->job->shape.caution;
    char *level = level_text(s);
    size_t n_hidden = 0;

    for (size_t i = 0; i < s->spans.n; i++)
        n_hidden += s->spans.items[i].score < s->call->min_score;
    struct at_strip strip = {
        .title = at_arena_printf(&arena, "Bias in the text, %s", s->job->shown_model),
        .subtitle = level,
        .tokens = strip_words(s, &arena),
        .n = s->words.n,
        .category_names = category_names,
        .n_categories = AT_N_BIAS,
        .intensity_name = "probability that fired",
        .width_mm = s->job->width_mm,
    };
    const char *note =
        at_arena_printf(&arena, "%s%s%s", caution ? caution : "", caution && n_hidden ? "; " : "",
                        n_hidden ? "spans with a low mean score are not coloured" : "");
    strip.note = *note ? note : NULL;
    int rc = job_picture(s->job, s->doc, "bias", at_draw_strip(&strip), err);
    free(level);
    at_arena_release(&arena);
    return rc;
}

static int picture_scores(struct detect_state *s, struct at_error *err)
{
    static const struct at_label rows[] = {
        { .text = "GEN" }, { .text = "UNFAIR" }, { .text = "STEREO" }, { .text = "O" }
    };
    size_t n = s->doc->tokens.n;
    float *values = at_malloc(4 * n, sizeof *values);
    char *title = at_asprintf("Probability of each category, %s", s->job->shown_model);
    char *subtitle = level_text(s);
    struct at_heatmap h = {
        .title = title,
        .subtitle = subtitle,
        .x_name = "token",
        .y_name = "category",
        .unit = "probability",
        .rows = 4,
        .cols = n,
        .values = values,
        .row_labels = rows,
        .col_labels = s->doc->labels,
        .scale = { .kind = AT_SEQUENTIAL, .hi = 1.0 },
        .show_values = true,
        .width_mm = s->job->width_mm,
    };
    int rc;

    for (size_t i = 0; i < n; i++) {
        const struct at_bias_token *t = &s->verdicts[i];
        for (size_t c = 0; c < AT_N_BIAS; c++)
            values[c * n + i] = t->is_special ? NAN : (float)t->score[c];
        values[AT_N_BIAS * n + i] = t->is_special ? NAN : (float)t->score_o;
    }
    rc = job_picture(s->job, s->doc, "bias_scores", at_draw_heatmap(&h), err);
    free(subtitle);
    free(title);
    free(values);
    return rc;
}

/* --- standard output --- */

/* Orange, vermilion and purple of the pictures' palette, in 256 colours. */
static const char *const colors[AT_N_BIAS] = { OWN_ESC "[48;5;179m" OWN_ESC "[30m",
                                               OWN_ESC "[48;5;167m" OWN_ESC "[97m",
                                               OWN_ESC "[48;5;175m" OWN_ESC "[30m" };

static void print_span(const struct detect_state *s, const struct at_bias_span *span, bool color)
{
    char *labels = labels_text(span->fired);
    size_t first = 0;

    while (!span->fired[first])
        first++;
    if (color)
        printf("%s%.*s" OWN_ESC "[0m" OWN_ESC "[2m %s" OWN_ESC "[0m", colors[first],
               (int)(span->end - span->start), s->doc->in.text + span->start, labels);
    else
        printf("[%.*s|%s]", (int)(span->end - span->start), s->doc->in.text + span->start, labels);
    free(labels);
}

static void print_text(const struct detect_state *s)
{
    bool color = term_has_color((enum color_mode)s->job->color, stdout);
    size_t at = 0;

    for (size_t i = 0; i < s->spans.n; i++) {
        const struct at_bias_span *span = &s->spans.items[i];
        if (span->score < s->call->min_score)
            continue;
        printf("%.*s", (int)(span->start - at), s->doc->in.text + at);
        print_span(s, span, color);
        at = span->end;
    }
    printf("%s\n", s->doc->in.text + at);
}

/* A flagged word: for every category the largest probability of its pieces that fired. */
static void print_word(const struct detect_state *s, const struct at_bias_word *w, size_t width)
{
    char *text = at_strndup(s->doc->in.text + w->start, w->end - w->start);

    printf("    ");
    term_pad(stdout, text, width);
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        if (w->fired[c])
            printf("  %s %.2f", at_bias_key((enum at_bias_category)c), word_p(s, w, c));
        else
            printf("  %*s", (int)strlen(at_bias_key((enum at_bias_category)c)) + 5, "");
    }
    printf("\n");
    free(text);
}

static void print_words(const struct detect_state *s, const struct at_bias_span *span)
{
    const struct at_bias_word *words = s->words.items + span->first_word;
    size_t width = 0;

    for (size_t w = 0; w < span->n_words; w++) {
        char *text = at_strndup(s->doc->in.text + words[w].start, words[w].end - words[w].start);
        width = AT_MAX(width, AT_MIN(term_columns(text), (size_t)24));
        free(text);
    }
    for (size_t w = 0; w < span->n_words; w++)
        print_word(s, &words[w], width);
}

static void print_spans(const struct detect_state *s)
{
    size_t n_hidden = 0;

    for (size_t i = 0; i < s->spans.n; i++) {
        const struct at_bias_span *span = &s->spans.items[i];
        char *labels = labels_text(span->fired);
        bool is_shown = span->score >= s->call->min_score;
        printf("  span %zu, %s, mean score %.2f%s\n", i + 1, labels, span->score,
               is_shown ? "" : ", not coloured");
        print_words(s, span);
        n_hidden += !is_shown;
        free(labels);
    }
    if (s->spans.n == 0)
        printf("  nothing flagged; what is only implied is outside the detector's definition\n");
    if (n_hidden)
        printf("  spans with a mean score below %.2f are not coloured\n", s->call->min_score);
}

static void print_summary(const struct detect_state *s)
{
    char *level = level_text(s);

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    print_text(s);
    printf("  %s", level);
    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (s->summary.count[c])
            printf(", %s %zu", at_bias_key((enum at_bias_category)c), s->summary.count[c]);
    printf("\n");
    print_spans(s);
    if (s->job->shape.caution)
        printf("  %s\n", s->job->shape.caution);
    free(level);
}

int detect_report(struct detect_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_tokens(s, err);
    if (!rc && job->manifest && (job->formats & FORMAT_CSV))
        rc = write_spans(s, err);
    if (!rc && job_draws(job))
        rc = picture_text(s, err);
    if (!rc && job_draws(job))
        rc = picture_scores(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "bias.json", document(s), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(s);
    return rc;
}
