/* Means for NEON, of AArch64 and of 32-bit Arm: sixteen outputs at once where they lie side by
 * side in x, of which the last go back to be whole.
 *
 * Exact: channels_neon.h says why the sums are, fixed_point_neon.h the rescale.  Narrowing to
 * int16 saturates and moves nothing into the clamp, as |zy| <= 128.
 */
#ifndef EDGEQ_MEAN_NEON_H
#define EDGEQ_MEAN_NEON_H

#include "edgeq/channels_neon.h"
#include "edgeq/fixed_point_neon.h"
#include "edgeq/mean_s8.h"
#include "edgeq/rescale_neon.h"

static inline int32x4_t eq_mean_four_neon(int32x4_t sum, const eq_mean_s8_params *p,
                                          int single)
{
    const int32x4_t mult = vdupq_n_s32(p->mult), shift = vdupq_n_s32(p->shift);
    return single ? eq_requantize_x4_single(sum, mult, shift)
                  : eq_requantize_x4_double(sum, mult, shift);
}

static inline __attribute__((always_inline)) int8x16_t
eq_mean_sixteen_neon(const int8_t *x, const eq_mean_s8_params *p, int few, int single)
{
    eq_sums_neon s = eq_sums_from_neon(-p->zsum);
    for (int32_t j0 = 0; j0 < p->r0; ++j0)
        for (int32_t j1 = 0; j1 < p->r1; ++j1)
            eq_sums_add_neon(&s, x + j0 * p->s0 + j1 * p->s1, p->s2, p->r2, p->d1, few);
    eq_sums_widen_neon(&s);
    return eq_narrow_s8_x16(
        eq_mean_four_neon(s.a, p, single), eq_mean_four_neon(s.b, p, single),
        eq_mean_four_neon(s.c, p, single), eq_mean_four_neon(s.d, p, single),
        eq_load_range(p->zy, INT8_MIN, INT8_MAX));
}

static inline __attribute__((always_inline)) void
eq_mean_rows_neon(const int8_t *x, int8_t *y, const eq_mean_s8_params *p, int few,
                  int single)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; i1 += 16) {
            const int32_t i = few || i1 + 16 <= p->d1 ? i1 : p->d1 - 16;
            eq_store_channels_neon(y + i0 * p->d1 + i,
                                   eq_mean_sixteen_neon(x + i0 * p->x0 + i, p, few, single),
                                   p->d1, few);
        }
}

static inline void eq_mean_all_neon(const int8_t *x, int8_t *y, const eq_mean_s8_params *p,
                                    int single)
{
    if (p->d1 < 16)
        eq_mean_rows_neon(x, y, p, 1, single);
    else
        eq_mean_rows_neon(x, y, p, 0, single);
}

#endif
