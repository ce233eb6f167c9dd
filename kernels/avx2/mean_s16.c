/* mean_s16 for AVX2: eight outputs at once where they lie side by side in x.
 *
 * Exact: see mean_avx2.h.
 *
 * @requires x1 == 1 and d1 >= 4
 */
#include "edgeq/mean_avx2.h"

eq_mean_s16_fn EQ_SYM(eq_mean_s16__avx2);

void EQ_SYM(eq_mean_s16__avx2)(const int16_t *restrict x, int16_t *restrict y,
                               const eq_mean_s16_params *restrict p)
{
    const eq_mean_avx2 m = EQ_MEAN_AVX2(p, 2);
    eq_mean_all_avx2(x, y, &m, 0, eq_is_single());
}
