/* lookup_s8 for MVE: sixteen elements at once, by a gathering load.
 *
 * Exact: it is the contract's formula; x + 128 is x with its upper bit inverted.
 *
 * @inplace x
 */
#include "edgeq/lookup_s8.h"

#include <arm_mve.h>

eq_lookup_s8_fn eq_lookup_s8__mve;

void eq_lookup_s8__mve(const int8_t *x, const int8_t *restrict table, int8_t *y,
                       const eq_lookup_s8_params *restrict p)
{
    for (int32_t left = p->count; left > 0; left -= 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)left);
        const uint8x16_t v = vldrbq_z_u8((const uint8_t *)x, lanes);
        const uint8x16_t at = veorq_u8(v, vdupq_n_u8(128));
        vstrbq_p_s8(y, vldrbq_gather_offset_z_s8(table, at, lanes), lanes);
        x += 16;
        y += 16;
    }
}
