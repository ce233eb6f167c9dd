/* `@rescale odd` for AVX2 with FMA: a rescale as one multiply-add of floats of what is left of a sum
 * without its sign, to the bit by proof.  What the constants are and why is said in
 * edgeq/numerics/odd.py.
 *
 * mult is the float m; shift is what is added to magnitudes, and then the bit pattern of a float.
 * The low half of what comes out is y less its zero point, as int16 before the clamp: minus a number
 * of 32 bits is in its low half minus that of the number.
 */
#ifndef EDGEQ_ODD_AVX2_H
#define EDGEQ_ODD_AVX2_H

#include "edgeq/fused_avx2.h"
#include "edgeq/scale_avx2.h"

/* Among the modes of rescale_modes.h. */
enum { EQ_ODD = 2 };

/* Of eight channels. */
typedef struct {
    __m256i turn;
    eq_fused_x256 fused;
} eq_odd_x256;

EQ_INLINE_AVX2 int eq_is_float_avx2(int mode)
{
    return mode == EQ_FUSED || mode == EQ_ODD;
}

/* C is 1.5 * 2^23 - round(m * (1.5 * 2^23 + j)); all of them are integers below 2^24. */
EQ_INLINE_AVX2 eq_odd_x256 eq_odd_of_x256(__m256i factor, __m256i turn)
{
    const __m256 m = _mm256_castsi256_ps(factor), integers = _mm256_set1_ps(8388608.0F);
    const __m256 product = _mm256_fmadd_ps(_mm256_castsi256_ps(turn), m, integers);
    const eq_odd_x256 f = {
        turn,
        {m, _mm256_sub_ps(_mm256_set1_ps(12582912.0F), _mm256_sub_ps(product, integers))}};
    return f;
}

EQ_INLINE_AVX2 __m256i eq_odd_x8(__m256i sum, const eq_odd_x256 *f)
{
    const __m256i magnitude = _mm256_add_epi32(_mm256_abs_epi32(sum), f->turn);
    return _mm256_sign_epi32(eq_fused_x8(magnitude, &f->fused), sum);
}

/* The constants of EQ_FUSED, which has no turn, or of EQ_ODD. */
EQ_INLINE_AVX2 eq_odd_x256 eq_floats_of_x256(__m256i mult, __m256i shift, int mode)
{
    eq_odd_x256 f;
    if (mode == EQ_ODD)
        f = eq_odd_of_x256(mult, shift);
    else
        f.fused = eq_fused_of_x256(mult, shift);
    return f;
}

EQ_INLINE_AVX2 eq_odd_x256 eq_load_floats_x256(const int32_t *mult, const int32_t *shift,
                                               int mode)
{
    return eq_floats_of_x256(eq_load_x8(mult), eq_load_x8(shift), mode);
}

EQ_INLINE_AVX2 __m256i eq_floats_x8(__m256i sum, const eq_odd_x256 *f, int mode)
{
    return mode == EQ_ODD ? eq_odd_x8(sum, f) : eq_fused_x8(sum, &f->fused);
}

/* Sums of eight channels of four pixels, or of sixteen, those of f even and those of g odd, of two,
 * (a, b) and (c, d), as bytes: lanes of a and b in turns, four of them, then as many of c and d. */
EQ_INLINE_AVX2 __m256i eq_floats_bytes_x32(const eq_odd_x256 *f, const eq_odd_x256 *g,
                                           __m256i a, __m256i b, __m256i c, __m256i d,
                                           const eq_range_avx2 *r, int mode)
{
    const __m256i u =
        eq_fused_words_x16(eq_floats_x8(a, f, mode), eq_floats_x8(b, g, mode));
    const __m256i v =
        eq_fused_words_x16(eq_floats_x8(c, f, mode), eq_floats_x8(d, g, mode));
    if (mode == EQ_ODD)
        return eq_bytes_avx2(u, v, r);
    return _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(u, v), r->lo), r->hi);
}

#endif
