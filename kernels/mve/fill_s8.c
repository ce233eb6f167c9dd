/* fill_s8 for MVE: sixteen bytes at once.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/fill_s8.h"
#include "edgeq/copy_mve.h"

eq_fill_s8_fn eq_fill_s8__mve;

void eq_fill_s8__mve(int8_t *restrict y, const eq_fill_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2)
                for (int32_t i3 = 0; i3 < p->d3; ++i3)
                    eq_fill_mve(y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2 + i3 * p->y3),
                                p->value, p->run);
}
