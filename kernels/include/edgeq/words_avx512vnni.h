/* Weights as int16, and their products with int16 activations, for AVX-512 VNNI.
 *
 * Exact: VPDPWSSD multiplies int16 by int16 and adds two products to each int32 without saturating.
 */
#ifndef EDGEQ_WORDS_AVX512VNNI_H
#define EDGEQ_WORDS_AVX512VNNI_H

#include "edgeq/rescale_avx512.h"

/* *sum += x * w.  Intrinsics become two instructions in clang, and copies of sums in gcc. */
EQ_INLINE_AVX512 void eq_mac_two_x512(__m512i *sum, __m512i x, __m512i w)
{
    __asm__("vpdpwssd %1, %2, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

/* Two int16. */
typedef struct {
    int8_t bytes[4];
} eq_two_words_x512;

/* *sum += x * w of the two int16 at x. */
EQ_INLINE_AVX512 void eq_mac_two_at_x512(__m512i *sum, const int8_t *x, __m512i w)
{
    const eq_two_words_x512 *const two = (const eq_two_words_x512 *)(const void *)x;
    __asm__("vpdpwssd %1%{1to16%}, %2, %0" : "+v"(*sum) : "m"(*two), "v"(w));
}

/* 32 weights from bytes. */
EQ_INLINE_AVX512 __m512i eq_widened_x512(const int8_t *w)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)w));
}

/* Four taps of sixteen channels: two and two. */
typedef struct {
    __m512i first, second;
} eq_weights16_x512;

/* Those at w, `next` bytes from the first two to the others; of int4 both are in the same bytes. */
EQ_INLINE_AVX512 eq_weights16_x512 eq_weights_x512(const int8_t *w, int32_t next,
                                                   int is_int4)
{
    const __m512i v = eq_widened_x512(w);
    const eq_weights16_x512 four = {
        is_int4 ? _mm512_srai_epi16(_mm512_slli_epi16(v, 12), 12) : v,
        is_int4 ? _mm512_srai_epi16(v, 4) : eq_widened_x512(w + next)};
    return four;
}

#endif
