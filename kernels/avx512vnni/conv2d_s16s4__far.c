/* conv2d_s16s4 for AVX-512 VNNI: twelve windows by sixteen channels at a time; sums beyond int32.
 *
 * Exact: see conv2d_s16_tile_avx512vnni.h and rescale16_avx512.h.
 *
 * @packs w (o/16, kh, kwi/4, o/4%4, o%2, o/2%2, kwi%2, kwi/2%2)
 * @packs bias (o/16, o/4%4, o%2, o/2%2)
 * @packs mult (o/16, o/4%4, o%2, o/2%2)
 * @packs shift (o/16, o/4%4, o%2, o/2%2)
 * @scratch 512 * ((out_c + 15) / 16) + 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 2 * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 64
 */
#include "edgeq/conv2d_s16_avx512vnni.h"
#include "edgeq/conv2d_s16s4.h"

eq_conv2d_s16s4_fn EQ_SYM(eq_conv2d_s16s4__avx512vnni_far);

EQ_TILE16_OF_X512(EQ_SYM(conv2d_s16s4_avx512vnni_far_twelve), 12, 0, 1, 1, eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv2d_s16s4_avx512vnni_far_eight), 8, 0, 1, 1, eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv2d_s16s4_avx512vnni_far_four), 4, 0, 1, 1, eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv2d_s16s4_avx512vnni_far_one), 1, 0, 1, 1, eq_form16())

void EQ_SYM(eq_conv2d_s16s4__avx512vnni_far)(
    const int16_t *restrict x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s16s4_params *restrict p)
{
    const eq_conv2d_call16 call = {x, w, bias, mult, shift, y, EQ_CONV2D_CALL16(p)};
    const eq_kind16_x512 kind = {EQ_SYM(conv2d_s16s4_avx512vnni_far_twelve),
                                 EQ_SYM(conv2d_s16s4_avx512vnni_far_eight),
                                 EQ_SYM(conv2d_s16s4_avx512vnni_far_four),
                                 EQ_SYM(conv2d_s16s4_avx512vnni_far_one),
                                 16,
                                 1,
                                 eq_form16()};
    eq_conv2d16_x512(&call, scratch, &kind);
}
