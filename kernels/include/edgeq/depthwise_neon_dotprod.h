/* 3x3 depthwise convolutions for NEON with dot products: sixteen lanes at once, from bands of
 * sixteen channels (depthwise_band_neon.h), down one column of outputs after the other.
 *
 * One LD1 reads the three pixels of a line that a window sees, and a TBL puts those of four
 * lanes side by side; the fourth byte meets a weight of zero.  SDOT adds them to the sums of
 * the three windows that see this line, which stay in registers until they are complete.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.  See rescale_neon.h for
 * the rest.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_DOTPROD_H
#define EDGEQ_DEPTHWISE_NEON_DOTPROD_H

#include "edgeq/depthwise_lines_neon_dotprod.h"

/* The output of the window whose last line comes next, with stride 1: `next` begins with that
 * line. */
EQ_DOT void eq_step_dotprod(eq_down_dotprod *d, eq_sums16_neon *done, eq_sums16_neon *going,
                            eq_sums16_neon *next, const eq_weights_dotprod *w,
                            const eq_places_dotprod *places, eq_numbers_dotprod n, int mode,
                            int wide)
{
    *next = eq_biases_dotprod(n, wide);
    eq_add_line_dotprod(d, next, going, done, w, places);
    eq_store_dotprod(d, eq_finish_dotprod(*done, n, mode, wide), wide);
}

/* n outputs with stride 1: three windows by turns. */
EQ_DOT void eq_down1_dotprod(eq_down_dotprod d, int32_t n, const eq_weights_dotprod *w,
                             const eq_places_dotprod *p, eq_numbers_dotprod f, int mode,
                             int wide)
{
    eq_sums16_neon a = eq_biases_dotprod(f, wide), b = a, c;
    eq_add_line_dotprod(&d, &a, 0, 0, w, p);
    eq_add_line_dotprod(&d, &b, &a, 0, w, p);
    for (; n >= 3; n -= 3) {
        eq_step_dotprod(&d, &a, &b, &c, w, p, f, mode, wide);
        eq_step_dotprod(&d, &b, &c, &a, w, p, f, mode, wide);
        eq_step_dotprod(&d, &c, &a, &b, w, p, f, mode, wide);
    }
    if (n > 0)
        eq_step_dotprod(&d, &a, &b, &c, w, p, f, mode, wide);
    if (n > 1)
        eq_step_dotprod(&d, &b, &c, &a, w, p, f, mode, wide);
}

/* The output of a window of which the first line has been added, with stride 2: `next` begins
 * with the last one. */
EQ_DOT void eq_step2_dotprod(eq_down_dotprod *d, eq_sums16_neon *done, eq_sums16_neon *next,
                             const eq_weights_dotprod *w, const eq_places_dotprod *p,
                             eq_numbers_dotprod f, int mode, int wide)
{
    eq_add_line_dotprod(d, 0, done, 0, w, p);
    *next = eq_biases_dotprod(f, wide);
    eq_add_line_dotprod(d, next, 0, done, w, p);
    eq_store_dotprod(d, eq_finish_dotprod(*done, f, mode, wide), wide);
}

/* n outputs with stride 2: two windows by turns. */
EQ_DOT void eq_down2_dotprod(eq_down_dotprod d, int32_t n, const eq_weights_dotprod *w,
                             const eq_places_dotprod *p, eq_numbers_dotprod f, int mode,
                             int wide)
{
    eq_sums16_neon a = eq_biases_dotprod(f, wide), b;
    eq_add_line_dotprod(&d, &a, 0, 0, w, p);
    for (; n >= 2; n -= 2) {
        eq_step2_dotprod(&d, &a, &b, w, p, f, mode, wide);
        eq_step2_dotprod(&d, &b, &a, w, p, f, mode, wide);
    }
    if (n > 0)
        eq_step2_dotprod(&d, &a, &b, w, p, f, mode, wide);
}

/* n outputs with another stride, each for itself. */
EQ_DOT void eq_down3_dotprod(eq_down_dotprod d, int32_t n, int32_t stride,
                             const eq_weights_dotprod *w, const eq_places_dotprod *p,
                             eq_numbers_dotprod f, int mode, int wide)
{
    for (; n > 0; --n) {
        eq_sums16_neon a = eq_biases_dotprod(f, wide);
        eq_add_line_dotprod(&d, &a, 0, 0, w, p);
        eq_add_line_dotprod(&d, 0, &a, 0, w, p);
        eq_add_line_dotprod(&d, 0, 0, &a, w, p);
        d.x += (stride - 3) * d.line;
        eq_store_dotprod(&d, eq_finish_dotprod(a, f, mode, wide), wide);
    }
}

/* A block; `single`, `wide` and `mode` are constants. */
EQ_DOT void eq_depthwise3_mode_dotprod(const eq_depthwise_layer_neon *l, int8_t *y,
                                       eq_numbers_dotprod f, int mode, int wide)
{
    const eq_blocks_neon *k = &l->blocks;
    const eq_nine_neon nine = eq_load_nine_neon(l->w + k->o, k->channels, wide);
    const eq_places_dotprod places = eq_places_dotprod_of();
    const eq_weights_dotprod w = eq_weights_dotprod_of(&nine, &places);
    const int32_t stride = k->band.lines.stride_h;
    eq_down_dotprod d = {k->at, y, k->band.line, l->y_row, (int64_t)k->other * l->y_row};
    for (int32_t c = 0; c < l->out_w; ++c) {
        if (stride == 1)
            eq_down1_dotprod(d, k->rows, &w, &places, f, mode, wide);
        else if (stride == 2)
            eq_down2_dotprod(d, k->rows, &w, &places, f, mode, wide);
        else
            eq_down3_dotprod(d, k->rows, stride, &w, &places, f, mode, wide);
        d.x += l->stride_w * EQ_PIXEL;
        d.y += l->y_pixel;
    }
}

/* The same, `mode` being known when the kernel runs and `single` when it is compiled. */
EQ_DOT void eq_depthwise3_modes_dotprod(const eq_depthwise_layer_neon *l, int8_t *y,
                                        eq_room_dotprod *room, int mode, int single,
                                        int wide)
{
    const eq_numbers_dotprod f = eq_numbers_dotprod_of(l, room, wide);
    if (single)
        eq_depthwise3_mode_dotprod(l, y, f, EQ_SINGLE, wide);
    else if (mode == EQ_LIVE)
        eq_depthwise3_mode_dotprod(l, y, f, EQ_LIVE, wide);
    else if (mode == EQ_RELU)
        eq_depthwise3_mode_dotprod(l, y, f, EQ_RELU, wide);
    else
        eq_depthwise3_mode_dotprod(l, y, f, EQ_DOUBLE, wide);
}

/* A call of at least eight channels; `single` is a constant. */
EQ_DOT void eq_depthwise3_dotprod(const eq_depthwise_call *p,
                                  const eq_depthwise_constants *k, const int8_t *x,
                                  int8_t *y, int8_t *scratch, int single)
{
    eq_depthwise_layer_neon l =
        eq_depthwise_layer_neon_of(p, k, x, scratch, 1, p->in_c >= 16 ? EQ_WIDE : EQ_HALF);
    const eq_range_s8 range = eq_load_range(l.zy, l.act_min, l.act_max);
    const int mode = eq_mode_of(single, l.zy, l.act_min, l.act_max);
    eq_room_dotprod room;
    vst1q_s8(room.range, range.lo);
    vst1q_s8(room.range + 16, range.hi);
    vst1q_s8(room.range + 32, vreinterpretq_s8_s16(range.zy));
    vst1q_s8(room.range + 48, vreinterpretq_s8_s16(range.zy));
    while (eq_next_block_neon(&l.blocks)) {
        int8_t *to = y + l.blocks.h * l.y_row + l.blocks.o;
        if (l.blocks.way == EQ_WIDE)
            eq_depthwise3_modes_dotprod(&l, to, &room, mode, single, 1);
        else
            eq_depthwise3_modes_dotprod(&l, to, &room, mode, single, 0);
    }
}

#endif
