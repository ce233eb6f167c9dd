/* resize_nearest_s8 for AVX2, pixels of eight to 64 bytes, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8 and run <= 64
 */
#include "edgeq/resize_nearest_s8.h"
#include "edgeq/runs_avx2.h"

eq_resize_nearest_s8_fn eq_resize_nearest_s8__avx2;

void eq_resize_nearest_s8__avx2(const int8_t *restrict x, const int32_t *restrict row,
                                const int32_t *restrict column, int8_t *restrict y,
                                const eq_resize_nearest_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int8_t *from = x + (row[h] % p->x_ring) * p->x_row;
        int8_t *to = y + h * p->y_row;
        for (int32_t w = 0; w < p->out_w; ++w) {
            eq_copy_run_avx2(from + column[w] * p->x_pixel, to, p->run);
            to += p->y_pixel;
        }
    }
}
