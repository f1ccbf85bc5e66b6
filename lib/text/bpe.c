/*
 * bpe.c - see bpe.h.
 *
 * Merging one word: symbols in a linked list, possible merges in a heap by rank and position. A
 * merge leaves entries behind that no longer hold; they are recognized by their rank when they
 * come up. So a word of n bytes costs O(n log n), however long a line without spaces is.
 */
#include "text/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mapfile.h"
#include "io/textfile.h"
#include "text/unicode.h"

enum { NONE = -1 };

/* What is written for a byte. */
static unsigned character_of(unsigned byte)
{
    if ((byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD))
        return byte;
    if (byte <= 0x20)
        return 0x100 + byte;
    return byte == 0xAD ? 0x143 : 0x100 + 0x21 + (byte - 0x7F);
}

int at_bpe_byte(unsigned c)
{
    if (c < 0x100)
        return character_of(c) == c ? (int)c : NONE;
    if (c <= 0x120)
        return (int)(c - 0x100);
    if (c <= 0x142)
        return (int)(c - 0x121 + 0x7F);
    return c == 0x143 ? 0xAD : NONE;
}

void at_bpe_init(struct at_bpe *out, const struct at_vocab *vocab)
{
    *out = (struct at_bpe){ .vocab = vocab };
    for (unsigned byte = 0; byte < 256; byte++) {
        struct at_strbuf piece = { 0 };

        at_strbuf_add_utf8(&piece, character_of(byte));
        out->byte_id[byte] = at_vocab_find(vocab, piece.s, piece.n);
        at_strbuf_release(&piece);
    }
}

static size_t pair_slot(const struct at_bpe *b, int left, int right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 32) & (b->n_slots - 1);

    while (b->pairs[i].rank != AT_NO_RANK &&
           (b->pairs[i].left != left || b->pairs[i].right != right))
        i = (i + 1) & (b->n_slots - 1);
    return i;
}

static uint32_t rank_of(const struct at_bpe *b, int left, int right)
{
    return b->n_slots ? b->pairs[pair_slot(b, left, right)].rank : AT_NO_RANK;
}

static void put_pair(struct at_bpe *b, struct at_bpe_pair pair)
{
    size_t i = pair_slot(b, pair.left, pair.right);

    b->n_used += b->pairs[i].rank == AT_NO_RANK;
    b->pairs[i] = pair;
}

static void double_slots(struct at_bpe *b)
{
    struct at_bpe_pair *old = b->pairs;
    size_t n_old = b->n_slots;

    b->n_slots = AT_MAX(n_old * 2, (size_t)1024);
    b->n_used = 0;
    b->pairs = at_malloc(b->n_slots, sizeof *b->pairs);
    for (size_t i = 0; i < b->n_slots; i++)
        b->pairs[i].rank = AT_NO_RANK;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].rank != AT_NO_RANK)
            put_pair(b, old[i]);
    free(old);
}

static int unknown_piece(const char *piece, size_t n, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "merge of '%.*s', which is not in the vocabulary",
                   at_shown(piece, AT_MIN(n, (size_t)200)), piece);
}

/* The piece that two others make; -1 for none. In a vocabulary that was made together with its
   merges it comes right behind the one of the merge before, so that is looked at first. */
static int find_merged(const struct at_bpe *b, uint32_t hash_left, const char *left, size_t n_left,
                       const char *right, size_t n_right)
{
    int guess = b->merged.n ? b->merged.items[b->merged.n - 1] + 1 : -1;
    const char *piece = at_vocab_piece(b->vocab, guess);
    char both[2 * AT_MAX_PIECE];

    if (piece && !strncmp(piece, left, n_left) && !strncmp(piece + n_left, right, n_right) &&
        piece[n_left + n_right] == '\0')
        return guess;
    memcpy(both, left, n_left);
    memcpy(both + n_left, right, n_right);
    return at_vocab_find_hashed(b->vocab, at_vocab_hash(hash_left, right, n_right), both,
                                n_left + n_right);
}

int at_bpe_add_merge(struct at_bpe *b, const char *left, size_t n_left, const char *right,
                     size_t n_right, struct at_error *err)
{
    uint32_t hash = at_vocab_hash(AT_HASH_START, left, n_left);
    struct at_bpe_pair pair = { .rank = (uint32_t)b->merged.n };
    int merged;

    if (n_left > AT_MAX_PIECE || n_right > AT_MAX_PIECE)
        return at_fail(err, AT_ERANGE, "merge of %zu and %zu bytes, at most %d", n_left, n_right,
                       AT_MAX_PIECE);
    pair.left = at_vocab_find_hashed(b->vocab, hash, left, n_left);
    if (pair.left < 0)
        return unknown_piece(left, n_left, err);
    pair.right = at_vocab_find(b->vocab, right, n_right);
    if (pair.right < 0)
        return unknown_piece(right, n_right, err);
    merged = find_merged(b, hash, left, n_left, right, n_right);
    if (merged < 0)
        return at_fail(err, AT_EFORMAT, "merge into '%.*s%.*s', which is not in the vocabulary",
                       (int)n_left, left, (int)n_right, right);
    *at_array_push(&b->merged) = merged;
    if (b->n_used * 2 >= b->n_slots)
        double_slots(b);
    put_pair(b, pair);
    return 0;
}

int at_bpe_add_line(struct at_bpe *b, const char *line, size_t n, struct at_error *err)
{
    const char *space = n ? memchr(line, ' ', n) : NULL;
    size_t n_left = space ? (size_t)(space - line) : 0;

    if (!space || n_left == 0 || n_left + 1 == n || memchr(space + 1, ' ', n - n_left - 1))
        return at_fail(err, AT_EFORMAT, "expected two pieces and a space between, found '%.*s'",
                       at_shown(line, AT_MIN(n, (size_t)200)), line);
    return at_bpe_add_merge(b, line, n_left, space + 1, n - n_left - 1, err);
}

int at_bpe_read_merges(struct at_bpe *b, const char *path, struct at_error *err)
{
    static const char version[] = "#version";
    struct at_mapfile file = { 0 };
    const char *at, *end;
    size_t number = 0;
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    at = file.n ? (const char *)file.bytes : "";
    end = at + file.n;
    for (; !rc && at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);

        if (n && at[n - 1] == '\r')
            n--;
        if (n && (n < sizeof version - 1 || memcmp(at, version, sizeof version - 1) != 0))
            rc = at_bpe_add_line(b, at, n, err);
        at = newline ? newline + 1 : end;
    }
    if (rc)
        at_error_in(err, "%s: line %zu", path, number);
    at_mapfile_close(&file);
    return rc;
}

void at_bpe_release(struct at_bpe *b)
{
    at_array_release(&b->merged);
    free(b->pairs);
    *b = (struct at_bpe){ 0 };
}

/* Classes of the pattern. */
enum kind { LETTER, NUMBER, SPACE, OTHER };

static enum kind kind_of(unsigned c)
{
    if (at_unicode_is_letter(c))
        return LETTER;
    if (at_unicode_is_number(c))
        return NUMBER;
    return at_unicode_is_space(c) ? SPACE : OTHER;
}

/* End of the characters of one kind that start at from; *last is where the last one starts. */
static size_t run_end(const char *text, size_t n, size_t from, enum kind kind, size_t *last)
{
    while (from < n) {
        size_t next = from;

        if (kind_of(at_utf8_next(text, &next)) != kind)
            break;
        *last = from;
        from = next;
    }
    return from;
}

/* Bytes of an English contraction, or 0. */
static size_t contraction(const char *text, size_t n)
{
    static const char *const endings[] = { "s", "t", "re", "ve", "m", "ll", "d" };

    if (n < 2 || text[0] != '\'')
        return 0;
    for (size_t i = 0; i < AT_COUNTOF(endings); i++)
        if (strlen(endings[i]) < n && !memcmp(text + 1, endings[i], strlen(endings[i])))
            return 1 + strlen(endings[i]);
    return 0;
}

size_t at_bpe_split(const char *text, size_t n, size_t from)
{
    size_t at = from, next, last = from, short_end = contraction(text + from, n - from);
    enum kind kind;

    if (short_end)
        return from + short_end;
    if (text[at] == ' ' && at + 1 < n)
        at++; /* " ?" before letters, numbers and others */
    next = at;
    kind = kind_of(at_utf8_next(text, &next));
    if (kind != SPACE)
        return run_end(text, n, at, kind, &last);
    next = run_end(text, n, from, SPACE, &last);
    /* the last space stays for the word behind, unless it is the only one or nothing follows */
    return next < n && last > from ? last : next;
}

bool at_bpe_bytes(struct at_strbuf *out, const char *piece)
{
    size_t before = out->n, n = strlen(piece);

    for (size_t i = 0; i < n;) {
        int byte = at_bpe_byte(at_utf8_next(piece, &i));

        if (byte < 0) {
            out->n = before;
            if (out->s)
                out->s[before] = '\0';
            return false;
        }
        at_strbuf_addc(out, (char)byte);
    }
    return true;
}

/* A symbol of the word being merged: bytes [start, end) of the text, in a linked list. */
struct symbol {
    int id;
    int previous, next; /* NONE at the ends */
    uint32_t rank;      /* of the merge with the next one */
    size_t start, end;
};

struct candidate {
    uint32_t rank;
    int at;
};

struct merger {
    const struct at_bpe *bpe;
    struct AT_ARRAY(struct symbol) symbols;
    struct AT_ARRAY(struct candidate) heap;
};

static bool comes_before(struct candidate a, struct candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_push(struct merger *m, struct candidate c)
{
    size_t i = m->heap.n;

    at_array_push(&m->heap);
    for (; i > 0 && comes_before(c, m->heap.items[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap.items[i] = m->heap.items[(i - 1) / 2];
    m->heap.items[i] = c;
}

static struct candidate heap_pop(struct merger *m)
{
    struct candidate *heap = m->heap.items;
    struct candidate top = heap[0], last = heap[--m->heap.n];
    size_t i = 0, n = m->heap.n;

    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && comes_before(heap[child + 1], heap[child]))
            child++;
        if (!comes_before(heap[child], last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

/* Note what can become of symbol at and the next one. */
static void consider(struct merger *m, int at)
{
    struct symbol *s = &m->symbols.items[at];

    s->rank = s->next == NONE ? AT_NO_RANK : rank_of(m->bpe, s->id, m->symbols.items[s->next].id);
    if (s->rank != AT_NO_RANK)
        heap_push(m, (struct candidate){ s->rank, at });
}

static void merge_word(struct merger *m)
{
    struct symbol *symbols = m->symbols.items;

    m->heap.n = 0;
    for (size_t i = 0; i < m->symbols.n; i++)
        consider(m, (int)i);
    while (m->heap.n) {
        struct candidate best = heap_pop(m);
        struct symbol *left = &symbols[best.at], *right;

        if (left->rank != best.rank)
            continue; /* one of the two has been merged otherwise */
        right = &symbols[left->next];
        left->id = m->bpe->merged.items[best.rank];
        left->end = right->end;
        left->next = right->next;
        right->rank = AT_NO_RANK;
        if (left->next != NONE)
            symbols[left->next].previous = best.at;
        consider(m, best.at);
        if (left->previous != NONE)
            consider(m, left->previous);
    }
}

/* The bytes [from, to) of text as symbols. */
static int load_word(struct merger *m, const char *text, size_t from, size_t to,
                     struct at_error *err)
{
    m->symbols.n = 0;
    for (size_t i = from; i < to; i++) {
        unsigned byte = (unsigned char)text[i];
        int at = (int)m->symbols.n;

        if (m->bpe->byte_id[byte] < 0)
            return at_fail(err, AT_ERANGE, "the vocabulary has no piece for the byte %02X", byte);
        *at_array_push(&m->symbols) = (struct symbol){
            m->bpe->byte_id[byte], at - 1, i + 1 < to ? at + 1 : NONE, AT_NO_RANK, i, i + 1,
        };
    }
    return 0;
}

static bool is_inside_character(const char *text, size_t i)
{
    return ((unsigned char)text[i] & 0xC0) == 0x80;
}

/* Text in which a space may have been put in front: byte i is byte i - shift of the original. */
struct source {
    const char *text;
    size_t n, shift;
    size_t base;
};

void at_bpe_trim(size_t *start, size_t *end, const char *text, size_t n)
{
    while (*start < *end && text[*start] == ' ')
        ++*start;
    while (*end > *start && text[*end - 1] == ' ')
        --*end;
    while (*start > 0 && is_inside_character(text, *start))
        --*start;
    while (*end < n && is_inside_character(text, *end))
        ++*end;
}

static void add_tokens(struct at_tokens *out, const struct merger *m, const struct source *src,
                       int match)
{
    const struct symbol *symbols = m->symbols.items;

    for (int i = m->symbols.n ? 0 : NONE; i != NONE; i = symbols[i].next) {
        size_t start = symbols[i].start, end = symbols[i].end;

        at_bpe_trim(&start, &end, src->text, src->n);
        *at_array_push(out) = (struct at_token){
            .id = symbols[i].id,
            .word = match,
            .start = src->base + AT_MAX(start, src->shift) - src->shift,
            .end = src->base + AT_MAX(end, src->shift) - src->shift,
        };
    }
}

int at_bpe_encode(struct at_tokens *out, const struct at_bpe *b, const char *text, size_t n,
                  size_t base, bool prefix_space, struct at_error *err)
{
    struct at_strbuf shifted = { 0 };
    struct source src = { text, n, 0, base };
    struct merger m = { .bpe = b };
    int rc = 0, match = 0;

    AT_BUG_IF(n >= INT32_MAX);
    if (prefix_space && n && text[0] != ' ') {
        at_strbuf_addc(&shifted, ' ');
        at_strbuf_add(&shifted, text, n);
        src = (struct source){ shifted.s, n + 1, 1, base };
    }
    for (size_t at = 0; !rc && at < src.n;) {
        size_t end = at_bpe_split(src.text, src.n, at);

        rc = load_word(&m, src.text, at, end, err);
        if (rc)
            break;
        merge_word(&m);
        add_tokens(out, &m, &src, match++);
        at = end;
    }
    at_strbuf_release(&shifted);
    at_array_release(&m.symbols);
    at_array_release(&m.heap);
    return rc;
}
