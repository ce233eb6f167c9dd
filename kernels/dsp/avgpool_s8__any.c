/* avgpool_s8 for the DSP extension: four channels at once, summed two in a word by SXTAB16.
 *
 * Of channels that are no multiple of four the last ones are computed twice.
 *
 * Exact: |sum| <= 128 * 255 fits 16 bits; then the contract's division.
 *
 * @requires in_c >= 4 and kh * kw <= 255
 * @overlap rows
 */
#include <arm_acle.h>

#include "edgeq/avgpool_s8.h"
#include "edgeq/dsp_pool.h"
#include "edgeq/fixed_point.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__dsp_any);

static inline int8_t EQ_SYM(avgpool_s8_dsp_mean)(int32_t sum, int32_t count,
                                                 const eq_avgpool_s8_params *restrict p)
{
    return (int8_t)eq_clamp(eq_divide(sum, count), p->act_min, p->act_max);
}

static inline void EQ_SYM(avgpool_s8_dsp_four)(const int8_t *x, int8_t *y, eq_dsp_span rows,
                                               eq_dsp_span columns,
                                               const eq_avgpool_s8_params *restrict p)
{
    const int32_t width = columns.end - columns.first, step = p->x_pixel;
    const int32_t count = (rows.end - rows.first) * width;
    int32_t even = 0, odd = 0;
    for (int32_t r = rows.first; r < rows.end; ++r) {
        const int8_t *q = x + r % p->x_ring * p->x_row + columns.first * step;
        for (int32_t n = width; n > 0; --n) {
            const int32_t four = eq_dsp_pool_load(q);
            even = __sxtab16(even, four);
            odd = __sxtab16(odd, (int32_t)((uint32_t)four >> 8));
            q += step;
        }
    }
    y[0] = EQ_SYM(avgpool_s8_dsp_mean)((int16_t)even, count, p);
    y[1] = EQ_SYM(avgpool_s8_dsp_mean)((int16_t)odd, count, p);
    y[2] = EQ_SYM(avgpool_s8_dsp_mean)(even >> 16, count, p);
    y[3] = EQ_SYM(avgpool_s8_dsp_mean)(odd >> 16, count, p);
}

void EQ_SYM(eq_avgpool_s8__dsp_any)(const int8_t *x, int8_t *y,
                                    const eq_avgpool_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_dsp_span rows =
            eq_dsp_span_of(h * p->stride_h - p->pad_top, p->kh, p->in_h);
        for (int32_t w = 0; w < p->out_w; ++w) {
            const eq_dsp_span columns =
                eq_dsp_span_of(w * p->stride_w - p->pad_left, p->kw, p->in_w);
            int8_t *out = y + h * p->y_row + w * p->y_pixel;
            for (int32_t next = 0; next < p->in_c; next += 4) {
                const int32_t c = next < p->in_c - 4 ? next : p->in_c - 4;
                EQ_SYM(avgpool_s8_dsp_four)(x + c, out + c, rows, columns, p);
            }
        }
    }
}
