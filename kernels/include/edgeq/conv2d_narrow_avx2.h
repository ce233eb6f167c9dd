/* Convolution to at most eight channels for AVX2: twelve pixels of a row at a time.
 *
 * Windows are read where they lie, from a band of int16 (conv2d_band.h): two taps of a pixel are
 * broadcast, and VPMADDWD multiplies them with two taps of eight channels.  Weights are
 * packed (o/8, kh, kwi/2, ..., kwi%2), so they are read in order: of a rescale by floats with
 * channels in order, else in that of scale_avx2.h.  What does not fill the last tile of a row is
 * computed by four, and some of it once more.
 *
 * The loop is assembly for the reason that conv2d_segment_avx2.h gives.
 *
 * Exact: as conv2d_blocks_avx2.h.
 */
#ifndef EDGEQ_CONV2D_NARROW_AVX2_H
#define EDGEQ_CONV2D_NARROW_AVX2_H

#include "edgeq/conv2d_blocks_avx2.h"

enum { EQ_TWELVE_AVX2 = 12 };

/* Sums of a tile: eight channels of each pixel. */
typedef struct {
    __m256i a, b, c, d, e, f, g, h, i, j, k, l;
} eq_twelve_avx2;

/* The constants of a layer, with EQ_FUSED and EQ_ODD floats, else f; and how its windows lie. */
typedef struct {
    const int8_t *w;   /* int8, or int16 */
    int64_t segment;   /* from segment to segment of a window, int16 */
    int64_t step;      /* from window to window, int16 */
    int32_t kh, pairs; /* segments, and pairs of taps of one */
    int32_t count;     /* channels */
    __m256i bias;
    eq_scale_avx2 f;
    eq_odd_x256 floats;
    eq_range_avx2 range;
} eq_narrow_avx2;

/* Two taps of three pixels from the register x on. */
#define EQ_THREE_AVX2(x, a, b, c)                                                          \
    "vpbroadcastd (" x "),%%ymm1\n\t"                                                      \
    "vpbroadcastd (" x ",%[s]),%%ymm2\n\t"                                                 \
    "vpbroadcastd (" x ",%[s],2),%%ymm3\n\t"                                               \
    "vpmaddwd %%ymm0,%%ymm1,%%ymm1\n\t"                                                    \
    "vpmaddwd %%ymm0,%%ymm2,%%ymm2\n\t"                                                    \
    "vpmaddwd %%ymm0,%%ymm3,%%ymm3\n\t"                                                    \
    "vpaddd %%ymm1,%[" a "],%[" a "]\n\t"                                                  \
    "vpaddd %%ymm2,%[" b "],%[" b "]\n\t"                                                  \
    "vpaddd %%ymm3,%[" c "],%[" c "]\n\t"                                                  \
    "add $4," x "\n\t"

/* Segments of twelve windows, from x on, whose weights are those from w to
 * `end`. */
#define EQ_TWELVE_SEGMENTS_AVX2(load, bytes)                                               \
    __asm__ volatile(                                                                      \
        "lea (%[x],%[s],2),%%r8\n\t"                                                       \
        "add %[s],%%r8\n\t"                                                                \
        "lea (%%r8,%[s],2),%%r9\n\t"                                                       \
        "add %[s],%%r9\n\t"                                                                \
        "lea (%%r9,%[s],2),%%r10\n\t"                                                      \
        "add %[s],%%r10\n\t"                                                               \
        ".p2align 6\n"                                                                     \
        "1:\n\t" load " (%[w]),%%ymm0\n\t" EQ_THREE_AVX2("%[x]", "a", "b", "c")            \
            EQ_THREE_AVX2("%%r8", "d", "e", "f") EQ_THREE_AVX2("%%r9", "g", "h", "i")      \
                EQ_THREE_AVX2("%%r10", "j", "k", "l") "add $" bytes ",%[w]\n\t"            \
                                                      "cmp %[end],%[w]\n\t"                \
                                                      "jne 1b"                             \
        : [a] "+x"(u->a), [b] "+x"(u->b), [c] "+x"(u->c), [d] "+x"(u->d), [e] "+x"(u->e),  \
          [f] "+x"(u->f), [g] "+x"(u->g), [h] "+x"(u->h), [i] "+x"(u->i), [j] "+x"(u->j),  \
          [k] "+x"(u->k), [l] "+x"(u->l), [w] "+r"(w), [x] "+r"(x)                         \
        : [s] "r"(s), [end] "r"(end)                                                       \
        : "cc", "memory", "r8", "r9", "r10", "xmm0", "xmm1", "xmm2", "xmm3")

/* s is from window to window in bytes. */
EQ_INLINE_AVX2 void eq_twelve_segments_avx2(eq_twelve_avx2 *u, const int16_t *x, int64_t s,
                                            const int8_t *w, const int8_t *end, int wide)
{
    if (wide)
        EQ_TWELVE_SEGMENTS_AVX2("vmovdqu", "32");
    else
        EQ_TWELVE_SEGMENTS_AVX2("vpmovsxbw", "16");
}

/* The first n <= 8 bytes of either half of v to y0 and y1. */
EQ_INLINE_AVX2 void eq_store_eights_avx2(int8_t *y0, int8_t *y1, __m128i v, int32_t n)
{
    if (__builtin_expect(n == 8, 1)) {
        _mm_storel_epi64((__m128i *)(void *)y0, v);
        _mm_storel_epi64((__m128i *)(void *)y1, _mm_unpackhi_epi64(v, v));
        return;
    }
    int8_t bytes[16];
    _mm_storeu_si128((__m128i *)(void *)bytes, v);
    memcpy(y0, bytes, (size_t)n);
    memcpy(y1, bytes + 8, (size_t)n);
}

/* Four pixels rescaled and narrowed: 0..3 of the first, of the second and so on, then 4..7. */
EQ_INLINE_AVX2 __m256i eq_narrow_bytes_avx2(const eq_narrow_avx2 *t, __m256i a, __m256i b,
                                            __m256i c, __m256i d, int mode)
{
    if (eq_is_float_avx2(mode)) {
        const __m256i order = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15));
        const __m256i v =
            eq_floats_bytes_x32(&t->floats, &t->floats, a, b, c, d, &t->range, mode);
        return _mm256_shuffle_epi8(v, order);
    }
    const __m256i first =
        _mm256_packs_epi32(eq_scaled_avx2(a, &t->f, mode), eq_scaled_avx2(b, &t->f, mode));
    const __m256i second =
        _mm256_packs_epi32(eq_scaled_avx2(c, &t->f, mode), eq_scaled_avx2(d, &t->f, mode));
    return eq_bytes_avx2(first, second, &t->range);
}

/* Four pixels stored, `step` apart. */
EQ_INLINE_AVX2 void eq_narrow_four_avx2(const eq_narrow_avx2 *t, __m256i a, __m256i b,
                                        __m256i c, __m256i d, int8_t *y, int64_t step,
                                        int mode)
{
    const __m256i v =
        _mm256_permutevar8x32_epi32(eq_narrow_bytes_avx2(t, a, b, c, d, mode),
                                    _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    eq_store_eights_avx2(y, y + step, _mm256_castsi256_si128(v), t->count);
    eq_store_eights_avx2(y + 2 * step, y + 3 * step, _mm256_extracti128_si256(v, 1),
                         t->count);
}

/* Twelve pixels of a row. */
EQ_INLINE_AVX2 void eq_narrow_twelve_avx2(const eq_narrow_avx2 *t, const int16_t *x,
                                          int8_t *y, int64_t step, int wide, int mode)
{
    const __m256i b = t->bias;
    eq_twelve_avx2 s = {b, b, b, b, b, b, b, b, b, b, b, b};
    const int8_t *w = t->w;
    const int64_t bytes = (wide ? 32 : 16) * (int64_t)t->pairs;
    for (int32_t r = 0; r < t->kh; ++r) {
        eq_twelve_segments_avx2(&s, x, 2 * t->step, w, w + bytes, wide);
        x += t->segment;
        w += bytes;
    }
    eq_narrow_four_avx2(t, s.a, s.b, s.c, s.d, y, step, mode);
    eq_narrow_four_avx2(t, s.e, s.f, s.g, s.h, y + 4 * step, step, mode);
    eq_narrow_four_avx2(t, s.i, s.j, s.k, s.l, y + 8 * step, step, mode);
}

/* Four pixels of a row. */
EQ_INLINE_AVX2 void eq_narrow_some_avx2(const eq_narrow_avx2 *t, const int16_t *x,
                                        int8_t *y, int64_t step, int wide, int mode)
{
    __m256i a = t->bias, b = a, c = a, d = a;
    const int8_t *w = t->w;
    for (int32_t r = 0; r < t->kh; ++r) {
        const int16_t *q = x + r * t->segment;
        for (int32_t i = 0; i < t->pairs; ++i) {
            const __m256i v = wide ? _mm256_loadu_si256((const __m256i *)(const void *)w)
                                   : eq_widen_avx2(w);
            a = eq_mac_avx2(a, eq_two_avx2(q, 0), v);
            b = eq_mac_avx2(b, eq_two_avx2(q + t->step, 0), v);
            c = eq_mac_avx2(c, eq_two_avx2(q + 2 * t->step, 0), v);
            d = eq_mac_avx2(d, eq_two_avx2(q + 3 * t->step, 0), v);
            q += 2;
            w += wide ? 32 : 16;
        }
    }
    eq_narrow_four_avx2(t, a, b, c, d, y, step, mode);
}

/* A row of n >= 12 pixels. */
EQ_INLINE_AVX2 void eq_narrow_row_avx2(const eq_narrow_avx2 *t, const int16_t *x, int8_t *y,
                                       int64_t step, int32_t n, int wide, int mode)
{
    int32_t i = 0;
    for (; i + EQ_TWELVE_AVX2 <= n; i += EQ_TWELVE_AVX2)
        eq_narrow_twelve_avx2(t, x + i * t->step, y + i * step, step, wide, mode);
    for (; i < n; i += 4) {
        const int32_t at = i + 4 > n ? n - 4 : i;
        eq_narrow_some_avx2(t, x + at * t->step, y + at * step, step, wide, mode);
    }
}

/* All output rows; kind and mode are constants. */
EQ_INLINE_AVX2 void eq_narrow_image_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                         const eq_conv2d_call *p, const eq_band *b,
                                         int kind, int mode)
{
    const int32_t pairs = (b->run + 1) / 2, wide = kind != EQ_INT8_AVX2;
    int16_t *const weights = (int16_t *)(void *)scratch;
    int16_t *const band = weights + (wide ? 16 * (int64_t)p->kh * pairs : 0);
    eq_narrow_avx2 t = {.segment = b->segment,
                        .w = wide ? (const int8_t *)weights : a->w,
                        .step = b->step,
                        .kh = p->kh,
                        .pairs = pairs,
                        .count = p->out_c,
                        .bias = eq_is_float_avx2(mode) ? eq_load_x8(a->bias)
                                                       : eq_load_bias_avx2(a->bias),
                        .f = eq_load_scale_avx2(a->mult, a->shift, mode),
                        .floats = eq_load_floats_x256(a->mult, a->shift, mode),
                        .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    if (wide)
        eq_less_zero_avx2(weights, a->w, p->kh, pairs, 1, b->run % 2 != 0, p->zw);
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_wide_band_avx2(band, a->x, h, rows, b);
        for (int32_t r = 0; r < rows; ++r)
            eq_narrow_row_avx2(&t, band + (int64_t)r * b->row,
                               a->y + (int64_t)(h + r) * p->y_row, p->y_pixel, b->out_w,
                               kind != EQ_INT8_AVX2, mode);
    }
}

/* A whole call: `mode` is the rounding form, EQ_FUSED or EQ_ODD. */
EQ_INLINE_AVX2 void eq_conv2d_narrow_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_conv2d_call *p, int kind, int mode)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    eq_narrow_image_avx2(a, scratch, p, &b, kind, mode);
}

#endif
