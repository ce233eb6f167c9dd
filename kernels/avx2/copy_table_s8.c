/* copy_table_s8 for AVX2: the table in sixteen rows of shuffles, 32 elements at once.
 *
 * Exact: it is the contract's formula; see table_avx2.h.
 *
 * @requires columns >= 32 and rows * columns >= 64
 */
#include "edgeq/copy_table_s8.h"
#include "edgeq/table_avx2.h"

eq_copy_table_s8_fn eq_copy_table_s8__avx2;

void eq_copy_table_s8__avx2(const int8_t *restrict x, const int8_t *restrict table,
                            int8_t *restrict y, const eq_copy_table_s8_params *restrict p)
{
    eq_table_avx2 t;
    eq_table_of_avx2(&t, table);
    for (int32_t r = 0; r < p->rows; ++r)
        eq_look_up_row_avx2(&t, x + r * p->x_row, y + r * p->y_row, p->columns);
}
