/* depthwise_s8 for AVX2: rows are copied with their borders into a band, then sixteen channels
 * at a time, windows of which are read where they lie.
 *
 * Exact: see depthwise_avx2.h and rescale_avx2.h; channels beyond the last have weights of
 * zero and are not stored.
 *
 * @requires multiplier == 1 and live_shift >= 32 and acc_bits <= 31 and kh * kw <= 127
 * @packs w (o/16, khkw/2, o/4%2, o/8%2, o%4, khkw%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 16
 */
#include "edgeq/depthwise_avx2.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avx2_16);

/* All rows of a band, of the channels of a pass. */
EQ_INLINE_AVX2 void
EQ_SYM(eq_depthwise_s8__avx2_rows)(const eq_pass_avx2 *t, const eq_band *b, const int8_t *x,
                                   int8_t *y, int32_t rows, int32_t count,
                                   const eq_depthwise_s8_params *p, int single)
{
    for (int32_t r = 0; r < rows; ++r) {
        const int8_t *from = x + (int64_t)r * b->row;
        int8_t *to = y + (int64_t)r * p->y_row;
        if (t->pairs == EQ_3X3_PAIRS_AVX2)
            eq_depthwise_row_avx2(t, from, b->step, to, p->y_pixel, p->out_w, count,
                                  EQ_3X3_PAIRS_AVX2, single);
        else
            eq_depthwise_row_avx2(t, from, b->step, to, p->y_pixel, p->out_w, count,
                                  t->pairs, single);
    }
}

void EQ_SYM(eq_depthwise_s8__avx2_16)(const int8_t *restrict x, const int8_t *restrict w,
                                      const int32_t *restrict bias,
                                      const int32_t *restrict mult,
                                      const int32_t *restrict shift, int8_t *restrict y,
                                      int8_t *restrict scratch,
                                      const eq_depthwise_s8_params *restrict p)
{
    const eq_lines g = {p->in_h,  p->in_w,     p->in_c,    p->kh,
                        p->dil_h, p->stride_h, p->pad_top, p->pad_left,
                        p->x_row, p->x_pixel,  p->x_ring,  p->zx,
                        0};
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const int live = !eq_is_single() && eq_is_live(p->zy, p->act_min, p->act_max);
    eq_pass_avx2 t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    eq_place_taps_avx2(&t, p->kh, p->kw, b.segment, p->in_c);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band(scratch, x, h, rows, &b);
        for (int32_t o = 0; o < p->in_c; o += 16) {
            const int32_t rest = p->in_c - o, count = rest < 16 ? rest : 16;
            int8_t *const out = y + (int64_t)h * p->y_row + o;
            eq_load_pass_avx2(&t, w + 2 * t.pairs * o, bias + o, mult + o, shift + o);
            if (live)
                EQ_SYM(eq_depthwise_s8__avx2_rows)(&t, &b, scratch + o, out, rows, count, p,
                                                   EQ_LIVE);
            else
                EQ_SYM(eq_depthwise_s8__avx2_rows)(&t, &b, scratch + o, out, rows, count, p,
                                                   eq_is_single());
        }
    }
}
