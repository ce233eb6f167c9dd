/* copy_s8 for NEON, three planes that become pixels: sixteen at once.
 *
 * Exact: nothing is computed.
 *
 * @requires run == 1 and d3 == 3 and y3 == 1 and y2 == 3 and x2 == 1
 */
#include "edgeq/copy_s8.h"

#include <arm_neon.h>

eq_copy_s8_fn eq_copy_s8__neon_three;

static inline void copy_s8_neon_pixels(const int8_t *restrict x, int8_t *restrict y,
                                       int32_t plane, int32_t n)
{
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int8x16x3_t v = {
            {vld1q_s8(x), vld1q_s8(x + plane), vld1q_s8(x + 2 * (int64_t)plane)}};
        vst3q_s8(y, v);
        x += 16;
        y += 48;
    }
    for (; i < n; ++i) {
        y[0] = *x;
        y[1] = x[plane];
        y[2] = x[2 * (int64_t)plane];
        ++x;
        y += 3;
    }
}

void eq_copy_s8__neon_three(const int8_t *restrict x, int8_t *restrict y,
                            const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            copy_s8_neon_pixels(x + (p->x_base + i0 * p->x0 + i1 * p->x1),
                                y + (i0 * p->y0 + i1 * p->y1), p->x3, p->d2);
}
