/*
 * bias_spans.c - see bias_spans.h.
 */
#include "analysis/bias_spans.h"

#include <math.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "text/unicode.h"
#include "text/words.h"

/* A byte-level piece may end inside a character; its word is taken to the character's end. */
static size_t character_end(const char *text, size_t end)
{
    while ((text[end] & 0xC0) == 0x80)
        end++;
    return end;
}

static size_t character_start(const char *text, size_t start)
{
    while (start > 0 && (text[start] & 0xC0) == 0x80)
        start--;
    return start;
}

/* Tokens may have the space before a word in them. */
static void leave_out_blanks(struct at_bias_word *word, const char *text)
{
    size_t end = word->start;

    for (size_t at = word->start, next = at; at < word->end; at = next) {
        bool is_blank = at_unicode_is_space(at_utf8_next(text, &next));
        if (is_blank && word->start == at)
            word->start = next;
        if (!is_blank)
            end = next;
    }
    word->end = AT_MAX(end, word->start);
}

void at_bias_words(struct at_bias_words *out, const struct at_bias_token *verdicts,
                   const struct at_tokens *tokens, const char *text)
{
    struct at_words words = { 0 };

    at_words_group(&words, tokens);
    for (size_t w = 0; w < words.n; w++) {
        size_t first = words.first[w], last = first + words.count[w] - 1;
        struct at_bias_word word = { .first_token = first, .n_tokens = words.count[w] };
        word.start = character_start(text, tokens->items[first].start);
        word.end = character_end(text, tokens->items[last].end);
        leave_out_blanks(&word, text);
        word.has_letter = at_unicode_has_word(text, word.start, word.end);
        for (size_t i = first; i <= last; i++)
            for (size_t c = 0; c < AT_N_BIAS; c++) {
                word.fired[c] |= verdicts[i].fired[c].label >= 0;
                word.score[c] = fmax(word.score[c], verdicts[i].score[c]);
            }
        *at_array_push(out) = word;
    }
    at_words_release(&words);
}

static bool is_flagged(const struct at_bias_word *w, long category)
{
    bool any = false;

    for (size_t c = 0; c < AT_N_BIAS; c++)
        any |= w->fired[c] && (category < 0 || category == (long)c);
    return any;
}

static struct at_bias_span span_of(const struct at_bias_words *words, size_t first, size_t last,
                                   long category)
{
    const struct at_bias_word *a = &words->items[first], *z = &words->items[last];
    struct at_bias_span s = { .first_word = first, .n_words = last - first + 1 };
    double n_fired = 0.0;

    s.first_token = a->first_token;
    s.n_tokens = z->first_token + z->n_tokens - a->first_token;
    s.start = a->start;
    s.end = z->end;
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        for (size_t w = first; w <= last; w++) {
            s.fired[c] |= words->items[w].fired[c] && (category < 0 || category == (long)c);
            s.mean[c] += words->items[w].score[c] / (double)s.n_words;
        }
        s.score += s.fired[c] ? s.mean[c] : 0.0;
        n_fired += s.fired[c];
    }
    s.score /= n_fired;
    return s;
}

void at_bias_spans(struct at_bias_spans *out, const struct at_bias_words *words, long category)
{
    for (size_t first = 0, end; first < words->n; first = end) {
        end = first + 1;
        if (!is_flagged(&words->items[first], category))
            continue;
        while (end < words->n && is_flagged(&words->items[end], category) &&
               words->items[end].first_token ==
                   words->items[end - 1].first_token + words->items[end - 1].n_tokens)
            end++;
        *at_array_push(out) = span_of(words, first, end - 1, category);
    }
}

void at_bias_span_explain(struct at_strbuf *out, const struct at_bias_span *span,
                          const struct at_bias_token *verdicts, bool is_by_label)
{
    const char *separator = "";

    for (size_t i = span->first_token; i < span->first_token + span->n_tokens; i++) {
        if (!at_bias_is_flagged(&verdicts[i]))
            continue;
        at_strbuf_adds(out, separator);
        at_bias_explain(out, &verdicts[i], is_by_label);
        separator = " | ";
    }
}

void at_bias_summary(struct at_bias_summary *out, const struct at_bias_words *words)
{
    double sum = 0.0, n = 0.0;

    *out = (struct at_bias_summary){ 0 };
    for (size_t i = 0; i < words->n; i++) {
        const struct at_bias_word *w = &words->items[i];
        if (!w->has_letter)
            continue;
        out->total++;
        out->flagged += is_flagged(w, -1);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            if (w->fired[c]) {
                out->count[c]++;
                sum += w->score[c];
                n++;
            }
    }
    out->percentage = out->total ? 100.0 * (double)out->flagged / (double)out->total : NAN;
    out->confidence = n > 0.0 ? sum / n : NAN;
}

void at_bias_level(struct at_bias_level *out, const struct at_bias_summary *s,
                   const struct at_bias_weights *weights)
{
    double total = weights->density, words = (double)s->total;

    *out = (struct at_bias_level){ .density = s->percentage / 100.0 };
    out->score = weights->density * out->density;
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        out->category[c] = s->total ? fmin(1.0, 5.0 * (double)s->count[c] / words) : NAN;
        out->score += weights->category[c] * out->category[c];
        total += weights->category[c];
    }
    out->score /= total;
    if (out->score > 1.0) /* NaN stays NaN */
        out->score = 1.0;
    out->band = isnan(out->score)   ? AT_BIAS_NO_BAND
                : out->score < 0.15 ? AT_BIAS_LOW
                : out->score < 0.40 ? AT_BIAS_MODERATE
                                    : AT_BIAS_HIGH;
}

const char *at_bias_band_name(enum at_bias_band b)
{
    static const char *const bands[] = { "low", "moderate", "high", NULL };

    return bands[b];
}
