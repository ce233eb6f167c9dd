/* The inner part of convolutions for NEON with int8 matrix products: four pixels by sixteen
 * channels or eight.
 *
 * SMMLA: eight bytes of two pixels against those of two channels.  Weights are packed (o/16,
 * taps/8, o%16, taps%8), so they are read in order; sums begin with the biases and end with
 * channels side by side.
 *
 * Exact: SMMLA adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DOT_NEON_I8MM_H
#define EDGEQ_DOT_NEON_I8MM_H

#include "edgeq/conv2d_sums_neon.h"

static inline int8x16_t eq_low_halves_neon(int8x16_t a, int8x16_t b)
{
    return vreinterpretq_s8_s64(
        vzip1q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
}

static inline int8x16_t eq_high_halves_neon(int8x16_t a, int8x16_t b)
{
    return vreinterpretq_s8_s64(
        vzip2q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
}

/* Of two products of two pixels by two channels, what belongs to the first pixel. */
static inline int32x4_t eq_first_row_neon(int32x4_t a, int32x4_t b)
{
    return vreinterpretq_s32_s64(
        vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

static inline int32x4_t eq_second_row_neon(int32x4_t a, int32x4_t b)
{
    return vreinterpretq_s32_s64(
        vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

/* The dot products of `taps` bytes, a multiple of 8, of four pixels `step` apart, on top of
 * the biases. */
static inline eq_tile16_neon eq_mmla_four_neon(const int8_t *x, int64_t step,
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
    for (; taps >= 16; taps -= 16) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
        const int8x16_t ab = eq_low_halves_neon(xa, xb), cd = eq_low_halves_neon(xc, xd);
        const int8x16_t w0 = vld1q_s8(w + 0);
        const int8x16_t w1 = vld1q_s8(w + 16);
        p0 = vmmlaq_s32(p0, ab, w0);
        q0 = vmmlaq_s32(q0, cd, w0);
        p1 = vmmlaq_s32(p1, ab, w1);
        q1 = vmmlaq_s32(q1, cd, w1);
        const int8x16_t w2 = vld1q_s8(w + 32);
        const int8x16_t w3 = vld1q_s8(w + 48);
        p2 = vmmlaq_s32(p2, ab, w2);
        q2 = vmmlaq_s32(q2, cd, w2);
        p3 = vmmlaq_s32(p3, ab, w3);
        q3 = vmmlaq_s32(q3, cd, w3);
        const int8x16_t w4 = vld1q_s8(w + 64);
        const int8x16_t w5 = vld1q_s8(w + 80);
        p4 = vmmlaq_s32(p4, ab, w4);
        q4 = vmmlaq_s32(q4, cd, w4);
        p5 = vmmlaq_s32(p5, ab, w5);
        q5 = vmmlaq_s32(q5, cd, w5);
        const int8x16_t w6 = vld1q_s8(w + 96);
        const int8x16_t w7 = vld1q_s8(w + 112);
        p6 = vmmlaq_s32(p6, ab, w6);
        q6 = vmmlaq_s32(q6, cd, w6);
        p7 = vmmlaq_s32(p7, ab, w7);
        q7 = vmmlaq_s32(q7, cd, w7);
        const int8x16_t ef = eq_high_halves_neon(xa, xb), gh = eq_high_halves_neon(xc, xd);
        const int8x16_t v0 = vld1q_s8(w + 128);
        const int8x16_t v1 = vld1q_s8(w + 144);
        p0 = vmmlaq_s32(p0, ef, v0);
        q0 = vmmlaq_s32(q0, gh, v0);
        p1 = vmmlaq_s32(p1, ef, v1);
        q1 = vmmlaq_s32(q1, gh, v1);
        const int8x16_t v2 = vld1q_s8(w + 160);
        const int8x16_t v3 = vld1q_s8(w + 176);
        p2 = vmmlaq_s32(p2, ef, v2);
        q2 = vmmlaq_s32(q2, gh, v2);
        p3 = vmmlaq_s32(p3, ef, v3);
        q3 = vmmlaq_s32(q3, gh, v3);
        const int8x16_t v4 = vld1q_s8(w + 192);
        const int8x16_t v5 = vld1q_s8(w + 208);
        p4 = vmmlaq_s32(p4, ef, v4);
        q4 = vmmlaq_s32(q4, gh, v4);
        p5 = vmmlaq_s32(p5, ef, v5);
        q5 = vmmlaq_s32(q5, gh, v5);
        const int8x16_t v6 = vld1q_s8(w + 224);
        const int8x16_t v7 = vld1q_s8(w + 240);
        p6 = vmmlaq_s32(p6, ef, v6);
        q6 = vmmlaq_s32(q6, gh, v6);
        p7 = vmmlaq_s32(p7, ef, v7);
        q7 = vmmlaq_s32(q7, gh, v7);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        w += 256;
    }
    if (taps > 0) {
        const int8x16_t ab = vcombine_s8(vld1_s8(a), vld1_s8(b));
        const int8x16_t cd = vcombine_s8(vld1_s8(c), vld1_s8(d));
        const int8x16_t w0 = vld1q_s8(w + 0);
        const int8x16_t w1 = vld1q_s8(w + 16);
        p0 = vmmlaq_s32(p0, ab, w0);
        q0 = vmmlaq_s32(q0, cd, w0);
        p1 = vmmlaq_s32(p1, ab, w1);
        q1 = vmmlaq_s32(q1, cd, w1);
        const int8x16_t w2 = vld1q_s8(w + 32);
        const int8x16_t w3 = vld1q_s8(w + 48);
        p2 = vmmlaq_s32(p2, ab, w2);
        q2 = vmmlaq_s32(q2, cd, w2);
        p3 = vmmlaq_s32(p3, ab, w3);
        q3 = vmmlaq_s32(q3, cd, w3);
        const int8x16_t w4 = vld1q_s8(w + 64);
        const int8x16_t w5 = vld1q_s8(w + 80);
        p4 = vmmlaq_s32(p4, ab, w4);
        q4 = vmmlaq_s32(q4, cd, w4);
        p5 = vmmlaq_s32(p5, ab, w5);
        q5 = vmmlaq_s32(q5, cd, w5);
        const int8x16_t w6 = vld1q_s8(w + 96);
        const int8x16_t w7 = vld1q_s8(w + 112);
        p6 = vmmlaq_s32(p6, ab, w6);
        q6 = vmmlaq_s32(q6, cd, w6);
        p7 = vmmlaq_s32(p7, ab, w7);
        q7 = vmmlaq_s32(q7, cd, w7);
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

/* The same of the first eight of a block of sixteen channels. */
static inline eq_tile8_neon eq_mmla_half_neon(const int8_t *x, int64_t step,
                                              const int8_t *w, const int32_t *bias,
                                              int32_t taps)
{
    const int64x2_t b0 = vreinterpretq_s64_s32(vld1q_s32(bias));
    int32x4_t p0 = vreinterpretq_s32_s64(vzip1q_s64(b0, b0)), q0 = p0;
    int32x4_t p1 = vreinterpretq_s32_s64(vzip2q_s64(b0, b0)), q1 = p1;
    const int64x2_t b1 = vreinterpretq_s64_s32(vld1q_s32(bias + 4));
    int32x4_t p2 = vreinterpretq_s32_s64(vzip1q_s64(b1, b1)), q2 = p2;
    int32x4_t p3 = vreinterpretq_s32_s64(vzip2q_s64(b1, b1)), q3 = p3;
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps >= 16; taps -= 16) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
        const int8x16_t ab = eq_low_halves_neon(xa, xb), cd = eq_low_halves_neon(xc, xd);
        const int8x16_t w0 = vld1q_s8(w + 0);
        const int8x16_t w1 = vld1q_s8(w + 16);
        p0 = vmmlaq_s32(p0, ab, w0);
        q0 = vmmlaq_s32(q0, cd, w0);
        p1 = vmmlaq_s32(p1, ab, w1);
        q1 = vmmlaq_s32(q1, cd, w1);
        const int8x16_t w2 = vld1q_s8(w + 32);
        const int8x16_t w3 = vld1q_s8(w + 48);
        p2 = vmmlaq_s32(p2, ab, w2);
        q2 = vmmlaq_s32(q2, cd, w2);
        p3 = vmmlaq_s32(p3, ab, w3);
        q3 = vmmlaq_s32(q3, cd, w3);
        const int8x16_t ef = eq_high_halves_neon(xa, xb), gh = eq_high_halves_neon(xc, xd);
        const int8x16_t v0 = vld1q_s8(w + 128);
        const int8x16_t v1 = vld1q_s8(w + 144);
        p0 = vmmlaq_s32(p0, ef, v0);
        q0 = vmmlaq_s32(q0, gh, v0);
        p1 = vmmlaq_s32(p1, ef, v1);
        q1 = vmmlaq_s32(q1, gh, v1);
        const int8x16_t v2 = vld1q_s8(w + 160);
        const int8x16_t v3 = vld1q_s8(w + 176);
        p2 = vmmlaq_s32(p2, ef, v2);
        q2 = vmmlaq_s32(q2, gh, v2);
        p3 = vmmlaq_s32(p3, ef, v3);
        q3 = vmmlaq_s32(q3, gh, v3);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        w += 256;
    }
    if (taps > 0) {
        const int8x16_t ab = vcombine_s8(vld1_s8(a), vld1_s8(b));
        const int8x16_t cd = vcombine_s8(vld1_s8(c), vld1_s8(d));
        const int8x16_t w0 = vld1q_s8(w + 0);
        const int8x16_t w1 = vld1q_s8(w + 16);
        p0 = vmmlaq_s32(p0, ab, w0);
        q0 = vmmlaq_s32(q0, cd, w0);
        p1 = vmmlaq_s32(p1, ab, w1);
        q1 = vmmlaq_s32(q1, cd, w1);
        const int8x16_t w2 = vld1q_s8(w + 32);
        const int8x16_t w3 = vld1q_s8(w + 48);
        p2 = vmmlaq_s32(p2, ab, w2);
        q2 = vmmlaq_s32(q2, cd, w2);
        p3 = vmmlaq_s32(p3, ab, w3);
        q3 = vmmlaq_s32(q3, cd, w3);
    }
    const eq_tile8_neon s = {
        {eq_first_row_neon(p0, p1), eq_first_row_neon(p2, p3)},
        {eq_second_row_neon(p0, p1), eq_second_row_neon(p2, p3)},
        {eq_first_row_neon(q0, q1), eq_first_row_neon(q2, q3)},
        {eq_second_row_neon(q0, q1), eq_second_row_neon(q2, q3)},
    };
    return s;
}

#endif
