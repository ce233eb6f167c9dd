/* maxpool_s8 for the DSP extension: four channels at once, compared by SSUB8 and SEL.
 *
 * Of channels that are no multiple of four the last ones are computed twice.
 *
 * Exact: nothing is rounded.  The clamp's lower end stands in for the maximum of nothing.
 *
 * @requires in_c >= 4
 * @overlap rows
 */
#include <arm_acle.h>

#include "edgeq/dsp_pool.h"
#include "edgeq/maxpool_s8.h"

eq_maxpool_s8_fn eq_maxpool_s8__dsp_any;

static inline int32_t maxpool_s8_dsp_larger(int32_t a, int32_t b)
{
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint8x4_t)a, (uint8x4_t)b);
}

static inline int32_t maxpool_s8_dsp_four(const int8_t *x, eq_dsp_span rows,
                                          eq_dsp_span columns,
                                          const eq_maxpool_s8_params *restrict p)
{
    int32_t best = (p->act_min & 0xFF) * 0x01010101;
    const int32_t most = (p->act_max & 0xFF) * 0x01010101;
    for (int32_t r = rows.first; r < rows.end; ++r) {
        const int8_t *q = x + r % p->x_ring * p->x_row + columns.first * p->x_pixel;
        for (int32_t n = columns.end - columns.first; n > 0; --n) {
            best = maxpool_s8_dsp_larger(eq_dsp_pool_load(q), best);
            q += p->x_pixel;
        }
    }
    (void)__ssub8(best, most);
    return (int32_t)__sel((uint8x4_t)most, (uint8x4_t)best);
}

void eq_maxpool_s8__dsp_any(const int8_t *x, int8_t *y,
                            const eq_maxpool_s8_params *restrict p)
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
                const int32_t four = maxpool_s8_dsp_four(x + c, rows, columns, p);
                memcpy(out + c, &four, 4);
            }
        }
    }
}
