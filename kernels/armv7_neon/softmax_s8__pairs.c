/* softmax_s8 for NEON of 32-bit Arm, rows of two: eight rows at once.
 *
 * Exact: see softmax_pairs_neon.h.
 *
 * @requires depth == 2
 * @inplace x
 */
#include "edgeq/softmax_pairs_neon.h"

eq_softmax_s8_fn eq_softmax_s8__armv7_neon_pairs;

void eq_softmax_s8__armv7_neon_pairs(const int8_t *x, const int32_t *restrict table,
                                     int8_t *y, const eq_softmax_s8_params *restrict p)
{
    eq_softmax_pairs_neon(x, table, y, p->rows);
}
