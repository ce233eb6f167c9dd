/* dequantize_s16 -- int16 to float.
 *
 *   y[i] = scale * (x[i] - zx)
 *
 * One multiplication in single precision: the difference is exact.
 */
#ifndef EDGEQ_DEQUANTIZE_S16_H
#define EDGEQ_DEQUANTIZE_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t zx;    /* zero point of x, in [-32768, 32767] */
} eq_dequantize_s16_params;

typedef void eq_dequantize_s16_fn(const int16_t *x,            /* (N) */
                                  const float *restrict scale, /* (1) finite, > 0 */
                                  float *y,                    /* (N) */
                                  const eq_dequantize_s16_params *restrict p);

#endif
