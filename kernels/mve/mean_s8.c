/* mean_s8 for MVE: four outputs at once where they lie side by side in x.
 *
 * Exact: a sum of integers that the compiler proved to fit, then the contract's rescale.
 *
 * @requires x1 == 1
 */
#include "edgeq/mean_s8.h"
#include "edgeq/fixed_point_mve.h"

eq_mean_s8_fn EQ_SYM(eq_mean_s8__mve);

/* Sums of the n (all from 4 on) outputs that start at x. */
static inline int32x4_t EQ_SYM(mean_s8_mve_sum)(const int8_t *x, int32_t n,
                                                const eq_mean_s8_params *restrict p)
{
    const int32_t step = p->s2;
    const mve_pred16_t lanes = vctp32q((uint32_t)n);
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t j0 = 0; j0 < p->r0; ++j0)
        for (int32_t j1 = 0; j1 < p->r1; ++j1) {
            const int8_t *q = x + (j0 * p->s0 + j1 * p->s1);
            if (n >= 4)
                for (int32_t k = p->r2; k > 0; --k) {
                    sum = vaddq_s32(sum, vldrbq_s32(q));
                    q += step;
                }
            else
                for (int32_t k = p->r2; k > 0; --k) {
                    sum = vaddq_s32(sum, vldrbq_z_s32(q, lanes));
                    q += step;
                }
        }
    return sum;
}

void EQ_SYM(eq_mean_s8__mve)(const int8_t *restrict x, int8_t *restrict y,
                             const eq_mean_s8_params *restrict p)
{
    const int32x4_t mult = vdupq_n_s32(p->mult), shift = vdupq_n_s32(p->shift);
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; i1 += 4) {
            const int32_t n = p->d1 - i1;
            const int32x4_t sum = EQ_SYM(mean_s8_mve_sum)(x + (i0 * p->x0 + i1), n, p);
            const int32x4_t v =
                eq_requantize_mve(vsubq_n_s32(sum, p->zsum), mult, shift, eq_mve_form, 0);
            eq_store_s8_x4(y + (i0 * p->d1 + i1), v, n, p->zy, INT8_MIN, INT8_MAX);
        }
}
