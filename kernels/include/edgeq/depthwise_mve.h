/* depthwise_s8 with multiplier 1 for MVE, for any geometry: what its variants share.
 *
 * A pixel is done 16 channels at a time.  Products of two taps are added in int16, which holds
 * them when no weight is -128: 2 * 128 * 127 < 2^15; their sums are widened and added to the
 * accumulators.  VMULLB takes the even lanes and VMULLT the odd, and so do VMOVLB and VMOVLT
 * after them: accumulator j holds the channels 4 * l + j, as the packed constants do, and the
 * narrowing of the results undoes it.
 *
 * Where the taps are says a list of addresses, made for each row of windows and moved on from
 * pixel to pixel; taps outside point to a line of zero points.
 */
#ifndef EDGEQ_DEPTHWISE_MVE_H
#define EDGEQ_DEPTHWISE_MVE_H

#include "edgeq/copy_mve.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/fixed_point_mve.h"
#include "edgeq/window.h"

/* at     addresses of the `taps` taps of the window
 * line   in_c zero points, up to a multiple of 16
 * room   16 bytes for each tap
 * row    of the ring, of tap row kh0; taps [kh0, kh1) x [kw0, kw1) are inside
 * last   bytes of x from the start of the lowest of their rows, at least */
typedef struct {
    const int8_t **at;
    int8_t *line, *room;
    int32_t taps, kh0, kh1, kw0, kw1, row, last;
} eq_depthwise_mve;

typedef struct {
    int32x4_t v[4];
} eq_sixteen;

/* Adds to the sums the products of 16 channels of all taps, and moves the addresses on. */
static inline eq_sixteen eq_depthwise_mve_sums(eq_sixteen s, const int8_t **at,
                                               const int8_t *w, int32_t taps)
{
    const int8_t *p, *q;
    int32x4_t b, t, u, x;
    __asm__ volatile("wls lr, %[pairs], 2f\n"
                     "1:\n\t"
                     "ldrd %[p], %[q], [%[at]]\n\t"
                     "vldrb.u8 %q[t], [%[p]], #16\n\t"
                     "vldrb.u8 %q[u], [%[w]], #32\n\t"
                     "vmullb.s8 %q[b], %q[t], %q[u]\n\t"
                     "vldrb.u8 %q[x], [%[q]], #16\n\t"
                     "vmullt.s8 %q[t], %q[t], %q[u]\n\t"
                     "vldrb.u8 %q[u], [%[w], #-16]\n\t"
                     "vmullb.s8 %q[u], %q[x], %q[u]\n\t"
                     "strd %[p], %[q], [%[at]], #8\n\t"
                     "vadd.i16 %q[b], %q[b], %q[u]\n\t"
                     "vldrb.u8 %q[u], [%[w], #-16]\n\t"
                     "vmullt.s8 %q[x], %q[x], %q[u]\n\t"
                     "vmovlb.s16 %q[u], %q[b]\n\t"
                     "vadd.i16 %q[t], %q[t], %q[x]\n\t"
                     "vmovlt.s16 %q[b], %q[b]\n\t"
                     "vadd.i32 %q[s0], %q[s0], %q[u]\n\t"
                     "vmovlb.s16 %q[u], %q[t]\n\t"
                     "vadd.i32 %q[s2], %q[s2], %q[b]\n\t"
                     "vmovlt.s16 %q[t], %q[t]\n\t"
                     "vadd.i32 %q[s1], %q[s1], %q[u]\n\t"
                     "vadd.i32 %q[s3], %q[s3], %q[t]\n\t"
                     "le lr, 1b\n"
                     "2:\n\t"
                     "cbz %[odd], 3f\n\t"
                     "ldr %[p], [%[at]]\n\t"
                     "vldrb.u8 %q[t], [%[p]], #16\n\t"
                     "vldrb.u8 %q[u], [%[w]]\n\t"
                     "str %[p], [%[at]]\n\t"
                     "vmullb.s8 %q[b], %q[t], %q[u]\n\t"
                     "vmullt.s8 %q[t], %q[t], %q[u]\n\t"
                     "vmovlb.s16 %q[u], %q[b]\n\t"
                     "vmovlt.s16 %q[b], %q[b]\n\t"
                     "vadd.i32 %q[s0], %q[s0], %q[u]\n\t"
                     "vmovlb.s16 %q[u], %q[t]\n\t"
                     "vadd.i32 %q[s2], %q[s2], %q[b]\n\t"
                     "vmovlt.s16 %q[t], %q[t]\n\t"
                     "vadd.i32 %q[s1], %q[s1], %q[u]\n\t"
                     "vadd.i32 %q[s3], %q[s3], %q[t]\n"
                     "3:"
                     : [s0] "+t"(s.v[0]), [s1] "+t"(s.v[1]), [s2] "+t"(s.v[2]),
                       [s3] "+t"(s.v[3]), [b] "=&t"(b), [t] "=&t"(t), [u] "=&t"(u),
                       [x] "=&t"(x), [p] "=&r"(p), [q] "=&r"(q), [at] "+r"(at), [w] "+r"(w)
                     : [pairs] "r"(taps / 2), [odd] "l"(taps & 1)
                     : "lr", "memory");
    return s;
}

/* The 16 sums, rescaled, to clamped int8 in order.  Saturating to int16 before zy is added
 * changes nothing that the clamp does not. */
static inline int8x16_t eq_depthwise_mve_rescale(eq_sixteen s, const int32_t *mult,
                                                 const int32_t *shift, int32_t zy,
                                                 int32_t lo, int32_t hi, int form, int live)
{
    int32x4_t r[4];
    for (int32_t j = 0; j < 4; ++j)
        r[j] = eq_requantize_mve(s.v[j], vldrwq_s32(mult + 4 * j),
                                 vldrwq_s32(shift + 4 * j), form, live);
    const int16x8_t e = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r[0]), r[0]), r[2]);
    const int16x8_t o = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r[1]), r[1]), r[3]);
    const int16x8_t even = vqaddq_n_s16(e, (int16_t)zy), odd = vqaddq_n_s16(o, (int16_t)zy);
    const int8x16_t y = vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
    return vminq_s8(vmaxq_s8(y, vdupq_n_s8((int8_t)lo)), vdupq_n_s8((int8_t)hi));
}

/* The addresses of a window whose tap 0 is in column `left`. */
static inline void eq_depthwise_mve_locate(eq_depthwise_mve *t, const int8_t *x,
                                           int32_t left, const eq_depthwise_s8_params *p)
{
    const int8_t **at = t->at;
    int32_t row = t->row;
    for (int32_t kh = 0; kh < p->kh; ++kh) {
        const int inside = kh >= t->kh0 && kh < t->kh1;
        const int8_t *from = x + (row * p->x_row + left * p->x_pixel);
        for (int32_t kw = 0; kw < p->kw; ++kw) {
            *at++ = inside && kw >= t->kw0 && kw < t->kw1 ? from : t->line;
            from += p->dil_w * p->x_pixel;
        }
        row += inside ? p->dil_h : 0;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
}

/* Adds `bytes` to all addresses. */
static inline void eq_depthwise_mve_move(eq_depthwise_mve *t, int32_t bytes)
{
    for (int32_t k = 0; k < t->taps; ++k)
        t->at[k] += bytes;
}

/* Points to copies of what the n < 16 last channels need, where more must not be read. */
static inline void eq_depthwise_mve_copy(eq_depthwise_mve *t, int32_t n)
{
    for (int32_t k = 0; k < t->taps; ++k) {
        eq_copy_mve(t->room + 16 * k, t->at[k], n);
        t->at[k] = t->room + 16 * k;
    }
}

static inline void eq_depthwise_mve_rows(eq_depthwise_mve *t, int32_t h,
                                         const eq_depthwise_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
    const int32_t bottom = t->row + (t->kh1 - t->kh0 - 1) * p->dil_h;
    const int32_t below = bottom < p->x_ring ? p->x_ring - 1 - bottom : 0;
    t->last = below * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c;
}

/* What stays the same from pixel to pixel. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t step; /* bytes of w from block to block */
} eq_depthwise_mve_constants;

/* All channels of the window at t->at; `tight` says that no more than they may be read. */
static inline void eq_depthwise_mve_pixel(eq_depthwise_mve *t, int8_t *y, int tight,
                                          const eq_depthwise_mve_constants *k,
                                          const eq_depthwise_s8_params *p, int form,
                                          int live)
{
    const int32_t zy = p->zy, lo = p->act_min, hi = p->act_max;
    const int8_t *w = k->w;
    for (int32_t c = 0; c < p->in_c; c += 16) {
        const int32_t n = p->in_c - c;
        const int32_t *bias = k->bias + c;
        eq_sixteen s = {{vldrwq_s32(bias), vldrwq_s32(bias + 4), vldrwq_s32(bias + 8),
                         vldrwq_s32(bias + 12)}};
        if (tight && n < 16)
            eq_depthwise_mve_copy(t, n);
        s = eq_depthwise_mve_sums(s, t->at, w, t->taps);
        const int8x16_t v =
            eq_depthwise_mve_rescale(s, k->mult + c, k->shift + c, zy, lo, hi, form, live);
        if (n >= 16)
            vstrbq_s8(y + c, v);
        else
            vstrbq_p_s8(y + c, v, vctp8q((uint32_t)n));
        w += k->step;
    }
}

static inline void eq_depthwise_s8_mve(const int8_t *x, const int8_t *w,
                                       const int32_t *bias, const int32_t *mult,
                                       const int32_t *shift, int8_t *y, int8_t *scratch,
                                       const eq_depthwise_s8_params *p, int form, int live)
{
    const int32_t taps = p->kh * p->kw, line = (p->in_c + 15) / 16 * 16;
    const eq_depthwise_mve_constants k = {w, bias, mult, shift, taps * 16};
    eq_depthwise_mve t = {.taps = taps};
    t.at = (const int8_t **)(void *)(scratch + (-(uintptr_t)scratch & 3u));
    t.line = scratch + (3 + 4 * taps);
    t.room = t.line + line;
    eq_fill_mve(t.line, p->zx, line);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        int known = 0;
        eq_depthwise_mve_rows(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            const int32_t left = c * p->stride_w - p->pad_left;
            const int32_t right = left + (p->kw - 1) * p->dil_w;
            const int inner = left >= 0 && right < p->in_w && t.kh1 - t.kh0 == p->kh;
            const int32_t column = right < p->in_w ? right : p->in_w - 1;
            const int tight = t.last < column * p->x_pixel + line;
            if (inner && known) {
                eq_depthwise_mve_move(&t, p->stride_w * p->x_pixel - line);
            } else {
                t.kw0 = eq_taps_before(left, p->dil_w, p->kw);
                t.kw1 = eq_taps_before(left - p->in_w, p->dil_w, p->kw);
                eq_depthwise_mve_locate(&t, x, left, p);
            }
            eq_depthwise_mve_pixel(&t, y + (h * p->y_row + c * p->y_pixel), tight, &k, p,
                                   form, live);
            known = inner && !tight;
        }
    }
}

#endif
