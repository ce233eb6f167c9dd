/* dequantize_s8, portable: one multiplication per element.
 *
 * Exact: |x - zx| < 2^17 is a float, and the product is rounded once.
 */
#include "edgeq/dequantize_s8.h"

eq_dequantize_s8_fn eq_dequantize_s8__ref;

void eq_dequantize_s8__ref(const int8_t *restrict x, const float *restrict scale,
                           float *restrict y, const eq_dequantize_s8_params *restrict p)
{
    const int32_t zx = p->zx;
    const float factor = *scale;
    for (int32_t i = 0; i < p->count; ++i)
        y[i] = factor * (float)(x[i] - zx);
}
