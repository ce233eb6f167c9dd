/* max_s16 for NEON, rows of both operands or of one and a number: sixteen bytes at once.
 *
 * Exact: it is the contract's formula.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/max_s16.h"
#include "edgeq/larger_neon.h"

eq_max_s16_fn eq_max_s16__neon;

void eq_max_s16__neon(const int16_t *a, const int16_t *b, int16_t *y,
                      const eq_max_s16_params *restrict p)
{
    const eq_walk_neon w = EQ_WALK_NEON(p, 2);
    eq_pairs_neon(a, b, y, &w, NULL, eq_larger_s16_neon);
}
