/* Depthwise convolutions for NEON with any window and any multiplier: bands of sixteen outputs'
 * channels (depthwise_band_neon.h), of which four windows at once share weights and the list
 * of taps.
 *
 * Weights are packed by twos of taps, the last of an odd number with zeros.  The list holds
 * where taps lie, in bytes from a window's first; it stands in front of the band.
 *
 * Exact: see depthwise_neon.h; lanes of the filling have weights of zero.  With int4 weights
 * a product is within 2^10, so a chunk of 30 taps and fewer adds up in int16.
 */
#ifndef EDGEQ_DEPTHWISE_WALK_NEON_H
#define EDGEQ_DEPTHWISE_WALK_NEON_H

#include "edgeq/depthwise_neon.h"
#include "edgeq/nibbles_neon.h"

/* Sums of four windows. */
typedef struct {
    eq_sums16_neon a, b, c, d;
} eq_four_sums_neon;

/* Where two taps lie. */
typedef struct {
    int64_t a, b;
} eq_two_taps_neon;

enum {
    EQ_INT4_TWOS = 15
}; /* twos of int4 weights whose products int16 holds the sums of */

static inline __attribute__((always_inline)) eq_two_taps_neon
eq_next_taps_neon(const int8_t **list)
{
    eq_two_taps_neon at;
    memcpy(&at, *list, 16);
    *list += 16;
    return at;
}

/* Writes the list, of 8 * (kh * kw + 1) bytes, and gives the number of its twos. */
static inline int32_t eq_list_taps_neon(int8_t *list, const eq_depthwise_layer_neon *l)
{
    const int32_t taps = l->kh * l->kw;
    const int64_t none = 0;
    int8_t *to = list;
    for (int32_t a = 0; a < l->kh; ++a)
        for (int32_t b = 0; b < l->kw; ++b, to += 8) {
            const int64_t at =
                (int64_t)a * l->blocks.band.lines.dil_h * l->blocks.band.line +
                (int64_t)b * l->dil_w * EQ_PIXEL;
            memcpy(to, &at, 8);
        }
    memcpy(to, &none, 8);
    return (taps + 1) / 2;
}

/* The layer whose band stands in scratch behind the list. */
static inline __attribute__((always_inline)) eq_depthwise_layer_neon
eq_listed_layer_neon_of(const eq_depthwise_call *p, const eq_depthwise_constants *k,
                        const int8_t *x, int8_t *scratch, int32_t bytes)
{
    int8_t *const band = scratch + (p->kh * p->kw + 1) / 2 * 16;
    return eq_depthwise_layer_neon_of(p, k, x, band, bytes, EQ_LANES);
}

static inline __attribute__((always_inline)) eq_sums16_neon eq_add_two_neon(
    eq_sums16_neon s, const int8_t *x, eq_two_taps_neon at, int8x16_t w0, int8x16_t w1)
{
    const eq_products_neon p = eq_multiply_neon(vld1q_s8(x + at.a), w0);
    return eq_add_products_neon(s, eq_multiply_add_neon(p, vld1q_s8(x + at.b), w1));
}

/* The sums of four windows at x and `step` apart, or, unless `four`, of the first. */
static inline __attribute__((always_inline)) eq_four_sums_neon
eq_walk_windows_neon(const int8_t *x, int64_t step, const int8_t *w, const int8_t *list,
                     int32_t twos, const eq_factors_x16 *f, int four)
{
    const int8_t *x1 = x + step, *x2 = x1 + step, *x3 = x2 + step;
    const eq_sums16_neon none = eq_begin_x16(f);
    eq_four_sums_neon s = {none, none, none, none};
    for (; twos > 0; --twos) {
        const eq_two_taps_neon at = eq_next_taps_neon(&list);
        const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16);
        w += 32;
        s.a = eq_add_two_neon(s.a, x, at, w0, w1);
        if (four) {
            s.b = eq_add_two_neon(s.b, x1, at, w0, w1);
            s.c = eq_add_two_neon(s.c, x2, at, w0, w1);
            s.d = eq_add_two_neon(s.d, x3, at, w0, w1);
        }
    }
    return s;
}

static inline __attribute__((always_inline)) eq_products_neon eq_multiply_two_neon(
    eq_products_neon p, const int8_t *x, eq_two_taps_neon at, int8x16_t w0, int8x16_t w1)
{
    p = eq_multiply_add_neon(p, vld1q_s8(x + at.a), w0);
    return eq_multiply_add_neon(p, vld1q_s8(x + at.b), w1);
}

/* The same with int4 weights, two taps in a byte: thirty taps add up in int16. */
static inline __attribute__((always_inline)) eq_four_sums_neon
eq_walk_int4_neon(const int8_t *x, int64_t step, const int8_t *w, const int8_t *list,
                  int32_t twos, const eq_factors_x16 *f, int four)
{
    const int8_t *x1 = x + step, *x2 = x1 + step, *x3 = x2 + step;
    const eq_sums16_neon none = eq_begin_x16(f);
    eq_four_sums_neon s = {none, none, none, none};
    while (twos > 0) {
        const eq_products_neon zero = {vdupq_n_s16(0), vdupq_n_s16(0)};
        eq_products_neon a = zero, b = zero, c = zero, d = zero;
        int32_t some = twos < EQ_INT4_TWOS ? twos : EQ_INT4_TWOS;
        for (twos -= some; some > 0; --some) {
            const eq_two_taps_neon at = eq_next_taps_neon(&list);
            const int8x16_t both = vld1q_s8(w);
            const int8x16_t w0 = eq_low_nibbles_neon(both), w1 = eq_high_nibbles_neon(both);
            w += 16;
            a = eq_multiply_two_neon(a, x, at, w0, w1);
            if (four) {
                b = eq_multiply_two_neon(b, x1, at, w0, w1);
                c = eq_multiply_two_neon(c, x2, at, w0, w1);
                d = eq_multiply_two_neon(d, x3, at, w0, w1);
            }
        }
        s.a = eq_add_products_neon(s.a, a);
        if (four) {
            s.b = eq_add_products_neon(s.b, b);
            s.c = eq_add_products_neon(s.c, c);
            s.d = eq_add_products_neon(s.d, d);
        }
    }
    return s;
}

static inline __attribute__((always_inline)) eq_four_sums_neon
eq_walk_sums_neon(const int8_t *x, int64_t step, const int8_t *w, const int8_t *list,
                  int32_t twos, const eq_factors_x16 *f, int four, int int4)
{
    return int4 ? eq_walk_int4_neon(x, step, w, list, twos, f, four)
                : eq_walk_windows_neon(x, step, w, list, twos, f, four);
}

/* n windows of a row, `step` bytes apart; outputs are y_pixel apart, of which `left` lanes
 * count. */
static inline __attribute__((always_inline)) void
eq_walk_row_neon(const int8_t *x, int64_t step, int8_t *y, int64_t y_pixel, int32_t n,
                 const int8_t *w, const int8_t *list, int32_t twos, const eq_factors_x16 *f,
                 eq_range_s8 range, int32_t left, int mode, int int4)
{
    for (; n >= 4; n -= 4) {
        const eq_four_sums_neon s = eq_walk_sums_neon(x, step, w, list, twos, f, 1, int4);
        eq_store_s8_x16(y, eq_finish_x16(s.a, f, range, mode), left);
        y += y_pixel;
        eq_store_s8_x16(y, eq_finish_x16(s.b, f, range, mode), left);
        y += y_pixel;
        eq_store_s8_x16(y, eq_finish_x16(s.c, f, range, mode), left);
        y += y_pixel;
        eq_store_s8_x16(y, eq_finish_x16(s.d, f, range, mode), left);
        y += y_pixel;
        x += 4 * step;
    }
    for (; n > 0; --n) {
        const eq_four_sums_neon s = eq_walk_sums_neon(x, step, w, list, twos, f, 0, int4);
        eq_store_s8_x16(y, eq_finish_x16(s.a, f, range, mode), left);
        y += y_pixel;
        x += step;
    }
}

/* A layer's block; `single` is a constant. */
static inline __attribute__((always_inline)) void
eq_walk_block_neon(const eq_depthwise_layer_neon *l, const int8_t *list, int32_t twos,
                   int8_t *y, int single, int int4)
{
    const eq_band_neon *b = &l->blocks.band;
    const int32_t o = l->blocks.o, left = l->blocks.channels - o, rows = l->blocks.rows;
    const eq_range_s8 range = eq_load_range(l->zy, l->act_min, l->act_max);
    const eq_factors_x16 f = eq_load_factors_x16(l->bias + o, l->mult + o, l->shift + o);
    const int8_t *w = l->w + o * (int4 ? 1 : 2) * twos, *x = l->blocks.at;
    const int64_t row = (int64_t)b->lines.stride_h * b->line;
    const int upright = l->out_w == 1; /* a column of outputs is walked like a row */
    const int relu =
        !single && eq_mode_of(single, l->zy, l->act_min, l->act_max) >= EQ_LIVE;
    const int64_t step = upright ? row : (int64_t)l->stride_w * EQ_PIXEL;
    const int64_t y_step = upright ? l->y_row : l->y_pixel;
    const int32_t lines = upright ? 1 : rows, n = upright ? rows : l->out_w;
    for (int32_t r = 0; r < lines; ++r) {
        if (relu)
            eq_walk_row_neon(x, step, y, y_step, n, w, list, twos, &f, range, left, EQ_RELU,
                             int4);
        else
            eq_walk_row_neon(x, step, y, y_step, n, w, list, twos, &f, range, left,
                             single ? EQ_SINGLE : EQ_DOUBLE, int4);
        x += row;
        y += l->y_row;
    }
}

/* A call; `single` and `int4` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise_walk_neon(const eq_depthwise_call *p, const eq_depthwise_constants *k,
                       const int8_t *x, int8_t *y, int8_t *scratch, int single, int int4)
{
    eq_depthwise_layer_neon l = eq_listed_layer_neon_of(p, k, x, scratch, 1);
    const int32_t twos = eq_list_taps_neon(scratch, &l);
    while (eq_next_block_neon(&l.blocks)) {
        int8_t *to = y + l.blocks.h * l.y_row + l.blocks.o;
        eq_walk_block_neon(&l, scratch, twos, to, single, int4);
    }
}

#endif
