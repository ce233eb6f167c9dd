/* Tiles of pixels whose channels lie side by side, as lanes_avx512.h leaves them: stored. */
#ifndef EDGEQ_LANES_STORE_AVX512_H
#define EDGEQ_LANES_STORE_AVX512_H

#include "edgeq/lanes_avx512.h"

/* Bytes of sixteen pixels, two vectors where there are 8 channels. */
typedef struct {
    __m512i a, b, c, d;
} eq_lanes_out;

/* Four pixels of 16 channels. */
EQ_INLINE_AVX512 void eq_lanes_store_four(__m512i v, int8_t *y, int64_t step)
{
    _mm_storeu_si128((__m128i *)(void *)y, _mm512_castsi512_si128(v));
    _mm_storeu_si128((__m128i *)(void *)(y + step), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128((__m128i *)(void *)(y + 2 * step), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128((__m128i *)(void *)(y + 3 * step), _mm512_extracti32x4_epi32(v, 3));
}

/* The pixels of a tile: eight and eight, which lie where x and y say, and the distances of the others
 * from them. */
typedef struct {
    const uint8_t *x;
    uint8_t *more;
    int8_t *y;
    int64_t x_apart, more_apart, y_apart;
} eq_lanes_spot;

/* n pixels, of `channels` bytes each in v, to y. */
EQ_INLINE_AVX512 void eq_lanes_store_some(const eq_lanes *t, const eq_lanes_block *b,
                                          const int8_t *v, int8_t *y, int32_t n,
                                          int channels)
{
    for (; n > 0; --n, v += channels, y += t->y_pixel)
        _mm_mask_storeu_epi8(y, b->some, _mm_loadu_si128((const __m128i *)(const void *)v));
}

/* A tile of n pixels; whole vectors where nothing parts them. */
EQ_INLINE_AVX512 void eq_lanes_store(const eq_lanes *t, const eq_lanes_block *b,
                                     const eq_lanes_out *v, const eq_lanes_spot *p,
                                     int32_t n, int channels, int is_split)
{
    const int is_whole = is_split ? n == 8 : n >= 16;
    const int64_t step = t->y_pixel;
    int8_t *const z = p->y + p->y_apart;
    if (is_whole && b->is_dense) {
        _mm512_storeu_si512((void *)p->y, v->a);
        if (channels == 16) {
            _mm512_storeu_si512((void *)(p->y + 64), v->b);
            _mm512_storeu_si512((void *)z, v->c);
            _mm512_storeu_si512((void *)(z + 64), v->d);
        } else {
            _mm512_storeu_si512((void *)z, v->b);
        }
    } else if (is_whole && channels == 16 && b->some == 0xffff) {
        eq_lanes_store_four(v->a, p->y, step);
        eq_lanes_store_four(v->b, p->y + 4 * step, step);
        eq_lanes_store_four(v->c, z, step);
        eq_lanes_store_four(v->d, z + 4 * step, step);
    } else {
        int8_t bytes[16 * 16 + 8];
        _mm512_storeu_si512((void *)bytes, v->a);
        _mm512_storeu_si512((void *)(bytes + 64), v->b);
        if (channels == 16) {
            _mm512_storeu_si512((void *)(bytes + 128), v->c);
            _mm512_storeu_si512((void *)(bytes + 192), v->d);
        }
        const int32_t first = n < 8 ? n : 8, others = n < 16 ? n - first : 8;
        eq_lanes_store_some(t, b, bytes, p->y, first, channels);
        eq_lanes_store_some(t, b, bytes + 8 * channels, z, is_split ? n : others, channels);
    }
}

#endif
