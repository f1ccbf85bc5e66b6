/*
 * view.h - the room of `atlas view`: a call of it, and how a page comes together.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "analysis/bias_detector.h"
#include "analysis/faith_text.h"
#include "analysis/head_groups.h"
#include "base/array.h"
#include "cmd/cmd.h"
#include "cmd/tag_source.h"
#include "text/sentences.h"
#include "view/page.h"

struct view {
    const char *out, *max_size_text, *without, *methods, *beside;
    size_t max_size;
    bool is_exact;
    unsigned left_out; /* bits of enum view_part, by --without */
    const struct context *x;
    const struct at_session *session; /* the model at hand; NULL: captures */
    struct at_session other;          /* of --beside */
    bool is_beside;                   /* it is the one at hand */
    struct tag_source tags;
    bool has_tags, has_detector, has_aim;
    struct at_sentence_rules *rules;
    struct at_session bias; /* the classifier that flags tokens */
    struct at_detector detector;
    struct at_aim aim; /* what attributions explain */
    struct at_faith_options faith;
    struct at_arena arena; /* aim, methods */
    struct at_head_grouping grouping;
    struct at_map_kind kind; /* of the first text; all are of one model */
    struct AT_ARRAY(struct at_page_text) texts;
    struct at_json *about;     /* of the page */
    struct at_json *omitted;   /* what is not in it, and why */
    struct at_json *documents; /* of all texts, or NULL */
    char **dirs;               /* (n_dirs) result directories instead of texts */
    size_t n_dirs;
};

/* What --without leaves out. */
enum view_part {
    VIEW_DEEP = 1 << 0,  /* inside the layers: states, lens, vectors */
    VIEW_ROLES = 1 << 1, /* what heads look at, and their groups */
    VIEW_SENTENCES = 1 << 2,
    VIEW_BIAS = 1 << 3,
    VIEW_PREDICTIONS = 1 << 4,
    VIEW_VECTORS = 1 << 5, /* queries and keys */
    VIEW_ATTRIBUTIONS = 1 << 6,
};

/* view_omit - what is not in the page of a text (an id, or NULL: of all), and why. */
void view_omit(struct view *v, const char *id, const char *what, const char *why);

/* view_visitor - of each_text(): one text and all that is found about it, into v->texts. */
extern const struct at_visitor view_visitor;

/* view_gather - what is in the result directories of the call; answers an exit status. */
int view_gather(struct view *v);

/* view_shows - is a file of this name a document that a page shows? */
bool view_shows(const char *file);

/* view_find_text - the text of the page that is this one, pair "" for none; or NULL. */
struct at_page_text *view_find_text(struct view *v, const char *text, const char *pair);

/* view_check_model - AT_EFORMAT when the page is of another model. */
AT_MUST_USE int view_check_model(const struct view *v, const char *model, size_t L, size_t H,
                                 struct at_error *err);

/* view_help - what each number means, from the tables that `--explain` and `atlas help output`
   show; the caller's. */
struct at_json *view_help(bool is_causal);

#endif
