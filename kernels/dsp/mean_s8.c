/* mean_s8 for the DSP extension: four outputs at once where they lie side by side in x, summed two
 * in a word by SXTAB16.
 *
 * Of outputs that are no multiple of four the last ones are computed twice.
 *
 * Exact: |sum| <= 128 * 255 fits 16 bits; then the contract's rescale.
 *
 * @requires x1 == 1 and d1 >= 4 and r0 * r1 * r2 <= 255
 */
#include <arm_acle.h>

#include "edgeq/dsp_pool.h"
#include "edgeq/fixed_point.h"
#include "edgeq/mean_s8.h"

eq_mean_s8_fn EQ_SYM(eq_mean_s8__dsp);

static inline int8_t EQ_SYM(mean_s8_dsp_rescale)(int32_t sum,
                                                 const eq_mean_s8_params *restrict p)
{
    const int32_t v = eq_requantize(sum - p->zsum, p->mult, p->shift) + p->zy;
    return (int8_t)eq_clamp(v, INT8_MIN, INT8_MAX);
}

static inline void EQ_SYM(mean_s8_dsp_four)(const int8_t *restrict x, int8_t *restrict y,
                                            const eq_mean_s8_params *restrict p)
{
    int32_t even = 0, odd = 0;
    for (int32_t j0 = 0; j0 < p->r0; ++j0)
        for (int32_t j1 = 0; j1 < p->r1; ++j1) {
            const int8_t *q = x + (j0 * p->s0 + j1 * p->s1);
            for (int32_t n = p->r2; n > 0; --n) {
                const int32_t four = eq_dsp_pool_load(q);
                even = __sxtab16(even, four);
                odd = __sxtab16(odd, (int32_t)((uint32_t)four >> 8));
                q += p->s2;
            }
        }
    y[0] = EQ_SYM(mean_s8_dsp_rescale)((int16_t)even, p);
    y[1] = EQ_SYM(mean_s8_dsp_rescale)((int16_t)odd, p);
    y[2] = EQ_SYM(mean_s8_dsp_rescale)(even >> 16, p);
    y[3] = EQ_SYM(mean_s8_dsp_rescale)(odd >> 16, p);
}

void EQ_SYM(eq_mean_s8__dsp)(const int8_t *restrict x, int8_t *restrict y,
                             const eq_mean_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t next = 0; next < p->d1; next += 4) {
            const int32_t i1 = next < p->d1 - 4 ? next : p->d1 - 4;
            EQ_SYM(mean_s8_dsp_four)(x + i0 * p->x0 + i1, y + i0 * p->d1 + i1, p);
        }
}
