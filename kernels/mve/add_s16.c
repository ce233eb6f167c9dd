/* add_s16 for MVE: four elements at once along the innermost dimension.
 *
 * Exact: see add_mve.h; intermediate values stay within int32, 2^16 * b being at least -2^31.
 *
 * @inplace a b
 */
#include "edgeq/add_s16.h"
#include "edgeq/add_mve.h"

eq_add_s16_fn EQ_SYM(eq_add_s16__mve);

void EQ_SYM(eq_add_s16__mve)(const int16_t *a, const int16_t *b, int16_t *y,
                             const eq_add_s16_params *restrict p)
{
    const eq_add_mve k = EQ_ADD_MVE(p, 1 << 15, 0, 0);
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                eq_add_mve_row((const int8_t *)(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2),
                               (const int8_t *)(b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2),
                               (int8_t *)y, p->d3, p->a3, p->b3, &k, eq_mve_form, 2);
                y += p->d3;
            }
}
