/* copy_s8 -- copy a strided box of bytes.
 *
 *   y[i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3 + b]
 *     = x[x_base + i0 * x0 + i1 * x1 + i2 * x2 + i3 * x3 + b]
 *
 * for 0 <= ik < dk and 0 <= b < run.  Elements of every size are copied as bytes.  Strides
 * of x may be zero (repeat) or negative (reverse; x_base then keeps the reads at or behind
 * x).  No byte of y is written twice, and x and y do not overlap.
 */
#ifndef EDGEQ_COPY_S8_H
#define EDGEQ_COPY_S8_H

#include <stdint.h>

typedef struct {
    int32_t run;    /* contiguous bytes, >= 1 */
    int32_t x_base; /* bytes from x to the first run, >= 0 */
    int32_t d0;     /* extents, >= 1 */
    int32_t d1;
    int32_t d2;
    int32_t d3;
    int32_t x0; /* bytes from run to run of x */
    int32_t x1;
    int32_t x2;
    int32_t x3;
    int32_t y0; /* bytes from run to run of y, >= 0 */
    int32_t y1;
    int32_t y2;
    int32_t y3;
} eq_copy_s8_params;

typedef void eq_copy_s8_fn(const int8_t *x, /* (X) bytes */
                           int8_t *y,       /* (Y) bytes */
                           const eq_copy_s8_params *restrict p);

#endif
