/* min_s8 for NEON, rows of both operands or of one and a number: sixteen bytes at once.
 *
 * Exact: it is the contract's formula.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/min_s8.h"
#include "edgeq/larger_neon.h"

eq_min_s8_fn eq_min_s8__neon;

void eq_min_s8__neon(const int8_t *a, const int8_t *b, int8_t *y,
                     const eq_min_s8_params *restrict p)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 1);
    eq_pairs_neon(a, b, y, &w, NULL, eq_smaller_s8_neon);
}
