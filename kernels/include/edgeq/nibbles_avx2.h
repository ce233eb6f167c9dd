/* int4 weights for AVX2: 32 of them from sixteen bytes, as int16.
 *
 * A byte is widened to int16 with its sign: what is left of a shift right by four is its high
 * nibble, and the low one, brought to the top by a shift left, is what is left of one by twelve.
 */
#ifndef EDGEQ_NIBBLES_AVX2_H
#define EDGEQ_NIBBLES_AVX2_H

#include "edgeq/rescale_avx2.h"

typedef struct {
    __m256i low, high;
} eq_nibbles_avx2;

EQ_INLINE_AVX2 eq_nibbles_avx2 eq_unpack_avx2(const int8_t *w)
{
    const __m256i pairs = eq_widen_avx2(w);
    const eq_nibbles_avx2 v = {_mm256_srai_epi16(_mm256_slli_epi16(pairs, 12), 12),
                               _mm256_srai_epi16(pairs, 4)};
    return v;
}

/* 32 weights, of int4 or int8: the first sixteen, or those of low nibbles, and the others. */
EQ_INLINE_AVX2 eq_nibbles_avx2 eq_weights_avx2(const int8_t *w, int is_int4)
{
    if (is_int4)
        return eq_unpack_avx2(w);
    const eq_nibbles_avx2 v = {eq_widen_avx2(w), eq_widen_avx2(w + 16)};
    return v;
}

#endif
