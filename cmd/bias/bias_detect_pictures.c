/*
 * bias_detect_pictures.c - flagged words as pictures: the coloured text, probabilities of tokens.
 */
#include <math.h>

#include "cmd/bias/bias_detect.h"
#include "draw/draw_heatmap.h"
#include "draw/draw_strip.h"

/* The text as it was written, word by word. */
static struct at_strip_token *strip_words(const struct at_bias_result *r, struct at_arena *arena)
{
    struct at_strip_token *out = at_arena_calloc(arena, r->n_words, sizeof *out);

    for (size_t i = 0; i < r->n_words; i++) {
        const struct at_bias_word_row *w = &r->words[i];
        out[i].text = w->text;
        out[i].is_continuation = w->is_continuation;
        out[i].marks = w->is_shown ? w->labels : 0;
        out[i].intensity = w->is_shown ? w->p_max : NAN;
    }
    return out;
}

static int picture_text(struct sink *sink, const struct at_doc *doc, const struct at_bias_result *r,
                        const char *level, struct at_arena *arena, struct at_error *err)
{
    const char *caution = r->caution ? r->caution : "";
    const char *note =
        at_arena_printf(arena, "%s%s%s", caution, *caution && r->n_hidden ? "; " : "",
                        r->n_hidden ? "spans with a low mean score are not coloured" : "");
    const struct at_strip strip = {
        .title = at_arena_printf(arena, "Bias in the text, %s", doc->model_name),
        .subtitle = level,
        .note = *note ? note : NULL,
        .tokens = strip_words(r, arena),
        .n = r->n_words,
        .category_names = category_names,
        .n_categories = AT_N_BIAS,
        .intensity_name = "probability that fired",
        .width_mm = sink->call->width_mm,
    };

    return sink_picture(sink, doc, doc->model_name, "bias", at_draw_strip(&strip), err);
}

static int picture_scores(struct sink *sink, const struct at_doc *doc,
                          const struct at_bias_result *r, const char *level, struct at_arena *arena,
                          struct at_error *err)
{
    static const struct at_label rows[AT_N_BIAS + 1] = {
        { .text = "GEN" }, { .text = "UNFAIR" }, { .text = "STEREO" }, { .text = "O" }
    };
    const struct at_heatmap h = {
        .title = at_arena_printf(arena, "Probability of each category, %s", doc->model_name),
        .subtitle = level,
        .x_name = "token",
        .y_name = "category",
        .unit = "probability",
        .rows = AT_N_BIAS + 1,
        .cols = r->n_tokens,
        .values = r->scores,
        .row_labels = rows,
        .col_labels = doc->labels,
        .scale = { .kind = AT_SEQUENTIAL, .hi = 1.0 },
        .show_values = true,
        .width_mm = sink->call->width_mm,
    };

    return sink_picture(sink, doc, doc->model_name, "bias_scores", at_draw_heatmap(&h), err);
}

int detect_pictures(struct sink *sink, const struct at_doc *doc, const struct at_bias_result *r,
                    struct at_error *err)
{
    struct at_arena arena = { 0 };
    const char *level = detect_level(r, &arena);
    int rc = picture_text(sink, doc, r, level, &arena, err);

    if (!rc)
        rc = picture_scores(sink, doc, r, level, &arena, err);
    at_arena_release(&arena);
    return rc;
}
