/* Element-wise kernels on MVE: four operands at a time from memory. */
#ifndef EDGEQ_ELEMENTWISE_MVE_H
#define EDGEQ_ELEMENTWISE_MVE_H

#include <arm_mve.h>
#include <stdint.h>

/* The first `left` (all from 4 on) of x[0], x[step], x[2 * step], x[3 * step]. */
static inline int32x4_t eq_load_s8_x4(const int8_t *x, int32_t step, int32_t left)
{
    if (step == 0)
        return vdupq_n_s32(*x);
    if (step == 1)
        return left >= 4 ? vldrbq_s32(x) : vldrbq_z_s32(x, vctp32q((uint32_t)left));
    int32x4_t v = vdupq_n_s32(*x);
    v = left > 1 ? vsetq_lane_s32(x[step], v, 1) : v;
    v = left > 2 ? vsetq_lane_s32(x[2 * step], v, 2) : v;
    return left > 3 ? vsetq_lane_s32(x[3 * step], v, 3) : v;
}

/* The same of int16. */
static inline int32x4_t eq_load_s16_x4(const int16_t *x, int32_t step, int32_t left)
{
    if (step == 0)
        return vdupq_n_s32(*x);
    if (step == 1)
        return left >= 4 ? vldrhq_s32(x) : vldrhq_z_s32(x, vctp32q((uint32_t)left));
    int32x4_t v = vdupq_n_s32(*x);
    v = left > 1 ? vsetq_lane_s32(x[step], v, 1) : v;
    v = left > 2 ? vsetq_lane_s32(x[2 * step], v, 2) : v;
    return left > 3 ? vsetq_lane_s32(x[3 * step], v, 3) : v;
}

#endif
