/* Addition along a line for NEON, of AArch64 and of 32-bit Arm: 32 elements at once.
 *
 * The factors are split into three signed bytes, and the sum of each of these with the operands
 * fits int16: no value is ever widened to int32.
 *
 * Exact: with la = 2^16 * a2 + 2^8 * a1 + a0, lb and lc alike,
 *
 *   floor(line / 2^16) = h + floor((m + floor(l / 2^8)) / 2^8),   l = a * a0 + b * b0 + c0,
 *   m = a * a1 + b * b1 + c1,   h = a * a2 + b * b2 + c2
 *
 * as a floor inside of a floor may be left out.  a0, a1, b0, b1 are in [-127, 127], c0 and c1
 * in [-128, 127], so |l| <= 254 * 128 + 128 and |m + floor(l / 2^8)| <= 254 * 128 + 128 + 128
 * fit int16.  Sums of h wrap, and the whole, line / 2^16, fits.  The narrowing by 5 more bits
 * saturates.
 *
 * Include two_products_neon.h or, for 32-bit Arm, two_products_armv7.h before it.
 */
#ifndef EDGEQ_ADD_LINE_NEON_H
#define EDGEQ_ADD_LINE_NEON_H

#include "edgeq/add_s8.h"

#include <arm_neon.h>
#include <string.h>

/* The bytes of la, lb and lc, and the clamp. */
typedef struct {
    int8x16_t a0, a1, a2, b0, b1, b2;
    int16x8_t c0, c1, c2;
    int8x16_t lo, hi;
} eq_line_neon;

/* The lowest byte of *rest, as a vector; *rest loses it. */
static inline int32_t eq_line_byte_neon(int32_t *rest)
{
    const int32_t low = ((*rest + 128) & 255) - 128;
    *rest = (*rest - low) / 256;
    return low;
}

static inline eq_line_neon eq_line_of_neon(const eq_add_s8_params *p)
{
    int32_t a = p->la, b = p->lb, c = p->lc;
    eq_line_neon n;
    n.a0 = vdupq_n_s8((int8_t)eq_line_byte_neon(&a));
    n.a1 = vdupq_n_s8((int8_t)eq_line_byte_neon(&a));
    n.a2 = vdupq_n_s8((int8_t)a);
    n.b0 = vdupq_n_s8((int8_t)eq_line_byte_neon(&b));
    n.b1 = vdupq_n_s8((int8_t)eq_line_byte_neon(&b));
    n.b2 = vdupq_n_s8((int8_t)b);
    n.c0 = vdupq_n_s16((int16_t)eq_line_byte_neon(&c));
    n.c1 = vdupq_n_s16((int16_t)eq_line_byte_neon(&c));
    n.c2 = vdupq_n_s16((int16_t)c);
    n.lo = vdupq_n_s8((int8_t)p->act_min);
    n.hi = vdupq_n_s8((int8_t)p->act_max);
    return n;
}

/* Sixteen elements; `whole` when the clamp is that of int8. */
static inline __attribute__((always_inline)) int8x16_t eq_line_sixteen_neon(int8x16_t a,
                                                                            int8x16_t b,
                                                                            eq_line_neon n,
                                                                            int whole)
{
    const int16x8_t l0 = eq_two_products_low(a, b, n.a0, n.b0, n.c0);
    const int16x8_t m0 = vsraq_n_s16(eq_two_products_low(a, b, n.a1, n.b1, n.c1), l0, 8);
    const int16x8_t s0 = vsraq_n_s16(eq_two_products_low(a, b, n.a2, n.b2, n.c2), m0, 8);
    const int16x8_t l1 = eq_two_products_high(a, b, n.a0, n.b0, n.c0);
    const int16x8_t m1 = vsraq_n_s16(eq_two_products_high(a, b, n.a1, n.b1, n.c1), l1, 8);
    const int16x8_t s1 = vsraq_n_s16(eq_two_products_high(a, b, n.a2, n.b2, n.c2), m1, 8);
    const int8x16_t v = vqshrn_high_n_s16(vqshrn_n_s16(s0, 5), s1, 5);
    return whole ? v : vminq_s8(vmaxq_s8(v, n.lo), n.hi);
}

/* `count` elements; the operands go on by step_a and step_b, 1 or 0, times the elements: where
 * that is 0 there are 32 equal ones. */
static inline __attribute__((always_inline)) void
eq_line_run_neon(const int8_t *a, const int8_t *b, int8_t *y, int32_t count, int32_t step_a,
                 int32_t step_b, eq_line_neon n, int whole)
{
    for (; count >= 32; count -= 32) {
        const int8x16_t low_a = vld1q_s8(a), high_a = vld1q_s8(a + 16);
        const int8x16_t low_b = vld1q_s8(b), high_b = vld1q_s8(b + 16);
        vst1q_s8(y, eq_line_sixteen_neon(low_a, low_b, n, whole));
        vst1q_s8(y + 16, eq_line_sixteen_neon(high_a, high_b, n, whole));
        a += 32 * step_a;
        b += 32 * step_b;
        y += 32;
    }
    for (int8_t ta[16], tb[16]; count > 0; count -= 16) {
        const size_t bytes = count < 16 ? (size_t)count : 16;
        memcpy(ta, a, bytes);
        memcpy(tb, b, bytes);
        vst1q_s8(ta, eq_line_sixteen_neon(vld1q_s8(ta), vld1q_s8(tb), n, whole));
        memcpy(y, ta, bytes);
        a += 16 * step_a;
        b += 16 * step_b;
        y += 16;
    }
}

/* A row, where an operand may be one number. */
static inline __attribute__((always_inline)) void
eq_line_row_neon(const int8_t *a, const int8_t *b, int8_t *y, const eq_add_s8_params *p,
                 eq_line_neon n, int whole)
{
    if (p->a3 == 1 && p->b3 == 1) {
        eq_line_run_neon(a, b, y, p->d3, 1, 1, n, whole);
        return;
    }
    int8_t one_a[32], one_b[32];
    memset(one_a, *a, 32);
    memset(one_b, *b, 32);
    eq_line_run_neon(p->a3 ? a : one_a, p->b3 ? b : one_b, y, p->d3, p->a3, p->b3, n,
                     whole);
}

static inline __attribute__((always_inline)) void
eq_line_rows_neon(const int8_t *a, const int8_t *b, int8_t *y, const eq_add_s8_params *p,
                  int whole)
{
    const eq_line_neon n = eq_line_of_neon(p);
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                eq_line_row_neon(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                                 b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, p, n, whole);
                y += p->d3;
            }
}

static inline void eq_add_line_neon(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *p)
{
    if (p->act_min == -128 && p->act_max == 127)
        eq_line_rows_neon(a, b, y, p, 1);
    else
        eq_line_rows_neon(a, b, y, p, 0);
}

#endif
