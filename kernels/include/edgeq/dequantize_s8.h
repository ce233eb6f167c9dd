/* dequantize_s8 -- int8 to float.
 *
 *   y[i] = scale * (x[i] - zx)
 *
 * One multiplication in single precision: the difference is exact.
 */
#ifndef EDGEQ_DEQUANTIZE_S8_H
#define EDGEQ_DEQUANTIZE_S8_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t zx;    /* zero point of x, in [-128, 127] */
} eq_dequantize_s8_params;

typedef void eq_dequantize_s8_fn(const int8_t *x,             /* (N) */
                                 const float *restrict scale, /* (1) finite, > 0 */
                                 float *y,                    /* (N) */
                                 const eq_dequantize_s8_params *restrict p);

#endif
