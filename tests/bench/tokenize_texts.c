/*
 * tokenize_texts.c - tokens of many texts on standard output: scripts/check-tokenizers compares
 * them with Hugging Face's tokenizers.
 *
 *   tokenize_texts MODEL-DIR [pairs] <TEXTS
 *
 * Each text ends with a NUL byte; with "pairs" two of them go together. A line for each: ids, types
 * and places "101,0,-1,-1 1037,0,0,5", places in bytes, -1 for tokens that were added; or "! " and
 * why there are none. With "time" instead the milliseconds that opening and reading took are told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "bench.h"
#include "text/tokenizer.h"

struct bytes AT_ARRAY(char);

/* Of the processor, so that what else the machine does does not count. */
static double cpu_ms(void)
{
    return 1e3 * (double)clock() / CLOCKS_PER_SEC;
}

static void read_all(struct bytes *in)
{
    size_t n;

    do {
        at_array_reserve(in, in->n + (1 << 16));
        n = fread(in->items + in->n, 1, 1 << 16, stdin);
        in->n += n;
    } while (n > 0);
    *at_array_push(in) = '\0';
}

static void print_tokens(const struct at_tokens *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct at_token *t = &v->items[i];

        if (t->start == AT_NO_OFFSET)
            printf("%s%d,%d,-1,-1", i ? " " : "", t->id, t->segment);
        else
            printf("%s%d,%d,%zu,%zu", i ? " " : "", t->id, t->segment, t->start, t->end);
    }
    putchar('\n');
}

/* The tokens of one text or pair; answers where the next one starts. */
static size_t one(const struct at_tokenizer *t, const struct bytes *in, size_t at, bool is_pair,
                  bool prints)
{
    const char *text = in->items + at, *pair = NULL;
    struct at_tokens v = { 0 };
    struct at_error err;

    at += strlen(text) + 1;
    if (is_pair) {
        pair = in->items + at;
        at += strlen(pair) + 1;
    }
    if (at_tokenize(&v, t, text, pair, true, &err))
        printf("! %s\n", err.text);
    else if (prints)
        print_tokens(&v);
    at_tokens_release(&v);
    return at;
}

int main(int argc, char **argv)
{
    bool is_pair = argc > 2 && !strcmp(argv[2], "pairs");
    bool is_timed = argc > 2 && !strcmp(argv[2], "time");
    struct at_tokenizer *t = NULL;
    struct bytes in = { 0 };
    struct at_error err;
    double start, opened;

    bench_begin();
    if (argc < 2) {
        fputs("tokenize_texts MODEL-DIR [pairs|time] <TEXTS\n", stderr);
        return 2;
    }
    start = cpu_ms();
    if (at_tokenizer_open(&t, argv[1], &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    opened = cpu_ms();
    read_all(&in);
    if (is_timed)
        printf("opened in %.2f ms\n", opened - start);
    start = cpu_ms();
    for (size_t at = 0; at + 1 < in.n;)
        at = one(t, &in, at, is_pair, !is_timed);
    if (is_timed)
        printf("tokenized in %.2f ms\n", cpu_ms() - start);
    at_array_release(&in);
    at_tokenizer_close(t);
    return 0;
}
