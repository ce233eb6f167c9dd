/* resize_nearest_s8, portable: one memcpy for each pixel.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/resize_nearest_s8.h"

#include <string.h>

eq_resize_nearest_s8_fn eq_resize_nearest_s8__ref;

void eq_resize_nearest_s8__ref(const int8_t *restrict x, const int32_t *restrict row,
                               const int32_t *restrict column, int8_t *restrict y,
                               const eq_resize_nearest_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int8_t *from = x + (row[h] % p->x_ring) * p->x_row;
        int8_t *to = y + h * p->y_row;
        for (int32_t w = 0; w < p->out_w; ++w)
            memcpy(to + w * p->y_pixel, from + column[w] * p->x_pixel, (size_t)p->run);
    }
}
