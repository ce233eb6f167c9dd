/* Copies the rows that an output row sees, with their borders, so that no window tests one. */
#ifndef EDGEQ_CONV2D_LINES_H
#define EDGEQ_CONV2D_LINES_H

#include <stdint.h>
#include <string.h>

/* The part of a spatial contract's params that says where windows lie. */
typedef struct {
    int32_t in_h, in_w, in_c, kh, dil_h, stride_h, pad_top, pad_left;
    int32_t x_row, x_pixel, x_ring, zx;
    int32_t columns; /* pixels of a line, borders included */
} eq_lines;

/* Those of the params at p, of any spatial contract; columns remain to be set. */
#define EQ_LINES_OF(p)                                                                     \
    {(p)->in_h,  (p)->in_w,     (p)->in_c,    (p)->kh,                                     \
     (p)->dil_h, (p)->stride_h, (p)->pad_top, (p)->pad_left,                               \
     (p)->x_row, (p)->x_pixel,  (p)->x_ring,  (p)->zx,                                     \
     0}

/* Pixels [0, n) of a row at x as contiguous bytes. */
static inline void eq_copy_pixels(int8_t *y, const int8_t *x, int32_t n, const eq_lines *g)
{
    if (g->x_pixel == g->in_c) {
        memcpy(y, x, (size_t)(n * g->in_c));
        return;
    }
    for (int32_t i = 0; i < n; ++i)
        memcpy(y + i * g->in_c, x + i * g->x_pixel, (size_t)g->in_c);
}

/* Row `row` of the image from column -pad_left on, zx beyond the image. */
static inline void eq_copy_line(int8_t *line, const int8_t *x, int32_t row,
                                const eq_lines *g)
{
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left;
    const int32_t inside = rest < g->in_w ? rest : g->in_w;
    if (row < 0 || row >= g->in_h) {
        memset(line, g->zx, (size_t)(g->columns * g->in_c));
        return;
    }
    int8_t *to = line + left * g->in_c;
    if (left > 0)
        memset(line, g->zx, (size_t)(left * g->in_c));
    eq_copy_pixels(to, x + row % g->x_ring * g->x_row, inside, g);
    if (rest > inside)
        memset(to + inside * g->in_c, g->zx, (size_t)((rest - inside) * g->in_c));
}

/* Line kh of `lines` becomes row h * stride_h - pad_top + kh * dil_h.  Lines of row h - 1 are
 * kept where they serve again, unless h is the first. */
static inline void eq_copy_lines(int8_t *lines, const int8_t *x, int32_t h, int first,
                                 const eq_lines *g)
{
    const int32_t bytes = g->columns * g->in_c, top = h * g->stride_h - g->pad_top;
    int32_t kh = 0;
    if (!first && g->dil_h == 1 && g->stride_h < g->kh) {
        kh = g->kh - g->stride_h;
        memmove(lines, lines + g->stride_h * bytes, (size_t)(kh * bytes));
    }
    for (; kh < g->kh; ++kh)
        eq_copy_line(lines + kh * bytes, x, top + kh * g->dil_h, g);
}

#endif
