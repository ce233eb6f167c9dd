/* add_s8 for MVE: four elements at once along the innermost dimension.
 *
 * Exact: see add_mve.h; as |t| <= 510 * 2^19 and |2^20 * b + cb| <= 255 * 2^20 stay within
 * int32, so do their rescales.
 *
 * @inplace a b
 */
#include "edgeq/add_mve.h"
#include "edgeq/add_s8.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__mve_rescale);

void EQ_SYM(eq_add_s8__mve_rescale)(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *restrict p)
{
    const eq_add_mve k = EQ_ADD_MVE(p, 1 << 20, p->ca, p->cb);
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                eq_add_mve_row(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                               b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, p->d3, p->a3,
                               p->b3, &k, eq_mve_form, 1);
                y += p->d3;
            }
}
