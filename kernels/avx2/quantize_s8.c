/* quantize_s8 for AVX2: sixteen elements at once.
 *
 * Exact: see float_avx2.h.
 *
 * @requires count >= 16
 */
#include "edgeq/quantize_s8.h"
#include "edgeq/float_avx2.h"

eq_quantize_s8_fn eq_quantize_s8__avx2;

void eq_quantize_s8__avx2(const float *restrict x, const float *restrict scale,
                          int8_t *restrict y, const eq_quantize_s8_params *restrict p)
{
    const eq_float_avx2 n = eq_float_of_avx2(*scale, p->zy, INT8_MIN, INT8_MAX);
    eq_quantize_avx2(x, y, p->count, &n, 1);
}
