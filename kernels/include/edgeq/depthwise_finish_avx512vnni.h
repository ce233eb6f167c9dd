/* How sums of 64 outputs of a depthwise convolution become bytes, for AVX-512 VNNI: rescaled by one of
 * the forms of scale_avx512.h, fused, or odd.
 *
 * A mode is EQ_DOUBLE, EQ_SINGLE, EQ_FUSED_X512, EQ_FUSED_WHOLE_X512 or EQ_ODD_X512, always a
 * constant.
 */
#ifndef EDGEQ_DEPTHWISE_FINISH_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_FINISH_AVX512VNNI_H

#include "edgeq/odd_avx512.h"
#include "edgeq/scale_avx512.h"

/* Four vectors of 64 outputs: those of output i in lane i % 4 of lane i / 16 of 128 bits of vector
 * i / 4 % 4. */
typedef struct {
    __m512i a, b, c, d;
} eq_words_x512;

/* Factors of sixteen channels. */
typedef struct {
    eq_scale_x512 scale;
    eq_fused_x512 fused;
    eq_odd_x512 odd;
} eq_factors_x512;

/* Those of 64 outputs, and the zero point and the clamp of their layer. */
typedef struct {
    eq_factors_x512 a, b, c, d;
    int32_t zy;
    eq_range_avx512 range;
    eq_fused_range_x512 fused_range;
} eq_finish_x512;

/* Whether floats rescale. */
EQ_INLINE_AVX512 int eq_is_fused_x512(int mode)
{
    return mode >= EQ_FUSED_X512;
}

/* The mode of a call: a clamp that packing does is left to it. */
static inline int eq_mode_x512(int mode, int32_t lo, int32_t hi)
{
    const int whole = lo == INT8_MIN && hi == INT8_MAX;
    return mode == EQ_FUSED_X512 && whole ? EQ_FUSED_WHOLE_X512 : mode;
}

/* Biases of sixteen channels with `more` on top, as the mode wants sums. */
EQ_INLINE_AVX512 __m512i eq_begin_x512(const int32_t *bias, int32_t more, int mode)
{
    const __m512i v = eq_is_fused_x512(mode) ? eq_load_x16(bias) : eq_load_bias_x512(bias);
    return _mm512_add_epi32(v, _mm512_set1_epi32(more));
}

EQ_INLINE_AVX512 eq_factors_x512 eq_load_factors_x512(const int32_t *mult,
                                                      const int32_t *shift, int32_t zy,
                                                      int mode)
{
    eq_factors_x512 f;
    if (mode == EQ_ODD_X512)
        f.odd = eq_load_odd_x512(mult, shift, zy);
    else if (eq_is_fused_x512(mode))
        f.fused = eq_load_fused_x512(mult, shift);
    else
        f.scale = eq_load_scale_x512(mult, shift, mode, EQ_ONCE_X512);
    return f;
}

/* After the clamp. */
EQ_INLINE_AVX512 void eq_load_finish_x512(eq_finish_x512 *t, const int32_t *mult,
                                          const int32_t *shift, int mode)
{
    t->a = eq_load_factors_x512(mult, shift, t->zy, mode);
    t->b = eq_load_factors_x512(mult + 16, shift + 16, t->zy, mode);
    t->c = eq_load_factors_x512(mult + 32, shift + 32, t->zy, mode);
    t->d = eq_load_factors_x512(mult + 48, shift + 48, t->zy, mode);
}

EQ_INLINE_AVX512 void eq_load_clamp_x512(eq_finish_x512 *t, int32_t zy, int32_t lo,
                                         int32_t hi)
{
    t->zy = zy;
    t->range = eq_load_range_avx512(zy, lo, hi);
    t->fused_range = eq_load_fused_range_x512(lo, hi);
}

EQ_INLINE_AVX512 __m512i eq_scaled_x512(__m512i sum, const eq_factors_x512 *f, int mode)
{
    if (mode == EQ_ODD_X512)
        return eq_odd_x16(sum, &f->odd);
    return eq_is_fused_x512(mode) ? eq_fused_x16(sum, &f->fused)
                                  : eq_rescaled_x512(sum, &f->scale, mode, EQ_ONCE_X512);
}

/* 64 outputs, in order. */
EQ_INLINE_AVX512 __m512i eq_finish_sums_x512(eq_words_x512 s, const eq_finish_x512 *t,
                                             int mode)
{
    const __m512i a = eq_scaled_x512(s.a, &t->a, mode);
    const __m512i b = eq_scaled_x512(s.b, &t->b, mode);
    const __m512i c = eq_scaled_x512(s.c, &t->c, mode);
    const __m512i d = eq_scaled_x512(s.d, &t->d, mode);
    if (mode == EQ_FUSED_WHOLE_X512)
        return eq_fused_packed_x64(a, b, c, d, &t->fused_range);
    if (eq_is_fused_x512(mode))
        return eq_fused_bytes_x64(a, b, c, d, &t->fused_range);
    return eq_narrow_s8_x64(a, b, c, d, &t->range);
}

#endif
