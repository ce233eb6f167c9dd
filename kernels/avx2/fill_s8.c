/* fill_s8 for AVX2, runs of eight bytes and more, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8 and run <= 256
 */
#include "edgeq/fill_s8.h"
#include "edgeq/runs_avx2.h"

eq_fill_s8_fn eq_fill_s8__avx2;

void eq_fill_s8__avx2(int8_t *restrict y, const eq_fill_s8_params *restrict p)
{
    const __m256i v = _mm256_set1_epi8((int8_t)p->value);
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                int8_t *to = y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2);
                for (int32_t n = p->d3; n > 0; --n) {
                    eq_fill_run_avx2(to, v, p->run);
                    to += p->y3;
                }
            }
}
