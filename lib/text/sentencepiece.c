/*
 * sentencepiece.c - SentencePiece's .model files, see tokenizer_read.h.
 *
 * The file has pieces, scores and how a text is normalized; ids, special tokens and what is put
 * around a text are those of the class that tokenizer_config.json names. A reader of our own of the
 * few fields that count, since a library would bring its own normalizer and no places in the text.
 *
 * Source    sentencepiece_model.proto; convert_slow_tokenizer.py of Hugging Face's transformers.
 */
#include "text/tokenizer_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/mapfile.h"
#include "base/utf8.h"
#include "text/sentencepiece_file.h"
#include "text/unicode.h"

#define SPACE      0x2581u
#define SPACE_TEXT "\xe2\x96\x81"

/* What a class makes of a model. */
struct class
{
    const char *name;
    struct at_piece_score first[5]; /* in front of the pieces of the file */
    size_t n_first;
    size_t n_dropped;     /* pieces of the file that those stand for */
    const char *last;     /* behind them */
    int unk;              /* -1: what the file says */
    bool punishes_commas; /* numbers that end in a comma are hardly ever pieces */
    bool byte_fallback;
    const char *before, *behind,
        *between; /* what is put around texts; between: before the second */
    int type_of_second;
    const char *roles[AT_N_ROLES];
    const char *more[3]; /* further special tokens */
};

#define PIECE(text, score)                                                                         \
    {                                                                                              \
        text, sizeof text - 1, score, AT_PIECE_NORMAL                                              \
    }

static const struct class classes[] = {
    { .name = "XLMRoberta",
      .first = { PIECE("<s>", 0), PIECE("<pad>", 0), PIECE("</s>", 0), PIECE("<unk>", 0) },
      .n_first = 4,
      .n_dropped = 3,
      .last = "<mask>",
      .unk = 3,
      .before = "<s>",
      .behind = "</s>",
      .between = "</s>",
      .roles = { "<unk>", "<s>", "</s>", "<pad>", "<mask>", "<s>", "</s>" } },
    { .name = "Camembert",
      .first = { PIECE("<s>NOTUSED", 0), PIECE("<pad>", 0), PIECE("</s>NOTUSED", 0),
                 PIECE("<unk>", 0), PIECE("<unk>NOTUSED", -100) },
      .n_first = 5,
      .n_dropped = 1,
      .last = "<mask>",
      .unk = 3,
      .before = "<s>",
      .behind = "</s>",
      .between = "</s>",
      .roles = { "<unk>", "<s>", "</s>", "<pad>", "<mask>", "<s>", "</s>" },
      .more = { "<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED" } },
    { .name = "Albert",
      .unk = -1,
      .punishes_commas = true,
      .before = "[CLS]",
      .behind = "[SEP]",
      .type_of_second = 1,
      .roles = { "<unk>", "[CLS]", "[SEP]", "<pad>", "[MASK]", "[CLS]", "[SEP]" } },
    { .name = "T5",
      .unk = -1,
      .behind = "</s>",
      .roles = { "<unk>", NULL, NULL, "<pad>", NULL, NULL, "</s>" } },
    { .name = "Llama",
      .unk = 0,
      .byte_fallback = true,
      .type_of_second = 1,
      .roles = { "<unk>", NULL, NULL, NULL, NULL, "<s>", "</s>" } },
};

/* "1," and its like: a digit before the last comma. */
static bool ends_in_comma(const struct at_piece_score *p)
{
    size_t at = p->n;

    if (at < 2 || p->text[--at] != ',')
        return false;
    do
        at--;
    while (at > 0 && ((unsigned char)p->text[at] & 0xC0) == 0x80);
    return at_unicode_is_number(at_utf8_next(p->text, &at));
}

static int add_piece(struct at_tokenizer *t, const struct at_piece_score *p, double score,
                     struct at_error *err)
{
    int rc = at_vocab_add(&t->vocab, (long long)t->unigram.scores.n, p->text, p->n, err);

    if (!rc)
        *at_array_push(&t->unigram.scores) = score;
    return rc;
}

static int add_pieces(struct at_tokenizer *t, const struct class *c,
                      const struct at_sentencepiece *p, long long n_extra, struct at_error *err)
{
    int rc = 0;

    at_vocab_reserve(&t->vocab, p->pieces.n + 128);
    for (size_t i = 0; !rc && i < c->n_first; i++)
        rc = add_piece(t, &c->first[i], c->first[i].score, err);
    for (size_t i = c->n_dropped; !rc && i < p->pieces.n; i++) {
        const struct at_piece_score *piece = &p->pieces.items[i];

        if (at_utf8_check(piece->text, piece->n) < piece->n)
            return at_fail(err, AT_EFORMAT, "invalid UTF-8 in piece %zu", i);
        rc = add_piece(
            t, piece,
            c->punishes_commas && ends_in_comma(piece) ? piece->score - 100 : piece->score, err);
    }
    if (!rc && c->last)
        rc =
            add_piece(t, &(struct at_piece_score){ c->last, strlen(c->last), 0.0, AT_PIECE_NORMAL },
                      0.0, err);
    for (long long i = n_extra - 1; !rc && i >= 0; i--) {
        struct at_strbuf name = { 0 };

        at_strbuf_addf(&name, "<extra_id_%lld>", i);
        rc = add_piece(t, &(struct at_piece_score){ name.s, name.n, 0.0, AT_PIECE_NORMAL }, 0.0,
                       err);
        at_strbuf_release(&name);
    }
    return rc;
}

/* Two pieces that make a third one. */
struct merge {
    double score;
    int whole;
    size_t n_left, n_right; /* characters */
    int left, right;
    size_t split, index; /* bytes of the left one; order in which it was found */
};

/* Of those that make one piece the one whose parts have the smaller ids is found first. */
static int by_parts(const void *a, const void *b)
{
    const struct merge *x = a, *y = b;

    if (x->left != y->left)
        return x->left < y->left ? -1 : 1;
    return x->right < y->right ? -1 : x->right > y->right;
}

/* The highest score first, then the longer parts. */
static int by_score(const void *a, const void *b)
{
    const struct merge *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->n_left != y->n_left)
        return x->n_left > y->n_left ? -1 : 1;
    if (x->n_right != y->n_right)
        return x->n_right > y->n_right ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct merges AT_ARRAY(struct merge);

/* Every way to make the piece of two others. */
static void find_merges(struct merges *out, const struct at_tokenizer *t, int whole)
{
    const char *s = at_vocab_piece(&t->vocab, whole);
    size_t n = strlen(s), first = out->n, n_all = 0, n_left = 0;

    for (size_t i = 0; i < n; n_all++)
        at_utf8_next(s, &i);
    for (size_t at = 0; at < n;) {
        struct merge m = { .score = t->unigram.scores.items[whole], .whole = whole };

        at_utf8_next(s, &at);
        m.split = at;
        m.n_left = ++n_left;
        m.n_right = n_all - n_left;
        m.left = at < n ? at_vocab_find(&t->vocab, s, at) : -1;
        m.right = m.left < 0 ? -1 : at_vocab_find(&t->vocab, s + at, n - at);
        if (m.right >= 0)
            *at_array_push(out) = m;
    }
    if (out->n > first)
        qsort(out->items + first, out->n - first, sizeof *out->items, by_parts);
}

static int set_bpe(struct at_tokenizer *t, const struct class *c, struct at_error *err)
{
    struct merges merges = { 0 };
    int rc = 0;

    for (size_t id = 0; id < t->unigram.scores.n; id++)
        if (at_vocab_find(&t->vocab, at_vocab_piece(&t->vocab, (long long)id),
                          strlen(at_vocab_piece(&t->vocab, (long long)id))) == (int)id)
            find_merges(&merges, t, (int)id);
    for (size_t i = 0; i < merges.n; i++)
        merges.items[i].index = i;
    if (merges.n)
        qsort(merges.items, merges.n, sizeof *merges.items, by_score);
    t->kind = AT_BPE;
    at_bpe_init(&t->bpe, &t->vocab);
    t->bpe.unk = t->unk;
    t->bpe.fuses_unknown = true;
    t->bpe.byte_fallback = c->byte_fallback;
    for (size_t i = 0; !rc && i < merges.n; i++) {
        const struct merge *m = &merges.items[i];
        const char *s = at_vocab_piece(&t->vocab, m->whole);

        rc = at_bpe_add_merge(&t->bpe, s, m->split, s + m->split, strlen(s) - m->split, err);
    }
    at_array_release(&merges);
    return rc;
}

static int set_unigram(struct at_tokenizer *t, const struct class *c)
{
    t->kind = AT_UNIGRAM;
    t->unigram.vocab = &t->vocab;
    t->unigram.unk = t->unk;
    t->unigram.byte_fallback = c->byte_fallback;
    at_unigram_init(&t->unigram);
    return 0;
}

static int push_replace(struct at_tokenizer *t, const char *pattern, bool is_regex,
                        const char *content, struct at_error *err)
{
    struct at_normalizer_step step = { .kind = AT_NORMALIZE_REPLACE };
    int rc = at_pattern_read(&step.pattern, pattern, is_regex, err);

    step.content = at_strdup(content);
    at_normalizer_push(&t->normalizer, step);
    return rc;
}

static void push_plain(struct at_tokenizer *t, enum at_normalizer_kind kind)
{
    at_normalizer_push(&t->normalizer, (struct at_normalizer_step){ .kind = kind });
}

static int push_charsmap(struct at_tokenizer *t, const struct at_sentencepiece *p,
                         struct at_error *err)
{
    struct at_normalizer_step step = { .kind = AT_NORMALIZE_CHARSMAP };
    int rc;

    if (!p->n_charsmap)
        return 0;
    rc = at_charsmap_read(&step.charsmap, p->charsmap, p->n_charsmap, err);
    at_normalizer_push(&t->normalizer, step);
    return rc;
}

/* ALBERT's own steps before those of the file. */
static int push_albert(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    bool keeps_accents = false, lower = true;
    int rc = push_replace(t, "``", false, "\"", err);

    if (!rc)
        rc = push_replace(t, "''", false, "\"", err);
    at_settings_switch(&keeps_accents, s, "keep_accents");
    at_settings_switch(&lower, s, "do_lower_case");
    if (!keeps_accents) {
        push_plain(t, AT_NORMALIZE_NFKD);
        push_plain(t, AT_NORMALIZE_STRIP_ACCENTS);
    }
    if (lower)
        push_plain(t, AT_NORMALIZE_LOWER);
    return rc;
}

/* LLaMA's: a mark for each space, and one in front. */
static int set_llama_steps(struct at_tokenizer *t, const struct at_settings *s,
                           struct at_error *err)
{
    struct at_pretokenizer_step cut = { .kind = AT_CUT_METASPACE,
                                        .cut = AT_CUT_TO_NEXT,
                                        .character = SPACE,
                                        .prepend = AT_PREPEND_FIRST };
    struct at_normalizer_step step = { .kind = AT_NORMALIZE_PREPEND };
    bool is_legacy = true, has_prefix = true;

    at_settings_switch(&is_legacy, s, "legacy");
    at_settings_switch(&has_prefix, s, "add_prefix_space");
    if (!is_legacy) {
        cut.prepend = has_prefix ? AT_PREPEND_FIRST : AT_PREPEND_NEVER;
        at_pretokenizer_push(&t->pretokenizer, cut);
        return 0;
    }
    if (has_prefix) {
        step.content = at_strdup(SPACE_TEXT);
        at_normalizer_push(&t->normalizer, step);
    }
    return push_replace(t, " ", false, SPACE_TEXT, err);
}

static int set_steps(struct at_tokenizer *t, const struct class *c,
                     const struct at_sentencepiece *p, const struct at_settings *s,
                     struct at_error *err)
{
    bool is_albert = !strcmp(c->name, "Albert"), is_legacy = true;
    struct at_pretokenizer_step cut = {
        .kind = AT_CUT_METASPACE, .cut = AT_CUT_TO_NEXT, .is_cut = true, .character = SPACE
    };
    struct at_normalizer_step strip = { .kind = AT_NORMALIZE_STRIP, .strip_right = true };
    int rc;

    if (!strcmp(c->name, "Llama"))
        return set_llama_steps(t, s, err);
    rc = is_albert ? push_albert(t, s, err) : 0;
    if (!rc)
        rc = push_charsmap(t, p, err);
    if (!rc && p->drops_spaces && !is_albert)
        at_normalizer_push(&t->normalizer, strip);
    if (!rc && p->drops_spaces)
        rc = push_replace(t, " {2,}", true, is_albert ? " " : SPACE_TEXT, err);
    at_settings_switch(&is_legacy, s, "legacy");
    cut.prepend = !p->has_prefix ? AT_PREPEND_NEVER
                  : is_legacy    ? AT_PREPEND_ALWAYS
                                 : AT_PREPEND_FIRST;
    at_pretokenizer_push(&t->pretokenizer, cut);
    return rc;
}

static int find(int *out, const struct at_tokenizer *t, const char *name, struct at_error *err)
{
    *out = at_tokenizer_id(t, name);
    return *out < 0 ? at_fail(err, AT_EFORMAT, "the vocabulary has no '%s'", name) : 0;
}

/* LLaMA puts bos and eos where tokenizer_config.json says so. */
static int set_llama_post(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    bool adds_bos = true, adds_eos = false;
    struct at_plan_item items[6];
    size_t n = 0;
    int bos = -1, eos = -1, rc = 0;

    at_settings_switch(&adds_bos, s, "add_bos_token");
    at_settings_switch(&adds_eos, s, "add_eos_token");
    if (adds_bos)
        rc = find(&bos, t, "<s>", err);
    if (!rc && adds_eos)
        rc = find(&eos, t, "</s>", err);
    for (int source = 0; !rc && source < 2; source++) {
        if (adds_bos)
            items[n++] = (struct at_plan_item){ -1, bos, source };
        items[n++] = (struct at_plan_item){ source, -1, source };
        if (adds_eos)
            items[n++] = (struct at_plan_item){ -1, eos, source };
        at_post_processor_set(&t->post, source == 1, items, n);
    }
    return rc;
}

static int set_post(struct at_tokenizer *t, const struct class *c, const struct at_settings *s,
                    struct at_error *err)
{
    struct at_plan_item items[8];
    size_t n = 0;
    int before = -1, behind = -1, between = -1, rc = 0;

    if (!c->behind)
        return set_llama_post(t, s, err);
    if (c->before)
        rc = find(&before, t, c->before, err);
    if (!rc && c->between)
        rc = find(&between, t, c->between, err);
    if (!rc)
        rc = find(&behind, t, c->behind, err);
    for (int source = 0; !rc && source < 2; source++) {
        int type = source ? c->type_of_second : 0, mark = source ? between : before;

        if (mark >= 0)
            items[n++] = (struct at_plan_item){ -1, mark, type };
        items[n++] = (struct at_plan_item){ source, -1, type };
        items[n++] = (struct at_plan_item){ -1, behind, type };
        at_post_processor_set(&t->post, source == 1, items, n);
    }
    return rc;
}

/* Control pieces are special, symbols of the user are added; both are kept whole. */
static int put_pieces(struct at_tokenizer *t, const struct at_sentencepiece *p,
                      struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < p->pieces.n; i++) {
        const struct at_piece_score *piece = &p->pieces.items[i];
        struct at_added_token token = { .is_special = piece->type == AT_PIECE_CONTROL };
        char *name;

        if ((piece->type != AT_PIECE_CONTROL && piece->type != AT_PIECE_USER_DEFINED) || !piece->n)
            continue;
        name = at_strndup(piece->text, piece->n);
        token.id = at_tokenizer_id(t, name);
        if (token.id < 0)
            token.id = at_tokenizer_new_id(t);
        rc = at_added_put(&t->added, name, token, err);
        free(name);
    }
    return rc;
}

/* A special token of the class, or what files say of it; it takes the place of a control piece. */
static int put_special(struct at_tokenizer *t, const char *name, const struct at_json *v,
                       bool is_mask, struct at_error *err)
{
    const char *content = v ? at_token_content(v) : name;
    struct at_added_token token = { 0 };

    at_tokenizer_flags(&token, v, true);
    if (!at_json_is_object(v)) {
        token.is_normalized = false;
        token.lstrip = is_mask;
    }
    token.id = at_tokenizer_id(t, content);
    if (token.id < 0)
        token.id = at_tokenizer_new_id(t);
    return at_added_put(&t->added, content, token, err);
}

static int put_specials(struct at_tokenizer *t, const struct class *c, const struct at_settings *s,
                        long long n_extra, struct at_error *err)
{
    const struct at_json *v, *other;
    int rc = 0;

    for (int role = 0; !rc && role < AT_N_ROLES; role++) {
        const char *name = c->roles[role];

        v = at_settings_special(s, (enum at_token_role)role, &other);
        if (at_token_content(v) || (name && at_tokenizer_id(t, name) >= 0))
            rc = put_special(t, name, v, role == AT_ROLE_MASK, err);
    }
    for (size_t i = 0; !rc && i < AT_COUNTOF(c->more) && c->more[i]; i++)
        rc = put_special(t, c->more[i], NULL, false, err);
    for (long long i = 0; !rc && i < n_extra; i++) {
        struct at_strbuf name = { 0 };

        at_strbuf_addf(&name, "<extra_id_%lld>", i);
        rc = put_special(t, name.s, NULL, false, err);
        at_strbuf_release(&name);
    }
    for (size_t i = 0; !rc && (v = at_settings_more(s, i)); i++)
        rc = put_special(t, NULL, v, false, err);
    return rc;
}

static void set_decoder(struct at_tokenizer *t)
{
    at_decoder_push(&t->decoder,
                    (struct at_decoder_step){ .kind = AT_DECODE_METASPACE, .character = SPACE });
    at_decoder_push(&t->decoder, (struct at_decoder_step){ .kind = AT_DECODE_BYTE_FALLBACK });
}

static int build(struct at_tokenizer *t, const struct class *c, const struct at_sentencepiece *p,
                 const struct at_settings *s, struct at_error *err)
{
    long long n_extra =
        !strcmp(c->name, "T5") ? at_json_integer(at_json_get(s->config, "extra_ids"), 100) : 0;
    int rc;

    if (n_extra < 0 || n_extra > 10000)
        return at_fail(err, AT_ERANGE, "extra_ids of tokenizer_config.json is %lld", n_extra);
    if (c->n_dropped > p->pieces.n)
        return at_fail(err, AT_EFORMAT, "it has %zu pieces only", p->pieces.n);
    rc = add_pieces(t, c, p, n_extra, err);
    if (rc)
        return rc;
    t->unk = c->unk >= 0 ? c->unk : (int)AT_MIN(p->unk_id, (uint64_t)AT_MAX_VOCAB);
    if ((size_t)t->unk >= t->unigram.scores.n)
        return at_fail(err, AT_EFORMAT, "its unknown piece has the id %d, of %zu", t->unk,
                       t->unigram.scores.n);
    t->trims_spaces = true;
    rc = p->is_bpe ? set_bpe(t, c, err) : set_unigram(t, c);
    if (!rc)
        rc = put_pieces(t, p, err);
    if (!rc)
        rc = set_steps(t, c, p, s, err);
    if (!rc)
        rc = put_specials(t, c, s, n_extra, err);
    if (!rc)
        rc = set_post(t, c, s, err);
    set_decoder(t);
    return rc;
}

int at_sentencepiece_read(struct at_tokenizer *t, const struct at_settings *s, const char *path,
                          struct at_error *err)
{
    const char *name = at_settings_class(s);
    const struct class *c = NULL;
    struct at_mapfile file = { 0 };
    struct at_sentencepiece p = { 0 };
    int rc;

    for (size_t i = 0; name && i < AT_COUNTOF(classes); i++)
        if (!strcmp(name, classes[i].name))
            c = &classes[i];
    if (!c)
        return at_fail(err, AT_EFORMAT,
                       "%s: no tokenizer_class says which ids its pieces have, want one of "
                       "XLM-R, CamemBERT, ALBERT, T5 or LLaMA",
                       path);
    rc = at_mapfile_open(&file, path, err);
    if (rc)
        return rc;
    rc = at_sentencepiece_parse(&p, file.bytes, file.n, err);
    if (!rc)
        rc = build(t, c, &p, s, err);
    if (rc)
        at_error_in(err, "%s", path);
    at_sentencepiece_release(&p);
    at_mapfile_close(&file);
    return rc;
}
