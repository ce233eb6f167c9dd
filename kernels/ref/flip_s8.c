/* flip_s8, portable: one addition per element.
 *
 * Exact: adding 128 to a negative value, or subtracting it from another, flips bit 7.
 *
 * @inplace x
 */
#include "edgeq/flip_s8.h"

eq_flip_s8_fn eq_flip_s8__ref;

void eq_flip_s8__ref(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    for (int32_t i = 0; i < p->count; ++i)
        y[i] = (int8_t)(x[i] ^ -128);
}
