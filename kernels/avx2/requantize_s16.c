/* requantize_s16 for AVX2: sixteen elements at once.
 *
 * Exact: see requantize_avx2.h.
 *
 * @requires count >= 16
 * @inplace x
 */
#include "edgeq/requantize_s16.h"
#include "edgeq/requantize_avx2.h"

eq_requantize_s16_fn EQ_SYM(eq_requantize_s16__avx2);

void EQ_SYM(eq_requantize_s16__avx2)(const int16_t *x, int16_t *y,
                                     const eq_requantize_s16_params *restrict p)
{
    const eq_requantize_avx2 n = EQ_REQUANTIZE_AVX2(p, eq_is_single());
    eq_requantize_all_avx2(x, y, p->count, &n, EQ_HALVES, EQ_HALVES, eq_is_single());
}
