/* conv2d_s8 for MVE, for any geometry: what its variants share.
 *
 * Windows are taken two at a time.  A window is a vector of whole 16-byte chunks: the very
 * bytes of x where they lie together, else a copy in scratch.  First come the sums of up to 64
 * channels, by eq_dots_s8_4x2, then their rescaling, eight at once.
 *
 * Constants are packed in blocks of eight channels, the even ones before the odd: so two
 * vectors of four int32 interleave to eight int16 in order.  Weights of the filling are zero:
 * what stands behind a window does not matter, as long as it may be read, and only the stores
 * know of a last, partial block.
 */
#ifndef EDGEQ_CONV2D_MVE_H
#define EDGEQ_CONV2D_MVE_H

#include "edgeq/conv2d_s8.h"
#include "edgeq/copy_mve.h"
#include "edgeq/dot_mve.h"
#include "edgeq/fixed_point_mve.h"
#include "edgeq/window.h"

enum { EQ_CONV_MVE_CHANNELS = 64, EQ_CONV_MVE_SUMS = 512 };

/* Windows x of `bytes` bytes each and their outputs y; `count` of two are there.
 * sums holds eight bytes for each of up to 64 channels, rounded up to eight. */
typedef struct {
    const int8_t *x[2];
    int8_t *y[2];
    int32_t count, bytes;
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int8_t *sums;
    int32_t out_c, zy, lo, hi;
} eq_conv_mve;

/* Eight sums of one window to int16. */
static inline int16x8_t eq_conv_mve_eight(const int8_t *sums, const int32x4_t bias[2],
                                          const int32x4_t mult[2], const int32x4_t shift[2],
                                          int form, int live)
{
    const int32x4_t even = vaddq_s32(vreinterpretq_s32_s8(vldrbq_s8(sums)), bias[0]);
    const int32x4_t odd = vaddq_s32(vreinterpretq_s32_s8(vldrbq_s8(sums + 32)), bias[1]);
    const int32x4_t v0 = eq_requantize_mve(even, mult[0], shift[0], form, live);
    const int32x4_t v1 = eq_requantize_mve(odd, mult[1], shift[1], form, live);
    return vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(v0), v0), v1);
}

/* n channels from `first` on of both windows.  Saturating to int16 before zy is added changes
 * nothing that the clamp does not. */
static inline void eq_conv_mve_rescale(const eq_conv_mve *t, int32_t first, int32_t n,
                                       int form, int live)
{
    const int8_t *sums = t->sums;
    const int32_t *bias = t->bias + first, *mult = t->mult + first,
                  *shift = t->shift + first;
    int8_t *y0 = t->y[0] + first, *y1 = t->y[t->count - 1] + first;
    const int16_t zy = (int16_t)t->zy;
    const int16x8_t lo = vdupq_n_s16((int16_t)t->lo), hi = vdupq_n_s16((int16_t)t->hi);
    for (; n > 0; n -= 8) {
        const int32x4_t b[2] = {vldrwq_s32(bias), vldrwq_s32(bias + 4)};
        const int32x4_t m[2] = {vldrwq_s32(mult), vldrwq_s32(mult + 4)};
        const int32x4_t s[2] = {vldrwq_s32(shift), vldrwq_s32(shift + 4)};
        const int16x8_t v0 = vqaddq_n_s16(eq_conv_mve_eight(sums, b, m, s, form, live), zy);
        const int16x8_t v1 =
            vqaddq_n_s16(eq_conv_mve_eight(sums + 16, b, m, s, form, live), zy);
        const int16x8_t r0 = vminq_s16(vmaxq_s16(v0, lo), hi);
        const int16x8_t r1 = vminq_s16(vmaxq_s16(v1, lo), hi);
        if (n >= 8) {
            vstrbq_s16(y0, r0);
            vstrbq_s16(y1, r1);
        } else {
            vstrbq_p_s16(y0, r0, vctp16q((uint32_t)n));
            vstrbq_p_s16(y1, r1, vctp16q((uint32_t)n));
        }
        bias += 8;
        mult += 8;
        shift += 8;
        sums += 64;
        y0 += 8;
        y1 += 8;
    }
}

/* All channels of the windows that are there; one alone is computed twice. */
static inline void eq_conv_mve_flush(eq_conv_mve *t, int form, int live)
{
    const int8_t *const x1 = t->x[t->count - 1];
    const int8_t *w = t->w;
    for (int32_t o = 0; o < t->out_c; o += EQ_CONV_MVE_CHANNELS) {
        const int32_t left = t->out_c - o;
        const int32_t n = left < EQ_CONV_MVE_CHANNELS ? left : EQ_CONV_MVE_CHANNELS;
        const int32_t blocks = (n + 7) / 8 * 2;
        const int8_t *const w_end = w + blocks * 4 * t->bytes;
        const eq_dots dots = {{t->x[0], x1}, w, t->sums, t->x[0] + t->bytes, w_end};
        eq_dots_s8_4x2(&dots);
        eq_conv_mve_rescale(t, o, n, form, live);
        w = w_end;
    }
    t->count = 0;
}

/* Taps [kh0, kh1) x [kw0, kw1) of a window are inside; `row` is the ring's row of tap kh0 and
 * `at` the column of tap 0.  `dense` says that pixels of a window row lie together. */
typedef struct {
    int32_t kh0, kh1, kw0, kw1, row, at, dense;
} eq_conv_mve_taps;

static inline void eq_conv_mve_rows(eq_conv_mve_taps *t, int32_t h,
                                    const eq_conv2d_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

static inline void eq_conv_mve_columns(eq_conv_mve_taps *t, int32_t c,
                                       const eq_conv2d_s8_params *p)
{
    t->at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(t->at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(t->at - p->in_w, p->dil_w, p->kw);
}

/* One row of a window that is inside, from the row `x` of the image. */
static inline int8_t *eq_conv_mve_line(const int8_t *x, int8_t *to,
                                       const eq_conv_mve_taps *t,
                                       const eq_conv2d_s8_params *p)
{
    const int32_t taps = t->kw1 - t->kw0, step = p->dil_w * p->x_pixel;
    if (taps == p->kw && t->dense)
        return eq_copy_mve(to, x + t->at * p->x_pixel, taps * p->in_c);
    to = eq_fill_mve(to, p->zx, t->kw0 * p->in_c);
    for (int32_t k = t->kw0; k < t->kw1; ++k)
        to = eq_copy_mve(to, x + (t->at * p->x_pixel + k * step), p->in_c);
    return eq_fill_mve(to, p->zx, (p->kw - t->kw1) * p->in_c);
}

/* X of a window as (KH, KW, I) bytes. */
static inline void eq_conv_mve_gather(const int8_t *x, int8_t *to,
                                      const eq_conv_mve_taps *t,
                                      const eq_conv2d_s8_params *p)
{
    const int32_t line = p->kw * p->in_c;
    int32_t row = t->row;
    if (t->kh0 > 0)
        to = eq_fill_mve(to, p->zx, t->kh0 * line);
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        to = eq_conv_mve_line(x + row * p->x_row, to, t, p);
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    if (t->kh1 < p->kh)
        eq_fill_mve(to, p->zx, (p->kh - t->kh1) * line);
}

static inline void eq_conv2d_mve(const int8_t *x, const int8_t *w, const int32_t *bias,
                                 const int32_t *mult, const int32_t *shift, int8_t *y,
                                 int8_t *scratch, const eq_conv2d_s8_params *p, int form,
                                 int live)
{
    const int32_t bytes = (p->kh * p->kw * p->in_c + 15) / 16 * 16;
    const int8_t *const end =
        x + ((p->x_ring - 1) * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c - bytes);
    eq_conv_mve t = {.bytes = bytes,
                     .w = w,
                     .bias = bias,
                     .mult = mult,
                     .shift = shift,
                     .sums = scratch,
                     .out_c = p->out_c,
                     .zy = p->zy,
                     .lo = p->act_min,
                     .hi = p->act_max};
    eq_conv_mve_taps taps;
    taps.dense = p->kw == 1 || (p->dil_w == 1 && p->x_pixel == p->in_c);
    const int together =
        taps.dense && (p->kh == 1 || (p->x_row == p->kw * p->in_c && p->dil_h == 1 &&
                                      p->x_ring == p->in_h));
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_conv_mve_rows(&taps, h, p);
        const int whole = together && taps.kh1 - taps.kh0 == p->kh;
        for (int32_t c = 0; c < p->out_w; ++c) {
            eq_conv_mve_columns(&taps, c, p);
            const int8_t *from = x + (taps.row * p->x_row + taps.at * p->x_pixel);
            if (!whole || taps.kw1 - taps.kw0 < p->kw || from > end) {
                int8_t *copy = scratch + (EQ_CONV_MVE_SUMS + t.count * bytes);
                eq_conv_mve_gather(x, copy, &taps, p);
                from = copy;
            }
            t.x[t.count] = from;
            t.y[t.count++] = y + (h * p->y_row + c * p->y_pixel);
            if (t.count == 2 || (c + 1 == p->out_w && h + 1 == p->row1))
                eq_conv_mve_flush(&t, form, live);
        }
    }
}

#endif
