/* maxpool_s8 for AVX2: 32 channels of a window at once.
 *
 * Exact: see maxpool_avx2.h.
 *
 * @requires in_c >= 8
 * @overlap rows
 */
#include "edgeq/maxpool_avx2.h"

eq_maxpool_s8_fn eq_maxpool_s8__avx2;

void eq_maxpool_s8__avx2(const int8_t *x, int8_t *y, const eq_maxpool_s8_params *restrict p)
{
    eq_maxpool_s8_avx2(x, y, p);
}
