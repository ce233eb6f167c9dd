/* flip_s8 -- flips the sign bit: uint8 to int8 with a zero point 128 lower, and back.
 *
 *   y[i] = x[i] ^ 0x80
 *
 * The pointers are typed int8_t; the bits of uint8_t serve as well.
 */
#ifndef EDGEQ_FLIP_S8_H
#define EDGEQ_FLIP_S8_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_flip_s8_params;

typedef void eq_flip_s8_fn(const int8_t *x, /* (N) */
                           int8_t *y,       /* (N) */
                           const eq_flip_s8_params *restrict p);

#endif
