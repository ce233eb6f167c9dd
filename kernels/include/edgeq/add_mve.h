/* Additions on MVE that rescale twice: rows of int8 or int16, four elements at once.
 *
 * Exact: it is the contracts' formula; kernels say why its intermediate values fit int32.
 * shift_b = 31 means a factor of exactly 1/2 (or 0): with twice the unit and one place more to
 * the right it is exact and needs no rounding.
 */
#ifndef EDGEQ_ADD_MVE_H
#define EDGEQ_ADD_MVE_H

#include "edgeq/elementwise_mve.h"
#include "edgeq/fixed_point_mve.h"

typedef struct {
    int32_t unit, cb, mult_b, ka, ca, kb, mult_y, zy;
    int32x4_t down_b, down_y, lo, hi;
} eq_add_mve;

/* Four elements of `bytes` bytes, a constant, as eq_load_s8_x4 reads them. */
static inline int32x4_t eq_load_mve(const int8_t *x, int32_t step, int32_t left,
                                    int32_t bytes)
{
    return bytes == 1 ? eq_load_s8_x4(x, step, left)
                      : eq_load_s16_x4((const int16_t *)x, step, left);
}

/* Of the params at p, b counting in 1 / `one`, with what is added to the products of a and b. */
#define EQ_ADD_MVE(p, one, constant_a, constant_b)                                         \
    {(p)->shift_b == 31 ? 2 * (one) : (one),                                               \
     (p)->shift_b == 31 ? 2 * (constant_b) : (constant_b),                                 \
     (p)->mult_b,                                                                          \
     (p)->ka,                                                                              \
     constant_a,                                                                           \
     (p)->kb,                                                                              \
     (p)->mult_y,                                                                          \
     (p)->zy,                                                                              \
     vdupq_n_s32((p)->shift_b == 31 ? -1 : 31 - (p)->shift_b),                             \
     vdupq_n_s32(31 - (p)->shift_y),                                                       \
     vdupq_n_s32((p)->act_min),                                                            \
     vdupq_n_s32((p)->act_max)}

/* y of four elements a and b; with int16 nothing is added to the products. */
static inline int32x4_t eq_add_mve_four(int32x4_t a, int32x4_t b, const eq_add_mve *k,
                                        int form, int32_t bytes)
{
    int32x4_t wide = vmulq_n_s32(b, k->unit), t = vmulq_n_s32(a, k->ka);
    if (bytes == 1) {
        wide = vaddq_n_s32(wide, k->cb);
        t = vaddq_n_s32(t, k->ca);
    }
    const int32x4_t mult_b = vdupq_n_s32(k->mult_b), mult_y = vdupq_n_s32(k->mult_y);
    const int single = form == eq_mve_form_single;
    const int32x4_t scaled = single ? eq_requantize_live_x4_single(wide, mult_b, k->down_b)
                                    : eq_requantize_live_x4_double(wide, mult_b, k->down_b);
    t = vmlaq_n_s32(t, scaled, k->kb);
    const int32x4_t v = single ? eq_requantize_live_x4_single(t, mult_y, k->down_y)
                               : eq_requantize_live_x4_double(t, mult_y, k->down_y);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(v, k->zy), k->lo), k->hi);
}

/* n elements, of `bytes` bytes; operands a3 and b3 elements apart.  `form` and `bytes` are
 * constants. */
static inline __attribute__((always_inline)) void
eq_add_mve_row(const int8_t *a, const int8_t *b, int8_t *y, int32_t n, int32_t a3,
               int32_t b3, const eq_add_mve *k, int form, int32_t bytes)
{
    if (a3 == 1 && b3 == 1)
        for (; n >= 4; n -= 4) {
            const int32x4_t va = eq_load_mve(a, 1, 4, bytes);
            const int32x4_t vb = eq_load_mve(b, 1, 4, bytes);
            const int32x4_t v = eq_add_mve_four(va, vb, k, form, bytes);
            if (bytes == 1)
                vstrbq_s32(y, v);
            else
                vstrhq_s32((int16_t *)y, v);
            a += 4 * bytes;
            b += 4 * bytes;
            y += 4 * bytes;
        }
    for (; n > 0; n -= 4) {
        const int32x4_t va = eq_load_mve(a, a3, n, bytes);
        const int32x4_t vb = eq_load_mve(b, b3, n, bytes);
        const int32x4_t v = eq_add_mve_four(va, vb, k, form, bytes);
        if (bytes == 1)
            vstrbq_p_s32(y, v, vctp32q((uint32_t)n));
        else
            vstrhq_p_s32((int16_t *)y, v, vctp32q((uint32_t)n));
        a += 4 * a3 * bytes;
        b += 4 * b3 * bytes;
        y += 4 * bytes;
    }
}

#endif
