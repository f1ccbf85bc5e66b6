/*
 * tokenizer_files.c - tokenizers of separate files, see tokenizer_read.h: vocab.txt is BERT's,
 * vocab.json and merges.txt are GPT-2's or RoBERTa's; the class that tokenizer_config.json names
 * says which, and what is put around a text.
 */
#include "text/tokenizer_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

enum family { BERT, GPT2, ROBERTA, MPNET, SENTENCEPIECE };

/* Classes of Hugging Face's library whose files we read, without "Tokenizer" and "Fast". */
static const struct {
    const char *name;
    enum family family;
} classes[] = {
    { "Bert", BERT },
    { "DistilBert", BERT },
    { "Electra", BERT },
    { "MobileBert", BERT },
    { "ConvBert", BERT },
    { "SqueezeBert", BERT },
    { "LayoutLM", BERT },
    { "Lxmert", BERT },
    { "RetriBert", BERT },
    { "DPRContextEncoder", BERT },
    { "DPRReader", BERT },
    { "DPRQuestionEncoder", BERT },
    { "GPT2", GPT2 },
    { "CodeGen", GPT2 },
    { "Roberta", ROBERTA },
    { "Longformer", ROBERTA },
    { "Bart", ROBERTA },
    { "LED", ROBERTA },
    { "MPNet", MPNET },
    { "XLMRoberta", SENTENCEPIECE },
    { "Camembert", SENTENCEPIECE },
    { "Albert", SENTENCEPIECE },
    { "T5", SENTENCEPIECE },
    { "Llama", SENTENCEPIECE },
};

/* Where SentencePiece models lie. */
static const char *const models[] = { "spiece.model", "sentencepiece.bpe.model",
                                      "tokenizer.model" };

static bool has_file(const char *dir, const char *name)
{
    char *path = at_path_join(dir, name);
    bool is_there = at_path_is_file(path);

    free(path);
    return is_there;
}

static bool has_files(const char *dir, enum family family)
{
    if (family == BERT || family == MPNET)
        return has_file(dir, "vocab.txt");
    if (family != SENTENCEPIECE)
        return has_file(dir, "vocab.json") && has_file(dir, "merges.txt");
    for (size_t i = 0; i < AT_COUNTOF(models); i++)
        if (has_file(dir, models[i]))
            return true;
    return false;
}

static int no_files(const struct at_settings *s, struct at_error *err)
{
    const char *full = at_settings_full_class(s);

    return at_fail(err, AT_ENOTFOUND,
                   "no tokenizer in '%s': neither tokenizer.json, nor vocab.txt, nor vocab.json "
                   "with merges.txt, nor a SentencePiece model%s%s",
                   s->dir, full ? ", as wanted by " : "", full ? full : "");
}

/* Which files to read: what the class asks for, or whatever is there. */
static int choose(enum family *out, const struct at_settings *s, struct at_error *err)
{
    static const enum family order[] = { BERT, GPT2, SENTENCEPIECE };
    const char *name = at_settings_class(s), *full = at_settings_full_class(s);

    for (size_t i = 0; name && i < AT_COUNTOF(classes); i++)
        if (!strcmp(name, classes[i].name)) {
            *out = classes[i].family;
            return has_files(s->dir, *out) ? 0 : no_files(s, err);
        }
    if (name && (!strcmp(name, "PreTrained") || !strcmp(name, "Tokenizers") ||
                 !strcmp(name, "TokenizersBackend")))
        return at_fail(err, AT_ENOTFOUND,
                       "%s: tokenizer_class '%s' needs tokenizer.json, which is not there", s->dir,
                       full);
    if (name)
        return at_fail(err, AT_EFORMAT, "%s: tokenizer_class '%s' is not supported", s->dir, full);
    for (size_t i = 0; i < AT_COUNTOF(order); i++)
        if (has_files(s->dir, order[i])) {
            *out = order[i];
            return 0;
        }
    return no_files(s, err);
}

/* The name of a special token that the class has unless a file gives another one. */
static const char *usual_name(enum family family, enum at_token_role role)
{
    static const char *const names[][AT_N_ROLES] = {
        [BERT] = { "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", NULL, NULL },
        [GPT2] = { "<|endoftext|>", NULL, NULL, NULL, NULL, "<|endoftext|>", "<|endoftext|>" },
        [ROBERTA] = { "<unk>", "<s>", "</s>", "<pad>", "<mask>", "<s>", "</s>" },
        [MPNET] = { "[UNK]", "<s>", "</s>", "<pad>", "<mask>", "<s>", "</s>" },
    };

    return names[family][role];
}

static const char *name_of(const struct at_settings *s, enum family family, enum at_token_role role)
{
    const struct at_json *other;
    const char *name = at_token_content(at_settings_special(s, role, &other));

    return name ? name : usual_name(family, role);
}

/* Id of a token that the class cannot do without. */
static int need(int *out, const struct at_tokenizer *t, const struct at_settings *s,
                enum family family, enum at_token_role role, struct at_error *err)
{
    const char *name = name_of(s, family, role);

    *out = at_tokenizer_id(t, name);
    return *out < 0 ? at_fail(err, AT_EFORMAT, "the vocabulary has no '%s'", name) : 0;
}

/* One token with its id, of added_tokens.json or added_tokens_decoder. */
static int put_with_id(struct at_tokenizer *t, const char *content, struct at_added_token token,
                       long long id, struct at_error *err)
{
    const char *piece;
    int known;

    if (!content)
        return at_fail(err, AT_EFORMAT, "the token %lld has no 'content'", id);
    if (id < 0 || id >= AT_MAX_VOCAB)
        return at_fail(err, AT_ERANGE, "id %lld is out of range, want 0 to %d", id,
                       AT_MAX_VOCAB - 1);
    piece = at_vocab_piece(&t->vocab, id);
    if (piece && strcmp(piece, content) != 0)
        return at_fail(err, AT_EFORMAT, "id %lld is given to both '%s' and '%s'", id, piece,
                       content);
    known = at_vocab_find(&t->vocab, content, strlen(content));
    if (known >= 0 && known != id)
        at_tokenizer_note(t, "the added token '%s' has the id %lld; it is %d in the vocabulary",
                          content, id, known);
    token.id = known >= 0 ? known : (int)id;
    return at_added_put(&t->added, content, token, err);
}

static int put_added_file(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    const struct at_json *v;
    int rc = 0;

    for (const char *key = NULL; !rc && (key = at_json_next(s->added, key, &v));)
        rc = put_with_id(t, key, (struct at_added_token){ .is_normalized = true },
                         at_json_integer(v, -1), err);
    return rc ? at_error_in(err, "%s/added_tokens.json", s->dir) : 0;
}

static int put_added_decoder(struct at_tokenizer *t, const struct at_settings *s,
                             struct at_error *err)
{
    const struct at_json *decoder = at_json_get(s->config, "added_tokens_decoder"), *v;
    int rc = 0;

    for (const char *key = NULL; !rc && (key = at_json_next(decoder, key, &v));) {
        const char *content = at_json_text(at_json_get(v, "content"), NULL);
        const struct at_added_entry *known =
            content ? at_added_by_content(&t->added, content) : NULL;
        struct at_added_token token = { 0 };
        char *end;
        long id = strtol(key, &end, 10);

        if (known && known->token.id != id)
            at_tokenizer_note(t,
                              "the added token '%s' has the id %d in added_tokens.json and %ld "
                              "in tokenizer_config.json, which counts",
                              content, known->token.id, id);
        at_tokenizer_flags(&token, v, false);
        rc = put_with_id(t, content, token, *key && !*end ? id : -1, err);
    }
    return rc ? at_error_in(err, "%s/tokenizer_config.json", s->dir) : 0;
}

/* No id below the largest may be without a piece. */
static int check_ids(const struct at_tokenizer *t, struct at_error *err)
{
    size_t n = t->vocab.pieces.n;
    bool *has;
    int rc = at_vocab_check(&t->vocab, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < t->added.n; i++)
        n = AT_MAX(n, (size_t)t->added.items[i].token.id + 1);
    has = at_calloc(n, sizeof *has);
    for (size_t i = 0; i < t->added.n; i++)
        has[t->added.items[i].token.id] = true;
    for (size_t id = t->vocab.pieces.n; !rc && id < n; id++)
        if (!has[id])
            rc = at_fail(err, AT_EFORMAT, "no piece has the id %zu, of ids up to %zu", id, n - 1);
    free(has);
    return rc;
}

static int put_special_name(struct at_tokenizer *t, const char *name, bool lstrip,
                            struct at_error *err)
{
    struct at_json *v = at_json_object();
    int rc;

    at_json_set_string(v, "content", name);
    at_json_set_bool(v, "lstrip", lstrip);
    rc = at_tokenizer_add_special(t, v, false, err);
    at_json_free(v);
    return rc;
}

/* Whether a file names a special token that the vocabulary does not have: then new ids are given,
   to those that the class has by itself too. */
static bool lacks_special(const struct at_tokenizer *t, const struct at_settings *s)
{
    const struct at_json *v, *other;

    for (int role = 0; role < AT_N_ROLES; role++) {
        const char *name =
            at_token_content(at_settings_special(s, (enum at_token_role)role, &other));
        if (name && at_tokenizer_id(t, name) < 0)
            return true;
    }
    for (size_t i = 0; (v = at_settings_more(s, i)); i++)
        if (at_tokenizer_id(t, at_token_content(v)) < 0)
            return true;
    return false;
}

/* Every token that one of the files calls special, and those that always are; in the order in which
   Hugging Face's library gives new ids. */
static int put_specials(struct at_tokenizer *t, const struct at_settings *s, enum family family,
                        struct at_error *err)
{
    static const enum at_token_role order[] = { AT_ROLE_BOS, AT_ROLE_EOS, AT_ROLE_UNK, AT_ROLE_SEP,
                                                AT_ROLE_PAD, AT_ROLE_CLS, AT_ROLE_MASK };
    bool gives_ids = lacks_special(t, s);
    const struct at_json *v, *other;
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_COUNTOF(order); i++) {
        const char *name = usual_name(family, order[i]);

        v = at_settings_special(s, order[i], &other);
        if (at_token_content(v) && !at_json_is_string(v))
            rc = at_tokenizer_add_special(t, v, false, err);
        else if (at_token_content(v) || (name && (gives_ids || at_tokenizer_id(t, name) >= 0)))
            rc = put_special_name(
                t, at_token_content(v) ? at_token_content(v) : name,
                (family == ROBERTA || family == MPNET) && order[i] == AT_ROLE_MASK, err);
    }
    for (size_t i = 0; !rc && (v = at_settings_more(s, i)); i++)
        rc = at_tokenizer_add_special(t, v, false, err);
    return rc;
}

/* Words that BERT's class does not take apart: it looks for them between white space. */
static int put_never_split(struct at_tokenizer *t, const struct at_settings *s,
                           struct at_error *err)
{
    const struct at_json *list = at_json_get(s->config, "never_split");
    int rc = 0;

    for (size_t i = 0; !rc && i < at_json_count(list); i++) {
        const char *word = at_json_text(at_json_at(list, i), "");
        int id = at_vocab_find(&t->vocab, word, strlen(word));
        struct at_added_token token = { .id = id < 0 ? t->unk : id, .stands_alone = true };

        if (*word && !at_added_by_content(&t->added, word))
            rc = at_added_put(&t->added, word, token, err);
    }
    return rc;
}

static int put_tokens(struct at_tokenizer *t, const struct at_settings *s, enum family family,
                      struct at_error *err)
{
    int rc = put_added_file(t, s, err);

    if (!rc)
        rc = put_added_decoder(t, s, err);
    if (rc)
        return rc;
    rc = put_specials(t, s, family, err);
    if (!rc)
        rc = check_ids(t, err);
    return rc ? at_error_in(err, "%s", s->dir) : 0;
}

static int surround_roberta(struct at_tokenizer *t, const struct at_settings *s,
                            struct at_error *err)
{
    int cls, sep;

    if (need(&cls, t, s, ROBERTA, AT_ROLE_CLS, err) || need(&sep, t, s, ROBERTA, AT_ROLE_SEP, err))
        return at_error_in(err, "%s", s->dir);
    at_post_processor_set(&t->post, false,
                          (struct at_plan_item[]){ { -1, cls, 0 }, { 0, -1, 0 }, { -1, sep, 0 } },
                          3);
    at_post_processor_set(&t->post, true,
                          (struct at_plan_item[]){ { -1, cls, 0 },
                                                   { 0, -1, 0 },
                                                   { -1, sep, 0 },
                                                   { -1, sep, 0 },
                                                   { 1, -1, 0 },
                                                   { -1, sep, 0 } },
                          6);
    return 0;
}

/* BERT's pieces, between its special tokens or, of MPNet, RoBERTa's. */
static int read_bert(struct at_tokenizer *t, const struct at_settings *s, enum family family,
                     struct at_error *err)
{
    struct at_normalizer_step step = {
        .kind = AT_NORMALIZE_BERT, .clean_text = true, .space_cjk = true, .lower = true
    };
    char *path = at_path_join(s->dir, "vocab.txt");
    int cls, sep, rc = at_vocab_read_lines(&t->vocab, path, err);

    free(path);
    if (rc)
        return rc;
    t->kind = AT_WORDPIECE;
    t->source = at_strdup("vocab.txt");
    t->trims_spaces = true;
    t->wordpiece = (struct at_wordpiece){ &t->vocab, -1, AT_MAX_CHARACTERS, at_strdup("##") };
    at_settings_switch(&step.lower, s, "do_lower_case");
    step.strip_accents = step.lower;
    at_settings_switch(&step.strip_accents, s, "strip_accents");
    at_settings_switch(&step.space_cjk, s, "tokenize_chinese_chars");
    at_normalizer_push(&t->normalizer, step);
    at_pretokenizer_push(&t->pretokenizer, (struct at_pretokenizer_step){ .kind = AT_CUT_SPACE });
    at_pretokenizer_push(&t->pretokenizer, (struct at_pretokenizer_step){ .kind = AT_CUT_PUNCT,
                                                                          .cut = AT_CUT_ISOLATE });
    rc = put_tokens(t, s, family, err);
    if (!rc &&
        (need(&t->unk, t, s, family, AT_ROLE_UNK, err) ||
         need(&cls, t, s, family, AT_ROLE_CLS, err) || need(&sep, t, s, family, AT_ROLE_SEP, err)))
        return at_error_in(err, "%s", s->dir);
    if (rc)
        return rc;
    t->wordpiece.unk = t->unk;
    if (family == MPNET)
        return surround_roberta(t, s, err);
    at_post_processor_set(&t->post, false,
                          (struct at_plan_item[]){ { -1, cls, 0 }, { 0, -1, 0 }, { -1, sep, 0 } },
                          3);
    at_post_processor_set(
        &t->post, true,
        (struct at_plan_item[]){
            { -1, cls, 0 }, { 0, -1, 0 }, { -1, sep, 0 }, { 1, -1, 1 }, { -1, sep, 1 } },
        5);
    rc = put_never_split(t, s, err);
    return rc ? at_error_in(err, "%s/tokenizer_config.json: never_split", s->dir) : 0;
}

/* GPT-2 puts nothing around a text, or one token before it. */
static int surround_gpt2(struct at_tokenizer *t, const struct at_settings *s, struct at_error *err)
{
    bool adds_bos = false;
    int bos;

    at_settings_switch(&adds_bos, s, "add_bos_token");
    if (!adds_bos) {
        at_post_processor_set(&t->post, false, (struct at_plan_item[]){ { 0, -1, 0 } }, 1);
        at_post_processor_set(&t->post, true, (struct at_plan_item[]){ { 0, -1, 0 }, { 1, -1, 1 } },
                              2);
        return 0;
    }
    if (need(&bos, t, s, GPT2, AT_ROLE_BOS, err))
        return at_error_in(err, "%s: add_bos_token", s->dir);
    at_post_processor_set(&t->post, false, (struct at_plan_item[]){ { -1, bos, 0 }, { 0, -1, 0 } },
                          2);
    at_post_processor_set(
        &t->post, true,
        (struct at_plan_item[]){ { -1, bos, 0 }, { 0, -1, 0 }, { -1, bos, 1 }, { 1, -1, 1 } }, 4);
    return 0;
}

static int read_byte_level(struct at_tokenizer *t, const struct at_settings *s, enum family family,
                           struct at_error *err)
{
    struct at_pretokenizer_step step = { .kind = AT_CUT_GPT2, .is_cut = true };
    char *vocab = at_path_join(s->dir, "vocab.json"), *merges = at_path_join(s->dir, "merges.txt");
    int rc = at_vocab_read_json(&t->vocab, vocab, err);

    t->kind = AT_BPE;
    t->source = at_strdup("vocab.json, merges.txt");
    t->trims_spaces = true;
    at_bpe_init(&t->bpe, &t->vocab);
    t->bpe.is_strict = true;
    if (!rc)
        rc = at_bpe_read_merges(&t->bpe, merges, err);
    free(vocab);
    free(merges);
    if (rc)
        return rc;
    at_settings_switch(&step.prefix_space, s, "add_prefix_space");
    at_pretokenizer_push(&t->pretokenizer, step);
    at_pretokenizer_push(&t->pretokenizer, (struct at_pretokenizer_step){ .kind = AT_CUT_BYTES });
    rc = put_tokens(t, s, family, err);
    if (rc)
        return rc;
    return family == ROBERTA ? surround_roberta(t, s, err) : surround_gpt2(t, s, err);
}

static int read_sentencepiece(struct at_tokenizer *t, const struct at_settings *s,
                              struct at_error *err)
{
    for (size_t i = 0; i < AT_COUNTOF(models); i++) {
        char *path = at_path_join(s->dir, models[i]);
        bool is_there = at_path_is_file(path);
        int rc = 0;

        if (is_there) {
            t->source = at_strdup(models[i]);
            rc = at_sentencepiece_read(t, s, path, err);
        }
        free(path);
        if (is_there)
            return rc;
    }
    return no_files(s, err);
}

int at_tokenizer_read_files(struct at_tokenizer *t, const struct at_settings *s,
                            struct at_error *err)
{
    enum family family = BERT;
    int rc = choose(&family, s, err);

    if (rc)
        return rc;
    if (family == SENTENCEPIECE)
        return read_sentencepiece(t, s, err);
    if (family == BERT || family == MPNET)
        return read_bert(t, s, family, err);
    return read_byte_level(t, s, family, err);
}
