/* Four elements on another scale, for MVE: what the kernels of several widths share. */
#ifndef EDGEQ_REQUANTIZE_MVE_H
#define EDGEQ_REQUANTIZE_MVE_H

#include "edgeq/fixed_point_mve.h"

/* The factor of all elements, their zero points and clamp. */
typedef struct {
    int32x4_t mult, shift, lo, hi;
    int32_t zx, zy;
} eq_requantize_mve_scale;

/* Those of the params at p, of any contract. */
#define EQ_REQUANTIZE_MVE_SCALE(p)                                                         \
    {vdupq_n_s32((p)->mult),                                                               \
     vdupq_n_s32((p)->shift),                                                              \
     vdupq_n_s32((p)->act_min),                                                            \
     vdupq_n_s32((p)->act_max),                                                            \
     (p)->zx,                                                                              \
     (p)->zy}

/* clamp(requantize(x - zx) + zy); a sum that saturates is clamped either way. */
static inline int32x4_t
eq_requantize_mve_four(int32x4_t x, const eq_requantize_mve_scale *restrict s, int form)
{
    const int32x4_t v =
        eq_requantize_mve(vsubq_n_s32(x, s->zx), s->mult, s->shift, form, 0);
    return vminq_s32(vmaxq_s32(vqaddq_n_s32(v, s->zy), s->lo), s->hi);
}

#endif
