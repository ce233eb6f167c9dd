/* The part of a pooling window inside the image. */
#ifndef EDGEQ_DSP_POOL_H
#define EDGEQ_DSP_POOL_H

#include <stdint.h>
#include <string.h>

/* Positions [first, end) of `taps` from `at` on that lie in [0, size). */
typedef struct {
    int32_t first;
    int32_t end;
} eq_dsp_span;

static inline eq_dsp_span eq_dsp_span_of(int32_t at, int32_t taps, int32_t size)
{
    const eq_dsp_span s = {at > 0 ? at : 0, at + taps < size ? at + taps : size};
    return s;
}

static inline int32_t eq_dsp_pool_load(const int8_t *x)
{
    int32_t word;
    memcpy(&word, x, 4);
    return word;
}

#endif
