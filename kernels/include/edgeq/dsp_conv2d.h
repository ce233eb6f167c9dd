/* conv2d_s8 with the DSP extension: windows of two pixels, widened once for all channels.
 *
 * Scratch holds the windows interleaved by words: taps 2 * j and 2 * j + 1 of the first pixel,
 * the same of the second.  Padding is filled in there, so no later loop tests a coordinate.
 */
#ifndef EDGEQ_DSP_CONV2D_H
#define EDGEQ_DSP_CONV2D_H

#include "edgeq/conv2d_s8.h"
#include "edgeq/dsp_dot.h"
#include "edgeq/window.h"

/* Where the window of a pixel takes its taps: [kh0, kh1) x [kw0, kw1) are inside x. */
typedef struct {
    int32_t kh0, kh1, kw0, kw1;
    int32_t row; /* of tap kh0, in the ring */
} eq_dsp_window;

/* Taps k, ..., k + n - 1 of the window at s, from x. */
static inline void eq_dsp_widen(int8_t *s, int32_t k, const int8_t *x, int32_t n)
{
    s += (k >> 1) * 8;
    if ((k & 1) != 0 && n > 0) {
        eq_dsp_store_half(s + 2, *x++);
        s += 8;
        --n;
    }
    for (; n >= 4; n -= 4) {
        const int32_t bytes = eq_dsp_load(x);
        const int32_t even = eq_dsp_even(bytes);
        const int32_t odd = eq_dsp_odd(bytes);
        eq_dsp_store(s, eq_dsp_low(even, odd));
        eq_dsp_store(s + 8, eq_dsp_high_halves(even, odd));
        x += 4;
        s += 16;
    }
    if (n >= 2) {
        eq_dsp_store_half(s, x[0]);
        eq_dsp_store_half(s + 2, x[1]);
        x += 2;
        s += 8;
    }
    if ((n & 1) != 0)
        eq_dsp_store_half(s, *x);
}

/* The same taps, all of one value. */
static inline void eq_dsp_widen_fill(int8_t *s, int32_t k, int32_t value, int32_t n)
{
    for (; n > 0; --n) {
        eq_dsp_store_half(s + (k >> 1) * 8 + (k & 1) * 2, value);
        ++k;
    }
}

/* One row of a window, taps from k on; `x` is where its tap kw0 lies. */
static inline void eq_dsp_window_row(int8_t *s, int32_t k, const int8_t *x,
                                     const eq_dsp_window *t, const eq_conv2d_s8_params *p)
{
    const int32_t taps = t->kw1 - t->kw0;
    eq_dsp_widen_fill(s, k, p->zx, t->kw0 * p->in_c);
    k += t->kw0 * p->in_c;
    if (p->dil_w == 1 && p->x_pixel == p->in_c) {
        eq_dsp_widen(s, k, x, taps * p->in_c);
    } else {
        for (int32_t i = 0; i < taps; ++i)
            eq_dsp_widen(s, k + i * p->in_c, x + i * p->dil_w * p->x_pixel, p->in_c);
    }
    eq_dsp_widen_fill(s, k + taps * p->in_c, p->zx, (p->kw - t->kw1) * p->in_c);
}

/* The window of column c, widened to s. */
static inline void eq_dsp_gather(int8_t *s, const int8_t *x, eq_dsp_window *t, int32_t c,
                                 const eq_conv2d_s8_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    const int32_t w_row = p->kw * p->in_c;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    if (t->kw1 > t->kw0)
        x += (at + t->kw0 * p->dil_w) * p->x_pixel;
    eq_dsp_widen_fill(s, 0, p->zx, t->kh0 * w_row);
    int32_t row = t->row;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        eq_dsp_window_row(s, kh * w_row, x + row * p->x_row, t, p);
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    eq_dsp_widen_fill(s, t->kh1 * w_row, p->zx, (p->kh - t->kh1) * w_row);
}

/* The part of a window that its row decides. */
static inline eq_dsp_window eq_dsp_window_of(int32_t h, const eq_conv2d_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    eq_dsp_window t = {0, 0, 0, 0, 0};
    t.kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t.kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t.row = t.kh0 < t.kh1 ? (top + t.kh0 * p->dil_h) % p->x_ring : 0;
    return t;
}

#endif
