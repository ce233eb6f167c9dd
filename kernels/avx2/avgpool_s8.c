/* avgpool_s8 for AVX2: sixteen channels of a window at once, in int16 for two by two.
 *
 * Exact: see avgpool_avx2.h.
 *
 * @requires in_c >= 8 and kh * kw <= 65535
 * @overlap rows
 */
#include "edgeq/avgpool_avx2.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__avx2);

void EQ_SYM(eq_avgpool_s8__avx2)(const int8_t *x, int8_t *y,
                                 const eq_avgpool_s8_params *restrict p)
{
    eq_avgpool_s8_avx2(x, y, p, eq_is_away());
}
