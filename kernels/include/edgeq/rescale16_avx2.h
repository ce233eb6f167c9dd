/* Rescaling of eight accumulators of int16 activations for AVX2, and narrowing to int16.
 *
 * Channels are in the order of rescale_avx2.h: the first vector holds 0..3 and 8..11, the
 * second 4..7 and 12..15.  Accumulators are int32 or, as two vectors of the even and
 * the odd ones, int64.
 *
 * Same bits as fixed_point.h.  The products of single, wide and fine are int64, which AVX2 shifts
 * right logically alone: 2^63 is added with the half, and the result is too large
 * by 2^(63 - shift), of which the lower 32 bits count, as the result is int32 by the contract's
 * proof.  Such a sum lies within int64, for fixed_point.h says that it does without 2^63.
 *
 *   wide  the product of an int64 a and mult is that of a's lower half, unsigned, and 2^32 times
 *         that of its upper one, modulo 2^64: exact, as |a * mult| < 2^62.
 *   fine  floor(acc * more / 2^25) is such a shift, too, too large by 2^38.
 *
 * A factor of zero gives 0, also with a shift of 0, which is what padding leaves.
 */
#ifndef EDGEQ_RESCALE16_AVX2_H
#define EDGEQ_RESCALE16_AVX2_H

#include "edgeq/rescale16_modes.h"
#include "edgeq/rescale_avx2.h"

/* Eight int64: 0, 2, 4, 6 and 1, 3, 5, 7. */
typedef struct {
    __m256i even, odd;
} eq_long_x8;

/* What eight channels are rescaled by, that of odd ones once more in even lanes of 64 bits:
 * mult, shift, 2^63 + 2^(shift - 1) and, of fine, what continues mult; 2^(63 - shift). */
typedef struct {
    __m256i mult, shift, over;
    eq_long_x8 mults, shifts, halves, more;
} eq_factors16_x8;

/* The even lanes of v and, in their places, the odd ones. */
EQ_INLINE_AVX2 eq_long_x8 eq_lanes_x8(__m256i v)
{
    const eq_long_x8 lanes = {_mm256_and_si256(v, _mm256_set1_epi64x(0xffffffff)),
                              _mm256_srli_epi64(v, 32)};
    return lanes;
}

/* 2^(shift - 1), or 0, and `most`. */
EQ_INLINE_AVX2 __m256i eq_half_x4(__m256i shift, int64_t most)
{
    const __m256i one = _mm256_sllv_epi64(_mm256_set1_epi64x(1), shift);
    return _mm256_add_epi64(_mm256_srli_epi64(one, 1), _mm256_set1_epi64x(most));
}

EQ_INLINE_AVX2 eq_factors16_x8 eq_load_factors16(const int32_t *mult, const int32_t *shift,
                                                 int form)
{
    const __m256i word = eq_load_x8(shift);
    const __m256i s =
        form == EQ_FINE ? _mm256_and_si256(word, _mm256_set1_epi32(63)) : word;
    const int64_t most = form == EQ_FINE ? INT64_MAX - ((int64_t)1 << 38) + 1 : INT64_MIN;
    eq_factors16_x8 f = {.mult = eq_load_x8(mult), .shift = s};
    f.mults = eq_lanes_x8(f.mult);
    f.shifts = eq_lanes_x8(s);
    f.more = eq_lanes_x8(_mm256_srli_epi32(word, 6));
    f.halves.even = eq_half_x4(f.shifts.even, most);
    f.halves.odd = eq_half_x4(f.shifts.odd, most);
    f.over =
        _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_sub_epi32(_mm256_set1_epi32(63), s));
    return f;
}

/* Eight products shifted right and rounded. */
EQ_INLINE_AVX2 __m256i eq_shift_long_x8(eq_long_x8 p, const eq_factors16_x8 *f)
{
    const __m256i even =
        _mm256_srlv_epi64(_mm256_add_epi64(p.even, f->halves.even), f->shifts.even);
    const __m256i odd =
        _mm256_srlv_epi64(_mm256_add_epi64(p.odd, f->halves.odd), f->shifts.odd);
    return _mm256_sub_epi32(eq_join_x8(even, odd), f->over);
}

/* product + floor(acc * more / 2^25) + 2^38 of the even lanes of acc. */
EQ_INLINE_AVX2 __m256i eq_more_x4(__m256i product, __m256i acc, __m256i more)
{
    const __m256i sum =
        _mm256_add_epi64(_mm256_mul_epi32(acc, more), _mm256_set1_epi64x(INT64_MIN));
    return _mm256_add_epi64(product, _mm256_srli_epi64(sum, 25));
}

/* int32 accumulators. */
EQ_INLINE_AVX2 __m256i eq_rescale16_x8(__m256i acc, const eq_factors16_x8 *f, int form)
{
    if (form == EQ_DOUBLE)
        return eq_requantize_x8_double(acc, f->mult, f->shift);
    const __m256i second = _mm256_srli_epi64(acc, 32);
    eq_long_x8 p = {_mm256_mul_epi32(acc, f->mults.even),
                    _mm256_mul_epi32(second, f->mults.odd)};
    if (form == EQ_FINE) {
        p.even = eq_more_x4(p.even, acc, f->more.even);
        p.odd = eq_more_x4(p.odd, second, f->more.odd);
    }
    return eq_shift_long_x8(p, f);
}

/* acc * mult of four int64 and four lower halves of int64. */
EQ_INLINE_AVX2 __m256i eq_mul_x4(__m256i acc, __m256i mult)
{
    const __m256i high = _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), mult);
    return _mm256_add_epi64(_mm256_mul_epu32(acc, mult), _mm256_slli_epi64(high, 32));
}

/* int64 accumulators, which only the form wide has beyond int32. */
EQ_INLINE_AVX2 __m256i eq_rescale_long_x8(eq_long_x8 acc, const eq_factors16_x8 *f,
                                          int form)
{
    if (form != EQ_WIDE)
        return eq_rescale16_x8(eq_join_x8(acc.even, acc.odd), f, form);
    const eq_long_x8 p = {eq_mul_x4(acc.even, f->mults.even),
                          eq_mul_x4(acc.odd, f->mults.odd)};
    return eq_shift_long_x8(p, f);
}

/* int64 plus int32. */
EQ_INLINE_AVX2 eq_long_x8 eq_add_long_x8(eq_long_x8 a, __m256i b)
{
    const __m256i one = _mm256_set1_epi32(1);
    const eq_long_x8 sum = {
        _mm256_add_epi64(a.even, _mm256_mul_epi32(b, one)),
        _mm256_add_epi64(a.odd, _mm256_mul_epi32(_mm256_srli_epi64(b, 32), one))};
    return sum;
}

EQ_INLINE_AVX2 eq_long_x8 eq_load_long_x8(const int64_t *q)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)q);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(q + 4));
    const eq_long_x8 v = {_mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xd8),
                          _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xd8)};
    return v;
}

/* The lower halves of eight int64. */
EQ_INLINE_AVX2 __m256i eq_load_short_x8(const int64_t *q)
{
    const eq_long_x8 v = eq_load_long_x8(q);
    return eq_join_x8(v.even, v.odd);
}

/* The clamp of int16. */
typedef struct {
    __m256i lo, hi;
} eq_range16_avx2;

EQ_INLINE_AVX2 eq_range16_avx2 eq_load_range16(int32_t lo, int32_t hi)
{
    const eq_range16_avx2 r = {_mm256_set1_epi16((int16_t)lo),
                               _mm256_set1_epi16((int16_t)hi)};
    return r;
}

/* Sixteen channels, (a, b), clamped, the first n to y.  Packing saturates, which moves nothing
 * out of or into the clamp. */
EQ_INLINE_AVX2 void eq_store16_avx2(int16_t *y, __m256i a, __m256i b, int32_t n,
                                    const eq_range16_avx2 *r)
{
    const __m256i v =
        _mm256_min_epi16(_mm256_max_epi16(_mm256_packs_epi32(a, b), r->lo), r->hi);
    if (n >= 16) {
        _mm256_storeu_si256((__m256i *)(void *)y, v);
        return;
    }
    if (n == 8) {
        _mm_storeu_si128((__m128i *)(void *)y, _mm256_castsi256_si128(v));
        return;
    }
    int16_t words[16];
    _mm256_storeu_si256((__m256i *)(void *)words, v);
    memcpy(y, words, (size_t)n * sizeof *y);
}

#endif
