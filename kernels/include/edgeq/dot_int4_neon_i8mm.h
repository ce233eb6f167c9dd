/* The inner part of convolutions with int4 weights for NEON with int8 matrix products: four
 * pixels by sixteen channels.
 *
 * Windows are contiguous, `taps` bytes (a multiple of 16), `step` bytes apart.  Weights are
 * packed (o/16, taps/16, o%16, taps%8, taps/8%2): a byte holds taps k and k + 8.
 *
 * Exact: SMMLA adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DOT_INT4_NEON_I8MM_H
#define EDGEQ_DOT_INT4_NEON_I8MM_H

#include "edgeq/dot_neon_i8mm.h"
#include "edgeq/nibbles_neon.h"

/* The dot products of four pixels on top of the biases. */
static inline eq_tile16_neon eq_mmla_int4_neon(const int8_t *x, int64_t step,
                                               const int8_t *w, const int32_t *bias,
                                               int32_t taps)
{
    const int64x2_t b0 = vreinterpretq_s64_s32(vld1q_s32(bias));
    int32x4_t p0 = vreinterpretq_s32_s64(vzip1q_s64(b0, b0)), q0 = p0;
    int32x4_t p1 = vreinterpretq_s32_s64(vzip2q_s64(b0, b0)), q1 = p1;
    const int64x2_t b1 = vreinterpretq_s64_s32(vld1q_s32(bias + 4));
    int32x4_t p2 = vreinterpretq_s32_s64(vzip1q_s64(b1, b1)), q2 = p2;
    int32x4_t p3 = vreinterpretq_s32_s64(vzip2q_s64(b1, b1)), q3 = p3;
    const int64x2_t b2 = vreinterpretq_s64_s32(vld1q_s32(bias + 8));
    int32x4_t p4 = vreinterpretq_s32_s64(vzip1q_s64(b2, b2)), q4 = p4;
    int32x4_t p5 = vreinterpretq_s32_s64(vzip2q_s64(b2, b2)), q5 = p5;
    const int64x2_t b3 = vreinterpretq_s64_s32(vld1q_s32(bias + 12));
    int32x4_t p6 = vreinterpretq_s32_s64(vzip1q_s64(b3, b3)), q6 = p6;
    int32x4_t p7 = vreinterpretq_s32_s64(vzip2q_s64(b3, b3)), q7 = p7;
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps > 0; taps -= 16) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
        const int8x16_t ab = eq_low_halves_neon(xa, xb), cd = eq_low_halves_neon(xc, xd);
        const int8x16_t ef = eq_high_halves_neon(xa, xb), gh = eq_high_halves_neon(xc, xd);
        const int8x16_t w0 = vld1q_s8(w + 0), w1 = vld1q_s8(w + 16);
        const int8x16_t u0 = eq_low_nibbles_neon(w0), v0 = eq_high_nibbles_neon(w0);
        p0 = vmmlaq_s32(vmmlaq_s32(p0, ab, u0), ef, v0);
        q0 = vmmlaq_s32(vmmlaq_s32(q0, cd, u0), gh, v0);
        const int8x16_t u1 = eq_low_nibbles_neon(w1), v1 = eq_high_nibbles_neon(w1);
        p1 = vmmlaq_s32(vmmlaq_s32(p1, ab, u1), ef, v1);
        q1 = vmmlaq_s32(vmmlaq_s32(q1, cd, u1), gh, v1);
        const int8x16_t w2 = vld1q_s8(w + 32), w3 = vld1q_s8(w + 48);
        const int8x16_t u2 = eq_low_nibbles_neon(w2), v2 = eq_high_nibbles_neon(w2);
        p2 = vmmlaq_s32(vmmlaq_s32(p2, ab, u2), ef, v2);
        q2 = vmmlaq_s32(vmmlaq_s32(q2, cd, u2), gh, v2);
        const int8x16_t u3 = eq_low_nibbles_neon(w3), v3 = eq_high_nibbles_neon(w3);
        p3 = vmmlaq_s32(vmmlaq_s32(p3, ab, u3), ef, v3);
        q3 = vmmlaq_s32(vmmlaq_s32(q3, cd, u3), gh, v3);
        const int8x16_t w4 = vld1q_s8(w + 64), w5 = vld1q_s8(w + 80);
        const int8x16_t u4 = eq_low_nibbles_neon(w4), v4 = eq_high_nibbles_neon(w4);
        p4 = vmmlaq_s32(vmmlaq_s32(p4, ab, u4), ef, v4);
        q4 = vmmlaq_s32(vmmlaq_s32(q4, cd, u4), gh, v4);
        const int8x16_t u5 = eq_low_nibbles_neon(w5), v5 = eq_high_nibbles_neon(w5);
        p5 = vmmlaq_s32(vmmlaq_s32(p5, ab, u5), ef, v5);
        q5 = vmmlaq_s32(vmmlaq_s32(q5, cd, u5), gh, v5);
        const int8x16_t w6 = vld1q_s8(w + 96), w7 = vld1q_s8(w + 112);
        const int8x16_t u6 = eq_low_nibbles_neon(w6), v6 = eq_high_nibbles_neon(w6);
        p6 = vmmlaq_s32(vmmlaq_s32(p6, ab, u6), ef, v6);
        q6 = vmmlaq_s32(vmmlaq_s32(q6, cd, u6), gh, v6);
        const int8x16_t u7 = eq_low_nibbles_neon(w7), v7 = eq_high_nibbles_neon(w7);
        p7 = vmmlaq_s32(vmmlaq_s32(p7, ab, u7), ef, v7);
        q7 = vmmlaq_s32(vmmlaq_s32(q7, cd, u7), gh, v7);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        w += 128;
    }
    const eq_tile16_neon s = {
        {eq_first_row_neon(p0, p1), eq_first_row_neon(p2, p3), eq_first_row_neon(p4, p5),
         eq_first_row_neon(p6, p7)},
        {eq_second_row_neon(p0, p1), eq_second_row_neon(p2, p3), eq_second_row_neon(p4, p5),
         eq_second_row_neon(p6, p7)},
        {eq_first_row_neon(q0, q1), eq_first_row_neon(q2, q3), eq_first_row_neon(q4, q5),
         eq_first_row_neon(q6, q7)},
        {eq_second_row_neon(q0, q1), eq_second_row_neon(q2, q3), eq_second_row_neon(q4, q5),
         eq_second_row_neon(q6, q7)},
    };
    return s;
}

#endif
