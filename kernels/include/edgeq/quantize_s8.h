/* quantize_s8 -- float to int8.
 *
 *   y[i] = clamp(round(x[i] / scale) + zy)
 *
 * Division and comparison in single precision, to nearest, ties away from zero; what is
 * too large saturates, and NaN gives the lower end.
 */
#ifndef EDGEQ_QUANTIZE_S8_H
#define EDGEQ_QUANTIZE_S8_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t zy;    /* zero point of y, in [-128, 127] */
} eq_quantize_s8_params;

typedef void eq_quantize_s8_fn(const float *x,              /* (N) */
                               const float *restrict scale, /* (1) finite, > 0 */
                               int8_t *y,                   /* (N) */
                               const eq_quantize_s8_params *restrict p);

#endif
