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

/* What 64 outputs have in memory, in the order of the sums: weights, the same one row lower, what sums
 * begin with, and factors. */
typedef struct {
    int32_t w[3][64], lower[3][64], begin[64], mult[64], shift[64];
} eq_run_tables_x512;

/* 64 outputs of windows with the columns u, v and w: of the upper rows, or the lower ones. */
EQ_INLINE_AVX512 __m512i eq_three_columns_x512(const eq_words_outputs_x512 *t,
                                               const eq_run_tables_x512 *m, eq_words_x512 u,
                                               eq_words_x512 v, eq_words_x512 w, int lower,
                                               int has_zw, int mode)
{
    const int8_t *const weights = (const int8_t *)(lower ? m->lower : m->w);
    const __m512i less_zw = lower ? t->less_zw_lower : t->less_zw;
    eq_words_x512 s = eq_load_words_x512((const int8_t *)m->begin);
    s = eq_add_column_x512(s, u, weights, less_zw, has_zw);
    s = eq_add_column_x512(s, v, weights + 256, less_zw, has_zw);
    s = eq_add_column_x512(s, w, weights + 512, less_zw, has_zw);
    return eq_finish_sums_x512(s, &t->finish, mode);
}

/* Pixels of windows' columns: with a stride of two even ones, and odd ones. */
typedef struct {
    eq_words_x512 even, odd;
} eq_run_columns_x512;

/* 64 bytes of outputs at y + at, or as many as are left, of windows from u on, which `next`
 * follows; the lower ones first. */
EQ_INLINE_AVX512 void eq_run_outputs_x512(const eq_run_x512 *q,
                                          const eq_words_outputs_x512 *t,
                                          const eq_run_tables_x512 *m, int64_t at,
                                          const eq_run_columns_x512 *u, eq_words_x512 next,
                                          int64_t left, int stride, int channels,
                                          int has_zw, int mode)
{
    const eq_words_x512 v =
        stride == 1 ? eq_words_further_x512(u->even, next, 1, channels) : u->odd;
    const eq_words_x512 w = eq_words_further_x512(u->even, next, 3 - stride, channels);
    const __m512i upper = eq_three_columns_x512(t, m, u->even, v, w, 0, has_zw, mode);
    const __m512i lower =
        stride == 1 ? eq_three_columns_x512(t, m, u->even, v, w, 1, has_zw, mode) : upper;
    if (left >= 64) {
        if (stride == 1)
            _mm512_storeu_si512((void *)(q->lower + at), lower);
        _mm512_storeu_si512((void *)(q->y + at), upper);
    } else {
        const __mmask64 some = ((__mmask64)1 << left) - 1;
        if (stride == 1)
            _mm512_mask_storeu_epi8(q->lower + at, some, lower);
        _mm512_mask_storeu_epi8(q->y + at, some, upper);
    }
}

/* The next 64 bytes of outputs, of `size`, from the columns u on; 1 where others follow, from `next`
 * on.  Compilers would read tables early and keep copies of them, and count in many ways: an empty
 * asm hides that they know either. */
EQ_INLINE_AVX512 int eq_run_step_x512(const eq_run_x512 *q, const eq_words_outputs_x512 *t,
                                      eq_run_tables_x512 *m, int64_t *at, int64_t size,
                                      const eq_run_columns_x512 *u,
                                      eq_run_columns_x512 *next, int stride, int channels,
                                      int has_zw, int mode)
{
    __asm__ volatile("" : "+r"(*at), "+m"(*m));
    next->even = eq_run_words_x512(q, (*at + 64) * stride, &next->odd, stride, channels);
    eq_run_outputs_x512(q, t, m, *at, u, next->even, size - *at, stride, channels, has_zw,
                        mode);
    *at += 64;
    return *at < size;
}

/* `size` bytes of outputs of a row, or of two. */
EQ_INLINE_AVX512 void eq_run_row_x512(const eq_run_x512 *q, const eq_words_outputs_x512 *t,
                                      eq_run_tables_x512 *m, int64_t size, int stride,
                                      int channels, int has_zw, int mode)
{
    eq_run_columns_x512 u = {.odd = {q->zx, q->zx, q->zx, q->zx}}, next = u;
    int64_t at = 0;
    u.even = eq_run_words_x512(q, 0, &u.odd, stride, channels);
    while (
        eq_run_step_x512(q, t, m, &at, size, &u, &next, stride, channels, has_zw, mode) &&
        eq_run_step_x512(q, t, m, &at, size, &next, &u, stride, channels, has_zw, mode)) {
    }
}

/* Where the first window of a row begins. */
static inline uintptr_t eq_run_begin_x512(const eq_run_x512 *q, const int8_t *table,
                                          int64_t i)
{
    return (uintptr_t)eq_row_of_x512(table, i) + (uintptr_t)q->first;
}

/* All rows.  A row that is the last has itself as the lower one, which is stored first. */
EQ_INLINE_AVX512 void eq_run_rows_x512(const eq_words_outputs_x512 *t,
                                       eq_run_tables_x512 *m, const int8_t *table,
                                       int8_t *y, const eq_depthwise_s8_params *p,
                                       int stride, int channels, int has_zw, int mode)
{
    eq_run_x512 q = eq_run_of_x512(p, stride);
    for (int32_t h = p->row0; h < p->row1; h += stride == 1 ? 2 : 1) {
        const int more = stride == 1 && h + 1 < p->row1;
        q.r0 = eq_run_begin_x512(&q, table, 0);
        q.r1 = eq_run_begin_x512(&q, table, 1);
        q.r2 = eq_run_begin_x512(&q, table, 2);
        q.r3 = eq_run_begin_x512(&q, table, 2 + more);
        table += 2 * EQ_POINTER_X512;
        q.y = y + (int64_t)h * p->y_row;
        q.lower = more ? q.y + p->y_row : q.y;
        eq_run_row_x512(&q, t, m, (int64_t)p->out_w * channels, stride, channels, has_zw,
                        mode);
    }
}

/* Words of 64 outputs: of output i, that of channel i % channels. */
static inline void eq_repeat_words_x512(int32_t to[64], const int8_t *words,
                                        int32_t channels)
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

/* The tables of a layer; mode is a constant. */
EQ_INLINE_AVX512 void eq_load_tables_x512(eq_run_tables_x512 *m,
                                          const eq_words_arrays_x512 *a, int32_t channels,
                                          int32_t zw, int mode)
{
    const int8_t *const words[] = {a->w,
                                   a->w + 4 * channels,
                                   a->w + 8 * channels,
                                   (const int8_t *)a->bias,
                                   (const int8_t *)a->mult,
                                   (const int8_t *)a->shift};
    int32_t *const to[] = {m->w[0], m->w[1], m->w[2], m->begin, m->mult, m->shift};
    for (int32_t i = 0; i < 6; ++i)
        eq_repeat_words_x512(to[i], words[i], channels);
    for (int32_t i = 0; i < 64; i += 16)
        _mm512_storeu_si512((void *)(m->begin + i),
                            eq_begin_x512(m->begin + i, 9 * 128 * zw, mode));
    eq_lower_weights_x512((int8_t *)m->lower, (const int8_t *)m->w);
}

/* All outputs; all but the first four are constants. */
EQ_INLINE_AVX512 void eq_run_image_x512(eq_run_tables_x512 *m, int8_t *y,
                                        const int8_t *table,
                                        const eq_depthwise_s8_params *p, int32_t zw,
                                        int stride, int channels, int has_zw, int mode)
{
    eq_words_outputs_x512 t;
    eq_load_layer_x512(&t, p, zw);
    eq_load_finish_x512(&t.finish, m->mult, m->shift, mode);
    eq_run_rows_x512(&t, m, table, y, p, stride, channels, has_zw, mode);
}

EQ_INLINE_AVX512 void eq_run_stride_x512(eq_run_tables_x512 *m, int8_t *y,
                                         const int8_t *table,
                                         const eq_depthwise_s8_params *p, int32_t zw,
                                         int channels, int has_zw, int mode)
{
    if (p->stride_w == 1)
        eq_run_image_x512(m, y, table, p, zw, 1, channels, has_zw, mode);
    else
        eq_run_image_x512(m, y, table, p, zw, 2, channels, has_zw, mode);
}

EQ_INLINE_AVX512 void eq_run_channels_x512(eq_run_tables_x512 *m, int8_t *y,
                                           const int8_t *table,
                                           const eq_depthwise_s8_params *p, int32_t zw,
                                           int has_zw, int mode)
{
    if (p->in_c == 8)
        eq_run_stride_x512(m, y, table, p, zw, 8, has_zw, mode);
    else if (p->in_c == 16)
        eq_run_stride_x512(m, y, table, p, zw, 16, has_zw, mode);
    else
        eq_run_stride_x512(m, y, table, p, zw, 32, has_zw, mode);
}

/* A whole call; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_depthwise_runs_x512(const int8_t *x, const eq_words_arrays_x512 *a,
                                             int8_t *scratch,
                                             const eq_depthwise_s8_params *p, int32_t zw,
                                             int has_zw, int mode)
{
    const int8_t *const table = eq_list_rows_x512(scratch, x, p);
    eq_run_tables_x512 m;
    eq_load_tables_x512(&m, a, p->in_c, zw, mode);
    if (eq_is_fused_x512(mode) && eq_mode_x512(mode, p->act_min, p->act_max) != mode)
        eq_run_channels_x512(&m, a->y, table, p, zw, has_zw, EQ_FUSED_WHOLE_X512);
    else
        eq_run_channels_x512(&m, a->y, table, p, zw, has_zw, mode);
}

#endif
