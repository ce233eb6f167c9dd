/* depthwise_s8 with multiplier 1 for MVE, for any geometry: what its variants share.
 *
 * A pixel is done 16 channels at a time.  Products of two taps are added in int16, which holds
 * them when no weight is -128: 2 * 128 * 127 < 2^15; their sums are widened and added to the
 * accumulators.  VMULLB takes the even lanes and VMULLT the odd, and so do VMOVLB and VMOVLT
 * after them: accumulator j holds the channels 4 * l + j, as the packed constants do, and the
 * narrowing of the results undoes it.
 *
 * Where the taps are says a list of addresses, four of which are found at once; taps outside
 * point to a line of zero points.
 */
#ifndef EDGEQ_DEPTHWISE_MVE_H
#define EDGEQ_DEPTHWISE_MVE_H

#include "edgeq/copy_mve.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/fixed_point_mve.h"
#include "edgeq/window.h"

/* Lists of `taps` entries and the rest of a block of four:
 * at       addresses of the taps of a window, moved on by 16 channels for every 16
 * first    their addresses if tap column 0 were image column 0
 * columns  their image columns then; far below 0 where the row is outside
 *
 * line     in_c zero points, up to a multiple of 16
 * room     16 bytes for each tap
 * last     bytes of x from the start of the lowest row that has a tap, at least */
typedef struct {
    uint32_t *at, *first, *columns;
    int8_t *line, *room;
    int32_t taps, last;
} eq_depthwise_mve;

typedef struct {
    int32x4_t v[4];
} eq_sixteen;

/* Adds to the sums s0..s3 the products of two taps, and those of one; moves on. */
#define EQ_DEPTHWISE_MVE_PAIR                                                              \
    "ldrd %[p], %[q], [%[at]]\n"                                                           \
    "vldrb.u8 %q[t], [%[p]], #16\n"                                                        \
    "vldrb.u8 %q[u], [%[w]], #32\n"                                                        \
    "vmullb.s8 %q[b], %q[t], %q[u]\n"                                                      \
    "vldrb.u8 %q[x], [%[q]], #16\n"                                                        \
    "vmullt.s8 %q[t], %q[t], %q[u]\n"                                                      \
    "vldrb.u8 %q[u], [%[w], #-16]\n"                                                       \
    "vmullb.s8 %q[u], %q[x], %q[u]\n"                                                      \
    "strd %[p], %[q], [%[at]], #8\n"                                                       \
    "vadd.i16 %q[b], %q[b], %q[u]\n"                                                       \
    "vldrb.u8 %q[u], [%[w], #-16]\n"                                                       \
    "vmullt.s8 %q[x], %q[x], %q[u]\n"                                                      \
    "vmovlb.s16 %q[u], %q[b]\n"                                                            \
    "vadd.i16 %q[t], %q[t], %q[x]\n"                                                       \
    "vmovlt.s16 %q[b], %q[b]\n"                                                            \
    "vadd.i32 %q[s0], %q[s0], %q[u]\n"                                                     \
    "vmovlb.s16 %q[u], %q[t]\n"                                                            \
    "vadd.i32 %q[s2], %q[s2], %q[b]\n"                                                     \
    "vmovlt.s16 %q[t], %q[t]\n"                                                            \
    "vadd.i32 %q[s1], %q[s1], %q[u]\n"                                                     \
    "vadd.i32 %q[s3], %q[s3], %q[t]\n"
#define EQ_DEPTHWISE_MVE_LAST                                                              \
    "ldr %[p], [%[at]]\n"                                                                  \
    "vldrb.u8 %q[t], [%[p]], #16\n"                                                        \
    "vldrb.u8 %q[u], [%[w]], #16\n"                                                        \
    "str %[p], [%[at]]\n"                                                                  \
    "vmullb.s8 %q[b], %q[t], %q[u]\n"                                                      \
    "vmullt.s8 %q[t], %q[t], %q[u]\n"                                                      \
    "vmovlb.s16 %q[u], %q[b]\n"                                                            \
    "vmovlt.s16 %q[b], %q[b]\n"                                                            \
    "vadd.i32 %q[s0], %q[s0], %q[u]\n"                                                     \
    "vmovlb.s16 %q[u], %q[t]\n"                                                            \
    "vadd.i32 %q[s2], %q[s2], %q[b]\n"                                                     \
    "vmovlt.s16 %q[t], %q[t]\n"                                                            \
    "vadd.i32 %q[s1], %q[s1], %q[u]\n"                                                     \
    "vadd.i32 %q[s3], %q[s3], %q[t]\n"

/* 16 biases and to each the products of its taps; moves the addresses on. */
static inline eq_sixteen eq_depthwise_mve_sums(const int32_t *bias, uint32_t *at,
                                               const int8_t *w, int32_t taps)
{
    eq_sixteen s;
    const int8_t *p, *q;
    int32x4_t b, t, u, x;
    __asm__ volatile("vldrw.u32 %q[s0], [%[bias]]\n"
                     "vldrw.u32 %q[s1], [%[bias], #16]\n"
                     "vldrw.u32 %q[s2], [%[bias], #32]\n"
                     "vldrw.u32 %q[s3], [%[bias], #48]\n"
                     "wls lr, %[pairs], 2f\n"
                     "1:\n" EQ_DEPTHWISE_MVE_PAIR "le lr, 1b\n"
                     "2:\n"
                     "cbz %[odd], 3f\n" EQ_DEPTHWISE_MVE_LAST "3:"
                     : [s0] "=&t"(s.v[0]), [s1] "=&t"(s.v[1]), [s2] "=&t"(s.v[2]),
                       [s3] "=&t"(s.v[3]), [b] "=&t"(b), [t] "=&t"(t), [u] "=&t"(u),
                       [x] "=&t"(x), [p] "=&r"(p), [q] "=&r"(q), [at] "+r"(at), [w] "+r"(w)
                     : [bias] "r"(bias), [pairs] "r"(taps / 2), [odd] "l"(taps & 1)
                     : "lr", "memory");
    return s;
}

/* The 16 sums, rescaled, to clamped int8 in order.  Saturating to int16 before zy is added
 * changes nothing that the clamp does not. */
static inline int8x16_t eq_depthwise_mve_rescale(eq_sixteen s, const int32_t *mult,
                                                 const int32_t *shift, int32_t zy,
                                                 int32_t lo, int32_t hi, int form)
{
    const int32x4_t r0 =
        eq_requantize_mve(s.v[0], vldrwq_s32(mult), vldrwq_s32(shift), form, 0);
    const int32x4_t r1 =
        eq_requantize_mve(s.v[1], vldrwq_s32(mult + 4), vldrwq_s32(shift + 4), form, 0);
    const int32x4_t r2 =
        eq_requantize_mve(s.v[2], vldrwq_s32(mult + 8), vldrwq_s32(shift + 8), form, 0);
    const int32x4_t r3 =
        eq_requantize_mve(s.v[3], vldrwq_s32(mult + 12), vldrwq_s32(shift + 12), form, 0);
    const int16x8_t e = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r0), r0), r2);
    const int16x8_t o = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r1), r1), r3);
    const int16x8_t even = vqaddq_n_s16(e, (int16_t)zy), odd = vqaddq_n_s16(o, (int16_t)zy);
    const int8x16_t y = vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
    return vminq_s8(vmaxq_s8(y, vdupq_n_s8((int8_t)lo)), vdupq_n_s8((int8_t)hi));
}

/* What a run over the channels of a pixel needs of what stays the same. */
typedef struct {
    uint32_t *at;
    int32_t pairs, odd; /* of taps */
    int32_t zy, lo, hi;
    const int8_t *w;
    const int32_t *bias, *mult;
    const int8_t *down;
} eq_depthwise_mve_run;

/* n channels of the window at k->at, factors other than zero of shift >= 32, `down` being 31
 * less the shifts: the same as sums and rescale above, written out as one loop.  The compiler
 * keeps its pointers in memory and saves vectors around every block. */
#define EQ_DEPTHWISE_MVE_LIVE(TAPS, HIGH, AWAY)                                            \
    "ldrd %[w], %[bias], [%[k], #24]\n"                                                    \
    "ldrd %[mult], %[down], [%[k], #32]\n"                                                 \
    "0:\n"                                                                                 \
    "ldr %[at], [%[k]]\n"                                                                  \
    "vldrw.u32 %q[s0], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s1], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s2], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s3], [%[bias]], #16\n" TAPS "vldrw.u32 %q[t], [%[mult]], #16\n\t" HIGH   \
    " %q[s0], %q[s0], %q[t]\n"                                                             \
    "vldrw.u32 %q[u], [%[mult]], #16\n" HIGH " %q[s1], %q[s1], %q[u]\n\t"                  \
    "vldrw.u32 %q[t], [%[mult]], #16\n" HIGH " %q[s2], %q[s2], %q[t]\n\t"                  \
    "vldrw.u32 %q[u], [%[mult]], #16\n" HIGH " %q[s3], %q[s3], %q[u]\n\t" AWAY             \
    "vldrw.u32 %q[t], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s0], %q[s0], %q[t]\n"                                                    \
    "vldrw.u32 %q[u], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s1], %q[s1], %q[u]\n"                                                    \
    "vldrw.u32 %q[t], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s2], %q[s2], %q[t]\n"                                                    \
    "vldrw.u32 %q[u], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s3], %q[s3], %q[u]\n"                                                    \
    "vqmovnb.s32 %q[s0], %q[s0]\n"                                                         \
    "ldr %[p], [%[k], #12]\n"                                                              \
    "vqmovnb.s32 %q[s1], %q[s1]\n"                                                         \
    "vqmovnt.s32 %q[s0], %q[s2]\n"                                                         \
    "vqmovnt.s32 %q[s1], %q[s3]\n"                                                         \
    "vqadd.s16 %q[s0], %q[s0], %[p]\n"                                                     \
    "vqadd.s16 %q[s1], %q[s1], %[p]\n"                                                     \
    "ldrd %[p], %[q], [%[k], #16]\n"                                                       \
    "vqmovnb.s16 %q[s0], %q[s0]\n"                                                         \
    "vdup.8 %q[t], %[p]\n"                                                                 \
    "vqmovnt.s16 %q[s0], %q[s1]\n"                                                         \
    "vdup.8 %q[u], %[q]\n"                                                                 \
    "vmax.s8 %q[s0], %q[s0], %q[t]\n"                                                      \
    "vmin.s8 %q[s0], %q[s0], %q[u]\n"                                                      \
    "vctp.8 %[n]\n"                                                                        \
    "vpst\n"                                                                               \
    "vstrbt.8 %q[s0], [%[y]], #16\n"                                                       \
    "subs %[n], #16\n"                                                                     \
    "bgt 0b"
#define EQ_DEPTHWISE_MVE_ANY_TAPS                                                          \
    "ldrd %[p], %[q], [%[k], #4]\n"                                                        \
    "cmp %[q], #0\n"                                                                       \
    "wls lr, %[p], 2f\n"                                                                   \
    "1:\n" EQ_DEPTHWISE_MVE_PAIR "le lr, 1b\n"                                             \
    "2:\n"                                                                                 \
    "beq 3f\n" EQ_DEPTHWISE_MVE_LAST "3:\n\t"
#define EQ_DEPTHWISE_MVE_NINE_TAPS                                                         \
    EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_PAIR                      \
        EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_LAST
#define EQ_DEPTHWISE_MVE_AWAY                                                              \
    "movs %[p], #1\n"                                                                      \
    "vqdmlah.s32 %q[s0], %q[s0], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s1], %q[s1], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s2], %q[s2], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s3], %q[s3], %[p]\n"
#define EQ_DEPTHWISE_MVE_OPERANDS                                                            \
    : [s0] "=&t"(s0), [s1] "=&t"(s1), [s2] "=&t"(s2), [s3] "=&t"(s3), [b] "=&t"(b),            \
      [t] "=&t"(t), [u] "=&t"(u), [x] "=&t"(x), [at] "=&r"(at), [p] "=&l"(a), [q] "=&r"(c),    \
      [w] "=&r"(w), [bias] "=&r"(bias), [mult] "=&r"(mult), [down] "=&r"(down), [y] "+r"(y),       \
      [n] "+r"(n)                                                                              \
    : [k] "r"(k)                                                                               \
    : "lr", "cc", "memory"

static inline void eq_depthwise_mve_live(const eq_depthwise_mve_run *k, int8_t *y,
                                         int32_t n, int form, int nine)
{
    int32x4_t s0, s1, s2, s3, b, t, u, x;
    const uint32_t *at;
    const int32_t *bias, *mult;
    const int8_t *w, *down;
    int32_t a, c;
    if (form == eq_mve_form_single && nine)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_NINE_TAPS, "vqdmulh.s32",
                                               "") EQ_DEPTHWISE_MVE_OPERANDS);
    else if (form == eq_mve_form_single)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_ANY_TAPS, "vqdmulh.s32", "")
                             EQ_DEPTHWISE_MVE_OPERANDS);
    else if (nine)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_NINE_TAPS, "vqrdmulh.s32",
                                               EQ_DEPTHWISE_MVE_AWAY)
                             EQ_DEPTHWISE_MVE_OPERANDS);
    else
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_ANY_TAPS, "vqrdmulh.s32",
                                               EQ_DEPTHWISE_MVE_AWAY)
                             EQ_DEPTHWISE_MVE_OPERANDS);
}

/* Addresses of the taps of a window row as if its columns started at 0: tap rows [kh0, kh1) are
 * inside, the first of them in the ring's row `row`. */
static inline void eq_depthwise_mve_list(eq_depthwise_mve *t, const int8_t *x, int32_t kh0,
                                         int32_t kh1, int32_t row,
                                         const eq_depthwise_s8_params *p)
{
    const int32_t step = p->dil_w * p->x_pixel;
    uint32_t *first = t->first, *columns = t->columns;
    for (int32_t kh = 0; kh < p->kh; ++kh) {
        const int inside = kh >= kh0 && kh < kh1;
        const uint32_t from = (uint32_t)(uintptr_t)(x + row * p->x_row);
        for (int32_t kw = 0; kw < p->kw; ++kw) {
            *first++ = from + (uint32_t)(kw * step);
            *columns++ = inside ? (uint32_t)(kw * p->dil_w) : (uint32_t)INT32_MIN;
        }
        row += inside ? p->dil_h : 0;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
}

/* Moves the addresses in t->first by `bytes`. */
static inline void eq_depthwise_mve_move(eq_depthwise_mve *t, uint32_t bytes)
{
    for (int32_t k = 0; k < t->taps; k += 4)
        vstrwq_u32(t->first + k, vaddq_n_u32(vldrwq_u32(t->first + k), bytes));
}

/* The same for window row h.  From one whose rows are all inside and in order, which it
 * returns 1 for, to the next the addresses only move. */
static inline int eq_depthwise_mve_rows(eq_depthwise_mve *t, const int8_t *x, int32_t h,
                                        int before, const eq_depthwise_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    const int32_t kh0 = eq_taps_before(top, p->dil_h, p->kh);
    const int32_t kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    const int32_t row = kh0 < kh1 ? (top + kh0 * p->dil_h) % p->x_ring : 0;
    const int32_t bottom = row + (kh1 - kh0 - 1) * p->dil_h;
    const int32_t below = bottom < p->x_ring ? p->x_ring - 1 - bottom : 0;
    const int plain = kh1 - kh0 == p->kh && bottom < p->x_ring;
    t->last = below * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c;
    if (plain && before && row >= p->stride_h)
        eq_depthwise_mve_move(t, (uint32_t)(p->stride_h * p->x_row));
    else
        eq_depthwise_mve_list(t, x, kh0, kh1, row, p);
    return plain;
}

/* The addresses of a window whose tap 0 is in column `left`.  A column outside is, without its
 * sign, no less than in_w. */
static inline void eq_depthwise_mve_locate(eq_depthwise_mve *t, int32_t left,
                                           const eq_depthwise_s8_params *p)
{
    const uint32x4_t line = vdupq_n_u32((uint32_t)(uintptr_t)t->line);
    const uint32_t *first = t->first, *columns = t->columns;
    uint32_t *at = t->at;
    uint32x4_t u, v;
    __asm__ volatile("dls lr, %[n]\n"
                     "1:\n\t"
                     "vldrw.u32 %q[u], [%[columns]], #16\n\t"
                     "vadd.i32 %q[u], %q[u], %[left]\n\t"
                     "vldrw.u32 %q[v], [%[first]], #16\n\t"
                     "vadd.i32 %q[v], %q[v], %[by]\n\t"
                     "vcmp.u32 cs, %q[u], %[width]\n\t"
                     "vpsel %q[v], %q[line], %q[v]\n\t"
                     "vstrw.32 %q[v], [%[at]], #16\n\t"
                     "le lr, 1b"
                     : [u] "=&t"(u), [v] "=&t"(v), [columns] "+r"(columns),
                       [first] "+r"(first), [at] "+r"(at)
                     : [n] "r"((t->taps + 3) / 4), [left] "r"(left), [width] "r"(p->in_w),
                       [by] "r"(left * p->x_pixel), [line] "t"(line)
                     : "lr", "cc", "memory");
}

/* Points to copies of what the n < 16 last channels need, where more must not be read. */
static inline void eq_depthwise_mve_copy(eq_depthwise_mve *t, int32_t n)
{
    for (int32_t k = 0; k < t->taps; ++k) {
        eq_copy_mve(t->room + 16 * k, (const int8_t *)(uintptr_t)t->at[k], n);
        t->at[k] = (uint32_t)(uintptr_t)(t->room + 16 * k);
    }
}

/* Whether `line` bytes of some tap reach past x. */
static inline int eq_depthwise_mve_tight(const eq_depthwise_mve *t, int32_t left,
                                         int32_t line, const eq_depthwise_s8_params *p)
{
    const int32_t right = left + (p->kw - 1) * p->dil_w;
    const int32_t column = right < p->in_w ? right : p->in_w - 1;
    return t->last < column * p->x_pixel + line;
}

/* n channels of the window at t->at, any factors. */
static inline void eq_depthwise_mve_any(const eq_depthwise_mve *t,
                                        const eq_depthwise_mve_run *k, const int32_t *shift,
                                        int8_t *y, int32_t n,
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

static inline void eq_depthwise_s8_mve(const int8_t *x, const int8_t *w,
                                       const int32_t *bias, const int32_t *mult,
                                       const int32_t *shift, int8_t *y, int8_t *scratch,
                                       const eq_depthwise_s8_params *p, int form, int live)
{
    const int32_t list = (p->kh * p->kw + 3) / 4 * 4, line = (p->in_c + 15) / 16 * 16;
    const int32_t whole = p->in_c / 16 * 16;
    eq_depthwise_mve t = {.taps = p->kh * p->kw};
    t.at = (uint32_t *)(void *)(scratch + (-(uintptr_t)scratch & 3u));
    t.first = t.at + list;
    t.columns = t.first + list;
    t.line = (int8_t *)(t.columns + list);
    t.room = t.line + line;
    int8_t *const down = t.room + 16 * t.taps;
    const eq_depthwise_mve_run k[2] = {
        {t.at, t.taps / 2, t.taps & 1, p->zy, p->act_min, p->act_max, w, bias, mult, down},
        {t.at, t.taps / 2, t.taps & 1, p->zy, p->act_min, p->act_max, w + t.taps * whole,
         bias + whole, mult + whole, down + 4 * whole}};
    int plain = 0;
    eq_fill_mve(t.line, p->zx, line);
    if (live)
        eq_depthwise_mve_downs(shift, down, line);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        int8_t *to = y + h * p->y_row;
        int32_t left = -p->pad_left;
        plain = eq_depthwise_mve_rows(&t, x, h, plain, p);
        for (int32_t n = p->out_w; n > 0; --n) {
            const int tight = whole < line && eq_depthwise_mve_tight(&t, left, line, p);
            eq_depthwise_mve_locate(&t, left, p);
            for (int part = tight && whole == 0; part <= tight; ++part) {
                const int32_t c = part ? whole : 0, end = part || !tight ? p->in_c : whole;
                if (part)
                    eq_depthwise_mve_copy(&t, end - c);
                if (live)
                    eq_depthwise_mve_live(k + part, to + c, end - c, form, live == 9);
                else
                    eq_depthwise_mve_any(&t, k + part, shift + c, to + c, end - c, p, form);
            }
            left += p->stride_w;
            to += p->y_pixel;
        }
    }
}

#endif
