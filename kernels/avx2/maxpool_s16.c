/* maxpool_s16 for AVX2: sixteen channels of a window at once.
 *
 * Exact: see maxpool_avx2.h.
 *
 * @requires in_c >= 4
 * @overlap rows
 */
#include "edgeq/maxpool_avx2.h"

eq_maxpool_s16_fn eq_maxpool_s16__avx2;

void eq_maxpool_s16__avx2(const int16_t *x, int16_t *y,
                          const eq_maxpool_s16_params *restrict p)
{
    eq_maxpool_s16_avx2(x, y, p);
}
