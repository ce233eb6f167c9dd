/* conv2d_s8 for NEON of 32-bit Arm: each window is gathered once, then four channels at a time
 * are dot products over contiguous memory.
 *
 * Rows and constants are filled up to whole blocks of four, so only the store knows of a
 * last, partial one.
 *
 * Exact: see dot_neon.h; weights of the filling are zero.
 *
 * @packs w (o/4, o%4, kh, kw, i)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch kh * kw * in_c
 * @overlap rows
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/conv2d_patch.h"
#include "edgeq/conv2d_s8.h"
#include "edgeq/dot_neon.h"
#include "edgeq/fixed_point_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__armv7_neon_plain);

void EQ_SYM(eq_conv2d_s8__armv7_neon_plain)(const int8_t *x, const int8_t *restrict w,
                                            const int32_t *restrict bias,
                                            const int32_t *restrict mult,
                                            const int32_t *restrict shift, int8_t *y,
                                            int8_t *restrict scratch,
                                            const eq_conv2d_s8_params *restrict p)
{
    const int32_t taps = p->kh * p->kw * p->in_c;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            eq_conv2d_s8_patch(x, scratch, h, c, p->in_c, p);
            for (int32_t o = 0; o < p->out_c; o += 4) {
                const int32x4_t acc =
                    eq_dot_s8_x4(vld1q_s32(bias + o), scratch, w + o * taps, taps);
                const int32x4_t v =
                    eq_requantize_x4(acc, vld1q_s32(mult + o), vld1q_s32(shift + o));
                eq_store_s8_x4(out + o, v, p->out_c - o, p->zy, p->act_min, p->act_max);
            }
        }
    }
}
