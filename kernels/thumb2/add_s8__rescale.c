/* add_s8 for Thumb-2 without DSP: rescaled one long product each.
 *
 * Exact: derived in thumb_add.h.
 *
 * @requires act_min == -128 and act_max == 127 and shift_y <= 53
 * @inplace a b
 */
#include "edgeq/thumb_add.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__thumb2_rescale);

void EQ_SYM(eq_add_s8__thumb2_rescale)(const int8_t *a, const int8_t *b, int8_t *y,
                                       const eq_add_s8_params *restrict p)
{
    eq_thumb_add(a, b, y, eq_thumb_form, eq_thumb_long, p);
}
