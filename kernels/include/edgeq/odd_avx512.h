/* `@rescale odd` for AVX-512: a rescale with its zero point as one multiply-add of floats of what is
 * left of a sum without its sign, to the bit by proof.  What the constants are and why is said in
 * edgeq/numerics/odd.py.
 *
 * The low half of what comes out is y as int16 before the clamp, as in fused_avx512.h: zy is part of
 * C, and zy - n is 2 * zy - (zy + n).  mult is the float m; shift is what is added to magnitudes, and
 * then the bit pattern of a float.
 */
#ifndef EDGEQ_ODD_AVX512_H
#define EDGEQ_ODD_AVX512_H

#include "edgeq/fused_avx512.h"

/* Among the modes of rescale_modes.h. */
enum { EQ_ODD_X512 = 10 };

static inline int eq_is_float_x512(int mode)
{
    return mode == EQ_FUSED_X512 || mode == EQ_ODD_X512;
}

/* Of sixteen channels; and 2 * zy. */
typedef struct {
    __m512i turn;
    eq_fused_x512 fused;
    __m512i twice;
} eq_odd_x512;

/* 1.5 * 2^23 - round(m * (1.5 * 2^23 + j)) + zy; all of them are integers below 2^24. */
EQ_INLINE_AVX512 eq_odd_x512 eq_load_odd_x512(const int32_t *mult, const int32_t *shift,
                                              int32_t zy)
{
    const __m512i turn = eq_load_x16(shift);
    const __m512 m = _mm512_castsi512_ps(eq_load_x16(mult));
    const __m512 integers = _mm512_set1_ps(8388608.0F);
    const __m512 product =
        _mm512_fmadd_round_ps(_mm512_castsi512_ps(turn), m, integers,
                              _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 zero = _mm512_set1_ps(12582912.0F + (float)zy);
    const eq_odd_x512 f = {turn,
                           {m, _mm512_sub_ps(zero, _mm512_sub_ps(product, integers))},
                           _mm512_set1_epi32(2 * zy)};
    return f;
}

EQ_INLINE_AVX512 __m512i eq_odd_x16(__m512i sum, const eq_odd_x512 *f)
{
    const __mmask16 below = _mm512_cmplt_epi32_mask(sum, _mm512_setzero_si512());
    const __m512i y =
        eq_fused_x16(_mm512_add_epi32(_mm512_abs_epi32(sum), f->turn), &f->fused);
    return _mm512_mask_sub_epi32(y, below, f->twice, y);
}

#endif
