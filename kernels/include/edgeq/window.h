/* Which taps of a sliding window fall inside the input, along one axis.
 *
 * Tap k of a window that starts at `at` (it may be negative) reads at + k * dilation.  The
 * taps inside [0, size) are [eq_taps_before(at), eq_taps_before(at - size)): those that are
 * not before 0 and are before `size`.
 */
#ifndef EDGEQ_WINDOW_H
#define EDGEQ_WINDOW_H

#include <stdint.h>

/* How many of `taps` taps lie at at + k * dilation < 0.  A division is spent only where the
 * window crosses the border. */
static inline int32_t eq_taps_before(int32_t at, int32_t dilation, int32_t taps)
{
    if (at >= 0)
        return 0;
    if (at + (taps - 1) * dilation < 0)
        return taps;
    return dilation == 1 ? -at : (dilation - 1 - at) / dilation;
}

#endif
