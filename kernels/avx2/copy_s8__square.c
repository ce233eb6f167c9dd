/* copy_s8 for AVX2, bytes that lie side by side along one dimension in x and along another one
 * in y: tiles of eight by sixteen, of which the last go back to be whole.
 *
 * Three rounds of interleaving put byte i of eight rows side by side.
 *
 * Exact: nothing is computed.
 *
 * @requires run == 1 and y3 == 1 and d3 >= 8 and x2 == 1 and d2 >= 16
 */
#include "edgeq/copy_s8.h"
#include "edgeq/runs_avx2.h"

eq_copy_s8_fn eq_copy_s8__avx2_square;

static inline void copy_s8_avx2_square_two(int8_t *y, int64_t step, __m128i v)
{
    eq_store_low_x8(y, v);
    _mm_storeh_pi((__m64 *)(void *)(y + step), _mm_castsi128_ps(v));
}

/* Bytes 0..7 of eight rows, or 8..15, interleaved by fours, become eight runs. */
static inline void copy_s8_avx2_square_eight(int8_t *y, int64_t step, __m128i a, __m128i b,
                                             __m128i c, __m128i d)
{
    copy_s8_avx2_square_two(y, step, _mm_unpacklo_epi32(a, b));
    copy_s8_avx2_square_two(y + 2 * step, step, _mm_unpackhi_epi32(a, b));
    copy_s8_avx2_square_two(y + 4 * step, step, _mm_unpacklo_epi32(c, d));
    copy_s8_avx2_square_two(y + 6 * step, step, _mm_unpackhi_epi32(c, d));
}

/* Sixteen bytes of eight rows of x, `row` apart, become sixteen runs of eight, `step` apart. */
static inline void copy_s8_avx2_square_tile(const int8_t *x, int64_t row, int8_t *y,
                                            int64_t step)
{
    const __m128i r0 = eq_load_x16(x), r1 = eq_load_x16(x + row);
    const __m128i r2 = eq_load_x16(x + 2 * row), r3 = eq_load_x16(x + 3 * row);
    const __m128i r4 = eq_load_x16(x + 4 * row), r5 = eq_load_x16(x + 5 * row);
    const __m128i r6 = eq_load_x16(x + 6 * row), r7 = eq_load_x16(x + 7 * row);
    const __m128i a = _mm_unpacklo_epi8(r0, r1), b = _mm_unpacklo_epi8(r2, r3);
    const __m128i c = _mm_unpacklo_epi8(r4, r5), d = _mm_unpacklo_epi8(r6, r7);
    const __m128i e = _mm_unpackhi_epi8(r0, r1), f = _mm_unpackhi_epi8(r2, r3);
    const __m128i g = _mm_unpackhi_epi8(r4, r5), h = _mm_unpackhi_epi8(r6, r7);
    copy_s8_avx2_square_eight(y, step, _mm_unpacklo_epi16(a, b), _mm_unpacklo_epi16(c, d),
                              _mm_unpackhi_epi16(a, b), _mm_unpackhi_epi16(c, d));
    copy_s8_avx2_square_eight(y + 8 * step, step, _mm_unpacklo_epi16(e, f),
                              _mm_unpacklo_epi16(g, h), _mm_unpackhi_epi16(e, f),
                              _mm_unpackhi_epi16(g, h));
}

/* One plane: d3 rows of d2 bytes. */
static inline void copy_s8_avx2_square_plane(const int8_t *restrict x, int8_t *restrict y,
                                             const eq_copy_s8_params *p)
{
    const int64_t row = p->x3, step = p->y2;
    for (int32_t i = 0; i < p->d2; i += 16) {
        const int32_t i2 = i + 16 <= p->d2 ? i : p->d2 - 16;
        for (int32_t j = 0; j < p->d3; j += 8) {
            const int32_t i3 = j + 8 <= p->d3 ? j : p->d3 - 8;
            copy_s8_avx2_square_tile(x + (i3 * row + i2), row, y + (i2 * step + i3), step);
        }
    }
}

void eq_copy_s8__avx2_square(const int8_t *restrict x, int8_t *restrict y,
                             const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            copy_s8_avx2_square_plane(x + (p->x_base + i0 * p->x0 + i1 * p->x1),
                                      y + (i0 * p->y0 + i1 * p->y1), p);
}
