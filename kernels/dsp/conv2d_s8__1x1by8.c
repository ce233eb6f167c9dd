/* conv2d_s8 with the DSP extension, windows of one pixel, eight channels at a time.
 *
 * The windows of two pixels are widened to int16 once and serve all channels; weights of two
 * channels share an int16 (dsp_dot.h).  Two taps of a tile of four channels by two pixels are
 * 14 instructions for 16 products.  Taps stay in the order in which SXTB16 leaves
 * them; the weights follow.
 *
 * Exact: a pair's sums modulo 2^32 give both channels' accumulators, as these fit 24 bits
 * (dsp_dot.h); rescaling as dsp_rescale.h says, clamped to int8 first and then to the layer's
 * range, which is within.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0
 * @requires in_c % 8 == 0
 * @requires acc_bits <= 24 and min_w >= -127 and live_shift >= 32 and max_shift <= 54
 * @packs w (o/4, khkwi/4, khkwi%2, o/2%2, khkwi/2%2, o%2)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @joins w
 * @scratch 64 * ((out_c + 3) / 4) + 4 * in_c
 * @overlap rows
 */
#include "edgeq/dsp_conv2d.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__dsp_1x1by8);

void EQ_SYM(eq_conv2d_s8__dsp_1x1by8)(const int8_t *x, const int8_t *restrict w,
                                      const int32_t *restrict bias,
                                      const int32_t *restrict mult,
                                      const int32_t *restrict shift, int8_t *y,
                                      int8_t *restrict scratch,
                                      const eq_conv2d_s8_params *restrict p)
{
    eq_dsp_conv2d_1x1(x, w, bias, mult, shift, y, scratch, p, 8, eq_dsp_form);
}
