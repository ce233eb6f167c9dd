/* Rows of weights by a vector for AVX-VNNI: 32 outputs at once, sixteen inputs a step.
 *
 * Sixteen inputs are read as x + 128, each four of them put into all lanes, and VPDPBUSD multiplies
 * them with the weights of eight outputs in memory, packed as those of dense_wide_avx2.h.  Weights
 * are read once, in order, seventeen loads for sixteen products.  Two sums of each output hide
 * its latency.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range; inputs
 * behind the last meet weights of zero.
 */
#ifndef EDGEQ_DENSE_WIDE_AVXVNNI_H
#define EDGEQ_DENSE_WIDE_AVXVNNI_H

#include "edgeq/dense_wide_avx2.h"
#include "edgeq/dots_avxvnni.h"

/* Four inputs, x + 128, of 32 outputs. */
EQ_INLINE_AVX2 void eq_wide_step_avxvnni(eq_wide_avx2 *s, __m256i x, const int8_t *w)
{
    s->a = _mm256_dpbusd_epi32(s->a, x, eq_load_bytes_avxvnni(w));
    s->b = _mm256_dpbusd_epi32(s->b, x, eq_load_bytes_avxvnni(w + 32));
    s->c = _mm256_dpbusd_epi32(s->c, x, eq_load_bytes_avxvnni(w + 64));
    s->d = _mm256_dpbusd_epi32(s->d, x, eq_load_bytes_avxvnni(w + 96));
    eq_stay_avxvnni(&s->a, &s->b, &s->c, &s->d);
}

/* Four inputs at x. */
EQ_INLINE_AVX2 void eq_wide_four_avxvnni(eq_wide_avx2 *s, const void *x, const int8_t *w)
{
    const __m256i four = eq_four_avxvnni(x);
    eq_wide_step_avxvnni(s, _mm256_xor_si256(four, _mm256_set1_epi8(INT8_MIN)), w);
}

/* Sixteen inputs at x, on two sums of each output. */
EQ_INLINE_AVX2 void eq_wide_sixteen_avxvnni(eq_wide_avx2 *s, eq_wide_avx2 *r,
                                            const int8_t *x, const int8_t *w)
{
    const __m128i some = _mm_loadu_si128((const __m128i *)(const void *)x);
    const __m256i v =
        _mm256_xor_si256(_mm256_broadcastsi128_si256(some), _mm256_set1_epi8(INT8_MIN));
    eq_wide_step_avxvnni(s, _mm256_shuffle_epi32(v, 0x00), w);
    eq_wide_step_avxvnni(r, _mm256_shuffle_epi32(v, 0x55), w + 128);
    eq_wide_step_avxvnni(s, _mm256_shuffle_epi32(v, 0xaa), w + 256);
    eq_wide_step_avxvnni(r, _mm256_shuffle_epi32(v, 0xff), w + 384);
}

/* n inputs at x by 32 outputs. */
EQ_INLINE_AVX2 eq_wide_avx2 eq_wide_dots_avxvnni(eq_wide_avx2 s, const int8_t *x, int32_t n,
                                                 const int8_t *w)
{
    const __m256i zero = _mm256_setzero_si256();
    eq_wide_avx2 r = {zero, zero, zero, zero};
    for (; n >= 16; n -= 16) {
        eq_wide_sixteen_avxvnni(&s, &r, x, w);
        x += 16;
        w += 512;
    }
    for (; n >= 4; n -= 4) {
        eq_wide_four_avxvnni(&s, x, w);
        x += 4;
        w += 128;
    }
    if (n > 0) {
        int32_t four = 0;
        memcpy(&four, x, (size_t)n);
        eq_wide_four_avxvnni(&r, &four, w);
    }
    const eq_wide_avx2 sum = {_mm256_add_epi32(s.a, r.a), _mm256_add_epi32(s.b, r.b),
                              _mm256_add_epi32(s.c, r.c), _mm256_add_epi32(s.d, r.d)};
    return sum;
}

#endif
