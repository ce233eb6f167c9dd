/* conv_transpose2d_s16s8, portable: for every output pixel the taps that reach it are found
 * once, then each channel is a few dot products over contiguous memory.
 *
 * No product is computed that counts for nothing, whatever the stride.
 *
 * Exact: it is the contract's formula; the int64 accumulator is far from its ends.
 */
#include "edgeq/conv_transpose2d_s16s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/transpose_window.h"

eq_conv_transpose2d_s16s8_fn EQ_SYM(eq_conv_transpose2d_s16s8__ref);

static inline int64_t EQ_SYM(conv_transpose2d_s16s8_ref_dot)(const int16_t *x,
                                                             const int8_t *w, int32_t n)
{
    int64_t acc = 0;
    for (int32_t i = 0; i < n; ++i)
        acc += (int64_t)x[i] * w[i];
    return acc;
}

/* The sum over the taps that reach one pixel, for the weights `w` of one channel. */
static inline int64_t
EQ_SYM(conv_transpose2d_s16s8_ref_sum)(const int16_t *x, const int8_t *w, eq_reaching rows,
                                       eq_reaching columns,
                                       const eq_conv_transpose2d_s16s8_params *p)
{
    int64_t acc = 0;
    for (int32_t i = 0; i < rows.count; ++i) {
        const int16_t *x_row = x + (rows.at - i * rows.back) % p->x_ring * p->x_row;
        const int8_t *w_row = w + (rows.first + i * rows.step) * p->kw * p->in_c;
        for (int32_t k = 0; k < columns.count; ++k)
            acc += EQ_SYM(conv_transpose2d_s16s8_ref_dot)(
                x_row + (columns.at - k * columns.back) * p->x_pixel,
                w_row + (columns.first + k * columns.step) * p->in_c, p->in_c);
    }
    return acc;
}

void EQ_SYM(eq_conv_transpose2d_s16s8__ref)(
    const int16_t *restrict x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *restrict y,
    int8_t *restrict scratch, const eq_conv_transpose2d_s16s8_params *restrict p)
{
    (void)scratch;
    const int32_t w_out = p->kh * p->kw * p->in_c;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_reaching rows =
            eq_taps_reaching(h + p->pad_top, p->stride_h, p->dil_h, p->kh, p->in_h);
        for (int32_t c = 0; c < p->out_w; ++c) {
            const eq_reaching columns =
                eq_taps_reaching(c + p->pad_left, p->stride_w, p->dil_w, p->kw, p->in_w);
            int16_t *out = y + h * p->y_row + c * p->y_pixel;
            const int8_t *wo = w;
            for (int32_t o = 0; o < p->out_c; ++o) {
                const int64_t acc = bias[o] + EQ_SYM(conv_transpose2d_s16s8_ref_sum)(
                                                  x, wo, rows, columns, p);
                const int32_t v = eq_requantize64(acc, mult[o], shift[o]);
                out[o] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
                wo += w_out;
            }
        }
    }
}
