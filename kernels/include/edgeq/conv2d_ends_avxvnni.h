/* Windows whose segments are one byte longer than fours, for AVX-VNNI: three rows of three pixels
 * of three channels have segments of nine.
 *
 * A byte by itself would take as long as four.  So the last bytes of the two or three segments of
 * a window, its ends, are put side by side, and their weights with them.  Tiles of eight channels
 * gain nothing by it, as products are the least of their instructions.
 */
#ifndef EDGEQ_CONV2D_ENDS_AVXVNNI_H
#define EDGEQ_CONV2D_ENDS_AVXVNNI_H

#include "edgeq/conv2d_band_avxvnni.h"
#include "edgeq/conv2d_tile_avxvnni.h"

/* Whether that is done: sixteen bytes then have ends of two windows at least. */
static inline int eq_has_ends_avxvnni(const eq_band *b)
{
    const int32_t kh = b->lines.kh;
    return b->dil_w == 1 && b->run > 4 && b->run % 4 == 1 && (kh == 2 || kh == 3) &&
           b->step <= 7;
}

/* What puts every `step`-th byte of sixteen into byte i of dwords, of `many` of them. */
static inline __m128i eq_spread_avxvnni(int32_t step, int32_t many, int32_t i)
{
    int8_t from[16];
    memset(from, -1, sizeof from);
    for (int32_t j = 0; j < many; ++j)
        from[4 * j + i] = (int8_t)(j * step);
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

EQ_INLINE_AVX2 __m128i eq_some_ends_avxvnni(const uint8_t *x, __m128i spread)
{
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)x), spread);
}

/* The ends of all windows of a band, four bytes each; up to 12 more are written, and up to 15 read
 * behind the band. */
EQ_APART_AVX2 void eq_fill_ends_avxvnni(uint8_t *to, const uint8_t *band, int32_t rows,
                                        const eq_band *b)
{
    const int32_t step = b->step, many = step <= 5 ? 4 : 2, kh = b->lines.kh, n = b->out_w;
    const int64_t second = b->segment, last = (kh - 1) * second;
    const __m128i u = eq_spread_avxvnni(step, many, 0),
                  v = eq_spread_avxvnni(step, many, 1),
                  w = eq_spread_avxvnni(step, many, kh - 1);
    for (int32_t r = 0; r < rows; ++r) {
        const uint8_t *x = band + (int64_t)r * b->row + b->run - 1;
        for (int32_t c = 0; c < n; c += many) {
            const __m128i two = _mm_or_si128(eq_some_ends_avxvnni(x, u),
                                             eq_some_ends_avxvnni(x + second, v));
            const __m128i all = _mm_or_si128(two, eq_some_ends_avxvnni(x + last, w));
            _mm_storeu_si128((__m128i *)(void *)(to + 4 * (int64_t)c), all);
            x += many * step;
        }
        to += 4 * (int64_t)n;
    }
}

/* The weights of the ends of `vectors` times eight channels: segments have them behind their fours,
 * by themselves. */
static inline void eq_end_weights_avxvnni(eq_block_avxvnni *t, int32_t vectors)
{
    const int64_t segment = (4 * t->sixteens + t->rest / 4 + 1) * t->over;
    for (int32_t j = 0; j < vectors; ++j) {
        const int8_t *w = t->w + segment - t->over + 32 * j;
        __m256i ends = _mm256_setzero_si256();
        for (int32_t i = 0; i < t->kh; ++i) {
            const __m256i v =
                _mm256_sll_epi32(eq_load_bytes_avxvnni(w), _mm_cvtsi32_si128(8 * i));
            ends = _mm256_or_si256(ends, v);
            w += segment;
        }
        t->ends[j] = ends;
    }
}

#endif
