/* Two windows of a convolution for MVE: the sums of up to 64 channels at a time, then their
 * rescaling, eight at once.
 *
 * Constants are packed in blocks of eight channels, the even ones before the odd: so two
 * vectors of four int32 interleave to eight int16 in order.  Weights of the filling are zero,
 * and only the stores know of a last, partial block.
 */
#ifndef EDGEQ_CONV2D_RESCALE_MVE_H
#define EDGEQ_CONV2D_RESCALE_MVE_H

#include "edgeq/dots_mve.h"
#include "edgeq/fixed_point_mve.h"

enum { EQ_CONV_MVE_CHANNELS = 64 };

/* What a kernel is for, known when it is compiled: the rounding form, whether its factors are
 * live, and what is multiplied. */
typedef enum {
    EQ_CONV_MVE_S8,
    EQ_CONV_MVE_S8ZW,
    EQ_CONV_MVE_S8S4,
    EQ_CONV_MVE_S16S8
} eq_conv_mve_kind;
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
    int32_t taps, zw; /* of weights with a zero point */
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
 * operand of a narrowing, and counts six pointers up.  Below a ReLU to the whole of int8 ties
 * need no care: they differ below zero only, all of which is -128 then. */
#define EQ_CONV_MVE_RESCALE(HIGH, AWAY, CLAMP)                                             \
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
    "vqadd.s16 %q[b], %q[b], %[zy]\n\t" CLAMP "vctp.16 %[n]\n\t"                           \
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
#define EQ_CONV_MVE_CLAMP                                                                  \
    "vmax.s16 %q[a], %q[a], %q[lo]\n\t"                                                    \
    "vmax.s16 %q[b], %q[b], %q[lo]\n\t"                                                    \
    "vmin.s16 %q[a], %q[a], %q[hi]\n\t"                                                    \
    "vmin.s16 %q[b], %q[b], %q[hi]\n\t"
#define EQ_CONV_MVE_WHOLE                                                                  \
    "vqmovnb.s16 %q[a], %q[a]\n\t"                                                         \
    "vqmovnb.s16 %q[b], %q[b]\n\t"
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
        __asm__ volatile(EQ_CONV_MVE_RESCALE("vqdmulh.s32", "", EQ_CONV_MVE_CLAMP)
                             EQ_CONV_MVE_OPERANDS);
    else if (t->zy == INT8_MIN && t->lo == INT8_MIN && t->hi == INT8_MAX)
        __asm__ volatile(EQ_CONV_MVE_RESCALE("vqrdmulh.s32", "", EQ_CONV_MVE_WHOLE)
                             EQ_CONV_MVE_OPERANDS);
    else
        __asm__ volatile(EQ_CONV_MVE_RESCALE("vqrdmulh.s32", EQ_CONV_MVE_AWAY,
                                             EQ_CONV_MVE_CLAMP) EQ_CONV_MVE_OPERANDS);
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
    if (kind == EQ_CONV_MVE_S8 || kind == EQ_CONV_MVE_S8ZW)
        eq_dots_s8_4x2(dots);
    else if (kind == EQ_CONV_MVE_S8S4)
        eq_dots_s8s4_4x2(dots);
    else
        eq_dots_s16s8_4x2(dots);
}

/* Adds a number to four sums. */
static inline void eq_conv_mve_shift_four(int8_t *at, int32_t by)
{
    const int32x4_t sums = vreinterpretq_s32_s8(vldrbq_s8(at));
    vstrbq_s8(at, vreinterpretq_s8_s32(vaddq_n_s32(sums, by)));
}

/* Adds one number to the n sums of each window, a multiple of eight. */
static inline void eq_conv_mve_shift(int8_t *sums, const int32_t by[2], int32_t n)
{
    for (; n > 0; n -= 4) {
        eq_conv_mve_shift_four(sums, by[0]);
        eq_conv_mve_shift_four(sums + 16, by[1]);
        sums += 32;
    }
}

/* All channels of the two windows. */
static inline void eq_conv_mve_flush(eq_conv_mve *t, eq_conv_mve_use use)
{
    const int whole = use.kind == EQ_CONV_MVE_S8 || use.kind == EQ_CONV_MVE_S8ZW;
    const int32_t block = whole ? t->dots.bytes : t->dots.bytes / 2;
    int32_t by[2] = {0, 0};
    if (use.kind == EQ_CONV_MVE_S8ZW)
        for (int i = 0; i < 2; ++i)
            by[i] = -t->zw * eq_sum_s8_mve(t->dots.x[i], t->taps);
    t->dots.w = t->w;
    for (int32_t o = 0; o < t->out_c; o += EQ_CONV_MVE_CHANNELS) {
        const int32_t left = t->out_c - o;
        const int32_t n = left < EQ_CONV_MVE_CHANNELS ? left : EQ_CONV_MVE_CHANNELS;
        t->dots.w_end = t->dots.w + (n + 7) / 8 * 8 * block;
        eq_conv_mve_sums(&t->dots, use.kind);
        if (use.kind == EQ_CONV_MVE_S8ZW)
            eq_conv_mve_shift(t->dots.sums, by, (n + 7) / 8 * 8);
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

#endif
