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
#include "edgeq/dots_mve.h"
#include "edgeq/fixed_point_mve.h"
#include "edgeq/window.h"

enum { EQ_CONV_MVE_CHANNELS = 64 };

/* What a kernel is for, known when it is compiled: the rounding form, whether its factors are
 * live, and what is multiplied. */
typedef enum { EQ_CONV_MVE_S8, EQ_CONV_MVE_S8S4, EQ_CONV_MVE_S16S8 } eq_conv_mve_kind;
typedef struct {
    int form, live;
    eq_conv_mve_kind kind;
} eq_conv_mve_use;

/* Windows dots.x and their outputs y; `count` of two are there.  dots.sums holds eight bytes
 * for each of up to 64 channels, rounded up to eight. */
typedef struct {
    eq_dots dots;
    int8_t *y[2];
    int32_t count;
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    const int64_t *wide_bias; /* of int16 */
    int32_t out_c, zy, lo, hi;
} eq_conv_mve;

/* Eight sums of one window to int16. */
static inline int16x8_t eq_conv_mve_eight(const int8_t *sums, const int32x4_t bias[2],
                                          const int32x4_t mult[2], const int32x4_t shift[2],
                                          int form)
{
    const int32x4_t even = vaddq_s32(vreinterpretq_s32_s8(vldrbq_s8(sums)), bias[0]);
    const int32x4_t odd = vaddq_s32(vreinterpretq_s32_s8(vldrbq_s8(sums + 32)), bias[1]);
    const int32x4_t v0 = eq_requantize_mve(even, mult[0], shift[0], form, 0);
    const int32x4_t v1 = eq_requantize_mve(odd, mult[1], shift[1], form, 0);
    return vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(v0), v0), v1);
}

/* n channels from `first` on of both windows.  Saturating to int16 before zy is added changes
 * nothing that the clamp does not. */
static inline void eq_conv_mve_rescale(const eq_conv_mve *t, int32_t first, int32_t n,
                                       int form)
{
    const int8_t *sums = t->dots.sums;
    const int32_t *bias = t->bias + first, *mult = t->mult + first,
                  *shift = t->shift + first;
    int8_t *y0 = t->y[0] + first, *y1 = t->y[1] + first;
    const int16_t zy = (int16_t)t->zy;
    const int16x8_t lo = vdupq_n_s16((int16_t)t->lo), hi = vdupq_n_s16((int16_t)t->hi);
    for (; n > 0; n -= 8) {
        const int32x4_t b[2] = {vldrwq_s32(bias), vldrwq_s32(bias + 4)};
        const int32x4_t m[2] = {vldrwq_s32(mult), vldrwq_s32(mult + 4)};
        const int32x4_t s[2] = {vldrwq_s32(shift), vldrwq_s32(shift + 4)};
        const int16x8_t v0 = vqaddq_n_s16(eq_conv_mve_eight(sums, b, m, s, form), zy);
        const int16x8_t v1 = vqaddq_n_s16(eq_conv_mve_eight(sums + 16, b, m, s, form), zy);
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

/* The same for factors other than zero of shift >= 32, written out: the compiler moves every
 * operand of a narrowing, and counts six pointers up. */
#define EQ_CONV_MVE_RESCALE(HIGH, AWAY)                                                    \
    "1:\n\t"                                                                               \
    "vldrw.u32 %q[t], [%[bias]], #16\n\t"                                                  \
    "vldrb.u8 %q[a], [%[sums]], #64\n\t"                                                   \
    "vadd.i32 %q[a], %q[a], %q[t]\n\t"                                                     \
    "vldrb.u8 %q[b], [%[sums], #-48]\n\t"                                                  \
    "vadd.i32 %q[b], %q[b], %q[t]\n\t"                                                     \
    "vldrw.u32 %q[t], [%[bias]], #16\n\t"                                                  \
    "vldrb.u8 %q[c], [%[sums], #-32]\n\t"                                                  \
    "vadd.i32 %q[c], %q[c], %q[t]\n\t"                                                     \
    "vldrb.u8 %q[d], [%[sums], #-16]\n\t"                                                  \
    "vadd.i32 %q[d], %q[d], %q[t]\n\t"                                                     \
    "vldrw.u32 %q[t], [%[mult]], #16\n\t" HIGH " %q[a], %q[a], %q[t]\n\t" HIGH             \
    " %q[b], %q[b], %q[t]\n\t"                                                             \
    "vldrw.u32 %q[t], [%[mult]], #16\n\t" HIGH " %q[c], %q[c], %q[t]\n\t" HIGH             \
    " %q[d], %q[d], %q[t]\n\t" AWAY "vldrw.u32 %q[t], [%[shift]], #16\n\t"                 \
    "vsub.i32 %q[t], %q[k31], %q[t]\n\t"                                                   \
    "vrshl.s32 %q[a], %q[a], %q[t]\n\t"                                                    \
    "vrshl.s32 %q[b], %q[b], %q[t]\n\t"                                                    \
    "vldrw.u32 %q[t], [%[shift]], #16\n\t"                                                 \
    "vsub.i32 %q[t], %q[k31], %q[t]\n\t"                                                   \
    "vrshl.s32 %q[c], %q[c], %q[t]\n\t"                                                    \
    "vrshl.s32 %q[d], %q[d], %q[t]\n\t"                                                    \
    "vqmovnb.s32 %q[a], %q[a]\n\t"                                                         \
    "vqmovnb.s32 %q[b], %q[b]\n\t"                                                         \
    "vqmovnt.s32 %q[a], %q[c]\n\t"                                                         \
    "vqmovnt.s32 %q[b], %q[d]\n\t"                                                         \
    "vqadd.s16 %q[a], %q[a], %[zy]\n\t"                                                    \
    "vqadd.s16 %q[b], %q[b], %[zy]\n\t"                                                    \
    "vmax.s16 %q[a], %q[a], %q[lo]\n\t"                                                    \
    "vmax.s16 %q[b], %q[b], %q[lo]\n\t"                                                    \
    "vmin.s16 %q[a], %q[a], %q[hi]\n\t"                                                    \
    "vmin.s16 %q[b], %q[b], %q[hi]\n\t"                                                    \
    "vctp.16 %[n]\n\t"                                                                     \
    "vpstt\n\t"                                                                            \
    "vstrbt.16 %q[a], [%[y0]], #8\n\t"                                                     \
    "vstrbt.16 %q[b], [%[y1]], #8\n\t"                                                     \
    "subs %[n], #8\n\t"                                                                    \
    "bgt 1b"
#define EQ_CONV_MVE_AWAY                                                                   \
    "vqdmlah.s32 %q[a], %q[a], %[one]\n\t"                                                 \
    "vqdmlah.s32 %q[b], %q[b], %[one]\n\t"                                                 \
    "vqdmlah.s32 %q[c], %q[c], %[one]\n\t"                                                 \
    "vqdmlah.s32 %q[d], %q[d], %[one]\n\t"
#define EQ_CONV_MVE_OPERANDS                                                               \
    : [a] "=&t"(a), [b] "=&t"(b), [c] "=&t"(c), [d] "=&t"(d), [t] "=&t"(u),                     \
      [sums] "+r"(sums), [bias] "+r"(bias), [mult] "+r"(mult), [shift] "+r"(shift),             \
      [y0] "+l"(y0), [y1] "+l"(y1), [n] "+r"(n)                                                 \
    : [k31] "t"(vdupq_n_s32(31)), [lo] "t"(vdupq_n_s16((int16_t)t->lo)),                        \
      [hi] "t"(vdupq_n_s16((int16_t)t->hi)), [zy] "r"(t->zy), [one] "r"(1)                      \
    : "cc", "memory"

static inline void eq_conv_mve_rescale_live(const eq_conv_mve *t, int32_t first, int32_t n,
                                            int form)
{
    const int8_t *sums = t->dots.sums;
    const int32_t *bias = t->bias + first, *mult = t->mult + first,
                  *shift = t->shift + first;
    int8_t *y0 = t->y[0] + first, *y1 = t->y[1] + first;
    int32x4_t a, b, c, d, u;
    if (form == eq_mve_form_single)
        __asm__ volatile(EQ_CONV_MVE_RESCALE("vqdmulh.s32", "") EQ_CONV_MVE_OPERANDS);
    else
        __asm__ volatile(EQ_CONV_MVE_RESCALE("vqrdmulh.s32", EQ_CONV_MVE_AWAY)
                             EQ_CONV_MVE_OPERANDS);
}

/* n channels from `first` on of both windows, int16: biases stay within int32. */
static inline void eq_conv_mve_rescale_s16(const eq_conv_mve *t, int32_t first, int32_t n,
                                           int form)
{
    const int8_t *sums = t->dots.sums;
    const int32_t *bias = (const int32_t *)(const void *)(t->wide_bias + first);
    const int32_t *mult = t->mult + first, *shift = t->shift + first;
    const int16x8_t lo = vdupq_n_s16((int16_t)t->lo), hi = vdupq_n_s16((int16_t)t->hi);
    int16_t *y0 = (int16_t *)(void *)t->y[0] + first,
            *y1 = (int16_t *)(void *)t->y[1] + first;
    for (; n > 0; n -= 8) {
        const int32x4_t b[2] = {vld2q_s32(bias).val[0], vld2q_s32(bias + 8).val[0]};
        const int32x4_t m[2] = {vldrwq_s32(mult), vldrwq_s32(mult + 4)};
        const int32x4_t s[2] = {vldrwq_s32(shift), vldrwq_s32(shift + 4)};
        const int16x8_t v0 = eq_conv_mve_eight(sums, b, m, s, form);
        const int16x8_t v1 = eq_conv_mve_eight(sums + 16, b, m, s, form);
        const mve_pred16_t lanes = vctp16q((uint32_t)n);
        vstrhq_p_s16(y0, vminq_s16(vmaxq_s16(v0, lo), hi), lanes);
        vstrhq_p_s16(y1, vminq_s16(vmaxq_s16(v1, lo), hi), lanes);
        bias += 16;
        mult += 8;
        shift += 8;
        sums += 64;
        y0 += 8;
        y1 += 8;
    }
}

static inline void eq_conv_mve_sums(const eq_dots *dots, eq_conv_mve_kind kind)
{
    if (kind == EQ_CONV_MVE_S8)
        eq_dots_s8_4x2(dots);
    else if (kind == EQ_CONV_MVE_S8S4)
        eq_dots_s8s4_4x2(dots);
    else
        eq_dots_s16s8_4x2(dots);
}

/* All channels of the two windows. */
static inline void eq_conv_mve_flush(eq_conv_mve *t, eq_conv_mve_use use)
{
    const int32_t block = use.kind == EQ_CONV_MVE_S8 ? t->dots.bytes : t->dots.bytes / 2;
    t->dots.w = t->w;
    for (int32_t o = 0; o < t->out_c; o += EQ_CONV_MVE_CHANNELS) {
        const int32_t left = t->out_c - o;
        const int32_t n = left < EQ_CONV_MVE_CHANNELS ? left : EQ_CONV_MVE_CHANNELS;
        t->dots.w_end = t->dots.w + (n + 7) / 8 * 8 * block;
        eq_conv_mve_sums(&t->dots, use.kind);
        if (use.kind == EQ_CONV_MVE_S16S8)
            eq_conv_mve_rescale_s16(t, o, n, use.form);
        else if (use.live)
            eq_conv_mve_rescale_live(t, o, n, use.form);
        else
            eq_conv_mve_rescale(t, o, n, use.form);
        t->dots.w = t->dots.w_end;
    }
    t->count = 0;
}

/* Adds a window; two are computed, and so is the last, twice if it is alone. */
static inline void eq_conv_mve_add(eq_conv_mve *t, const int8_t *x, int8_t *y, int last,
                                   eq_conv_mve_use use)
{
    t->dots.x[t->count] = x;
    t->y[t->count] = y;
    if (last && t->count == 0) {
        t->dots.x[1] = x;
        t->y[1] = y;
    }
    if (++t->count == 2 || last)
        eq_conv_mve_flush(t, use);
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

/* The same for a window that is inside and whose rows are dense, first of them at `from`. */
static inline void eq_conv_mve_copy(const int8_t *from, int8_t *to, int32_t x_step,
                                    const eq_conv2d_s8_params *p)
{
    const int32_t line = p->kw * p->in_c;
    for (int32_t kh = p->kh; kh > 0; --kh) {
        eq_copy_mve(to, from, line);
        to += line;
        from += x_step;
    }
}

/* The columns [c0, c1) have windows with all their columns inside. */
typedef struct {
    int32_t c0, c1;
    const int8_t *end; /* from there on a window's chunks reach past x */
    int dense, together;
} eq_conv_mve_image;

static inline eq_conv_mve_image eq_conv_mve_look(const int8_t *x, int32_t bytes,
                                                 const eq_conv2d_s8_params *p)
{
    eq_conv_mve_image m;
    const int32_t room = p->in_w - (p->kw - 1) * p->dil_w + p->pad_left;
    m.c0 = (p->pad_left + p->stride_w - 1) / p->stride_w;
    m.c1 = room > 0 ? (room + p->stride_w - 1) / p->stride_w : 0;
    m.end = x + ((p->x_ring - 1) * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c - bytes);
    m.dense = p->kw == 1 || (p->dil_w == 1 && p->x_pixel == p->in_c);
    m.together = p->kh == 1 || (p->x_row == p->kw * p->in_c && p->dil_h == 1);
    return m;
}

/* The convolution of t, whose constants are set, with p in bytes of x and y. */
static inline void eq_conv2d_mve(const int8_t *x, int8_t *y, int8_t *scratch, eq_conv_mve t,
                                 const eq_conv2d_s8_params *p, eq_conv_mve_use use)
{
    const int32_t grain = use.kind == EQ_CONV_MVE_S8S4 ? 32 : 16;
    const int32_t bytes = (p->kh * p->kw * p->in_c + grain - 1) / grain * grain;
    const int32_t out_w = p->out_w;
    const int32_t x_step = p->stride_w * p->x_pixel, y_step = p->y_pixel;
    const eq_conv_mve_image m = eq_conv_mve_look(x, bytes, p);
    const int8_t *const end = m.together ? m.end : x - 1;
    t.dots.sums = scratch + 2 * bytes;
    t.dots.bytes = bytes;
    t.out_c = p->out_c;
    t.zy = p->zy;
    t.lo = p->act_min;
    t.hi = p->act_max;
    eq_conv_mve_taps taps = {.dense = m.dense};
    int32_t left = (p->row1 - p->row0) * out_w;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_conv_mve_rows(&taps, h, p);
        const int plain = m.dense && taps.kh1 - taps.kh0 == p->kh &&
                          taps.row + (p->kh - 1) * p->dil_h < p->x_ring;
        const uint32_t inner = plain && m.c1 > m.c0 ? (uint32_t)(m.c1 - m.c0) : 0;
        const int8_t *from = x + (taps.row * p->x_row - p->pad_left * p->x_pixel);
        int8_t *to = y + h * p->y_row;
        for (int32_t c = 0; c < out_w; ++c) {
            const int8_t *window = from;
            int8_t *const copy = t.count == 0 ? scratch : scratch + bytes;
            if ((uint32_t)(c - m.c0) >= inner) {
                eq_conv_mve_columns(&taps, c, p);
                eq_conv_mve_gather(x, copy, &taps, p);
                window = copy;
            } else if (from > end) {
                eq_conv_mve_copy(from, copy, p->dil_h * p->x_row, p);
                window = copy;
            }
            eq_conv_mve_add(&t, window, to, --left == 0, use);
            from += x_step;
            to += y_step;
        }
    }
}

#endif
