/*
 * doc_capture.c - a text's tokens inside its capture file, and back (see doc.h).
 *
 * The metadata has the pieces as a JSON array of strings ("tokens", for everybody) and what atlas
 * knows about each of them ("atlas").
 */
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "io/json.h"
#include "ops/shapes.h"
#include "session/doc_parts.h"
#include "text/pieces.h"

static struct at_json *token_details(const struct at_doc *doc, size_t i)
{
    const struct at_token *t = &doc->tokens.items[i];
    struct at_json *o = at_json_object();

    at_json_set_string(o, "piece", doc->pieces[i]);
    if (t->source >= 0 && t->source != t->segment)
        at_json_set_int(o, "text", t->source);
    if (doc->words.n == 0)
        at_json_set_string(o, "label", doc->labels[i].text);
    at_json_set_int(o, "word", t->word);
    at_json_set_bool(o, "special", t->is_special);
    if (t->start != AT_NO_OFFSET) {
        at_json_set_int(o, "start", (long long)t->start);
        at_json_set_int(o, "end", (long long)t->end);
    }
    return o;
}

/* On one line; frees json. */
static const char *written(struct at_arena *arena, struct at_json *json)
{
    struct at_strbuf b = { 0 };
    const char *line;

    at_json_dump(&b, json, 0, 0);
    line = at_arena_strdup(arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    at_json_free(json);
    return line;
}

static struct at_json *list_of(const size_t *numbers, size_t n)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < n; i++)
        at_json_append(list, at_json_int((long long)numbers[i]));
    return list;
}

struct at_capture_meta at_doc_capture_meta(const struct at_doc *doc, struct at_arena *arena)
{
    struct at_json *pieces = at_json_array(), *details = at_json_object();
    struct at_json *tokens = at_json_array();

    for (size_t i = 0; i < doc->tokens.n; i++) {
        at_json_append(pieces, at_json_string(doc->pieces[i]));
        at_json_append(tokens, token_details(doc, i));
    }
    at_json_set(details, "tokens", tokens);
    if (doc->in.pair)
        at_json_set_string(details, "pair", doc->in.pair);
    if (doc->shape->windows)
        at_json_set(details, "windows", list_of(doc->shape->windows, doc->shape->n_layers));
    return (struct at_capture_meta){
        .model = doc->model_name,
        .text = doc->in.text,
        .tokens_json = written(arena, pieces),
        .family = doc->shape->family->model_type,
        .details = written(arena, details),
    };
}

static bool is_special_piece(const char *s)
{
    static const char *const names[] = { "[CLS]", "[SEP]", "[PAD]",  "[MASK]",        "<s>",
                                         "</s>",  "<pad>", "<mask>", "<|endoftext|>", "<|pad|>" };

    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        if (!strcmp(s, names[i]))
            return true;
    return false;
}

static bool is_unknown(const char *piece)
{
    return !strcmp(piece, "[UNK]") || !strcmp(piece, "<unk>");
}

/* A piece as people write it. */
static const char *piece_label(struct at_doc *doc, size_t i)
{
    struct at_strbuf b = { 0 };
    const char *label;

    at_pieces_add_label(&b, doc->kind, doc->pieces + i, 1);
    label = at_arena_strdup(&doc->arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

/* Offsets of a token as they are written: within the text, when the file has one. */
static int read_offsets(struct at_token *t, const struct at_json *o, const struct at_doc *doc,
                        size_t i, struct at_error *err)
{
    const char *text = t->source == 1 && doc->in.pair ? doc->in.pair : doc->in.text;
    long long start = at_json_integer(at_json_get(o, "start"), -1);
    long long end = at_json_integer(at_json_get(o, "end"), -1);
    size_t n = strlen(text);

    t->start = t->end = AT_NO_OFFSET;
    if (start < 0 && end < 0)
        return 0;
    if (start < 0 || end < start || (n && (size_t)end > n))
        return at_fail(err, AT_EFORMAT,
                       "metadata has token %zu at the bytes %lld to %lld of a text of %zu", i,
                       start, end, n);
    t->start = (size_t)start;
    t->end = (size_t)end;
    return 0;
}

static int not_a_piece(size_t i, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "metadata: the piece of token %zu is not a string", i);
}

/* The text that a token is from: the segment tells it, where the file does not. */
static int source_of(const struct at_json *o, const struct at_token *t)
{
    long long source = at_json_integer(at_json_get(o, "text"), t->segment);

    return source == 0 || source == 1 ? (int)source : -1;
}

static int read_details(struct at_doc *doc, struct at_label *labels, const struct at_json *tokens,
                        struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < doc->tokens.n && !rc; i++) {
        const struct at_json *o = at_json_at(tokens, i);
        struct at_token *t = &doc->tokens.items[i];
        const char *piece = at_json_text(at_json_get(o, "piece"), NULL);
        const char *label = at_json_text(at_json_get(o, "label"), NULL);
        long long word = at_json_integer(at_json_get(o, "word"), -1);

        if (!piece)
            return not_a_piece(i, err);
        doc->pieces[i] = at_arena_strdup(&doc->arena, piece);
        labels[i].text = label ? at_arena_strdup(&doc->arena, label) : piece_label(doc, i);
        t->is_special = at_json_truth(at_json_get(o, "special"), false);
        t->word = word < 0 || word > INT_MAX ? -1 : (int)word;
        rc = read_offsets(t, o, doc, i, err);
    }
    return rc;
}

static int guess_details(struct at_doc *doc, struct at_label *labels, const struct at_json *pieces,
                         struct at_error *err)
{
    for (size_t i = 0; i < doc->tokens.n; i++) {
        const char *piece = at_json_text(at_json_at(pieces, i), pieces ? NULL : "");

        if (!piece)
            return not_a_piece(i, err);
        doc->pieces[i] = at_arena_strdup(&doc->arena, piece);
        labels[i].text = piece_label(doc, i);
        doc->tokens.items[i].is_special = is_special_piece(piece);
    }
    at_pieces_locate(&doc->tokens, doc->kind, doc->pieces, doc->in.text, doc->in.pair);
    return 0;
}

static bool is_spaced(const char *piece)
{
    return !strncmp(piece, "\xc4\xa0", 2);
}

/*
 * Byte-level pieces: a causal model's, or there is one with the character for a space in front. In
 * WordPiece that is a letter (of Maltese): the piece's label has it too, or, in a file without
 * labels, there are pieces that continue a word with "##".
 */
static enum at_tokenizer_kind kind_of(const struct at_capture_file *c, const struct at_json *pieces,
                                      const struct at_json *tokens)
{
    bool is_bpe = c->is_causal;

    for (size_t i = 0; !c->is_causal && i < at_json_count(pieces); i++) {
        const char *piece = at_json_text(at_json_at(pieces, i), "");
        const char *label = at_json_text(at_json_get(at_json_at(tokens, i), "label"), "");
        if (tokens ? is_spaced(piece) && is_spaced(label) : !strncmp(piece, "##", 2) && piece[2])
            return AT_WORDPIECE;
        is_bpe |= is_spaced(piece);
    }
    return is_bpe ? AT_BPE : AT_WORDPIECE;
}

/* What a capture tells of its model; dimensions that no tensor has are 0. */
static struct at_config capture_shape(const struct at_capture_file *c, const char *first_piece)
{
    return (struct at_config){
        .family = at_family_like(c->is_causal),
        .is_causal = c->is_causal,
        .has_summary_token = !strcmp(first_piece, "[CLS]"),
        .n_layers = c->dims.L,
        .n_heads = c->dims.H,
        .width = c->dims.C,
        .head_width = c->dims.D,
        .n_key_heads = c->dims.K,
        .ffn_width = c->dims.F,
        .vocab = c->dims.V,
        .pad_id = -1,
        .bos_id = -1,
        .eos_id = -1,
    };
}

/* How many keys a query of each layer sees, where the file says so. */
static int read_windows(struct at_doc *doc, const struct at_json *list, struct at_error *err)
{
    size_t L = doc->own_shape.n_layers, *windows;

    if (at_json_is_null(list))
        return 0;
    if (!at_json_is_array(list) || at_json_count(list) != L)
        return at_fail(err, AT_EFORMAT, "metadata: 'windows' is no list of %zu numbers", L);
    windows = at_arena_alloc(&doc->arena, L, sizeof *windows);
    for (size_t l = 0; l < L; l++) {
        long long window = at_json_integer(at_json_at(list, l), -1);
        if (window < 0 || window > AT_MAX_POSITIONS)
            return at_fail(err, AT_EFORMAT, "metadata: window %zu is no number of tokens", l);
        windows[l] = (size_t)window;
    }
    doc->own_shape.windows = windows;
    return 0;
}

static int check_count(const struct at_json *list, const char *verb, size_t T, struct at_error *err)
{
    if (!list || at_json_count(list) == T)
        return 0;
    return at_fail(err, AT_EFORMAT, "metadata %s %zu tokens, the maps are of %zu", verb,
                   at_json_count(list), T);
}

/* Tokens, pieces and their labels; pieces and details as the metadata has them, or NULL. */
static int read_tokens(struct at_doc *doc, struct at_label *labels, const struct at_json *pieces,
                       const struct at_json *details, struct at_error *err)
{
    const struct at_capture_file *c = doc->capture;
    const struct at_json *tokens = at_json_get(details, "tokens");
    const struct at_json *pair = at_json_get(details, "pair");
    size_t T = c->dims.T;
    int rc = check_count(pieces, "has", T, err);

    if (!rc)
        rc = check_count(tokens, "describes", T, err);
    if (rc)
        return rc;
    doc->tokens.items = at_calloc(T, sizeof *doc->tokens.items);
    doc->tokens.n = doc->tokens.cap = T;
    doc->pieces = at_arena_alloc(&doc->arena, T, sizeof *doc->pieces);
    doc->kind = kind_of(c, pieces, tokens);
    if (at_json_is_string(pair))
        doc->in.pair = at_strdup(at_json_text(pair, ""));
    for (size_t i = 0; i < T; i++) {
        doc->tokens.items[i].id = c->ids ? c->ids[i] : -1;
        doc->tokens.items[i].segment = c->segments ? c->segments[i] : 0;
        doc->tokens.items[i].source = source_of(at_json_at(tokens, i), &doc->tokens.items[i]);
    }
    rc = tokens ? read_details(doc, labels, tokens, err) : guess_details(doc, labels, pieces, err);
    for (size_t i = 0; i < T && !rc; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        if (!t->is_special && t->end > t->start && is_unknown(doc->pieces[i])) {
            const char *text = t->source == 1 ? doc->in.pair : doc->in.text;
            labels[i].text =
                at_arena_printf(&doc->arena, "%.*s", (int)(t->end - t->start), text + t->start);
            doc->n_unknown++;
        }
        labels[i].is_special = t->is_special;
        labels[i].is_continuation =
            i > 0 && t->word >= 0 && t->word == doc->tokens.items[i - 1].word;
    }
    return rc;
}

int at_doc_from_capture(struct at_doc *out, const struct at_capture_file *capture, const char *id,
                        bool by_words, struct at_error *err)
{
    size_t T = capture->dims.T;
    struct at_json *details = NULL, *pieces = NULL;
    struct at_label *labels;
    int rc = 0;

    *out = (struct at_doc){
        .in = { at_strdup(id), at_strdup(capture->text ? capture->text : ""), NULL },
        .model_name = capture->model ? capture->model : "-",
        .n_tokens_given = T,
        .capture = capture,
    };
    if (!(capture->kept & AT_CAP_ATTENTION))
        return at_fail(err, AT_EFORMAT, "no tensor 'attentions'");
    if (capture->details)
        rc = at_json_parse(&details, capture->details, strlen(capture->details), err);
    if (!rc && capture->tokens_json)
        rc = at_json_parse(&pieces, capture->tokens_json, strlen(capture->tokens_json), err);
    labels = at_arena_calloc(&out->arena, T, sizeof *labels);
    if (!rc)
        rc = read_tokens(out, labels, pieces, details, err);
    if (!rc)
        out->own_shape = capture_shape(capture, out->pieces[0]);
    if (!rc)
        rc = read_windows(out, at_json_get(details, "windows"), err);
    at_json_free(details);
    at_json_free(pieces);
    if (rc)
        return rc;
    out->shape = &out->own_shape;
    return at_doc_group(out, NULL, by_words, labels, err);
}
