/*
 * vec_avx2.h - eight floats, for kernel_body.h. 16 registers: a tile of 6 x 2 vectors leaves room
 * for the two of B and one broadcast.
 */
#ifndef OPS_VEC_AVX2_H
#define OPS_VEC_AVX2_H

#ifdef __AVX2__ /* else there is nothing to see, and kernel_avx2.c knows */

#include <immintrin.h>
#include <stddef.h>

#define KERNEL_HAS_VEC

enum { VL = 8, MR = 6, NV = 2 };

typedef __m256 vec;

/* All ones in the first n lanes. */
static inline __m256i first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec v_set(float a)
{
    return _mm256_set1_ps(a);
}

static inline vec v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

/* The first n < VL lanes from p, the others from fill. */
static inline vec v_load_n(const float *p, size_t n, vec fill)
{
    __m256i keep = first(n);

    return _mm256_blendv_ps(fill, _mm256_maskload_ps(p, keep), _mm256_castsi256_ps(keep));
}

static inline void v_store(float *p, vec a)
{
    _mm256_storeu_ps(p, a);
}

/* To an aligned address, past the caches. */
static inline void v_stream(float *p, vec a)
{
    _mm256_stream_ps(p, a);
}

/* Other threads see what went there before. */
static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline void v_store_n(float *p, vec a, size_t n)
{
    _mm256_maskstore_ps(p, first(n), a);
}

static inline vec v_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec v_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec v_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec v_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

/* a * b + c */
static inline vec v_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* The larger; b when either is NaN. */
static inline vec v_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

static inline vec v_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

static inline vec v_abs(vec a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

static inline vec v_round(vec a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for whole n <= 127 and a of 0.5 to 2; 0 when 2^n is below the smallest normal float. */
static inline vec v_scale2(vec a, vec n)
{
    __m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    __m256i is_in = _mm256_cmpgt_epi32(e, _mm256_setzero_si256());
    vec power = _mm256_castsi256_ps(_mm256_and_si256(_mm256_slli_epi32(e, 23), is_in));

    return _mm256_mul_ps(a, power);
}

static inline float v_max_across(vec a)
{
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

/* Lane j of t[i] becomes lane i of t[j]: by fours within the halves, then the halves. */
static inline void v_transpose(vec t[VL])
{
    for (int i = 0; i < VL; i += 4) {
        vec ab_lo = _mm256_unpacklo_ps(t[i], t[i + 1]), ab_hi = _mm256_unpackhi_ps(t[i], t[i + 1]);
        vec cd_lo = _mm256_unpacklo_ps(t[i + 2], t[i + 3]);
        vec cd_hi = _mm256_unpackhi_ps(t[i + 2], t[i + 3]);
        t[i] = _mm256_shuffle_ps(ab_lo, cd_lo, 0x44);
        t[i + 1] = _mm256_shuffle_ps(ab_lo, cd_lo, 0xee);
        t[i + 2] = _mm256_shuffle_ps(ab_hi, cd_hi, 0x44);
        t[i + 3] = _mm256_shuffle_ps(ab_hi, cd_hi, 0xee);
    }
    for (int i = 0; i < 4; i++) {
        vec lo = t[i], hi = t[i + 4];
        t[i] = _mm256_permute2f128_ps(lo, hi, 0x20);
        t[i + 4] = _mm256_permute2f128_ps(lo, hi, 0x31);
    }
}

/* Half as many doubles. */
typedef __m256d dvec;

static inline dvec d_set(double a)
{
    return _mm256_set1_pd(a);
}

static inline dvec d_load(const double *p)
{
    return _mm256_loadu_pd(p);
}

static inline void d_store(double *p, dvec a)
{
    _mm256_storeu_pd(p, a);
}

/* a * b + c */
static inline dvec d_fma(dvec a, dvec b, dvec c)
{
    return _mm256_fmadd_pd(a, b, c);
}

/* VL running sums in double. */
struct sums {
    dvec lo, hi;
};

static inline struct sums sums_zero(void)
{
    return (struct sums){ _mm256_setzero_pd(), _mm256_setzero_pd() };
}

static inline dvec upper(vec a)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
}

static inline dvec lower(vec a)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(a));
}

static inline void sums_add(struct sums *s, vec a)
{
    s->lo = _mm256_add_pd(s->lo, lower(a));
    s->hi = _mm256_add_pd(s->hi, upper(a));
}

static inline void sums_add_squares(struct sums *s, vec a)
{
    s->lo = _mm256_fmadd_pd(lower(a), lower(a), s->lo);
    s->hi = _mm256_fmadd_pd(upper(a), upper(a), s->hi);
}

static inline double sums_total(const struct sums *s)
{
    __m256d four = _mm256_add_pd(s->lo, s->hi);
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

static inline vec v_from_f16(const void *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128(p));
}

static inline vec v_from_bf16(const void *p)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(p)), 16));
}

/* The low halves of a's lanes between those of b's, which become the high ones; and the high halves
   of both. */
static inline vec v_low_halves(vec a, vec b)
{
    __m256i high = _mm256_slli_epi32(_mm256_castps_si256(b), 16);

    return _mm256_castsi256_ps(_mm256_blend_epi16(_mm256_castps_si256(a), high, 0xaa));
}

static inline vec v_high_halves(vec a, vec b)
{
    __m256i low = _mm256_srli_epi32(_mm256_castps_si256(a), 16);

    return _mm256_castsi256_ps(_mm256_blend_epi16(low, _mm256_castps_si256(b), 0xaa));
}

/* Macros, since gcc 12 takes a function that only prefetches for one without effect. */
#define fetch_line(p) _mm_prefetch((p), _MM_HINT_T0)
#define fetch_far(p)  _mm_prefetch((p), _MM_HINT_T1) /* as far as the second-level cache */

#endif
#endif
