/* conv2d_s8zw for NEON with dot products, windows of one pixel without padding: a
 * matrix product over x where it lies, six pixels by sixteen channels at a time.
 *
 * The zero point of the weights is multiplied with the sum of a window, taken once for all
 * channels.
 *
 * Exact: see tiles_neon_dotprod.h and tiles_finish_neon.h; weights of the filling are zero;
 * products with the zero point of weights are within int32 as the contract's are.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 8 == 0
 * @requires live_shift >= 32
 * @packs w (o/16, khkwi/4, o%16, khkwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/conv2d_s8zw.h"
#include "edgeq/conv2d_tiled_neon.h"
#include "edgeq/tiles_neon_dotprod.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__neon_dotprod_1x1);

void EQ_SYM(eq_conv2d_s8zw__neon_dotprod_1x1)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8zw_params *restrict p)
{
    (void)scratch;
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, p->zw);
    const eq_grain_neon grain = {4, 0};
    eq_conv2d_1x1_tiled_neon(&a, &call, grain, eq_is_single(), eq_tile_dotprod);
}
