/*
 * rng.h - seeded random numbers; the state is the caller's, so results depend on arguments only.
 *
 * Sequential: PCG32 (O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically
 * Good Algorithms"), one stream per use. Counter-based: at_rng_at() hashes (seed, counter), so
 * that draw k is the same whichever thread makes it (SplitMix64 finaliser, Steele et al. 2014).
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct at_rng {
    uint64_t state, inc;
};

void at_rng_init(struct at_rng *r, uint64_t seed, uint64_t stream);
uint32_t at_rng_u32(struct at_rng *r);
/* at_rng_below - uniform in 0..n-1 without modulo bias; n > 0. */
size_t at_rng_below(struct at_rng *r, size_t n);
/* at_rng_double - uniform in [0,1), 53 bits. */
double at_rng_double(struct at_rng *r);
/* at_rng_normal - standard normal (Box-Muller, one of the pair). */
double at_rng_normal(struct at_rng *r);
/* at_rng_at - 64 random bits that depend on (seed, counter) alone. */
uint64_t at_rng_at(uint64_t seed, uint64_t counter);

#endif
