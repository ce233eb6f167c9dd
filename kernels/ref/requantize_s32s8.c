/* requantize_s32s8, portable: one multiply per element.
 *
 * Exact: clamped before zy is added, nothing leaves int32.
 */
#include "edgeq/requantize_s32s8.h"
#include "edgeq/fixed_point.h"

eq_requantize_s32s8_fn EQ_SYM(eq_requantize_s32s8__ref);

void EQ_SYM(eq_requantize_s32s8__ref)(const int32_t *restrict x, int8_t *restrict y,
                                      const eq_requantize_s32s8_params *restrict p)
{
    const int32_t mult = p->mult, shift = p->shift;
    const int32_t zx = p->zx, zy = p->zy;
    const int32_t lo = p->act_min - zy, hi = p->act_max - zy;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t v = eq_requantize(x[i] - zx, mult, shift);
        y[i] = (int8_t)(eq_clamp(v, lo, hi) + zy);
    }
}
