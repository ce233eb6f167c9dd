/* copy_s8 for MVE: sixteen bytes at once.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8
 */
#include "edgeq/copy_s8.h"
#include "edgeq/copy_mve.h"

eq_copy_s8_fn eq_copy_s8__mve;

void eq_copy_s8__mve(const int8_t *restrict x, int8_t *restrict y,
                     const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                const int8_t *from = x + (p->x_base + i0 * p->x0 + i1 * p->x1 + i2 * p->x2);
                int8_t *to = y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2);
                for (int32_t n = p->d3; n > 0; --n) {
                    eq_copy_mve(to, from, p->run);
                    from += p->x3;
                    to += p->y3;
                }
            }
}
