/* depthwise_s16s4 for AVX-512 VNNI: windows of a band, 32 outputs at a time; biases beyond int32.
 *
 * Exact: see depthwise_s16_avx512vnni.h and rescale16_avx512.h; channels beyond the last have
 * weights of zero and are not stored.
 *
 * @requires multiplier == 1 and kh * kw <= 127
 * @overlap rows
 * @packs w (o/32, khkw/2, o/8%4, o%4, khkw%2, o/4%2)
 * @packs bias (o/32, o/4%2, o/8%4, o%4)
 * @packs mult (o/32, o/4%2, o/8%4, o%4)
 * @packs shift (o/32, o/4%2, o/8%4, o%4)
 * @scratch 128 * ((kh * kw + 1) / 2) + 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 2 * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 128 + 64 * stride_w
 */
#include "edgeq/depthwise_s16_avx512vnni.h"
#include "edgeq/depthwise_s16s4.h"

eq_depthwise_s16s4_fn EQ_SYM(eq_depthwise_s16s4__avx512vnni_32_far);

void EQ_SYM(eq_depthwise_s16s4__avx512vnni_32_far)(
    const int16_t *x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *y,
    int8_t *restrict scratch, const eq_depthwise_s16s4_params *restrict p)
{
    const eq_lines g = EQ_LINES16_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_depthwise16_kind_x512 kind = {1, 1, eq_form16()};
    const eq_range16_avx512 range = eq_load_range16_avx512(p->act_min, p->act_max);
    const eq_depthwise16_call_x512 call = EQ_DEPTHWISE16_CALL_X512(p);
    eq_depthwise16_x512(&call, &b, scratch, &range, &kind);
}
