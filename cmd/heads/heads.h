/*
 * heads.h - the room of `atlas heads`: a call of it, and how its results are shown.
 */
#ifndef HEADS_HEADS_H
#define HEADS_HEADS_H

#include "analysis/head_features.h"
#include "analysis/head_syntax.h"
#include "cmd/cmd.h"
#include "cmd/many.h"
#include "cmd/tag_source.h"

struct heads {
    struct tag_source tags;
    const char *conllu; /* --conllu FILE */
    long min_words;     /* relations with fewer are left out of its table */
    bool subtypes;
    const struct context *x;
    struct many many;
    struct at_head_windows windows; /* of the text at hand */
};

/* heads_pictures - radars and layer x head maps. */
AT_MUST_USE int heads_pictures(struct sink *sink, const struct at_doc *doc,
                               const struct at_heads *r, struct at_error *err);

/* syntax_pictures - of --conllu: the best heads beside their baselines, and a map of all heads for
   each relation and direction. */
AT_MUST_USE int syntax_pictures(struct sink *sink, const char *model_name,
                                const struct at_head_syntax *r, struct at_error *err);

/* head_syntax - --conllu: the best head for each relation; answers an exit status. */
int head_syntax(struct heads *h);

/* Of maps of patterns: "Attention to the previous token". */
extern const char *const head_pattern_titles[AT_N_HEAD_PATTERNS];

/* head_score_title - of a score's axis for this model: CLS or first token. */
const char *head_score_title(const struct at_doc *doc, size_t score);

#endif
