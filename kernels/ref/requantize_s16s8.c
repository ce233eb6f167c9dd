/* requantize_s16s8, portable: one multiply per element.
 *
 * Exact: |x - zx| < 2^16, shifted left by at most 15, stays within int32.
 */
#include "edgeq/requantize_s16s8.h"
#include "edgeq/elementwise.h"

eq_requantize_s16s8_fn EQ_SYM(eq_requantize_s16s8__ref);

void EQ_SYM(eq_requantize_s16s8__ref)(const int16_t *restrict x, int8_t *restrict y,
                                      const eq_requantize_s16s8_params *restrict p)
{
    const eq_scaling rescale = eq_scaling_of(p->mult, p->shift);
    const int32_t zx = p->zx, zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t v = eq_rescale(x[i] - zx, rescale) + zy;
        y[i] = (int8_t)eq_clamp(v, lo, hi);
    }
}
