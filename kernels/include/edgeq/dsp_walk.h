/* Output pixels two at a time, for convolutions of any type: windows are gathered by
 * dsp_gather.h, whose geometry is that of conv2d_s8.
 */
#ifndef EDGEQ_DSP_WALK_H
#define EDGEQ_DSP_WALK_H

#include "edgeq/dsp_gather.h"
#include "edgeq/dsp_plain.h"

#include <stddef.h>

enum { eq_dsp_geometry_bytes = offsetof(eq_conv2d_s8_params, zx) };

/* The next output pixel, and the geometry. */
typedef struct {
    eq_conv2d_s8_params g;
    int32_t h, c;
} eq_dsp_walk;

/* From a params struct that begins as that of conv2d_s8, up to y_pixel. */
static inline eq_dsp_walk eq_dsp_walk_of(const void *params, int32_t zx)
{
    eq_dsp_walk t = {{0}, 0, 0};
    memcpy(&t.g, params, eq_dsp_geometry_bytes);
    t.g.zx = zx;
    t.h = t.g.row0;
    return t;
}

/* Gathers up to two windows at s and says where their outputs are, in elements of y.  The
 * number of windows; if it is 1, both outputs are the same. */
static inline int32_t eq_dsp_walk_on(eq_dsp_walk *t, int8_t *s, const int8_t *x,
                                     int32_t kind, int32_t *at)
{
    int32_t count = 0;
    for (; count < 2 && t->h < t->g.row1; ++count) {
        eq_dsp_gather(s + 4 * count, x, eq_dsp_rows_of(t->h, &t->g), t->c, &t->g, kind);
        at[count] = t->h * t->g.y_row + t->c * t->g.y_pixel;
        if (++t->c == t->g.out_w) {
            t->c = 0;
            ++t->h;
        }
    }
    if (count == 1)
        at[1] = at[0];
    return count;
}

#endif
