/* A band of x + 128, for VPDPBUSD, which multiplies unsigned bytes with signed ones. */
#ifndef EDGEQ_BAND_AVX512_H
#define EDGEQ_BAND_AVX512_H

#include "edgeq/conv2d_band.h"

#include <immintrin.h>

/* The band of eq_fill_band as x + 128; up to 63 bytes behind it change, too. */
static inline void eq_fill_unsigned_band(uint8_t *band, const int8_t *x, int32_t h,
                                         int32_t rows, const eq_band *b)
{
    const int64_t size =
        ((int64_t)(rows - 1) * b->lines.stride_h + (b->lines.kh - 1) * b->lines.dil_h + 1) *
        b->line;
    eq_fill_band((int8_t *)band, x, h, rows, b);
    const __m512i top = _mm512_set1_epi8(INT8_MIN);
    for (int64_t i = 0; i < size; i += 64) {
        const __m512i v = _mm512_loadu_si512((const void *)(band + i));
        _mm512_storeu_si512((void *)(band + i), _mm512_xor_si512(v, top));
    }
}

#endif
