/* depthwise_s8 with multiplier 1 for MVE, for any geometry: what its variants share.
 *
 * A pixel is done 16 channels at a time, see depthwise_sums_mve.h; where its taps are, a list
 * says, see taps_mve.h; away from the border the list only moves on.  The last channels of the
 * last pixels are copied first: with fewer than 16 of them a whole vector may reach past x.
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

/* What is left of a pixel's channels after the whole blocks is done on its own where it must
 * be. */
typedef struct {
    eq_taps_mve taps;
    eq_depthwise_mve_run run;
    const int32_t *shift;
    int32_t whole;
} eq_depthwise_mve;

/* Moves to the constants of the channels that are n further on. */
static inline void eq_depthwise_mve_skip(eq_depthwise_mve *d, int32_t n)
{
    d->run.w += d->taps.taps * n;
    d->run.bias += n;
    d->run.mult += n;
    d->run.down += 4 * n;
}

/* All channels of `count` windows, of which the first has tap 0 in column `left`; more than one
 * have all taps inside, and what whole vectors read. */
static inline void eq_depthwise_mve_pixels(eq_depthwise_mve *d, int32_t left, int32_t count,
                                           int8_t *y, const eq_depthwise_s8_params *p,
                                           int form, int live, eq_depthwise_mve_kind kind)
{
    const int32_t whole = d->whole;
    const int tight = whole < p->in_c && eq_taps_mve_tight(&d->taps, left, p);
    eq_taps_mve_locate(&d->taps, left, p);
    d->run.pixels = count;
    for (int part = tight && whole == 0; part <= tight; ++part) {
        const int32_t c = part ? whole : 0, n = (part || !tight ? p->in_c : whole) - c;
        if (part) {
            eq_taps_mve_copy(&d->taps, n);
            eq_depthwise_mve_skip(d, whole);
            d->run.pixels = 1;
        }
        d->run.n = n;
        if (live)
            eq_depthwise_mve_live(&d->run, y + c, form, kind);
        else
            eq_depthwise_mve_any(&d->taps, &d->run, d->shift + c, y + c, n, p, form);
        if (part)
            eq_depthwise_mve_skip(d, -whole);
    }
}

/* The output pixels of row y, those of [first, end) at once. */
static inline void eq_depthwise_mve_row(eq_depthwise_mve *d, int8_t *y, int32_t first,
                                        int32_t end, const eq_depthwise_s8_params *p,
                                        int form, int live, eq_depthwise_mve_kind kind)
{
    for (int32_t n = 0; n < p->out_w;) {
        const int32_t count = n >= first && n < end ? end - n : 1;
        eq_depthwise_mve_pixels(d, n * p->stride_w - p->pad_left, count, y, p, form, live,
                                kind);
        n += count;
        y += count * p->y_pixel;
    }
}

/* The first output pixel whose window begins inside, and the one behind the last that ends
 * there. */
static inline int32_t eq_depthwise_mve_first(const eq_depthwise_s8_params *p)
{
    return (p->pad_left + p->stride_w - 1) / p->stride_w;
}

static inline int32_t eq_depthwise_mve_end(const eq_depthwise_s8_params *p)
{
    const int32_t room = p->in_w - 1 - (p->kw - 1) * p->dil_w + p->pad_left;
    const int32_t end = room < 0 ? 0 : room / p->stride_w + 1;
    return end < p->out_w ? end : p->out_w;
}

/* Whether the image is one column, of which rows follow each other, and the first window does
 * not lie below it. */
static inline int eq_depthwise_mve_stands(const eq_depthwise_s8_params *p)
{
    return p->in_w == 1 && p->out_w == 1 && p->kw == 1 && p->pad_left == 0 &&
           p->x_ring == p->in_h && p->row0 * p->stride_h - p->pad_top < p->in_h;
}

/* Such an image as one row, from the first tap of output row row0 on: its windows then follow
 * each other. */
static inline eq_depthwise_s8_params eq_depthwise_mve_lay(const int8_t **x, int8_t **y,
                                                          const eq_depthwise_s8_params *p)
{
    const int32_t start = p->row0 * p->stride_h - p->pad_top, cut = start > 0 ? start : 0;
    eq_depthwise_s8_params q = *p;
    *x += cut * p->x_row;
    *y += p->row0 * p->y_row;
    q.in_h = q.kh = q.x_ring = q.row1 = 1;
    q.pad_top = q.row0 = 0;
    q.in_w = p->in_h - cut;
    q.out_w = p->row1 - p->row0;
    q.kw = p->kh;
    q.stride_w = p->stride_h;
    q.dil_w = p->dil_h;
    q.pad_left = cut - start;
    q.x_pixel = p->x_row;
    q.y_pixel = p->y_row;
    return q;
}

/* What all windows of an image share, field by field: a copy would take as much stack again. */
static inline void eq_depthwise_mve_set(eq_depthwise_mve *d, const int8_t *w,
                                        const int32_t *bias, const int32_t *mult,
                                        int32_t zw, const eq_depthwise_s8_params *p)
{
    const int32_t line = (p->in_c + 15) / 16 * 16, taps = d->taps.taps;
    d->run.at = d->taps.at;
    d->run.pairs = taps / 2;
    d->run.odd = taps & 1;
    d->run.zy = p->zy;
    d->run.lo = p->act_min;
    d->run.hi = p->act_max;
    d->run.w = w;
    d->run.bias = bias;
    d->run.mult = mult;
    d->run.down = d->taps.rest;
    d->run.vectors = (taps + 3) / 4;
    d->run.step = p->stride_w * p->x_pixel - line;
    d->run.y_step = p->y_pixel - line;
    d->run.relu = p->zy == INT8_MIN && p->act_min == INT8_MIN && p->act_max == INT8_MAX;
    d->run.taps = taps;
    d->run.zw = zw;
}

/* live: whether all factors are below 1/2, which `kind` is for.  zw: of kind
 * EQ_DEPTHWISE_MVE_ZW. */
static inline void eq_depthwise_s8_mve(const int8_t *x, const int8_t *w,
                                       const int32_t *bias, const int32_t *mult,
                                       const int32_t *shift, int8_t *y, int8_t *scratch,
                                       const eq_depthwise_s8_params *p, int32_t zw,
                                       int form, int live, eq_depthwise_mve_kind kind)
{
    eq_depthwise_s8_params lying;
    if (kind != EQ_DEPTHWISE_MVE_3X3 && eq_depthwise_mve_stands(p)) {
        lying = eq_depthwise_mve_lay(&x, &y, p);
        p = &lying;
    }
    const int32_t line = (p->in_c + 15) / 16 * 16, whole = p->in_c / 16 * 16;
    const int32_t first = eq_depthwise_mve_first(p), end = eq_depthwise_mve_end(p);
    eq_depthwise_mve d;
    d.shift = shift;
    d.whole = whole;
    d.taps = eq_taps_mve_in(scratch, line, p);
    eq_depthwise_mve_set(&d, w, bias, mult, zw, p);
    if (live)
        eq_depthwise_mve_downs(shift, d.taps.rest, line);
    int plain = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        plain = eq_taps_mve_rows(&d.taps, x, h, plain, p);
        int32_t to = live && d.taps.inside ? end : 0;
        while (whole < p->in_c && to > first &&
               eq_taps_mve_tight(&d.taps, (to - 1) * p->stride_w - p->pad_left, p))
            --to;
        eq_depthwise_mve_row(&d, y + h * p->y_row, first, to, p, form, live, kind);
    }
}

#endif
