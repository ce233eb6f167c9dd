/* Addition of int16 for NEON, of AArch64 and of 32-bit Arm: eight elements at once.
 *
 * Exact: 2^15 * b fits int32 and is rescaled as rescale_neon.h says; where the factor of b is
 * 1/2 (shift 31) or 0, 2^14 * b and 0 are what comes of it without a rounding.  The sum with zy
 * is taken in int32, and narrowing to int16 saturates beyond the clamp.
 */
#ifndef EDGEQ_ADD_S16_NEON_H
#define EDGEQ_ADD_S16_NEON_H

#include "edgeq/add_s16.h"
#include "edgeq/pairs_neon.h"
#include "edgeq/rescale_neon.h"

/* How b comes to the common grid. */
enum { EQ_GRID_ADD, EQ_GRID_SUBTRACT, EQ_GRID_HALF };

typedef struct {
    eq_factors_x4 b, y; /* without biases */
    int16_t ka, half;   /* factors of a and, where it is 1/2 or 0, of b */
    int32x4_t zy;
    int16x8_t lo, hi;
} eq_add_s16_numbers_neon;

static inline __attribute__((always_inline)) int32x4_t eq_add_s16_four_neon(
    int16x4_t a, int16x4_t b, const eq_add_s16_numbers_neon *n, int grid, int single)
{
    int32x4_t t = vmull_n_s16(a, n->ka);
    if (grid == EQ_GRID_HALF)
        t = vmlal_n_s16(t, b, n->half);
    else if (grid == EQ_GRID_ADD)
        t = vaddq_s32(t, eq_rescale_x4(vshll_n_s16(b, 15), n->b, single));
    else
        t = vsubq_s32(t, eq_rescale_x4(vshll_n_s16(b, 15), n->b, single));
    return vaddq_s32(eq_rescale_x4(t, n->y, single), n->zy);
}

static inline __attribute__((always_inline)) int8x16_t
eq_add_s16_eight_neon(int8x16_t bytes_a, int8x16_t bytes_b,
                      const eq_add_s16_numbers_neon *n, int grid, int single)
{
    const int16x8_t a = vreinterpretq_s16_s8(bytes_a), b = vreinterpretq_s16_s8(bytes_b);
    const int32x4_t low =
        eq_add_s16_four_neon(vget_low_s16(a), vget_low_s16(b), n, grid, single);
    const int32x4_t high =
        eq_add_s16_four_neon(vget_high_s16(a), vget_high_s16(b), n, grid, single);
    const int16x8_t v = vqmovn_high_s32(vqmovn_s32(low), high);
    return vreinterpretq_s8_s16(vminq_s16(vmaxq_s16(v, n->lo), n->hi));
}

/* One for each grid and rounding form. */
#define EQ_ADD_S16_NEON(name, grid, single)                                                \
    static inline __attribute__((always_inline)) int8x16_t name(int8x16_t a, int8x16_t b,  \
                                                                const void *numbers)       \
    {                                                                                      \
        return eq_add_s16_eight_neon(a, b, numbers, grid, single);                         \
    }

EQ_ADD_S16_NEON(eq_add_s16_add_double_neon, EQ_GRID_ADD, EQ_DOUBLE)
EQ_ADD_S16_NEON(eq_add_s16_add_single_neon, EQ_GRID_ADD, EQ_SINGLE)
EQ_ADD_S16_NEON(eq_add_s16_subtract_double_neon, EQ_GRID_SUBTRACT, EQ_DOUBLE)
EQ_ADD_S16_NEON(eq_add_s16_subtract_single_neon, EQ_GRID_SUBTRACT, EQ_SINGLE)
EQ_ADD_S16_NEON(eq_add_s16_half_double_neon, EQ_GRID_HALF, EQ_DOUBLE)
EQ_ADD_S16_NEON(eq_add_s16_half_single_neon, EQ_GRID_HALF, EQ_SINGLE)

static inline __attribute__((always_inline)) void
eq_add_s16_neon(const int16_t *a, const int16_t *b, int16_t *y, const eq_add_s16_params *p,
                int single)
{
    const int32x4_t none = vdupq_n_s32(0);
    const eq_walk_neon w = EQ_WALK_NEON(p, 2);
    const eq_add_s16_numbers_neon n = {
        {none, vdupq_n_s32(p->mult_b), vdupq_n_s32(31 - p->shift_b)},
        {none, vdupq_n_s32(p->mult_y), vdupq_n_s32(31 - p->shift_y)},
        (int16_t)p->ka,
        (int16_t)(p->kb * (p->mult_b >> 16)),
        vdupq_n_s32(p->zy),
        vdupq_n_s16((int16_t)p->act_min),
        vdupq_n_s16((int16_t)p->act_max),
    };
    if (p->shift_b == 31)
        eq_pairs_neon(a, b, y, &w, &n,
                      single ? eq_add_s16_half_single_neon : eq_add_s16_half_double_neon);
    else if (p->kb > 0)
        eq_pairs_neon(a, b, y, &w, &n,
                      single ? eq_add_s16_add_single_neon : eq_add_s16_add_double_neon);
    else
        eq_pairs_neon(a, b, y, &w, &n,
                      single ? eq_add_s16_subtract_single_neon
                             : eq_add_s16_subtract_double_neon);
}

#endif
