/* resize_nearest_s8 for NEON of 32-bit Arm, pixels of eight bytes and more, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/resize_nearest_s8.h"
#include "edgeq/runs_neon.h"

eq_resize_nearest_s8_fn eq_resize_nearest_s8__armv7_neon;

void eq_resize_nearest_s8__armv7_neon(const int8_t *restrict x, const int32_t *restrict row,
                                      const int32_t *restrict column, int8_t *restrict y,
                                      const eq_resize_nearest_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int8_t *from = x + (row[h] % p->x_ring) * p->x_row;
        int8_t *to = y + h * p->y_row;
        for (int32_t w = 0; w < p->out_w; ++w) {
            eq_copy_run_neon(from + column[w] * p->x_pixel, to, p->run);
            to += p->y_pixel;
        }
    }
}
