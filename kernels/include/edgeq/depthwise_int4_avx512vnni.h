/* Weights of int4 as those of int8, once a call, for depthwise convolution by AVX-512 VNNI.
 *
 * A nibble is n ^ 8 less 8.  Weights lie such that of 64, or of 16, bytes the low nibbles are as many
 * weights that follow each other, and the high ones as many more.
 */
#ifndef EDGEQ_DEPTHWISE_INT4_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_INT4_AVX512VNNI_H

#include "edgeq/rescale_avx512.h"

EQ_INLINE_AVX512 __m512i eq_low_nibbles_x512(__m512i v)
{
    const __m512i eight = _mm512_set1_epi8(8);
    const __m512i low = _mm512_and_si512(v, _mm512_set1_epi8(15));
    return _mm512_sub_epi8(_mm512_xor_si512(low, eight), eight);
}

/* The weights of n bytes, which 64 divides. */
static inline void eq_unpack_64_x512(int8_t *to, const int8_t *w, int64_t n)
{
    for (int64_t i = 0; i < n; i += 64) {
        const __m512i v = _mm512_loadu_si512((const void *)(w + i));
        _mm512_storeu_si512((void *)(to + 2 * i), eq_low_nibbles_x512(v));
        _mm512_storeu_si512((void *)(to + 2 * i + 64),
                            eq_low_nibbles_x512(_mm512_srli_epi16(v, 4)));
    }
}

/* The weights of n bytes, which 16 divides. */
static inline void eq_unpack_16_x512(int8_t *to, const int8_t *w, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __m512i v =
            _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(w + i)));
        const __m128i low = _mm512_castsi512_si128(eq_low_nibbles_x512(v));
        const __m128i high =
            _mm512_castsi512_si128(eq_low_nibbles_x512(_mm512_srli_epi16(v, 4)));
        _mm_storeu_si128((__m128i *)(void *)(to + 2 * i), low);
        _mm_storeu_si128((__m128i *)(void *)(to + 2 * i + 16), high);
    }
}

#endif
