/* conv2d_s8zw for NEON with dot products, any window: rows are copied with their borders,
 * windows gathered from them, sixteen at a time, and multiplied with sixteen channels at a time.
 *
 * The zero point of the weights is multiplied with the sum of a window, taken once for all
 * channels.
 *
 * Exact: products of weights with it are within int32 as the contract's are; see dot_neon_dotprod.h and rescale_neon.h; zeros lie behind a
 * window.
 *
 * @requires live_shift >= 32
 * @packs w (o/16, khkwi/8, khkwi%8/4, o%16, khkwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 16 * kh * kw * in_c + 400
 */
#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_lines.h"
#include "edgeq/conv2d_neon_dotprod.h"
#include "edgeq/conv2d_s8zw.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__neon_dotprod_patch);

void EQ_SYM(eq_conv2d_s8zw__neon_dotprod_patch)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8zw_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = columns * p->in_c, run = p->kw * p->in_c;
    const int32_t taps = (p->kh * run + 7) / 8 * 8, room = taps + 16;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     p->kh,    p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const eq_conv2d_layer_x16 layer = {
        w,    bias, mult,     shift,
        taps, room, p->out_c, eq_load_range(p->zy, p->act_min, p->act_max)};
    const int near = p->dil_w == 1;
    const eq_runs_neon runs = {p->kh, near ? 1 : p->kw,   near ? run : p->in_c,
                               line,  p->dil_w * p->in_c, p->stride_w * p->in_c,
                               room};
    const int dense = p->y_row == p->out_w * p->y_pixel;
    int8_t *const patches = scratch + p->kh * line + 16;
    int32_t n = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, x, h, h == p->row0, &g);
        for (int32_t c = 0; c < p->out_w;) {
            const int32_t rest = p->out_w - c, take = rest < 16 - n ? rest : 16 - n;
            eq_gather_neon(patches + n * room, scratch + c * runs.step, &runs, take);
            for (int32_t i = n; i < n + take; ++i)
                vst1_s8(patches + i * room + p->kh * run, vdup_n_s8(0));
            n += take;
            c += take;
            if (n < 16 && (c < p->out_w || (dense && h + 1 < p->row1)))
                continue;
            eq_conv2d_pixels_zw_dotprod(&layer, patches,
                                        y + h * p->y_row + (c - n) * p->y_pixel, p->y_pixel,
                                        n, p->zw, eq_is_single());
            n = 0;
        }
    }
}
