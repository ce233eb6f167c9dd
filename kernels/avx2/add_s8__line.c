/* add_s8 for AVX2 along a line, rows of both operands or of one and a number: 32 elements at
 * once, in int32.
 *
 * Exact: the contract says that the line gives the same bytes and that its sums stay within
 * int32; both packings saturate, which moves nothing out of or into the clamp.
 *
 * @requires line == 1 and a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"

#include <immintrin.h>
#include <string.h>

#define eq_line_numbers EQ_SYM(eq_line_numbers)
#define eq_line_eight EQ_SYM(eq_line_eight)
#define eq_line_32 EQ_SYM(eq_line_32)
#define eq_line_row EQ_SYM(eq_line_row)

eq_add_s8_fn EQ_SYM(eq_add_s8__avx2_line);

typedef struct {
    __m256i la, lb, lc, lo, hi;
} eq_line_numbers;

static inline __m256i eq_line_eight(__m128i a, __m128i b, const eq_line_numbers *n)
{
    const __m256i p = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(a), n->la);
    const __m256i q = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(b), n->lb);
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_add_epi32(p, q), n->lc), 21);
}

/* Packing two vectors puts their halves side by side: 0..3, 8..11 and so on, so every fourth of
 * them goes where it was in the end. */
static inline __m256i eq_line_32(const int8_t *a, const int8_t *b, const eq_line_numbers *n)
{
    __m256i v[4];
    for (int32_t i = 0; i < 4; ++i)
        v[i] =
            eq_line_eight(_mm_loadl_epi64((const __m128i *)(const void *)(a + 8 * i)),
                          _mm_loadl_epi64((const __m128i *)(const void *)(b + 8 * i)), n);
    const __m256i all =
        _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i y = _mm256_permutevar8x32_epi32(all, order);
    return _mm256_min_epi8(_mm256_max_epi8(y, n->lo), n->hi);
}

/* `count` elements; step_a and step_b are 1, or 0 for a number. */
static inline void eq_line_row(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                               int32_t step_a, int32_t step_b, const eq_line_numbers *n)
{
    int8_t p[32], q[32];
    memset(p, *a, sizeof p);
    memset(q, *b, sizeof q);
    int32_t i = 0;
    for (; i + 32 <= count; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(y + i),
                            eq_line_32(step_a ? a + i : p, step_b ? b + i : q, n));
    const size_t rest = (size_t)(count - i);
    if (rest == 0)
        return;
    if (step_a)
        memcpy(p, a + i, rest);
    if (step_b)
        memcpy(q, b + i, rest);
    _mm256_storeu_si256((__m256i *)(void *)p, eq_line_32(p, q, n));
    memcpy(y + i, p, rest);
}

void EQ_SYM(eq_add_s8__avx2_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                  const eq_add_s8_params *restrict p)
{
    const eq_line_numbers n = {
        _mm256_set1_epi32(p->la), _mm256_set1_epi32(p->lb), _mm256_set1_epi32(p->lc),
        _mm256_set1_epi8((int8_t)p->act_min), _mm256_set1_epi8((int8_t)p->act_max)};
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                eq_line_row(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                            b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, p->d3, p->a3,
                            p->b3, &n);
                y += p->d3;
            }
}
