/* fc_s8s4g -- fully connected layer, int8 activations, int4 weights in groups.
 *
 *   acc[n][o] = bias[o] + sum_g r[o][g] * sum_{i in g} x[n][i] * w[o][i]
 *   y[n][o] = clamp(requantize(acc, mult[o], shift[o]) + zy)
 *
 * Group g is the inputs [g * group, (g + 1) * group), the last perhaps fewer: the scale of
 * its weights is the channel's times the integer r[o][g].  The bias already holds
 * b[o] - zx * sum_g r[o][g] * sum w[o]: input zero points are folded when the model is
 * compiled, so no kernel ever sees zx.  The compiler proved that every partial sum of
 * r * w * x, in any order, stays within int32 (so does that of w * x), and that the rescale
 * is in range.
 *
 * Row n of x starts at x + n * x_step, that of y at y + n * y_step: the pixels of an image
 * make this a convolution of 1x1.
 *
 * Weights lie in [-8, 7], two in a byte, the first in the low nibble (edgeq/nibbles.h), in
 * the order that the kernel packs, by default that of the shape.
 *
 * @forms double single
 * @nibbles w
 */
#ifndef EDGEQ_FC_S8S4G_H
#define EDGEQ_FC_S8S4G_H

#include <stdint.h>

typedef struct {
    int32_t batch;   /* N >= 1 */
    int32_t in_dim;  /* I >= 1 */
    int32_t out_dim; /* O >= 1 */
    int32_t group;   /* inputs in a group, in [1, in_dim] */
    int32_t x_step;  /* elements from row to row of x, >= 0 */
    int32_t y_step;  /* elements from row to row of y, >= out_dim */
    int32_t zy;      /* zero point of y, in [-128, 127] */
    int32_t act_min; /* clamp, in [-128, act_max] */
    int32_t act_max; /* clamp, in [act_min, 127] */
} eq_fc_s8s4g_params;

typedef void
eq_fc_s8s4g_fn(const int8_t *x,               /* (N, I) strided */
               const int8_t *restrict w,      /* (O, I) in [-8, 7] */
               const uint8_t *restrict r,     /* (O, G) in [1, 255], G = ceil(I / group) */
               const int32_t *restrict bias,  /* (O) */
               const int32_t *restrict mult,  /* (O) 0 or in [2^30, 2^31 - 1] */
               const int32_t *restrict shift, /* (O) in [1, 62] */
               int8_t *y,                     /* (N, O) strided */
               const eq_fc_s8s4g_params *restrict p);

#endif
