/* avgpool_s16 for AVX2: eight channels of a window at once.
 *
 * Exact: see avgpool_avx2.h.
 *
 * @requires in_c >= 4
 * @overlap rows
 */
#include "edgeq/avgpool_avx2.h"

eq_avgpool_s16_fn eq_avgpool_s16__avx2;

void eq_avgpool_s16__avx2(const int16_t *x, int16_t *y,
                          const eq_avgpool_s16_params *restrict p)
{
    eq_avgpool_s16_avx2(x, y, p);
}
