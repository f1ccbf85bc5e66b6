/*
 * swap.c - see swap.h.
 */
#include "analysis/swap.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/swap_possessive.h"
#include "base/alloc.h"
#include "base/array.h"
#include "base/strbuf.h"
#include "io/textfile.h"
#include "text/unicode.h"

struct matches AT_ARRAY(struct at_swap);

/* A text, and what is known about it. */
struct scene {
    const char *text;
    size_t n;
    const struct at_tag_spans *tags; /* NULL without a tagger */
};

static bool is_word_byte_before(const struct scene *s, size_t at)
{
    size_t i = at;

    if (at == 0)
        return false;
    while (--i > 0 && (s->text[i] & 0xC0) == 0x80)
        ;
    return at_unicode_is_word(at_utf8_next(s->text, &i));
}

static bool is_word_byte_after(const struct scene *s, size_t at)
{
    return at < s->n && at_unicode_is_word(at_utf8_next(s->text, &at));
}

/* End of the term at a place of the text, or 0 when it does not stand there as whole words. */
static size_t match_at(const struct scene *s, size_t at, const char *term)
{
    size_t i = at, k = 0;

    while (term[k]) {
        unsigned want, lower[AT_MAX_LOWER];
        if (i >= s->n)
            return 0;
        want = at_utf8_next(term, &k);
        if (at_unicode_lower(lower, at_utf8_next(s->text, &i)) != 1 || lower[0] != want)
            return 0;
    }
    return is_word_byte_before(s, at) || is_word_byte_after(s, i) ? 0 : i;
}

/* --- what the tags say --- */

/* Number of the first span that ends behind a byte; tags->n when there is none. */
static size_t span_at(const struct at_tag_spans *tags, size_t at)
{
    size_t i = 0;

    while (i < tags->n && tags->items[i].end <= at)
        i++;
    return i;
}

static bool is_listed(const struct scene *s, const struct at_tag_span *span,
                      const char *const *words, bool with_plural)
{
    size_t n = span->end - span->start;

    for (; *words; words++) {
        size_t m = strlen(*words);
        size_t end = match_at(s, span->start, *words);
        if (n == m && end == span->end)
            return true;
        /* A plain plural: the word, an s, the end. */
        if (with_plural && n == m + 1 && (s->text[span->end - 1] | 0x20) == 's') {
            struct scene cut = { s->text, span->end - 1, NULL };
            if (match_at(&cut, span->start, *words) == cut.n)
                return true;
        }
    }
    return false;
}

static bool is_person_entity(const struct at_tag_span *span)
{
    return strcmp(span->entity, "PER") == 0 || strcmp(span->entity, "PERSON") == 0 ||
           strcmp(span->entity, "NORP") == 0;
}

static bool is_person_noun(const struct scene *s, const struct at_tag_span *span)
{
    static const char *const nouns[] = {
        "man",      "men",       "woman",    "women",     "person",   "people",    "boy",
        "girl",     "child",     "children", "kid",       "baby",     "guy",       "lady",
        "ladies",   "gentleman", "adult",    "teenager",  "student",  "teacher",   "worker",
        "employee", "citizen",   "resident", "immigrant", "neighbor", "neighbour", "friend",
        "family",   "families",  "parent",   "mother",    "father",   "son",       "daughter",
        "brother",  "sister",    "husband",  "wife",      "couple",   "doctor",    "nurse",
        "officer",  "driver",    "player",   "actor",     "singer",   "writer",    "folk",
        "folks",    "patient",   "customer", "voter",     "soldier",  "lawyer",    "candidate",
        "leader",   "community", NULL
    };
    return is_person_entity(span) || is_listed(s, span, nouns, true);
}

static bool is_person_pronoun(const struct scene *s, const struct at_tag_span *span)
{
    static const char *const pronouns[] = { "i",  "you", "he",      "she",      "they",
                                            "we", "who", "someone", "everyone", NULL };

    return is_listed(s, span, pronouns, false);
}

static bool is_noun(enum at_upos tag)
{
    return tag == AT_UPOS_NOUN || tag == AT_UPOS_PROPN;
}

/* "the old and frail black woman": the last noun of the first run of nouns to the right. */
static bool modifies_person(const struct scene *s, size_t span)
{
    const struct at_tag_spans *tags = s->tags;
    size_t i = span + 1;

    while (i < tags->n &&
           (tags->items[i].upos == AT_UPOS_ADJ || tags->items[i].upos == AT_UPOS_ADV ||
            tags->items[i].upos == AT_UPOS_CCONJ))
        i++;
    if (i >= tags->n || !is_noun(tags->items[i].upos))
        return false;
    while (i + 1 < tags->n && is_noun(tags->items[i + 1].upos))
        i++;
    return is_person_noun(s, &tags->items[i]);
}

/* "she is not very tall": from the adjective left over adverbs and the like to a verb of being, and
   its subject directly before that. */
static bool is_said_of_person(const struct scene *s, size_t span)
{
    const struct at_tag_spans *tags = s->tags;
    size_t i = span;

    while (i > 0 &&
           (tags->items[i - 1].upos == AT_UPOS_ADV || tags->items[i - 1].upos == AT_UPOS_PART ||
            tags->items[i - 1].upos == AT_UPOS_ADJ || tags->items[i - 1].upos == AT_UPOS_CCONJ))
        i--;
    if (i < 2 || tags->items[i - 1].upos != AT_UPOS_AUX)
        return false;
    while (i > 0 &&
           (tags->items[i - 1].upos == AT_UPOS_AUX || tags->items[i - 1].upos == AT_UPOS_ADV))
        i--;
    return i > 0 &&
           (is_person_pronoun(s, &tags->items[i - 1]) || is_person_noun(s, &tags->items[i - 1]));
}

static bool is_about_person(const struct scene *s, size_t start, size_t end)
{
    size_t first = span_at(s->tags, start), last = span_at(s->tags, end - 1);

    if (last >= s->tags->n)
        return false;
    for (size_t i = first; i <= last; i++)
        if (is_person_entity(&s->tags->items[i]))
            return true;
    if (is_noun(s->tags->items[last].upos))
        return true;
    return s->tags->items[last].upos == AT_UPOS_ADJ &&
           (modifies_person(s, last) || is_said_of_person(s, last));
}

static bool gate_lets_through(const struct scene *s, enum at_swap_gate gate, size_t start,
                              size_t end)
{
    if (gate == AT_SWAP_ALWAYS)
        return true;
    if (gate == AT_SWAP_PERSON)
        return s->tags && is_about_person(s, start, end);
    return at_swap_is_possessive(s->text, start, end, s->tags) == (gate == AT_SWAP_POSSESSIVE);
}

/* --- finding --- */

/* The first of a term's pairs (items first .. last-1) that fits; NULL when none does. A term that
   has one pair alone ("him") is no question of possessive or object. */
static const struct at_swap_term *choose(const struct scene *s, const struct at_swap_terms *terms,
                                         size_t first, size_t last, size_t start, size_t end)
{
    if (last - first == 1 && terms->items[first].gate >= AT_SWAP_POSSESSIVE)
        return &terms->items[first];
    for (size_t i = first; i < last; i++)
        if (gate_lets_through(s, terms->items[i].gate, start, end))
            return &terms->items[i];
    return NULL;
}

/* A term that stands in the text: items first .. last-1 of the list are its pairs. */
struct candidate {
    size_t first, last, start, end;
};
struct candidates AT_ARRAY(struct candidate);

/* Longer terms first, as the list has them, then from left to right. */
static int by_term(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->start > y->start) - (x->start < y->start);
}

/* The terms by their first letter: the numbers of those in one bucket, one after the other. */
enum { BUCKETS = 256 };
struct term_index {
    size_t begin[BUCKETS + 1];
    size_t *first; /* (n terms) */
};

static size_t bucket_of(const char *term)
{
    size_t i = 0;

    return at_utf8_next(term, &i) % BUCKETS;
}

static struct term_index index_terms(const struct at_swap_terms *terms, long category)
{
    struct term_index x = { .first = at_malloc(AT_MAX(terms->n, (size_t)1), sizeof *x.first) };
    size_t n = 0;

    for (size_t b = 0; b < BUCKETS; b++) {
        x.begin[b] = n;
        for (size_t i = 0; i < terms->n; i++) {
            const struct at_swap_term *t = &terms->items[i];
            bool is_first = i == 0 || strcmp(t[-1].term, t->term) != 0;
            if (is_first && (category < 0 || (long)t->category == category) &&
                bucket_of(t->term) == b)
                x.first[n++] = i;
        }
    }
    x.begin[BUCKETS] = n;
    return x;
}

static size_t end_of_pairs(const struct at_swap_terms *terms, size_t first)
{
    size_t last = first + 1;

    while (last < terms->n && strcmp(terms->items[last].term, terms->items[first].term) == 0)
        last++;
    return last;
}

/* Every term at every beginning of a word, those inside of others too. */
static void find_candidates(struct candidates *out, const struct scene *s,
                            const struct at_swap_terms *terms, const struct term_index *x)
{
    bool was_word = false;

    for (size_t at = 0, next; at < s->n; at = next) {
        unsigned c, lower[AT_MAX_LOWER];
        next = at;
        c = at_utf8_next(s->text, &next);
        if (!was_word && at_unicode_lower(lower, c) == 1) {
            size_t b = lower[0] % BUCKETS;
            for (size_t k = x->begin[b]; k < x->begin[b + 1]; k++) {
                size_t first = x->first[k], end = match_at(s, at, terms->items[first].term);
                if (end > 0)
                    *at_array_push(out) =
                        (struct candidate){ first, end_of_pairs(terms, first), at, end };
            }
        }
        was_word = at_unicode_is_word(c);
    }
}

static void find_matches(struct matches *out, const struct scene *s,
                         const struct at_swap_terms *terms, long category)
{
    struct term_index x = index_terms(terms, category);
    struct candidates all = { 0 };
    char *taken = at_calloc(s->n, 1); /* bytes that belong to a match */

    find_candidates(&all, s, terms, &x);
    if (all.n > 0)
        qsort(all.items, all.n, sizeof *all.items, by_term);
    for (size_t i = 0; i < all.n; i++) {
        const struct candidate *c = &all.items[i];
        const struct at_swap_term *term;
        if (memchr(taken + c->start, 1, c->end - c->start))
            continue;
        memset(taken + c->start, 1, c->end - c->start);
        term = choose(s, terms, c->first, c->last, c->start, c->end);
        *at_array_push(out) =
            (struct at_swap){ c->start, c->end, term ? term : &terms->items[c->first],
                              term ? at_strdup(term->target) : NULL };
    }
    free(taken);
    free(all.items);
    free(x.first);
}

/* --- writing --- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* How a word is written; ASCII letters decide. */
struct style {
    size_t n_upper, n_lower;
    bool starts_upper;
    bool spaced_upper, hyphened_upper; /* capitals after a space, after a hyphen */
    bool has_space, inner_upper;       /* inner: a capital elsewhere */
};

static struct style style_of(const char *s, size_t n)
{
    struct style style = { 0 };

    for (size_t i = 0; i < n; i++) {
        style.n_upper += is_upper(s[i]);
        style.n_lower += is_lower(s[i]);
        style.has_space |= s[i] == ' ';
        if (!is_upper(s[i]))
            continue;
        if (i == 0)
            style.starts_upper = true;
        else if (s[i - 1] == ' ')
            style.spaced_upper = true;
        else if (s[i - 1] == '-')
            style.hyphened_upper = true;
        else
            style.inner_upper = true;
    }
    return style;
}

static void transfer_case(char *replacement, const char *original, size_t n)
{
    struct style style = style_of(original, n);
    bool is_all_upper = style.n_lower == 0 && style.n_upper > 1;
    bool is_capitalised = style.starts_upper && !style.inner_upper;
    bool capitalise_words = style.spaced_upper || !style.has_space;

    for (size_t i = 0; replacement[i]; i++) {
        char before = i ? replacement[i - 1] : '\0';
        if (is_all_upper || (is_capitalised && (i == 0 || (before == ' ' && capitalise_words) ||
                                                (before == '-' && style.hyphened_upper))))
            replacement[i] = to_upper(replacement[i]);
    }
}

const char *at_swap_article(const char *word)
{
    /* Written with a vowel, spoken with a consonant, and the other way round; beginnings of words,
       "one" alone is a whole word. */
    static const char *const with_a[] = { "european", "united", "univers", "uniform",   "unique",
                                          "unicorn",  "union",  "usage",   "usual",     "useful",
                                          "user",     "one ",   "one-",    "unitarian", NULL };
    static const char *const with_an[] = {
        "hour", "honest", "honor", "honour", "heir", "herb", NULL
    };
    char start[16] = { 0 };
    size_t n = 0;

    for (; n + 2 < sizeof start && word[n]; n++)
        start[n] = is_upper(word[n]) ? (char)(word[n] - 'A' + 'a') : word[n];
    start[n] = word[n] ? '\0' : ' '; /* the end of a word counts as a space behind it */
    for (size_t i = 0; with_a[i]; i++)
        if (strncmp(start, with_a[i], strlen(with_a[i])) == 0)
            return "a";
    for (size_t i = 0; with_an[i]; i++)
        if (strncmp(start, with_an[i], strlen(with_an[i])) == 0)
            return "an";
    return start[0] && strchr("aeiou", start[0]) ? "an" : "a";
}

/* Start of the article that stands directly before a word, SIZE_MAX when there is none; *end_out
   is behind the article. */
static size_t article_before(const struct scene *s, size_t word, size_t *end_out)
{
    size_t end = word, n;

    while (end > 0 && s->text[end - 1] == ' ')
        end--;
    if (end == word)
        return SIZE_MAX;
    n = end >= 2 && (s->text[end - 1] | 0x20) == 'n' ? 2 : 1;
    if (end < n || (s->text[end - n] | 0x20) != 'a' || is_word_byte_before(s, end - n))
        return SIZE_MAX;
    *end_out = end;
    return end - n;
}

/* The article as it must be, in the case of the old one; a lone "A" before capitals gives "AN". */
static void add_article(struct at_strbuf *out, const char *old, const char *want, bool is_shouted)
{
    bool is_capital = is_upper(old[0]);

    for (size_t i = 0; want[i]; i++)
        at_strbuf_addc(out, is_capital && (i == 0 || is_shouted) ? to_upper(want[i]) : want[i]);
}

/* Append the text up to and with one replacement; done is how far the original has been copied. */
static void write_swap(struct at_strbuf *out, struct at_swaps *swaps, const struct scene *s,
                       struct at_swap *swap, size_t done)
{
    size_t end = 0, article;
    const char *want;

    transfer_case(swap->replacement, s->text + swap->start, swap->end - swap->start);
    want = at_swap_article(swap->replacement);
    article = article_before(s, swap->start, &end);
    if (article != SIZE_MAX && article >= done && strlen(want) != end - article) {
        struct style style = style_of(swap->replacement, strlen(swap->replacement));
        at_strbuf_add(out, s->text + done, article - done);
        add_article(out, s->text + article, want, style.n_lower == 0 && style.n_upper > 1);
        done = end;
        swaps->n_articles++;
    }
    at_strbuf_add(out, s->text + done, swap->start - done);
    at_strbuf_adds(out, swap->replacement);
    swaps->n_replaced++;
}

static int by_start(const void *a, const void *b)
{
    const struct at_swap *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

void at_swap_text(struct at_swaps *out, const struct at_swap_terms *terms, const char *text,
                  const struct at_tag_spans *tags, long category)
{
    const struct scene scene = { text, strlen(text), tags };
    struct at_strbuf b = { 0 };
    struct matches found = { 0 };
    size_t done = 0;

    *out = (struct at_swaps){ 0 };
    find_matches(&found, &scene, terms, category);
    if (found.n > 0)
        qsort(found.items, found.n, sizeof *found.items, by_start);
    for (size_t i = 0; i < found.n; i++) {
        if (!found.items[i].replacement)
            continue;
        write_swap(&b, out, &scene, &found.items[i], done);
        done = found.items[i].end;
    }
    at_strbuf_adds(&b, text + done);
    out->text = b.s ? at_strbuf_take(&b) : at_strdup("");
    out->items = found.items;
    out->n = found.n;
}

void at_swaps_release(struct at_swaps *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->items[i].replacement);
    free(s->items);
    free(s->text);
    *s = (struct at_swaps){ 0 };
}
