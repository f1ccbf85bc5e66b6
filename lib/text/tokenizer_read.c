/*
 * tokenizer_read.c - the files of a tokenizer: see at_tokenizer_open() in tokenizer.h.
 *
 * What the files ask for and this library does not do is an error, never silently other ids.
 */
#include "text/tokenizer_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* Classes of Hugging Face's library that do more than their vocabulary says, in Python: they do not
   read tokenizer.json. */
static const char *const python_classes[] = {
    "BertJapanese",
    "Bertweet",
    "Phobert",
    "Cpm",
    "CpmAnt",
    "Jieba",
    "RoFormer",
    "TransfoXL",
    "XLM",
    "Flaubert",
    "FSMT",
    "CTRL",
    "ProphetNet",
    "XLMProphet",
    "Canine",
    "ByT5",
    "Perceiver",
    "BertGeneration",
    "Marian",
    "M2M100",
    "Wav2Vec2CTC",
    "BioGpt",
    "KoBert",
    "KoBERT",
    "Jumanpp",
    "Mecab",
    "GPTNeoXJapanese",
    "GPTSanJapanese",
    "CharacterBert",
};

int at_tokenizer_new_id(const struct at_tokenizer *t)
{
    int n = (int)(t->kind == AT_UNIGRAM ? t->unigram.scores.n : t->vocab.n_used), next = n;

    for (size_t i = 0; i < t->added.n; i++)
        next = AT_MAX(next, t->added.items[i].token.id + 1);
    return next;
}

void at_tokenizer_flags(struct at_added_token *token, const struct at_json *v, bool is_special)
{
    token->is_special = is_special || at_json_truth(at_json_get(v, "special"), false);
    token->is_normalized = at_json_truth(at_json_get(v, "normalized"), !token->is_special);
    token->lstrip = at_json_truth(at_json_get(v, "lstrip"), false);
    token->rstrip = at_json_truth(at_json_get(v, "rstrip"), false);
    token->single_word = at_json_truth(at_json_get(v, "single_word"), false);
}

int at_tokenizer_add_special(struct at_tokenizer *t, const struct at_json *v, bool only_new,
                             struct at_error *err)
{
    const char *content = at_token_content(v);
    const struct at_added_entry *known = content ? at_added_by_content(&t->added, content) : NULL;
    struct at_added_token token = { 0 };

    if (!content || !*content || (known && (only_new || known->token.is_special)))
        return 0;
    token.id = at_tokenizer_id(t, content);
    if (token.id < 0)
        token.id = at_tokenizer_new_id(t);
    at_tokenizer_flags(&token, v, true);
    return at_added_put(&t->added, content, token, err);
}

/* A class that is not known by its own code is refused; the others may be read from files. */
static int check_class(const struct at_settings *s, struct at_error *err)
{
    const char *name = at_settings_class(s), *full = at_settings_full_class(s);

    for (size_t i = 0; name && i < AT_COUNTOF(python_classes); i++)
        if (!strcmp(name, python_classes[i]))
            return at_fail(err, AT_EFORMAT,
                           "%s: tokenizer_class '%s' is not supported: it has steps that no file "
                           "of it tells",
                           s->dir, full);
    return 0;
}

/* Files that tokenizer.json makes needless. */
static void note_others(struct at_tokenizer *t, const char *dir)
{
    static const char *const others[] = {
        "vocab.txt",      "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
        "tokenizer.model"
    };
    struct at_strbuf names = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < AT_COUNTOF(others); i++) {
        char *path = at_path_join(dir, others[i]);

        if (at_path_is_file(path))
            at_strbuf_addf(&names, "%s%s", n++ ? ", " : "", others[i]);
        free(path);
    }
    if (n)
        at_tokenizer_note(t, "tokenizer.json counts, not %s beside it", at_strbuf_str(&names));
    at_strbuf_release(&names);
}

static void note_specials(struct at_tokenizer *t, const struct at_settings *s)
{
    for (int role = 0; role < AT_N_ROLES; role++) {
        const struct at_json *other, *v = at_settings_special(s, (enum at_token_role)role, &other);
        const char *name = at_token_content(v), *ignored = at_token_content(other);

        if (name && ignored && strcmp(name, ignored) != 0)
            at_tokenizer_note(t,
                              "%s: '%s' counts, not '%s': tokenizer_config.json and "
                              "special_tokens_map.json contradict each other",
                              at_settings_key((enum at_token_role)role), name, ignored);
    }
}

/* With tokenizer.json: tokens that the other files call special are kept whole too. */
static int put_specials(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    static const enum at_token_role order[] = { AT_ROLE_BOS, AT_ROLE_EOS, AT_ROLE_UNK, AT_ROLE_SEP,
                                                AT_ROLE_PAD, AT_ROLE_CLS, AT_ROLE_MASK };
    const struct at_json *v, *other;
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_COUNTOF(order); i++)
        rc = at_tokenizer_add_special(t, at_settings_special(s, order[i], &other), true, err);
    for (size_t i = 0; !rc && (v = at_settings_more(s, i)); i++)
        rc = at_tokenizer_add_special(t, v, true, err);
    return rc;
}

/* Whether a name that no file gives that part may have it: it is a special token, or one of those
   that BERT's vocabulary has as pieces. */
static bool is_usual(const struct at_tokenizer *t, const char *name)
{
    const struct at_added_entry *added = at_added_by_content(&t->added, name);

    return added ? added->token.is_special
                 : t->kind == AT_WORDPIECE && at_vocab_find(&t->vocab, name, strlen(name)) >= 0;
}

static int find_role(const struct at_tokenizer *t, const struct at_settings *s,
                     enum at_token_role role)
{
    static const char *const usual[AT_N_ROLES][3] = {
        [AT_ROLE_UNK] = { "[UNK]", "<unk>" },        [AT_ROLE_CLS] = { "[CLS]", "<s>" },
        [AT_ROLE_SEP] = { "[SEP]", "</s>" },         [AT_ROLE_PAD] = { "[PAD]", "<pad>" },
        [AT_ROLE_MASK] = { "[MASK]", "<mask>" },     [AT_ROLE_BOS] = { "<|endoftext|>", "<s>" },
        [AT_ROLE_EOS] = { "<|endoftext|>", "</s>" },
    };
    const struct at_json *other;
    const char *name = at_token_content(at_settings_special(s, role, &other));

    if (role == AT_ROLE_UNK && t->unk >= 0)
        return t->unk;
    if (name)
        return at_tokenizer_id(t, name);
    for (size_t i = 0; i < AT_COUNTOF(usual[role]) && usual[role][i]; i++)
        if (is_usual(t, usual[role][i]))
            return at_tokenizer_id(t, usual[role][i]);
    return -1;
}

/* Pieces as people write them, where no decoder says how. */
static void add_usual_decoder(struct at_tokenizer *t)
{
    bool has_bytes = !strcmp(at_tokenizer_name(t), "byte-level BPE");
    unsigned space = 0;

    for (size_t i = 0; i < t->pretokenizer.n; i++) {
        has_bytes |= t->pretokenizer.items[i].kind == AT_CUT_BYTES;
        if (t->pretokenizer.items[i].kind == AT_CUT_METASPACE)
            space = t->pretokenizer.items[i].character;
    }
    if (t->decoder.n)
        return;
    if (t->kind == AT_WORDPIECE)
        at_decoder_push(&t->decoder,
                        (struct at_decoder_step){ .kind = AT_DECODE_WORDPIECE,
                                                  .text = at_strdup(t->wordpiece.joiner) });
    if (has_bytes)
        at_decoder_push(&t->decoder, (struct at_decoder_step){ .kind = AT_DECODE_BYTES });
    if (space)
        at_decoder_push(&t->decoder, (struct at_decoder_step){ .kind = AT_DECODE_METASPACE,
                                                               .character = space });
    if (t->kind == AT_BPE && *t->bpe.suffix)
        at_decoder_push(&t->decoder, (struct at_decoder_step){ .kind = AT_DECODE_SUFFIX,
                                                               .text = at_strdup(t->bpe.suffix) });
    if ((t->kind == AT_BPE && t->bpe.byte_fallback) ||
        (t->kind == AT_UNIGRAM && t->unigram.byte_fallback))
        at_decoder_push(&t->decoder, (struct at_decoder_step){ .kind = AT_DECODE_BYTE_FALLBACK });
}

static int finish(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    int rc;

    note_specials(t, s);
    for (int i = 0; i < AT_N_ROLES; i++)
        t->role[i] = find_role(t, s, (enum at_token_role)i);
    add_usual_decoder(t);
    rc = at_added_finish(&t->added, at_tokenizer_normal_form, t, err);
    t->n_ids = t->vocab.pieces.n;
    for (size_t i = 0; i < t->added.n; i++)
        t->n_ids = AT_MAX(t->n_ids, (size_t)t->added.items[i].token.id + 1);
    if (!rc && t->n_ids == 0)
        rc = at_fail(err, AT_EFORMAT, "the vocabulary is empty");
    return rc ? at_error_in(err, "%s", s->dir) : 0;
}

int at_tokenizer_read(struct at_tokenizer *t, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, "tokenizer.json");
    struct at_settings s = { 0 };
    int rc = at_settings_read(&s, dir, err);

    t->unk = -1;
    if (!rc)
        rc = check_class(&s, err);
    if (!rc && at_path_is_file(path)) {
        rc = at_tokenizer_read_json(t, &s, path, err);
        t->source = at_strdup("tokenizer.json");
        if (!rc)
            rc = put_specials(t, &s, err);
        if (!rc)
            note_others(t, dir);
    } else if (!rc) {
        rc = at_tokenizer_read_files(t, &s, err);
    }
    if (!rc)
        rc = finish(t, &s, err);
    at_settings_release(&s);
    free(path);
    return rc;
}
