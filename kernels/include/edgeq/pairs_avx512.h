/* The walk through two operands for AVX-512: 64 bytes of both at once along rows of both; whatever
 * is left of a row is loaded and stored under a mask, so y may be either operand.
 */
#ifndef EDGEQ_PAIRS_AVX512_H
#define EDGEQ_PAIRS_AVX512_H

#include "edgeq/rescale_avx512.h"

/* Extents and strides of a contract whose rows are dense in both operands, in elements of `size`
 * bytes. */
typedef struct {
    int32_t d0, d1, d2, d3, a0, a1, a2, b0, b1, b2, size;
} eq_walk_x512;

#define EQ_WALK_X512(p, size)                                                              \
    {(p)->d0, (p)->d1, (p)->d2, (p)->d3, (p)->a0, (p)->a1,                                 \
     (p)->a2, (p)->b0, (p)->b1, (p)->b2, size}

/* What a kernel makes of 64 bytes of both operands; always inlined. */
typedef __m512i eq_pair_x512_fn(__m512i a, __m512i b, const void *numbers);

/* One row. */
EQ_INLINE_AVX512 void eq_pairs_run_x512(const int8_t *a, const int8_t *b, int8_t *y,
                                        int64_t bytes, const void *numbers,
                                        eq_pair_x512_fn *pair)
{
    int64_t i = 0;
    for (; i + 64 <= bytes; i += 64) {
        const __m512i v = _mm512_loadu_si512((const void *)(a + i));
        const __m512i w = _mm512_loadu_si512((const void *)(b + i));
        _mm512_storeu_si512((void *)(y + i), pair(v, w, numbers));
    }
    if (i < bytes) {
        const __mmask64 some = ((__mmask64)1 << (bytes - i)) - 1;
        const __m512i v = _mm512_maskz_loadu_epi8(some, (const void *)(a + i));
        const __m512i w = _mm512_maskz_loadu_epi8(some, (const void *)(b + i));
        _mm512_mask_storeu_epi8((void *)(y + i), some, pair(v, w, numbers));
    }
}

/* All rows; the pointers are to elements of w->size bytes. */
EQ_INLINE_AVX512 void eq_pairs_x512(const void *from_a, const void *from_b, void *to,
                                    const eq_walk_x512 *w, const void *numbers,
                                    eq_pair_x512_fn *pair)
{
    const int8_t *a = from_a, *b = from_b;
    int8_t *y = to;
    const int64_t bytes = (int64_t)w->d3 * w->size;
    for (int32_t i0 = 0; i0 < w->d0; ++i0)
        for (int32_t i1 = 0; i1 < w->d1; ++i1)
            for (int32_t i2 = 0; i2 < w->d2; ++i2) {
                const int64_t at_a = (int64_t)i0 * w->a0 + i1 * w->a1 + i2 * w->a2;
                const int64_t at_b = (int64_t)i0 * w->b0 + i1 * w->b1 + i2 * w->b2;
                eq_pairs_run_x512(a + at_a * w->size, b + at_b * w->size, y, bytes, numbers,
                                  pair);
                y += bytes;
            }
}

#endif
