/* depthwise_s8 for NEON, windows of one column that never leave the image: sixteen channels of
 * four rows at once, so that weights and most of x serve four outputs.
 *
 * The last sixteen channels, and the last four rows, go back to be whole.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 16 and kw == 1 and stride_h == 1 and dil_h == 1
 * @requires pad_top == 0 and pad_left == 0 and x_ring == in_h
 * @requires row1 + kh - 1 <= in_h and (out_w - 1) * stride_w < in_w
 * @requires min_w >= -127 and live_shift >= 32
 */
#include "edgeq/depthwise_neon.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_column);

/* Sums of four rows. */
typedef struct {
    eq_sums16_neon a, b, c, d;
} EQ_SYM(depthwise_s8_neon_four);

static inline EQ_SYM(depthwise_s8_neon_four)
    EQ_SYM(depthwise_s8_neon_sums)(const int8_t *x, int64_t line, const int8_t *w,
                                   const eq_factors_x16 *f, const eq_depthwise_s8_params *p)
{
    const eq_sums16_neon start = eq_begin_x16(f);
    EQ_SYM(depthwise_s8_neon_four) s = {start, start, start, start};
    int32_t k = p->kh;
    for (; k >= 2; k -= 2) {
        const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + p->in_c);
        const int8x16_t x0 = vld1q_s8(x), x1 = vld1q_s8(x + line);
        s.a = eq_tap2_x16(s.a, x0, w0, x1, w1);
        const int8x16_t x2 = vld1q_s8(x + 2 * line);
        s.b = eq_tap2_x16(s.b, x1, w0, x2, w1);
        const int8x16_t x3 = vld1q_s8(x + 3 * line);
        s.c = eq_tap2_x16(s.c, x2, w0, x3, w1);
        s.d = eq_tap2_x16(s.d, x3, w0, vld1q_s8(x + 4 * line), w1);
        x += 2 * line;
        w += 2 * (int64_t)p->in_c;
    }
    if (k > 0) {
        const int8x16_t w0 = vld1q_s8(w);
        s.a = eq_tap1_x16(s.a, vld1q_s8(x), w0);
        s.b = eq_tap1_x16(s.b, vld1q_s8(x + line), w0);
        s.c = eq_tap1_x16(s.c, vld1q_s8(x + 2 * line), w0);
        s.d = eq_tap1_x16(s.d, vld1q_s8(x + 3 * line), w0);
    }
    return s;
}

static inline eq_sums16_neon EQ_SYM(depthwise_s8_neon_one)(const int8_t *x, int64_t line,
                                                           const int8_t *w,
                                                           const eq_factors_x16 *f,
                                                           const eq_depthwise_s8_params *p)
{
    eq_sums16_neon s = eq_begin_x16(f);
    for (int32_t k = p->kh; k > 0; --k) {
        s = eq_tap1_x16(s, vld1q_s8(x), vld1q_s8(w));
        x += line;
        w += p->in_c;
    }
    return s;
}

/* Sixteen channels of one column of outputs. */
static inline void EQ_SYM(depthwise_s8_neon_down)(const int8_t *x, const int8_t *w,
                                                  int8_t *y, const eq_factors_x16 *f,
                                                  const eq_depthwise_s8_params *p)
{
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int64_t line = p->x_row, y_row = p->y_row;
    int32_t r = p->row0;
    for (; r + 4 <= p->row1 || (r < p->row1 && p->row1 - p->row0 >= 4); r += 4) {
        const int32_t at = r + 4 <= p->row1 ? r : p->row1 - 4;
        int8_t *to = y + at * y_row;
        const EQ_SYM(depthwise_s8_neon_four) s =
            EQ_SYM(depthwise_s8_neon_sums)(x + at * line, line, w, f, p);
        vst1q_s8(to, eq_finish_x16(s.a, f, range, eq_is_single()));
        vst1q_s8(to + y_row, eq_finish_x16(s.b, f, range, eq_is_single()));
        vst1q_s8(to + 2 * y_row, eq_finish_x16(s.c, f, range, eq_is_single()));
        vst1q_s8(to + 3 * y_row, eq_finish_x16(s.d, f, range, eq_is_single()));
    }
    for (; r < p->row1; ++r) {
        const eq_sums16_neon s = EQ_SYM(depthwise_s8_neon_one)(x + r * line, line, w, f, p);
        vst1q_s8(y + r * y_row, eq_finish_x16(s, f, range, eq_is_single()));
    }
}

void EQ_SYM(eq_depthwise_s8__neon_column)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    (void)scratch;
    for (int32_t i = 0; i < p->in_c; i += 16) {
        const int32_t o = i + 16 <= p->in_c ? i : p->in_c - 16;
        const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
        for (int32_t c = 0; c < p->out_w; ++c)
            EQ_SYM(depthwise_s8_neon_down)
        (x + c * p->stride_w * p->x_pixel + o, w + o, y + c * p->y_pixel + o, &f, p);
    }
}
