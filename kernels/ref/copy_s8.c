/* copy_s8, portable: memcpy for runs; single elements of 1, 2 and 4 bytes without a call.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/copy_s8.h"

#include <string.h>

eq_copy_s8_fn eq_copy_s8__ref;

static inline void copy_s8_ref_line(const int8_t *restrict x, int8_t *restrict y,
                                    const eq_copy_s8_params *restrict p)
{
    const int32_t n = p->d3, xs = p->x3, ys = p->y3;
    if (p->run == 1)
        for (int32_t i = 0; i < n; ++i)
            y[i * ys] = x[i * xs];
    else if (p->run == 2)
        for (int32_t i = 0; i < n; ++i)
            memcpy(y + i * ys, x + i * xs, 2);
    else if (p->run == 4)
        for (int32_t i = 0; i < n; ++i)
            memcpy(y + i * ys, x + i * xs, 4);
    else
        for (int32_t i = 0; i < n; ++i)
            memcpy(y + i * ys, x + i * xs, (size_t)p->run);
}

void eq_copy_s8__ref(const int8_t *restrict x, int8_t *restrict y,
                     const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2)
                copy_s8_ref_line(x + (p->x_base + i0 * p->x0 + i1 * p->x1 + i2 * p->x2),
                                 y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2), p);
}
