/* Products of int8 and of int16 for NEON, of AArch64 and of 32-bit Arm: sixteen bytes at once.
 *
 * Exact: differences of bytes fit int16, and products of these, as of int16, int32;
 * fixed_point_neon.h rescales them.  The sum with zy is taken in int32, and narrowings
 * saturate beyond the clamp.
 */
#ifndef EDGEQ_MUL_NEON_H
#define EDGEQ_MUL_NEON_H

#include "edgeq/fixed_point_neon.h"
#include "edgeq/mul_s16.h"
#include "edgeq/mul_s8.h"
#include "edgeq/pairs_neon.h"

typedef struct {
    int8x8_t za, zb;
    int32x4_t mult, shift, zy;
    int16x8_t lo, hi;
} eq_mul_numbers_neon;

static inline eq_mul_numbers_neon eq_mul_numbers_of_neon(int32_t mult, int32_t shift,
                                                         int32_t zy, int32_t lo, int32_t hi)
{
    const eq_mul_numbers_neon n = {
        vdup_n_s8(0),
        vdup_n_s8(0),
        vdupq_n_s32(mult),
        vdupq_n_s32(shift),
        vdupq_n_s32(zy),
        vdupq_n_s16((int16_t)lo),
        vdupq_n_s16((int16_t)hi),
    };
    return n;
}

/* Eight products, rescaled and clamped. */
static inline __attribute__((always_inline)) int16x8_t
eq_mul_eight_neon(int16x8_t a, int16x8_t b, const eq_mul_numbers_neon *n, int single)
{
    int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
    int32x4_t high = vmull_s16(vget_high_s16(a), vget_high_s16(b));
    if (single) {
        low = eq_requantize_x4_single(low, n->mult, n->shift);
        high = eq_requantize_x4_single(high, n->mult, n->shift);
    } else {
        low = eq_requantize_x4_double(low, n->mult, n->shift);
        high = eq_requantize_x4_double(high, n->mult, n->shift);
    }
    const int16x8_t v =
        vcombine_s16(vqmovn_s32(vaddq_s32(low, n->zy)), vqmovn_s32(vaddq_s32(high, n->zy)));
    return vminq_s16(vmaxq_s16(v, n->lo), n->hi);
}

static inline __attribute__((always_inline)) int8x16_t
eq_mul_bytes_neon(int8x16_t a, int8x16_t b, const eq_mul_numbers_neon *n, int single)
{
    const int16x8_t low = eq_mul_eight_neon(vsubl_s8(vget_low_s8(a), n->za),
                                            vsubl_s8(vget_low_s8(b), n->zb), n, single);
    const int16x8_t high = eq_mul_eight_neon(vsubl_s8(vget_high_s8(a), n->za),
                                             vsubl_s8(vget_high_s8(b), n->zb), n, single);
    return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}

static inline __attribute__((always_inline)) int8x16_t
eq_mul_words_neon(int8x16_t a, int8x16_t b, const eq_mul_numbers_neon *n, int single)
{
    return vreinterpretq_s8_s16(
        eq_mul_eight_neon(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b), n, single));
}

/* One for each width and rounding form. */
#define EQ_MUL_NEON(name, multiply, single)                                                \
    static inline __attribute__((always_inline)) int8x16_t name(int8x16_t a, int8x16_t b,  \
                                                                const void *numbers)       \
    {                                                                                      \
        return multiply(a, b, numbers, single);                                            \
    }

EQ_MUL_NEON(eq_mul_s8_double_neon, eq_mul_bytes_neon, 0)
EQ_MUL_NEON(eq_mul_s8_single_neon, eq_mul_bytes_neon, 1)
EQ_MUL_NEON(eq_mul_s16_double_neon, eq_mul_words_neon, 0)
EQ_MUL_NEON(eq_mul_s16_single_neon, eq_mul_words_neon, 1)

static inline __attribute__((always_inline)) void eq_mul_s8_neon(const int8_t *a,
                                                                 const int8_t *b, int8_t *y,
                                                                 const eq_mul_s8_params *p,
                                                                 int single)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 1);
    eq_mul_numbers_neon n =
        eq_mul_numbers_of_neon(p->mult, p->shift, p->zy, p->act_min, p->act_max);
    n.za = vdup_n_s8((int8_t)p->za);
    n.zb = vdup_n_s8((int8_t)p->zb);
    eq_pairs_neon(a, b, y, &w, &n, single ? eq_mul_s8_single_neon : eq_mul_s8_double_neon);
}

static inline __attribute__((always_inline)) void
eq_mul_s16_neon(const int16_t *a, const int16_t *b, int16_t *y, const eq_mul_s16_params *p,
                int single)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 2);
    const eq_mul_numbers_neon n =
        eq_mul_numbers_of_neon(p->mult, p->shift, p->zy, p->act_min, p->act_max);
    eq_pairs_neon(a, b, y, &w, &n,
                  single ? eq_mul_s16_single_neon : eq_mul_s16_double_neon);
}

#endif
