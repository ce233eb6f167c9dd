/* copy_s8 for AVX2, runs of eight to 64 bytes, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8 and run <= 64
 */
#include "edgeq/copy_s8.h"
#include "edgeq/runs_avx2.h"

eq_copy_s8_fn eq_copy_s8__avx2_runs;

static inline void copy_s8_avx2_runs_line(const int8_t *restrict x, int8_t *restrict y,
                                          const eq_copy_s8_params *p)
{
    const int32_t run = p->run, from = p->x3, to = p->y3;
    for (int32_t n = p->d3; n > 0; --n) {
        eq_copy_run_avx2(x, y, run);
        x += from;
        y += to;
    }
}

void eq_copy_s8__avx2_runs(const int8_t *restrict x, int8_t *restrict y,
                           const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2)
                copy_s8_avx2_runs_line(
                    x + (p->x_base + i0 * p->x0 + i1 * p->x1 + i2 * p->x2),
                    y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2), p);
}
