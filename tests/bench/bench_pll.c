/*
 * bench_pll.c - pseudo-log-likelihood of sentences, every token masked in turn.
 *
 *   bench_pll MODEL_DIR THREADS T SENTENCES [BATCH_TOKENS ...]
 *
 * Prints CSV: milliseconds per sentence of T tokens ([CLS] and [SEP] included, so T - 2 masks), one
 * row per batch size. shared/bench/bench_pll.py measures the same in PyTorch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/scorer.h"
#include "base/alloc.h"
#include "bench.h"
#include "session/batch.h"

static struct at_tokens sentence(const struct at_model *m, size_t T, size_t number)
{
    struct at_tokens t = { 0 };

    for (size_t i = 0; i < T; i++)
        *at_array_push(&t) = (struct at_token){ .id = (int)((1000 + (number * T + i) * 7919) %
                                                            19000 % m->config.vocab),
                                                .word = (int)i,
                                                .is_special = i == 0 || i + 1 == T };
    return t;
}

static double ms_per_sentence(const struct at_model *m, const struct at_tokenizer *tokenizer,
                              struct at_pool *pool, size_t T, size_t n, size_t batch_tokens)
{
    const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_NONE };
    double *log_p = at_malloc(n * T, sizeof *log_p), start = bench_now();
    struct at_scorer s;
    struct at_error err;
    int rc = 0;

    at_scorer_init(&s, m, tokenizer, pool, batch_tokens);
    for (size_t i = 0; i < n && !rc; i++) {
        struct at_tokens t = sentence(m, T, i);
        rc = at_scorer_add_text(&s, log_p + i * T, &t, NULL, rule, &err);
        at_tokens_release(&t);
    }
    if (!rc)
        rc = at_scorer_run(&s, &err);
    if (rc) {
        fprintf(stderr, "bench_pll: %s\n", err.text);
        exit(1);
    }
    at_scorer_release(&s);
    free(log_p);
    return 1e3 * (bench_now() - start) / (double)n;
}

int main(int argc, char **argv)
{
    struct at_model m = { 0 };
    struct at_tokenizer *tokenizer = NULL;
    struct at_error err;

    bench_begin();
    if (argc < 5) {
        fprintf(stderr, "usage: bench_pll MODEL_DIR THREADS T SENTENCES [BATCH_TOKENS ...]\n");
        return 2;
    }
    if (at_model_open(&m, argv[1], &err) || at_tokenizer_open(&tokenizer, argv[1], &err)) {
        fprintf(stderr, "bench_pll: %s\n", err.text);
        return 1;
    }
    struct at_pool *pool = at_pool_new(strtoul(argv[2], NULL, 10));
    size_t T = strtoul(argv[3], NULL, 10), n = strtoul(argv[4], NULL, 10);
    ms_per_sentence(&m, tokenizer, pool, T, 1, 0); /* fault the weights in */
    printf("work,tokens,threads,batch_tokens,ms_per_sentence\n");
    for (int a = 5; a < argc || a == 5; a++) {
        size_t batch = a < argc ? strtoul(argv[a], NULL, 10) : AT_SCORER_ROWS;
        printf("pll,%zu,%zu,%zu,%.1f\n", T, at_pool_size(pool), batch,
               ms_per_sentence(&m, tokenizer, pool, T, n, batch));
    }
    at_pool_free(pool);
    at_tokenizer_close(tokenizer);
    at_model_close(&m);
    return 0;
}
