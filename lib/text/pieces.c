/*
 * pieces.c - see pieces.h.
 *
 * WordPiece: text and pieces are compared in BERT's normal form, in lower case and without accents
 * unless a piece has a capital or an accent. Byte-level BPE: bytes are compared.
 */
#include "text/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/byte_text.h"
#include "text/pretokenizer.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"
#include "text/word_starts.h"

/* Bytes of a text that may be passed over to find the next piece. */
enum { MAX_SKIP = 8 };

/* In lower case without accents, or with both. */
static const struct at_normalizer_step uncased = { .kind = AT_NORMALIZE_BERT,
                                                   .clean_text = true,
                                                   .space_cjk = true,
                                                   .strip_accents = true,
                                                   .lower = true };
static const struct at_normalizer_step cased = { .kind = AT_NORMALIZE_BERT,
                                                 .clean_text = true,
                                                 .space_cjk = true };

/* What one step makes of a text; it lies in work. */
static struct at_part normal_form(const struct at_normalizer_step *step, const char *text, size_t n,
                                  struct at_normalizer_work *work)
{
    struct at_normalizer_step copy = *step;
    const struct at_normalizer one = { &copy, 1, 1 };
    struct at_part part = { .s = text, .n = n };

    AT_BUG_IF(at_normalizer_apply(&part, &one, work, NULL)); /* it has no patterns */
    return part;
}

static bool is_joined(const char *piece)
{
    return piece[0] == '#' && piece[1] == '#' && piece[2];
}

static bool is_unknown(const char *piece)
{
    return !strcmp(piece, "[UNK]") || !strcmp(piece, "<unk>");
}

/* Bytes of a byte-level piece; the piece itself when it is none, as an added token may be. */
static void add_bytes(struct at_strbuf *out, const char *piece)
{
    if (!at_byte_text(out, piece))
        at_strbuf_adds(out, piece);
}

void at_pieces_add_label(struct at_strbuf *out, enum at_tokenizer_kind kind, char *const *pieces,
                         size_t n)
{
    struct at_strbuf bytes = { 0 };

    for (size_t i = 0; i < n; i++)
        if (kind == AT_BPE)
            add_bytes(&bytes, pieces[i]);
        else
            at_strbuf_adds(out, is_joined(pieces[i]) ? pieces[i] + 2 : pieces[i]);
    at_label_bytes(out, &bytes);
    at_strbuf_release(&bytes);
}

/* What is left of a text; for WordPiece of its normal form, which knows where it is from. */
struct course {
    const struct at_normalizer_step *rules;
    struct at_normalizer_work work;
    struct at_part normal;
    const char *text;
    size_t n, at;
    size_t begin;     /* BPE: where a space may have been put in front */
    size_t match_end; /* BPE: where the match of the pattern ends that at is in */
    int match;
};

static size_t skip_space(const char *s, size_t n, size_t at)
{
    while (at < n) {
        size_t next = at;

        if (!at_unicode_is_space(at_utf8_next(s, &next)))
            break;
        at = next;
    }
    return at;
}

/* Where piece stands in s[at, n), at most MAX_SKIP bytes on; n when nowhere. */
static size_t find_near(const char *s, size_t n, size_t at, const char *piece, size_t n_piece)
{
    for (size_t skip = 0; n_piece && skip <= MAX_SKIP && n_piece + skip <= n - at; skip++)
        if (!memcmp(s + at + skip, piece, n_piece))
            return at + skip;
    return n;
}

/* End of the word at s[at], as WordPiece cuts words. */
static size_t word_end(const char *s, size_t n, size_t at)
{
    size_t start = at;

    while (at < n) {
        size_t next = at;
        unsigned c = at_utf8_next(s, &next);

        if (at_unicode_is_space(c) || (at_unicode_is_bert_punct(c) && at > start))
            break;
        at = next;
        if (at_unicode_is_bert_punct(c))
            break;
    }
    return at;
}

/* The token is the bytes [from, to) of the normal form. */
static void take_normal(struct at_token *t, struct course *c, size_t from, size_t to)
{
    at_part_span(&t->start, &t->end, &c->normal, from, to);
    c->at = to;
}

static void locate_wordpiece(struct at_token *t, struct course *c, const char *piece)
{
    struct at_normalizer_work work = { 0 };
    struct at_part body;
    struct at_part wanted;
    const char *s = c->normal.s;
    size_t n = c->normal.n, word = skip_space(s, n, c->at), from;
    size_t at = is_joined(piece) ? c->at : word;

    piece += is_joined(piece) ? 2 : 0;
    body = normal_form(c->rules, piece, strlen(piece), &work);
    wanted = body; /* a space stands on both sides of an ideograph */
    from = skip_space(wanted.s, wanted.n, 0);
    wanted.s += from;
    wanted.n -= from;
    while (wanted.n && wanted.s[wanted.n - 1] == ' ')
        wanted.n--;
    from = find_near(s, n, at, wanted.s, wanted.n);
    if (from < n && (from == at || !(t->is_special || is_unknown(piece)))) /* else not written */
        take_normal(t, c, from, from + wanted.n);
    else if (is_unknown(piece) && word < n)
        take_normal(t, c, word, word_end(s, n, word));
    at_normalizer_work_release(&work);
}

/* The token is the bytes [from, to) of the text; offsets without spaces. */
static void take_bytes(struct at_token *t, struct course *c, size_t from, size_t to)
{
    for (c->at = to; from >= c->match_end && c->match_end < c->n; c->match++)
        c->match_end = at_gpt2_split(c->text, c->n, c->match_end);
    at_trim_spaces(&from, &to, c->text, c->n);
    t->start = from;
    t->end = to;
}

/* Whether the bytes are those at the beginning behind a space that the text does not have. */
static bool has_space_in_front(const struct course *c, const struct at_strbuf *bytes)
{
    return c->at == c->begin && bytes->n > 0 && bytes->s[0] == ' ' && c->at < c->n &&
           c->text[c->at] != ' ' && bytes->n - 1 <= c->n - c->at &&
           !memcmp(c->text + c->at, bytes->s + 1, bytes->n - 1);
}

static void locate_bpe(struct at_token *t, struct course *c, const char *piece)
{
    struct at_strbuf bytes = { 0 }, wanted;
    bool is_in_front;
    size_t from;

    if (t->is_special)
        at_strbuf_adds(&bytes, piece);
    else
        add_bytes(&bytes, piece);
    wanted = bytes;
    is_in_front = has_space_in_front(c, &bytes);
    from = is_in_front ? c->at : find_near(c->text, c->n, c->at, bytes.s, bytes.n);
    if (is_in_front || (from == c->n && bytes.n > 1 && bytes.s[0] == ' ')) {
        wanted.s++; /* elsewhere other white space may stand for it */
        wanted.n--;
        from = is_in_front ? from : find_near(c->text, c->n, c->at, wanted.s, wanted.n);
    }
    if (from < c->n && (!t->is_special || from == c->at)) {
        take_bytes(t, c, from, from + wanted.n);
        if (t->is_special)
            c->match_end = c->begin = c->at;
    }
    at_strbuf_release(&bytes);
}

/* Whether the token, of which before is the last one with a word or NULL, starts one. */
static bool starts_word(const struct at_token *t, const struct at_token *before, bool same_match,
                        enum at_tokenizer_kind kind, const char *piece, const char *text)
{
    if (!before || before != t - 1)
        return true;
    if (kind == AT_WORDPIECE)
        return !is_joined(piece);
    if (t->start == AT_NO_OFFSET || before->start == AT_NO_OFFSET)
        return !strncmp(piece, "\xc4\xa0", 2); /* U+0120, a space */
    return at_starts_word(text, before, t, same_match);
}

/* Whether a piece has what an uncased tokenizer takes away. */
static bool has_case(const struct at_tokens *v, char *const *pieces)
{
    static const struct at_normalizer_step fold = { .kind = AT_NORMALIZE_BERT,
                                                    .strip_accents = true,
                                                    .lower = true };
    struct at_normalizer_work work = { 0 };
    bool differs = false;

    for (size_t i = 0; i < v->n && !differs; i++) {
        struct at_part part;

        if (v->items[i].is_special || is_unknown(pieces[i]))
            continue;
        part = normal_form(&fold, pieces[i], strlen(pieces[i]), &work);
        differs = part.n != strlen(pieces[i]) || memcmp(part.s, pieces[i], part.n) != 0;
    }
    at_normalizer_work_release(&work);
    return differs;
}

static void open_course(struct course *c, const struct at_normalizer_step *rules, const char *text)
{
    *c = (struct course){ .text = text ? text : "", .n = text ? strlen(text) : 0, .rules = rules };
    c->normal.s = "";
    if (!rules || c->n > UINT32_MAX)
        return;
    c->normal = normal_form(rules, c->text, c->n, &c->work);
}

/* Special, but in the place of a word. */
static bool is_mask(const char *piece)
{
    return !strcmp(piece, "[MASK]") || !strcmp(piece, "<mask>");
}

void at_pieces_locate(struct at_tokens *v, enum at_tokenizer_kind kind, char *const *pieces,
                      const char *text, const char *pair)
{
    const struct at_token *before = NULL;
    const struct at_normalizer_step *rules = NULL;
    struct course courses[2];
    int word = -1;

    if (kind == AT_WORDPIECE)
        rules = has_case(v, pieces) ? &cased : &uncased;
    open_course(&courses[0], rules, text);
    open_course(&courses[1], rules, pair);
    for (size_t i = 0; i < v->n; i++) {
        struct at_token *t = &v->items[i];
        struct course *c = &courses[t->source == 1];
        int match = c->match;

        t->start = t->end = AT_NO_OFFSET;
        if (t->source == 0 || t->source == 1)
            (kind == AT_BPE ? locate_bpe : locate_wordpiece)(t, c, pieces[i]);
        t->word = -1;
        if (t->is_special && !is_mask(pieces[i]))
            continue;
        word +=
            t->is_special || starts_word(t, before, c->match == match, kind, pieces[i], c->text);
        t->word = word;
        before = t;
    }
    at_normalizer_work_release(&courses[0].work);
    at_normalizer_work_release(&courses[1].work);
}
