/* depthwise_s8 for AVX-512 VNNI: all 8, 16 or 32 channels of several pixels at a time.
 *
 * Exact: see depthwise_flat_avx512vnni.h and scale_avx512.h.
 *
 * @requires multiplier == 1 and (in_c == 8 or in_c == 16 or in_c == 32) and y_pixel == in_c
 * @requires stride_w <= 2 and dil_w == 1 and (kh + 3) / 4 * kw <= 32
 * @requires live_shift >= 32 and acc_bits <= 31
 * @packs w (o, kh/4, kw, kh%4)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 256
 * @overlap rows
 */
#include "edgeq/depthwise_flat_avx512vnni.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avx512vnni_flat);

void EQ_SYM(eq_depthwise_s8__avx512vnni_flat)(const int8_t *x, const int8_t *restrict w,
                                              const int32_t *restrict bias,
                                              const int32_t *restrict mult,
                                              const int32_t *restrict shift, int8_t *y,
                                              int8_t *restrict scratch,
                                              const eq_depthwise_s8_params *restrict p)
{
    const eq_flat_call_x512 a = {x, w,        bias,       mult,    shift,
                                 y, p->y_row, p->y_pixel, p->row0, p->row1};
    eq_depthwise_flat_x512(&a, scratch, p, 1, eq_is_single());
}
