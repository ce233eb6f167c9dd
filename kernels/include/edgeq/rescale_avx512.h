/* Rescaling of sixteen channels at once, and narrowing to int8, for AVX-512: the twin of
 * rescale_avx2.h, with its forms and its proofs.
 */
#ifndef EDGEQ_RESCALE_AVX512_H
#define EDGEQ_RESCALE_AVX512_H

#include "edgeq/rescale_modes.h"

#include <immintrin.h>

#define EQ_INLINE_AVX512 static inline __attribute__((always_inline))
#define EQ_APART_AVX512 static __attribute__((noinline, unused))

/* mult of sixteen channels, of the odd ones once more in even lanes; r and 2^(r - 1), or 0. */
typedef struct {
    __m512i mult, odd, down, half;
} eq_factors_x16;

static inline __m512i eq_load_x16(const int32_t *q)
{
    return _mm512_loadu_si512((const void *)q);
}

/* Those that eq_rescale_x16 wants for `single`: any has the shift in the place of r. */
EQ_INLINE_AVX512 eq_factors_x16 eq_load_factors_x16(const int32_t *mult,
                                                    const int32_t *shift, int single)
{
    const __m512i m = eq_load_x16(mult), s = eq_load_x16(shift);
    const __m512i down = _mm512_max_epi32(_mm512_sub_epi32(s, _mm512_set1_epi32(31)),
                                          _mm512_setzero_si512());
    const __m512i one = _mm512_sllv_epi32(_mm512_set1_epi32(1), down);
    const eq_factors_x16 f = {m, _mm512_srli_epi64(m, 32), single >= EQ_ANY ? s : down,
                              _mm512_srli_epi32(one, 1)};
    return f;
}

/* The even lanes of `even` and the odd lanes of `odd`. */
static inline __m512i eq_join_x16(__m512i even, __m512i odd)
{
    return _mm512_mask_mov_epi32(even, 0xaaaa, odd);
}

/* round(x / 2^shift), ties away from zero; shift in [0, 31].  See fixed_point_avx2.h. */
static inline __m512i eq_shift_right_away_x16(__m512i x, __m512i shift)
{
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, shift), one);
    const __m512i half = _mm512_srli_epi32(mask, 1);
    const __m512i most = _mm512_sub_epi32(half, _mm512_srai_epi32(x, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), most);
    const __m512i down = _mm512_srav_epi32(x, shift);
    return _mm512_mask_add_epi32(down, up, down, one);
}

/* Bits [31, 62] of a + 2^30 are round(a / 2^31) modulo 2^32, whatever is above. */
static inline __m512i eq_requantize_x16_double(__m512i acc, const eq_factors_x16 *f)
{
    const __m512i zero = _mm512_setzero_si512(), split = _mm512_set1_epi32(31);
    const __m512i left = _mm512_max_epi32(_mm512_sub_epi32(split, f->down), zero);
    const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(f->down, split), zero);
    const __m512i shifted = _mm512_sllv_epi32(acc, left);
    const __m512i half = _mm512_set1_epi64((int64_t)1 << 30);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(shifted, f->mult), half);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(shifted, 32), f->odd), half);
    const __m512i high =
        eq_join_x16(_mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    return eq_shift_right_away_x16(high, right);
}

/* floor(product / 2^shift + 1/2) of eight int64, |product| <= 2^62, shift in [0, 62]. */
static inline __m512i eq_round_shift_x8_avx512(__m512i product, __m512i shift)
{
    const __m512i half =
        _mm512_srli_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(1), shift), 1);
    return _mm512_srav_epi64(_mm512_add_epi64(product, half), shift);
}

static inline __m512i eq_requantize_x16_single(__m512i acc, const eq_factors_x16 *f)
{
    const __m512i low = _mm512_set1_epi64(0xffffffff);
    const __m512i even = eq_round_shift_x8_avx512(_mm512_mul_epi32(acc, f->mult),
                                                  _mm512_and_si512(f->down, low));
    const __m512i odd =
        eq_round_shift_x8_avx512(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), f->odd),
                                 _mm512_srli_epi64(f->down, 32));
    return eq_join_x16(even, _mm512_slli_epi64(odd, 32));
}

EQ_INLINE_AVX512 __m512i eq_rescale_x16(__m512i acc, const eq_factors_x16 *f, int single)
{
    if (single == EQ_ANY + EQ_DOUBLE)
        return eq_requantize_x16_double(acc, f);
    if (single == EQ_ANY + EQ_SINGLE)
        return eq_requantize_x16_single(acc, f);
    const __m512i round =
        single == EQ_SINGLE ? _mm512_setzero_si512() : _mm512_set1_epi64((int64_t)1 << 31);
    const __m512i twice = _mm512_add_epi32(acc, acc);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, f->mult), round);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), f->odd), round);
    const __m512i high = eq_join_x16(_mm512_srli_epi64(even, 32), odd);
    const __m512i sum = _mm512_add_epi32(high, f->half);
    const __m512i towards =
        single == EQ_DOUBLE ? _mm512_add_epi32(sum, _mm512_srai_epi32(high, 31)) : sum;
    return _mm512_srav_epi32(towards, f->down);
}

/* What follows a rescale: the zero point of y and the clamp. */
typedef struct {
    __m512i zy, lo, hi;
} eq_range_avx512;

static inline eq_range_avx512 eq_load_range_avx512(int32_t zy, int32_t lo, int32_t hi)
{
    const eq_range_avx512 r = {_mm512_set1_epi16((int16_t)zy), _mm512_set1_epi8((int8_t)lo),
                               _mm512_set1_epi8((int8_t)hi)};
    return r;
}

/* Four vectors as bytes: lane i of 128 bits holds lane i of a, of b, of c and of d.  Both packings
 * and the sum saturate, which for |zy| <= 128 moves nothing out of or into the clamp. */
static inline __m512i eq_narrow_s8_x64(__m512i a, __m512i b, __m512i c, __m512i d,
                                       const eq_range_avx512 *r)
{
    const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(a, b), r->zy);
    const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(c, d), r->zy);
    const __m512i v = _mm512_packs_epi16(first, second);
    return _mm512_min_epi8(_mm512_max_epi8(v, r->lo), r->hi);
}

/* The first n bytes, n > 0, of a quarter or the whole of a vector. */
static inline void eq_store_x16_avx512(int8_t *y, __m128i v, int32_t n)
{
    if (n >= 16)
        _mm_storeu_si128((__m128i *)(void *)y, v);
    else
        _mm_mask_storeu_epi8(y, (__mmask16)((1u << n) - 1), v);
}

static inline void eq_store_x64_avx512(int8_t *y, __m512i v, int32_t n)
{
    if (n >= 64)
        _mm512_storeu_si512((void *)y, v);
    else
        _mm512_mask_storeu_epi8(y, ((__mmask64)1 << n) - 1, v);
}

#endif
