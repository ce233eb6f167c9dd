/* Depthwise convolution with the DSP extension: any taps, strides, dilations and rings.
 *
 * The taps of two output pixels are found once, as addresses; those beyond the border point to
 * a row of zero points.  Then four channels at a time share each word of weights.  Of channels
 * that are no multiple of four the last ones are computed twice.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_ANY_H
#define EDGEQ_DSP_DEPTHWISE_ANY_H

#include <arm_acle.h>
#include <stdint.h>

#include "edgeq/depthwise_s8.h"
#include "edgeq/dsp_depthwise.h"

/* The addresses of the taps of output pixel (h, c) into every other element of `taps`. */
static inline void eq_dw_any_taps(int8_t *restrict taps, const int8_t *x, const int8_t *zx,
                                  int32_t h, int32_t c,
                                  const eq_depthwise_s8_params *restrict p)
{
    int32_t r = h * p->stride_h - p->pad_top;
    const int32_t left = c * p->stride_w - p->pad_left;
    for (int32_t i = 0; i < p->kh; ++i) {
        const int32_t inside = r >= 0 && r < p->in_h;
        const int8_t *row = inside ? x + r % p->x_ring * p->x_row : zx;
        int32_t at = left;
        for (int32_t j = 0; j < p->kw; ++j) {
            const int8_t *tap =
                inside && at >= 0 && at < p->in_w ? row + at * p->x_pixel : zx;
            memcpy(taps, &tap, sizeof tap);
            taps += 2 * sizeof tap;
            at += p->dil_w;
        }
        r += p->dil_h;
    }
}

/* A channel of both pixels, summed. */
static inline void eq_dw_any_store(int32_t a, int32_t b, int32_t mult, int32_t shift,
                                   int8_t *ya, int8_t *yb, int32_t zy, int32_t form)
{
    const eq_dw_factor f = eq_dw_factor_of(0, mult, shift, zy);
    *ya = eq_dsp_int8(eq_dsp_scaled(a * 2, mult, f.round, form) >> f.right);
    *yb = eq_dsp_int8(eq_dsp_scaled(b * 2, mult, f.round, form) >> f.right);
}

/* Two weights less their zero point zw. */
static inline int32_t eq_dw_any_less(int32_t pair, int32_t zw, int32_t points)
{
    return zw == 0 ? pair : (int32_t)__ssub16(pair, points);
}

/* All channels of two pixels, stored to ya and yb. */
static inline void eq_dw_any_two(const int8_t *taps, const int8_t *end,
                                 const int8_t *restrict w, const int32_t *restrict bias,
                                 const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *ya, int8_t *yb,
                                 int32_t channels, int32_t w_step, int32_t zw, int32_t zy,
                                 int32_t form)
{
    const int32_t points = eq_dw_low(zw, zw);
    for (int32_t next = 0; next < channels; next += 4) {
        const int32_t c = next < channels - 4 ? next : channels - 4;
        int32_t a0 = bias[c], a1 = bias[c + 1], a2 = bias[c + 2], a3 = bias[c + 3];
        int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        const int8_t *at = w + c;
        for (const int8_t *t = taps; t != end; t += 2 * sizeof t) {
            const int8_t *pa, *pb;
            memcpy(&pa, t, sizeof pa);
            memcpy(&pb, t + sizeof pa, sizeof pb);
            const int32_t ws = eq_dw_load(at);
            const int32_t even = eq_dw_any_less(eq_dw_even(ws), zw, points);
            const int32_t odd = eq_dw_any_less(eq_dw_odd(ws), zw, points);
            const int32_t xa = eq_dw_load(pa + c), xb = eq_dw_load(pb + c);
            a0 = __smlabb(eq_dw_even(xa), even, a0);
            a2 = __smlatt(eq_dw_even(xa), even, a2);
            a1 = __smlabb(eq_dw_odd(xa), odd, a1);
            a3 = __smlatt(eq_dw_odd(xa), odd, a3);
            b0 = __smlabb(eq_dw_even(xb), even, b0);
            b2 = __smlatt(eq_dw_even(xb), even, b2);
            b1 = __smlabb(eq_dw_odd(xb), odd, b1);
            b3 = __smlatt(eq_dw_odd(xb), odd, b3);
            at += w_step;
        }
        const int32_t *m = mult + c, *s = shift + c;
        eq_dw_any_store(a0, b0, m[0], s[0], ya + c, yb + c, zy, form);
        eq_dw_any_store(a1, b1, m[1], s[1], ya + c + 1, yb + c + 1, zy, form);
        eq_dw_any_store(a2, b2, m[2], s[2], ya + c + 2, yb + c + 2, zy, form);
        eq_dw_any_store(a3, b3, m[3], s[3], ya + c + 3, yb + c + 3, zy, form);
    }
}

/* All channels of a single pixel. */
static inline void eq_dw_any_one(const int8_t *taps, const int8_t *end,
                                 const int8_t *restrict w, const int32_t *restrict bias,
                                 const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *y, int32_t channels,
                                 int32_t w_step, int32_t zw, int32_t zy, int32_t form)
{
    const int32_t points = eq_dw_low(zw, zw);
    for (int32_t next = 0; next < channels; next += 4) {
        const int32_t c = next < channels - 4 ? next : channels - 4;
        int32_t sums[4] = {bias[c], bias[c + 1], bias[c + 2], bias[c + 3]};
        const int8_t *at = w + c;
        for (const int8_t *t = taps; t != end; t += 2 * sizeof t) {
            const int8_t *from;
            memcpy(&from, t, sizeof from);
            const int32_t ws = eq_dw_load(at), x = eq_dw_load(from + c);
            const int32_t even = eq_dw_any_less(eq_dw_even(ws), zw, points);
            const int32_t odd = eq_dw_any_less(eq_dw_odd(ws), zw, points);
            sums[0] = __smlabb(eq_dw_even(x), even, sums[0]);
            sums[2] = __smlatt(eq_dw_even(x), even, sums[2]);
            sums[1] = __smlabb(eq_dw_odd(x), odd, sums[1]);
            sums[3] = __smlatt(eq_dw_odd(x), odd, sums[3]);
            at += w_step;
        }
        for (int32_t i = 0; i < 4; ++i) {
            const eq_dw_factor f = eq_dw_factor_of(0, mult[c + i], shift[c + i], zy);
            const int32_t v = eq_dsp_scaled(sums[i] * 2, f.mult, f.round, form);
            y[c + i] = eq_dsp_int8(v >> f.right);
        }
    }
}

/* Weights lie in rows of `w_step` for a tap; at least four channels. */
static inline void eq_dw_any(const int8_t *restrict x, const int8_t *restrict w,
                             int32_t w_step, const int32_t *restrict bias,
                             const int32_t *restrict mult, const int32_t *restrict shift,
                             int8_t *restrict y, int8_t *restrict scratch,
                             const eq_depthwise_s8_params *restrict p, int32_t zw,
                             int32_t form)
{
    int8_t *end = scratch + 2 * sizeof(const int8_t *) * (uint32_t)(p->kh * p->kw);
    memset(end, p->zx, (uint32_t)p->in_c);
    int8_t *before = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            int8_t *second = scratch + (before != 0) * (int32_t)sizeof(const int8_t *);
            eq_dw_any_taps(second, x, end, h, c, p);
            if (before == 0) {
                before = out;
                continue;
            }
            eq_dw_any_two(scratch, end, w, bias, mult, shift, before, out, p->in_c, w_step,
                          zw, p->zy, form);
            before = 0;
        }
    }
    if (before != 0)
        eq_dw_any_one(scratch, end, w, bias, mult, shift, before, p->in_c, w_step, zw,
                      p->zy, form);
    eq_dw_clamp(y + p->row0 * p->y_row, p->row1 - p->row0, p->y_row, p->out_w, p->y_pixel,
                p->in_c, p->act_min, p->act_max);
}

#endif
