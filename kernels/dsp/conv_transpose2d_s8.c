/* conv_transpose2d_s8 with the DSP extension: four channels of a pixel at a time, over the taps
 * that reach it.
 *
 * x is widened once for four channels and loses its zero point there; weights are widened as
 * they are read.  Four channels of x by four channels of y are 27 instructions for 16 products.
 *
 * Exact: it is the contract's formula; x - zx fits int16, SMLAD adds two products modulo 2^32,
 * and the compiler proved that partial sums stay in int32.
 */
#include "edgeq/conv_transpose2d_s8.h"
#include "edgeq/dsp_dot.h"
#include "edgeq/fixed_point.h"
#include "edgeq/transpose_window.h"

eq_conv_transpose2d_s8_fn EQ_SYM(eq_conv_transpose2d_s8__dsp);

/* Accumulators of four channels. */
typedef struct {
    int32_t a0, a1, a2, a3;
} EQ_SYM(conv_transpose2d_s8_dsp_sums);

/* acc and four products, of weights as they lie. */
static inline int32_t EQ_SYM(conv_transpose2d_s8_dsp_four)(int32_t acc, const int8_t *w,
                                                           int32_t even, int32_t odd)
{
    const int32_t bytes = eq_dsp_load(w);
    return __smlad(eq_dsp_odd(bytes), odd, __smlad(eq_dsp_even(bytes), even, acc));
}

/* Adds (x[0, n) - zx) * w of one tap, for channels at the offsets `at` from w. */
static inline void
EQ_SYM(conv_transpose2d_s8_dsp_tap)(EQ_SYM(conv_transpose2d_s8_dsp_sums) * t,
                                    const int8_t *x, const int8_t *w, const int32_t *at,
                                    int32_t n, int32_t zx)
{
    const int8_t *w1 = w + at[1];
    const int8_t *w2 = w + at[2];
    const int8_t *w3 = w + at[3];
    const int32_t two = (int32_t)((uint32_t)zx << 16 | ((uint32_t)zx & 0xffff));
    const int8_t *const end = x + n;
    for (const int8_t *const fours = x + (n & ~3); x != fours; x += 4) {
        const int32_t bytes = eq_dsp_load(x);
        const int32_t even = __ssub16(eq_dsp_even(bytes), two);
        const int32_t odd = __ssub16(eq_dsp_odd(bytes), two);
        t->a0 = EQ_SYM(conv_transpose2d_s8_dsp_four)(t->a0, w, even, odd);
        w += 4;
        eq_dsp_pause();
        t->a1 = EQ_SYM(conv_transpose2d_s8_dsp_four)(t->a1, w1, even, odd);
        w1 += 4;
        eq_dsp_pause();
        t->a2 = EQ_SYM(conv_transpose2d_s8_dsp_four)(t->a2, w2, even, odd);
        w2 += 4;
        eq_dsp_pause();
        t->a3 = EQ_SYM(conv_transpose2d_s8_dsp_four)(t->a3, w3, even, odd);
        w3 += 4;
    }
    for (; x != end; ++x) {
        t->a0 += (*x - zx) * *w++;
        t->a1 += (*x - zx) * *w1++;
        t->a2 += (*x - zx) * *w2++;
        t->a3 += (*x - zx) * *w3++;
    }
}

/* The dot products of one pixel with the weights at w. */
static inline EQ_SYM(conv_transpose2d_s8_dsp_sums)
    EQ_SYM(conv_transpose2d_s8_dsp_pixel)(const int8_t *x, const int8_t *w,
                                          const int32_t *at, eq_reaching rows,
                                          eq_reaching columns,
                                          const eq_conv_transpose2d_s8_params *p)
{
    EQ_SYM(conv_transpose2d_s8_dsp_sums) t = {0, 0, 0, 0};
    for (int32_t i = 0; i < rows.count; ++i) {
        const int8_t *x_row = x + (rows.at - i * rows.back) % p->x_ring * p->x_row;
        const int8_t *w_row = w + (rows.first + i * rows.step) * p->kw * p->in_c;
        for (int32_t k = 0; k < columns.count; ++k)
            EQ_SYM(conv_transpose2d_s8_dsp_tap)(
                &t, x_row + (columns.at - k * columns.back) * p->x_pixel,
                w_row + (columns.first + k * columns.step) * p->in_c, at, p->in_c, p->zx);
    }
    return t;
}

void EQ_SYM(eq_conv_transpose2d_s8__dsp)(const int8_t *restrict x, const int8_t *restrict w,
                                         const int32_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int8_t *restrict y,
                                         int8_t *restrict scratch,
                                         const eq_conv_transpose2d_s8_params *restrict p)
{
    (void)scratch;
    const int32_t w_out = p->kh * p->kw * p->in_c;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_reaching rows =
            eq_taps_reaching(h + p->pad_top, p->stride_h, p->dil_h, p->kh, p->in_h);
        for (int32_t c = 0; c < p->out_w; ++c) {
            const eq_reaching columns =
                eq_taps_reaching(c + p->pad_left, p->stride_w, p->dil_w, p->kw, p->in_w);
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            for (int32_t o = 0; o < p->out_c; o += 4) {
                const int32_t left = p->out_c - o;
                const int32_t at[4] = {0, left > 1 ? w_out : 0, left > 2 ? 2 * w_out : 0,
                                       left > 3 ? 3 * w_out : 0};
                const EQ_SYM(conv_transpose2d_s8_dsp_sums) t = EQ_SYM(
                    conv_transpose2d_s8_dsp_pixel)(x, w + o * w_out, at, rows, columns, p);
                const int32_t dots[4] = {t.a0, t.a1, t.a2, t.a3};
                for (int32_t i = o; i < o + 4 && i < p->out_c; ++i) {
                    const int32_t acc = bias[i] + dots[i - o];
                    const int32_t v = eq_requantize(acc, mult[i], shift[i]) + p->zy;
                    out[i] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
                }
            }
        }
    }
}
