/* Pooling for AVX2: channels by vectors, the last of which go back to be whole. */
#ifndef EDGEQ_POOL_AVX2_H
#define EDGEQ_POOL_AVX2_H

#include "edgeq/pool_walk.h"
#include "edgeq/runs_avx2.h"

static inline int32_t eq_next_avx2(int32_t place, int32_t ring)
{
    return place + 1 == ring ? 0 : place + 1;
}

/* Sixteen of `n` bytes from x on; `few` when there are fewer, but eight at least: the first and
 * the last eight.  A constant, like every argument of that name. */
static inline __m128i eq_load_channels_avx2(const int8_t *x, int32_t n, int few)
{
    return few ? _mm_unpacklo_epi64(eq_load_low_x8(x), eq_load_low_x8(x + n - 8))
               : eq_load_x16(x);
}

static inline void eq_store_channels_avx2(int8_t *y, __m128i v, int32_t n, int few)
{
    if (few) {
        eq_store_low_x8(y, v);
        eq_store_low_x8(y + n - 8, _mm_unpackhi_epi64(v, v));
    } else {
        eq_store_x16(y, v);
    }
}

#endif
