/* fc_s8 -- fully connected layer, int8 activations, int8 weights per output channel.
 *
 *   y[n][o] = clamp(requantize(bias[o] + sum_i x[n][i] * w[o][i], mult[o], shift[o]) + zy)
 *
 * The bias already holds b[o] - zx * sum_i w[o][i]: input zero points are folded when the
 * model is compiled, so no kernel ever sees zx.  The compiler proved that every partial
 * sum, in any order, stays within int32, and that the rescale is in range.
 *
 * @forms double single
 * @work batch
 * @work batch * in_dim
 * @work batch * out_dim
 * @work batch * in_dim * out_dim
 * @work batch * in_dim * ((out_dim + 15) / 16)
 * @work batch * ((in_dim + 15) / 16) * out_dim
 * @work in_dim * out_dim
 */
#ifndef EDGEQ_FC_S8_H
#define EDGEQ_FC_S8_H

#include <stdint.h>

typedef struct {
    int32_t batch;   /* N >= 1 */
    int32_t in_dim;  /* I >= 1 */
    int32_t out_dim; /* O >= 1 */
    int32_t zy;      /* zero point of y, in [-128, 127] */
    int32_t act_min; /* clamp, in [-128, act_max] */
    int32_t act_max; /* clamp, in [act_min, 127] */
} eq_fc_s8_params;

typedef void eq_fc_s8_fn(const int8_t *x,               /* (N, I) */
                         const int8_t *restrict w,      /* (O, I) */
                         const int32_t *restrict bias,  /* (O) */
                         const int32_t *restrict mult,  /* (O) 0 or in [2^30, 2^31 - 1] */
                         const int32_t *restrict shift, /* (O) in [1, 62] */
                         int8_t *y,                     /* (N, O) */
                         const eq_fc_s8_params *restrict p);

#endif
