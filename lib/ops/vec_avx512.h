/*
 * vec_avx512.h - sixteen floats, for kernel_body.h. 32 registers: a tile of 14 x 2 vectors leaves
 * room for the two of B and one broadcast.
 */
#ifndef OPS_VEC_AVX512_H
#define OPS_VEC_AVX512_H

#ifdef __AVX512F__ /* else there is nothing to see, and kernel_avx512.c knows */

#include <immintrin.h>
#include <stddef.h>

#define KERNEL_HAS_VEC

enum { VL = 16, MR = 14, NV = 2 };

typedef __m512 vec;

static inline __mmask16 first(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vec v_set(float a)
{
    return _mm512_set1_ps(a);
}

static inline vec v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

/* The first n < VL lanes from p, the others from fill. */
static inline vec v_load_n(const float *p, size_t n, vec fill)
{
    return _mm512_mask_loadu_ps(fill, first(n), p);
}

static inline void v_store(float *p, vec a)
{
    _mm512_storeu_ps(p, a);
}

/* To an aligned address, past the caches. */
static inline void v_stream(float *p, vec a)
{
    _mm512_stream_ps(p, a);
}

/* Other threads see what went there before. */
static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline void v_store_n(float *p, vec a, size_t n)
{
    _mm512_mask_storeu_ps(p, first(n), a);
}

static inline vec v_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec v_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec v_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec v_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

/* a * b + c */
static inline vec v_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* The larger; b when either is NaN. */
static inline vec v_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

static inline vec v_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

static inline vec v_abs(vec a)
{
    return _mm512_abs_ps(a);
}

static inline vec v_round(vec a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for whole n <= 127 and a of 0.5 to 2; 0 when 2^n is below the smallest normal float. */
static inline vec v_scale2(vec a, vec n)
{
    __mmask16 is_in = _mm512_cmp_ps_mask(n, _mm512_set1_ps(-127.0f), _CMP_NLE_UQ);

    return _mm512_maskz_scalef_ps(is_in, a, n);
}

static inline float v_max_across(vec a)
{
    return _mm512_reduce_max_ps(a);
}

/* Lane j of t[i] becomes lane i of t[j]: by fours within the quarters, then the quarters. */
static inline void v_transpose(vec t[VL])
{
    for (int i = 0; i < VL; i += 4) {
        vec ab_lo = _mm512_unpacklo_ps(t[i], t[i + 1]), ab_hi = _mm512_unpackhi_ps(t[i], t[i + 1]);
        vec cd_lo = _mm512_unpacklo_ps(t[i + 2], t[i + 3]);
        vec cd_hi = _mm512_unpackhi_ps(t[i + 2], t[i + 3]);
        t[i] = _mm512_shuffle_ps(ab_lo, cd_lo, 0x44);
        t[i + 1] = _mm512_shuffle_ps(ab_lo, cd_lo, 0xee);
        t[i + 2] = _mm512_shuffle_ps(ab_hi, cd_hi, 0x44);
        t[i + 3] = _mm512_shuffle_ps(ab_hi, cd_hi, 0xee);
    }
    for (int i = 0; i < 4; i++) {
        vec even_lo = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88);
        vec odd_lo = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd);
        vec even_hi = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88);
        vec odd_hi = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xdd);
        t[i] = _mm512_shuffle_f32x4(even_lo, even_hi, 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(odd_lo, odd_hi, 0x88);
        t[i + 8] = _mm512_shuffle_f32x4(even_lo, even_hi, 0xdd);
        t[i + 12] = _mm512_shuffle_f32x4(odd_lo, odd_hi, 0xdd);
    }
}

/* Half as many doubles. */
typedef __m512d dvec;

static inline dvec d_set(double a)
{
    return _mm512_set1_pd(a);
}

static inline dvec d_load(const double *p)
{
    return _mm512_loadu_pd(p);
}

static inline void d_store(double *p, dvec a)
{
    _mm512_storeu_pd(p, a);
}

/* a * b + c */
static inline dvec d_fma(dvec a, dvec b, dvec c)
{
    return _mm512_fmadd_pd(a, b, c);
}

/* VL running sums in double. */
struct sums {
    dvec lo, hi;
};

static inline struct sums sums_zero(void)
{
    return (struct sums){ _mm512_setzero_pd(), _mm512_setzero_pd() };
}

static inline dvec upper(vec a)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
}

static inline dvec lower(vec a)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(a));
}

static inline void sums_add(struct sums *s, vec a)
{
    s->lo = _mm512_add_pd(s->lo, lower(a));
    s->hi = _mm512_add_pd(s->hi, upper(a));
}

static inline void sums_add_squares(struct sums *s, vec a)
{
    s->lo = _mm512_fmadd_pd(lower(a), lower(a), s->lo);
    s->hi = _mm512_fmadd_pd(upper(a), upper(a), s->hi);
}

static inline double sums_total(const struct sums *s)
{
    return _mm512_reduce_add_pd(_mm512_add_pd(s->lo, s->hi));
}

static inline vec v_from_f16(const void *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

static inline vec v_from_bf16(const void *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(p)), 16));
}

/* The low halves of a's lanes between those of b's, which become the high ones; and the high halves
   of both. */
static inline vec v_low_halves(vec a, vec b)
{
    __m512i high = _mm512_slli_epi32(_mm512_castps_si512(b), 16);

    return _mm512_castsi512_ps(_mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_castps_si512(a), high));
}

static inline vec v_high_halves(vec a, vec b)
{
    __m512i low = _mm512_srli_epi32(_mm512_castps_si512(a), 16);

    return _mm512_castsi512_ps(_mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_castps_si512(b)));
}

/* Macros, since gcc 12 takes a function that only prefetches for one without effect. */
#define fetch_line(p) _mm_prefetch((p), _MM_HINT_T0)
#define fetch_far(p)  _mm_prefetch((p), _MM_HINT_T1) /* as far as the second-level cache */

#endif
#endif
