/* copy_s8 for AVX2, two to four planes that become pixels: 32 pixels at once.
 *
 * Of three planes, byte i of plane c goes to place 3 * i + c, which is place (3 * i + c) mod 16
 * of one of three vectors; as i runs, so do all sixteen places.  One shuffle of every plane
 * puts its bytes there, and every vector takes each byte from the plane that it is of.
 *
 * Exact: nothing is computed.
 *
 * @requires run == 1 and d3 >= 2 and d3 <= 4 and y3 == 1 and y2 == d3 and x2 == 1
 */
#include "edgeq/copy_s8.h"
#include "edgeq/runs_avx2.h"

eq_copy_s8_fn eq_copy_s8__avx2_planes;

/* 64 bytes, of which a and b hold the first and the second 16 in their low halves. */
static inline void copy_s8_avx2_planes_join(int8_t *y, __m256i a, __m256i b)
{
    eq_store_x32(y, _mm256_permute2x128_si256(a, b, 0x20));
    eq_store_x32(y + 32, _mm256_permute2x128_si256(a, b, 0x31));
}

static inline void copy_s8_avx2_planes_two(const int8_t *x, int8_t *y, int64_t plane)
{
    const __m256i a = eq_load_x32(x), b = eq_load_x32(x + plane);
    copy_s8_avx2_planes_join(y, _mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
}

/* Bytes of b where `second` has its top bit set, of c where `third` has it, else of a. */
static inline __m256i copy_s8_avx2_planes_mix(__m256i a, __m256i b, __m256i c,
                                              __m256i second, __m256i third)
{
    return _mm256_blendv_epi8(_mm256_blendv_epi8(a, b, second), c, third);
}

static inline void copy_s8_avx2_planes_three(const int8_t *x, int8_t *y, int64_t plane)
{
    const __m256i at = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5));
    const __m256i first = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1));
    const __m256i second = _mm256_bslli_epi128(first, 1);
    const __m256i third = _mm256_bsrli_epi128(first, 1);
    const __m256i v = _mm256_shuffle_epi8(eq_load_x32(x), at);
    const __m256i b = _mm256_shuffle_epi8(eq_load_x32(x + plane), at);
    const __m256i c = _mm256_shuffle_epi8(eq_load_x32(x + 2 * plane), at);
    const __m256i w = _mm256_alignr_epi8(b, b, 15), u = _mm256_alignr_epi8(c, c, 14);
    const __m256i head = copy_s8_avx2_planes_mix(v, w, u, second, third);
    const __m256i body = copy_s8_avx2_planes_mix(v, w, u, first, second);
    const __m256i tail = copy_s8_avx2_planes_mix(v, w, u, third, first);
    eq_store_x32(y, _mm256_permute2x128_si256(head, body, 0x20));
    eq_store_x32(y + 32, _mm256_permute2x128_si256(tail, head, 0x30));
    eq_store_x32(y + 64, _mm256_permute2x128_si256(body, tail, 0x31));
}

static inline void copy_s8_avx2_planes_four(const int8_t *x, int8_t *y, int64_t plane)
{
    const __m256i a = eq_load_x32(x), b = eq_load_x32(x + plane);
    const __m256i c = eq_load_x32(x + 2 * plane), d = eq_load_x32(x + 3 * plane);
    const __m256i ab = _mm256_unpacklo_epi8(a, b), cd = _mm256_unpacklo_epi8(c, d);
    const __m256i ef = _mm256_unpackhi_epi8(a, b), gh = _mm256_unpackhi_epi8(c, d);
    const __m256i p = _mm256_unpacklo_epi16(ab, cd), q = _mm256_unpackhi_epi16(ab, cd);
    const __m256i r = _mm256_unpacklo_epi16(ef, gh), s = _mm256_unpackhi_epi16(ef, gh);
    eq_store_x32(y, _mm256_permute2x128_si256(p, q, 0x20));
    eq_store_x32(y + 32, _mm256_permute2x128_si256(r, s, 0x20));
    eq_store_x32(y + 64, _mm256_permute2x128_si256(p, q, 0x31));
    eq_store_x32(y + 96, _mm256_permute2x128_si256(r, s, 0x31));
}

static inline void copy_s8_avx2_planes_row(const int8_t *restrict x, int8_t *restrict y,
                                           int64_t plane, int32_t pixels, int32_t planes)
{
    for (; pixels >= 32; pixels -= 32) {
        if (planes == 3)
            copy_s8_avx2_planes_three(x, y, plane);
        else if (planes == 2)
            copy_s8_avx2_planes_two(x, y, plane);
        else
            copy_s8_avx2_planes_four(x, y, plane);
        x += 32;
        y += 32 * planes;
    }
    for (; pixels > 0; --pixels) {
        for (int32_t i = 0; i < planes; ++i)
            y[i] = x[i * plane];
        ++x;
        y += planes;
    }
}

void eq_copy_s8__avx2_planes(const int8_t *restrict x, int8_t *restrict y,
                             const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            copy_s8_avx2_planes_row(x + (p->x_base + i0 * p->x0 + i1 * p->x1),
                                    y + (i0 * p->y0 + i1 * p->y1), p->x3, p->d2, p->d3);
}
