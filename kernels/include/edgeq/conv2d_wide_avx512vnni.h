/* Convolution of many channels for AVX-512 VNNI: windows of a band, a block of channels at a time.
 *
 * How a tile is multiplied, and why it is exact, conv2d_wide_tile_avx512vnni.h says.  A block's
 * factors are prepared once for all pixels of a band.
 */
#ifndef EDGEQ_CONV2D_WIDE_AVX512VNNI_H
#define EDGEQ_CONV2D_WIDE_AVX512VNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_wide_finish_avx512vnni.h"
#include "edgeq/points_avx512.h"

/* Where the next pixel lies, how many follow it in its row, and how many are left of all. */
typedef struct {
    const uint8_t *x;
    int8_t *y;
    int32_t row, left;
} eq_place_x512;

/* To the pixel after the last of a row. */
EQ_INLINE_AVX512 void eq_turn_x512(const eq_wide_x512 *t, eq_place_x512 *p)
{
    p->row = t->out_w;
    p->x += t->x_turn;
    p->y += t->y_turn;
}

/* What the zero point of weights adds to the sums of the window of x. */
EQ_INLINE_AVX512 int32_t eq_more_x512(const eq_wide_x512 *t, const uint8_t *x)
{
    __m512i sum = _mm512_setzero_si512();
    x -= t->taps;
    for (int32_t r = 0; r < t->runs; ++r, x += t->segment)
        for (int32_t k = 0; k < t->run; k += 64) {
            const int32_t left = t->run - k;
            const __mmask64 some = left < 64 ? ((__mmask64)1 << left) - 1 : ~(__mmask64)0;
            const __m512i v = _mm512_maskz_loadu_epi8(some, x + k);
            sum = _mm512_dpbusd_epi32(sum, v, _mm512_set1_epi8(1));
        }
    return -t->zw * (_mm512_reduce_add_epi32(sum) - 128 * t->runs * t->run);
}

/* The next n pixels; of fewer, the last once more. */
EQ_APART_AVX512 void eq_take_spots_x512(const eq_wide_x512 *t, eq_place_x512 *p,
                                        eq_spots_x512 *g, int32_t n)
{
    eq_place_x512 q = *p;
    for (int32_t i = 0; i < n; ++i) {
        g->x[i] = q.x;
        g->y[i] = q.y;
        if (i + 1 >= q.left)
            continue;
        q.x += t->step;
        q.y += t->y_pixel;
        if (--q.row == 0)
            eq_turn_x512(t, &q);
    }
    q.left -= q.left < n ? q.left : n;
    *p = q;
}

#define EQ_NEAR_X512(i)                                                                    \
    v.x##i = p->x + two * i * t->step;                                                     \
    v.z##i = v.x##i + (two - 1) * t->step;
#define EQ_FAR_X512(i)                                                                     \
    v.x##i = g.x[two * i];                                                                 \
    v.z##i = g.x[two * i + two - 1];

/* The next n pixels of a row, or n times two, by a block of channels. */
EQ_INLINE_AVX512 void eq_near_tile_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                        eq_place_x512 *p, int n, int kind, int single)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    eq_windows_x512 v;
    __asm__ volatile("" : "+r"(t), "+r"(c));
    EQ_SIX_X512(EQ_NEAR_X512)
    p->x += n * two * t->step;
    p->left -= n * two;
    p->row -= n * two;
    const eq_sums_x512 s = eq_dots_wide_x512(t, c, NULL, v, n, kind);
    const eq_bytes_x512s q = eq_finish_wide_x512(t, c, s, n, kind, single);
    const int64_t step = t->y_pixel;
    eq_store_wide_x512(c, q, p->y, step, n, kind);
    p->y += n * two * step;
}

/* The next n pixels, or n times two, from row to row; of fewer the last again. */
EQ_INLINE_AVX512 void eq_far_tile_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                       eq_place_x512 *p, int n, int kind, int single)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    eq_spots_x512 g;
    eq_windows_x512 v;
    __asm__ volatile("" : "+r"(t), "+r"(c));
    eq_place_x512 next = *p;
    eq_take_spots_x512(t, &next, &g, n * two);
    *p = next;
    EQ_SIX_X512(EQ_FAR_X512)
    for (int i = 0; kind == EQ_32ZW_X512 && i < n * two; ++i)
        g.more[i] = eq_more_x512(t, g.x[i]);
    const eq_sums_x512 s = eq_dots_wide_x512(t, c, &g, v, n, kind);
    const eq_bytes_x512s q = eq_finish_wide_x512(t, c, s, n, kind, single);
    eq_store_far_x512(c, q, g.y, n, kind);
}

/* The next pixels, all of a row where they are nearly a tile or the last. */
EQ_INLINE_AVX512 void eq_next_tile_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                        eq_place_x512 *p, int kind, int single)
{
    const int32_t two = kind == EQ_64_X512 ? 1 : 2;
    const int32_t near = kind == EQ_32ZW_X512 ? 0 : p->row / two;
    if (near >= 6)
        eq_near_tile_x512(t, c, p, 6, kind, single);
    else if (near == 5)
        eq_near_tile_x512(t, c, p, 5, kind, single);
    else if (near == 4)
        eq_near_tile_x512(t, c, p, 4, kind, single);
    else if (near > 0 && p->row == p->left && near == 3)
        eq_near_tile_x512(t, c, p, 3, kind, single);
    else if (near > 0 && p->row == p->left)
        eq_near_tile_x512(t, c, p, 1, kind, single);
    else if (p->left > two)
        eq_far_tile_x512(t, c, p, 6, kind, single);
    else
        eq_far_tile_x512(t, c, p, 1, kind, single);
}

/* All pixels from p on by a block of channels. */
EQ_INLINE_AVX512 void eq_wide_pixels_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                          eq_place_x512 p, int kind, int single)
{
    while (p.left > 0) {
        eq_next_tile_x512(t, c, &p, kind, single);
        if (p.row == 0)
            eq_turn_x512(t, &p);
    }
}

/* Channels from o on. */
EQ_INLINE_AVX512 void eq_load_block_x512(eq_block_x512 *c, const eq_conv2d_arrays *a,
                                         int64_t window, int32_t o, int32_t out_c,
                                         int32_t zy, int kind, int single)
{
    const int large = kind == EQ_32INT4_X512;
    const int32_t vectors = kind == EQ_64_X512 ? 4 : 2;
    c->w = a->w + (large ? o / 2 : o) * window;
    c->channels = out_c - o;
    c->some = c->channels < 64 ? ((__mmask64)1 << c->channels) - 1 : ~(__mmask64)0;
    for (int32_t i = 0; i < vectors; ++i, o += 16) {
        const __m512i bias = eq_load_x16(a->bias + o);
        if (single == EQ_FUSED_X512) {
            c->bias[i] = large ? _mm512_rol_epi32(bias, 4) : bias;
            c->fused[i] = eq_load_fused_x512(a->mult + o, a->shift + o);
            continue;
        }
        if (single == EQ_ODD_X512) {
            c->bias[i] = bias;
            c->odd[i] = eq_load_odd_x512(a->mult + o, a->shift + o, zy);
            continue;
        }
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
    const eq_wide_x512 t = {
        .taps = is_one ? (int64_t)p->kh * b->segment : (b->run + 3) / 4 * 4,
        .next = is_one ? b->segment : 4,
        .rest = is_one ? -(int64_t)p->kh * b->segment : -((b->run + 3) / 4 % 4 * 4),
        .segment = b->segment,
        .runs = is_one ? 1 : p->kh,
        .run = b->run,
        .zw = p->zw,
        .step = b->step,
        .x_turn = b->row - (int64_t)b->out_w * b->step,
        .y_pixel = p->y_pixel,
        .y_turn = p->y_row - (int64_t)b->out_w * p->y_pixel,
        .out_w = b->out_w,
        .clamps = p->act_min > INT8_MIN || p->act_max < INT8_MAX,
        .range = eq_load_range_avx512(p->zy, p->act_min, p->act_max)};
    return t;
}

/* A whole call; kind and the mode single are constants. */
EQ_INLINE_AVX512 void eq_conv2d_wide_x512(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_conv2d_call *p, int kind, int single)
{
    uint8_t *const band = (uint8_t *)scratch;
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_points_of(eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w));
    const eq_wide_x512 t = eq_wide_of_x512(p, &b, kind);
    const int is_line = t.x_turn == 0 && t.y_turn == 0;
    const int64_t window = (int64_t)p->kh * ((b.run + 3) / 4 * 4);
    eq_block_x512 c;
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        const int32_t pixels = rows * b.out_w;
        eq_place_x512 first = {band + t.taps, a->y + (int64_t)h * p->y_row,
                               is_line ? pixels : b.out_w, pixels};
        if (eq_has_points(&b))
            eq_fill_points_avx512(band, a->x, h, rows, &b);
        else
            eq_fill_unsigned_band(band, a->x, h, rows, &b);
        const int32_t some = kind == EQ_64_X512 ? 64 : 32;
        for (int32_t o = 0; o < p->out_c; o += some, first.y += some) {
            eq_load_block_x512(&c, a, window, o, p->out_c, p->zy, kind, single);
            eq_wide_pixels_x512(&t, &c, first, kind, single);
        }
    }
}

#undef EQ_SIX_X512
#undef EQ_NEAR_X512
#undef EQ_FAR_X512

#endif
