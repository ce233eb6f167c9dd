/* mean_s8 for AVX2: sixteen outputs at once where they lie side by side in x.
 *
 * Exact: see mean_avx2.h.
 *
 * @requires x1 == 1 and d1 >= 8
 */
#include "edgeq/mean_avx2.h"

eq_mean_s8_fn EQ_SYM(eq_mean_s8__avx2);

void EQ_SYM(eq_mean_s8__avx2)(const int8_t *restrict x, int8_t *restrict y,
                              const eq_mean_s8_params *restrict p)
{
    const eq_mean_avx2 m = EQ_MEAN_AVX2(p, 1);
    eq_mean_all_avx2(x, y, &m, 1, eq_is_single());
}
