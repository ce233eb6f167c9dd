/* int4 weights as bytes. */
#ifndef EDGEQ_DSP_NIBBLES_H
#define EDGEQ_DSP_NIBBLES_H

#include <stdint.h>

#include "edgeq/nibbles.h"

/* The 2 * count weights of `count` bytes, in order. */
static inline void eq_dw_widen(int8_t *restrict to, const int8_t *restrict from,
                               int32_t count)
{
    for (const int8_t *end = from + count; from != end; ++from) {
        to[0] = (int8_t)eq_nibble_low(*from);
        to[1] = (int8_t)eq_nibble_high(*from);
        to += 2;
    }
}

#endif
