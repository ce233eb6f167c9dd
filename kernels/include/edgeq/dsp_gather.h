/* Windows of two pixels, widened or copied to int16 once for all channels of a convolution.
 *
 * Scratch holds the windows interleaved by words: taps 2 * j and 2 * j + 1 of the first pixel,
 * the same of the second.  Padding is filled in there, so no later loop tests a coordinate.
 */
#ifndef EDGEQ_DSP_GATHER_H
#define EDGEQ_DSP_GATHER_H

#include "edgeq/conv2d_s8.h"
#include "edgeq/dsp_dot.h"
#include "edgeq/window.h"

/* Where windows take their taps: those of [kh0, kh1) x [kw0, kw1) are inside x. */
typedef struct {
    int32_t kh0, kh1;
    int32_t row; /* of tap kh0, in the ring */
} eq_dsp_rows;

/* n taps from x to halfwords of the window at s, which starts with tap k. */
static inline void eq_dsp_widen_any(int8_t *s, int32_t k, const int8_t *x, int32_t n)
{
    s += (k >> 1) * 8;
    if ((k & 1) != 0) {
        eq_dsp_store_half(s + 2, *x++);
        s += 8;
        --n;
    }
    for (n -= 4; n >= 0; n -= 4) {
        const int32_t bytes = eq_dsp_load(x);
        const int32_t even = eq_dsp_even(bytes);
        const int32_t odd = eq_dsp_odd(bytes);
        eq_dsp_store(s, eq_dsp_low(even, odd));
        eq_dsp_store(s + 8, eq_dsp_high_halves(even, odd));
        x += 4;
        s += 16;
        /* Else the compiler computes n anew from the count of rounds. */
        __asm__("" : "+r"(n));
    }
    if ((n & 2) != 0) {
        eq_dsp_store_half(s, x[0]);
        eq_dsp_store_half(s + 2, x[1]);
        x += 2;
        s += 8;
    }
    if ((n & 1) != 0)
        eq_dsp_store_half(s, *x);
}

/* Four taps in the order 0, 2, 1, 3. */
static inline void eq_dsp_widen_four(int8_t *s, const int8_t *x)
{
    const int32_t bytes = eq_dsp_load(x);
    eq_dsp_store(s, eq_dsp_even(bytes));
    eq_dsp_store(s + 8, eq_dsp_odd(bytes));
}

/* The same as eq_dsp_widen_any for k and n that are multiples of four, in fours. */
static inline void eq_dsp_widen_fours(int8_t *s, int32_t k, const int8_t *x, int32_t n)
{
    s += k * 4;
    for (const int8_t *const end = x + n; x != end; x += 4) {
        eq_dsp_widen_four(s, x);
        s += 16;
    }
}

/* How a window is written: int8 widened in order, int8 widened in fours, int16 copied. */
enum { eq_dsp_in_order, eq_dsp_in_fours, eq_dsp_int16 };

/* n int16 taps from x to the window at s, which starts with tap k. */
static inline void eq_dsp_copy_halves(int8_t *s, int32_t k, const int8_t *x, int32_t n)
{
    const int32_t end = k + n;
    for (; k < end; x += 2) {
        if ((k & 1) == 0 && k + 1 < end) {
            eq_dsp_store(s + 4 * k, eq_dsp_load(x));
            k += 2;
            x += 2;
        } else {
            memcpy(s + (k >> 1) * 8 + (k & 1) * 2, x, 2);
            ++k;
        }
    }
}

/* The window of column c, widened to every other word from s on.  Strides of int16 count
 * elements, too. */
static inline void eq_dsp_gather(int8_t *s, const int8_t *x, eq_dsp_rows t, int32_t c,
                                 const eq_conv2d_s8_params *p, int32_t kind)
{
    const int32_t size = kind == eq_dsp_int16 ? 2 : 1;
    const int32_t at = c * p->stride_w - p->pad_left;
    const int32_t kw0 = eq_taps_before(at, p->dil_w, p->kw);
    const int32_t taps = eq_taps_before(at - p->in_w, p->dil_w, p->kw) - kw0;
    const int32_t w_row = p->kw * p->in_c;
    if (taps < p->kw || t.kh1 - t.kh0 < p->kh) {
        const int32_t pair = (int32_t)((uint32_t)p->zx << 16 | ((uint32_t)p->zx & 0xffff));
        for (int32_t i = 0; i < p->kh * w_row * 4; i += 8)
            eq_dsp_store(s + i, pair);
        if (taps == 0)
            return;
    }
    const int dense = p->dil_w == 1 && p->x_pixel == p->in_c;
    const int32_t run = dense ? taps * p->in_c : p->in_c;
    const int32_t step = p->dil_w * p->x_pixel * size;
    x += (at + kw0 * p->dil_w) * p->x_pixel * size;
    int32_t k = t.kh0 * w_row + kw0 * p->in_c;
    for (int32_t kh = t.kh0; kh < t.kh1; ++kh) {
        const int8_t *from = x + t.row * p->x_row * size;
        const int32_t end = k + taps * p->in_c;
        for (int32_t i = k; i < end; i += run) {
            if (kind == eq_dsp_in_fours)
                eq_dsp_widen_fours(s, i, from, run);
            else if (kind == eq_dsp_int16)
                eq_dsp_copy_halves(s, i, from, run);
            else
                eq_dsp_widen_any(s, i, from, run);
            from += step;
        }
        k += w_row;
        t.row += p->dil_h;
        if (t.row >= p->x_ring)
            t.row -= p->x_ring;
    }
}

/* A window that lies inside x, its rows in one piece each; in fours `run` is a multiple of 16. */
static inline void eq_dsp_gather_inside(int8_t *s, const int8_t *x, int32_t step,
                                        int32_t run, int32_t taps)
{
    int32_t k = 0;
    do {
        eq_dsp_widen_any(s, k, x, run);
        x += step;
        k += run;
    } while (k != taps);
}

static inline void eq_dsp_gather_inside_fours(int8_t *s, const int8_t *x, int32_t step,
                                              int32_t run, const int8_t *s_end)
{
    do {
        const int8_t *const end = x + run;
        do {
            eq_dsp_widen_four(s, x);
            eq_dsp_widen_four(s + 16, x + 4);
            eq_dsp_widen_four(s + 32, x + 8);
            eq_dsp_widen_four(s + 48, x + 12);
            x += 16;
            s += 64;
        } while (x != end);
        x += step - run;
    } while (s != s_end);
}

/* The columns whose windows lie inside x: [first, first + count). */
typedef struct {
    int32_t first, count;
} eq_dsp_columns;

static inline eq_dsp_columns eq_dsp_columns_of(const eq_conv2d_s8_params *p)
{
    const int32_t room = p->in_w - 1 - (p->kw - 1) * p->dil_w + p->pad_left;
    const int32_t first = (p->pad_left + p->stride_w - 1) / p->stride_w;
    const int dense = p->dil_w == 1 && p->x_pixel == p->in_c;
    if (!dense || room < 0)
        return (eq_dsp_columns){0, 0};
    return (eq_dsp_columns){first, room / p->stride_w + 1 - first};
}

/* The rows of the windows of output row h. */
static inline eq_dsp_rows eq_dsp_rows_of(int32_t h, const eq_conv2d_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    eq_dsp_rows t = {0, 0, 0};
    t.kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t.kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    if (t.kh0 < t.kh1)
        t.row = (top + t.kh0 * p->dil_h) % p->x_ring;
    return t;
}

#endif
