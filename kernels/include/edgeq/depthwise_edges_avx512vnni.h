/* 64 bytes of rows of an image at a time for depthwise convolution by AVX-512 VNNI, as x + 128: whole
 * vectors, and those of which some bytes lie beyond the image, where rows have zx.
 *
 * Masks are the same for all rows, and no byte beyond is read.
 */
#ifndef EDGEQ_DEPTHWISE_EDGES_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_EDGES_AVX512VNNI_H

#include "edgeq/depthwise_rows_avx512vnni.h"
#include "edgeq/depthwise_words_avx512vnni.h"

/* Rows of windows: where their first bytes are, `first` bytes from the beginning of the row; how many
 * places of a row there are for 64 bytes, or 128; which bytes of a row the first vector has, which one
 * that is cut off, and where that is. */
typedef struct {
    uintptr_t r0, r1, r2, r3;
    int64_t first, places, end;
    __mmask64 begins, ends;
    int8_t *y, *lower;
    __m512i zx;
} eq_run_x512;

/* 64 bytes of four rows. */
typedef struct {
    __m512i e, f, g, h;
} eq_four_rows_x512;

/* Those of 64 bytes at `at` of a row that there are. */
static inline __mmask64 eq_bytes_inside_x512(int64_t at, int64_t size)
{
    const int64_t before = at < 0 ? -at : 0, left = size - at;
    if (before >= 64 || left <= 0)
        return 0;
    const __mmask64 all = ~(__mmask64)0;
    return (all << before) & (left < 64 ? ~(all << left) : all);
}

/* Bytes of a row where the mask is set, of zx elsewhere. */
EQ_INLINE_AVX512 __m512i eq_bytes_near_x512(const eq_run_x512 *q, uintptr_t from,
                                            __mmask64 mask)
{
    return _mm512_xor_si512(_mm512_mask_loadu_epi8(q->zx, mask, (const void *)from),
                            _mm512_set1_epi8(INT8_MIN));
}

EQ_INLINE_AVX512 __m512i eq_bytes_there_x512(uintptr_t from)
{
    return eq_bytes_at_x512((const int8_t *)from, 0, 0);
}

/* 64 bytes of the rows; `two` where there are four. */
EQ_INLINE_AVX512 eq_four_rows_x512 eq_run_bytes_x512(const eq_run_x512 *q, int64_t at,
                                                     int two)
{
    const uintptr_t from = (uintptr_t)at;
    const __m512i g = eq_bytes_there_x512(q->r2 + from);
    const eq_four_rows_x512 v = {eq_bytes_there_x512(q->r0 + from),
                                 eq_bytes_there_x512(q->r1 + from), g,
                                 two ? eq_bytes_there_x512(q->r3 + from) : g};
    return v;
}

/* The same where some may lie beyond the image. */
EQ_INLINE_AVX512 eq_four_rows_x512 eq_run_edge_x512(const eq_run_x512 *q, int64_t at,
                                                    int two)
{
    const uintptr_t from = (uintptr_t)at;
    const __mmask64 all = ~(__mmask64)0, later = at < q->end ? all : 0;
    const __mmask64 mask = at == 0 ? q->begins : at == q->end ? q->ends : later;
    const __m512i g = eq_bytes_near_x512(q, q->r2 + from, mask);
    const eq_four_rows_x512 v = {eq_bytes_near_x512(q, q->r0 + from, mask),
                                 eq_bytes_near_x512(q, q->r1 + from, mask), g,
                                 two ? eq_bytes_near_x512(q, q->r3 + from, mask) : g};
    return v;
}

/* What is the same for all rows. */
static inline eq_run_x512 eq_run_of_x512(const eq_depthwise_s8_params *p, int stride)
{
    const int64_t size = (int64_t)p->in_w * p->in_c, first = -p->pad_left * p->in_c;
    const int64_t end = (size - 1 - first) / 64 * 64, whole = 64 * stride;
    const eq_run_x512 q = {.first = first,
                           .places = size < whole ? 0 : size - whole + 1,
                           .end = end,
                           .begins = eq_bytes_inside_x512(first, size),
                           .ends = eq_bytes_inside_x512(first + end, size),
                           .zx = _mm512_set1_epi8((int8_t)p->zx)};
    return q;
}

#endif
