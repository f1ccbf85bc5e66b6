/*
 * tokenizer_json.c - tokenizer.json, see tokenizer_read.h.
 *
 * The vocabulary and the merges, which are nearly all of the file, are read where they stand; of
 * the rest JSON trees are made. What the library would ignore is an error here where it is a step,
 * a key of one or a value that is not known.
 */
#include "text/tokenizer_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mapfile.h"
#include "io/json_scan.h"
#include "io/textfile.h"
#include "text/steps.h"

/* About what a piece takes of the file with its merges, for the first size of the table. */
enum { BYTES_A_PIECE = 64, MAX_KEY = 4096 };

/* The parts of the file that are kept as trees. */
enum part {
    ADDED,
    NORMALIZER,
    PRE_TOKENIZER,
    POST_PROCESSOR,
    DECODER,
    TRUNCATION,
    PADDING,
    VERSION,
    N_PARTS
};

static const char *const part_names[N_PARTS] = {
    [ADDED] = "added_tokens",
    [NORMALIZER] = "normalizer",
    [PRE_TOKENIZER] = "pre_tokenizer",
    [POST_PROCESSOR] = "post_processor",
    [DECODER] = "decoder",
    [TRUNCATION] = "truncation",
    [PADDING] = "padding",
    [VERSION] = "version",
};

struct whole {
    struct at_tokenizer *t;
    struct at_json *parts[N_PARTS];
    struct at_json *model;   /* without the vocabulary and the merges */
    bool has_vocab, is_list; /* the vocabulary is a list of pieces and scores */
    struct {
        const char *at;
        size_t n;
    } merges;
    struct at_error *err;
};

/* Go over a value; *at and *n are its bytes. */
static int find_value(struct at_json_scan *s, const char **at, size_t *n, struct at_error *err)
{
    int rc;

    at_json_scan_peek(s);
    *at = s->at;
    rc = at_json_scan_skip(s, err);
    *n = (size_t)(s->at - *at);
    return rc;
}

/* A value as a tree, under its name in the messages. */
static int read_tree(struct at_json **out, struct at_json_scan *s, const char *name,
                     struct at_error *err)
{
    const char *at;
    size_t n;
    int rc = find_value(s, &at, &n, err);

    if (rc)
        return rc;
    at_json_free(*out);
    *out = NULL;
    rc = at_json_parse(out, at, n, err);
    return rc ? at_error_in(err, "%s", name) : 0;
}

/* {"piece": id, ...}, of which the opening brace was taken. */
static int read_vocab_object(struct whole *w, struct at_json_scan *s)
{
    long long id;
    int rc = 0;

    if (at_json_scan_take(s, '}'))
        return 0;
    do {
        rc = at_json_scan_member(s, AT_MAX_PIECE, w->err);
        if (!rc)
            rc = at_json_scan_whole(s, &id, w->err);
        if (!rc)
            rc = at_vocab_add(&w->t->vocab, id, at_strbuf_str(&s->text), s->text.n, w->err);
    } while (!rc && at_json_scan_take(s, ','));
    if (!rc && !at_json_scan_take(s, '}'))
        rc = at_json_scan_fail(s, "',' or '}'", w->err);
    return rc;
}

/* ["piece", -1.5] */
static int read_scored(struct whole *w, struct at_json_scan *s)
{
    long long id = (long long)w->t->unigram.scores.n;
    double score;
    int rc;

    if (!at_json_scan_take(s, '['))
        return at_json_scan_fail(s, "'[', a piece and its score", w->err);
    rc = at_json_scan_string(s, AT_MAX_PIECE, w->err);
    if (!rc)
        rc = at_vocab_add(&w->t->vocab, id, at_strbuf_str(&s->text), s->text.n, w->err);
    if (!rc && !at_json_scan_take(s, ','))
        rc = at_json_scan_fail(s, "',' and a score", w->err);
    if (!rc)
        rc = at_json_scan_number(s, &score, w->err);
    if (!rc && !at_json_scan_take(s, ']'))
        rc = at_json_scan_fail(s, "']'", w->err);
    if (!rc)
        *at_array_push(&w->t->unigram.scores) = score;
    return rc;
}

/* [["piece", -1.5], ...], of which the opening bracket was taken. */
static int read_vocab_list(struct whole *w, struct at_json_scan *s)
{
    int rc = 0;

    if (at_json_scan_take(s, ']'))
        return 0;
    do
        rc = read_scored(w, s);
    while (!rc && at_json_scan_take(s, ','));
    if (!rc && !at_json_scan_take(s, ']'))
        rc = at_json_scan_fail(s, "',' or ']'", w->err);
    return rc;
}

static int read_vocab(struct whole *w, struct at_json_scan *s)
{
    at_vocab_release(&w->t->vocab); /* of a key that is there twice the last counts */
    w->t->unigram.scores.n = 0;
    at_vocab_reserve(&w->t->vocab, (size_t)(s->end - s->at) / BYTES_A_PIECE);
    w->has_vocab = true;
    w->is_list = at_json_scan_peek(s) == '[';
    if (at_json_scan_take(s, '['))
        return read_vocab_list(w, s);
    if (at_json_scan_take(s, '{'))
        return read_vocab_object(w, s);
    return at_fail(w->err, AT_EFORMAT, "model.vocab is neither an object nor a list");
}

/* The model: its small members become an object again. */
static int read_model(struct whole *w, struct at_json_scan *s)
{
    int rc = 0;

    if (!at_json_scan_take(s, '{'))
        return at_fail(w->err, AT_EFORMAT, "model is not an object");
    at_json_free(w->model);
    w->model = at_json_object();
    if (at_json_scan_take(s, '}'))
        return 0;
    do {
        struct at_json *value = NULL;
        char *key;

        rc = at_json_scan_member(s, MAX_KEY, w->err);
        if (rc)
            break;
        key = at_strdup(at_strbuf_str(&s->text));
        if (!strcmp(key, "vocab")) {
            rc = read_vocab(w, s);
        } else if (!strcmp(key, "merges")) {
            rc = find_value(s, &w->merges.at, &w->merges.n, w->err);
        } else if (at_utf8_check(key, strlen(key)) < strlen(key)) {
            rc = at_fail(w->err, AT_EFORMAT, "model has a key that is no UTF-8");
        } else {
            rc = read_tree(&value, s, key, w->err);
            if (!rc)
                at_json_set(w->model, key, value);
        }
        free(key);
    } while (!rc && at_json_scan_take(s, ','));
    if (!rc && !at_json_scan_take(s, '}'))
        rc = at_json_scan_fail(s, "',' or '}'", w->err);
    return rc;
}

/* One member of the file. */
static int read_member(struct whole *w, struct at_json_scan *s)
{
    const char *at;
    size_t n, i = 0;
    int rc = at_json_scan_member(s, MAX_KEY, w->err);

    if (rc)
        return rc;
    if (!strcmp(at_strbuf_str(&s->text), "model"))
        return read_model(w, s);
    while (i < N_PARTS && strcmp(at_strbuf_str(&s->text), part_names[i]) != 0)
        i++;
    return i == N_PARTS ? find_value(s, &at, &n, w->err)
                        : read_tree(&w->parts[i], s, part_names[i], w->err);
}

static int read_whole(struct whole *w, struct at_json_scan *s)
{
    int rc = 0;

    if (!at_json_scan_take(s, '{'))
        return at_json_scan_fail(s, "'{'", w->err);
    if (!at_json_scan_take(s, '}')) {
        do
            rc = read_member(w, s);
        while (!rc && at_json_scan_take(s, ','));
        if (!rc && !at_json_scan_take(s, '}'))
            rc = at_json_scan_fail(s, "',' or '}'", w->err);
    }
    if (!rc && (at_json_scan_peek(s), s->at < s->end))
        rc = at_json_scan_fail(s, "the end of the file", w->err);
    return rc;
}

/* One merge: "a b", or ["a", "b"]. */
static int read_merge(struct at_bpe *bpe, struct at_json_scan *s, struct at_strbuf *left,
                      struct at_error *err)
{
    int rc;

    if (at_json_scan_peek(s) == '"') {
        rc = at_json_scan_string(s, 2 * AT_MAX_PIECE + 1, err);
        return rc ? rc : at_bpe_add_line(bpe, at_strbuf_str(&s->text), s->text.n, err);
    }
    if (!at_json_scan_take(s, '['))
        return at_json_scan_fail(s, "two pieces", err);
    rc = at_json_scan_string(s, AT_MAX_PIECE, err);
    at_strbuf_clear(left);
    at_strbuf_add(left, at_strbuf_str(&s->text), s->text.n);
    if (!rc && !at_json_scan_take(s, ','))
        rc = at_json_scan_fail(s, "two pieces", err);
    if (!rc)
        rc = at_json_scan_string(s, AT_MAX_PIECE, err);
    if (!rc && !at_json_scan_take(s, ']'))
        rc = at_json_scan_fail(s, "two pieces", err);
    return rc ? rc
              : at_bpe_add_merge(bpe, at_strbuf_str(left), left->n, at_strbuf_str(&s->text),
                                 s->text.n, err);
}

/* The merges, which have been gone over once. */
static int read_merges(struct whole *w)
{
    struct at_json_scan s;
    struct at_strbuf left = { 0 };
    size_t i = 0;
    int rc = 0;

    at_json_scan_begin(&s, w->merges.at, w->merges.n);
    if (!at_json_scan_take(&s, '['))
        rc = at_fail(w->err, AT_EFORMAT, "model.merges is not a list");
    else if (!at_json_scan_take(&s, ']'))
        do {
            rc = read_merge(&w->t->bpe, &s, &left, w->err);
            if (rc)
                at_error_in(w->err, "merge %zu", i);
            i++;
        } while (!rc && at_json_scan_take(&s, ','));
    at_strbuf_release(&left);
    at_json_scan_release(&s);
    return rc;
}

static int find_unk(struct at_tokenizer *t, const struct at_json *model, const char *fallback,
                    const char **name, struct at_error *err)
{
    int rc = at_step_text(name, model, "unk_token", fallback, err);

    t->unk = rc ? -1 : at_vocab_find(&t->vocab, *name, strlen(*name));
    return rc;
}

static int read_wordpiece(struct whole *w)
{
    static const char *const keys[] = { "unk_token", "continuing_subword_prefix",
                                        "max_input_chars_per_word", NULL };
    struct at_tokenizer *t = w->t;
    const struct at_json *max = at_json_get(w->model, keys[2]);
    long long n = at_json_is_null(max) ? AT_MAX_CHARACTERS : at_json_integer(max, -1);
    const char *joiner, *unk;
    int rc = at_step_check("model", w->model, keys, w->err);

    if (!rc)
        rc = find_unk(t, w->model, "[UNK]", &unk, w->err);
    if (!rc)
        rc = at_step_text(&joiner, w->model, keys[1], "##", w->err);
    if (!rc && n < 0)
        rc = at_fail(w->err, AT_EFORMAT, "model.max_input_chars_per_word is no number from 0");
    if (rc)
        return rc;
    if (strlen(joiner) > AT_MAX_PIECE)
        return at_fail(w->err, AT_ERANGE, "model.continuing_subword_prefix has %zu bytes",
                       strlen(joiner));
    t->wordpiece.unk = t->unk;
    t->wordpiece.max_characters = (size_t)n;
    t->wordpiece.joiner = at_strdup(joiner);
    return 0;
}

static int read_bpe_affixes(struct whole *w)
{
    static const char *const keys[] = { "continuing_subword_prefix", "end_of_word_suffix" };
    char **const affixes[] = { &w->t->bpe.prefix, &w->t->bpe.suffix };
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_COUNTOF(keys); i++) {
        const char *text;

        rc = at_step_text(&text, w->model, keys[i], "", w->err);
        if (!rc && strlen(text) > AT_MAX_PIECE)
            rc = at_fail(w->err, AT_ERANGE, "model.%s has %zu bytes", keys[i], strlen(text));
        if (rc)
            break;
        free(*affixes[i]);
        *affixes[i] = at_strdup(text);
    }
    return rc;
}

static int read_bpe(struct whole *w)
{
    static const char *const keys[] = { "dropout",       "unk_token",
                                        "fuse_unk",      "continuing_subword_prefix",
                                        "byte_fallback", "end_of_word_suffix",
                                        "ignore_merges", NULL };
    struct at_bpe *bpe = &w->t->bpe;
    const char *unk = "";
    int rc = at_step_check("model", w->model, keys, w->err);

    if (!rc && at_json_number(at_json_get(w->model, "dropout"), 0.0) != 0.0)
        rc = at_fail(w->err, AT_EFORMAT, "model.dropout is not 0: ids would be left to chance");
    if (!rc && !w->merges.at)
        rc = at_fail(w->err, AT_EFORMAT, "model.merges is not there");
    at_bpe_init(bpe, &w->t->vocab);
    if (!rc)
        rc = read_bpe_affixes(w);
    if (!rc)
        rc = find_unk(w->t, w->model, "", &unk, w->err);
    if (!rc)
        rc = at_step_flag(&bpe->fuses_unknown, w->model, "fuse_unk", false, w->err);
    if (!rc)
        rc = at_step_flag(&bpe->byte_fallback, w->model, "byte_fallback", false, w->err);
    if (!rc)
        rc = at_step_flag(&bpe->ignore_merges, w->model, "ignore_merges", false, w->err);
    if (rc)
        return rc;
    if (!*unk)
        w->t->unk = -1;
    bpe->unk = w->t->unk;
    free(bpe->unk_name);
    bpe->unk_name = at_strdup(unk);
    return read_merges(w);
}

static int read_unigram(struct whole *w)
{
    static const char *const keys[] = { "unk_id", "byte_fallback", NULL };
    struct at_tokenizer *t = w->t;
    const struct at_json *unk = at_json_get(w->model, "unk_id");
    long long id = at_json_integer(unk, -1);
    int rc = at_step_check("model", w->model, keys, w->err);

    if (!rc)
        rc = at_step_flag(&t->unigram.byte_fallback, w->model, "byte_fallback", false, w->err);
    if (!rc && !at_json_is_null(unk) && (id < 0 || (size_t)id >= t->unigram.scores.n))
        rc = at_fail(w->err, AT_EFORMAT, "model.unk_id is no id of its %zu pieces",
                     t->unigram.scores.n);
    if (rc)
        return rc;
    t->unk = t->unigram.unk = (int)id;
    t->unigram.vocab = &t->vocab;
    at_unigram_init(&t->unigram);
    return 0;
}

static int read_wordlevel(struct whole *w)
{
    static const char *const keys[] = { "unk_token", NULL };
    const char *unk;
    int rc = at_step_check("model", w->model, keys, w->err);

    return rc ? rc : find_unk(w->t, w->model, "<unk>", &unk, w->err);
}

static const struct {
    const char *type;
    enum at_tokenizer_kind kind;
    bool is_list;
    int (*read)(struct whole *w);
} models[] = {
    { "WordPiece", AT_WORDPIECE, false, read_wordpiece },
    { "BPE", AT_BPE, false, read_bpe },
    { "Unigram", AT_UNIGRAM, true, read_unigram },
    { "WordLevel", AT_WORDLEVEL, false, read_wordlevel },
};

/* What older files leave out. */
static const char *usual_type(const struct whole *w)
{
    if (w->merges.at)
        return "BPE";
    if (w->is_list)
        return "Unigram";
    return at_json_get(w->model, "max_input_chars_per_word") || !at_json_get(w->model, "unk_token")
               ? "WordPiece"
               : "WordLevel";
}

static int apply_model(struct whole *w)
{
    const char *type = at_json_text(at_json_get(w->model, "type"), usual_type(w));

    if (!w->has_vocab)
        return at_fail(w->err, AT_EFORMAT, "model.vocab is not there");
    for (size_t i = 0; i < AT_COUNTOF(models); i++) {
        if (strcmp(type, models[i].type) != 0)
            continue;
        if (w->is_list != models[i].is_list)
            return at_fail(w->err, AT_EFORMAT, "model.vocab is %s, want %s for '%s'",
                           w->is_list ? "a list" : "an object", w->is_list ? "an object" : "a list",
                           type);
        w->t->kind = models[i].kind;
        w->t->wordpiece.vocab = &w->t->vocab;
        return models[i].read(w);
    }
    return at_step_unknown("model", w->model, w->err);
}

/* Tokens that are not in the vocabulary are numbered on from its end, whatever the file says. */
static int put_added_tokens(struct whole *w)
{
    struct at_tokenizer *t = w->t;
    const struct at_json *list = w->parts[ADDED];
    int next = at_tokenizer_new_id(t), rc = 0;

    if (!at_json_is_null(list) && !at_json_is_array(list))
        return at_fail(w->err, AT_EFORMAT, "added_tokens is not a list");
    for (size_t i = 0; !rc && i < at_json_count(list); i++) {
        const struct at_json *v = at_json_at(list, i);
        const char *content = at_json_text(at_json_get(v, "content"), NULL);
        long long id = at_json_integer(at_json_get(v, "id"), -1);
        struct at_added_token token = { 0 };

        if (!content)
            return at_fail(w->err, AT_EFORMAT, "added_tokens: entry %zu has no 'content'", i);
        if (!*content)
            continue;
        token.id = at_tokenizer_id(t, content);
        if (token.id < 0)
            token.id = next++;
        if (id != token.id)
            at_tokenizer_note(t, "tokenizer.json: the added token '%s' has the id %lld; it is %d",
                              content, id, token.id);
        at_tokenizer_flags(&token, v, false);
        rc = at_added_put(&t->added, content, token, w->err);
        if (rc)
            at_error_in(w->err, "added_tokens: entry %zu", i);
    }
    return rc;
}

static void note_limits(struct whole *w)
{
    const struct at_json *cut = w->parts[TRUNCATION], *pad = w->parts[PADDING];
    long long max = at_json_integer(at_json_get(cut, "max_length"), 0);
    long long fixed = at_json_integer(at_json_get(at_json_get(pad, "strategy"), "Fixed"), 0);

    if (max > 0) {
        w->t->max_tokens = (size_t)max;
        at_tokenizer_note(w->t, "tokenizer.json: texts are not cut to %lld tokens", max);
    }
    if (fixed > 0)
        at_tokenizer_note(w->t, "tokenizer.json: texts are not padded to %lld tokens", fixed);
}

static int apply_steps(struct whole *w)
{
    const char *version = at_json_text(w->parts[VERSION], "1.0");
    struct at_tokenizer *t = w->t;
    int rc;

    if (strcmp(version, "1.0") != 0)
        return at_fail(w->err, AT_EFORMAT, "version '%.*s' is not known, want '1.0'",
                       at_shown(version, 100), version);
    rc = at_normalizer_read(&t->normalizer, w->parts[NORMALIZER], w->err);
    if (!rc)
        rc = at_pretokenizer_read(&t->pretokenizer, w->parts[PRE_TOKENIZER], w->err);
    if (!rc)
        rc = at_post_processor_read(&t->post, w->parts[POST_PROCESSOR], w->err);
    if (!rc)
        rc = at_decoder_read(&t->decoder, w->parts[DECODER], w->err);
    note_limits(w);
    return rc;
}

static void note_switch(struct at_tokenizer *t, const char *key, bool value, bool counts)
{
    at_tokenizer_note(t, "%s: %s in tokenizer_config.json, %s in tokenizer.json; the %s counts",
                      key, value ? "true" : "false", value ? "false" : "true",
                      counts ? "former" : "latter");
}

/* One switch of tokenizer_config.json against what tokenizer.json has. */
static void apply_switch(struct at_tokenizer *t, const struct at_settings *s, const char *key,
                         bool *value, bool counts)
{
    bool wanted;

    if (!at_settings_switch(&wanted, s, key) || wanted == *value)
        return;
    note_switch(t, key, wanted, counts);
    if (counts)
        *value = wanted;
}

/* The switches of tokenizer_config.json count where the class is one of those that have them. */
static void apply_settings(struct whole *w, const struct at_settings *s)
{
    const char *class = at_settings_class(s);
    bool counts = !class || !strcmp(class, "Bert") || !strcmp(class, "GPT2"), prefix, before, adds;
    struct at_tokenizer *t = w->t;
    struct at_normalizer_step *bert = t->normalizer.n == 1 ? t->normalizer.items : NULL;

    if (bert && !strcmp(at_step_type(w->parts[NORMALIZER]), "BertNormalizer")) {
        apply_switch(t, s, "do_lower_case", &bert->lower, counts);
        if (bert->accents_follow)
            bert->strip_accents = bert->lower;
        apply_switch(t, s, "strip_accents", &bert->strip_accents, counts);
        apply_switch(t, s, "tokenize_chinese_chars", &bert->space_cjk, counts);
    }
    if (at_settings_switch(&adds, s, "add_bos_token") && adds && t->post.plans[0][1].items.n == 1)
        at_tokenizer_note(t,
                          "add_bos_token of tokenizer_config.json does not count: tokenizer.json "
                          "puts nothing before a text");
    if (at_json_count(at_json_get(s->config, "never_split")))
        at_tokenizer_note(t, "never_split of tokenizer_config.json does not count: tokenizer.json "
                             "has nothing like it");
    if (t->pretokenizer.n != 2 || t->pretokenizer.items[0].kind != AT_CUT_GPT2)
        return;
    prefix = before = t->pretokenizer.items[0].prefix_space;
    apply_switch(t, s, "add_prefix_space", &prefix, counts);
    if (prefix != before)
        at_tokenizer_set_prefix_space(t, prefix);
}

static int read_mapped(struct whole *w, const struct at_settings *s, const char *text, size_t n)
{
    struct at_json_scan scan;
    size_t bom = at_bom_length(text, n);
    int rc;

    at_json_scan_begin(&scan, text + bom, n - bom);
    rc = read_whole(w, &scan);
    if (!rc)
        rc = apply_model(w);
    if (!rc)
        rc = apply_steps(w);
    if (!rc)
        rc = put_added_tokens(w);
    if (!rc)
        apply_settings(w, s);
    at_json_scan_release(&scan);
    return rc;
}

int at_tokenizer_read_json(struct at_tokenizer *t, const struct at_settings *s, const char *path,
                           struct at_error *err)
{
    struct whole w = { .t = t, .err = err };
    struct at_mapfile file = { 0 };
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    rc = read_mapped(&w, s, file.n ? (const char *)file.bytes : "", file.n);
    if (rc)
        at_error_in(err, "%s", path);
    for (size_t i = 0; i < N_PARTS; i++)
        at_json_free(w.parts[i]);
    at_json_free(w.model);
    at_mapfile_close(&file);
    return rc;
}
