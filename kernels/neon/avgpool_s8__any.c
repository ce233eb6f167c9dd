/* avgpool_s8 for NEON: sixteen channels of a window at once.
 *
 * Exact: see avgpool_neon.h.
 *
 * @requires in_c >= 8 and kh * kw <= 65535
 * @overlap rows
 */
#include "edgeq/avgpool_neon.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__neon_any);

void EQ_SYM(eq_avgpool_s8__neon_any)(const int8_t *x, int8_t *y,
                                     const eq_avgpool_s8_params *restrict p)
{
    eq_avgpool_neon(x, y, p, eq_is_away());
}
