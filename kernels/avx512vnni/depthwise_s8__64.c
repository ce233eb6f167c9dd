/* depthwise_s8 for AVX-512 VNNI: 64 channels of a pixel at a time.
 *
 * Exact: see depthwise_flat_avx512vnni.h and scale_avx512.h.
 *
 * @requires multiplier == 1 and in_c > 32
 * @requires live_shift >= 32 and acc_bits <= 31
 * @packs w (o/64, kh/4, kw, o/4%4, o/16%4, o%4, kh%4)
 * @packs bias (o/64, o/4%4, o/16%4, o%4)
 * @packs mult (o/64, o/4%4, o/16%4, o%4)
 * @packs shift (o/64, o/4%4, o/16%4, o%4)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 256
 * @overlap rows
 */
#include "edgeq/depthwise_flat_avx512vnni.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avx512vnni_64);

void EQ_SYM(eq_depthwise_s8__avx512vnni_64)(const int8_t *x, const int8_t *restrict w,
                                            const int32_t *restrict bias,
                                            const int32_t *restrict mult,
                                            const int32_t *restrict shift, int8_t *y,
                                            int8_t *restrict scratch,
                                            const eq_depthwise_s8_params *restrict p)
{
    const eq_flat_call_x512 a = {x, w,        bias,       mult,    shift,
                                 y, p->y_row, p->y_pixel, p->row0, p->row1};
    eq_depthwise_flat_x512(&a, scratch, p, 0, eq_is_single());
}
