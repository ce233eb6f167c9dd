/* lookup_s8 for AVX2: the table in sixteen rows of shuffles, 32 elements at once.
 *
 * Exact: it is the contract's formula; see table_avx2.h.
 *
 * @requires count >= 64
 * @inplace x
 */
#include "edgeq/lookup_s8.h"
#include "edgeq/table_avx2.h"

eq_lookup_s8_fn eq_lookup_s8__avx2;

void eq_lookup_s8__avx2(const int8_t *x, const int8_t *restrict table, int8_t *y,
                        const eq_lookup_s8_params *restrict p)
{
    eq_table_avx2 t;
    eq_table_of_avx2(&t, table);
    eq_look_up_row_avx2(&t, x, y, p->count);
}
