/* requantize_s8s16 -- int8 to int16 on another scale, with a clamp.
 *
 *   y[i] = clamp(requantize(x[i] - zx, mult, shift) + zy)
 *
 * |x - zx| <= 255 has room for the left shift of the largest factor, 2^22.
 *
 * @forms double single
 */
#ifndef EDGEQ_REQUANTIZE_S8S16_H
#define EDGEQ_REQUANTIZE_S8S16_H

#include <stdint.h>

typedef struct {
    int32_t count;   /* N >= 1 */
    int32_t zx;      /* zero point of x, in [-128, 127] */
    int32_t mult;    /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift;   /* in [9, 62] */
    int32_t zy;      /* zero point of y, in [-32768, 32767] */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_requantize_s8s16_params;

typedef void eq_requantize_s8s16_fn(const int8_t *x, /* (N) */
                                    int16_t *y,      /* (N) */
                                    const eq_requantize_s8s16_params *restrict p);

#endif
