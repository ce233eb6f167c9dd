/* requantize_s8s16, portable: one multiply per element.
 *
 * Exact: |x - zx| < 2^8, shifted left by at most 23, stays within int32.
 */
#include "edgeq/requantize_s8s16.h"
#include "edgeq/elementwise.h"

eq_requantize_s8s16_fn EQ_SYM(eq_requantize_s8s16__ref);

void EQ_SYM(eq_requantize_s8s16__ref)(const int8_t *restrict x, int16_t *restrict y,
                                      const eq_requantize_s8s16_params *restrict p)
{
    const eq_scaling rescale = eq_scaling_of(p->mult, p->shift);
    const int32_t zx = p->zx, zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t v = eq_rescale(x[i] - zx, rescale) + zy;
        y[i] = (int16_t)eq_clamp(v, lo, hi);
    }
}
