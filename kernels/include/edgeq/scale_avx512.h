/* Rescaling of sixteen channels for AVX-512 in seven instructions, nine where ties go away from
 * zero: where every factor but zero has a shift of at least 32 and accumulators hold at most 31
 * bits; and of accumulators sixteen times too large, as weights of int4 make them, of at most 28.
 *
 * Accumulators come with 2^31 on top, as numbers without sign: VPMULUDQ then takes a mantissa of
 * 32 bits, and what that adds to the product leaves with the constants of rounding.  A factor is
 * prepared once for as many vectors of its channels as there are.
 *
 * Same bits as fixed_point.h.  With r = shift - 31 >= 1, |acc| <= 2^30, mult < 2^31 and
 * P = 2 * acc * mult, |P| < 2^62:
 *
 *   double  eq_high_mul is h = floor((P + 2^31) / 2^32), and the shift that rounds ties away is
 *           floor((h + 2^(r - 1) - [h < 0]) / 2^r).  As mult is 0 or at least 2^30, acc < 0 serves
 *           for h < 0: they differ where h = 0, and floor((2^(r - 1) - 1) / 2^r) is 0, too.
 *   single  floor((P + 2^(r - 1) * 2^32) / 2^(32 + r)).
 *
 * A floor of a floor is that of the quotient, so the constants are added to P at once, and upper
 * halves alone are shifted: 2^(r - 1) * 2^32 <= 2^62 for shifts to 62, so no sum leaves 64 bits.
 * A factor of zero, whose shift is 31 or, in what packing fills up, 0, counts as r = 1, and
 * floor(1 / 2) is 0.
 *
 * Sixteen times too large, acc * mult is 8 * P, and so is all that is added; r becomes r + 3.
 * |acc| <= 2^27 makes |8 * P| <= 2^62; the sum stays in 64 bits up to a shift of 59.  Beyond it
 * |h| <= 2^27 is below 2^(r - 1), the result 0, and the factor taken for zero.
 */
#ifndef EDGEQ_SCALE_AVX512_H
#define EDGEQ_SCALE_AVX512_H

#include "edgeq/rescale_avx512.h"

/* How often too large accumulators are. */
enum { EQ_ONCE_X512 = 0, EQ_SIXTEEN_X512 = 1 };

/* Of sixteen channels: 2 * mult, of odd lanes once more in even ones; what is added to products of
 * even and of odd lanes; and r. */
typedef struct {
    __m512i mult, odd, add_even, add_odd, down;
} eq_scale_x512;

/* The biases of sixteen channels with 2^31 on top. */
EQ_INLINE_AVX512 __m512i eq_load_bias_x512(const int32_t *bias)
{
    return _mm512_xor_si512(eq_load_x16(bias), _mm512_set1_epi32(INT32_MIN));
}

/* What is added to eight products of 2 * mult, whose r is in the lower half of its lane. */
EQ_INLINE_AVX512 __m512i eq_scale_add_x512(__m512i mult, __m512i r, int single, int large)
{
    const __m512i low = _mm512_set1_epi64(0xffffffff);
    const __m512i half =
        _mm512_sllv_epi64(_mm512_set1_epi64((int64_t)1 << 31), _mm512_and_si512(r, low));
    const __m512i top = _mm512_slli_epi64(_mm512_and_si512(mult, low), 31);
    const int up = large ? 3 : 0;
    const int64_t first = (int64_t)1 << (31 + up), one = (int64_t)1 << (32 + up);
    const int64_t rest = single == EQ_SINGLE ? 0 : first - one;
    return _mm512_add_epi64(_mm512_sub_epi64(half, top), _mm512_set1_epi64(rest));
}

/* single and large are constants. */
EQ_INLINE_AVX512 eq_scale_x512 eq_load_scale_x512(const int32_t *mult, const int32_t *shift,
                                                  int single, int large)
{
    const __m512i m = eq_load_x16(mult), s = eq_load_x16(shift);
    const __mmask16 some = large ? _mm512_cmple_epi32_mask(s, _mm512_set1_epi32(59)) : 0;
    const __m512i taken = large ? _mm512_maskz_mov_epi32(some, m) : _mm512_add_epi32(m, m);
    const __m512i off = _mm512_sub_epi32(s, _mm512_set1_epi32(31));
    const __m512i kept = large ? _mm512_maskz_mov_epi32(some, off) : off;
    const __m512i r = _mm512_max_epi32(kept, _mm512_set1_epi32(1));
    const __m512i down = large ? _mm512_add_epi32(r, _mm512_set1_epi32(3)) : r;
    const __m512i odd = _mm512_srli_epi64(taken, 32),
                  odd_down = _mm512_srli_epi64(down, 32);
    const eq_scale_x512 f = {taken, odd, eq_scale_add_x512(taken, down, single, large),
                             eq_scale_add_x512(odd, odd_down, single, large), down};
    return f;
}

/* acc with 2^31 on top, rescaled: in the order of lanes, without the zero point of y. */
EQ_INLINE_AVX512 __m512i eq_rescaled_x512(__m512i acc, const eq_scale_x512 *f, int single,
                                          int large)
{
    const __m512i even = _mm512_add_epi64(_mm512_mul_epu32(acc, f->mult), f->add_even);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epu32(_mm512_srli_epi64(acc, 32), f->odd), f->add_odd);
    const __m512i sum = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    if (single != EQ_DOUBLE)
        return _mm512_srav_epi32(sum, f->down);
    const __m512i up = _mm512_srli_epi32(acc, 31);
    const __m512i most = _mm512_add_epi32(sum, large ? _mm512_slli_epi32(up, 3) : up);
    return _mm512_srav_epi32(most, f->down);
}

#endif
