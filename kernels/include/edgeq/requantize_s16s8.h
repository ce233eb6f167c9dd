/* requantize_s16s8 -- int16 to int8 on another scale, with a clamp.
 *
 *   y[i] = clamp(requantize(x[i] - zx, mult, shift) + zy)
 *
 * |x - zx| <= 65535 has room for the left shift of the largest factor, 2^14.
 *
 * @forms double single
 */
#ifndef EDGEQ_REQUANTIZE_S16S8_H
#define EDGEQ_REQUANTIZE_S16S8_H

#include <stdint.h>

typedef struct {
    int32_t count;   /* N >= 1 */
    int32_t zx;      /* zero point of x, in [-32768, 32767] */
    int32_t mult;    /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift;   /* in [17, 62] */
    int32_t zy;      /* zero point of y, in [-128, 127] */
    int32_t act_min; /* clamp, in [-128, act_max] */
    int32_t act_max; /* clamp, in [act_min, 127] */
} eq_requantize_s16s8_params;

typedef void eq_requantize_s16s8_fn(const int16_t *x, /* (N) */
                                    int8_t *y,        /* (N) */
                                    const eq_requantize_s16s8_params *restrict p);

#endif
