/* Splits bytes of two int4 for NEON. */
#ifndef EDGEQ_NIBBLES_NEON_H
#define EDGEQ_NIBBLES_NEON_H

#include <arm_neon.h>

static inline int8x16_t eq_low_nibbles_neon(int8x16_t w)
{
    return vshrq_n_s8(vshlq_n_s8(w, 4), 4);
}

static inline int8x16_t eq_high_nibbles_neon(int8x16_t w)
{
    return vshrq_n_s8(w, 4);
}

#endif
