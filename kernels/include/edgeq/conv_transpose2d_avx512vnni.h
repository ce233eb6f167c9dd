/* Transposed convolution for AVX-512 VNNI: up to twelve pixels by 32 or sixteen channels at a time, by
 * the tiles of conv2d_s16_tile_avx512vnni.h.
 *
 * Pixels of a row that are stride_w apart are reached by the same taps, from inputs side by side.
 * The rows of x that reach a row of y are copied as int16, less zx, with zeros beside them where
 * taps reach beyond the image.  Weights are packed as those of the tiles, with the taps of a
 * window in the place of segments, (o/32, kh, kw, i/4, ...).  A pixel that no tap reaches takes
 * zeros by the first one.
 *
 * Exact: what stands beside the image is a product of zero, and what follows the last channel meets
 * weights of zero; sums are modulo 2^32, and the contract's in the end.
 */
#ifndef EDGEQ_CONV_TRANSPOSE2D_AVX512VNNI_H
#define EDGEQ_CONV_TRANSPOSE2D_AVX512VNNI_H

#include "edgeq/conv2d_s16_avx512vnni.h"
#include "edgeq/conv_transpose2d_avx2.h"

/* The arrays of a call: of int8 with `bias`, of int16 with `far_bias`; the other is NULL. */
typedef struct {
    const void *x;
    const int8_t *w;
    const int32_t *bias;
    const int64_t *far_bias;
    const int32_t *mult, *shift;
    void *y;
} eq_transposed_arrays_x512;

/* Biases and factors by sixteen channels; where what follows them is. */
EQ_INLINE_AVX512 int8_t *eq_reach_constants_x512(int8_t *to,
                                                 const eq_transposed_arrays_x512 *a,
                                                 int32_t out_c, const eq_kind16_x512 *kind)
{
    for (int32_t o = 0; o < out_c; o += kind->channels)
        for (int32_t i = o; i < o + kind->channels; i += 16) {
            const eq_factors16_x16 f =
                eq_load_factors16_x16(a->mult + i, a->shift + i, kind->form);
            eq_keep_factors16(to, &f);
            _mm512_storeu_si512((void *)(to + EQ_FACTORS16_X512),
                                a->bias != NULL ? eq_load_x16(a->bias + i)
                                                : eq_load_short_x16(a->far_bias + i));
            to += EQ_CONSTANTS16_X512;
        }
    return to;
}

/* Pixels first, first + stride_w, ... of a row of y: those that the same taps reach. */
EQ_INLINE_AVX512 void eq_reach_phase_x512(eq_layer16_x512 *t, const eq_reached_avx2 *r,
                                          const int8_t *lines, const int8_t *zeros,
                                          int8_t *y, const eq_conv2d_call *p, int32_t first,
                                          int32_t size, const eq_kind16_x512 *kind)
{
    const eq_reaching *const rows = &r->rows;
    const eq_reaching c =
        eq_taps_of_phase(first + p->pad_left, p->stride_w, p->dil_w, p->kw);
    const int any = rows->count > 0 && c.count > 0;
    const int64_t pixel = 2 * (int64_t)r->in_c;
    t->kh = any ? rows->count : 1;
    t->taps = any ? c.count : 1;
    t->segment = any ? 2 * (int64_t)r->line : 0;
    t->x_tap = any ? -c.back * pixel : 0;
    t->w_first = any ? rows->first * p->kw + c.first : 0;
    t->w_row = rows->step * p->kw;
    t->w_tap = c.step;
    const eq_windows16_x512 q = {.x = any ? lines + (r->left + c.at) * pixel : zeros,
                                 .y = y + (int64_t)first * p->y_pixel * size,
                                 .row = 0,
                                 .step = any ? pixel : 0,
                                 .y_row = 0,
                                 .y_pixel = (int64_t)p->stride_w * p->y_pixel * size,
                                 .rows = 1,
                                 .columns = (p->out_w - first - 1) / p->stride_w + 1};
    eq_windows16_run(t, q, kind);
}

/* A whole call; `kind` is constant. */
EQ_INLINE_AVX512 void eq_transposed_x512(const eq_transposed_arrays_x512 *a,
                                         int8_t *scratch, const eq_conv2d_call *p,
                                         const eq_kind16_x512 *kind)
{
    const int words = a->bias == NULL;
    const int32_t size = words ? 2 : 1, left = (p->kw - 1) * p->dil_w / p->stride_w;
    const int32_t columns = left + (p->out_w - 1 + p->pad_left) / p->stride_w + 1;
    const int32_t run = (p->in_c + 3) / 4 * 8;
    eq_reached_avx2 r = {
        .kh = p->kh, .kw = p->kw, .in_c = p->in_c, .left = left, .line = columns * p->in_c};
    eq_layer16_x512 t = {.w = a->w,
                         .constants = scratch,
                         .run = run,
                         .out_c = p->out_c,
                         .all = p->kh * p->kw,
                         .range = eq_load_range16_avx512(p->act_min, p->act_max),
                         .zy = _mm512_set1_epi16((int16_t)p->zy)};
    int8_t *const zeros = eq_reach_constants_x512(scratch, a, p->out_c, kind);
    int8_t *const lines = zeros + run;
    memset(zeros, 0, (size_t)run);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        int8_t *const y = (int8_t *)a->y + (int64_t)h * p->y_row * size;
        r.rows = eq_taps_reaching(h + p->pad_top, p->stride_h, p->dil_h, p->kh, p->in_h);
        eq_reach_lines_avx2((int16_t *)(void *)lines, a->x, &r, p, words);
        for (int32_t first = 0; first < p->stride_w && first < p->out_w; ++first)
            eq_reach_phase_x512(&t, &r, lines, zeros, y, p, first, size, kind);
    }
}

#endif
