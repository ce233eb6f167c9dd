/* The part of a pooling window inside the image, and the ring that its rows are in. */
#ifndef EDGEQ_POOL_NEON_H
#define EDGEQ_POOL_NEON_H

#include <stdint.h>

/* Positions [first, end) of `taps` from `at` on that lie in [0, size). */
typedef struct {
    int32_t first, end;
} eq_span_neon;

static inline eq_span_neon eq_span_of_neon(int32_t at, int32_t taps, int32_t size)
{
    const eq_span_neon s = {at > 0 ? at : 0, at + taps < size ? at + taps : size};
    return s;
}

/* The place in a ring behind `place`. */
static inline int32_t eq_next_neon(int32_t place, int32_t ring)
{
    return place + 1 == ring ? 0 : place + 1;
}

#endif
