/* Convolution of many channels for AVX-512 VNNI: windows of a band, a block of channels at a time.
 *
 * How a tile is multiplied, and why it is exact, conv2d_wide_tile_avx512vnni.h says.  A block's
 * factors are prepared once for all pixels of a band.
 */
#ifndef EDGEQ_CONV2D_WIDE_AVX512VNNI_H
#define EDGEQ_CONV2D_WIDE_AVX512VNNI_H

#include "edgeq/band_avx512.h"
#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_wide_tile_avx512vnni.h"

/* All pixels from p on by a block of channels. */
EQ_INLINE_AVX512 void eq_wide_pixels_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                          eq_place_x512 p, int kind, int single)
{
    const int32_t some = kind == EQ_64_X512 ? 3 : 6;
    while (p.left > some)
        eq_wide_tile_x512(t, c, &p, 6, kind, single);
    if (p.left > 0)
        eq_wide_tile_x512(t, c, &p, 3, kind, single);
}

/* Channels from o on. */
EQ_INLINE_AVX512 void eq_load_block_x512(eq_block_x512 *c, const eq_conv2d_arrays *a,
                                         int64_t window, int32_t o, int32_t out_c, int kind,
                                         int single)
{
    const int large = kind == EQ_32INT4_X512;
    const int32_t vectors = kind == EQ_64_X512 ? 4 : 2;
    c->w = a->w + (large ? o / 2 : o) * window;
    c->channels = out_c - o;
    for (int32_t i = 0; i < vectors; ++i, o += 16) {
        const __m512i bias = eq_load_x16(a->bias + o);
        const __m512i b = large ? _mm512_slli_epi32(bias, 4) : bias;
        c->bias[i] =
            single < EQ_ANY ? _mm512_xor_si512(b, _mm512_set1_epi32(INT32_MIN)) : b;
        if (single < EQ_ANY)
            c->scale[i] = eq_load_scale_x512(a->mult + o, a->shift + o, single, large);
        else
            c->factors[i] = eq_load_factors_x16(a->mult + o, a->shift + o, single);
    }
}

/* How windows of a band lie.  Runs of one step are one run of many where there is a
 * register for it. */
EQ_INLINE_AVX512 eq_wide_x512 eq_wide_of_x512(const eq_conv2d_call *p, const eq_band *b,
                                              int kind)
{
    const int is_one = b->run <= 4 && kind == EQ_64_X512;
    const eq_wide_x512 t = {.taps =
                                is_one ? (int64_t)p->kh * b->segment : (b->run + 3) / 4 * 4,
                            .next = is_one ? b->segment : 4,
                            .segment = b->segment,
                            .runs = is_one ? 1 : p->kh,
                            .step = b->step,
                            .x_turn = b->row - (int64_t)b->out_w * b->step,
                            .y_pixel = p->y_pixel,
                            .y_turn = p->y_row - (int64_t)b->out_w * p->y_pixel,
                            .out_w = b->out_w,
                            .range = eq_load_range_avx512(p->zy, p->act_min, p->act_max)};
    return t;
}

/* All output rows; kind and single are constants. */
EQ_INLINE_AVX512 void eq_conv2d_bands_x512(const eq_conv2d_arrays *a, uint8_t *band,
                                           const eq_conv2d_call *p, int kind, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_wide_x512 t = eq_wide_of_x512(p, &b, kind);
    const int is_line = t.x_turn == 0 && t.y_turn == 0;
    const int64_t window = (int64_t)p->kh * ((b.run + 3) / 4 * 4);
    eq_block_x512 c;
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        const int32_t pixels = rows * b.out_w;
        eq_place_x512 first = {band + t.taps, a->y + (int64_t)h * p->y_row,
                               is_line ? pixels : b.out_w, pixels};
        eq_fill_unsigned_band(band, a->x, h, rows, &b);
        const int32_t some = kind == EQ_64_X512 ? 64 : 32;
        for (int32_t o = 0; o < p->out_c; o += some, first.y += some) {
            eq_load_block_x512(&c, a, window, o, p->out_c, kind, single);
            eq_wide_pixels_x512(&t, &c, first, kind, single);
        }
    }
}

/* A whole call. */
EQ_INLINE_AVX512 void eq_conv2d_wide_x512(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_conv2d_call *p, int kind, int single)
{
    uint8_t *const band = (uint8_t *)scratch;
    if (single == EQ_DOUBLE && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_conv2d_bands_x512(a, band, p, kind, EQ_LIVE);
    else
        eq_conv2d_bands_x512(a, band, p, kind, single);
}

#endif
