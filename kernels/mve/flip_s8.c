/* flip_s8 for MVE: 16 elements at a time.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include <arm_mve.h>

#include "edgeq/flip_s8.h"

eq_flip_s8_fn eq_flip_s8__mve;

void eq_flip_s8__mve(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    const int8x16_t sign = vdupq_n_s8(-128);
    for (int32_t n = p->count; n > 0; n -= 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)n);
        vstrbq_p_s8(y, veorq_s8(vldrbq_z_s8(x, lanes), sign), lanes);
        x += 16;
        y += 16;
    }
}
