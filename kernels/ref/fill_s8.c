/* fill_s8, portable: one memset for each run.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/fill_s8.h"

#include <string.h>

eq_fill_s8_fn eq_fill_s8__ref;

void eq_fill_s8__ref(int8_t *restrict y, const eq_fill_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2)
                for (int32_t i3 = 0; i3 < p->d3; ++i3)
                    memset(y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2 + i3 * p->y3),
                           p->value, (size_t)p->run);
}
