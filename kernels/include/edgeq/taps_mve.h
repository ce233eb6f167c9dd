/* Where the taps of depthwise windows are, for MVE: a list of addresses for any geometry, four of
 * which are found at once.  Taps outside point to a line of zero points.
 *
 * Sizes are in bytes, also those of params.
 */
#ifndef EDGEQ_TAPS_MVE_H
#define EDGEQ_TAPS_MVE_H

#include "edgeq/copy_mve.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/window.h"

/* Lists of `taps` entries and the rest of a block of four:
 * at       addresses of the taps of a window, which kernels move on by 16 bytes
 * first    their addresses if tap column 0 were image column 0
 * columns  their image columns then; far below 0 where the row is outside
 *
 * line     in_c zero points, up to a multiple of 16 bytes
 * room     16 bytes for each tap
 * rest     what is left of scratch
 * last     bytes of x from the start of the lowest row that has a tap, at least
 * inside   whether all rows of the window are */
typedef struct {
    uint32_t *at, *first, *columns;
    int8_t *line, *room, *rest;
    int32_t taps, last;
    int inside;
} eq_taps_mve;

/* The lists in scratch: 3 + (kh * kw + 3) / 4 * 48 bytes, room and a line. */
static inline eq_taps_mve eq_taps_mve_in(int8_t *scratch, int32_t line,
                                         const eq_depthwise_s8_params *p)
{
    const int32_t list = (p->kh * p->kw + 3) / 4 * 4;
    eq_taps_mve t = {.taps = p->kh * p->kw};
    t.at = (uint32_t *)(void *)(scratch + (-(uintptr_t)scratch & 3u));
    t.first = t.at + list;
    t.columns = t.first + list;
    t.line = (int8_t *)(t.columns + list);
    t.room = t.line + line;
    t.rest = t.room + 16 * t.taps;
    eq_fill_mve(t.line, p->zx, line);
    return t;
}

/* Addresses of the taps of a window row as if its columns started at 0: tap rows [kh0, kh1) are
 * inside, the first of them in the ring's row `row`. */
static inline void eq_taps_mve_list(eq_taps_mve *t, const int8_t *x, int32_t kh0,
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
static inline void eq_taps_mve_move(eq_taps_mve *t, uint32_t bytes)
{
    for (int32_t k = 0; k < t->taps; k += 4)
        vstrwq_u32(t->first + k, vaddq_n_u32(vldrwq_u32(t->first + k), bytes));
}

/* The same for window row h.  From one whose rows are all inside and in order, which it
 * returns 1 for, to the next the addresses only move. */
static inline int eq_taps_mve_rows(eq_taps_mve *t, const int8_t *x, int32_t h, int before,
                                   const eq_depthwise_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    const int32_t kh0 = eq_taps_before(top, p->dil_h, p->kh);
    const int32_t kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    const int32_t row = kh0 < kh1 ? (top + kh0 * p->dil_h) % p->x_ring : 0;
    const int32_t bottom = row + (kh1 - kh0 - 1) * p->dil_h;
    const int32_t below = bottom < p->x_ring ? p->x_ring - 1 - bottom : 0;
    t->inside = kh1 - kh0 == p->kh;
    const int plain = t->inside && bottom < p->x_ring;
    t->last = below * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c;
    if (plain && before && row >= p->stride_h)
        eq_taps_mve_move(t, (uint32_t)(p->stride_h * p->x_row));
    else
        eq_taps_mve_list(t, x, kh0, kh1, row, p);
    return plain;
}

/* The addresses of a window whose tap 0 is in column `left`.  A column outside is, without its
 * sign, no less than in_w. */
static inline void eq_taps_mve_locate(eq_taps_mve *t, int32_t left,
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
                     : [n] "r"((uint32_t)(t->taps + 3) / 4), [left] "r"(left),
                       [width] "r"(p->in_w), [by] "r"(left * p->x_pixel), [line] "t"(line)
                     : "lr", "cc", "memory");
}

/* Points to copies of what the n < 16 last channels need, where more must not be read. */
static inline void eq_taps_mve_copy(eq_taps_mve *t, int32_t n)
{
    for (int32_t k = 0; k < t->taps; ++k) {
        eq_copy_mve(t->room + 16 * k, (const int8_t *)(uintptr_t)t->at[k], n);
        t->at[k] = (uint32_t)(uintptr_t)(t->room + 16 * k);
    }
}

/* Whether whole vectors of some tap reach past x. */
static inline int eq_taps_mve_tight(const eq_taps_mve *t, int32_t left,
                                    const eq_depthwise_s8_params *p)
{
    const int32_t right = left + (p->kw - 1) * p->dil_w;
    const int32_t column = right < p->in_w ? right : p->in_w - 1;
    return t->last < column * p->x_pixel + ((p->in_c + 15) & ~15);
}

#endif
