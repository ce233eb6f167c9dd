/* leaky_relu_s16 -- int16 with one factor from zero up and another below, zero points 0.
 *
 *   y[i] = clamp(requantize(x[i], mult, shift))                     where x[i] >= 0
 *   y[i] = clamp(sign_neg * requantize(x[i], mult_neg, shift_neg))  where x[i] < 0
 *
 * clamp is to int16.  x has room for the left shift of a factor below 2^15.
 *
 * @forms double single
 */
#ifndef EDGEQ_LEAKY_RELU_S16_H
#define EDGEQ_LEAKY_RELU_S16_H

#include <stdint.h>

typedef struct {
    int32_t count;     /* N >= 1 */
    int32_t mult;      /* 0 or of magnitude in [2^30, 2^31 - 1] */
    int32_t shift;     /* in [16, 62] */
    int32_t mult_neg;  /* 0 or of magnitude in [2^30, 2^31 - 1] */
    int32_t shift_neg; /* in [16, 62] */
    int32_t sign_neg;  /* 1 or -1, applied once that is rounded */
} eq_leaky_relu_s16_params;

typedef void eq_leaky_relu_s16_fn(const int16_t *x, /* (N) */
                                  int16_t *y,       /* (N) */
                                  const eq_leaky_relu_s16_params *restrict p);

#endif
