/*
 * bias_detect_print.c - what `atlas bias detect` tells of a text in a terminal.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/bias/bias_detect.h"
#include "cmd/guard.h"
#include "cmd/term.h"

/* Orange, vermilion and purple of the pictures' palette, in 256 colours. */
static const char *const colors[AT_N_BIAS] = { OWN_ESC "[48;5;179m" OWN_ESC "[30m",
                                               OWN_ESC "[48;5;167m" OWN_ESC "[97m",
                                               OWN_ESC "[48;5;175m" OWN_ESC "[30m" };

/* "GEN+STEREO" */
static void print_labels(unsigned labels)
{
    const char *separator = "";

    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (labels >> c & 1) {
            printf("%s%s", separator, at_bias_keys[c]);
            separator = "+";
        }
}

static void print_span(const struct at_bias_span_row *span, bool has_color)
{
    size_t first = 0;

    while (!(span->labels >> first & 1))
        first++;
    if (has_color)
        printf("%s%s" OWN_ESC "[0m" OWN_ESC "[2m ", colors[first], span->text);
    else
        printf("[%s|", span->text);
    print_labels(span->labels);
    printf("%s", has_color ? OWN_ESC "[0m" : "]");
}

static void print_text(const struct at_doc *doc, const struct at_bias_result *r, bool has_color)
{
    size_t at = 0;

    for (size_t i = 0; i < r->n_spans; i++) {
        const struct at_bias_span_row *span = &r->spans[i];
        if (!span->is_shown)
            continue;
        printf("%.*s", (int)(span->start - at), doc->in.text + at);
        print_span(span, has_color);
        at = span->end;
    }
    printf("%s\n", doc->in.text + at);
}

/* The words of a span, with the probability of what fired. */
static void print_words(const struct at_bias_word_row *words, size_t n)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++)
        width = AT_MAX(width, AT_MIN(term_columns(words[i].text), (size_t)24));
    for (size_t i = 0; i < n; i++) {
        printf("    ");
        term_pad(stdout, words[i].text, width);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            if (words[i].labels >> c & 1)
                printf("  %s %.2f", at_bias_keys[c], words[i].p[c]);
            else
                printf("  %*s", (int)strlen(at_bias_keys[c]) + 5, "");
        printf("\n");
    }
}

const char *detect_level(const struct at_bias_result *r, struct at_arena *arena)
{
    const struct at_bias_summary *s = &r->summary.of;

    if (!r->level.band)
        return "no words";
    return at_arena_printf(arena, "%zu of %zu word%s flagged, level %.2f (%s)", s->flagged,
                           s->total, at_plural(s->total), r->level.of.score, r->level.band);
}

void detect_print(const struct detect *d, const struct at_doc *doc, const struct at_bias_result *r)
{
    struct at_arena arena = { 0 };

    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    print_text(doc, r, term_has_color((enum color_mode)d->x->call->color, stdout));
    printf("  %s", detect_level(r, &arena));
    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (r->summary.of.count[c])
            printf(", %s %zu", at_bias_keys[c], r->summary.of.count[c]);
    printf("\n");
    for (size_t i = 0; i < r->n_spans; i++) {
        const struct at_bias_span_row *span = &r->spans[i];
        printf("  span %zu, ", i + 1);
        print_labels(span->labels);
        printf(", mean score %.2f%s\n", span->score, span->is_shown ? "" : ", not coloured");
        print_words(r->words + span->first_word, span->n_words);
    }
    if (r->n_spans == 0)
        printf("  nothing flagged; what is only implied is outside the detector's definition\n");
    if (r->n_hidden)
        printf("  spans with a mean score below %.2f are not coloured\n", d->options.min_score);
    if (r->caution)
        printf("  %s\n", r->caution);
    at_arena_release(&arena);
}
