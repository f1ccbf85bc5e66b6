/*
 * added.c - see added.h.
 *
 * The tokens lie sorted: those that go on as the text does from some place are neighbours, and each
 * further byte leaves a smaller range of them.
 */
#include "text/added.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"

int at_added_put(struct at_added *a, const char *content, struct at_added_token token,
                 struct at_error *err)
{
    size_t n = strlen(content);
    int index = at_vocab_find(&a->names, content, n), rc;

    if (index >= 0) {
        a->items[index].token = token;
        return 0;
    }
    rc = at_vocab_add(&a->names, (long long)a->n, content, n, err);
    if (!rc)
        *at_array_push(a) = (struct at_added_entry){ token, at_strndup(content, n), NULL };
    return rc;
}

void at_added_release(struct at_added *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->items[i].content);
        free(a->items[i].wanted);
    }
    at_array_release(a);
    free(a->by_id);
    at_vocab_release(&a->names);
    free(a->index[0].order);
    free(a->index[1].order);
    *a = (struct at_added){ 0 };
}

/* An entry on its way into one of the orders. */
struct ranked {
    const char *text;
    int id;
    size_t index;
};

static int by_text(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

static int by_id(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->index > y->index ? -1 : x->index < y->index;
}

static size_t *sort(struct ranked *v, size_t n, int (*compare)(const void *, const void *))
{
    size_t *order = at_malloc(n, sizeof *order);

    qsort(v, n, sizeof *v, compare);
    for (size_t i = 0; i < n; i++)
        order[i] = v[i].index;
    return order;
}

static void make_index(struct at_added *a, bool is_normalized, struct ranked *v)
{
    struct at_added_index *index = &a->index[is_normalized];
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++)
        if (a->items[i].token.is_normalized == is_normalized && *a->items[i].wanted)
            v[n++] = (struct ranked){ a->items[i].wanted, 0, i };
    index->order = sort(v, n, by_text);
    index->n = n;
    for (size_t i = 0, byte = 0; byte <= 256; byte++) {
        while (i < n && (unsigned char)v[i].text[0] < byte)
            i++;
        index->first[byte] = i;
    }
}

int at_added_finish(struct at_added *a, at_added_normalize_fn *normalize, void *arg,
                    struct at_error *err)
{
    struct at_strbuf normal = { 0 };
    struct ranked *v;
    int rc = 0;

    for (size_t i = 0; !rc && i < a->n; i++) {
        struct at_added_entry *e = &a->items[i];

        at_strbuf_clear(&normal);
        if (e->token.is_normalized)
            rc = normalize(arg, &normal, e->content, err);
        e->wanted = at_strdup(e->token.is_normalized ? at_strbuf_str(&normal) : e->content);
    }
    at_strbuf_release(&normal);
    if (rc)
        return rc;
    v = at_malloc(a->n, sizeof *v);
    for (size_t i = 0; i < a->n; i++)
        v[i] = (struct ranked){ a->items[i].content, a->items[i].token.id, i };
    a->by_id = sort(v, a->n, by_id);
    make_index(a, false, v);
    make_index(a, true, v);
    free(v);
    return 0;
}

const struct at_added_entry *at_added_by_id(const struct at_added *a, int id)
{
    size_t low = 0, high = a->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (a->items[a->by_id[middle]].token.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == a->n || a->items[a->by_id[low]].token.id != id)
        return NULL;
    return &a->items[a->by_id[low]];
}

const struct at_added_entry *at_added_by_content(const struct at_added *a, const char *content)
{
    int index = at_vocab_find(&a->names, content, strlen(content));

    return index < 0 ? NULL : &a->items[index];
}

/* The first place in [low, high) whose token has a byte of at least c at depth. */
static size_t find_byte(const struct at_added *a, const size_t *order, size_t low, size_t high,
                        size_t depth, unsigned c)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((unsigned char)a->items[order[middle]].wanted[depth] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest token that stands at text[at]; NULL: none. */
static const struct at_added_entry *longest_at(const struct at_added_scan *s, size_t at)
{
    const struct at_added *a = s->a;
    const struct at_added_index *index = &a->index[s->is_normalized];
    const struct at_added_entry *best = NULL;
    unsigned c = (unsigned char)s->text[at];
    size_t low = index->first[c], high = index->first[c + 1];

    for (size_t depth = 1; low < high; depth++) {
        const struct at_added_entry *e = &a->items[index->order[low]];

        if (!e->wanted[depth])
            best = e;
        if (at + depth == s->n)
            break;
        c = (unsigned char)s->text[at + depth];
        low = find_byte(a, index->order, low, high, depth, AT_MAX(c, 1u));
        high = find_byte(a, index->order, low, high, depth, c + 1);
    }
    return best;
}

/* Start of the character that ends at i. */
static size_t step_back(const char *text, size_t i)
{
    do
        i--;
    while (((unsigned char)text[i] & 0xC0) == 0x80);
    return i;
}

static unsigned character_at(const char *text, size_t i)
{
    return at_utf8_next(text, &i);
}

static bool is_apart(unsigned c)
{
    return at_unicode_is_space(c) || at_unicode_is_bert_cjk(c);
}

/* Whether the token may stand where it was found. */
static bool may_stand(const struct at_added_scan *s, const struct at_added_match *m)
{
    bool has_before = m->start > 0, has_behind = m->end < s->n;
    unsigned before = has_before ? character_at(s->text, step_back(s->text, m->start)) : 0;
    unsigned behind = has_behind ? character_at(s->text, m->end) : 0;

    if (m->token->single_word &&
        ((has_before && at_unicode_is_word(before)) || (has_behind && at_unicode_is_word(behind))))
        return false;
    return !m->token->stands_alone ||
           ((!has_before || is_apart(before)) && (!has_behind || is_apart(behind)));
}

/* Take the white space that the token asks for, on the left not what another one took. */
static void strip(const struct at_added_scan *s, struct at_added_match *m)
{
    size_t at = m->start;

    m->written = m->start;
    m->written_end = m->end;
    while (m->token->lstrip && at > 0) {
        size_t before = step_back(s->text, at);

        if (!at_unicode_is_space(character_at(s->text, before)))
            break;
        at = before;
    }
    if (m->token->lstrip)
        m->start = AT_MIN(AT_MAX(at, s->done), m->end);
    while (m->token->rstrip && m->end < s->n) {
        size_t after = m->end;

        if (!at_unicode_is_space(at_utf8_next(s->text, &after)))
            break;
        m->end = after;
    }
}

bool at_added_next(struct at_added_scan *s, struct at_added_match *m)
{
    const struct at_added_index *index = &s->a->index[s->is_normalized];

    for (; index->n && s->at < s->n; s->at++) {
        unsigned c = (unsigned char)s->text[s->at];
        const struct at_added_entry *e =
            index->first[c] < index->first[c + 1] ? longest_at(s, s->at) : NULL;

        if (!e)
            continue;
        *m = (struct at_added_match){ &e->token, s->at, s->at + strlen(e->wanted), 0, 0 };
        s->at = m->end;
        if (may_stand(s, m)) {
            strip(s, m);
            s->done = m->end;
            return true;
        }
        s->at--; /* which the loop counts on */
    }
    return false;
}
