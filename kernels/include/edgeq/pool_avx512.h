/* Pooling for AVX-512: how a mean rounds. */
#ifndef EDGEQ_POOL_AVX512_H
#define EDGEQ_POOL_AVX512_H

#include "edgeq/pool_walk.h"
#include "edgeq/rescale_avx512.h"

#define eq_pool_is_x512 EQ_SYM(eq_pool_is_x512)

/* Whether a form rounds ties away from zero. */
static inline int eq_pool_is_x512_away(void)
{
    return 1;
}

static inline int eq_pool_is_x512_up(void)
{
    return 0;
}

#endif
