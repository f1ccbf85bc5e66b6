/*
 * sentence_breaks.c - see sentence_breaks.h.
 */
#include "text/sentence_breaks.h"

#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* --- characters around a break --- */

static unsigned character_at(const struct at_sentence_break *b, size_t i)
{
    return i < b->n ? at_utf8_next(b->text, &i) : 0;
}

static unsigned first_character(const struct at_sentence_break *b)
{
    return character_at(b, b->next);
}

/* The character that ends at byte end, which is not the first; *at_out is where it begins. */
static unsigned character_before(const char *text, size_t end, size_t *at_out)
{
    size_t at = end - 1, next;

    while (((unsigned char)text[at] & 0xC0) == 0x80)
        at--;
    next = *at_out = at;
    return at_utf8_next(text, &next);
}

static unsigned last_character(const struct at_sentence_break *b)
{
    size_t at;

    return b->end > b->start ? character_before(b->text, b->end, &at) : 0;
}

static size_t n_newlines(const struct at_sentence_break *b)
{
    size_t count = 0;

    for (size_t i = b->end; i < b->next; i++)
        count += b->text[i] == '\n';
    return count;
}

static bool is_one_of(unsigned c, const char *list)
{
    for (size_t i = 0; list[i];)
        if (at_utf8_next(list, &i) == c)
            return true;
    return false;
}

/* Marks that may open what they also close, or that languages use either way, are in both. */
static bool is_opening(unsigned c)
{
    return is_one_of(c, "\"'([{“„‘‚«‹»›¿¡「『（【《〈");
}

static bool is_closing(unsigned c)
{
    return is_one_of(c, "\"')]}”“’‘»›«‹」』）】》〉");
}

static bool is_ideographic_closing(unsigned c)
{
    return is_one_of(c, "”’」』）】》〉");
}

/* True when the sentence has a period, question or exclamation mark of its own, maybe inside quotes
   or brackets. */
static bool ends_itself(const struct at_sentence_break *b)
{
    size_t end = b->end, at;

    while (end > b->start && is_closing(character_before(b->text, end, &at)))
        end = at;
    return end > b->start && is_one_of(character_before(b->text, end, &at), ".?!:;…。！？");
}

/* --- words around a break --- */

/* The last word of text[start, end), of which end is the period; n = 0: none. Behind parts is told
   how many words with a period before it belong to it ("z. B"). */
static const char *word_before(const struct at_sentence_break *b, size_t end, size_t *n)
{
    size_t start = end;

    while (start > b->start && !is_space(b->text[start - 1]))
        start--;
    while (start < end) {
        size_t next = start;
        if (!is_opening(at_utf8_next(b->text, &next)))
            break;
        start = next;
    }
    *n = end - start;
    return b->text + start;
}

/* The word right before the period that ends the sentence, without that period; n = 0: none. */
static const char *last_word(const struct at_sentence_break *b, size_t *n)
{
    *n = 0;
    if (b->end == b->start || b->text[b->end - 1] != '.')
        return NULL;
    return word_before(b, b->end - 1, n);
}

/* The first word behind the break. */
static const char *first_word(const struct at_sentence_break *b, size_t *n)
{
    size_t start = b->next, end;

    while (start < b->n && is_opening(character_at(b, start)))
        at_utf8_next(b->text, &start);
    for (end = start; end < b->n;) {
        size_t next = end;
        unsigned c = at_utf8_next(b->text, &next);

        if (!at_unicode_is_letter(c) && c != '\'' && c != 0x2019)
            break;
        end = next;
    }
    *n = end - start;
    return b->text + start;
}

static unsigned kinds_behind(const struct at_sentence_break *b)
{
    size_t n;
    const char *first = first_word(b, &n);

    return at_sentence_kinds(b->language, first, n);
}

/* Parts of an abbreviation that is written with spaces. */
enum { MAX_PARTS = 4, MAX_ABBREVIATION = 32 };

struct parts {
    char joined[MAX_ABBREVIATION]; /* "z.B" */
    size_t n;
};

static bool add_part(struct parts *p, const char *word, size_t n)
{
    if (p->n + n + 1 >= sizeof p->joined)
        return false;
    if (p->n)
        p->joined[p->n++] = '.';
    memcpy(p->joined + p->n, word, n);
    p->n += n;
    return true;
}

/* The word at next that ends in a period, without it; n = 0: none. */
static const char *dotted_word(const struct at_sentence_break *b, size_t next, size_t *n)
{
    size_t end = next;

    while (end < b->n && at_unicode_is_letter(character_at(b, end)))
        at_utf8_next(b->text, &end);
    *n = end < b->n && b->text[end] == '.' ? end - next : 0;
    return b->text + next;
}

/*
 * Kinds of an abbreviation of several parts around the break: those before it, "z." of "z. B.", as
 * far back as they are short words with a period, with those behind it or without. is_inside tells
 * that the break is between two parts.
 */
static unsigned kinds_of_parts(const struct at_sentence_break *b, bool *is_inside)
{
    struct {
        const char *s;
        size_t n;
    } before[MAX_PARTS];
    size_t count = 0, end = b->end;
    unsigned kinds = 0;

    *is_inside = false;
    while (count < MAX_PARTS && end > b->start && b->text[end - 1] == '.') {
        before[count].s = word_before(b, end - 1, &before[count].n);
        if (before[count].n == 0 || before[count].n > 8)
            break;
        end = (size_t)(before[count++].s - b->text);
        while (end > b->start && is_space(b->text[end - 1]))
            end--;
    }
    for (size_t first = count; first > 0 && !kinds; first--) {
        struct parts p = { .n = 0 };
        size_t next = b->next, n;
        bool fits = true;
        for (size_t i = first; i > 0; i--)
            fits = fits && add_part(&p, before[i - 1].s, before[i - 1].n);
        kinds = first > 1 && fits ? at_sentence_kinds(b->language, p.joined, p.n) : 0;
        for (size_t k = 0; k < 2 && fits && !kinds; k++) {
            const char *word = dotted_word(b, next, &n);
            fits = n > 0 && add_part(&p, word, n);
            *is_inside = fits && (kinds = at_sentence_kinds(b->language, p.joined, p.n)) != 0;
            next = (size_t)(word - b->text) + n + 1;
            while (next < b->n && b->text[next] == ' ')
                next++;
        }
    }
    return kinds;
}

static bool is_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

/* "J", "J.M", "J.-P": capitals that stand alone. */
static bool is_initials(const char *s, size_t n)
{
    size_t i = 0;

    do {
        if (i < n && s[i] == '-')
            i++;
        if (i >= n || !at_unicode_is_upper(at_utf8_next(s, &i)))
            return false;
    } while (i < n && s[i] == '.' && ++i <= n);
    return i == n;
}

/* "12", "iv", "b", "1.)", behind a bullet or not: what stands before an item of a list. */
static bool is_enumerator(const struct at_sentence_break *b)
{
    const char *s = b->text + b->start, *end = b->text + b->end;
    size_t n, skip = 0;

    if (is_one_of(at_utf8_next(s, &skip), "•⁃◦‣·–-*"))
        s += skip;
    while (s < end && *s == ' ')
        s++;
    while (end > s && (end[-1] == '.' || end[-1] == ')'))
        end--;
    n = (size_t)(end - s);
    if (n == 0 || n > 4)
        return false;
    if (is_digits(s, n) || (n == 1 && at_unicode_is_letter((unsigned char)s[0])))
        return true;
    for (size_t i = 0; i < n; i++)
        if (!strchr("ivx", s[i]))
            return false;
    return true;
}

/* A capital behind a name is an initial, "Albert I. Jones"; else "I" is the pronoun. */
static bool is_pronoun(const struct at_sentence_break *b, const char *word, size_t n)
{
    size_t before = (size_t)(word - b->text), n_before;
    const char *name;

    if (n != 1 || *word != 'I' || before == b->start)
        return false;
    while (before > b->start && is_space(b->text[before - 1]))
        before--;
    name = word_before(b, before, &n_before);
    return n_before == 0 || !at_unicode_is_upper(character_at(b, (size_t)(name - b->text))) ||
           at_sentence_kinds(b->language, name, n_before) & AT_SENT_STARTER;
}

static size_t n_words(const struct at_sentence_break *b)
{
    size_t count = 0;

    for (size_t i = b->start; i < b->end; i++)
        count += !is_space(b->text[i]) && (i == b->start || is_space(b->text[i - 1]));
    return count;
}

/* Rules for a sentence that ends in a word and a period. */
static bool abbreviation_goes_on(const struct at_sentence_break *b)
{
    size_t n;
    const char *word = last_word(b, &n);
    unsigned kinds, behind = kinds_behind(b), first = first_character(b);
    bool digit_follows = first - '0' < 10 || first == '#', is_inside;

    if (is_enumerator(b))
        return true;
    if (n == 0)
        return false;
    kinds = kinds_of_parts(b, &is_inside);
    if (is_inside)
        return true;
    kinds |= at_sentence_kinds(b->language, word, n);
    if (kinds & AT_SENT_TITLE || (kinds & (AT_SENT_NUMBER | AT_SENT_MONTH) && digit_follows))
        return true;
    if (is_digits(word, n) && n <= 2 && behind & (AT_SENT_MONTH | AT_SENT_ORDINAL))
        return true;
    if (behind & AT_SENT_STARTER || is_pronoun(b, word, n))
        return false;
    if (kinds & AT_SENT_HOUR) /* "He left at 6 p.m. Mr. Smith", but "At 5 a.m. Mr. Smith" */
        return !(behind & AT_SENT_TITLE) || n_words(b) <= 3;
    return kinds & AT_SENT_OTHER || is_initials(word, n);
}

/* --- dots, quotes, brackets --- */

/* How many dots end the sentence, one space or none between them; *is_spaced: some. *at_out is
   where the first stands. */
static size_t trailing_dots(const struct at_sentence_break *b, bool *is_spaced, size_t *at_out)
{
    size_t at = b->end, count = 0;

    *is_spaced = false;
    while (at > b->start && b->text[at - 1] == '.') {
        *at_out = --at;
        count++;
        if (at > b->start + 1 && b->text[at - 1] == ' ' && b->text[at - 2] == '.') {
            *is_spaced = true;
            at--;
        }
    }
    return count;
}

size_t at_sentence_moved_end(const struct at_sentence_break *b)
{
    bool is_spaced;
    size_t first = 0, count = trailing_dots(b, &is_spaced, &first);
    bool is_attached = count && first > b->start && !is_space(b->text[first - 1]);

    return count == 4 && is_spaced && is_attached ? first + 1 : b->end;
}

/* "it was . . . I mean", "[...] He": dots for what was left out. */
static bool ellipsis_goes_on(const struct at_sentence_break *b)
{
    bool is_spaced;
    size_t first = 0, n, count = trailing_dots(b, &is_spaced, &first);
    const char *word = first_word(b, &n);
    size_t end = b->end;

    if (count == 3 && is_spaced && n > 0 && *word == 'I' && (n == 1 || word[1] == '\''))
        return true;
    return end >= b->start + 5 && !memcmp(b->text + end - 4, "...", 3) &&
           strchr(")]", b->text[end - 1]) && strchr("([", b->text[end - 5]);
}

/* A bracket follows whose end is inside the sentence: '[...]" (Smith 55).' */
static bool citation_follows(const struct at_sentence_break *b)
{
    size_t i = b->next;

    if (first_character(b) != '(')
        return false;
    while (i < b->n && b->text[i] != ')' && b->text[i] != '\n')
        i++;
    return i + 1 < b->n && b->text[i] == ')' && strchr(".,;:", b->text[i + 1]) &&
           !strchr(".?!", b->text[i - 1]);
}

/* "Yahoo!", "Yum!" and the like. */
static bool name_goes_on(const struct at_sentence_break *b)
{
    size_t n;
    const char *word = word_before(b, b->end - 1, &n);

    return at_sentence_kinds(b->language, word, n) & AT_SENT_NAME &&
           (at_unicode_is_lower(first_character(b)) || !(kinds_behind(b) & AT_SENT_STARTER));
}

static unsigned closing_of(unsigned opening)
{
    static const unsigned pairs[][2] = { { 0x201C, 0x201D }, { 0x2018, 0x2019 }, { 0x300C, 0x300D },
                                         { 0x300E, 0x300F }, { 0xFF08, 0xFF09 }, { 0x3010, 0x3011 },
                                         { 0x300A, 0x300B }, { 0x3008, 0x3009 } };

    for (size_t i = 0; i < AT_COUNTOF(pairs); i++)
        if (pairs[i][0] == opening)
            return pairs[i][1];
    return 0;
}

static bool is_ideographic(const struct at_sentence_language *l)
{
    const char *name = l ? at_sentence_language_name(l) : "";

    return !strcmp(name, "zh") || !strcmp(name, "ja");
}

size_t at_sentence_without_opening(const char *text, size_t start, size_t end,
                                   const struct at_sentence_language *l)
{
    size_t at;

    while (is_ideographic(l) && end > start && closing_of(character_before(text, end, &at)))
        end = at;
    return end;
}

/* Is the break inside quotes or brackets that close again in the same paragraph? */
static bool is_inside_quotes(const struct at_sentence_break *b)
{
    unsigned open[8];
    size_t depth = 0;

    for (size_t i = b->start; i < b->end;) {
        unsigned c = at_utf8_next(b->text, &i);
        if (closing_of(c) && depth < AT_COUNTOF(open))
            open[depth++] = closing_of(c);
        else if (depth && c == open[depth - 1])
            depth--;
    }
    if (depth == 0)
        return false;
    for (size_t i = b->next; i < b->n;) {
        unsigned c = at_utf8_next(b->text, &i);
        if (c == open[0])
            return true;
        if (c == '\n')
            return false;
    }
    return false;
}

/* Chinese and Japanese: what quotes hold is part of the sentence around them, and that goes on
   right behind them. */
static bool ideographs_go_on(const struct at_sentence_break *b)
{
    if (!is_ideographic(b->language))
        return false;
    if (is_inside_quotes(b))
        return true;
    return b->end == b->next && is_ideographic_closing(last_character(b)) &&
           !closing_of(first_character(b));
}

/* "search?q=x", "800.ACME.NOW": no white space, and nothing that begins a sentence. */
static bool glued_goes_on(const struct at_sentence_break *b)
{
    char last = b->text[b->end - 1];

    return b->end == b->next &&
           (last == '?' || last == '!' || (last == '.' && !(kinds_behind(b) & AT_SENT_STARTER)));
}

size_t at_sentence_closing(const struct at_sentence_break *b)
{
    unsigned c = first_character(b);
    size_t next = b->next;

    if (b->next >= b->n || (c != 0xBB && c != 0x203A) || n_newlines(b) > 0)
        return 0;
    at_utf8_next(b->text, &next);
    /* German opens with these, right before a word. */
    return at_unicode_is_letter(character_at(b, next)) ? 0 : next - b->next;
}

bool at_sentence_goes_on(const struct at_sentence_break *b)
{
    unsigned first = first_character(b), last = last_character(b);
    size_t n = n_newlines(b);

    if (n > 1) /* a blank line */
        return false;
    if (n == 1 && !ends_itself(b)) /* a line that was wrapped */
        return at_unicode_is_lower(first);
    if (glued_goes_on(b) || ideographs_go_on(b))
        return true;
    if (is_closing(last) && at_unicode_is_lower(first)) /* "What?" he said */
        return true;
    if (is_one_of(first, ")]},;") || ellipsis_goes_on(b) || citation_follows(b))
        return true;
    if ((last == '!' || last == '?') && name_goes_on(b))
        return true;
    return abbreviation_goes_on(b);
}

/* --- where else sentences begin --- */

/* What numbers an item: "7", "7)", "7.)", "b." */
struct marker {
    size_t at, end;
    bool is_letter;
    unsigned style; /* 1: a period, 2: a parenthesis */
    unsigned long value;
};

static size_t skip_bullet(const char *text, size_t i)
{
    size_t next = i;

    if (!is_one_of(at_utf8_next(text, &next), "•⁃◦‣"))
        return i;
    while (text[next] == ' ')
        next++;
    return next;
}

/* The marker that begins at a byte; false for none. */
static bool read_marker(struct marker *m, const char *text, size_t length, size_t at,
                        const struct at_sentence_language *l)
{
    size_t i = skip_bullet(text, at), start = i, n;
    bool has_bullet = i > at;
    struct at_sentence_break behind = { text, length, 0, 0, 0, l };

    *m = (struct marker){ .at = at };
    while (text[i] >= '0' && text[i] <= '9' && i - start < 3)
        m->value = 10 * m->value + (unsigned long)(text[i++] - '0');
    if (i == start && text[i] >= 'a' && text[i] <= 'z') {
        m->is_letter = true;
        m->value = (unsigned long)text[i++];
    }
    n = i - start;
    m->style |= text[i] == '.';
    i += text[i] == '.';
    m->style |= text[i] == ')' ? 2 : 0;
    i += text[i] == ')';
    if (n == 0 || m->style == 0 || text[i] != ' ')
        return false;
    while (text[i] == ' ')
        i++;
    m->end = behind.next = i;
    if (m->style == 1 && !has_bullet && !at_unicode_is_upper(first_character(&behind)))
        return false;
    return text[i] && !(kinds_behind(&behind) & (AT_SENT_MONTH | AT_SENT_ORDINAL));
}

/* An item may begin here: at the start, in a new line or behind the end of a sentence. */
static bool is_at_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] == ' ')
        at--;
    return at == 0 || strchr("\n.?!:;", text[at - 1]);
}

void at_sentence_list_items(struct at_offsets *out, const char *text, size_t n,
                            const struct at_sentence_language *l)
{
    struct marker last = { 0 }, m;
    bool is_list = false;

    for (size_t i = 0; i < n; i++) {
        if ((i > 0 && !is_space(text[i - 1])) || is_space(text[i]) ||
            !read_marker(&m, text, n, i, l))
            continue;
        if (is_list && m.style == last.style && m.is_letter == last.is_letter &&
            m.value == last.value + 1) {
            *at_array_push(out) = i;
            last = m;
        } else if (is_at_start(text, i)) {
            is_list = true;
            last = m;
        }
        i = m.end - 1;
    }
}

/* The word that ends at a byte is of letters only, at least two, with white space before it. */
static bool is_plain_word(const char *text, size_t end)
{
    size_t start = end;

    while (start > 0 && text[start - 1] >= 'a' && text[start - 1] <= 'z')
        start--;
    if (start > 0 && text[start - 1] >= 'A' && text[start - 1] <= 'Z')
        start--;
    return end - start >= 2 && (start == 0 || is_space(text[start - 1]) || text[start - 1] == '.');
}

void at_sentence_glued(struct at_offsets *out, const char *text, size_t n,
                       const struct at_sentence_language *l)
{
    for (size_t i = 1; i + 1 < n; i++) {
        struct at_sentence_break b = { text, n, 0, i, i + 1, l };
        size_t n_word;
        const char *word;
        if (text[i] != '.' || !at_unicode_is_upper(first_character(&b)) || !is_plain_word(text, i))
            continue;
        word = first_word(&b, &n_word);
        if (kinds_behind(&b) & (AT_SENT_STARTER | AT_SENT_TITLE) && strchr(" .", word[n_word]))
            *at_array_push(out) = i + 1;
    }
}
