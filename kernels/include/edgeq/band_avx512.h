/* A band of x + 128, for VPDPBUSD, which multiplies unsigned bytes with signed ones: filled in one
 * pass, 64 bytes at a time, forwards, so that what is written behind a piece the next one covers.
 */
#ifndef EDGEQ_BAND_AVX512_H
#define EDGEQ_BAND_AVX512_H

#include "edgeq/conv2d_band.h"
#include "edgeq/rescale_avx512.h"

/* n >= 0 bytes of x + 128; up to 63 bytes behind them change, too. */
static inline uint8_t *eq_flip_bytes_avx512(uint8_t *y, const int8_t *x, int64_t n)
{
    const __m512i top = _mm512_set1_epi8(INT8_MIN);
    uint8_t *const end = y + n;
    for (; n >= 256; n -= 256, x += 256, y += 256) {
        const __m512i *const v = (const __m512i *)(const void *)x;
        const __m512i a = _mm512_xor_si512(top, _mm512_loadu_si512(v));
        const __m512i b = _mm512_xor_si512(top, _mm512_loadu_si512(v + 1));
        const __m512i c = _mm512_xor_si512(top, _mm512_loadu_si512(v + 2));
        const __m512i d = _mm512_xor_si512(top, _mm512_loadu_si512(v + 3));
        _mm512_storeu_si512((void *)y, a);
        _mm512_storeu_si512((void *)(y + 64), b);
        _mm512_storeu_si512((void *)(y + 128), c);
        _mm512_storeu_si512((void *)(y + 192), d);
    }
    for (; n >= 64; n -= 64, x += 64, y += 64)
        _mm512_storeu_si512((void *)y,
                            _mm512_xor_si512(top, _mm512_loadu_si512((const void *)x)));
    if (n > 0) {
        const __m512i v = _mm512_maskz_loadu_epi8(((__mmask64)1 << n) - 1, x);
        _mm512_storeu_si512((void *)y, _mm512_xor_si512(top, v));
    }
    return end;
}

/* n bytes of what is beyond the border; up to 63 bytes behind them change, too. */
static inline uint8_t *eq_border_avx512(uint8_t *y, int32_t zx, int64_t n)
{
    const __m512i v = _mm512_set1_epi8((int8_t)(zx ^ INT8_MIN));
    for (int64_t i = 0; i < n; i += 64)
        _mm512_storeu_si512((void *)(y + i), v);
    return y + n;
}

/* n pixels of a row. */
static inline uint8_t *eq_flip_pixels_avx512(uint8_t *y, const int8_t *x, int32_t n,
                                             const eq_lines *g)
{
    if (g->x_pixel == g->in_c)
        return eq_flip_bytes_avx512(y, x, (int64_t)n * g->in_c);
    for (int32_t i = 0; i < n; ++i)
        y = eq_flip_bytes_avx512(y, x + (int64_t)i * g->x_pixel, g->in_c);
    return y;
}

/* How a line begins and ends beside `inside` pixels of the image; in bytes. */
typedef struct {
    int32_t left, inside, right;
} eq_margins;

static inline eq_margins eq_margins_of(const eq_lines *g)
{
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left;
    const int32_t inside = rest < g->in_w ? rest : g->in_w;
    const eq_margins m = {left * g->in_c, inside, (rest - inside) * g->in_c};
    return m;
}

/* A row of the image from column -pad_left on. */
static inline void eq_flip_line_avx512(uint8_t *y, const int8_t *x, eq_margins m,
                                       const eq_lines *g)
{
    if (m.left > 0)
        y = eq_border_avx512(y, g->zx, m.left);
    y = eq_flip_pixels_avx512(y, x, m.inside, g);
    if (m.right > 0)
        eq_border_avx512(y, g->zx, m.right);
}

/* The same window by window. */
static inline uint8_t *eq_flip_taps_avx512(uint8_t *y, const int8_t *x, const eq_band *b)
{
    const eq_lines *g = &b->lines;
    for (int32_t c = 0; c < b->out_w; ++c)
        for (int32_t k = 0; k < b->kw; ++k) {
            const int32_t column = c * b->stride_w - g->pad_left + k * b->dil_w;
            if (column < 0 || column >= g->in_w)
                y = eq_border_avx512(y, g->zx, g->in_c);
            else
                y = eq_flip_bytes_avx512(y, x + (int64_t)column * g->x_pixel, g->in_c);
        }
    return y;
}

/* Where `lines` rows of the image from `top` on are the band as they lie. */
static inline int eq_is_straight(const eq_band *b, int32_t top, int32_t lines)
{
    const eq_lines *g = &b->lines;
    return b->dil_w == 1 && g->pad_left == 0 && g->columns == g->in_w &&
           g->x_pixel == g->in_c && g->x_row == b->line && g->x_ring >= g->in_h &&
           top >= 0 && top + lines <= g->in_h;
}

/* The band of eq_fill_band as x + 128; up to 63 bytes behind it change, too.  Lines that no window
 * reads are left out. */
EQ_APART_AVX512 void eq_fill_unsigned_band(uint8_t *band, const int8_t *x, int32_t h,
                                           int32_t rows, const eq_band *b)
{
    const eq_lines g = b->lines; /* bytes may be anything: a copy need not be read again */
    const int32_t top = h * g.stride_h - g.pad_top, used = (g.kh - 1) * g.dil_h + 1;
    const int32_t lines = (rows - 1) * g.stride_h + used;
    const eq_margins m = eq_margins_of(&g);
    if (g.stride_h == 1 && eq_is_straight(b, top, lines)) {
        eq_flip_bytes_avx512(band, x + (int64_t)top * g.x_row, (int64_t)lines * b->line);
        return;
    }
    for (int32_t r = 0, i = 0; r < lines; ++r, band += b->line) {
        const int32_t row = top + r;
        const int is_read = i < used;
        i = i + 1 < g.stride_h ? i + 1 : 0;
        if (!is_read && g.stride_h > used)
            continue;
        if (row < 0 || row >= g.in_h)
            eq_border_avx512(band, g.zx, b->line);
        else if (b->dil_w == 1)
            eq_flip_line_avx512(band, x + (int64_t)(row % g.x_ring) * g.x_row, m, &g);
        else
            eq_flip_taps_avx512(band, x + (int64_t)(row % g.x_ring) * g.x_row, b);
    }
}

#endif
