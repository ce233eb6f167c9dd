/* softmax_s16 -- softmax over rows of int16, output scale 2^-15, by two interpolated tables.
 *
 *   at(table, v) = table[k] + (((table[k + 1] - table[k]) * (v mod 2^7) + 64) >> 7)
 *                  with k = 256 + (v >> 7)
 *
 *   d    = requantize(x[i] - max_j x[j], mult, shift)   [-65535, 0] stands for [-10, 0]
 *   e[i] = at(powers, clamp(d + 32767, -32768, 32767))
 *   sum  = sum_i e[i],  z = leading zeros of sum
 *   r    = at(inverse, clamp(((sum * 2^(z - 1) + 2^13) >> 14) - 98304, -32768, 32767))
 *   y[i] = clamp((e[i] * r + 2^(30 - z)) >> (31 - z), 0, 32767)
 *
 * powers holds exp on [-10, 0] and inverse 1 / (1 + v) on [0, 1], in Q15.
 *
 * @forms double single
 */
#ifndef EDGEQ_SOFTMAX_S16_H
#define EDGEQ_SOFTMAX_S16_H

#include <stdint.h>

typedef struct {
    int32_t rows;  /* N >= 1 */
    int32_t depth; /* C in [1, 65535] */
    int32_t mult;  /* in [2^30, 2^31 - 1] or 0 */
    int32_t shift; /* in [17, 62] */
} eq_softmax_s16_params;

typedef void
eq_softmax_s16_fn(const int16_t *x,                /* (N, C) */
                  const int16_t *restrict powers,  /* (513) rising, the last >= 2^14 */
                  const int16_t *restrict inverse, /* (513) in [2^14, 2^15 - 1] */
                  int16_t *y,                      /* (N, C) */
                  const eq_softmax_s16_params *restrict p);

#endif
