/* add_s8 for NEON, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: see add_neon.h.
 *
 * @requires a3 <= 1 and b3 <= 1 and ka > 0 and kb > 0
 * @inplace a b
 */
#include "edgeq/add_neon.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__neon_rescale);

void EQ_SYM(eq_add_s8__neon_rescale)(const int8_t *a, const int8_t *b, int8_t *y,
                                     const eq_add_s8_params *restrict p)
{
    eq_add_neon(a, b, y, p, eq_is_single());
}
