/* copy_table_s8 -- copy rows of int8 through a table.
 *
 *   y[r * y_row + i] = table[x[r * x_row + i] + 128]
 *
 * for 0 <= r < rows and 0 <= i < columns.  The table holds what every value of one scale is
 * on another one; it was made when the model was compiled.
 */
#ifndef EDGEQ_COPY_TABLE_S8_H
#define EDGEQ_COPY_TABLE_S8_H

#include <stdint.h>

typedef struct {
    int32_t rows;    /* >= 1 */
    int32_t columns; /* >= 1 */
    int32_t x_row;   /* elements from row to row of x, >= columns */
    int32_t y_row;   /* elements from row to row of y, >= columns */
} eq_copy_table_s8_params;

typedef void eq_copy_table_s8_fn(const int8_t *x,              /* (R, N) strided */
                                 const int8_t *restrict table, /* (256) */
                                 int8_t *y,                    /* (R, N) strided */
                                 const eq_copy_table_s8_params *restrict p);

#endif
