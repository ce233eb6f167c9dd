/* Depthwise convolution of windows of three rows and three columns for AVX-512 VNNI: all 8, 16 or 32
 * channels of several pixels that follow each other at a time.
 *
 * Rows are read where they lie, 64 bytes at a time from the first window's first column on, and put
 * side by side once.  The columns of windows are those words, and the words one pixel and two pixels
 * further on, which VALIGNQ takes from them and the next ones: of eight channels, where a pixel is
 * half a lane, every other comes by itself.  With a stride of two the even and the odd pixels of
 * 128 bytes are sorted before; with a stride of one, rows are four, and two rows of outputs are made
 * at once.  Exact: see depthwise_words_avx512vnni.h.
 */
#ifndef EDGEQ_DEPTHWISE_RUNS_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_RUNS_AVX512VNNI_H

#include "edgeq/depthwise_edges_avx512vnni.h"

/* Every other pixel of 128 bytes, the first one or the second one first. */
EQ_INLINE_AVX512 __m512i eq_every_other_x512(__m512i a, __m512i b, int second, int channels)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i pick = second ? _mm512_add_epi64(order, _mm512_set1_epi64(1)) : order;
    if (channels == 8)
        return _mm512_permutex2var_epi64(a, pick, b);
    if (channels == 16)
        return second ? _mm512_shuffle_i64x2(a, b, 0xdd) : _mm512_shuffle_i64x2(a, b, 0x88);
    return second ? _mm512_shuffle_i64x2(a, b, 0xee) : _mm512_shuffle_i64x2(a, b, 0x44);
}

EQ_INLINE_AVX512 eq_words_x512 eq_words_other_x512(eq_four_rows_x512 a, eq_four_rows_x512 b,
                                                   int second, int channels)
{
    const __m512i g = eq_every_other_x512(a.g, b.g, second, channels);
    return eq_words_of_x512(eq_every_other_x512(a.e, b.e, second, channels),
                            eq_every_other_x512(a.f, b.f, second, channels), g, g);
}

/* Half a lane times `halves` further on in v than a vector's beginning, `next` behind it. */
EQ_INLINE_AVX512 __m512i eq_further_x512(__m512i v, __m512i next, int halves)
{
    return halves == 2   ? _mm512_alignr_epi64(next, v, 2)
           : halves == 4 ? _mm512_alignr_epi64(next, v, 4)
                         : next;
}

/* Words one or two pixels further on than v, which `next` follows. */
EQ_INLINE_AVX512 eq_words_x512 eq_words_further_x512(eq_words_x512 v, eq_words_x512 next,
                                                     int pixels, int channels)
{
    const int halves = pixels * channels / 8;
    const int further = halves == 1 ? 2 : halves;
    const eq_words_x512 w = {
        eq_further_x512(v.a, next.a, further), eq_further_x512(v.b, next.b, further),
        eq_further_x512(v.c, next.c, further), eq_further_x512(v.d, next.d, further)};
    const eq_words_x512 half = {v.c, v.d, w.a, w.b};
    return halves == 1 ? half : w;
}

/* Words of the rows' bytes from `at` on; with a stride of two of even pixels, the odd ones apart. */
EQ_INLINE_AVX512 eq_words_x512 eq_run_words_x512(const eq_run_x512 *q, int64_t at,
                                                 eq_words_x512 *odd, int stride,
                                                 int channels)
{
    eq_four_rows_x512 a, b;
    if (__builtin_expect((uint64_t)(at + q->first) < (uint64_t)q->places, 1)) {
        a = eq_run_bytes_x512(q, at, stride == 1);
        b = stride == 1 ? a : eq_run_bytes_x512(q, at + 64, 0);
    } else if (stride == 2 && at > q->end) {
        const __m512i v = _mm512_xor_si512(q->zx, _mm512_set1_epi8(INT8_MIN));
        const eq_words_x512 border = {v, v, v, v};
        *odd = border;
        return border;
    } else {
        a = eq_run_edge_x512(q, at, stride == 1);
        b = stride == 1 ? a : eq_run_edge_x512(q, at + 64, 0);
    }
    if (stride == 1)
        return eq_words_of_x512(a.e, a.f, a.g, a.h);
    *odd = eq_words_other_x512(a, b, 1, channels);
    return eq_words_other_x512(a, b, 0, channels);
}

EQ_INLINE_AVX512 void eq_run_store_x512(int8_t *y, __m512i v, int64_t left)
{
    if (left >= 64)
        _mm512_storeu_si512((void *)y, v);
    else
        _mm512_mask_storeu_epi8(y, ((__mmask64)1 << left) - 1, v);
}

/* 64 bytes of outputs at y + at, or as many as are left, of windows from u on, which `next`
 * follows; the lower ones first. */
EQ_INLINE_AVX512 void eq_run_outputs_x512(const eq_run_x512 *q,
                                          const eq_words_outputs_x512 *t, int64_t at,
                                          eq_words_x512 u, eq_words_x512 odd,
                                          eq_words_x512 next, int64_t left, int stride,
                                          int channels, int has_zw, int mode)
{
    const eq_words_x512 v = stride == 1 ? eq_words_further_x512(u, next, 1, channels) : odd;
    const eq_words_x512 w = eq_words_further_x512(u, next, 3 - stride, channels);
    if (stride == 1)
        eq_run_store_x512(q->lower + at, eq_three_columns_x512(t, u, v, w, 1, has_zw, mode),
                          left);
    eq_run_store_x512(q->y + at, eq_three_columns_x512(t, u, v, w, 0, has_zw, mode), left);
}

/* `size` bytes of outputs of a row, or of two.  That `at` is hidden leaves it the only counter. */
EQ_INLINE_AVX512 void eq_run_row_x512(const eq_run_x512 *q, const eq_words_outputs_x512 *t,
                                      int64_t size, int stride, int channels, int has_zw,
                                      int mode)
{
    eq_words_x512 odd = {q->zx, q->zx, q->zx, q->zx};
    eq_words_x512 u = eq_run_words_x512(q, 0, &odd, stride, channels);
    for (int64_t at = 0; at < size; at += 64) {
        eq_words_x512 more = odd;
        __asm__ volatile("" : "+r"(at));
        const eq_words_x512 next =
            eq_run_words_x512(q, (at + 64) * stride, &more, stride, channels);
        eq_run_outputs_x512(q, t, at, u, odd, next, size - at, stride, channels, has_zw,
                            mode);
        u = next;
        odd = more;
    }
}

/* All rows.  A row that is the last has itself as the lower one, which is stored first. */
EQ_INLINE_AVX512 void eq_run_rows_x512(const eq_words_outputs_x512 *t, const int8_t *table,
                                       int8_t *y, const eq_depthwise_s8_params *p,
                                       int stride, int channels, int has_zw, int mode)
{
    eq_run_x512 q = eq_run_of_x512(p, stride);
    for (int32_t h = p->row0; h < p->row1; h += stride == 1 ? 2 : 1) {
        const int more = stride == 1 && h + 1 < p->row1;
        for (int32_t i = 0; i < 4; ++i)
            q.r[i] =
                (uintptr_t)eq_row_of_x512(table, i < 3 ? i : 2 + more) + (uintptr_t)q.first;
        table += 2 * EQ_POINTER_X512;
        q.y = y + (int64_t)h * p->y_row;
        q.lower = more ? q.y + p->y_row : q.y;
        eq_run_row_x512(&q, t, (int64_t)p->out_w * channels, stride, channels, has_zw,
                        mode);
    }
}

/* Constants of 64 outputs, in the order of the sums. */
typedef struct {
    int32_t w[3][64], bias[64], mult[64], shift[64];
} eq_run_constants_x512;

/* Words of 64 outputs: of output i, that of channel i % channels. */
EQ_INLINE_AVX512 void eq_repeat_words_x512(int32_t to[64], const int8_t *words,
                                           int channels)
{
    for (int32_t v = 0; v < 4; ++v) {
        const int8_t *const four = words + 16 * (channels == 8 ? v % 2 : v);
        const __m512i even =
            _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)four));
        const __m512i odd = _mm512_broadcast_i32x4(_mm_loadu_si128(
            (const __m128i *)(const void *)(channels == 32 ? four + 64 : four)));
        _mm512_storeu_si512((void *)(to + 16 * v),
                            _mm512_mask_mov_epi32(even, 0xf0f0, odd));
    }
}

EQ_INLINE_AVX512 void eq_repeat_constants_x512(eq_run_constants_x512 *c,
                                               const eq_words_arrays_x512 *a, int channels)
{
    for (int32_t k = 0; k < 3; ++k)
        eq_repeat_words_x512(c->w[k], a->w + (int64_t)k * 4 * channels, channels);
    eq_repeat_words_x512(c->bias, (const int8_t *)a->bias, channels);
    eq_repeat_words_x512(c->mult, (const int8_t *)a->mult, channels);
    eq_repeat_words_x512(c->shift, (const int8_t *)a->shift, channels);
}

/* All outputs; all but the first four are constants. */
EQ_INLINE_AVX512 void eq_run_image_x512(const eq_words_arrays_x512 *a, const int8_t *table,
                                        const eq_depthwise_s8_params *p, int32_t zw,
                                        int stride, int channels, int has_zw, int mode)
{
    eq_run_constants_x512 c;
    eq_words_outputs_x512 t;
    int8_t lower[EQ_THREE_COLUMNS_X512];
    eq_repeat_constants_x512(&c, a, channels);
    eq_load_layer_x512(&t, p, zw);
    eq_load_outputs_x512(&t, c.bias, c.mult, c.shift, 9 * 128 * zw, mode);
    t.w = (const int8_t *)c.w;
    t.lower = lower;
    if (stride == 1)
        eq_lower_weights_x512(lower, t.w);
    eq_run_rows_x512(&t, table, a->y, p, stride, channels, has_zw, mode);
}

EQ_INLINE_AVX512 void eq_run_stride_x512(const eq_words_arrays_x512 *a, const int8_t *table,
                                         const eq_depthwise_s8_params *p, int32_t zw,
                                         int channels, int has_zw, int mode)
{
    if (p->stride_w == 1)
        eq_run_image_x512(a, table, p, zw, 1, channels, has_zw, mode);
    else
        eq_run_image_x512(a, table, p, zw, 2, channels, has_zw, mode);
}

EQ_INLINE_AVX512 void eq_run_channels_x512(const eq_words_arrays_x512 *a,
                                           const int8_t *table,
                                           const eq_depthwise_s8_params *p, int32_t zw,
                                           int has_zw, int mode)
{
    if (p->in_c == 8)
        eq_run_stride_x512(a, table, p, zw, 8, has_zw, mode);
    else if (p->in_c == 16)
        eq_run_stride_x512(a, table, p, zw, 16, has_zw, mode);
    else
        eq_run_stride_x512(a, table, p, zw, 32, has_zw, mode);
}

/* A whole call; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_depthwise_runs_x512(const int8_t *x, const eq_words_arrays_x512 *a,
                                             int8_t *scratch,
                                             const eq_depthwise_s8_params *p, int32_t zw,
                                             int has_zw, int mode)
{
    const int8_t *const table = eq_list_rows_x512(scratch, x, p);
    if (eq_is_fused_x512(mode) && eq_mode_x512(mode, p->act_min, p->act_max) != mode)
        eq_run_channels_x512(a, table, p, zw, has_zw, EQ_FUSED_WHOLE_X512);
    else
        eq_run_channels_x512(a, table, p, zw, has_zw, mode);
}

#endif
