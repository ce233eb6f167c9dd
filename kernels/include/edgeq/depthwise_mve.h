/* depthwise_s8 with multiplier 1 for MVE, for any geometry: what its variants share.
 *
 * A pixel is done 16 channels at a time, see depthwise_sums_mve.h; where its taps are, a list
 * says, see taps_mve.h.  The last channels of the last pixels are copied first: with fewer
 * than 16 of them a whole vector may reach past x.
 */
#ifndef EDGEQ_DEPTHWISE_MVE_H
#define EDGEQ_DEPTHWISE_MVE_H

#include "edgeq/depthwise_live_mve.h"
#include "edgeq/taps_mve.h"

/* n channels of the window at t->at, any factors. */
static inline void eq_depthwise_mve_any(const eq_taps_mve *t, const eq_depthwise_mve_run *k,
                                        const int32_t *shift, int8_t *y, int32_t n,
                                        const eq_depthwise_s8_params *p, int form)
{
    for (int32_t c = 0; c < n; c += 16) {
        const eq_sixteen s =
            eq_depthwise_mve_sums(k->bias + c, t->at, k->w + t->taps * c, t->taps);
        const int8x16_t v = eq_depthwise_mve_rescale(s, k->mult + c, shift + c, p->zy,
                                                     p->act_min, p->act_max, form);
        vstrbq_p_s8(y + c, v, vctp8q((uint32_t)(n - c)));
    }
}

/* 31 less each of n factors' shifts, as bytes of int32. */
static inline void eq_depthwise_mve_downs(const int32_t *shift, int8_t *down, int32_t n)
{
    for (int32_t c = 0; c < n; c += 4) {
        const int32x4_t d = vsubq_s32(vdupq_n_s32(31), vldrwq_s32(shift + c));
        vstrwq_s32((int32_t *)(void *)down + c, d);
    }
}

/* What is left of a pixel's channels after the whole blocks is part 1, where it is on its own. */
typedef struct {
    eq_taps_mve taps;
    eq_depthwise_mve_run parts[2];
    const int32_t *shift;
    int32_t whole;
} eq_depthwise_mve;

/* All channels of the window whose tap 0 is in column `left`. */
static inline void eq_depthwise_mve_pixel(eq_depthwise_mve *d, int32_t left, int8_t *y,
                                          const eq_depthwise_s8_params *p, int form,
                                          int live)
{
    const int32_t whole = d->whole;
    const int tight = whole < p->in_c && eq_taps_mve_tight(&d->taps, left, p);
    eq_taps_mve_locate(&d->taps, left, p);
    for (int part = tight && whole == 0; part <= tight; ++part) {
        const int32_t c = part ? whole : 0, n = (part || !tight ? p->in_c : whole) - c;
        const eq_depthwise_mve_run *k = d->parts + part;
        if (part)
            eq_taps_mve_copy(&d->taps, n);
        if (live)
            eq_depthwise_mve_live(k, y + c, n, form, live == 9);
        else
            eq_depthwise_mve_any(&d->taps, k, d->shift + c, y + c, n, p, form);
    }
}

/* live: 0 for any factors, 1 for those below 1/2, 9 when the window has nine taps, too. */
static inline void eq_depthwise_s8_mve(const int8_t *x, const int8_t *w,
                                       const int32_t *bias, const int32_t *mult,
                                       const int32_t *shift, int8_t *y, int8_t *scratch,
                                       const eq_depthwise_s8_params *p, int form, int live)
{
    const int32_t line = (p->in_c + 15) / 16 * 16, whole = p->in_c / 16 * 16;
    const eq_taps_mve t = eq_taps_mve_in(scratch, line, p);
    const eq_depthwise_mve_run run = {t.at,       t.taps / 2, t.taps & 1, p->zy, p->act_min,
                                      p->act_max, w,          bias,       mult,  t.rest};
    eq_depthwise_mve d = {t, {run, run}, shift, whole};
    d.parts[1].w += t.taps * whole;
    d.parts[1].bias += whole;
    d.parts[1].mult += whole;
    d.parts[1].down += 4 * whole;
    if (live)
        eq_depthwise_mve_downs(shift, t.rest, line);
    int plain = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        int8_t *to = y + h * p->y_row;
        int32_t left = -p->pad_left;
        plain = eq_taps_mve_rows(&d.taps, x, h, plain, p);
        for (int32_t n = p->out_w; n > 0; --n) {
            eq_depthwise_mve_pixel(&d, left, to, p, form, live);
            left += p->stride_w;
            to += p->y_pixel;
        }
    }
}

#endif
