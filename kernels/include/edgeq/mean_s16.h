/* mean_s16 -- mean over some dimensions, int16.
 *
 *   y[i0 * d1 + i1] = clamp(requantize(sum - zsum, mult, shift) + zy)
 *
 * where sum runs over x[i0 * x0 + i1 * x1 + j0 * s0 + j1 * s1 + j2 * s2] for 0 <= jk < rk,
 * and clamp is to [-32768, 32767].  The factor holds the division by n = r0 * r1 * r2, and
 * zsum is n * zx.  The compiler proved that sum - zsum stays within int32 and that the
 * rescale is in range.
 *
 * @forms double single
 */
#ifndef EDGEQ_MEAN_S16_H
#define EDGEQ_MEAN_S16_H

#include <stdint.h>

typedef struct {
    int32_t d0; /* kept dimensions, >= 1 */
    int32_t d1;
    int32_t x0; /* elements from index to index of x */
    int32_t x1;
    int32_t r0; /* reduced dimensions, >= 1 */
    int32_t r1;
    int32_t r2;
    int32_t s0; /* elements from index to index of x */
    int32_t s1;
    int32_t s2;
    int32_t zsum;  /* n * zx */
    int32_t mult;  /* in [0, 2^31 - 1] */
    int32_t shift; /* in [1, 62] */
    int32_t zy;    /* zero point of y, in [-32768, 32767] */
} eq_mean_s16_params;

typedef void eq_mean_s16_fn(const int16_t *x, /* (X) strided */
                            int16_t *y,       /* (D0, D1) */
                            const eq_mean_s16_params *restrict p);

#endif
