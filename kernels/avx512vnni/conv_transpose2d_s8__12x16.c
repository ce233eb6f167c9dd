/* conv_transpose2d_s8 for AVX-512 VNNI: twelve pixels, reached by the same taps, by sixteen channels at a time.
 *
 * Exact: see conv_transpose2d_avx512vnni.h and rescale16_avx512.h.
 *
 * @requires (out_c + 31) % 32 < 16
 * @packs w (o/16, kh, kw, i/4, i/2%2, o/4%4, o%2, o/2%2, i%2)
 * @packs bias (o/16, o/4%4, o%2, o/2%2)
 * @packs mult (o/16, o/4%4, o%2, o/2%2)
 * @packs shift (o/16, o/4%4, o%2, o/2%2)
 * @scratch 512 * ((out_c + 15) / 16) + 8 * ((in_c + 3) / 4) + 2 * kh * ((kw - 1) * dil_w / stride_w + (out_w - 1 + pad_left) / stride_w + 1) * in_c + 16
 */
#include "edgeq/conv_transpose2d_avx512vnni.h"
#include "edgeq/conv_transpose2d_s8.h"

eq_conv_transpose2d_s8_fn EQ_SYM(eq_conv_transpose2d_s8__avx512vnni_12x16);

EQ_TILE16_OF_X512(EQ_SYM(conv_transpose2d_s8_avx512vnni_16_twelve), 12, 0, 0,
                  EQ_BYTES16_X512, eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv_transpose2d_s8_avx512vnni_16_eight), 8, 0, 0, EQ_BYTES16_X512,
                  eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv_transpose2d_s8_avx512vnni_16_four), 4, 0, 0, EQ_BYTES16_X512,
                  eq_form16())
EQ_TILE16_OF_X512(EQ_SYM(conv_transpose2d_s8_avx512vnni_16_one), 1, 0, 0, EQ_BYTES16_X512,
                  eq_form16())

void EQ_SYM(eq_conv_transpose2d_s8__avx512vnni_12x16)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv_transpose2d_s8_params *restrict p)
{
    const eq_transposed_arrays_x512 a = {x, w, bias, NULL, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    const eq_kind16_x512 kind = {EQ_SYM(conv_transpose2d_s8_avx512vnni_16_twelve),
                                 EQ_SYM(conv_transpose2d_s8_avx512vnni_16_eight),
                                 EQ_SYM(conv_transpose2d_s8_avx512vnni_16_four),
                                 EQ_SYM(conv_transpose2d_s8_avx512vnni_16_one),
                                 16,
                                 0,
                                 eq_form16()};
    eq_transposed_x512(&a, scratch, &call, &kind);
}
