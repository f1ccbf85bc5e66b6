/*
 * test_post_processor.c - what is put around texts, as a plan.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "text/post_processor.h"

#define SEQUENCE(id, type) "{\"Sequence\":{\"id\":\"" id "\",\"type_id\":" type "}}"
#define SPECIAL(id, type)  "{\"SpecialToken\":{\"id\":\"" id "\",\"type_id\":" type "}}"
#define TOKENS                                                                                     \
    "\"special_tokens\":{\"[CLS]\":{\"id\":\"[CLS]\",\"ids\":[1],\"tokens\":[\"[CLS]\"]},"         \
    "\"two\":{\"id\":\"two\",\"ids\":[2,3],\"tokens\":[\"a\",\"b\"]}}"
#define TEMPLATE(single, pair)                                                                     \
    "{\"type\":\"TemplateProcessing\",\"single\":[" single "],\"pair\":[" pair "]," TOKENS "}"
#define BERT_TEMPLATE                                                                              \
    TEMPLATE(SPECIAL("[CLS]", "0") "," SEQUENCE("A", "0"),                                         \
             SPECIAL("[CLS]", "5") "," SEQUENCE("B", "1") "," SPECIAL("two",                       \
                                                                      "1") "," SEQUENCE("A", "0"))
#define BERT "{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]}"
#define ROBERTA                                                                                    \
    "{\"type\":\"RobertaProcessing\",\"sep\":[\"</"                                                \
    "s>\",3],\"cls\":[\"<s>\",2],\"trim_offsets\":true,\"add_prefix_space\":false}"
#define BYTES "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}"

static int read_plan(struct at_post_processor *out, const char *text, struct at_error *err)
{
    struct at_json *v;
    int rc;

    if (at_json_parse(&v, text, strlen(text), err))
        fail_msg("%s: %s", text, err->text);
    rc = at_post_processor_read(out, v, err);
    at_json_free(v);
    return rc;
}

/* "1:0 A:0", and for each trim "/p" with a space in front or "/", and the texts that come first. */
static char *show(const struct at_plan *plan)
{
    struct at_strbuf out = { 0 };

    for (size_t i = 0; i < plan->items.n; i++) {
        const struct at_plan_item *it = &plan->items.items[i];

        if (it->source < 0)
            at_strbuf_addf(&out, "%s%d:%d", i ? " " : "", it->id, it->type_id);
        else
            at_strbuf_addf(&out, "%s%c:%d", i ? " " : "", 'A' + it->source, it->type_id);
    }
    for (size_t i = 0; i < plan->trims.n; i++) {
        const struct at_trim *t = &plan->trims.items[i];

        at_strbuf_addf(&out, " /%s%s%s", t->prefix_space ? "p" : "", t->is_first[0] ? "A" : "",
                       t->is_first[1] ? "B" : "");
    }
    return at_strbuf_take(&out);
}

static void test_plans(void **state)
{
    static const struct {
        const char *steps, *single, *pair, *bare, *bare_pair;
    } cases[] = {
        { "null", "A:0", "A:0 B:1", "A:0", "A:0 B:1" },
        { BERT_TEMPLATE, "1:0 A:0", "1:5 B:1 2:1 3:1 A:0", "A:0", "B:1 A:0" },
        { BERT, "2:0 A:0 3:0", "2:0 A:0 3:0 B:1 3:1", "A:0", "A:0 B:1" },
        { ROBERTA, "2:0 A:0 3:0 /AB", "2:0 A:0 3:0 3:0 B:0 3:0 /AB", "A:0 /AB", "A:0 B:0 /AB" },
        { BYTES, "A:0 /pAB", "A:0 B:1 /pAB", "A:0 /pAB", "A:0 B:1 /pAB" },
        { "{\"type\":\"ByteLevel\",\"trim_offsets\":false}", "A:0", "A:0 B:1", "A:0", "A:0 B:1" },
        { "{\"type\":\"Sequence\",\"processors\":[" BERT "," BYTES "]}", "2:0 A:0 3:0 /pB",
          "2:0 A:0 3:0 B:1 3:1 /pB", "A:0 /pAB", "A:0 B:1 /pAB" },
        { "{\"type\":\"Sequence\",\"processors\":[" BYTES "," BYTES "]}", "A:0 /pAB /pAB",
          "A:0 B:1 /pAB /pAB", "A:0 /pAB /pAB", "A:0 B:1 /pAB /pAB" },
        { TEMPLATE(SEQUENCE("A", "1") "," SEQUENCE("A", "2"), ""), "A:1 A:2", "", "A:1 A:2", "" },
        { "{\"type\":\"Sequence\",\"processors\":[]}", "A:0", "A:0 B:1", "A:0", "A:0 B:1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        const char *const want[2][2] = { { cases[i].bare, cases[i].single },
                                         { cases[i].bare_pair, cases[i].pair } };
        struct at_post_processor p = { 0 };
        struct at_error err;

        if (read_plan(&p, cases[i].steps, &err))
            fail_msg("case %zu: %s", i, err.text);
        for (int k = 0; k < 4; k++) {
            char *got = show(&p.plans[k >> 1][k & 1]);

            if (strcmp(got ? got : "", want[k >> 1][k & 1]) != 0)
                fail_msg("case %zu.%d: '%s', want '%s'", i, k, got, want[k >> 1][k & 1]);
            free(got);
        }
        at_post_processor_release(&p);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *steps, *want;
    } cases[] = {
        { "{\"type\":\"T5Processing\"}", "post-processor 'T5Processing' is not known" },
        { "[]", "post-processor is not an object" },
        { "{\"type\":\"ByteLevel\",\"x\":1}", "post-processor 'ByteLevel' has a key 'x'" },
        { "{\"type\":\"BertProcessing\",\"sep\":[\"x\"],\"cls\":[\"y\",1]}",
          "'sep' of 'BertProcessing' is not a token and its id" },
        { "{\"type\":\"BertProcessing\",\"sep\":[\"x\",1],\"cls\":[\"y\",-1]}", "no id from 0" },
        { TEMPLATE(SEQUENCE("B", "0"), ""), "a template of 1 text names the text 'B'" },
        { TEMPLATE(SEQUENCE("C", "0"), ""), "a template of 1 text names the text 'C'" },
        { TEMPLATE(SPECIAL("[SEP]", "0"), ""),
          "a template names '[SEP]', which its 'special_tokens' do not have" },
        { TEMPLATE(SPECIAL("[CLS]", "-1"), ""), "'type_id' in a template is no whole number" },
        { TEMPLATE("{\"Token\":1}", ""), "neither 'Sequence' nor 'SpecialToken'" },
        { "{\"type\":\"TemplateProcessing\"}", "'single' of 'TemplateProcessing' is not a list" },
        { "{\"type\":\"Sequence\",\"processors\":1}", "'processors' of 'Sequence' is not a list" },
        { "{\"type\":\"Sequence\",\"processors\":[" BERT_TEMPLATE "," BERT_TEMPLATE "]}",
          "'TemplateProcessing' behind another one" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_post_processor p = { 0 };
        struct at_error err = { 0 };

        assert_int_equal(read_plan(&p, cases[i].steps, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want))
            fail_msg("case %zu: '%s', want '%s'", i, err.text, cases[i].want);
        at_post_processor_release(&p);
    }
}

static void test_set(void **state)
{
    static const struct at_plan_item items[] = { { -1, 7, 0 }, { 0, -1, 0 }, { -1, 8, 1 } };
    struct at_post_processor p = { 0 };
    char *got;

    (void)state;
    at_post_processor_set(&p, false, items, 3);
    got = show(&p.plans[0][1]);
    assert_string_equal(got, "7:0 A:0 8:1");
    free(got);
    got = show(&p.plans[0][0]);
    assert_string_equal(got, "A:0");
    free(got);
    at_post_processor_release(&p);
    at_post_processor_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
