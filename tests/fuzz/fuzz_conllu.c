/*
 * fuzz_conllu.c - any bytes as CoNLL-U: words lie in their sentence's text, in order, and have a
 * head in it.
 */
#include "fuzz.h"

#include "text/conllu.h"
#include "base/attr.h"

static void check(const struct at_conllu_sentence *s)
{
    size_t last = 0;

    AT_BUG_IF(s->words.n == 0);
    for (size_t i = 0; i < s->words.n; i++) {
        const struct at_conllu_word *w = &s->words.items[i];
        AT_BUG_IF(w->head >= s->words.n || w->start < last || w->end < w->start);
        AT_BUG_IF(w->end > s->text.n || w->relation >= s->strings.n);
        last = w->start;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_conllu_sentence s = { 0 };
    struct at_conllu c;
    struct at_error err;

    if (at_conllu_open(&c, fuzz_file("in.conllu", data, size), &err) != 0)
        return 0;
    while (at_conllu_next(&s, &c, &err) == 1)
        check(&s);
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
    return 0;
}
