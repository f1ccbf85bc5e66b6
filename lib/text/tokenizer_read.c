/*
 * tokenizer_read.c - the files of a tokenizer: see at_tokenizer_open() in tokenizer.h.
 *
 * What the files ask for and this library does not do is an error, never silently other ids.
 */
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "io/json.h"

enum { DEFAULT_MAX_CHARACTERS = 100 };

static const char *const switches[] = { "do_lower_case", "strip_accents", "tokenize_chinese_chars",
                                        "add_prefix_space" };
/* In the order of enum at_token_role. */
static const char *const special_keys[] = { "unk_token",  "cls_token", "sep_token", "pad_token",
                                            "mask_token", "bos_token", "eos_token" };

/* The files of one directory, with what is open of them. */
struct files {
    const char *dir;
    struct at_json *config;   /* tokenizer_config.json, NULL when there is none */
    struct at_json *specials; /* special_tokens_map.json */
    struct at_json *added;    /* added_tokens.json */
    struct at_json *whole;    /* tokenizer.json, when it is the source */
};

/* *out stays NULL when there is no such file. */
static int read_optional(struct at_json **out, const char *dir, const char *name,
                         struct at_error *err)
{
    char *path = at_path_join(dir, name);
    int rc = at_path_is_file(path) ? at_json_read(out, path, err) : 0;

    free(path);
    return rc;
}

static bool is_type(const struct at_json *v, const char *type)
{
    return !strcmp(at_json_text(at_json_get(v, "type"), ""), type);
}

static int unsupported(const char *what, const struct at_json *v, const char *wanted,
                       struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "%s '%s' is not supported, want %s", what,
                   at_json_text(at_json_get(v, "type"), "null"), wanted);
}

/* Text of a token that is written as a string or as an object with "content"; NULL for none. */
static const char *token_text(const struct at_json *v)
{
    return at_json_text(v, at_json_text(at_json_get(v, "content"), NULL));
}

/* The name of a special token: tokenizer_config.json, special_tokens_map.json, or the usual one. */
static const char *special_name(const struct files *f, const char *key, const char *usual)
{
    const char *name = token_text(at_json_get(f->config, key));

    if (!name)
        name = token_text(at_json_get(f->specials, key));
    return name ? name : usual;
}

/* The keys that we read are of the type they must have, or null. */
static int check_settings(const struct at_json *v, struct at_error *err)
{
    static const char more[] = "additional_special_tokens", decoder[] = "added_tokens_decoder";
    const struct at_json *list = at_json_get(v, more), *added = at_json_get(v, decoder), *x;

    if (!at_json_is_object(v))
        return at_fail(err, AT_EFORMAT, "not an object of settings");
    for (size_t i = 0; i < AT_COUNTOF(switches); i++) {
        x = at_json_get(v, switches[i]);
        if (!at_json_is_null(x) && !at_json_is_bool(x))
            return at_fail(err, AT_EFORMAT, "'%s' is neither true nor false", switches[i]);
    }
    for (size_t i = 0; i < AT_COUNTOF(special_keys); i++) {
        x = at_json_get(v, special_keys[i]);
        if (!at_json_is_null(x) && !token_text(x))
            return at_fail(err, AT_EFORMAT, "'%s' is not a token", special_keys[i]);
    }
    if (!at_json_is_null(list) && !at_json_is_array(list))
        return at_fail(err, AT_EFORMAT, "'%s' is not a list", more);
    for (size_t i = 0; i < at_json_count(list); i++)
        if (!token_text(at_json_at(list, i)))
            return at_fail(err, AT_EFORMAT, "'%s': entry %zu is not a token", more, i);
    if (!at_json_is_null(added) && !at_json_is_object(added))
        return at_fail(err, AT_EFORMAT, "'%s' is not an object", decoder);
    return 0;
}

/* tokenizer_config.json or special_tokens_map.json. */
static int read_settings(struct at_json **out, const char *dir, const char *name,
                         struct at_error *err)
{
    int rc = read_optional(out, dir, name, err);

    if (!rc && *out && (rc = check_settings(*out, err)))
        at_error_in(err, "%s/%s", dir, name);
    return rc;
}

static void put_added(struct at_tokenizer *t, const char *content, struct at_added_token token)
{
    struct at_normal normal = { 0 };
    size_t n = strlen(content);

    if (t->kind == AT_BPE)
        token.is_normalized = false; /* the text is not normalized: all the same */
    if (token.is_normalized) {
        at_normalize(&normal, &t->rules, content, n, 0);
        at_added_put(&t->added, at_strbuf_str(&normal.text), normal.text.n, token);
    } else {
        at_added_put(&t->added, content, n, token);
    }
    at_normal_release(&normal);
}

/* Make a token of the vocabulary one that is kept whole; nothing when it is not in there. */
static void put_special(struct at_tokenizer *t, const struct at_json *v)
{
    const char *content = token_text(v);
    int id = content ? at_vocab_find(&t->vocab, content, strlen(content)) : -1;
    const struct at_added_token *known = at_added_token_of(&t->added, id);
    struct at_added_token token = { .id = id, .is_special = true };

    if (id < 0 || (known && known->is_special))
        return;
    token.lstrip = at_json_truth(at_json_get(v, "lstrip"), false);
    token.rstrip = at_json_truth(at_json_get(v, "rstrip"), false);
    token.single_word = at_json_truth(at_json_get(v, "single_word"), false);
    put_added(t, content, token);
}

static void put_special_name(struct at_tokenizer *t, const char *name)
{
    struct at_json *v = at_json_string(name);

    put_special(t, v);
    at_json_free(v);
}

/* One token with its id, as in added_tokens of tokenizer.json and in added_tokens_decoder. */
static int put_with_id(struct at_tokenizer *t, const struct at_json *v, long long id,
                       struct at_error *err)
{
    const char *content = token_text(v);
    struct at_added_token token = { .id = (int)id };
    int rc;

    if (!content)
        return at_fail(err, AT_EFORMAT, "added token %lld has no content", id);
    rc = at_vocab_add(&t->vocab, id, content, strlen(content), err);
    if (rc)
        return rc;
    token.is_special = at_json_truth(at_json_get(v, "special"), false);
    token.is_normalized = at_json_truth(at_json_get(v, "normalized"), !token.is_special);
    token.lstrip = at_json_truth(at_json_get(v, "lstrip"), false);
    token.rstrip = at_json_truth(at_json_get(v, "rstrip"), false);
    token.single_word = at_json_truth(at_json_get(v, "single_word"), false);
    put_added(t, content, token);
    return 0;
}

/* The added tokens of tokenizer.json; or added_tokens.json, {"content": id}, and
   added_tokens_decoder of the configuration, {"id": {...}}. */
static int put_added_tokens(struct at_tokenizer *t, const struct files *f, struct at_error *err)
{
    const struct at_json *list = at_json_get(f->whole, "added_tokens"), *v;
    const struct at_json *decoder = at_json_get(f->config, "added_tokens_decoder");
    int rc = 0;

    for (size_t i = 0; !rc && i < at_json_count(list); i++) {
        v = at_json_at(list, i);
        rc = put_with_id(t, v, at_json_integer(at_json_get(v, "id"), -1), err);
    }
    if (rc)
        return at_error_in(err, "%s/tokenizer.json", f->dir);
    if (f->whole)
        return 0;
    for (const char *key = NULL; !rc && (key = at_json_next(f->added, key, &v));) {
        long long id = at_json_integer(v, -1);

        rc = at_vocab_add(&t->vocab, id, key, strlen(key), err);
        if (!rc)
            put_added(t, key, (struct at_added_token){ .id = (int)id, .is_normalized = true });
    }
    if (rc)
        return at_error_in(err, "%s/added_tokens.json", f->dir);
    for (const char *key = NULL; !rc && (key = at_json_next(decoder, key, &v));) {
        char *end;
        long id = strtol(key, &end, 10);

        rc = put_with_id(t, v, *key && !*end ? id : -1, err);
    }
    return rc ? at_error_in(err, "%s/tokenizer_config.json", f->dir) : 0;
}

/* Every token that one of the files calls special, and those that always are. */
static void put_specials(struct at_tokenizer *t, const struct files *f)
{
    static const char *const usual[] = { "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]" };
    const struct at_json *sources[] = { f->config, f->specials };

    for (size_t i = 0; i < AT_COUNTOF(sources); i++) {
        const struct at_json *more = at_json_get(sources[i], "additional_special_tokens");

        for (size_t k = 0; k < AT_COUNTOF(special_keys); k++)
            put_special(t, at_json_get(sources[i], special_keys[k]));
        for (size_t k = 0; at_json_is_array(more) && k < at_json_count(more); k++)
            put_special(t, at_json_at(more, k));
    }
    if (t->kind == AT_BPE)
        put_special_name(t, "<|endoftext|>");
    for (size_t i = 0; t->kind == AT_WORDPIECE && i < AT_COUNTOF(usual); i++)
        put_special_name(t, usual[i]);
}

/* The switches of tokenizer_config.json over what is set already. */
static void apply_config(struct at_tokenizer *t, const struct files *f)
{
    const struct at_json *strip = at_json_get(f->config, "strip_accents");
    bool lower = at_json_truth(at_json_get(f->config, "do_lower_case"), t->rules.lower);

    if (lower != t->rules.lower && at_json_is_null(strip))
        t->rules.strip_accents = lower;
    t->rules.lower = lower;
    t->rules.strip_accents = at_json_truth(strip, t->rules.strip_accents);
    t->rules.space_cjk =
        at_json_truth(at_json_get(f->config, "tokenize_chinese_chars"), t->rules.space_cjk);
    t->prefix_space = at_json_truth(at_json_get(f->config, "add_prefix_space"), t->prefix_space);
}

/* One step of a normalizer; a Sequence has several. *is_nfd: the text is decomposed by then. */
static int read_step(struct at_normalizer *out, bool *is_nfd, const struct at_json *v,
                     struct at_error *err)
{
    const struct at_json *steps = at_json_get(v, "normalizers");
    int rc = 0;

    if (is_type(v, "BertNormalizer")) {
        out->lower = at_json_truth(at_json_get(v, "lowercase"), true);
        out->clean_text = at_json_truth(at_json_get(v, "clean_text"), true);
        out->space_cjk = at_json_truth(at_json_get(v, "handle_chinese_chars"), true);
        out->strip_accents = at_json_truth(at_json_get(v, "strip_accents"), out->lower);
        *is_nfd = out->strip_accents;
    } else if (is_type(v, "NFD")) {
        *is_nfd = true;
    } else if (is_type(v, "Lowercase")) {
        out->lower = true;
    } else if (is_type(v, "StripAccents") && *is_nfd) {
        out->strip_accents = true;
    } else if (is_type(v, "Sequence")) {
        for (size_t i = 0; !rc && i < at_json_count(steps); i++)
            rc = read_step(out, is_nfd, at_json_at(steps, i), err);
    } else {
        rc = unsupported("normalizer", v, "'BertNormalizer'", err);
    }
    return rc;
}

static int read_normalizer(struct at_normalizer *out, const struct at_json *v, struct at_error *err)
{
    bool is_nfd = false;
    int rc = at_json_is_null(v) ? 0 : read_step(out, &is_nfd, v, err);

    if (!rc && is_nfd != out->strip_accents) /* decomposed text is only made to be stripped */
        rc = at_fail(err, AT_EFORMAT, "normalizer 'NFD' is not supported without 'StripAccents'");
    return rc;
}

/* The byte-level pre-tokenizer of GPT-2, alone or as the only one of a Sequence. */
static int read_byte_level(struct at_tokenizer *t, const struct at_json *v, struct at_error *err)
{
    const struct at_json *steps = at_json_get(v, "pretokenizers");

    if (is_type(v, "Sequence") && at_json_count(steps) == 1)
        v = at_json_at(steps, 0);
    if (!is_type(v, "ByteLevel"))
        return unsupported("pre-tokenizer", v, "'ByteLevel'", err);
    if (!at_json_truth(at_json_get(v, "use_regex"), true))
        return at_fail(err, AT_EFORMAT,
                       "pre-tokenizer 'ByteLevel' without its pattern is not "
                       "supported");
    t->prefix_space = at_json_truth(at_json_get(v, "add_prefix_space"), true);
    return 0;
}

/* What follows a byte-level model: offsets, and templates that put nothing around the text. */
static int check_byte_level_post(const struct at_json *v, struct at_error *err)
{
    const struct at_json *steps = at_json_get(v, "processors"), *single = at_json_get(v, "single");
    int rc = 0;

    if (is_type(v, "Sequence")) {
        for (size_t i = 0; !rc && i < at_json_count(steps); i++)
            rc = check_byte_level_post(at_json_at(steps, i), err);
    } else if (is_type(v, "TemplateProcessing")) {
        for (size_t i = 0; i < at_json_count(single); i++)
            if (at_json_get(at_json_at(single, i), "SpecialToken"))
                return at_fail(err, AT_EFORMAT,
                               "post-processor 'TemplateProcessing' with special tokens is not "
                               "supported for byte-level models");
    } else if (!at_json_is_null(v) && !is_type(v, "ByteLevel")) {
        rc = unsupported("post-processor", v, "'ByteLevel'", err);
    }
    return rc;
}

static int read_whole_wordpiece(struct at_tokenizer *t, const struct at_json *whole,
                                struct at_error *err)
{
    const struct at_json *model = at_json_get(whole, "model");
    const struct at_json *pre = at_json_get(whole, "pre_tokenizer");
    const char *joiner = at_json_text(at_json_get(model, "continuing_subword_prefix"), "##");
    long long max =
        at_json_integer(at_json_get(model, "max_input_chars_per_word"), DEFAULT_MAX_CHARACTERS);

    if (!is_type(pre, "BertPreTokenizer"))
        return unsupported("pre-tokenizer", pre, "'BertPreTokenizer'", err);
    if (strcmp(joiner, "##") != 0)
        return at_fail(err, AT_EFORMAT, "continuing_subword_prefix is '%s', want '##'", joiner);
    if (max < 1 || max > AT_MAX_WORD)
        return at_fail(err, AT_ERANGE, "max_input_chars_per_word is %lld, want 1 to %d", max,
                       AT_MAX_WORD);
    t->wordpiece.max_characters = (size_t)max;
    return read_normalizer(&t->rules, at_json_get(whole, "normalizer"), err);
}

/* merges: "a b", or ["a", "b"]. */
static int read_merge(struct at_bpe *bpe, const struct at_json *v, struct at_error *err)
{
    const char *line = at_json_text(v, NULL);
    const char *left = at_json_text(at_json_at(v, 0), NULL);
    const char *right = at_json_text(at_json_at(v, 1), NULL);

    if (line)
        return at_bpe_add_line(bpe, line, strlen(line), err);
    if (left && right)
        return at_bpe_add_merge(bpe, left, strlen(left), right, strlen(right), err);
    return at_fail(err, AT_EFORMAT, "expected two pieces");
}

static int read_whole_bpe(struct at_tokenizer *t, const struct at_json *whole, struct at_error *err)
{
    static const char *const affixes[] = { "continuing_subword_prefix", "end_of_word_suffix" };
    const struct at_json *model = at_json_get(whole, "model");
    const struct at_json *merges = at_json_get(model, "merges");
    const struct at_json *normalizer = at_json_get(whole, "normalizer");
    int rc = 0;

    if (!at_json_is_null(normalizer))
        return unsupported("normalizer", normalizer, "null", err);
    for (size_t i = 0; i < AT_COUNTOF(affixes); i++)
        if (*at_json_text(at_json_get(model, affixes[i]), ""))
            return at_fail(err, AT_EFORMAT, "%s '%s' is not supported, want none", affixes[i],
                           at_json_text(at_json_get(model, affixes[i]), ""));
    if (at_json_truth(at_json_get(model, "byte_fallback"), false) ||
        at_json_truth(at_json_get(model, "ignore_merges"), false))
        return at_fail(err, AT_EFORMAT, "byte_fallback and ignore_merges are not supported");
    at_bpe_init(&t->bpe, &t->vocab);
    for (size_t i = 0; !rc && i < at_json_count(merges); i++) {
        rc = read_merge(&t->bpe, at_json_at(merges, i), err);
        if (rc)
            at_error_in(err, "merge %zu", i);
    }
    if (!rc)
        rc = read_byte_level(t, at_json_get(whole, "pre_tokenizer"), err);
    return rc ? rc : check_byte_level_post(at_json_get(whole, "post_processor"), err);
}

static int read_whole_vocab(struct at_tokenizer *t, const struct at_json *model,
                            struct at_error *err)
{
    const struct at_json *vocab = at_json_get(model, "vocab"), *v;
    int rc = 0;

    if (!at_json_is_object(vocab))
        return at_fail(err, AT_EFORMAT, "model.vocab is not an object of pieces and ids");
    for (const char *piece = NULL; !rc && (piece = at_json_next(vocab, piece, &v));)
        rc = at_vocab_add(&t->vocab, at_json_integer(v, -1), piece, strlen(piece), err);
    return rc;
}

/* tokenizer.json. Older files leave out model.type; only byte-pair models have merges. */
static int read_whole(struct at_tokenizer *t, const struct at_json *whole, struct at_error *err)
{
    const struct at_json *model = at_json_get(whole, "model");
    const char *usual = at_json_get(model, "merges") ? "BPE" : "WordPiece";
    const char *type = at_json_text(at_json_get(model, "type"), usual);
    int rc = read_whole_vocab(t, model, err);

    if (rc)
        return rc;
    if (!strcmp(type, "WordPiece")) {
        t->kind = AT_WORDPIECE;
        t->wordpiece.n_pieces = (int)t->vocab.pieces.n;
        rc = read_whole_wordpiece(t, whole, err);
    } else if (!strcmp(type, "BPE")) {
        t->kind = AT_BPE;
        rc = read_whole_bpe(t, whole, err);
    } else {
        rc = unsupported("model", model, "'WordPiece' or 'BPE'", err);
    }
    return rc;
}

/* vocab.txt, or vocab.json and merges.txt, or tokenizer.json, whichever comes first. */
static int read_vocabulary(struct at_tokenizer *t, struct files *f, struct at_error *err)
{
    char *lines = at_path_join(f->dir, "vocab.txt"), *json = at_path_join(f->dir, "vocab.json");
    char *merges = at_path_join(f->dir, "merges.txt");
    char *whole = at_path_join(f->dir, "tokenizer.json");
    int rc;

    if (at_path_is_file(lines)) {
        t->kind = AT_WORDPIECE;
        t->rules = (struct at_normalizer){ true, true, true, true };
        t->wordpiece.max_characters = DEFAULT_MAX_CHARACTERS;
        rc = at_vocab_read_lines(&t->vocab, lines, err);
        t->wordpiece.n_pieces = (int)t->vocab.pieces.n;
    } else if (at_path_is_file(json) && at_path_is_file(merges)) {
        t->kind = AT_BPE;
        rc = at_vocab_read_json(&t->vocab, json, err);
        if (!rc) {
            at_bpe_init(&t->bpe, &t->vocab);
            rc = at_bpe_read_merges(&t->bpe, merges, err);
        }
    } else if (at_path_is_file(whole)) {
        rc = at_json_read(&f->whole, whole, err);
        if (!rc && (rc = read_whole(t, f->whole, err)))
            at_error_in(err, "%s", whole);
    } else {
        rc = at_fail(err, AT_ENOTFOUND,
                     "no tokenizer in '%s': neither vocab.txt, nor vocab.json with merges.txt, nor "
                     "tokenizer.json",
                     f->dir);
    }
    free(lines);
    free(json);
    free(merges);
    free(whole);
    return rc;
}

/* Which token has which part; an id that WordPiece cannot do without is missed here. */
static int find_roles(struct at_tokenizer *t, const struct files *f, struct at_error *err)
{
    static const char *const wordpiece[] = { "[UNK]",  "[CLS]", "[SEP]", "[PAD]",
                                             "[MASK]", NULL,    NULL };
    static const char *const bpe[] = { "<|endoftext|>", NULL,           NULL, NULL, NULL,
                                       "<|endoftext|>", "<|endoftext|>" };
    const char *const *usual = t->kind == AT_WORDPIECE ? wordpiece : bpe;
    const char *unk = at_json_text(at_json_get(at_json_get(f->whole, "model"), "unk_token"), NULL);

    for (int i = 0; i < AT_N_ROLES; i++) {
        const char *name = special_name(f, special_keys[i], usual[i]);
        if (i == AT_ROLE_UNK && unk)
            name = unk;
        t->role[i] = name ? at_vocab_find(&t->vocab, name, strlen(name)) : -1;
        if (t->kind == AT_WORDPIECE && i <= AT_ROLE_SEP && t->role[i] < 0)
            return at_fail(err, AT_EFORMAT, "%s: the vocabulary has no '%s'", f->dir, name);
    }
    t->wordpiece.unk = t->role[AT_ROLE_UNK];
    return 0;
}

static int read_all(struct at_tokenizer *t, struct files *f, struct at_error *err)
{
    int rc = read_settings(&f->config, f->dir, "tokenizer_config.json", err);

    if (!rc)
        rc = read_settings(&f->specials, f->dir, "special_tokens_map.json", err);
    if (!rc)
        rc = read_optional(&f->added, f->dir, "added_tokens.json", err);
    if (!rc && f->added && !at_json_is_object(f->added))
        rc = at_fail(err, AT_EFORMAT, "%s/added_tokens.json: not an object of tokens and ids",
                     f->dir);
    if (!rc)
        rc = read_vocabulary(t, f, err);
    if (rc)
        return rc;
    apply_config(t, f); /* before added tokens, which are normalized by these rules */
    rc = put_added_tokens(t, f, err);
    if (rc)
        return rc;
    put_specials(t, f);
    if (at_vocab_check(&t->vocab, err))
        return at_error_in(err, "%s", f->dir);
    t->wordpiece.vocab = &t->vocab;
    return find_roles(t, f, err);
}

int at_tokenizer_read(struct at_tokenizer *t, const char *dir, struct at_error *err)
{
    struct files f = { .dir = dir };
    int rc = read_all(t, &f, err);

    at_json_free(f.config);
    at_json_free(f.specials);
    at_json_free(f.added);
    at_json_free(f.whole);
    return rc;
}
