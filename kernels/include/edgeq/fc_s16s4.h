/* fc_s16s4 -- fully connected layer, int16 activations of zero point 0, int4 weights per
 * output channel.
 *
 *   y[n][o] = clamp(requantize(bias[o] + sum_i x[n][i] * w[o][i], mult[o], shift[o]))
 *
 * The accumulator is int64 in the form wide, where it stays below 2^47, and within int32 in
 * the others; the compiler proved this for every partial sum, in any order, and that the
 * rescale fits int32.  In the form fine the low 6 bits of shift are the shift, and the 25
 * bits above continue the mantissa below mult.
 *
 * Weights lie in [-8, 7], two in a byte, the first in the low nibble (edgeq/nibbles.h), in
 * the order that the kernel packs, by default that of the shape.
 *
 * @forms double single wide fine
 * @nibbles w
 * @work batch
 * @work batch * in_dim
 * @work batch * out_dim
 * @work batch * in_dim * out_dim
 * @work batch * in_dim * ((out_dim + 15) / 16)
 * @work batch * ((in_dim + 15) / 16) * out_dim
 * @work in_dim * out_dim
 */
#ifndef EDGEQ_FC_S16S4_H
#define EDGEQ_FC_S16S4_H

#include <stdint.h>

typedef struct {
    int32_t batch;   /* N >= 1 */
    int32_t in_dim;  /* I >= 1 */
    int32_t out_dim; /* O >= 1 */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_fc_s16s4_params;

typedef void eq_fc_s16s4_fn(
    const int16_t *x,             /* (N, I) */
    const int8_t *restrict w,     /* (O, I) in [-8, 7] */
    const int64_t *restrict bias, /* (O) */
    const int32_t *restrict mult, /* (O) 0 or in [2^30, 2^31 - 1]; wide: in [0, 2^15 - 1] */
    const int32_t *restrict shift, /* (O) in [1, 62]; wide: in [8, 46] */
    int16_t *y,                    /* (N, O) */
    const eq_fc_s16s4_params *restrict p);

#endif
