/*
 * tokenizer.c - see tokenizer.h. tokenizer_run.c takes a text through the steps, tokenizer_read.c
 * reads them from files.
 */
#include "text/tokenizer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/utf8.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

/* Offsets of a normalized text are 32 bits wide. */
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
    at_added_release(&t->added);
    at_normalizer_release(&t->normalizer);
    at_pretokenizer_release(&t->pretokenizer);
    free(t->wordpiece.joiner);
    at_bpe_release(&t->bpe);
    at_unigram_release(&t->unigram);
    at_vocab_release(&t->vocab);
    at_post_processor_release(&t->post);
    at_decoder_release(&t->decoder);
    for (size_t i = 0; i < t->notes.n; i++)
        free(t->notes.items[i]);
    at_array_release(&t->notes);
    free(t->source);
    free(t);
}

enum at_tokenizer_kind at_tokenizer_kind(const struct at_tokenizer *t)
{
    return t->kind;
}

static bool writes_bytes(const struct at_tokenizer *t)
{
    for (size_t i = 0; i < t->normalizer.n; i++)
        if (t->normalizer.items[i].kind == AT_NORMALIZE_BYTES)
            return true;
    for (size_t i = 0; i < t->pretokenizer.n; i++)
        if (t->pretokenizer.items[i].kind == AT_CUT_BYTES)
            return true;
    return false;
}

const char *at_tokenizer_name(const struct at_tokenizer *t)
{
    static const char *const names[] = { [AT_WORDPIECE] = "WordPiece",
                                         [AT_BPE] = "BPE",
                                         [AT_UNIGRAM] = "Unigram",
                                         [AT_WORDLEVEL] = "WordLevel" };

    return t->kind == AT_BPE && writes_bytes(t) ? "byte-level BPE" : names[t->kind];
}

const char *at_tokenizer_source(const struct at_tokenizer *t)
{
    return t->source;
}

const char *at_tokenizer_notes(const struct at_tokenizer *t, size_t i)
{
    return i < t->notes.n ? t->notes.items[i] : NULL;
}

void at_tokenizer_note(struct at_tokenizer *t, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text[at_shown(text, sizeof text)] = '\0'; /* not cut within a character */
    *at_array_push(&t->notes) = at_strdup(text);
}

size_t at_tokenizer_max_tokens(const struct at_tokenizer *t)
{
    return t->max_tokens;
}

size_t at_tokenizer_vocab_size(const struct at_tokenizer *t)
{
    return t->n_ids;
}

int at_tokenizer_id(const struct at_tokenizer *t, const char *piece)
{
    const struct at_added_entry *added = at_added_by_content(&t->added, piece);

    return added ? added->token.id : at_vocab_find(&t->vocab, piece, strlen(piece));
}

int at_tokenizer_role(const struct at_tokenizer *t, enum at_token_role role)
{
    return t->role[role];
}

const char *at_tokenizer_piece(const struct at_tokenizer *t, int id)
{
    const struct at_added_entry *added = at_added_by_id(&t->added, id);

    return added ? added->content : at_vocab_piece(&t->vocab, id);
}

void at_tokenizer_set_prefix_space(struct at_tokenizer *t, bool on)
{
    for (size_t i = 0; i < t->pretokenizer.n; i++)
        if (t->pretokenizer.items[i].kind == AT_CUT_GPT2)
            t->pretokenizer.items[i].prefix_space = on;
    for (int k = 0; k < 4; k++) {
        struct at_plan *plan = &t->post.plans[k & 1][k >> 1];

        for (size_t i = 0; i < plan->trims.n; i++)
            plan->trims.items[i].prefix_space = on;
    }
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

/* Whether anything tells the model where the second text of a pair begins. */
static bool has_pairs(const struct at_tokenizer *t)
{
    const struct at_plan *plan = &t->post.plans[true][true];

    for (size_t i = 0; i < plan->items.n; i++)
        if (plan->items.items[i].source < 0)
            return true;
    return t->role[AT_ROLE_SEP] >= 0;
}

static void push_added(struct at_tokens *out, const struct at_plan_item *it)
{
    *at_array_push(out) =
        (struct at_token){ it->id, it->type_id, -1, true, AT_NO_OFFSET, AT_NO_OFFSET, -1 };
}

/* Whether the plan has each of n texts once, in their order. */
static bool is_in_order(const struct at_plan *plan, int n)
{
    int next = 0;

    for (size_t i = 0; i < plan->items.n; i++)
        if (plan->items.items[i].source >= 0 && plan->items.items[i].source != next++)
            return false;
    return next == n;
}

/* The tokens of the texts where the plan wants them, without a copy. */
static int run_in_place(struct at_tokens *out, const struct at_tokenizer *t,
                        const char *const texts[2], const struct at_plan *plan,
                        struct at_error *err)
{
    size_t n_before = out->n;
    int word = 0;

    for (size_t i = 0; i < plan->items.n; i++) {
        const struct at_plan_item *it = &plan->items.items[i];
        size_t from = out->n;

        if (it->source < 0) {
            push_added(out, it);
            continue;
        }
        int rc = at_tokenizer_run(out, t, texts[it->source], it->source, plan, &word, err);
        if (rc) {
            out->n = n_before;
            return rc;
        }
        for (size_t k = from; k < out->n; k++)
            out->items[k].segment = it->type_id;
    }
    return 0;
}

static void arrange(struct at_tokens *out, const struct at_plan *plan,
                    const struct at_tokens found[2])
{
    for (size_t i = 0; i < plan->items.n; i++) {
        const struct at_plan_item *it = &plan->items.items[i];

        if (it->source < 0)
            push_added(out, it);
        for (size_t k = 0; it->source >= 0 && k < found[it->source].n; k++) {
            struct at_token token = found[it->source].items[k];

            token.segment = it->type_id;
            *at_array_push(out) = token;
        }
    }
}

/* Plans of any other kind: a text that is left out is read all the same, and may be wrong. */
static int run_apart(struct at_tokens *out, const struct at_tokenizer *t,
                     const char *const texts[2], const struct at_plan *plan, struct at_error *err)
{
    struct at_tokens found[2] = { { 0 }, { 0 } };
    int word = 0, rc = 0;

    for (int i = 0; !rc && i < 2 && texts[i]; i++)
        rc = at_tokenizer_run(&found[i], t, texts[i], i, plan, &word, err);
    if (!rc)
        arrange(out, plan, found);
    at_tokens_release(&found[0]);
    at_tokens_release(&found[1]);
    return rc;
}

int at_tokenize(struct at_tokens *out, const struct at_tokenizer *t, const char *text,
                const char *pair, bool with_specials, struct at_error *err)
{
    const struct at_plan *plan = &t->post.plans[pair != NULL][with_specials];
    const char *const texts[2] = { text, pair };
    int rc = check_text(text, err);

    if (!rc && pair)
        rc = check_text(pair, err);
    if (!rc && pair && !has_pairs(t))
        rc = at_fail(err, AT_ERANGE, "a second text needs a model that has '[SEP]'");
    if (rc)
        return rc;
    return is_in_order(plan, pair ? 2 : 1) ? run_in_place(out, t, texts, plan, err)
                                           : run_apart(out, t, texts, plan, err);
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
        AT_BUG_IF(v->items[i].source > 1);
        if (v->items[i].source < 0)
            n_marks++;
        else
            keep[v->items[i].source]++;
    }
    share_room(keep, max > n_marks ? max - n_marks : 0);
    for (size_t i = 0; i < v->n; i++) {
        int source = v->items[i].source;

        if (source >= 0 && keep[source] == 0)
            continue; /* no more of this text */
        if (source >= 0)
            keep[source]--;
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

void at_label_bytes(struct at_strbuf *out, const struct at_strbuf *bytes)
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

const char *at_tokenizer_label(const struct at_tokenizer *t, int id, struct at_arena *arena)
{
    struct at_strbuf b = { 0 };
    const char *label;

    at_tokenizer_add_label(t, &b, id);
    label = at_arena_strdup(arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

static void push_piece(struct at_decoded_list *list, const struct at_tokenizer *t, int id)
{
    const char *piece = at_tokenizer_piece(t, id);
    struct at_decoded *d = at_array_push(list);

    *d = (struct at_decoded){ .is_added = at_added_by_id(&t->added, id) != NULL };
    at_strbuf_adds(&d->text, piece ? piece : "");
}

/* The decoded pieces in a row; those of a pattern that cannot be run stay as they are. */
static void add_decoded(struct at_strbuf *out, const struct at_tokenizer *t,
                        struct at_decoded_list *list, bool for_label)
{
    int rc = at_decoder_apply(list, &t->decoder, for_label, NULL);

    (void)rc;
    for (size_t i = 0; i < list->n; i++)
        at_strbuf_add(out, at_strbuf_str(&list->items[i].text), list->items[i].text.n);
    at_decoded_release(list);
}

/* Pieces of which a decoder leaves nothing, "</w>" or "\u2581" alone. */
static void add_raw(struct at_strbuf *out, const struct at_tokenizer *t,
                    const struct at_token *tokens, size_t n)
{
    static const char mark[] = "\xe2\x96\x81"; /* of a space */

    for (size_t i = 0; i < n; i++) {
        const char *s = at_tokenizer_piece(t, tokens[i].id), *next;
        for (; s && (next = strstr(s, mark)); s = next + sizeof mark - 1) {
            at_strbuf_add(out, s, (size_t)(next - s));
            at_strbuf_adds(out, " ");
        }
        at_strbuf_adds(out, s ? s : "");
    }
}

void at_tokenizer_add_joined(const struct at_tokenizer *t, struct at_strbuf *out,
                             const struct at_token *tokens, size_t n)
{
    struct at_decoded_list list = { 0 };
    struct at_strbuf bytes = { 0 };

    for (size_t i = 0; i < n; i++)
        push_piece(&list, t, tokens[i].id);
    add_decoded(&bytes, t, &list, true);
    if (!bytes.n)
        add_raw(&bytes, t, tokens, n);
    at_label_bytes(out, &bytes);
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

static void decode_wordpiece(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                             size_t n)
{
    size_t n_joiner = strlen(t->wordpiece.joiner);
    const char *before = NULL;

    for (size_t i = 0; i < n; i++) {
        const char *piece = at_tokenizer_piece(t, ids[i]);
        bool joined =
            piece && n_joiner && !strncmp(piece, t->wordpiece.joiner, n_joiner) && piece[n_joiner];

        if (!piece)
            continue;
        if (before && !joined && !closes_up(piece) && !opens(before))
            at_strbuf_addc(out, ' ');
        at_strbuf_adds(out, joined ? piece + n_joiner : piece);
        before = piece;
    }
}

void at_tokenizer_decode(const struct at_tokenizer *t, struct at_strbuf *out, const int *ids,
                         size_t n)
{
    struct at_decoded_list list = { 0 };
    struct at_strbuf bytes = { 0 };

    if (t->kind == AT_WORDPIECE) {
        decode_wordpiece(t, out, ids, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        push_piece(&list, t, ids[i]);
    add_decoded(&bytes, t, &list, false);
    add_repaired(out, at_strbuf_str(&bytes), bytes.n);
    at_strbuf_release(&bytes);
}
