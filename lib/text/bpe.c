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
#include "base/utf8.h"
#include "text/byte_text.h"

enum { NONE = -1 };

/* A symbol of the word being merged, in a linked list. */
struct at_bpe_symbol {
    int id;
    int previous, next; /* NONE at the ends */
    uint32_t rank;      /* of the merge with the next one */
    size_t n;           /* bytes of the word */
};

struct at_bpe_candidate {
    uint32_t rank;
    int at;
};

void at_bpe_init(struct at_bpe *out, const struct at_vocab *vocab)
{
    *out = (struct at_bpe){ .vocab = vocab, .unk = NONE };
    out->unk_name = at_strdup("");
    out->prefix = at_strdup("");
    out->suffix = at_strdup("");
    at_vocab_bytes(vocab, out->byte_id);
    for (unsigned c = 0; c < AT_BPE_SHORT; c++) {
        struct at_strbuf piece = { 0 };

        at_strbuf_add_utf8(&piece, c);
        out->short_id[c] = at_vocab_find(vocab, piece.s, piece.n);
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
    size_t n_prefix = strlen(b->prefix);
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
    if (n_right < n_prefix)
        return at_fail(err, AT_EFORMAT, "merge of '%.*s', which does not begin with '%s'",
                       (int)n_right, right, b->prefix);
    merged = find_merged(b, hash, left, n_left, right + n_prefix, n_right - n_prefix);
    if (merged < 0)
        return at_fail(err, AT_EFORMAT, "merge into '%.*s%.*s', which is not in the vocabulary",
                       (int)n_left, left, (int)(n_right - n_prefix), right + n_prefix);
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
    free(b->unk_name);
    free(b->prefix);
    free(b->suffix);
    *b = (struct at_bpe){ 0 };
}

struct merger {
    const struct at_bpe *bpe;
    struct at_bpe_work *work;
};

static bool comes_before(struct at_bpe_candidate a, struct at_bpe_candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_push(struct merger *m, struct at_bpe_candidate c)
{
    size_t i = m->work->heap.n;

    at_array_push(&m->work->heap);
    for (; i > 0 && comes_before(c, m->work->heap.items[(i - 1) / 2]); i = (i - 1) / 2)
        m->work->heap.items[i] = m->work->heap.items[(i - 1) / 2];
    m->work->heap.items[i] = c;
}

static struct at_bpe_candidate heap_pop(struct merger *m)
{
    struct at_bpe_candidate *heap = m->work->heap.items;
    struct at_bpe_candidate top = heap[0], last = heap[--m->work->heap.n];
    size_t i = 0, n = m->work->heap.n;

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
    struct at_bpe_symbol *s = &m->work->symbols.items[at];

    s->rank =
        s->next == NONE ? AT_NO_RANK : rank_of(m->bpe, s->id, m->work->symbols.items[s->next].id);
    if (s->rank != AT_NO_RANK)
        heap_push(m, (struct at_bpe_candidate){ s->rank, at });
}

static void merge_word(struct merger *m)
{
    struct at_bpe_symbol *symbols = m->work->symbols.items;

    m->work->heap.n = 0;
    for (size_t i = 0; i < m->work->symbols.n; i++)
        consider(m, (int)i);
    while (m->work->heap.n) {
        struct at_bpe_candidate best = heap_pop(m);
        struct at_bpe_symbol *left = &symbols[best.at], *right;

        if (left->rank != best.rank)
            continue; /* one of the two has been merged otherwise */
        right = &symbols[left->next];
        left->id = m->bpe->merged.items[best.rank];
        left->n += right->n;
        left->next = right->next;
        right->rank = AT_NO_RANK;
        if (left->next != NONE)
            symbols[left->next].previous = best.at;
        consider(m, best.at);
        if (left->previous != NONE)
            consider(m, left->previous);
    }
}

static void add_symbol(struct merger *m, int id, size_t n)
{
    int at = (int)m->work->symbols.n;

    if (at > 0)
        m->work->symbols.items[at - 1].next = at;
    *at_array_push(&m->work->symbols) = (struct at_bpe_symbol){ id, at - 1, NONE, AT_NO_RANK, n };
}

/* The piece of one character, with what stands before and behind it in a word; -1 for none. */
static int character_id(const struct at_bpe *b, const char *s, size_t n, bool is_first,
                        bool is_last)
{
    size_t n_prefix = is_first ? 0 : strlen(b->prefix), n_suffix = is_last ? strlen(b->suffix) : 0;
    uint32_t hash = AT_HASH_START;
    struct at_strbuf piece = { 0 };
    size_t i = 0;
    unsigned c;
    int id;

    if (n_prefix + n_suffix == 0) {
        c = at_utf8_next(s, &i);
        if (c < AT_BPE_SHORT)
            return b->short_id[c];
        return at_vocab_find_hashed(b->vocab, at_vocab_hash(hash, s, n), s, n);
    }
    at_strbuf_add(&piece, b->prefix, n_prefix);
    at_strbuf_add(&piece, s, n);
    at_strbuf_add(&piece, b->suffix, n_suffix);
    id = at_vocab_find(b->vocab, piece.s, piece.n);
    at_strbuf_release(&piece);
    return id;
}

/* Write a character, with what stands before and behind it, as its bytes; false: not all of them
   have a piece. */
static bool add_bytes(struct merger *m, const char *s, size_t n, bool is_first, bool is_last)
{
    const struct at_bpe *b = m->bpe;
    const char *const parts[] = { is_first ? "" : b->prefix, s, is_last ? b->suffix : "" };
    const size_t sizes[] = { strlen(parts[0]), n, strlen(parts[2]) };
    size_t before = m->work->symbols.n;

    for (size_t k = 0; k < AT_COUNTOF(parts); k++)
        for (size_t i = 0; i < sizes[k]; i++) {
            int id = b->byte_id[(unsigned char)parts[k][i]];

            if (id < 0) {
                m->work->symbols.n = before;
                if (before > 0)
                    m->work->symbols.items[before - 1].next = NONE;
                return false;
            }
            add_symbol(m, id, 1);
        }
    return true;
}

static int no_piece(const char *s, struct at_error *err)
{
    size_t i = 0;
    int byte = at_byte_of(at_utf8_next(s, &i));

    if (byte >= 0)
        return at_fail(err, AT_ERANGE, "the vocabulary has no piece for the byte %02X",
                       (unsigned)byte);
    return at_fail(err, AT_ERANGE, "the vocabulary has no piece for '%.*s'", (int)i, s);
}

/* What is known of unknown characters that were not written yet: their bytes, 0 for none. */
static int add_unknown(struct merger *m, size_t *waiting, const char *s, size_t n,
                       struct at_error *err)
{
    const struct at_bpe *b = m->bpe;

    if (b->unk < 0 && *b->unk_name)
        return at_fail(err, AT_EFORMAT, "the unknown token '%s' is not in the vocabulary",
                       b->unk_name);
    if (b->unk < 0 && b->is_strict)
        return no_piece(s, err);
    if (b->unk < 0)
        return 0;
    if (*waiting && !b->fuses_unknown) {
        add_symbol(m, b->unk, *waiting);
        *waiting = 0;
    }
    *waiting += n;
    return 0;
}

/* The word as symbols of one character each. */
static int load_word(struct merger *m, const char *word, size_t n, struct at_error *err)
{
    const struct at_bpe *b = m->bpe;
    size_t waiting = 0;
    int rc = 0;

    m->work->symbols.n = 0;
    for (size_t at = 0, next; !rc && at < n; at = next) {
        int id;

        next = at;
        at_utf8_next(word, &next);
        id = character_id(b, word + at, next - at, at == 0, next == n);
        if (id >= 0) {
            if (waiting)
                add_symbol(m, b->unk, waiting);
            waiting = 0;
            add_symbol(m, id, next - at);
        } else if (!b->byte_fallback || !add_bytes(m, word + at, next - at, at == 0, next == n)) {
            rc = add_unknown(m, &waiting, word + at, next - at, err);
        }
    }
    if (!rc && waiting)
        add_symbol(m, b->unk, waiting);
    return rc;
}

int at_bpe_encode(struct at_founds *out, const struct at_bpe *b, struct at_bpe_work *work,
                  const char *word, size_t n, struct at_error *err)
{
    struct merger m = { b, work };
    int whole = b->ignore_merges ? at_vocab_find(b->vocab, word, n) : NONE, rc;
    size_t at = 0;

    AT_BUG_IF(n >= INT32_MAX);
    if (whole >= 0) {
        *at_array_push(out) = (struct at_found){ whole, 0, n };
        return 0;
    }
    rc = load_word(&m, word, n, err);
    if (rc)
        return rc;
    merge_word(&m);
    for (int i = work->symbols.n ? 0 : NONE; i != NONE; i = work->symbols.items[i].next) {
        const struct at_bpe_symbol *s = &work->symbols.items[i];

        *at_array_push(out) = (struct at_found){ s->id, at, at + s->n };
        at += s->n;
    }
    return 0;
}

void at_bpe_work_release(struct at_bpe_work *work)
{
    at_array_release(&work->symbols);
    at_array_release(&work->heap);
}
