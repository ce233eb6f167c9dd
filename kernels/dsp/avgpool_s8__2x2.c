/* avgpool_s8 for the DSP extension, windows of two by two inside the image.
 *
 * Exact: see dsp_quads.h.
 *
 * @requires in_c >= 4 and kh == 2 and kw == 2 and pad_top == 0 and pad_left == 0
 * @requires (row1 - 1) * stride_h + 2 <= in_h and (out_w - 1) * stride_w + 2 <= in_w
 * @requires act_min == -128 and act_max == 127
 * @overlap rows
 */
#include "edgeq/avgpool_s8.h"
#include "edgeq/dsp_quads.h"
#include "edgeq/fixed_point.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__dsp_2x2);

void EQ_SYM(eq_avgpool_s8__dsp_2x2)(const int8_t *x, int8_t *y,
                                    const eq_avgpool_s8_params *restrict p)
{
    const eq_dsp_quads g = EQ_DSP_QUADS(p);
    eq_dsp_pool_quads(x, y, &g, EQ_SYM(eq_dsp_quad_mean));
}
