/* resize_bilinear_s16, portable: four weights a pixel, one weighted sum a channel.
 *
 * Exact: |acc| <= 2^15 * 2^20, which needs int64.
 */
#include "edgeq/resize_bilinear_s16.h"
#include "edgeq/fixed_point.h"

eq_resize_bilinear_s16_fn eq_resize_bilinear_s16__ref;

/* Four neighbours and their weights, which add up to 2^20. */
typedef struct {
    const int16_t *x00;
    const int16_t *x10;
    const int16_t *x01;
    const int16_t *x11;
    int32_t w00;
    int32_t w10;
    int32_t w01;
    int32_t w11;
} resize_bilinear_s16_ref_pixel;

static inline void
resize_bilinear_s16_ref_blend(const resize_bilinear_s16_ref_pixel *restrict q,
                              int16_t *restrict y, int32_t in_c)
{
    for (int32_t c = 0; c < in_c; ++c) {
        const int64_t acc = (int64_t)q->w00 * q->x00[c] + (int64_t)q->w10 * q->x10[c] +
                            (int64_t)q->w01 * q->x01[c] + (int64_t)q->w11 * q->x11[c];
        y[c] = (int16_t)eq_shift_right_away_s64(acc, 20);
    }
}

void eq_resize_bilinear_s16__ref(const int16_t *restrict x, const int32_t *restrict row,
                                 const int32_t *restrict row_next,
                                 const int32_t *restrict row_weight,
                                 const int32_t *restrict column,
                                 const int32_t *restrict column_next,
                                 const int32_t *restrict column_weight, int16_t *restrict y,
                                 const eq_resize_bilinear_s16_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int16_t *here = x + (row[h] % p->x_ring) * p->x_row;
        const int16_t *next = x + (row_next[h] % p->x_ring) * p->x_row;
        const int32_t v = row_weight[h];
        for (int32_t w = 0; w < p->out_w; ++w) {
            const int32_t u = column_weight[w];
            const int32_t left = column[w] * p->x_pixel;
            const int32_t right = column_next[w] * p->x_pixel;
            const resize_bilinear_s16_ref_pixel q = {
                .x00 = here + left,
                .x10 = next + left,
                .x01 = here + right,
                .x11 = next + right,
                .w00 = (1024 - v) * (1024 - u),
                .w10 = v * (1024 - u),
                .w01 = (1024 - v) * u,
                .w11 = v * u,
            };
            resize_bilinear_s16_ref_blend(&q, y + (h * p->y_row + w * p->y_pixel), p->in_c);
        }
    }
}
