/* quantize_s16 -- float to int16.
 *
 *   y[i] = clamp(round(x[i] / scale) + zy)
 *
 * Division and comparison in single precision, to nearest, ties away from zero; what is
 * too large saturates, and NaN gives the lower end.
 */
#ifndef EDGEQ_QUANTIZE_S16_H
#define EDGEQ_QUANTIZE_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t zy;    /* zero point of y, in [-32768, 32767] */
} eq_quantize_s16_params;

typedef void eq_quantize_s16_fn(const float *x,              /* (N) */
                                const float *restrict scale, /* (1) finite, > 0 */
                                int16_t *y,                  /* (N) */
                                const eq_quantize_s16_params *restrict p);

#endif
