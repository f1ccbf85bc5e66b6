/*
 * test_swap.c - counterfactual texts from the shipped list and from small ones, and the attention
 * consistency of a pair.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/consistency.h"
#include "analysis/swap.h"
#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "close.h"

#define LIST "fixtures/data/swap-terms.tsv"

static struct at_swap_terms open_terms(const char *path)
{
    struct at_swap_terms t;
    struct at_error err;

    if (at_swap_terms_read(&t, path, &err))
        fail_msg("%s", err.text);
    return t;
}

static char *temp_file(const char *content)
{
    char *path = at_asprintf("/tmp/test_swap_%ld.tsv", (long)getpid());

    assert_int_equal(at_write_file(path, content, strlen(content), NULL), 0);
    return path;
}

static void check(const struct at_swap_terms *t, const char *text, const struct at_tag_spans *tags,
                  const char *want)
{
    struct at_swaps s;

    at_swap_text(&s, t, text, tags, -1);
    assert_string_equal(s.text, want);
    for (size_t i = 0; i < s.n; i++)
        assert_true(s.items[i].start < s.items[i].end && s.items[i].end <= strlen(text));
    at_swaps_release(&s);
    at_swaps_release(&s);
}

static void test_list(void **state)
{
    struct at_swap_terms t = open_terms(LIST);
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "" },
        { "Nothing to see here.", "Nothing to see here." },
        { "He is a man.", "She is a woman." },
        { "HE SHOUTED AT HIS SISTER", "SHE SHOUTED AT HER BROTHER" },
        { "An actor and a landlady", "An actress and a landlord" },
        { "a king, an heiress", "a queen, an heir" },
        { "An immigrant came.", "A citizen came." },
        { "A CITIZEN CAME", "AN IMMIGRANT CAME" },
        { "The Cuban coffee", "The Puerto Rican coffee" },
        { "an African American teacher", "a European American teacher" },
        { "Senior citizens vote", "Teenagers vote" },
        { "themselves, manly, She-wolf", "themselves, manly, He-wolf" },      /* whole words only */
        { "the black car and a poor idea", "the black car and a poor idea" }, /* ambiguous */
        { "caf\303\251 \342\200\224 she", "caf\303\251 \342\200\224 he" },
        { "\303\251he", "\303\251he" }, /* a letter before it */
    };

    (void)state;
    assert_true(t.n >= 2 * 216);
    assert_int_equal(t.n_categories, 9);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(&t, cases[i].text, NULL, cases[i].want);
    at_swap_terms_release(&t);
}

/* Offsets are those of the original; what was left alone is listed, too. */
static void test_record(void **state)
{
    struct at_swap_terms t = open_terms(LIST);
    const char *text = "A poor old man and an uncle";
    struct at_swaps s;

    (void)state;
    at_swap_text(&s, &t, text, NULL, -1);
    assert_string_equal(s.text, "A poor old woman and an aunt");
    assert_true(s.n == 4 && s.n_replaced == 2 && s.n_articles == 0);
    assert_true(s.items[0].start == 2 && s.items[0].end == 6 && !s.items[0].replacement);
    assert_int_equal(s.items[0].term->gate, AT_SWAP_PERSON);
    assert_true(s.items[2].start == 11 && s.items[2].end == 14);
    assert_string_equal(s.items[2].replacement, "woman");
    assert_string_equal(t.categories[s.items[2].term->category], "gender");
    at_swaps_release(&s);
    at_swap_text(&s, &t, text, NULL, 1); /* another category alone */
    assert_string_equal(s.text, text);
    at_swaps_release(&s);
    at_swap_terms_release(&t);
}

/* Tags of a text cut at spaces and before final punctuation: "PRON AUX ADJ PUNCT". */
static struct at_tag_spans tags_of(const char *text, const char *tags)
{
    struct at_tag_spans spans = { 0 };
    char *copy = at_strdup(tags), *rest = copy;
    size_t at = 0;

    for (char *tag; (tag = strtok_r(rest, " ", &rest));) {
        struct at_tag_span *s = at_array_push(&spans);
        char *entity = strchr(tag, '/');
        *s = (struct at_tag_span){ 0 };
        if (entity) {
            *entity = '\0';
            memcpy(s->entity, entity + 1, AT_MIN(strlen(entity + 1), (size_t)AT_ENTITY_SIZE - 1));
        }
        at += strspn(text + at, " ");
        s->start = at;
        at += strcmp(tag, "PUNCT") == 0 ? 1 : strcspn(text + at, " .,!");
        s->end = at;
        s->upos = strcmp(tag, "ADJ") == 0     ? AT_UPOS_ADJ
                  : strcmp(tag, "NOUN") == 0  ? AT_UPOS_NOUN
                  : strcmp(tag, "PROPN") == 0 ? AT_UPOS_PROPN
                  : strcmp(tag, "PRON") == 0  ? AT_UPOS_PRON
                  : strcmp(tag, "AUX") == 0   ? AT_UPOS_AUX
                  : strcmp(tag, "ADV") == 0   ? AT_UPOS_ADV
                  : strcmp(tag, "CCONJ") == 0 ? AT_UPOS_CCONJ
                  : strcmp(tag, "VERB") == 0  ? AT_UPOS_VERB
                  : strcmp(tag, "NUM") == 0   ? AT_UPOS_NUM
                  : strcmp(tag, "PUNCT") == 0 ? AT_UPOS_PUNCT
                                              : AT_UPOS_X;
    }
    free(copy);
    return spans;
}

/* "her" is "him" or "his", "his" is "her" or "hers", by what follows; "him" is no question. */
static void test_possessive(void **state)
{
    static const struct {
        const char *text, *tags, *want; /* tags NULL: without */
    } cases[] = {
        { "I saw her yesterday.", "PRON VERB PRON NOUN PUNCT", "I saw him yesterday." },
        { "I saw him yesterday.", "PRON VERB PRON NOUN PUNCT", "I saw her yesterday." },
        { "I saw her yesterday.", NULL, "I saw him yesterday." },
        { "I saw her last week.", "PRON VERB PRON ADJ NOUN PUNCT", "I saw him last week." },
        { "It was her last week.", "PRON AUX PRON ADJ NOUN PUNCT", "It was his last week." },
        { "I met her Monday.", "PRON VERB PRON PROPN PUNCT", "I met him Monday." },
        { "We gave her two books.", "PRON VERB PRON NUM NOUN PUNCT", "We gave him two books." },
        { "We read her two books.", "PRON VERB PRON NUM NOUN PUNCT", "We read him two books." },
        { "We lost her two books.", "PRON VERB PRON NUM NOUN PUNCT", "We lost his two books." },
        { "They told her lies.", "PRON VERB PRON NOUN PUNCT", "They told him lies." },
        { "They told her mother.", "PRON VERB PRON NOUN PUNCT", "They told his father." },
        { "We saw her crying.", "PRON VERB PRON NOUN PUNCT", "We saw him crying." },
        { "They made her cry.", "PRON VERB PRON NOUN PUNCT", "They made him cry." },
        { "with her broken heart", "ADP PRON VERB NOUN", "with his broken heart" },
        { "her very old house", "PRON ADV ADJ NOUN", "his very old house" },
        { "I like her very much.", "PRON VERB PRON ADV ADV PUNCT", "I like him very much." },
        { "on her own", "ADP PRON X", "on his own" },
        { "his book is hers.", NULL, "her book is his." },
        { "the book is his", NULL, "the book is hers" },
        { "her \"friend\" and her, too", NULL, "his \"friend\" and him, too" },
    };
    struct at_swap_terms t = open_terms(LIST);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct at_tag_spans tags = { 0 };
        if (cases[i].tags)
            tags = tags_of(cases[i].text, cases[i].tags);
        check(&t, cases[i].text, cases[i].tags ? &tags : NULL, cases[i].want);
        at_array_release(&tags);
    }
    at_swap_terms_release(&t);
}

static void test_gates(void **state)
{
    static const struct {
        const char *text, *tags, *want;
    } cases[] = {
        { "She saw her.", "PRON VERB PRON PUNCT", "He saw him." },
        { "She read her old book.", "PRON VERB PRON ADJ NOUN PUNCT", "He read his old book." },
        { "It was his.", "PRON AUX PRON PUNCT", "It was hers." },
        { "I like his dog.", "PRON VERB PRON NOUN PUNCT", "I like her dog." },
        { "a poor woman", "DET ADJ NOUN", "a rich man" },
        { "a poor idea", "DET ADJ NOUN", "a poor idea" },
        { "old black people", "ADJ ADJ NOUN", "young white people" },
        { "an old police officer", "DET ADJ NOUN NOUN", "a young police officer" },
        { "the old officer station", "DET ADJ NOUN NOUN", "the old officer station" },
        { "She is not very tall.", "PRON AUX ADV ADV ADJ PUNCT", "He is not very short." },
        { "The wall is tall.", "DET NOUN AUX ADJ PUNCT", "The wall is tall." },
        { "Our neighbors are poor.", "PRON NOUN AUX ADJ PUNCT", "Our neighbors are rich." },
        { "Blacks voted.", "NOUN VERB PUNCT", "Whites voted." },
        { "Young Thompson", "ADJ/PER PROPN/PER", "Old Thompson" },
        { "Poor!", "ADJ PUNCT", "Poor!" },
    };
    struct at_swap_terms t = open_terms(LIST);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct at_tag_spans tags = tags_of(cases[i].text, cases[i].tags);
        check(&t, cases[i].text, &tags, cases[i].want);
        at_array_release(&tags);
    }
    at_swap_terms_release(&t);
}

/* Twice gives the original, for every unambiguous pair of the list: a term that is in one pair
   only, and so is its counterpart. */
static void test_twice_is_once(void **state)
{
    struct at_swap_terms t = open_terms(LIST);
    size_t n_tried = 0;

    (void)state;
    for (size_t i = 0; i < t.n; i++) {
        size_t n_here = 0, n_there = 0;
        struct at_swaps once, twice;
        char *text;
        for (size_t j = 0; j < t.n; j++) {
            n_here += strcmp(t.items[j].term, t.items[i].term) == 0;
            n_there += strcmp(t.items[j].term, t.items[i].target) == 0;
        }
        if (n_here != 1 || n_there != 1 || t.items[i].gate != AT_SWAP_ALWAYS)
            continue;
        text = at_asprintf("Here is %s %s.", at_swap_article(t.items[i].term), t.items[i].term);
        at_swap_text(&once, &t, text, NULL, -1);
        at_swap_text(&twice, &t, once.text, NULL, -1);
        assert_int_equal(once.n_replaced, 1);
        assert_string_not_equal(once.text, text);
        assert_string_equal(twice.text, text);
        at_swaps_release(&once);
        at_swaps_release(&twice);
        free(text);
        n_tried++;
    }
    assert_true(n_tried > 200);
    at_swap_terms_release(&t);
}

static void test_articles(void **state)
{
    static const char *const an[] = { "old man", "hour", "honest", "heir", "uneducated", "Indian" };
    static const char *const a[] = { "European", "university", "one", "one-eyed",
                                     "woman",    "user",       "" };

    (void)state;
    for (size_t i = 0; i < sizeof an / sizeof an[0]; i++)
        assert_string_equal(at_swap_article(an[i]), "an");
    for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
        assert_string_equal(at_swap_article(a[i]), "a");
    assert_string_equal(at_swap_article("onerous"), "an");
}

static void test_faulty_lists(void **state)
{
    static const struct {
        const char *content, *want;
    } cases[] = {
        { "term\tcounterpart\na\tb\n", "no column 'category'" },
        { "term\tcounterpart\tcategory\n", "no terms" },
        { "term\tcounterpart\tcategory\na\t\tx\n", "row 1: empty term" },
        { "term\tcounterpart\tcategory\tgate\na\tb\tx\tmaybe\n", "row 1: gate 'maybe', want" },
        { "term\tcounterpart\tcategory\na\tb\tx\nB\tA\tx\n", "row 2: the pair " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = temp_file(cases[i].content);
        struct at_swap_terms t;
        struct at_error err = { 0 };
        assert_int_equal(at_swap_terms_read(&t, path, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want) || !strstr(err.text, path))
            fail_msg("found \"%s\", want \"%s\"", err.text, cases[i].want);
        unlink(path);
        free(path);
    }
}

/* Users' own list: longest match first, never inside an earlier one. */
static void test_own_list(void **state)
{
    char *path = temp_file("term\tcounterpart\tcategory\nnew york\tparis\tcity\nyork\trouen\tcity\n"
                           "\303\244sop\thomer\tname\n");
    struct at_swap_terms t = open_terms(path);

    (void)state;
    check(&t, "New York, York", NULL, "Paris, Rouen");
    check(&t, "\303\204sop", NULL,
          "homer"); /* capitals beyond ASCII match, but do not carry over */
    at_swap_terms_release(&t);
    unlink(path);
    free(path);
}

/* Two tokens of three are aligned. a receives .5 .3 .2, b .4 .4 .2: cosine of (.5,.2) and (.4,.2),
   |d| = .1, swapped |.3 - .4| = .1. */
static void test_consistency(void **state)
{
    const int ids_a[3] = { 1, 2, 3 }, ids_b[3] = { 1, 9, 3 }, other[2] = { 7, 8 };
    const double a[6] = { .5, .3, .2, .5, .3, .2 }, b[6] = { .4, .4, .2, .5, .3, .2 };
    struct at_consistency_head heads[2];
    struct at_consistency c;

    (void)state;
    at_consistency(&c, heads, 2, a, ids_a, 3, b, ids_b, 3);
    assert_true(c.n_aligned == 2 && c.n_swap_a == 1 && c.n_swap_b == 1);
    ASSERT_NEAR(heads[0].cosine, .24 / sqrt(.29 * .20), 1e-12);
    ASSERT_NEAR(heads[0].delta_aligned, .1, 1e-12);
    ASSERT_NEAR(heads[0].delta_swap, .1, 1e-12);
    ASSERT_NEAR(heads[0].concentration, .5, 1e-12);
    ASSERT_NEAR(heads[1].cosine, 1.0, 1e-12);
    assert_true(heads[1].concentration == 0.0);
    ASSERT_NEAR(c.mean_concentration, .25, 1e-12);
    at_consistency_release(&c);
    at_consistency(&c, heads, 1, a, ids_a, 3, b, other, 2);
    assert_true(c.n_aligned == 0 && isnan(c.mean_cosine));
    at_consistency_release(&c);
}

/* Plain column means fall to the right; causal-aware ones are means of what can be seen. */
static void test_received(void **state)
{
    const float map[9] = { 1, 0, 0, .5f, .5f, 0, .25f, .25f, .5f };
    const double plain[3] = { 1.75 / 3, .75 / 3, .5 / 3 }, causal[3] = { 1.75 / 3, .75 / 2, .5 };
    double got[3];

    (void)state;
    at_received(got, map, 3, false);
    ASSERT_CLOSE_D(got, plain, 3, 1e-12, 0);
    at_received(got, map, 3, true);
    ASSERT_CLOSE_D(got, causal, 3, 1e-12, 0);
}

/* Time grows with the text, not with its square, nor with the list. */
static void test_long_text(void **state)
{
    enum { N = 100000 };
    static const char one[] = "African American he, ", want[] = "European American she, ";
    struct at_swap_terms t = open_terms(LIST);
    struct at_strbuf text = { 0 };
    struct at_swaps s;

    (void)state;
    for (size_t i = 0; i < N; i++)
        at_strbuf_adds(&text, one);
    at_swap_text(&s, &t, text.s, NULL, -1);
    assert_int_equal(s.n, 2 * N);
    assert_int_equal(strlen(s.text), N * strlen(want));
    for (size_t i = 0; i < N; i += 999)
        assert_memory_equal(s.text + i * strlen(want), want, strlen(want));
    at_swaps_release(&s);
    at_swap_terms_release(&t);
    at_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),          cmocka_unit_test(test_record),
        cmocka_unit_test(test_possessive),    cmocka_unit_test(test_gates),
        cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_articles),
        cmocka_unit_test(test_faulty_lists),  cmocka_unit_test(test_own_list),
        cmocka_unit_test(test_consistency),   cmocka_unit_test(test_received),
        cmocka_unit_test(test_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
