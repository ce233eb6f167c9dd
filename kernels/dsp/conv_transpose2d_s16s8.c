/* conv_transpose2d_s16s8 with the DSP extension: four channels of a pixel at a time, over the taps
 * that reach it.
 *
 * Weights of four channels and four taps lie together, so that a pixel of x serves as in a fully
 * connected layer (dsp_row.h).
 *
 * Exact: dot products fit int32 and come from sums modulo 2^32; with the bias the contract's
 * rescale.  Taps of the filling have zero weights and zero x.
 *
 * @requires dot_bits <= 32
 * @packs w (o/4, khkw, i/4, o%4, i%2, i/2%2)
 */
#include "edgeq/conv_transpose2d_s16s8.h"
#include "edgeq/dsp_row.h"
#include "edgeq/fixed_point.h"
#include "edgeq/transpose_window.h"

eq_conv_transpose2d_s16s8_fn EQ_SYM(eq_conv_transpose2d_s16s8__dsp);

/* Adds the products of one pixel of x and one tap. */
static inline void EQ_SYM(conv_transpose2d_s16s8_dsp_tap)(eq_dsp_four *t, const int16_t *x,
                                                          const int8_t *w, int32_t n)
{
    const int32_t whole = n / 4 * 4, rest = n - whole;
    eq_dsp_row_s16s8(t, x, w, whole);
    if (rest > 0) {
        int16_t last[4] = {0};
        memcpy(last, x + whole, (size_t)rest * sizeof *x);
        eq_dsp_row_s16s8(t, last, w + 4 * whole, 4);
    }
}

/* The dot products of one pixel with the weights of four channels at w. */
static inline eq_dsp_four
EQ_SYM(conv_transpose2d_s16s8_dsp_pixel)(const int16_t *x, const int8_t *w,
                                         eq_reaching rows, eq_reaching columns,
                                         const eq_conv_transpose2d_s16s8_params *p)
{
    const int32_t tap = (p->in_c + 3) / 4 * 16;
    eq_dsp_four t = {0, 0, 0, 0};
    for (int32_t i = 0; i < rows.count; ++i) {
        const int16_t *x_row = x + (rows.at - i * rows.back) % p->x_ring * p->x_row;
        const int8_t *w_row = w + (rows.first + i * rows.step) * p->kw * tap;
        for (int32_t k = 0; k < columns.count; ++k)
            EQ_SYM(conv_transpose2d_s16s8_dsp_tap)(
                &t, x_row + (columns.at - k * columns.back) * p->x_pixel,
                w_row + (columns.first + k * columns.step) * tap, p->in_c);
    }
    return t;
}

void EQ_SYM(eq_conv_transpose2d_s16s8__dsp)(
    const int16_t *restrict x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *restrict y,
    int8_t *restrict scratch, const eq_conv_transpose2d_s16s8_params *restrict p)
{
    (void)scratch;
    const int32_t w_four = p->kh * p->kw * ((p->in_c + 3) / 4 * 16);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_reaching rows =
            eq_taps_reaching(h + p->pad_top, p->stride_h, p->dil_h, p->kh, p->in_h);
        for (int32_t c = 0; c < p->out_w; ++c) {
            const eq_reaching columns =
                eq_taps_reaching(c + p->pad_left, p->stride_w, p->dil_w, p->kw, p->in_w);
            int16_t *out = y + h * p->y_row + c * p->y_pixel;
            for (int32_t o = 0; o < p->out_c; o += 4) {
                const eq_dsp_four t = EQ_SYM(conv_transpose2d_s16s8_dsp_pixel)(
                    x, w + o / 4 * w_four, rows, columns, p);
                const int32_t dots[4] = {t.a0, t.a1, t.a2, t.a3};
                for (int32_t i = o; i < o + 4 && i < p->out_c; ++i) {
                    const int64_t acc = bias[i] + dots[i - o];
                    const int32_t v = eq_requantize64(acc, mult[i], shift[i]);
                    out[i] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
                }
            }
        }
    }
}
