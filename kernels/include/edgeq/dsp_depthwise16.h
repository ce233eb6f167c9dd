/* Depthwise convolution of int16 with the DSP extension: any taps, strides, dilations and rings.
 *
 * As in dsp_depthwise_any.h the taps of two output pixels are addresses.  Two channels lie in a
 * word of x as SMLAxy wants them.
 *
 * Accumulators have 32 bits, which holds for acc_bits <= 31 with one bit to spare.  The form
 * wide, (acc * mult + 2^(shift-1)) >> shift with mult < 2^15, takes the high word of
 * 2 * acc * (2^16 * mult) and shifts it by r = shift - 15 >= 1: floor((floor(P / 2^32) +
 * 2^(r-1)) / 2^r) with P = 2^17 * acc * mult is floor((acc * mult + 2^(shift-1)) / 2^shift).
 * The high word is below 2^30 and 2^(r-1) at most 2^30.
 */
#ifndef EDGEQ_DSP_DEPTHWISE16_H
#define EDGEQ_DSP_DEPTHWISE16_H

#include <stdint.h>
#include <string.h>

#include "edgeq/depthwise_s16s8.h"
#include "edgeq/dsp_depthwise.h"

/* The addresses of the taps of output pixel (h, c) into every other element of `taps`. */
static inline void eq_dw16_taps(int8_t *restrict taps, const int16_t *x,
                                const int16_t *zero, int32_t h, int32_t c,
                                const eq_depthwise_s16s8_params *restrict p)
{
    int32_t r = h * p->stride_h - p->pad_top;
    const int32_t left = c * p->stride_w - p->pad_left;
    for (int32_t i = 0; i < p->kh; ++i) {
        const int32_t inside = r >= 0 && r < p->in_h;
        const int16_t *row = inside ? x + r % p->x_ring * p->x_row : zero;
        int32_t at = left;
        for (int32_t j = 0; j < p->kw; ++j) {
            const int16_t *tap =
                inside && at >= 0 && at < p->in_w ? row + at * p->x_pixel : zero;
            memcpy(taps, &tap, sizeof tap);
            taps += 2 * sizeof tap;
            at += p->dil_w;
        }
        r += p->dil_h;
    }
}

/* Two values of x. */
static inline int32_t eq_dw16_load(const int16_t *x)
{
    int32_t word;
    memcpy(&word, x, 4);
    return word;
}

/* A channel of both pixels, summed. */
static inline void eq_dw16_store(int32_t a, int32_t b, int32_t mult, int32_t shift,
                                 int16_t *ya, int16_t *yb,
                                 const eq_depthwise_s16s8_params *restrict p, int32_t form)
{
    const int32_t lo = p->act_min, hi = p->act_max;
    if (form == eq_dsp_form_wide) {
        const int32_t right = shift > 16 ? shift - 15 : 1, round = 1 << (right - 1);
        const int32_t factor = mult * 65536;
        a = eq_dsp_scaled(a * 2, factor, round, eq_dsp_form_single) >> right;
        b = eq_dsp_scaled(b * 2, factor, round, eq_dsp_form_single) >> right;
    } else if (form == eq_dsp_form_double) {
        a = eq_requantize_double(a, mult, shift);
        b = eq_requantize_double(b, mult, shift);
    } else {
        a = eq_requantize_single(a, mult, shift);
        b = eq_requantize_single(b, mult, shift);
    }
    *ya = (int16_t)eq_clamp(a, lo, hi);
    *yb = (int16_t)eq_clamp(b, lo, hi);
}

/* The same of a sum to which a bias of 64 bits is added. */
static inline int16_t eq_dw16_far(int32_t sum, int64_t bias, int32_t mult, int32_t shift,
                                  const eq_depthwise_s16s8_params *restrict p, int32_t form)
{
    const int64_t acc = bias + sum;
    int32_t v;
    if (form == eq_dsp_form_wide)
        v = eq_requantize_wide(acc, mult, shift);
    else if (form == eq_dsp_form_double)
        v = eq_requantize_double((int32_t)acc, mult, shift);
    else
        v = eq_requantize_single((int32_t)acc, mult, shift);
    return (int16_t)eq_clamp(v, p->act_min, p->act_max);
}

/* All channels of two pixels, stored to ya and yb. */
static inline void eq_dw16_two(const int8_t *taps, const int8_t *end,
                               const int8_t *restrict w, int32_t w_step,
                               const int64_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int16_t *ya, int16_t *yb,
                               const eq_depthwise_s16s8_params *restrict p, int32_t form,
                               int32_t far)
{
    for (int32_t next = 0; next < p->in_c; next += 2) {
        const int32_t c = next < p->in_c - 2 ? next : p->in_c - 2;
        int32_t a0 = far ? 0 : (int32_t)bias[c], a1 = far ? 0 : (int32_t)bias[c + 1];
        int32_t b0 = a0, b1 = a1;
        const int8_t *at = w + c;
        for (const int8_t *t = taps; t != end; t += 2 * sizeof t) {
            const int16_t *pa, *pb;
            memcpy(&pa, t, sizeof pa);
            memcpy(&pb, t + sizeof pa, sizeof pb);
            const int32_t xa = eq_dw16_load(pa + c), xb = eq_dw16_load(pb + c);
            const int32_t w0 = at[0], w1 = at[1];
            a0 = __smlabb(xa, w0, a0);
            a1 = __smlatb(xa, w1, a1);
            b0 = __smlabb(xb, w0, b0);
            b1 = __smlatb(xb, w1, b1);
            at += w_step;
        }
        const int32_t *m = mult + c, *n = shift + c;
        if (far) {
            ya[c] = eq_dw16_far(a0, bias[c], m[0], n[0], p, form);
            yb[c] = eq_dw16_far(b0, bias[c], m[0], n[0], p, form);
            ya[c + 1] = eq_dw16_far(a1, bias[c + 1], m[1], n[1], p, form);
            yb[c + 1] = eq_dw16_far(b1, bias[c + 1], m[1], n[1], p, form);
            continue;
        }
        eq_dw16_store(a0, b0, m[0], n[0], ya + c, yb + c, p, form);
        eq_dw16_store(a1, b1, m[1], n[1], ya + c + 1, yb + c + 1, p, form);
    }
}

/* Weights lie in rows of `w_step` for a tap; at least four channels.  `far` says that accumulators
 * fit 32 bits before the bias is added only. */
static inline void eq_dw16_any(const int16_t *restrict x, const int8_t *restrict w,
                               int32_t w_step, const int64_t *restrict bias,
                               const int32_t *restrict mult, const int32_t *restrict shift,
                               int16_t *restrict y, int16_t *restrict zero,
                               int8_t *restrict taps,
                               const eq_depthwise_s16s8_params *restrict p, int32_t form,
                               int32_t far)
{
    int8_t *end = taps + 2 * sizeof(const int16_t *) * (uint32_t)(p->kh * p->kw);
    int8_t *second = taps + sizeof(const int16_t *);
    memset(zero, 0, 2 * (uint32_t)p->in_c);
    int16_t *before = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            const int32_t last = h + 1 == p->row1 && c + 1 == p->out_w;
            int16_t *out = y + h * p->y_row + c * p->y_pixel;
            eq_dw16_taps(before != 0 ? second : taps, x, zero, h, c, p);
            if (before == 0 && last)
                eq_dw16_taps(second, x, zero, h, c, p);
            if (before == 0 && !last) {
                before = out;
                continue;
            }
            eq_dw16_two(taps, end, w, w_step, bias, mult, shift, before != 0 ? before : out,
                        out, p, form, far);
            before = 0;
        }
    }
}

#endif
