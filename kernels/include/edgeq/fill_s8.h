/* fill_s8 -- fill a strided box of bytes with one value.
 *
 *   y[i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3 + b] = value
 *
 * for 0 <= ik < dk and 0 <= b < run.  Elements of more than one byte are filled with it
 * when all their bytes are the same, as those of 0 are.
 */
#ifndef EDGEQ_FILL_S8_H
#define EDGEQ_FILL_S8_H

#include <stdint.h>

typedef struct {
    int32_t run; /* contiguous bytes, >= 1 */
    int32_t d0;  /* extents, >= 1 */
    int32_t d1;
    int32_t d2;
    int32_t d3;
    int32_t y0; /* bytes from run to run, >= 0 */
    int32_t y1;
    int32_t y2;
    int32_t y3;
    int32_t value; /* in [-128, 127] */
} eq_fill_s8_params;

typedef void eq_fill_s8_fn(int8_t *y, /* (Y) bytes */
                           const eq_fill_s8_params *restrict p);

#endif
