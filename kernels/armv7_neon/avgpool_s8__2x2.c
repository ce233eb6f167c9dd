/* avgpool_s8 for NEON of 32-bit Arm, windows of two by two inside the image.
 *
 * Exact: see pool_quads_neon.h.
 *
 * @requires in_c >= 8 and kh == 2 and kw == 2 and pad_top == 0 and pad_left == 0
 * @requires (row1 - 1) * stride_h + 2 <= in_h and (out_w - 1) * stride_w + 2 <= in_w
 * @overlap rows
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/avgpool_neon.h"
#include "edgeq/pool_quads_neon.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__armv7_neon_2x2);

void EQ_SYM(eq_avgpool_s8__armv7_neon_2x2)(const int8_t *x, int8_t *y,
                                           const eq_avgpool_s8_params *restrict p)
{
    const eq_quads_neon g = EQ_QUADS_NEON(p);
    eq_pool_quads_neon(x, y, &g, eq_is_away() ? EQ_POOL_MEAN_AWAY : EQ_POOL_MEAN_UP);
}
