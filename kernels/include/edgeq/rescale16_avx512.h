/* Rescaling of sixteen accumulators of int16 activations for AVX-512, and narrowing to int16.
 *
 * Same bits as fixed_point.h, of every factor that it allows: products of single, wide and fine are
 * int64, 2^(shift - 1) is added, and VPSRAVQ shifts them, all of which fixed_point.h says
 * stays within int64.  The lower 32 bits of what is left are the result, for that is int32 by the
 * contract's proof; those of odd lanes move up in the instruction that joins them with the
 * even ones.
 *
 *   fine  floor(acc * more / 2^25) is such a shift, too, and its sum with the product that of
 *         fixed_point.h.
 *   wide  the product of an int64 a and mult is that of a's lower half, unsigned, and 2^32 times
 *         that of its upper one, modulo 2^64: exact, as |a * mult| < 2^62.
 *
 * A factor of zero gives 0, also with a shift of 0, which is what padding leaves.
 *
 * Constants of sixteen channels are made once for a call, and kept in scratch.
 */
#ifndef EDGEQ_RESCALE16_AVX512_H
#define EDGEQ_RESCALE16_AVX512_H

#include "edgeq/rescale16_modes.h"
#include "edgeq/rescale_avx512.h"

#include <string.h>

enum { EQ_FACTORS16_X512 = 384 }; /* bytes of what is kept of eq_factors16_x16 */

/* What sixteen channels are rescaled by: mult, shift, 2^(shift - 1) and, of fine, what continues
 * mult, of the even channels in the even lanes; the same of the odd ones. */
typedef struct {
    __m512i mult, down, half, more;
    __m512i odd, down_odd, half_odd, more_odd;
} eq_factors16_x16;

EQ_INLINE_AVX512 __m512i eq_half_x8(__m512i shift)
{
    return _mm512_srli_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(1), shift), 1);
}

EQ_INLINE_AVX512 eq_factors16_x16 eq_factors16_of(__m512i m, __m512i word, int form)
{
    const __m512i s =
        form == EQ_FINE ? _mm512_and_si512(word, _mm512_set1_epi32(63)) : word;
    const __m512i more = _mm512_srli_epi32(word, 6);
    eq_factors16_x16 f = {.mult = m, .down = s, .more = more};
    f.odd = _mm512_srli_epi64(m, 32);
    f.down_odd = _mm512_srli_epi64(s, 32);
    f.more_odd = _mm512_srli_epi64(more, 32);
    if (form != EQ_DOUBLE)
        f.down = _mm512_and_si512(s, _mm512_set1_epi64(0xffffffff));
    f.half = eq_half_x8(f.down);
    f.half_odd = eq_half_x8(f.down_odd);
    return f;
}

EQ_INLINE_AVX512 eq_factors16_x16 eq_load_factors16_x16(const int32_t *mult,
                                                        const int32_t *shift, int form)
{
    return eq_factors16_of(eq_load_x16(mult), eq_load_x16(shift), form);
}

/* The same kept in memory. */
EQ_INLINE_AVX512 void eq_keep_factors16(int8_t *to, const eq_factors16_x16 *f)
{
    _mm512_storeu_si512((void *)to, f->mult);
    _mm512_storeu_si512((void *)(to + 64), f->odd);
    _mm512_storeu_si512((void *)(to + 128), f->down);
    _mm512_storeu_si512((void *)(to + 192), f->down_odd);
    _mm512_storeu_si512((void *)(to + 256), f->half);
    _mm512_storeu_si512((void *)(to + 320), f->half_odd);
}

/* What is kept, of any form but fine. */
EQ_INLINE_AVX512 eq_factors16_x16 eq_kept_factors16(const int8_t *from)
{
    const eq_factors16_x16 f = {.mult = _mm512_loadu_si512((const void *)from),
                                .odd = _mm512_loadu_si512((const void *)(from + 64)),
                                .down = _mm512_loadu_si512((const void *)(from + 128)),
                                .down_odd = _mm512_loadu_si512((const void *)(from + 192)),
                                .half = _mm512_loadu_si512((const void *)(from + 256)),
                                .half_odd = _mm512_loadu_si512((const void *)(from + 320))};
    return f;
}

/* Eight products, shifted. */
EQ_INLINE_AVX512 __m512i eq_shift_x8(__m512i product, __m512i half, __m512i down)
{
    return _mm512_srav_epi64(_mm512_add_epi64(product, half), down);
}

/* The lower halves of both, of `odd` in odd lanes. */
EQ_INLINE_AVX512 __m512i eq_weave_x16(__m512i even, __m512i odd)
{
    return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, (_MM_PERM_ENUM)0xa0);
}

/* floor(acc * more / 2^25) of the even lanes of acc. */
EQ_INLINE_AVX512 __m512i eq_more_x8(__m512i acc, __m512i more)
{
    return _mm512_srai_epi64(_mm512_mul_epi32(acc, more), 25);
}

/* Products of sixteen int32 accumulators, shifted: those of even and of odd channels. */
typedef struct {
    __m512i even, odd;
} eq_long_x16;

EQ_INLINE_AVX512 eq_long_x16 eq_scaled16_x16(__m512i acc, const eq_factors16_x16 *f,
                                             int form)
{
    const __m512i second = _mm512_srli_epi64(acc, 32);
    __m512i even = _mm512_mul_epi32(acc, f->mult), odd = _mm512_mul_epi32(second, f->odd);
    if (form == EQ_FINE) {
        even = _mm512_add_epi64(even, eq_more_x8(acc, f->more));
        odd = _mm512_add_epi64(odd, eq_more_x8(second, f->more_odd));
    }
    const eq_long_x16 p = {eq_shift_x8(even, f->half, f->down),
                           eq_shift_x8(odd, f->half_odd, f->down_odd)};
    return p;
}

EQ_INLINE_AVX512 __m512i eq_double16_x16(__m512i acc, const eq_factors16_x16 *f)
{
    const eq_factors_x16 any = {f->mult, f->odd, f->down, f->half};
    return eq_requantize_x16_double(acc, &any);
}

/* int32 accumulators. */
EQ_INLINE_AVX512 __m512i eq_rescale16_x16(__m512i acc, const eq_factors16_x16 *f, int form)
{
    if (form == EQ_DOUBLE)
        return eq_double16_x16(acc, f);
    const eq_long_x16 p = eq_scaled16_x16(acc, f, form);
    return eq_weave_x16(p.even, p.odd);
}

/* The same with the second and the third of each four swapped, which needs no mask. */
EQ_INLINE_AVX512 __m512i eq_rescale16_swapped(__m512i acc, const eq_factors16_x16 *f,
                                              int form)
{
    if (form == EQ_DOUBLE)
        return _mm512_shuffle_epi32(eq_double16_x16(acc, f), (_MM_PERM_ENUM)0xd8);
    const eq_long_x16 p = eq_scaled16_x16(acc, f, form);
    return _mm512_castps_si512(
        _mm512_shuffle_ps(_mm512_castsi512_ps(p.even), _mm512_castsi512_ps(p.odd), 0x88));
}

EQ_INLINE_AVX512 eq_long_x16 eq_load_long_x16(const int64_t *q)
{
    const __m512i a = _mm512_loadu_si512((const void *)q);
    const __m512i b = _mm512_loadu_si512((const void *)(q + 8));
    const __m512i first = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const eq_long_x16 v = {
        _mm512_permutex2var_epi64(a, first, b),
        _mm512_permutex2var_epi64(a, _mm512_add_epi64(first, _mm512_set1_epi64(1)), b)};
    return v;
}

/* The lower halves of sixteen int64. */
EQ_INLINE_AVX512 __m512i eq_load_short_x16(const int64_t *q)
{
    const eq_long_x16 v = eq_load_long_x16(q);
    return eq_weave_x16(v.even, v.odd);
}

/* Their upper halves. */
EQ_INLINE_AVX512 __m512i eq_weave_high_x16(eq_long_x16 v)
{
    return _mm512_mask_mov_epi32(_mm512_srli_epi64(v.even, 32), 0xaaaa, v.odd);
}

/* Sixteen int64 of their lower and upper halves. */
EQ_INLINE_AVX512 eq_long_x16 eq_long_of_x16(__m512i low, __m512i high)
{
    const eq_long_x16 v = {_mm512_mask_mov_epi32(low, 0xaaaa, _mm512_slli_epi64(high, 32)),
                           _mm512_mask_mov_epi32(_mm512_srli_epi64(low, 32), 0xaaaa, high)};
    return v;
}

/* int64 plus int32. */
EQ_INLINE_AVX512 eq_long_x16 eq_add_long_x16(eq_long_x16 a, __m512i b)
{
    const __m512i odd = _mm512_srai_epi64(b, 32);
    const __m512i even = _mm512_srai_epi64(_mm512_slli_epi64(b, 32), 32);
    const eq_long_x16 sum = {_mm512_add_epi64(a.even, even), _mm512_add_epi64(a.odd, odd)};
    return sum;
}

/* acc * mult of eight int64 and eight lower halves of int64. */
EQ_INLINE_AVX512 __m512i eq_mul_x8(__m512i acc, __m512i mult)
{
    const __m512i high = _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), mult);
    return _mm512_add_epi64(_mm512_mul_epu32(acc, mult), _mm512_slli_epi64(high, 32));
}

/* int64 accumulators, which only the form wide has beyond int32. */
EQ_INLINE_AVX512 __m512i eq_rescale_long_x16(eq_long_x16 acc, const eq_factors16_x16 *f,
                                             int form)
{
    if (form != EQ_WIDE)
        return eq_rescale16_x16(eq_weave_x16(acc.even, acc.odd), f, form);
    return eq_weave_x16(eq_shift_x8(eq_mul_x8(acc.even, f->mult), f->half, f->down),
                        eq_shift_x8(eq_mul_x8(acc.odd, f->odd), f->half_odd, f->down_odd));
}

/* The clamp of int16. */
typedef struct {
    __m512i lo, hi;
} eq_range16_avx512;

EQ_INLINE_AVX512 eq_range16_avx512 eq_load_range16_avx512(int32_t lo, int32_t hi)
{
    const eq_range16_avx512 r = {_mm512_set1_epi16((int16_t)lo),
                                 _mm512_set1_epi16((int16_t)hi)};
    return r;
}

/* Two vectors as int16, lane i of 128 bits of a, then of b, clamped.  Packing saturates, which
 * moves nothing out of or into the clamp. */
EQ_INLINE_AVX512 __m512i eq_narrow_s16_x32(__m512i a, __m512i b, const eq_range16_avx512 *r)
{
    const __m512i v = _mm512_packs_epi32(a, b);
    return _mm512_min_epi16(_mm512_max_epi16(v, r->lo), r->hi);
}

/* The first n, at least 1, of sixteen or 32 int16. */
EQ_INLINE_AVX512 void eq_store16_x16(int16_t *y, __m256i v, int32_t n)
{
    if (n >= 16)
        _mm256_storeu_si256((__m256i *)(void *)y, v);
    else
        _mm256_mask_storeu_epi16(y, (__mmask16)((1u << n) - 1), v);
}

EQ_INLINE_AVX512 void eq_store16_x32(int16_t *y, __m512i v, int32_t n)
{
    if (n >= 32)
        _mm512_storeu_si512((void *)y, v);
    else
        _mm512_mask_storeu_epi16(y, (1u << n) - 1, v);
}

#endif
