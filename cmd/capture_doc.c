/*
 * capture_doc.c - see capture_doc.h.
 *
 * The metadata has the pieces as a JSON array of strings ("tokens", for everybody) and what atlas
 * knows about each of them ("atlas").
 */
#include "cmd/capture_doc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/job_doc.h"
#include "text/pieces.h"

static struct at_json *token_details(const struct doc *doc, size_t i)
{
    const struct at_token *t = &doc->tokens.items[i];
    struct at_json *o = at_json_object();

    at_json_set_string(o, "piece", doc->pieces[i]);
    if (t->source >= 0 && t->source != t->segment)
        at_json_set_int(o, "text", t->source);
    if (doc->n == doc->tokens.n && !doc->words.n)
        at_json_set_string(o, "label", doc->labels[i].text);
    at_json_set_int(o, "word", t->word);
    at_json_set_bool(o, "special", t->is_special);
    if (t->start != AT_NO_OFFSET) {
        at_json_set_int(o, "start", (long long)t->start);
        at_json_set_int(o, "end", (long long)t->end);
    }
    return o;
}

struct at_capture_meta capture_meta_new(const struct job *job, const struct doc *doc)
{
    struct at_json *pieces = at_json_array(), *details = at_json_object();
    struct at_json *tokens = at_json_array();
    struct at_strbuf pieces_text = { 0 }, details_text = { 0 };

    for (size_t i = 0; i < doc->tokens.n; i++) {
        at_json_append(pieces, at_json_string(doc->pieces[i]));
        at_json_append(tokens, token_details(doc, i));
    }
    at_json_set(details, "tokens", tokens);
    if (doc->in.pair)
        at_json_set_string(details, "pair", doc->in.pair);
    at_json_dump(&pieces_text, pieces, 0, 0);
    at_json_dump(&details_text, details, 0, 0);
    at_json_free(pieces);
    at_json_free(details);
    return (struct at_capture_meta){
        .model = job->shown_model,
        .text = doc->in.text,
        .tokens_json = at_strbuf_take(&pieces_text),
        .family = job->shape.family->model_type,
        .details = at_strbuf_take(&details_text),
    };
}

void capture_meta_free(struct at_capture_meta *meta)
{
    union {
        const char *text;
        void *p;
    } tokens = { meta->tokens_json }, details = { meta->details };

    free(tokens.p);
    free(details.p);
    *meta = (struct at_capture_meta){ 0 };
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

/* A piece as people write it. */
static const char *piece_label(struct doc *doc, size_t i)
{
    struct at_strbuf b = { 0 };
    const char *label;

    at_pieces_add_label(&b, doc->kind, doc->pieces + i, 1);
    label = at_arena_strdup(&doc->arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

/* Offsets of a token as they are written: within the text, when the file has one. */
static int read_offsets(struct at_token *t, const struct at_json *o, const struct doc *doc,
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

static int read_details(struct doc *doc, struct at_label *labels, const struct at_json *tokens,
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

static int guess_details(struct doc *doc, struct at_label *labels, const struct at_json *pieces,
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

/* All captures of a call are of one model's shape: that of the first that could be used. */
static int check_shape(const struct job *job, const struct at_capture_file *c, struct at_error *err)
{
    const struct at_config *first = &job->shape;

    if (first->n_layers && (first->n_layers != c->dims.L || first->n_heads != c->dims.H))
        return at_fail(err, AT_EFORMAT, "has %zu layers of %zu heads, the first had %zu of %zu",
                       c->dims.L, c->dims.H, first->n_layers, first->n_heads);
    if (first->n_layers && first->is_causal != c->is_causal)
        return at_fail(err, AT_EFORMAT, "is of a %s model, the first was of a %s one",
                       at_capture_family(c)->model_type, first->family->model_type);
    return 0;
}

static void take_shape(struct job *job, const struct at_capture_file *c, const char *first_piece)
{
    const struct at_dims *d = &c->dims;

    job->shape.family = at_capture_family(c);
    job->shape.is_causal = c->is_causal;
    job->shape.has_summary_token = !strcmp(first_piece, "[CLS]");
    job->shape.n_layers = d->L;
    job->shape.n_heads = d->H;
    job->shape.width = d->C;
    job->shape.head_width = d->D;
    job->shape.ffn_width = d->F;
    job->shape.vocab = d->V;
    if (!job->shown_model)
        job->shown_model = at_arena_strdup(&job->arena, c->model ? c->model : "-");
}

int capture_doc(struct doc *doc, struct job *job, const struct at_capture_file *capture,
                const char *id, struct at_error *err)
{
    size_t T = capture->dims.T;
    struct at_json *details = NULL, *pieces = NULL;
    const struct at_json *tokens, *pair;
    struct at_label *labels;
    int rc;

    *doc = (struct doc){ .number = job->n_done + job->n_skipped,
                         .capture = capture,
                         .n_tokens_given = T };
    doc->in.id = at_strdup(id);
    doc->in.text = at_strdup(capture->text ? capture->text : "");
    if (!(capture->kept & AT_CAP_ATTENTION))
        return at_fail(err, AT_EFORMAT, "no tensor 'attentions'");
    rc = check_shape(job, capture, err);
    if (!rc && capture->details)
        rc = at_json_parse(&details, capture->details, strlen(capture->details), err);
    if (!rc && capture->tokens_json)
        rc = at_json_parse(&pieces, capture->tokens_json, strlen(capture->tokens_json), err);
    tokens = at_json_get(details, "tokens");
    if (!rc && pieces && at_json_count(pieces) != T)
        rc = at_fail(err, AT_EFORMAT, "metadata has %zu tokens, the maps are of %zu",
                     at_json_count(pieces), T);
    if (!rc && tokens && at_json_count(tokens) != T)
        rc = at_fail(err, AT_EFORMAT, "metadata describes %zu tokens, the maps are of %zu",
                     at_json_count(tokens), T);
    if (!rc) {
        doc->tokens.items = at_calloc(T, sizeof *doc->tokens.items);
        doc->tokens.n = doc->tokens.cap = T;
        doc->pieces = at_arena_alloc(&doc->arena, T, sizeof *doc->pieces);
        labels = at_arena_calloc(&doc->arena, T, sizeof *labels);
        doc->kind = kind_of(capture, pieces, tokens);
        pair = at_json_get(details, "pair");
        if (at_json_is_string(pair))
            doc->in.pair = at_strdup(at_json_text(pair, ""));
        for (size_t i = 0; i < T; i++) {
            doc->tokens.items[i].id = capture->ids ? capture->ids[i] : -1;
            doc->tokens.items[i].segment = capture->segments ? capture->segments[i] : 0;
            doc->tokens.items[i].source = source_of(at_json_at(tokens, i), &doc->tokens.items[i]);
        }
        rc = tokens ? read_details(doc, labels, tokens, err)
                    : guess_details(doc, labels, pieces, err);
    }
    if (!rc) {
        for (size_t i = 0; i < T; i++) {
            const struct at_token *t = &doc->tokens.items[i];
            labels[i].is_special = t->is_special;
            labels[i].is_continuation =
                i > 0 && t->word >= 0 && t->word == doc->tokens.items[i - 1].word;
        }
        rc = doc_group(doc, job, labels, err);
    }
    if (!rc)
        take_shape(job, capture, doc->pieces[0]);
    at_json_free(details);
    at_json_free(pieces);
    return rc;
}
