/* Loads in order for NEON of 32-bit Arm. */
#ifndef EDGEQ_NEXT_ARMV7_H
#define EDGEQ_NEXT_ARMV7_H

#include "edgeq/neon_armv7.h"

#include "edgeq/conv2d_tile_neon.h"

/* No instruction: keeps the compiler from loading what lies at *p and behind before there are
 * registers for it, and from counting addresses from one base, which VLD1 cannot. */
static inline void eq_hold_armv7(const int8_t **p)
{
    __asm__ volatile("" : "+r"(*p) : : "memory");
}

/* The next 16 bytes. */
static inline int8x16_t eq_next16_armv7(const int8_t **p)
{
    const int8x16_t v = vld1q_s8(*p);
    *p += 16;
    eq_hold_armv7(p);
    return v;
}

/* The next 32 bytes. */
static inline eq_pair_neon eq_next32_armv7(const int8_t **x)
{
    const int8x16_t low = eq_next16_armv7(x);
    const eq_pair_neon v = {low, eq_next16_armv7(x)};
    return v;
}

#endif
