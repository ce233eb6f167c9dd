/* Which taps of a transposed convolution reach one output, along one axis.
 *
 * Input i spreads to the outputs i * stride + k * dilation - pad, so tap k reaches output o
 * from the input (o + pad - k * dilation) / stride, when that is whole and inside.  These
 * taps are evenly spaced, and so are their inputs, which go down as k goes up.
 */
#ifndef EDGEQ_TRANSPOSE_WINDOW_H
#define EDGEQ_TRANSPOSE_WINDOW_H

#include <stdint.h>

/* Tap first + i * step reads the input at - i * back, for 0 <= i < count. */
typedef struct {
    int32_t count, first, step, at, back;
} eq_reaching;

/* The taps that reach `where` = o + pad >= 0 from inputs in [0, size). */
static inline eq_reaching eq_taps_reaching(int32_t where, int32_t stride, int32_t dilation,
                                           int32_t taps, int32_t size)
{
    eq_reaching t = {0, 0, 1, 0, 0};
    for (int32_t k = 0; k < taps && where >= 0; ++k) {
        if (where % stride == 0 && where / stride < size) {
            if (t.count == 0) {
                t.first = k;
                t.at = where / stride;
            } else if (t.count == 1) {
                t.step = k - t.first;
                t.back = t.at - where / stride;
            }
            ++t.count;
        }
        where -= dilation;
    }
    return t;
}

#endif
