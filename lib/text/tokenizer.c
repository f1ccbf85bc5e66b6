/*
 * tokenizer.c - see tokenizer.h: one face for WordPiece and byte-level BPE.
 */
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "io/textfile.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

/* Offsets of a normalized text are 32 bits wide, and it may be three times as long as the text. */
enum { MAX_TEXT = 1 << 29 };

int at_tokenizer_open(struct at_tokenizer **out, const char *dir, struct at_error *err)
{
    struct at_tokenizer *t = at_calloc(1, sizeof *t);
    int rc = at_tokenizer_read(t, dir, err);

    if (rc)
        at_tokenizer_close(t);
    else
        *out = t;
    return rc;
}

void at_tokenizer_close(struct at_tokenizer *t)
{
    if (!t)
        return;
    at_bpe_release(&t->bpe);
    at_added_release(&t->added);
    at_vocab_release(&t->vocab);
    free(t);
}

enum at_tokenizer_kind at_tokenizer_kind(const struct at_tokenizer *t)
{
    return t->kind;
}

size_t at_tokenizer_vocab_size(const struct at_tokenizer *t)
{
    return t->vocab.pieces.n;
}

int at_tokenizer_id(const struct at_tokenizer *t, const char *piece)
{
    return at_vocab_find(&t->vocab, piece, strlen(piece));
}

int at_tokenizer_role(const struct at_tokenizer *t, enum at_token_role role)
{
    return t->role[role];
}

const char *at_tokenizer_piece(const struct at_tokenizer *t, int id)
{
    return at_vocab_piece(&t->vocab, id);
}

void at_tokenizer_set_prefix_space(struct at_tokenizer *t, bool on)
{
    t->prefix_space = on;
}

/* True for tokens that mark structure. An unknown word is text, even where "[UNK]" is written. */
static bool is_special(const struct at_tokenizer *t, const struct at_added_token *added)
{
    return added->is_special && (t->kind == AT_BPE || added->id != t->wordpiece.unk);
}

static void push_added(struct at_tokens *out, const struct at_tokenizer *t,
                       const struct at_added_token *added, size_t start, size_t end, int segment,
                       int *word)
{
    bool special = is_special(t, added);

    *at_array_push(out) = (struct at_token){
        .id = added->id,
        .segment = segment,
        .word = special ? -1 : (*word)++,
        .is_special = special,
        .start = start,
        .end = end,
    };
}

/* What lies between two added tokens that were found in the text as it came. */
static void encode_normalized(struct at_tokens *out, const struct at_tokenizer *t,
                              const struct at_normal *text, int segment, int *word)
{
    size_t n = text->text.n;

    for (size_t at = 0; at < n;) {
        struct at_added_match m = at_added_find(&t->added, true, text->text.s, n, at);

        at_wordpiece_encode(out, &t->wordpiece, text, at, m.start, segment, word);
        if (m.token)
            push_added(out, t, m.token, text->start[m.written], text->end[m.written_end - 1],
                       segment, word);
        at = m.end;
    }
}

static void encode_bert(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                        int segment, int *word)
{
    struct at_normal normal = { 0 };
    size_t n = strlen(text);

    for (size_t at = 0; at < n;) {
        struct at_added_match m = at_added_find(&t->added, false, text, n, at);

        at_normal_clear(&normal);
        at_normalize(&normal, &t->rules, text + at, m.start - at, at);
        encode_normalized(out, t, &normal, segment, word);
        if (m.token)
            push_added(out, t, m.token, m.written, m.written_end, segment, word);
        at = m.end;
    }
    at_normal_release(&normal);
}

/* Punctuation that is a word of its own. The apostrophe of "don\u2019t" is not among it. */
static bool is_separate(unsigned c)
{
    static const unsigned marks[] = { '.', ',',  '!',    '?',    ';',    ':',    '-',    '(',   ')',
                                      '"', '\'', 0x2013, 0x2014, 0x2018, 0x201C, 0x201D, 0x2026 };

    for (size_t i = 0; i < AT_COUNTOF(marks); i++)
        if (marks[i] == c)
            return true;
    return false;
}

static bool all_separate(const char *text, size_t start, size_t end)
{
    while (start < end)
        if (!is_separate(at_utf8_next(text, &start)))
            return false;
    return true;
}

/* The character that ends at end. */
static unsigned last_character(const char *text, size_t end)
{
    do
        end--;
    while (((unsigned char)text[end] & 0xC0) == 0x80);
    return at_utf8_next(text, &end);
}

/*
 * Whether a byte-pair token starts a word. A space in front says so; without one the token goes on
 * with the word before it, unless one of the two is punctuation or white space there. A space that
 * is a piece alone belongs to what the pattern took it with.
 */
bool at_bpe_starts_word(const char *text, const struct at_token *before, const struct at_token *it,
                        bool same_match)
{
    size_t first = it->start;
    unsigned last;

    if (before->is_special || it->start > before->end)
        return true;
    if (before->start == before->end)
        return !same_match;
    if (it->start < before->end) /* two parts of one character */
        return false;
    last = last_character(text, before->end);
    return is_separate(last) || at_unicode_is_space(last) ||
           at_unicode_is_space(at_utf8_next(text, &first)) ||
           all_separate(text, it->start, it->end);
}

/* Number the words of the tokens from first on, whose word is the match of the pattern so far;
   the tokens of this text begin at begin. */
static void number_words(struct at_tokens *v, size_t begin, size_t first, const char *text,
                         int *word)
{
    int match = -1;

    for (size_t i = first; i < v->n; i++) {
        struct at_token *it = &v->items[i];
        bool same_match = it->word == match;

        match = it->word;
        if (i == begin || at_bpe_starts_word(text, it - 1, it, same_match))
            ++*word;
        it->word = *word - 1;
    }
}

static int encode_gpt2(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                       int *word, struct at_error *err)
{
    size_t n = strlen(text), begin = out->n;
    int rc = 0;

    for (size_t at = 0; !rc && at < n;) {
        struct at_added_match m = at_added_find(&t->added, false, text, n, at);
        size_t first = out->n;

        rc = at_bpe_encode(out, &t->bpe, text + at, m.start - at, at, t->prefix_space, err);
        number_words(out, begin, first, text, word);
        at = m.end;
        if (m.token)
            push_added(out, t, m.token, m.written, m.written_end, 0, word);
    }
    return rc;
}

static void push_mark(struct at_tokens *out, int id, int segment)
{
    *at_array_push(out) = (struct at_token){ id, segment, -1, true, AT_NO_OFFSET, AT_NO_OFFSET };
}

static int check_text(const char *text, struct at_error *err)
{
    size_t n = strlen(text), valid = at_utf8_check(text, n);

    if (n > MAX_TEXT)
        return at_fail(err, AT_ERANGE, "text of %zu bytes is too long, at most %d", n, MAX_TEXT);
    if (valid < n)
        return at_fail(err, AT_EFORMAT, "invalid UTF-8 at byte %zu", valid);
    return 0;
}

int at_tokenize(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                const char *pair, bool with_specials, struct at_error *err)
{
    size_t before = out->n;
    int word = 0;
    int rc = check_text(text, err);

    if (!rc && pair)
        rc = check_text(pair, err);
    if (!rc && pair && t->kind == AT_BPE)
        rc = at_fail(err, AT_ERANGE, "a second text needs a model that has '[SEP]'");
    if (rc)
        return rc;
    if (t->kind == AT_BPE) {
        rc = encode_gpt2(out, t, text, &word, err);
        if (rc)
            out->n = before;
        return rc;
    }
    if (with_specials)
        push_mark(out, t->role[AT_ROLE_CLS], 0);
    encode_bert(out, t, text, 0, &word);
    if (with_specials)
        push_mark(out, t->role[AT_ROLE_SEP], 0);
    if (pair)
        encode_bert(out, t, pair, 1, &word);
    if (pair && with_specials)
        push_mark(out, t->role[AT_ROLE_SEP], 1);
    return 0;
}

void at_tokens_release(struct at_tokens *v)
{
    at_array_release(v);
}

/* How many of n1 and n2 tokens stay when n1 + n2 must be at most room: the longer one gives first,
   and of two that stay equally long the one that was longer keeps an odd token. */
static void share_room(size_t keep[2], size_t room)
{
    size_t longer = keep[0] > keep[1] ? 0 : 1, shorter = 1 - longer;

    if (keep[0] + keep[1] <= room)
        return;
    if (keep[shorter] > room / 2)
        keep[shorter] = room / 2;
    keep[longer] = room - keep[shorter];
}

int *at_tokens_ids(const struct at_tokens *v)
{
    int *ids = at_malloc(v->n, sizeof *ids);

    for (size_t i = 0; i < v->n; i++)
        ids[i] = v->items[i].id;
    return ids;
}

void at_tokens_truncate(struct at_tokens *v, size_t max)
{
    size_t keep[2] = { 0 }, n_marks = 0, n = 0;

    for (size_t i = 0; i < v->n; i++) {
        AT_BUG_IF(v->items[i].segment < 0 || v->items[i].segment > 1);
        if (v->items[i].start == AT_NO_OFFSET)
            n_marks++;
        else
            keep[v->items[i].segment]++;
    }
    share_room(keep, max > n_marks ? max - n_marks : 0);
    for (size_t i = 0; i < v->n; i++) {
        size_t *left = &keep[v->items[i].segment];

        if (v->items[i].start != AT_NO_OFFSET && (*left)-- == 0)
            *left = 0; /* no more of this text */
        else
            v->items[n++] = v->items[i];
    }
    v->n = n;
}

/* Append bytes as people read them: what is no UTF-8 as <E2>, controls as \n, \t, <07>. */
static void add_visible(struct at_strbuf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t next = i;
        unsigned char byte = (unsigned char)bytes[i];

        if (at_utf8_check(bytes + i, AT_MIN(n - i, (size_t)4)) == 0) {
            at_strbuf_addf(out, "<%02X>", byte);
            i++;
            continue;
        }
        at_utf8_next(bytes, &next);
        if (byte == '\n')
            at_strbuf_adds(out, "\\n");
        else if (byte == '\r')
            at_strbuf_adds(out, "\\r");
        else if (byte == '\t')
            at_strbuf_adds(out, "\\t");
        else if (byte < 0x20 || byte == 0x7F)
            at_strbuf_addf(out, "<%02X>", byte);
        else
            at_strbuf_add(out, bytes + i, next - i);
        i = next;
    }
}

static bool is_joined(const struct at_tokenizer *t, const char *piece)
{
    return t->kind == AT_WORDPIECE && piece[0] == '#' && piece[1] == '#' && piece[2];
}

/* Append the bytes that a piece stands for. */
static void add_bytes(struct at_strbuf *out, const struct at_tokenizer *t, int id)
{
    const char *piece = at_tokenizer_piece(t, id);

    if (piece && (at_added_token_of(&t->added, id) || !at_bpe_bytes(out, piece)))
        at_strbuf_adds(out, piece);
}

void at_bpe_add_label(struct at_strbuf *out, const struct at_strbuf *bytes)
{
    size_t n_spaces = 0;

    while (n_spaces < bytes->n && bytes->s[n_spaces] == ' ')
        n_spaces++;
    if (n_spaces < bytes->n)
        add_visible(out, bytes->s + (n_spaces > 0), bytes->n - (n_spaces > 0));
    else
        for (size_t i = 0; i < n_spaces; i++)
            at_strbuf_add_utf8(out, 0x2423);
}

void at_tokenizer_add_label(const struct at_tokenizer *t, struct at_strbuf *out, int id)
{
    at_tokenizer_add_joined(t, out, &(struct at_token){ .id = id }, 1);
}

void at_tokenizer_add_joined(const struct at_tokenizer *t, struct at_strbuf *out,
                             const struct at_token *tokens, size_t n)
{
    struct at_strbuf bytes = { 0 };

    for (size_t i = 0; i < n; i++) {
        const char *piece = at_tokenizer_piece(t, tokens[i].id);

        if (t->kind == AT_BPE)
            add_bytes(&bytes, t, tokens[i].id);
        else if (piece)
            at_strbuf_adds(out, is_joined(t, piece) ? piece + 2 : piece);
    }
    at_bpe_add_label(out, &bytes);
    at_strbuf_release(&bytes);
}

/* Append bytes; each that is not part of valid UTF-8 becomes U+FFFD. */
static void add_repaired(struct at_strbuf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t valid = at_utf8_check(bytes + i, n - i);

        at_strbuf_add(out, bytes + i, valid);
        i += valid;
        if (i < n) {
            at_strbuf_add_utf8(out, 0xFFFD);
            i++;
        }
    }
}

static void decode_gpt2(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                        size_t n)
{
    struct at_strbuf bytes = { 0 };

    for (size_t i = 0; i < n; i++)
        add_bytes(&bytes, t, ids[i]);
    add_repaired(out, at_strbuf_str(&bytes), bytes.n);
    at_strbuf_release(&bytes);
}

/* Pieces that are written without a space before them. */
static bool closes_up(const char *piece)
{
    return *piece && !piece[1] && strchr(".,!?;:)]}%'", *piece);
}

/* Pieces that are written without a space behind them. */
static bool opens(const char *piece)
{
    return *piece && !piece[1] && strchr("([{'", *piece);
}

static void decode_bert(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                        size_t n)
{
    const char *before = NULL;

    for (size_t i = 0; i < n; i++) {
        const char *piece = at_tokenizer_piece(t, ids[i]);
        bool joined = piece && is_joined(t, piece);

        if (!piece)
            continue;
        if (before && !joined && !closes_up(piece) && !opens(before))
            at_strbuf_addc(out, ' ');
        at_strbuf_adds(out, joined ? piece + 2 : piece);
        before = piece;
    }
}

void at_tokenizer_decode(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                         size_t n)
{
    if (t->kind == AT_BPE)
        decode_gpt2(t, out, ids, n);
    else
        decode_bert(t, out, ids, n);
}
