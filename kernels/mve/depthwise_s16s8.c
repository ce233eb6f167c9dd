/* depthwise_s16s8 with multiplier 1 for MVE: eight channels at once, taps by the list of
 * taps_mve.h.
 *
 * VMULLB takes the even channels and VMULLT the odd, as the packed constants do, and the
 * narrowing of the results undoes it.
 *
 * Exact: products and sums are int32; with the bias they stay there too, so that the forms
 * wide and single are one, and eq_requantize_x4 in fixed_point_mve.h gives both.
 *
 * @requires multiplier == 1
 * @requires acc_bits <= 32
 * @packs w (o/8, khkw, o%8)
 * @packs bias (o/8, o%2, o/2%4)
 * @packs mult (o/8, o%2, o/2%4)
 * @packs shift (o/8, o%2, o/2%4)
 * @scratch 3 + (kh * kw + 3) / 4 * 48 + (in_c + 7) / 8 * 16 + 16 * kh * kw
 * @overlap rows
 */
#include "edgeq/depthwise_s16s8.h"
#include "edgeq/fixed_point_mve.h"
#include "edgeq/taps_mve.h"

eq_depthwise_s16s8_fn EQ_SYM(eq_depthwise_s16s8__mve);

typedef struct {
    int32x4_t even, odd;
} EQ_SYM(depthwise_s16s8_mve_eight);

/* The sums of eight channels of all taps; moves the addresses on. */
static inline EQ_SYM(depthwise_s16s8_mve_eight)
    EQ_SYM(depthwise_s16s8_mve_sums)(const int64_t *bias, const eq_taps_mve *t,
                                     const int8_t *w)
{
    const int32_t *low = (const int32_t *)(const void *)bias;
    EQ_SYM(depthwise_s16s8_mve_eight)
    s = {vld2q_s32(low).val[0], vld2q_s32(low + 8).val[0]};
    for (int32_t k = 0; k < t->taps; ++k) {
        const int8_t *from = (const int8_t *)(uintptr_t)t->at[k];
        const int16x8_t x = vreinterpretq_s16_s8(vldrbq_s8(from)), v = vldrbq_s16(w);
        s.even = vaddq_s32(s.even, vmullbq_int_s16(x, v));
        s.odd = vaddq_s32(s.odd, vmulltq_int_s16(x, v));
        t->at[k] += 16;
        w += 8;
    }
    return s;
}

/* All channels of the window at t->at; `tight` says that no more than they may be read. */
static inline void
EQ_SYM(depthwise_s16s8_mve_pixel)(eq_taps_mve *t, const int8_t *w, const int64_t *bias,
                                  const int32_t *mult, const int32_t *shift, int16_t *y,
                                  int tight, const eq_depthwise_s16s8_params *p)
{
    const int16x8_t lo = vdupq_n_s16((int16_t)p->act_min);
    const int16x8_t hi = vdupq_n_s16((int16_t)p->act_max);
    for (int32_t c = 0; c < p->in_c; c += 8) {
        const int32_t n = p->in_c - c;
        if (tight && n < 8)
            eq_taps_mve_copy(t, 2 * n);
        const EQ_SYM(depthwise_s16s8_mve_eight) s =
            EQ_SYM(depthwise_s16s8_mve_sums)(bias + c, t, w + t->taps * c);
        const int32x4_t even = eq_requantize_mve(s.even, vldrwq_s32(mult + c),
                                                 vldrwq_s32(shift + c), eq_mve_form, 0);
        const int32x4_t odd = eq_requantize_mve(s.odd, vldrwq_s32(mult + c + 4),
                                                vldrwq_s32(shift + c + 4), eq_mve_form, 0);
        const int16x8_t low = vqmovnbq_s32(vreinterpretq_s16_s32(even), even);
        const int16x8_t r = vminq_s16(vmaxq_s16(vqmovntq_s32(low, odd), lo), hi);
        vstrhq_p_s16(y + c, r, vctp16q((uint32_t)n));
    }
}

void EQ_SYM(eq_depthwise_s16s8__mve)(const int16_t *x, const int8_t *restrict w,
                                     const int64_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int16_t *y,
                                     int8_t *restrict scratch,
                                     const eq_depthwise_s16s8_params *restrict p)
{
    const eq_depthwise_s8_params bytes = {p->in_h,
                                          p->in_w,
                                          2 * p->in_c,
                                          1,
                                          p->out_w,
                                          p->kh,
                                          p->kw,
                                          p->stride_h,
                                          p->stride_w,
                                          p->dil_h,
                                          p->dil_w,
                                          p->pad_top,
                                          p->pad_left,
                                          p->row0,
                                          p->row1,
                                          2 * p->x_row,
                                          2 * p->x_pixel,
                                          p->x_ring,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0};
    eq_taps_mve t = eq_taps_mve_in(scratch, (p->in_c + 7) / 8 * 16, &bytes);
    int plain = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        plain = eq_taps_mve_rows(&t, (const int8_t *)x, h, plain, &bytes);
        for (int32_t c = 0; c < p->out_w; ++c) {
            const int32_t left = c * p->stride_w - p->pad_left;
            eq_taps_mve_locate(&t, left, &bytes);
            EQ_SYM(depthwise_s16s8_mve_pixel)(&t, w, bias, mult, shift,
                                              y + (h * p->y_row + c * p->y_pixel),
                                              eq_taps_mve_tight(&t, left, &bytes), p);
        }
    }
}
