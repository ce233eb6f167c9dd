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
#include "edgeq/pairs_neon.h"

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
static inline __attribute__((always_inline)) int8x16_t
eq_line_sixteen_neon(int8x16_t a, int8x16_t b, const eq_line_neon *n, int whole)
{
    const int16x8_t l0 = eq_two_products_low(a, b, n->a0, n->b0, n->c0);
    const int16x8_t m0 = vsraq_n_s16(eq_two_products_low(a, b, n->a1, n->b1, n->c1), l0, 8);
    const int16x8_t s0 = vsraq_n_s16(eq_two_products_low(a, b, n->a2, n->b2, n->c2), m0, 8);
    const int16x8_t l1 = eq_two_products_high(a, b, n->a0, n->b0, n->c0);
    const int16x8_t m1 =
        vsraq_n_s16(eq_two_products_high(a, b, n->a1, n->b1, n->c1), l1, 8);
    const int16x8_t s1 =
        vsraq_n_s16(eq_two_products_high(a, b, n->a2, n->b2, n->c2), m1, 8);
    const int8x16_t v = vqshrn_high_n_s16(vqshrn_n_s16(s0, 5), s1, 5);
    return whole ? v : vminq_s8(vmaxq_s8(v, n->lo), n->hi);
}

static inline __attribute__((always_inline)) int8x16_t
eq_line_whole_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    return eq_line_sixteen_neon(a, b, numbers, 1);
}

static inline __attribute__((always_inline)) int8x16_t
eq_line_clamped_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    return eq_line_sixteen_neon(a, b, numbers, 0);
}

static inline void eq_add_line_neon(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *p)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 1);
    const eq_line_neon n = eq_line_of_neon(p);
    if (p->act_min == -128 && p->act_max == 127)
        eq_pairs_neon(a, b, y, &w, &n, eq_line_whole_neon);
    else
        eq_pairs_neon(a, b, y, &w, &n, eq_line_clamped_neon);
}

#endif
