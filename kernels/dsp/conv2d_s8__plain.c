/* conv2d_s8 with the DSP extension, for any weights and factors: tiles of four channels by two
 * pixels.
 *
 * The windows of two pixels are widened to int16 once and serve all channels (dsp_gather.h,
 * dsp_plain.h).
 *
 * Exact: it is the contract's formula, in sums modulo 2^32, and the compiler proved that
 * accumulators fit int32.  Taps of the filling have zero weights.
 *
 * @packs w (o/4, khkwi/4, o%4, khkwi%2, khkwi/2%2)
 * @scratch 16 * ((kh * kw * in_c + 3) / 4)
 * @overlap rows
 */
#include "edgeq/dsp_gather.h"
#include "edgeq/dsp_plain.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__dsp_plain);

/* The constants of all channels, and a window's bytes in scratch. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t bytes;
} EQ_SYM(conv2d_s8_dsp_layer);

/* All channels of two pixels. */
static inline void EQ_SYM(conv2d_s8_dsp_two)(const EQ_SYM(conv2d_s8_dsp_layer) * l,
                                             const int8_t *s, int8_t *ya, int8_t *yb,
                                             const eq_conv2d_s8_params *p)
{
    const int8_t *w = l->w;
    for (int32_t o = 0; o < p->out_c; o += 4) {
        const eq_dsp_tile t = eq_dsp_plain_tile(w, s, s + l->bytes);
        w += l->bytes;
        for (int32_t i = 0; i < 4 && o + i < p->out_c; ++i) {
            const int32_t bias = l->bias[o + i];
            const int32_t mult = l->mult[o + i];
            const int32_t shift = l->shift[o + i];
            const int32_t b = eq_requantize(bias + t.b[i], mult, shift) + p->zy;
            const int32_t a = eq_requantize(bias + t.a[i], mult, shift) + p->zy;
            yb[o + i] = (int8_t)eq_clamp(b, p->act_min, p->act_max);
            ya[o + i] = (int8_t)eq_clamp(a, p->act_min, p->act_max);
        }
    }
}

void EQ_SYM(eq_conv2d_s8__dsp_plain)(const int8_t *x, const int8_t *restrict w,
                                     const int32_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int8_t *y,
                                     int8_t *restrict scratch,
                                     const eq_conv2d_s8_params *restrict p)
{
    const int32_t fours = (p->kh * p->kw * p->in_c + 3) >> 2;
    const EQ_SYM(conv2d_s8_dsp_layer) layer = {w, bias, mult, shift, 16 * fours};
    int8_t *first = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_dsp_rows rows = eq_dsp_rows_of(h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *const out = y + h * p->y_row + c * p->y_pixel;
            eq_dsp_gather(scratch + (first ? 4 : 0), x, rows, c, p, eq_dsp_in_order);
            if (first)
                EQ_SYM(conv2d_s8_dsp_two)(&layer, scratch, first, out, p);
            first = first ? 0 : out;
        }
    }
    if (first)
        EQ_SYM(conv2d_s8_dsp_two)(&layer, scratch, first, first, p);
}
