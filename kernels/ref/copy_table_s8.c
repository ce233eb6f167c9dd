/* copy_table_s8, portable: one look-up for each element.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/copy_table_s8.h"

eq_copy_table_s8_fn eq_copy_table_s8__ref;

void eq_copy_table_s8__ref(const int8_t *restrict x, const int8_t *restrict table,
                           int8_t *restrict y, const eq_copy_table_s8_params *restrict p)
{
    const int8_t *middle = table + 128;
    for (int32_t r = 0; r < p->rows; ++r) {
        const int8_t *from = x + r * p->x_row;
        int8_t *to = y + r * p->y_row;
        for (int32_t i = 0; i < p->columns; ++i)
            to[i] = middle[from[i]];
    }
}
