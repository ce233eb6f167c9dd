/* add_s8 for NEON along a line, rows of both operands or of one and a number: 32 elements at
 * once, in int16.
 *
 * Exact: the contract says that the line gives the same bytes; see add_line_neon.h for it.
 *
 * @requires line == 1 and a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/two_products_neon.h"

#include "edgeq/add_line_neon.h"

#include "edgeq/fixed_point.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__neon_line);

void EQ_SYM(eq_add_s8__neon_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                  const eq_add_s8_params *restrict p)
{
    eq_add_line_neon(a, b, y, p);
}
