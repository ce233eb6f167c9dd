/* requantize_s16s8 for MVE: four elements at once.
 *
 * Exact: the rescaling as eq_requantize_x4 in fixed_point_mve.h; x - zx and, shifted left, its
 * product's operand stay within int32, as the contract says.
 */
#include "edgeq/requantize_s16s8.h"
#include "edgeq/requantize_mve.h"

eq_requantize_s16s8_fn EQ_SYM(eq_requantize_s16s8__mve);

void EQ_SYM(eq_requantize_s16s8__mve)(const int16_t *restrict x, int8_t *restrict y,
                                      const eq_requantize_s16s8_params *restrict p)
{
    const eq_requantize_mve_scale s = EQ_REQUANTIZE_MVE_SCALE(p);
    for (int32_t n = p->count; n > 0; n -= 4) {
        const mve_pred16_t lanes = vctp32q((uint32_t)n);
        vstrbq_p_s32(y, eq_requantize_mve_four(vldrhq_z_s32(x, lanes), &s, eq_mve_form),
                     lanes);
        x += 4;
        y += 4;
    }
}
