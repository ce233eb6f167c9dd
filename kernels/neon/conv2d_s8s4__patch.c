/* conv2d_s8s4 for NEON, any window: rows are copied with their borders, windows gathered from
 * them, sixteen at a time, and each gives dot products over contiguous bytes with four channels
 * at a time.
 *
 * Exact: see conv2d_int4_neon.h and rescale_neon.h; whatever lies behind a window meets
 * weights of zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/4, khkwi/32, o%4, khkwi%16, khkwi/16%2)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 16 * kh * kw * in_c + 800
 */
#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_int4_neon.h"
#include "edgeq/conv2d_lines.h"
#include "edgeq/conv2d_s8s4.h"
#include "edgeq/rescale_neon.h"

eq_conv2d_s8s4_fn EQ_SYM(eq_conv2d_s8s4__neon_patch);

/* Constants of a layer. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t taps, step, out_c;
    eq_range_s8 range;
} EQ_SYM(conv2d_s8s4_neon_layer);

static inline int32x4_t EQ_SYM(conv2d_s8s4_neon_scale)(int32x4_t sum, eq_factors_x4 f)
{
    return eq_rescale_x4(vaddq_s32(sum, f.bias), f, eq_is_single());
}

/* All channels of four windows at x, or, with steps of zero, of one. */
static inline void EQ_SYM(conv2d_s8s4_neon_tile)(const EQ_SYM(conv2d_s8s4_neon_layer) * t,
                                                 const int8_t *x, int32_t step, int8_t *y,
                                                 int32_t y_pixel)
{
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const eq_quad_neon s =
            eq_conv2d_int4_neon(x, step, t->w + o * t->taps / 2, t->taps);
        const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
        const int8x16_t v = eq_narrow_s8_x16(
            EQ_SYM(conv2d_s8s4_neon_scale)(s.a, f), EQ_SYM(conv2d_s8s4_neon_scale)(s.b, f),
            EQ_SYM(conv2d_s8s4_neon_scale)(s.c, f), EQ_SYM(conv2d_s8s4_neon_scale)(s.d, f),
            t->range);
        if (t->out_c - o >= 4)
            eq_store_columns_s8(y + o, y_pixel, v);
        else
            eq_store_part_columns_s8(y + o, y_pixel, v, t->out_c - o);
    }
}

void EQ_SYM(eq_conv2d_s8s4__neon_patch)(const int8_t *restrict x, const int8_t *restrict w,
                                        const int32_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int8_t *restrict y,
                                        int8_t *restrict scratch,
                                        const eq_conv2d_s8s4_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = columns * p->in_c, run = p->kw * p->in_c;
    const int32_t taps = (p->kh * run + 31) / 32 * 32, room = taps + 16;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     p->kh,    p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const EQ_SYM(conv2d_s8s4_neon_layer)
        layer = {w,    bias, mult,     shift,
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
            n += take;
            c += take;
            if (n < 16 && (c < p->out_w || (dense && h + 1 < p->row1)))
                continue;
            for (int32_t i = 0; i < n; i += n - i < 4 ? 1 : 4)
                EQ_SYM(conv2d_s8s4_neon_tile)
            (&layer, patches + i * room, n - i < 4 ? 0 : room,
             y + h * p->y_row + (c - n + i) * p->y_pixel, n - i < 4 ? 0 : p->y_pixel);
            n = 0;
        }
    }
}
