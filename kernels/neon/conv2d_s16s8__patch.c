/* conv2d_s16s8 for NEON, any window: rows are copied with their borders, windows gathered from
 * them, four at a time, and each gives dot products over contiguous elements with four
 * channels at a time.
 *
 * Exact: see conv2d_wide_neon.h; elements behind a window meet weights of zero.
 *
 * @requires acc_bits <= 32
 * @packs w (o/4, khkwi/8, o%4, khkwi%8)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch 2 * kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 8 * kh * kw * in_c + 160
 * @overlap rows
 */
#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_lines.h"
#include "edgeq/conv2d_s16s8.h"
#include "edgeq/conv2d_wide_neon.h"
#include "edgeq/fixed_point_neon.h"

eq_conv2d_s16s8_fn EQ_SYM(eq_conv2d_s16s8__neon_patch);

/* Constants of a layer. */
typedef struct {
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int32_t taps, step, out_c;
    int16x4_t lo, hi;
} EQ_SYM(conv2d_s16s8_neon_layer);

/* The first n <= 4 of four channels from o on to y. */
static inline void EQ_SYM(conv2d_s16s8_neon_store)(const EQ_SYM(conv2d_s16s8_neon_layer) *
                                                       t,
                                                   int32x4_t sum, int32_t o, int16_t *y)
{
    const int32x4_t bias = vcombine_s32(vmovn_s64(vld1q_s64(t->bias + o)),
                                        vmovn_s64(vld1q_s64(t->bias + o + 2)));
    const int32x4_t v = eq_requantize_x4(vaddq_s32(sum, bias), vld1q_s32(t->mult + o),
                                         vld1q_s32(t->shift + o));
    const int16x4_t words = vmin_s16(vmax_s16(vqmovn_s32(v), t->lo), t->hi);
    if (t->out_c - o >= 4) {
        memcpy(y + o, &words, 8);
    } else {
        memcpy(y + o, &words, (size_t)(t->out_c - o) * 2);
    }
}

/* All channels of four windows at x, or, with steps of zero, of one. */
static inline void EQ_SYM(conv2d_s16s8_neon_tile)(const EQ_SYM(conv2d_s16s8_neon_layer) * t,
                                                  const int8_t *x, int32_t step, int16_t *y,
                                                  int32_t y_pixel)
{
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const eq_wide4_neon s = eq_conv2d_wide_neon(x, step, t->w + o * t->taps, t->taps);
        EQ_SYM(conv2d_s16s8_neon_store)(t, s.a, o, y);
        EQ_SYM(conv2d_s16s8_neon_store)(t, s.b, o, y + y_pixel);
        EQ_SYM(conv2d_s16s8_neon_store)(t, s.c, o, y + 2 * y_pixel);
        EQ_SYM(conv2d_s16s8_neon_store)(t, s.d, o, y + 3 * y_pixel);
    }
}

void EQ_SYM(eq_conv2d_s16s8__neon_patch)(const int16_t *x, const int8_t *restrict w,
                                         const int64_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int16_t *y,
                                         int8_t *restrict scratch,
                                         const eq_conv2d_s16s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t pixel = 2 * p->in_c, line = columns * pixel, run = p->kw * pixel;
    const int32_t taps = (p->kh * p->kw * p->in_c + 7) / 8 * 8, room = 2 * taps + 16;
    const eq_lines g = {p->in_h,     p->in_w,    pixel,       p->kh,        p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, 2 * p->x_row, 2 * p->x_pixel,
                        p->x_ring,   0,          columns};
    const EQ_SYM(conv2d_s16s8_neon_layer) layer = {w,
                                                   bias,
                                                   mult,
                                                   shift,
                                                   taps,
                                                   room,
                                                   p->out_c,
                                                   vdup_n_s16((int16_t)p->act_min),
                                                   vdup_n_s16((int16_t)p->act_max)};
    const int near = p->dil_w == 1;
    const eq_runs_neon runs = {p->kh, near ? 1 : p->kw, near ? run : pixel,
                               line,  p->dil_w * pixel, p->stride_w * pixel,
                               room};
    int8_t *const patches = scratch + p->kh * line + 16;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, (const int8_t *)x, h, h == p->row0, &g);
        for (int32_t c = 0; c < p->out_w; c += 4) {
            const int32_t rest = p->out_w - c, n = rest < 4 ? rest : 4;
            int16_t *to = y + h * p->y_row + c * p->y_pixel;
            eq_gather_neon(patches, scratch + c * runs.step, &runs, n);
            for (int32_t i = 0; i < n; i += n < 4 ? 1 : 4)
                EQ_SYM(conv2d_s16s8_neon_tile)
            (&layer, patches + i * room, n < 4 ? 0 : room, to + i * p->y_pixel,
             n < 4 ? 0 : p->y_pixel);
        }
    }
}
