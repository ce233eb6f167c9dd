/* requantize_s8s16 for AVX2: sixteen elements at once.
 *
 * Exact: see requantize_avx2.h.
 *
 * @requires count >= 16
 */
#include "edgeq/requantize_s8s16.h"
#include "edgeq/requantize_avx2.h"

eq_requantize_s8s16_fn EQ_SYM(eq_requantize_s8s16__avx2);

void EQ_SYM(eq_requantize_s8s16__avx2)(const int8_t *restrict x, int16_t *restrict y,
                                       const eq_requantize_s8s16_params *restrict p)
{
    const eq_requantize_avx2 n = EQ_REQUANTIZE_AVX2(p, eq_is_single());
    eq_requantize_all_avx2(x, y, p->count, &n, EQ_BYTES, EQ_HALVES, eq_is_single());
}
