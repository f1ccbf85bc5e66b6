/*
 * stereo_scoring.c - see stereo_scoring.h.
 */
#include "analysis/stereo_scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "model/lm_head.h"

const char *at_stereo_unavailable(const struct at_model *m, enum at_stereo_protocol protocol,
                                  enum at_stereo_part part)
{
    bool is_official = protocol == AT_STEREO_OFFICIAL, is_inter = part == AT_INTERSENTENCE;

    if (protocol == AT_STEREO_REFERENCE && !is_inter)
        return "the reference protocol scores intersentence items only";
    if (is_official && is_inter && m->config.is_causal)
        return "the official protocol scores intersentence items of causal models with a "
               "next-sentence head that was never published; the conditional protocol can";
    if (is_official && is_inter && !m->weights.next_sentence.w.data)
        return "the model has no next-sentence head";
    if (!(is_official && is_inter) && !at_lm_head_present(m))
        return "the model has no language-model head";
    return NULL;
}

/* One sentence on its way through the scorer. */
struct work {
    struct at_tokens tokens;
    double *values; /* (n): ln p, or p for the next-sentence head */
    size_t n;
};

static void reserve(struct work *w, size_t n)
{
    w->n = n;
    w->values = at_malloc(n, sizeof *w->values);
    for (size_t i = 0; i < n; i++)
        w->values[i] = NAN;
}

/* Start of the space-separated word with that number, or NULL; its length in *n_out. */
static const char *word_at(const char *text, size_t number, size_t *n_out)
{
    for (; number > 0; number--) {
        text = strchr(text, ' ');
        if (!text)
            return NULL;
        text++;
    }
    *n_out = strcspn(text, " ");
    return text;
}

static bool is_ascii_punctuation(char c)
{
    return c != '\0' && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c);
}

char *at_stereo_blank_word(const char *context, const char *sentence)
{
    size_t number = 0, i = 0, n, m = 0;
    const char *word;
    char *out;

    for (const char *w = context; (w = word_at(context, i, &n)); i++) {
        const char *blank = strstr(w, "BLANK");
        if (blank && blank < w + n)
            number = i;
    }
    word = word_at(sentence, number, &n);
    if (!word)
        return NULL;
    out = at_malloc(n + 1, 1);
    for (size_t k = 0; k < n; k++)
        if (!is_ascii_punctuation(word[k]))
            out[m++] = word[k];
    out[m] = '\0';
    if (m == 0) {
        free(out);
        return NULL;
    }
    return out;
}

/* Context with BLANK replaced by the first pieces of the word and a [MASK]. */
static void fill_blank(struct at_strbuf *out, const struct at_tokenizer *t, const char *context,
                       const int *pieces, size_t n_pieces)
{
    const char *blank = strstr(context, "BLANK");

    at_strbuf_clear(out);
    at_strbuf_add(out, context, (size_t)(blank - context));
    at_tokenizer_decode(t, out, pieces, n_pieces);
    at_strbuf_adds(out, at_tokenizer_piece(t, at_tokenizer_role(t, AT_ROLE_MASK)));
    at_strbuf_adds(out, blank + strlen("BLANK"));
}

/* Ask for p of piece number k of the word, those before it visible, one mask in its place. */
static int ask_piece(struct work *w, struct at_scorer *s, const char *context, const int *pieces,
                     size_t k, struct at_error *err)
{
    struct at_question q = { 0, pieces[k], &w->values[k] };
    struct at_strbuf text = { 0 };
    struct at_tokens tokens = { 0 };
    int *ids, rc;

    fill_blank(&text, s->tokenizer, context, pieces, k);
    rc = at_tokenize(&tokens, s->tokenizer, text.s, NULL, true, err);
    at_strbuf_release(&text);
    if (rc)
        return rc;
    ids = at_malloc(tokens.n, sizeof *ids);
    for (size_t i = 0; i < tokens.n; i++) {
        ids[i] = tokens.items[i].id;
        if (ids[i] == s->mask_id)
            q.row = i;
    }
    rc = at_scorer_add(s, ids, NULL, tokens.n, &q, 1, err);
    free(ids);
    at_tokens_release(&tokens);
    return rc;
}

static int ask_blank(struct work *w, struct at_scorer *s, const struct at_stereo_item *item,
                     const char *sentence, struct at_error *err)
{
    char *word = item->n_blanks == 1 ? at_stereo_blank_word(item->context, sentence) : NULL;
    int *pieces, rc;

    if (item->n_blanks != 1)
        return at_fail(err, AT_ERANGE, "the context has %zu times BLANK, want once; %s",
                       item->n_blanks, AT_STEREO_BY_PROTOCOL);
    if (!word)
        return at_fail(err, AT_ERANGE, "the sentence has no word in the place of BLANK");
    if (s->mask_id < 0) {
        free(word);
        return at_fail(err, AT_ENOTFOUND, "the vocabulary has no [MASK] token");
    }
    rc = at_tokenize(&w->tokens, s->tokenizer, word, NULL, false, err);
    free(word);
    if (rc)
        return rc;
    reserve(w, w->tokens.n);
    pieces = at_tokens_ids(&w->tokens);
    for (size_t k = 0; k < w->n && !rc; k++)
        rc = ask_piece(w, s, item->context, pieces, k, err);
    free(pieces);
    return rc;
}

static int ask_next(struct work *w, struct at_scorer *s, const struct at_stereo_item *item,
                    const char *sentence, struct at_error *err)
{
    struct at_question q = { 0, AT_ASK_NEXT_SENTENCE, NULL };
    int rc = at_tokenize(&w->tokens, s->tokenizer, item->context, sentence, true, err), *ids;
    size_t n = w->tokens.n;

    if (rc)
        return rc;
    reserve(w, 1);
    q.out = w->values;
    ids = at_malloc(2 * n, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        ids[i] = w->tokens.items[i].id;
        ids[n + i] = w->tokens.items[i].segment;
    }
    rc = at_scorer_add(s, ids, ids + n, n, &q, 1, err);
    free(ids);
    return rc;
}

/* ln p of the tokens of a text that end after the byte from: a space may be a piece of its own. */
static int ask_text(struct work *w, struct at_scorer *s, const char *text, size_t from,
                    struct at_score_rule rule, struct at_error *err)
{
    int rc = at_tokenize(&w->tokens, s->tokenizer, text, NULL, true, err);
    bool *wanted;

    if (rc)
        return rc;
    reserve(w, w->tokens.n);
    wanted = at_malloc(w->n, sizeof *wanted);
    for (size_t i = 0; i < w->n; i++) {
        const struct at_token *t = &w->tokens.items[i];
        wanted[i] = from == 0 || (t->end != AT_NO_OFFSET && t->end > from);
    }
    rc = at_scorer_add_text(s, w->values, &w->tokens, wanted, rule, err);
    free(wanted);
    return rc;
}

static int ask_after_context(struct work *w, struct at_scorer *s, const struct at_stereo_item *item,
                             const char *sentence, bool is_whole, struct at_score_rule rule,
                             struct at_error *err)
{
    char *text = at_asprintf("%s %s", item->context, sentence);
    int rc = ask_text(w, s, text, is_whole ? 0 : strlen(item->context), rule, err);

    free(text);
    return rc;
}

static int ask(struct work *w, struct at_scorer *s, const struct at_stereo_item *item,
               const char *sentence, enum at_stereo_protocol protocol, struct at_score_rule rule,
               struct at_error *err)
{
    const struct at_score_rule official = { AT_PLL_ORIGINAL, AT_BOS_APART };

    if (protocol == AT_STEREO_OFFICIAL && item->part == AT_INTERSENTENCE)
        return ask_next(w, s, item, sentence, err);
    if (protocol == AT_STEREO_OFFICIAL && !s->model->config.is_causal)
        return ask_blank(w, s, item, sentence, err);
    if (protocol == AT_STEREO_OFFICIAL)
        return ask_text(w, s, sentence, 0, official, err);
    if (item->part == AT_INTRASENTENCE)
        return ask_text(w, s, sentence, 0, rule, err);
    return ask_after_context(w, s, item, sentence, protocol == AT_STEREO_REFERENCE, rule, err);
}

/* A reason that concerns more than the unrelated sentence takes the place of one that does not. */
static void exclude(struct at_scored *r, size_t gold, const char *why)
{
    if (r->excluded && (gold == AT_UNRELATED || !r->is_partial))
        return;
    free(r->excluded);
    r->is_partial = gold == AT_UNRELATED;
    r->excluded = at_asprintf("%s sentence: %s%s", at_gold_name((enum at_gold)gold), why,
                              gold == AT_UNRELATED ? AT_STEREO_IN_PART : "");
}

/* From the values of one sentence to its score; see enum at_stereo_protocol. */
static double score_of(const struct work *w, const struct at_stereo_item *item,
                       enum at_stereo_protocol protocol, bool is_causal, size_t *n_out)
{
    struct at_text_score t = at_text_score(w->values, w->n);
    double sum = 0.0;

    *n_out = t.n;
    if (protocol != AT_STEREO_OFFICIAL || t.n == 0)
        return t.mean;
    if (item->part == AT_INTERSENTENCE) {
        *n_out = w->tokens.n;
        return w->values[0];
    }
    if (is_causal)
        return exp(t.mean);
    for (size_t k = 0; k < w->n; k++)
        sum += exp(w->values[k]);
    return sum / (double)w->n;
}

static int ask_item(struct at_scored *r, struct work *work, struct at_scorer *s,
                    const struct at_stereo_item *item, enum at_stereo_protocol protocol,
                    struct at_score_rule rule, struct at_error *err)
{
    int rc = 0;

    for (size_t g = 0; g < AT_N_GOLD && !rc; g++) {
        rc = ask(&work[g], s, item, item->sentence[g].text, protocol, rule, err);
        if (rc == AT_ERANGE) {
            exclude(r, g, err->text);
            rc = 0;
        }
    }
    return rc;
}

static void reduce(struct at_scored *r, const struct work *work, const struct at_stereo_item *item,
                   enum at_stereo_protocol protocol, bool is_causal)
{
    for (size_t g = 0; g < AT_N_GOLD; g++) {
        r->score[g] = score_of(&work[g], item, protocol, is_causal, &r->n[g]);
        if (r->n[g] == 0)
            exclude(r, g, "no token to score");
    }
    for (size_t g = 0; r->excluded && g < AT_N_GOLD; g++)
        if (g == AT_UNRELATED || !r->is_partial)
            r->score[g] = NAN;
}

int at_stereo_score(struct at_scored *out, struct at_scorer *s, const struct at_stereo_item *items,
                    size_t n, enum at_stereo_protocol protocol, struct at_score_rule rule,
                    struct at_error *err)
{
    struct work *work = at_calloc(n * AT_N_GOLD, sizeof *work);
    struct at_error ignored;
    int rc = 0;

    if (!err)
        err = &ignored; /* the reason of an exclusion is taken from it */
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < n && !rc; i++)
        rc = ask_item(&out[i], work + AT_N_GOLD * i, s, &items[i], protocol, rule, err);
    if (!rc)
        rc = at_scorer_run(s, err);
    else
        at_scorer_drop(s);
    for (size_t i = 0; i < n && !rc; i++)
        reduce(&out[i], work + AT_N_GOLD * i, &items[i], protocol, s->model->config.is_causal);
    for (size_t i = 0; i < n * AT_N_GOLD; i++) {
        at_tokens_release(&work[i].tokens);
        free(work[i].values);
    }
    if (rc)
        at_scored_release(out, n);
    free(work);
    return rc;
}
