/* conv2d_s8 with the DSP extension: tiles of four channels by two pixels.
 *
 * The windows of two pixels are widened to int16 once and serve all channels; weights of two
 * channels share an int16 (dsp_dot.h).  Four taps of a tile are 28 instructions for 32
 * products; a window that is left over at the end goes alone.
 *
 * Exact: a pair's sums modulo 2^32 give both channels' accumulators, as these fit 24 bits
 * (dsp_dot.h); rescaling as dsp_rescale.h says.  Taps of the filling have zero weights.
 *
 * @requires acc_bits <= 24 and min_w >= -127 and min_shift >= 32 and max_shift <= 54
 * @packs w (o/4, khkwi/4, khkwi/2%2, o/2%2, khkwi%2, o%2)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @joins w
 * @scratch 16 * ((kh * kw * in_c + 3) / 4)
 */
#include "edgeq/dsp_conv2d.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__dsp_joined);

/* The constants of all channels. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
} EQ_SYM(conv2d_s8_dsp_layer);

/* All channels of two pixels. */
static inline void EQ_SYM(conv2d_s8_dsp_two)(EQ_SYM(conv2d_s8_dsp_layer) l, const int8_t *s,
                                             int8_t *ya, int8_t *yb,
                                             const eq_conv2d_s8_params *p)
{
    const int32_t fours = (p->kh * p->kw * p->in_c + 3) >> 2;
    const int32_t odd_zero = 2 * p->zy + 1;
    for (int32_t left = p->out_c; left > 0; left -= 4) {
        eq_dsp_sums a = eq_dsp_biases(l.bias);
        eq_dsp_sums b = a;
        const int8_t *x = s;
        const int8_t *end = s + (fours & ~3) * 16;
        while (x != end) {
            for (int32_t i = 0; i < 64; i += 8)
                eq_dsp_taps_2x2(&a, &b, l.w + i, x + i);
            l.w += 64;
            x += 64;
        }
        for (end += (fours & 3) * 16; x != end;) {
            eq_dsp_taps_2x2(&a, &b, l.w, x);
            eq_dsp_taps_2x2(&a, &b, l.w + 8, x + 8);
            l.w += 16;
            x += 16;
        }
        const int32_t ta[4] = {eq_dsp_twice_low(a.low0), eq_dsp_twice_high(a.pair0, a.low0),
                               eq_dsp_twice_low(a.low1), eq_dsp_twice_high(a.pair1, a.low1)};
        const int32_t tb[4] = {eq_dsp_twice_low(b.low0), eq_dsp_twice_high(b.pair0, b.low0),
                               eq_dsp_twice_low(b.low1), eq_dsp_twice_high(b.pair1, b.low1)};
        for (int32_t o = 0; o < 4 && o < left; ++o) {
            const eq_dsp_scale scale = eq_dsp_scale_of(l.mult[o], l.shift[o], odd_zero);
            yb[o] = eq_dsp_output(tb[o], &scale, eq_dsp_form);
            ya[o] = eq_dsp_output(ta[o], &scale, eq_dsp_form);
        }
        l.bias += 4;
        l.mult += 4;
        l.shift += 4;
        ya += 4;
        yb += 4;
    }
}

void EQ_SYM(eq_conv2d_s8__dsp_joined)(const int8_t *restrict x, const int8_t *restrict w,
                                      const int32_t *restrict bias,
                                      const int32_t *restrict mult,
                                      const int32_t *restrict shift, int8_t *restrict y,
                                      int8_t *restrict scratch,
                                      const eq_conv2d_s8_params *restrict p)
{
    const EQ_SYM(conv2d_s8_dsp_layer) layer = {w, bias, mult, shift};
    int8_t *first = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_dsp_window t = eq_dsp_window_of(h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            eq_dsp_gather(scratch + (first ? 4 : 0), x, &t, c, p);
            if (first)
                EQ_SYM(conv2d_s8_dsp_two)(layer, scratch, first, out, p);
            first = first ? 0 : out;
        }
    }
    if (first)
        EQ_SYM(conv2d_s8_dsp_two)(layer, scratch, first, first, p);
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t c = 0; c < p->out_w; ++c)
            eq_dsp_clamp(y + h * p->y_row + c * p->y_pixel, p->out_c, p->act_min, p->act_max);
}
