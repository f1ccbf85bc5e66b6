/*
 * sha256_x86.c - see sha256_x86.h.
 *
 * The instructions keep the eight words of the state in two vectors, ABEF and CDGH, and do two
 * rounds at a time; sha256msg1 and sha256msg2 are the two halves of the message schedule.
 */
#include "base/sha256_x86.h"

#include "base/attr.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool at_sha256_x86_usable(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

__attribute__((target("sha,sse4.1,ssse3"))) void at_sha256_x86(uint32_t state[8],
                                                               const unsigned char *blocks,
                                                               size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i *out = (__m128i *)(void *)state;
    __m128i dcba = _mm_loadu_si128(out), hgfe = _mm_loadu_si128(out + 1);
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);

    for (; n > 0; n--, blocks += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4]; /* the last sixteen words of the schedule */
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i four, *now = &w[i % 4];
            if (i < 4) {
                four = _mm_loadu_si128((const __m128i *)(const void *)(blocks + 16 * i));
                *now = _mm_shuffle_epi8(four, swap);
            } else {
                four = _mm_sha256msg1_epu32(*now, w[(i + 1) % 4]);
                four = _mm_add_epi32(four, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
                *now = _mm_sha256msg2_epu32(four, w[(i + 3) % 4]);
            }
            four = _mm_loadu_si128((const __m128i *)(const void *)(round_constants + 4 * i));
            four = _mm_add_epi32(four, *now);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, four);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(four, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    cdab = _mm_shuffle_epi32(abef, 0x1B); /* now FEBA */
    efgh = _mm_shuffle_epi32(cdgh, 0xB1); /* now DCHG */
    _mm_storeu_si128(out, _mm_blend_epi16(cdab, efgh, 0xF0));
    _mm_storeu_si128(out + 1, _mm_alignr_epi8(efgh, cdab, 8));
}

#else

bool at_sha256_x86_usable(void)
{
    return false;
}

void at_sha256_x86(uint32_t state[8], const unsigned char *blocks, size_t n)
{
    (void)state;
    (void)blocks;
    AT_BUG_IF(n > 0);
}

#endif
