/* dequantize_s8 for AVX2: sixteen elements at once.
 *
 * Exact: see float_avx2.h; the difference is exact, the product rounded once.
 *
 * @requires count >= 16
 */
#include "edgeq/dequantize_s8.h"
#include "edgeq/float_avx2.h"

eq_dequantize_s8_fn eq_dequantize_s8__avx2;

void eq_dequantize_s8__avx2(const int8_t *restrict x, const float *restrict scale,
                            float *restrict y, const eq_dequantize_s8_params *restrict p)
{
    const eq_float_avx2 n = eq_float_of_avx2(*scale, p->zx, 0, 0);
    eq_dequantize_avx2(x, y, p->count, &n, 1);
}
