/* Rows of weights by a vector for AVX-VNNI: 32 outputs at once, four inputs a step.
 *
 * Four inputs are broadcast as x + 128, and VPDPBUSD multiplies them with the weights of eight
 * outputs in memory, packed as those of dense_wide_avx2.h.  Two sums of each output hide its
 * latency.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range; inputs
 * behind the last meet weights of zero.
 */
#ifndef EDGEQ_DENSE_WIDE_AVXVNNI_H
#define EDGEQ_DENSE_WIDE_AVXVNNI_H

#include "edgeq/dense_wide_avx2.h"
#include "edgeq/dots_avxvnni.h"

/* Four inputs of 32 outputs. */
EQ_INLINE_AVX2 void eq_wide_step_avxvnni(eq_wide_avx2 *s, const void *x, const int8_t *w)
{
    const __m256i v = _mm256_xor_si256(eq_four_avxvnni(x), _mm256_set1_epi8(INT8_MIN));
    s->a = _mm256_dpbusd_epi32(s->a, v, eq_load_bytes_avxvnni(w));
    s->b = _mm256_dpbusd_epi32(s->b, v, eq_load_bytes_avxvnni(w + 32));
    s->c = _mm256_dpbusd_epi32(s->c, v, eq_load_bytes_avxvnni(w + 64));
    s->d = _mm256_dpbusd_epi32(s->d, v, eq_load_bytes_avxvnni(w + 96));
}

/* n inputs at x by 32 outputs. */
EQ_INLINE_AVX2 eq_wide_avx2 eq_wide_dots_avxvnni(eq_wide_avx2 s, const int8_t *x, int32_t n,
                                                 const int8_t *w)
{
    const __m256i zero = _mm256_setzero_si256();
    eq_wide_avx2 r = {zero, zero, zero, zero};
    for (; n >= 8; n -= 8) {
        eq_wide_step_avxvnni(&s, x, w);
        eq_wide_step_avxvnni(&r, x + 4, w + 128);
        eq_stay_avxvnni(&r.a, &r.b, &r.c, &r.d);
        x += 8;
        w += 256;
    }
    if (n >= 4) {
        eq_wide_step_avxvnni(&s, x, w);
        x += 4;
        w += 128;
    }
    if (n % 4 != 0) {
        int32_t four = 0;
        memcpy(&four, x, (size_t)(n % 4));
        eq_wide_step_avxvnni(&s, &four, w);
    }
    const eq_wide_avx2 sum = {_mm256_add_epi32(s.a, r.a), _mm256_add_epi32(s.b, r.b),
                              _mm256_add_epi32(s.c, r.c), _mm256_add_epi32(s.d, r.d)};
    return sum;
}

#endif
