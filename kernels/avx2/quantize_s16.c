/* quantize_s16 for AVX2: sixteen elements at once.
 *
 * Exact: see float_avx2.h.
 *
 * @requires count >= 16
 */
#include "edgeq/quantize_s16.h"
#include "edgeq/float_avx2.h"

eq_quantize_s16_fn eq_quantize_s16__avx2;

void eq_quantize_s16__avx2(const float *restrict x, const float *restrict scale,
                           int16_t *restrict y, const eq_quantize_s16_params *restrict p)
{
    const eq_float_avx2 n = eq_float_of_avx2(*scale, p->zy, INT16_MIN, INT16_MAX);
    eq_quantize_avx2(x, y, p->count, &n, 2);
}
