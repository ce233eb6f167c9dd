/* Depthwise windows of one column for NEON with dot products: sixteen channels of a column.
 *
 * Rows 4m..4m+3 of the sixteen channels are put side by side once, four bytes a channel: SDOT
 * adds four taps at once.  Output row 4m + s begins in the middle of such a quad, so it has
 * weights of its own, moved by s taps (`@slides`): taps of the filling are zero, whatever row
 * they meet.  The quads of four output rows stay in registers; weights and biases are read for
 * each row.
 *
 * Rows behind the last one are the last one again; outputs behind the last one go where
 * another goes after them.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof; see rescale_neon.h.
 * Where acc_bits + 31 - live_shift <= 15 a rescaled sum is within 2^14, so it is the lower
 * half of its lane, and int16 holds it with the zero point added.
 */
#ifndef EDGEQ_DEPTHWISE_QUADS_NEON_DOTPROD_H
#define EDGEQ_DEPTHWISE_QUADS_NEON_DOTPROD_H

#include "edgeq/depthwise_column_neon.h"

/* Four rows of sixteen channels, or four taps of their weights. */
typedef struct {
    int8x16_t a, b, c, d;
} eq_quad16_neon;

/* Bytes from the first of four rows to the others. */
typedef struct {
    int64_t one, two, three;
} eq_down_offsets_neon;

/* Rows `line` apart, none of them more than `room` bytes on. */
static inline eq_down_offsets_neon eq_down_offsets_of_neon(int64_t line, int64_t room)
{
    const eq_down_offsets_neon o = {line < room ? line : room,
                                    2 * line < room ? 2 * line : room,
                                    3 * line < room ? 3 * line : room};
    return o;
}

static inline eq_quad16_neon eq_zip_quad_neon(int8x16_t r0, int8x16_t r1, int8x16_t r2,
                                              int8x16_t r3)
{
    const int16x8_t p0 = vreinterpretq_s16_s8(vzip1q_s8(r0, r1));
    const int16x8_t p1 = vreinterpretq_s16_s8(vzip2q_s8(r0, r1));
    const int16x8_t q0 = vreinterpretq_s16_s8(vzip1q_s8(r2, r3));
    const int16x8_t q1 = vreinterpretq_s16_s8(vzip2q_s8(r2, r3));
    const eq_quad16_neon q = {
        vreinterpretq_s8_s16(vzip1q_s16(p0, q0)), vreinterpretq_s8_s16(vzip2q_s16(p0, q0)),
        vreinterpretq_s8_s16(vzip1q_s16(p1, q1)), vreinterpretq_s8_s16(vzip2q_s16(p1, q1))};
    return q;
}

static inline __attribute__((always_inline)) int8x16_t eq_half_row_neon(const int8_t *x)
{
    return vcombine_s8(vld1_s8(x), vdup_n_s8(0));
}

/* Four rows of 16 channels (`wide`) or 8. */
static inline __attribute__((always_inline)) eq_quad16_neon
eq_read_quad_neon(const int8_t *x, eq_down_offsets_neon to, int wide)
{
    if (!wide)
        return eq_zip_quad_neon(eq_half_row_neon(x), eq_half_row_neon(x + to.one),
                                eq_half_row_neon(x + to.two),
                                eq_half_row_neon(x + to.three));
    return eq_zip_quad_neon(vld1q_s8(x), vld1q_s8(x + to.one), vld1q_s8(x + to.two),
                            vld1q_s8(x + to.three));
}

/* The sums of a quad with the weights at w; those of channels that are not there are left.
 * Weights are read before any is used, of which gcc makes LDP. */
static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_quad_neon(eq_sums16_neon s, eq_quad16_neon q, const int8_t *w, int wide)
{
    const eq_quad16_neon v = {vld1q_s8(w), vld1q_s8(w + 16), vld1q_s8(w + 32),
                              vld1q_s8(w + 48)};
    s.a = vdotq_s32(s.a, q.a, v.a);
    s.b = vdotq_s32(s.b, q.b, v.b);
    if (wide) {
        s.c = vdotq_s32(s.c, q.c, v.c);
        s.d = vdotq_s32(s.d, q.d, v.d);
    }
    return s;
}

static inline __attribute__((always_inline)) eq_sums16_neon
eq_begin_quads_neon(const int32_t *bias, int wide)
{
    const int more = wide ? 8 : 0;
    const eq_sums16_neon s = {vld1q_s32(bias), vld1q_s32(bias + 4), vld1q_s32(bias + more),
                              vld1q_s32(bias + more + 4)};
    return s;
}

/* The lower halves of lanes. */
static inline int16x8_t eq_lower_halves_neon(int32x4_t a, int32x4_t b)
{
    return vuzp1q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
}

/* Outputs of sums whose rescaled values int16 holds; `mode` is a constant. */
static inline __attribute__((always_inline)) int8x16_t
eq_finish_quads_neon(eq_sums16_neon s, const eq_factors_x16 *f, eq_range_s8 range, int mode)
{
    const int form = mode == EQ_FULL ? EQ_DOUBLE : mode;
    const int32x4_t a = eq_rescale_x4(s.a, f->a, form), b = eq_rescale_x4(s.b, f->b, form);
    const int32x4_t c = eq_rescale_x4(s.c, f->c, form), d = eq_rescale_x4(s.d, f->d, form);
    const int16x8_t low = eq_lower_halves_neon(a, b), high = eq_lower_halves_neon(c, d);
    if (mode == EQ_LIVE) {
        const uint8x16_t v = vqmovun_high_s16(vqmovun_s16(low), high);
        return vreinterpretq_s8_u8(veorq_u8(v, vdupq_n_u8(128)));
    }
    const int8x16_t v =
        vqmovn_high_s16(vqmovn_s16(vaddq_s16(low, range.zy)), vaddq_s16(high, range.zy));
    return mode == EQ_FULL ? v : vminq_s8(vmaxq_s8(v, range.lo), range.hi);
}

/* Stores sixteen outputs, or, unless `wide`, eight, for which `mode` is EQ_DOUBLE or EQ_SINGLE.
 */
static inline __attribute__((always_inline)) void
eq_put_down_neon(int8_t *y, eq_sums16_neon s, const eq_factors_x16 *f, eq_range_s8 range,
                 int wide, int mode)
{
    if (wide) {
        vst1q_s8(y, eq_finish_quads_neon(s, f, range, mode));
        return;
    }
    const int16x8_t v = eq_lower_halves_neon(eq_rescale_x4(s.a, f->a, mode),
                                             eq_rescale_x4(s.b, f->b, mode));
    const int8x8_t b = vqmovn_s16(vaddq_s16(v, range.zy));
    vst1_s8(y, vmin_s8(vmax_s8(b, vget_low_s8(range.lo)), vget_low_s8(range.hi)));
}

/* Sums of a window of kh rows `line` apart, with the weights at w. */
static inline __attribute__((always_inline)) eq_sums16_neon
eq_sums_once_neon(const int8_t *x, const int8_t *w, const int32_t *bias, int32_t kh,
                  int64_t line, int wide)
{
    eq_sums16_neon s = eq_begin_quads_neon(bias, wide);
    eq_down_offsets_neon from = {line, 2 * line, 3 * line};
    for (; kh >= 4; kh -= 4) {
        s = eq_add_quad_neon(s, eq_read_quad_neon(x, from, wide), w, wide);
        x += 4 * line;
        w += 64;
    }
    if (kh > 0) {
        from = eq_down_offsets_of_neon(line, (kh - 1) * line);
        s = eq_add_quad_neon(s, eq_read_quad_neon(x, from, wide), w, wide);
    }
    return s;
}

/* A column of rows of `channels` channels, and of `rows` outputs, at least three.  Outputs that
 * begin s rows into a quad do without the last quad where skip_s says so. */
typedef struct {
    const int8_t *x, *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
    eq_range_s8 range;
    int64_t line, y_row;
    int32_t channels, x_rows, rows, skip_0, skip_1, skip_2;
} eq_down_pass_neon;

/* Two to four quads. */
typedef struct {
    eq_quad16_neon a, b, c, d;
} eq_down_quads_neon;

/* The sums of a window of `quads` or of one less, and the outputs they become. */
static inline __attribute__((always_inline)) void
eq_down_window_neon(const eq_down_pass_neon *t, const eq_down_quads_neon *q,
                    const int8_t *w, int8_t *y, const eq_factors_x16 *f, int quads,
                    int32_t skip, int wide, int mode)
{
    eq_sums16_neon s = eq_begin_quads_neon(t->bias, wide);
    s = eq_add_quad_neon(s, q->a, w, wide);
    if (quads > 2)
        s = eq_add_quad_neon(s, q->b, w + 64, wide);
    if (quads > 3)
        s = eq_add_quad_neon(s, q->c, w + 128, wide);
    if (__builtin_expect(!skip, 1))
        s = eq_add_quad_neon(s,
                             quads == 2   ? q->b
                             : quads == 3 ? q->c
                                          : q->d,
                             w + 64 * (quads - 1), wide);
    eq_put_down_neon(y, s, f, t->range, wide, mode);
}

/* Outputs of four rows, or, unless `four`, of the first three, the last one first. */
static inline __attribute__((always_inline)) void
eq_down_group_neon(const eq_down_pass_neon *t, const eq_down_quads_neon *q, int8_t *y,
                   eq_down_offsets_neon to, int32_t four, const eq_factors_x16 *f,
                   int quads, int wide, int mode)
{
    const int8_t *const w3 = t->w, *const w2 = w3 + 64 * quads;
    const int8_t *const w1 = w2 + 64 * quads, *const w0 = w1 + 64 * quads;
    if (__builtin_expect(four, 1))
        eq_down_window_neon(t, q, w3, y + to.three, f, quads, 0, wide, mode);
    eq_down_window_neon(t, q, w2, y + to.two, f, quads, t->skip_2, wide, mode);
    eq_down_window_neon(t, q, w1, y + to.one, f, quads, t->skip_1, wide, mode);
    eq_down_window_neon(t, q, w0, y, f, quads, t->skip_0, wide, mode);
}

/* All outputs of sixteen channels, or, unless `wide`, of eight; `quads`, `wide` and `mode` are
 * constants. */
static inline __attribute__((always_inline)) void
eq_down_block_neon(const eq_down_pass_neon *t, int quads, int wide, int mode)
{
    const eq_factors_x16 f = eq_load_factors_x16(t->bias, t->mult, t->shift);
    const int64_t line = t->line, y_row = t->y_row;
    eq_down_offsets_neon from = {line, 2 * line, 3 * line};
    eq_down_offsets_neon to = {y_row, 2 * y_row, 3 * y_row};
    const int8_t *x = t->x;
    int8_t *y = t->y;
    eq_down_quads_neon q;
    q.a = eq_read_quad_neon(x, from, wide);
    q.b = quads > 2 ? eq_read_quad_neon(x += 4 * line, from, wide) : q.a;
    q.c = quads > 3 ? eq_read_quad_neon(x += 4 * line, from, wide) : q.b;
    x += 4 * line;
    int32_t left = t->rows, more = t->x_rows - 4 * (quads - 1);
    do {
        int32_t n = (left < more ? left : more) >> 2;
        const int32_t four = left > 3;
        if (n <= 0) {
            n = 1;
            x = more > 0 ? x : x + (more - 1) * line;
            from = eq_down_offsets_of_neon(line, more > 0 ? (more - 1) * line : 0);
            to = eq_down_offsets_of_neon(y_row, (left - 1) * y_row);
        }
        left -= 4 * n;
        more -= 4 * n;
        for (; n > 0; --n) {
            const eq_quad16_neon next = eq_read_quad_neon(x, from, wide);
            const eq_down_quads_neon r = {q.a, quads == 2 ? next : q.b,
                                          quads == 3 ? next : q.c, next};
            eq_down_group_neon(t, &r, y, to, four, &f, quads, wide, mode);
            q.a = r.b;
            q.b = r.c;
            q.c = r.d;
            x += 4 * line;
            y += 4 * y_row;
        }
    } while (left > 0);
}

/* All outputs but those of eight channels behind the last sixteen. */
static inline __attribute__((always_inline)) void eq_down_blocks_neon(eq_down_pass_neon *t,
                                                                      int quads, int mode)
{
    for (; t->channels >= 16; t->channels -= 16) {
        eq_down_block_neon(t, quads, 1, mode);
        t->x += 16;
        t->w += 256 * quads;
        t->bias += 16;
        t->mult += 16;
        t->shift += 16;
        t->y += 16;
    }
}

/* All outputs, `mode` being known when the kernel runs and `single` when it is compiled. */
static inline __attribute__((always_inline)) void
eq_down_modes_dotprod(const eq_down_pass_neon *of, int quads, int mode, int single)
{
    eq_down_pass_neon t = *of;
    if (single)
        eq_down_blocks_neon(&t, quads, EQ_SINGLE);
    else if (mode == EQ_LIVE)
        eq_down_blocks_neon(&t, quads, EQ_LIVE);
    else if (mode == EQ_FULL)
        eq_down_blocks_neon(&t, quads, EQ_FULL);
    else
        eq_down_blocks_neon(&t, quads, EQ_DOUBLE);
    if (t.channels > 0)
        eq_down_block_neon(&t, quads, 0, single ? EQ_SINGLE : EQ_DOUBLE);
}

#endif
