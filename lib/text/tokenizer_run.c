/*
 * tokenizer_run.c - one text through the steps of a tokenizer, see tokenizer_parts.h.
 *
 * The steps of the pre-tokenizer are nested: what the first one cuts off goes through all others
 * before the first one goes on. So a long text is never in memory more than twice.
 */
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/byte_text.h"
#include "text/unicode.h"
#include "text/word_starts.h"

enum { NO_WORD = -1, WORD_ALONE = -2 /* a token of the text that was added */ };

/* Blanks at the ends of a piece, which a trimmed place leaves out; small, since a long text has
   many pieces. No text has 2^31 characters. */
struct edges {
    unsigned before : 31, is_all : 1; /* there is nothing else, and all are spaces */
    unsigned behind;
};

/* A text on its way. */
struct run {
    const struct at_tokenizer *t;
    const char *text;
    size_t n;
    int source;
    struct at_tokens *out;
    size_t begin; /* of its tokens in out */
    bool needs_edges;
    unsigned mark;                       /* stands for a space in a piece */
    struct AT_ARRAY(struct edges) edges; /* of its tokens */
    int n_parts;                         /* that went into the model */
    struct at_normalizer_work normal;
    struct at_pretokenizer_work *cuts; /* one for each step */
    struct at_founds found;
    struct at_wordpiece_work wordpiece;
    struct at_bpe_work bpe;
    struct at_unigram_work unigram;
};

/* True for tokens that mark structure. An unknown word is text, even where "[UNK]" is written,
   unless that token marks something else too. */
static bool is_special(const struct at_tokenizer *t, const struct at_added_token *added)
{
    if (!added->is_special || added->id != t->role[AT_ROLE_UNK])
        return added->is_special;
    for (int role = 0; role < AT_N_ROLES; role++)
        if (role != AT_ROLE_UNK && t->role[role] == added->id)
            return true;
    return false;
}

/* What stands for a space in the pieces: the library looks for GPT-2's mark, whatever they are. */
static unsigned mark_of(const struct at_tokenizer *t)
{
    if (t->trims_spaces && t->kind == AT_WORDPIECE)
        return ' '; /* of a vocabulary of its own: there U+0120 is a letter of Maltese */
    return t->trims_spaces && t->decoder.n && t->decoder.items[0].kind == AT_DECODE_METASPACE
               ? t->decoder.items[0].character
               : 0x120;
}

/* All of it, or is_all alone. */
static struct edges edges_of(const char *s, size_t n, unsigned mark, bool is_all_enough)
{
    struct edges e = { 0, true, 0 };
    bool is_before = true;

    for (size_t i = 0; i < n && (e.is_all || !is_all_enough);) {
        unsigned c = at_utf8_next(s, &i);

        e.is_all &= c == mark || c == ' ';
        if (c == mark || at_unicode_is_space(c)) {
            e.before += is_before;
            e.behind++;
        } else {
            is_before = false;
            e.behind = 0;
        }
    }
    return e;
}

/* Start of the character that at is in. */
static size_t character_start(const struct run *r, size_t at)
{
    if (at >= r->n)
        return r->n;
    while (at > 0 && ((unsigned char)r->text[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* Add a token whose piece, or text, is value (n bytes). */
static void push(struct run *r, struct at_token token, const char *value, size_t n)
{
    token.source = r->source;
    token.start = character_start(r, token.start);
    token.end = AT_MAX(character_start(r, token.end), token.start);
    *at_array_push(r->out) = token;
    if (r->needs_edges)
        *at_array_push(&r->edges) = edges_of(value, n, r->mark, r->t->trims_spaces);
}

static void push_added(struct run *r, const struct at_added_match *m, const struct at_part *part)
{
    bool special = is_special(r->t, m->token);
    bool is_mask = m->token->id == at_tokenizer_role(r->t, AT_ROLE_MASK); /* stands for a word */
    bool trims = r->t->trims_spaces;
    size_t from = trims ? m->written : m->start, to = trims ? m->written_end : m->end;
    struct at_token token = { .id = m->token->id,
                              .is_special = special,
                              .word = special && !is_mask ? NO_WORD : WORD_ALONE };

    r->n_parts++;
    at_part_span(&token.start, &token.end, part, from, to);
    push(r, token, part->s + m->start, m->end - m->start);
}

static int find_pieces(struct run *r, const struct at_part *part, struct at_error *err)
{
    const struct at_tokenizer *t = r->t;
    int id;

    r->found.n = 0;
    switch (t->kind) {
    case AT_WORDPIECE:
        return at_wordpiece_encode(&r->found, &t->wordpiece, &r->wordpiece, part->s, part->n, err);
    case AT_BPE:
        return at_bpe_encode(&r->found, &t->bpe, &r->bpe, part->s, part->n, err);
    case AT_UNIGRAM:
        return at_unigram_encode(&r->found, &t->unigram, &r->unigram, part->s, part->n, err);
    case AT_WORDLEVEL:
        id = at_vocab_find(&t->vocab, part->s, part->n);
        if (id < 0)
            id = t->unk;
        if (id < 0)
            return at_fail(err, AT_EFORMAT, "the vocabulary has no token for the unknown '%.*s'",
                           at_shown(part->s, AT_MIN(part->n, (size_t)100)), part->s);
        *at_array_push(&r->found) = (struct at_found){ id, 0, part->n };
    }
    return 0;
}

/* The text of a piece; that of an unknown word may be a token that was added. */
static const char *piece_of(const struct at_tokenizer *t, int id)
{
    const char *piece = at_vocab_piece(&t->vocab, id);

    return piece ? piece : at_tokenizer_piece(t, id);
}

/* A part that is not cut any more. */
static int encode(struct run *r, const struct at_part *part, struct at_error *err)
{
    int rc = find_pieces(r, part, err);

    for (size_t i = 0; !rc && i < r->found.n; i++) {
        const struct at_found *f = &r->found.items[i];
        bool is_text = r->t->kind == AT_UNIGRAM && f->id == r->t->unk;
        const char *value = is_text ? part->s + f->from : piece_of(r->t, f->id);
        struct at_token token = { .id = f->id, .word = r->n_parts };

        at_part_span(&token.start, &token.end, part, f->from, f->to);
        push(r, token, value, is_text ? f->to - f->from : strlen(value));
    }
    r->n_parts++;
    return rc;
}

/* The step of the pre-tokenizer that a part has reached. */
struct stage {
    struct run *r;
    size_t step;
};

static int cut(void *arg, const struct at_part *part, struct at_error *err)
{
    const struct stage *stage = arg;
    struct run *r = stage->r;
    struct stage next = { r, stage->step + 1 };

    if (stage->step == r->t->pretokenizer.n)
        return encode(r, part, err);
    return at_pretokenizer_cut(&r->t->pretokenizer.items[stage->step], part, &r->cuts[stage->step],
                               cut, &next, err);
}

static int cut_from_first(struct run *r, const struct at_part *part, size_t from, size_t to,
                          struct at_error *err)
{
    struct stage first = { r, 0 };
    struct at_part slice;

    if (from >= to)
        return 0;
    slice = at_part_slice(part, from, to);
    return cut(&first, &slice, err);
}

/* What lies between two added tokens that were found in the text as it came. */
static int run_normalized(struct run *r, struct at_part part, struct at_error *err)
{
    struct at_added_scan scan = { .a = &r->t->added, .is_normalized = true };
    struct at_added_match m;
    size_t done = 0;
    int rc = at_normalizer_apply(&part, &r->t->normalizer, &r->normal, err);

    scan.text = part.s;
    scan.n = part.n;
    while (!rc && at_added_next(&scan, &m)) {
        rc = cut_from_first(r, &part, done, m.start, err);
        push_added(r, &m, &part);
        done = scan.done;
    }
    return rc ? rc : cut_from_first(r, &part, done, part.n, err);
}

static int run_text(struct run *r, struct at_error *err)
{
    struct at_part whole = { .s = r->text, .n = r->n };
    struct at_added_scan scan = { .a = &r->t->added, .text = whole.s, .n = whole.n };
    struct at_added_match m;
    size_t done = 0;
    int rc = 0;

    while (!rc && at_added_next(&scan, &m)) {
        if (done < m.start)
            rc = run_normalized(r, at_part_slice(&whole, done, m.start), err);
        push_added(r, &m, &whole);
        done = scan.done;
    }
    if (!rc && done < whole.n)
        rc = run_normalized(r, at_part_slice(&whole, done, whole.n), err);
    return rc;
}

/* The place n characters behind at, at most end. */
static size_t characters_on(const char *text, size_t at, size_t n, size_t end)
{
    for (; n > 0 && at < end; n--)
        at_utf8_next(text, &at);
    return AT_MIN(at, end);
}

/* The place n characters before at; SIZE_MAX when there are not so many. */
static size_t characters_back(const char *text, size_t at, size_t n)
{
    for (; n > 0; n--) {
        if (at == 0)
            return SIZE_MAX;
        do
            at--;
        while (((unsigned char)text[at] & 0xC0) == 0x80);
    }
    return at;
}

static void trim(struct run *r, const struct at_trim *how)
{
    for (size_t i = 0; i < r->edges.n; i++) {
        struct at_token *token = &r->out->items[r->begin + i];
        struct edges e = r->edges.items[i];
        bool is_first = token->start == 0 || (i == 0 && how->is_first[r->source]);
        size_t end;

        if (is_first && how->prefix_space && e.before == 1)
            e.before = 0; /* it was put there */
        token->start = characters_on(r->text, token->start, e.before, token->end);
        end = characters_back(r->text, token->end, e.behind);
        if (end != SIZE_MAX)
            token->end = AT_MAX(end, token->start);
    }
}

static bool is_space_at(const struct run *r, size_t at)
{
    return at_unicode_is_space(at_utf8_next(r->text, &at));
}

/* Without the spaces of the text; a piece of nothing but a space put in front is nowhere. */
static void trim_spaces(struct run *r)
{
    for (size_t i = 0; i < r->edges.n; i++) {
        struct at_token *token = &r->out->items[r->begin + i];

        at_trim_spaces(&token->start, &token->end, r->text, r->n);
        if (r->edges.items[i].is_all && token->start < token->end && !is_space_at(r, token->start))
            token->end = token->start;
    }
}

/* Number words by the parts that went into the model. */
static void number_parts(struct run *r, int *word)
{
    int part = NO_WORD;

    for (size_t i = r->begin; i < r->out->n; i++) {
        struct at_token *it = &r->out->items[i];

        if (it->word == NO_WORD)
            continue;
        if (it->word != part || part == WORD_ALONE)
            ++*word;
        part = it->word;
        it->word = *word - 1;
    }
}

/* Number words by what is written. */
static void number_by_text(struct run *r, int *word)
{
    struct at_token before = { .is_special = true };
    int part = NO_WORD;

    for (size_t i = r->begin; i < r->out->n; i++) {
        struct at_token *it = &r->out->items[i], place = *it;

        at_trim_spaces(&place.start, &place.end, r->text, r->n);
        if (it->word != NO_WORD) {
            if (it->word == WORD_ALONE ||
                at_starts_word(r->text, &before, &place, it->word == part))
                ++*word;
            part = it->word;
            it->word = *word - 1;
        }
        before = place;
    }
}

static void release(struct run *r)
{
    for (size_t i = 0; i < r->t->pretokenizer.n; i++)
        at_pretokenizer_work_release(&r->cuts[i]);
    free(r->cuts);
    at_normalizer_work_release(&r->normal);
    at_array_release(&r->edges);
    at_array_release(&r->found);
    at_wordpiece_work_release(&r->wordpiece);
    at_bpe_work_release(&r->bpe);
    at_unigram_work_release(&r->unigram);
}

int at_tokenizer_run(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                     int source, const struct at_plan *plan, int *word, struct at_error *err)
{
    struct run r = { .t = t,
                     .text = text,
                     .n = strlen(text),
                     .source = source,
                     .out = out,
                     .begin = out->n,
                     .needs_edges = plan->trims.n > 0 || t->trims_spaces,
                     .mark = mark_of(t) };
    int rc;

    r.cuts = at_calloc(t->pretokenizer.n, sizeof *r.cuts);
    rc = run_text(&r, err);
    for (size_t i = 0; !rc && !t->trims_spaces && i < plan->trims.n; i++)
        trim(&r, &plan->trims.items[i]);
    if (!rc && t->trims_spaces)
        trim_spaces(&r);
    if (!rc)
        (t->kind == AT_WORDPIECE || t->kind == AT_WORDLEVEL ? number_parts : number_by_text)(&r,
                                                                                             word);
    release(&r);
    return rc;
}

int at_tokenizer_normal_form(void *arg, struct at_strbuf *out, const char *s, struct at_error *err)
{
    const struct at_tokenizer *t = arg;
    struct at_normalizer_work work = { 0 };
    struct at_part part = { .s = s, .n = strlen(s) };
    int rc = at_normalizer_apply(&part, &t->normalizer, &work, err);

    if (!rc)
        at_strbuf_add(out, part.s, part.n);
    at_normalizer_work_release(&work);
    return rc;
}
