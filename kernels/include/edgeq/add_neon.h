/* Addition for NEON, of AArch64 and of 32-bit Arm: sixteen elements at once.
 *
 * Differences to the zero points are int16; those of b, shifted, are rescaled, those of a
 * multiplied by 2^19 = 2^5 * 2^14 and added by SMLAL.  A factor of 1/2 for b (shift 31) is
 * taken of twice as much, so that every shift is at least 32.
 *
 * Exact: |b - zb| <= 255 fits int16 shifted by 6 and int32 shifted by 21; half of a multiple of
 * 2^21 needs no rounding.  See rescale_neon.h for the rest.
 */
#ifndef EDGEQ_ADD_NEON_H
#define EDGEQ_ADD_NEON_H

#include "edgeq/add_s8.h"
#include "edgeq/pairs_neon.h"
#include "edgeq/rescale_neon.h"

/* Numbers of a call. */
typedef struct {
    eq_factors_x4 b, y; /* without biases */
    int8x8_t za, zb;
    int16x8_t shift_b; /* 5, or 6 for a factor of 1/2 */
    eq_range_s8 range;
} eq_add_numbers_neon;

static inline eq_factors_x4 eq_add_factors_neon(int32_t mult, int32_t shift)
{
    const eq_factors_x4 f = {vdupq_n_s32(0), vdupq_n_s32(mult), vdupq_n_s32(31 - shift)};
    return f;
}

/* Four sums: a - za and b - zb, times 2^5 and shifted by shift_b. */
static inline int32x4_t eq_add_four_neon(int16x4_t a, int32x4_t b,
                                         const eq_add_numbers_neon *n, int single)
{
    const int32x4_t t = eq_rescale_x4(b, n->b, single);
    return eq_rescale_x4(vmlal_n_s16(t, a, 1 << 14), n->y, single);
}

static inline __attribute__((always_inline)) int8x16_t
eq_add_sixteen_neon(int8x16_t a, int8x16_t b, const eq_add_numbers_neon *n, int single)
{
    const int16x8_t a0 = vshlq_n_s16(vsubl_s8(vget_low_s8(a), n->za), 5);
    const int16x8_t a1 = vshlq_n_s16(vsubl_high_s8(a, vcombine_s8(n->za, n->za)), 5);
    const int16x8_t b0 = vshlq_s16(vsubl_s8(vget_low_s8(b), n->zb), n->shift_b);
    const int16x8_t b1 = vshlq_s16(vsubl_high_s8(b, vcombine_s8(n->zb, n->zb)), n->shift_b);
    const int32x4_t s0 =
        eq_add_four_neon(vget_low_s16(a0), vshll_n_s16(vget_low_s16(b0), 15), n, single);
    const int32x4_t s1 =
        eq_add_four_neon(vget_high_s16(a0), vshll_high_n_s16(b0, 15), n, single);
    const int32x4_t s2 =
        eq_add_four_neon(vget_low_s16(a1), vshll_n_s16(vget_low_s16(b1), 15), n, single);
    const int32x4_t s3 =
        eq_add_four_neon(vget_high_s16(a1), vshll_high_n_s16(b1, 15), n, single);
    return eq_narrow_s8_x16(s0, s1, s2, s3, n->range);
}

static inline __attribute__((always_inline)) int8x16_t
eq_add_double_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    return eq_add_sixteen_neon(a, b, numbers, EQ_DOUBLE);
}

static inline __attribute__((always_inline)) int8x16_t
eq_add_single_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    return eq_add_sixteen_neon(a, b, numbers, EQ_SINGLE);
}

static inline __attribute__((always_inline)) void eq_add_neon(const int8_t *a,
                                                              const int8_t *b, int8_t *y,
                                                              const eq_add_s8_params *p,
                                                              int single)
{
    const int32_t half = p->shift_b == 31;
    const eq_walk_neon w = EQ_WALK_NEON(p, 1);
    const eq_add_numbers_neon n = {
        eq_add_factors_neon(p->mult_b, p->shift_b + half),
        eq_add_factors_neon(p->mult_y, p->shift_y),
        vdup_n_s8((int8_t)(-p->ca / p->ka)),
        vdup_n_s8((int8_t)(-p->cb / (1 << 20))),
        vdupq_n_s16((int16_t)(5 + half)),
        eq_load_range(p->zy, p->act_min, p->act_max),
    };
    eq_pairs_neon(a, b, y, &w, &n, single ? eq_add_single_neon : eq_add_double_neon);
}

#endif
