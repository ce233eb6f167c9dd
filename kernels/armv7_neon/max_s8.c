/* max_s8 for NEON of 32-bit Arm, rows of both operands or of one and a number: sixteen bytes at once.
 *
 * Exact: it is the contract's formula.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/larger_neon.h"
#include "edgeq/max_s8.h"

eq_max_s8_fn eq_max_s8__armv7_neon;

void eq_max_s8__armv7_neon(const int8_t *a, const int8_t *b, int8_t *y,
                           const eq_max_s8_params *restrict p)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 1);
    eq_pairs_neon(a, b, y, &w, NULL, eq_larger_s8_neon);
}
