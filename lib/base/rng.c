/*
 * rng.c - see rng.h.
 */
#include "base/rng.h"

#include <math.h>

#include "base/attr.h"

uint32_t at_rng_u32(struct at_rng *r)
{
    uint64_t old = r->state;
    uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rot = (uint32_t)(old >> 59);

    r->state = old * 6364136223846793005u + r->inc;
    return x >> rot | x << (-rot & 31);
}

void at_rng_init(struct at_rng *r, uint64_t seed, uint64_t stream)
{
    r->state = 0;
    r->inc = stream << 1 | 1;
    at_rng_u32(r);
    r->state += seed;
    at_rng_u32(r);
}

static uint64_t next64(struct at_rng *r)
{
    uint64_t high = at_rng_u32(r);

    return high << 32 | at_rng_u32(r);
}

size_t at_rng_below(struct at_rng *r, size_t n)
{
    uint64_t bound = n, least = -bound % bound, x;

    AT_BUG_IF(n == 0);
    do
        x = next64(r);
    while (x < least);
    return (size_t)(x % bound);
}

double at_rng_double(struct at_rng *r)
{
    return (double)(next64(r) >> 11) * 0x1p-53;
}

double at_rng_normal(struct at_rng *r)
{
    double u = 1.0 - at_rng_double(r), v = at_rng_double(r);

    return sqrt(-2.0 * log(u)) * cos(2.0 * AT_PI * v);
}

uint64_t at_rng_at(uint64_t seed, uint64_t counter)
{
    uint64_t z = seed * 0x9E3779B97F4A7C15u + (counter + 1) * 0xD1B54A32D192ED03u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}
