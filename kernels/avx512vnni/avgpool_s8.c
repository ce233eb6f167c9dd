/* avgpool_s8 for AVX-512 VNNI: 64 channels of four pixels at once.
 *
 * The bytes of four pixels are put side by side by unpacking, bytes and then words; VPDPBUSD adds
 * them, each times 1, and packing of means undoes the unpacking.
 *
 * Exact: int32 holds the sums.  Of a window of n <= 256 pixels
 *
 *   u = sum + 128 * n + floor(n / 2)   is in [0, 255.5 * n], and 1 less where ties have to go
 *                                      away from zero: below it, for an even n
 *   floor(u / n) = u * m >> 24         for m = ceil(2^24 / n): the product is below 2^32, and
 *                                      u * (m - 2^24 / n) < 255.5 * n <= 2^24 / n
 *
 * which is 128 more than the mean.
 *
 * @requires kh * kw <= 256 and kh * kw > 4
 * @overlap rows
 */
#include "edgeq/avgpool_s8.h"
#include "edgeq/pool_avx512.h"

#define avgpool_s8_avx512vnni_numbers EQ_SYM(avgpool_s8_avx512vnni_numbers)
#define avgpool_s8_avx512vnni_sums EQ_SYM(avgpool_s8_avx512vnni_sums)
#define avgpool_s8_avx512vnni_four EQ_SYM(avgpool_s8_avx512vnni_four)
#define avgpool_s8_avx512vnni_row EQ_SYM(avgpool_s8_avx512vnni_row)
#define avgpool_s8_avx512vnni_means EQ_SYM(avgpool_s8_avx512vnni_means)
#define avgpool_s8_avx512vnni_window EQ_SYM(avgpool_s8_avx512vnni_window)

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__avx512vnni);

/* How the sums of a window become means: what they begin with, of what is below 1 is taken, and m;
 * the clamp. */
typedef struct {
    __m512i start, below, factor, lo, hi;
} avgpool_s8_avx512vnni_numbers;

/* Sums of 64 channels. */
typedef struct {
    __m512i a, b, c, d;
} avgpool_s8_avx512vnni_sums;

/* Adds four vectors of bytes. */
EQ_INLINE_AVX512 void avgpool_s8_avx512vnni_four(avgpool_s8_avx512vnni_sums *s, __m512i e,
                                                 __m512i f, __m512i g, __m512i h)
{
    const __m512i one = _mm512_set1_epi8(1);
    const __m512i ef = _mm512_unpacklo_epi8(e, f), fe = _mm512_unpackhi_epi8(e, f);
    const __m512i gh = _mm512_unpacklo_epi8(g, h), hg = _mm512_unpackhi_epi8(g, h);
    s->a = _mm512_dpbusd_epi32(s->a, one, _mm512_unpacklo_epi16(ef, gh));
    s->b = _mm512_dpbusd_epi32(s->b, one, _mm512_unpackhi_epi16(ef, gh));
    s->c = _mm512_dpbusd_epi32(s->c, one, _mm512_unpacklo_epi16(fe, hg));
    s->d = _mm512_dpbusd_epi32(s->d, one, _mm512_unpackhi_epi16(fe, hg));
}

/* Adds n pixels, `step` bytes apart. */
EQ_INLINE_AVX512 void avgpool_s8_avx512vnni_row(avgpool_s8_avx512vnni_sums *s,
                                                const int8_t *x, int64_t step, int32_t n,
                                                __mmask64 some)
{
    const __m512i none = _mm512_setzero_si512();
    for (; n >= 4; n -= 4, x += 4 * step)
        avgpool_s8_avx512vnni_four(s, _mm512_maskz_loadu_epi8(some, x),
                                   _mm512_maskz_loadu_epi8(some, x + step),
                                   _mm512_maskz_loadu_epi8(some, x + 2 * step),
                                   _mm512_maskz_loadu_epi8(some, x + 3 * step));
    if (n > 0)
        avgpool_s8_avx512vnni_four(
            s, _mm512_maskz_loadu_epi8(some, x),
            n > 1 ? _mm512_maskz_loadu_epi8(some, x + step) : none,
            n > 2 ? _mm512_maskz_loadu_epi8(some, x + 2 * step) : none, none);
}

/* Means, plus 128, of sums that began with m->start. */
EQ_INLINE_AVX512 __m512i avgpool_s8_avx512vnni_means(__m512i sum,
                                                     const avgpool_s8_avx512vnni_numbers *m)
{
    const __mmask16 away = _mm512_cmplt_epi32_mask(sum, m->below);
    const __m512i u = _mm512_mask_sub_epi32(sum, away, sum, _mm512_set1_epi32(1));
    return _mm512_srli_epi32(_mm512_mullo_epi32(u, m->factor), 24);
}

EQ_INLINE_AVX512 void avgpool_s8_avx512vnni_window(const int8_t *x, int8_t *y,
                                                   eq_pool_part w, const eq_pool_call *g,
                                                   void *numbers)
{
    avgpool_s8_avx512vnni_numbers *const m = numbers;
    const int32_t n = w.height * w.width, start = 128 * n + n / 2;
    m->start = _mm512_set1_epi32(start);
    m->below = _mm512_set1_epi32(eq_pool_is_x512() && n % 2 == 0 ? start : 0);
    m->factor = _mm512_set1_epi32((int32_t)(((1U << 24) - 1) / (uint32_t)n + 1));
    for (int32_t c = 0; c < g->channels; c += 64) {
        const int32_t left = g->channels - c;
        const __mmask64 some = left < 64 ? ((__mmask64)1 << left) - 1 : ~(__mmask64)0;
        avgpool_s8_avx512vnni_sums s = {m->start, m->start, m->start, m->start};
        int32_t place = w.at;
        for (int32_t r = w.height; r > 0; --r) {
            const int8_t *const row = x + place * g->x_row + w.column * g->x_pixel + c;
            avgpool_s8_avx512vnni_row(&s, row, g->x_pixel, w.width, some);
            place = place + 1 == g->x_ring ? 0 : place + 1;
        }
        const __m512i low = _mm512_packs_epi32(avgpool_s8_avx512vnni_means(s.a, m),
                                               avgpool_s8_avx512vnni_means(s.b, m));
        const __m512i high = _mm512_packs_epi32(avgpool_s8_avx512vnni_means(s.c, m),
                                                avgpool_s8_avx512vnni_means(s.d, m));
        const __m512i v =
            _mm512_xor_si512(_mm512_packus_epi16(low, high), _mm512_set1_epi8(INT8_MIN));
        _mm512_mask_storeu_epi8(y + c, some,
                                _mm512_min_epi8(_mm512_max_epi8(v, m->lo), m->hi));
    }
}

void EQ_SYM(eq_avgpool_s8__avx512vnni)(const int8_t *x, int8_t *y,
                                       const eq_avgpool_s8_params *restrict p)
{
    const eq_pool_call g = EQ_POOL_CALL(p, 1);
    avgpool_s8_avx512vnni_numbers m = {.lo = _mm512_set1_epi8((int8_t)p->act_min),
                                       .hi = _mm512_set1_epi8((int8_t)p->act_max)};
    eq_pool_rows(x, y, &g, &m, avgpool_s8_avx512vnni_window);
}
