/*
 * aim.c - see aim.h.
 */
#include "session/aim.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "model/classify.h"
#include "model/lm_head.h"

/* --- tokens --- */

/* The only piece that a text is, or -1; pieces receives what it is split into. */
static int only_piece(const struct at_tokenizer *t, const char *text, struct at_strbuf *pieces)
{
    struct at_tokens tokens = { 0 };
    struct at_error ignored;
    int id = -1;

    if (at_tokenize(&tokens, t, text, NULL, false, &ignored))
        return -1;
    if (tokens.n == 1)
        id = tokens.items[0].id;
    for (size_t i = 0; i < tokens.n; i++) {
        const char *piece = at_tokenizer_piece(t, tokens.items[i].id);
        at_strbuf_addf(pieces, "%s'%s'", i ? " + " : "", piece ? piece : "");
    }
    if (id == at_tokenizer_role(t, AT_ROLE_UNK) && id != at_tokenizer_id(t, text))
        id = -1;
    at_tokens_release(&tokens);
    return id;
}

/* Of a byte-level vocabulary a word inside a text begins with its space. */
static int find_token(const struct at_session *s, const char *text, struct at_strbuf *pieces)
{
    const struct at_tokenizer *t = s->tokenizer;
    char *spaced = at_asprintf(" %s", text);
    int id = -1;

    if (at_tokenizer_kind(t) == AT_BPE && *text != ' ')
        id = only_piece(t, spaced, pieces);
    if (id < 0) {
        at_strbuf_clear(pieces);
        id = only_piece(t, text, pieces);
    }
    free(spaced);
    return id < 0 ? at_tokenizer_id(t, text) : id;
}

static int take_token(int *out, const struct at_session *s, const char *option, const char *text,
                      struct at_error *err)
{
    struct at_strbuf pieces = { 0 };
    int id = find_token(s, text, &pieces), rc = 0;

    if (!*text)
        rc = at_fail(err, AT_ERANGE, "%s is empty: it takes a token", option);
    else if (id < 0)
        rc = at_fail(err, AT_ENOTFOUND,
                     "%s '%.*s' is no token of the vocabulary, which makes of it %.*s", option,
                     at_shown(text, 80), text, at_shown(at_strbuf_str(&pieces), 300),
                     pieces.n ? at_strbuf_str(&pieces) : "nothing");
    else
        *out = id;
    at_strbuf_release(&pieces);
    return rc;
}

static int aim_at_token(struct at_aim *a, const struct at_session *s,
                        const struct at_aim_options *o, struct at_error *err)
{
    int rc = 0;

    if (!at_lm_head_present(&s->model))
        return at_fail(err, AT_ENOTFOUND,
                       "the model has no language-model head: it expects no "
                       "tokens");
    if (o->token)
        rc = take_token(&a->token, s, "--target", o->token, err);
    if (!rc && o->foil)
        rc = take_token(&a->foil, s, "--foil", o->foil, err);
    if (!rc && o->foil && a->token == a->foil)
        rc = at_fail(err, AT_ERANGE, "--target and --foil are the same token");
    if (a->foil >= 0)
        a->kind = "contrast";
    return rc;
}

/* --- labels and classes --- */

/* Has a label this name, with or without its group ("ner:") and place in a span ("B-")? */
static bool is_named(const char *label, const char *name)
{
    const char *bare = label + at_label_group(label);

    bare += *bare == ':';
    if (!strcmp(label, name) || !strcmp(bare, name))
        return true;
    return (bare[0] == 'B' || bare[0] == 'I') && bare[1] == '-' && !strcmp(bare + 2, name);
}

static int no_such_label(const struct at_config *c, const char *name, struct at_error *err)
{
    struct at_strbuf all = { 0 };
    int rc;

    for (size_t i = 0; i < c->n_labels; i++)
        at_strbuf_addf(&all, "%s%s", i ? ", " : "", c->labels[i]);
    rc = at_fail(err, AT_ENOTFOUND, "the model has no label '%.*s'; it has %.*s",
                 at_shown(name, 80), name, at_shown(at_strbuf_str(&all), 600), at_strbuf_str(&all));
    at_strbuf_release(&all);
    return rc;
}

static int aim_at_labels(struct at_aim *a, const struct at_session *s,
                         const struct at_aim_options *o, struct at_arena *arena,
                         struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    bool has_outside = false;

    if (!s->model.weights.classifier.w.data)
        return at_fail(err, AT_ENOTFOUND, "the model has no token classifier");
    a->labels = at_arena_calloc(arena, c->n_labels, sizeof *a->labels);
    for (size_t i = 0; i < c->n_labels; i++) {
        bool is_outside = !strcmp(c->labels[i], "O");
        has_outside = has_outside || is_outside;
        if (o->label ? is_named(c->labels[i], o->label) : !is_outside)
            a->labels[a->n_labels++] = (int)i;
    }
    if (o->label && !a->n_labels)
        return no_such_label(c, o->label, err);
    if (!o->label && !has_outside)
        return at_fail(err, AT_ERANGE,
                       "the model's labels have no O, all others of which could be "
                       "explained: name one with --class");
    return 0;
}

const char *at_class_name(const struct at_model *m, int class)
{
    static const char *const of_next_sentence[] = { "is_next", "not_next" };

    return m->weights.text_classifier.w.data ? m->config.labels[class] : of_next_sentence[class];
}

static int aim_at_class(struct at_aim *a, const struct at_session *s,
                        const struct at_aim_options *o, struct at_arena *arena,
                        struct at_error *err)
{
    const struct at_weights *w = &s->model.weights;
    size_t n = w->text_classifier.w.data ? s->model.config.n_labels
               : w->next_sentence.w.data ? 2
                                         : 0;

    if (!n)
        return at_fail(err, AT_ENOTFOUND, "the model has no head for whole texts");
    a->labels = at_arena_calloc(arena, n, sizeof *a->labels);
    for (size_t i = 0; i < n; i++)
        if (!o->label || !strcmp(at_class_name(&s->model, (int)i), o->label))
            a->labels[a->n_labels++] = (int)i;
    if (w->text_classifier.w.data && s->model.config.is_regression)
        a->kind = "regression";
    if (a->n_labels)
        return 0;
    if (w->text_classifier.w.data)
        return no_such_label(&s->model.config, o->label, err);
    return at_fail(err, AT_ENOTFOUND, "the model has no class '%.*s'; it has is_next, not_next",
                   at_shown(o->label, 80), o->label);
}

/* --- what is asked --- */

static enum at_aim_choice choose(const struct at_session *s, const struct at_aim_options *o)
{
    bool has_labels = s->model.weights.classifier.w.data != NULL;

    if (o->choice != AT_AIM_AUTO)
        return o->choice;
    if (o->token || o->foil)
        return AT_AIM_TOKEN;
    if (o->label)
        return has_labels ? AT_AIM_LABEL : AT_AIM_CLASS;
    return s->model.weights.text_classifier.w.data ? AT_AIM_CLASS
           : has_labels                            ? AT_AIM_LABEL
           : at_lm_head_present(&s->model)         ? AT_AIM_TOKEN
                                                   : AT_AIM_POOLED_NORM;
}

int at_aim_init(struct at_aim *out, const struct at_session *s,
                const struct at_aim_options *options, struct at_arena *arena, struct at_error *err)
{
    static const struct {
        const char *kind;
        enum at_target_kind how;
    } all[] = {
        [AT_AIM_TOKEN] = { "token", AT_TARGET_TOKENS },
        [AT_AIM_LIKELIHOOD] = { "likelihood", AT_TARGET_TOKENS },
        [AT_AIM_LABEL] = { "label", AT_TARGET_LABELS },
        [AT_AIM_CLASS] = { "class", AT_TARGET_CLASSES },
        [AT_AIM_POOLED_NORM] = { "pooled_norm", AT_TARGET_POOLED_NORM },
    };
    enum at_aim_choice choice = choose(s, options);
    struct at_aim a = {
        choice, all[choice].kind, all[choice].how, -1, -1, options->label, NULL, 0
    };
    int rc = 0;

    if (choice == AT_AIM_TOKEN)
        rc = aim_at_token(&a, s, options, err);
    else if (choice == AT_AIM_LABEL)
        rc = aim_at_labels(&a, s, options, arena, err);
    else if (choice == AT_AIM_CLASS)
        rc = aim_at_class(&a, s, options, arena, err);
    else if (choice == AT_AIM_LIKELIHOOD && !at_lm_head_present(&s->model))
        rc = at_fail(err, AT_ENOTFOUND, "the model has no language-model head");
    else if (choice == AT_AIM_LIKELIHOOD && !s->model.config.is_causal &&
             at_tokenizer_role(s->tokenizer, AT_ROLE_MASK) < 0)
        rc = at_fail(err, AT_ENOTFOUND, "the vocabulary has no mask token");
    if (!rc)
        *out = a;
    return rc;
}
