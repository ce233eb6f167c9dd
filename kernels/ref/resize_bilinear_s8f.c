/* resize_bilinear_s8f, portable: the contract's operations one by one.
 *
 * Exact: every result passes through a volatile float, so that no compiler keeps a wider one
 * or fuses a product with a sum.
 */
#include "edgeq/resize_bilinear_s8f.h"

eq_resize_bilinear_s8f_fn eq_resize_bilinear_s8f__ref;

/* Four neighbours, and the weights of their rows (v) and columns (u). */
typedef struct {
    const int8_t *x[4];
    float v[2];
    float u[2];
} resize_bilinear_s8f_ref_pixel;

static inline float resize_bilinear_s8f_ref_term(int32_t x, float a, float b)
{
    volatile float t = (float)(x + 128) * a;
    t = t * b;
    return t;
}

static inline int8_t resize_bilinear_s8f_ref_blend(const resize_bilinear_s8f_ref_pixel *q,
                                                   int32_t c)
{
    volatile float sum = resize_bilinear_s8f_ref_term(q->x[0][c], q->v[0], q->u[0]);
    for (int32_t k = 1; k < 4; ++k)
        sum = sum + resize_bilinear_s8f_ref_term(q->x[k][c], q->v[k & 1], q->u[k >> 1]);
    sum = sum + 0.5f;
    return (int8_t)((int32_t)sum - 128);
}

static inline float resize_bilinear_s8f_ref_rest(float weight)
{
    volatile float rest = 1.0f - weight;
    return rest;
}

void eq_resize_bilinear_s8f__ref(const int8_t *restrict x, const int32_t *restrict row,
                                 const int32_t *restrict row_next,
                                 const float *restrict row_weight,
                                 const int32_t *restrict column,
                                 const int32_t *restrict column_next,
                                 const float *restrict column_weight, int8_t *restrict y,
                                 const eq_resize_bilinear_s8f_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int8_t *here = x + (row[h] % p->x_ring) * p->x_row;
        const int8_t *next = x + (row_next[h] % p->x_ring) * p->x_row;
        const float v = row_weight[h];
        for (int32_t w = 0; w < p->out_w; ++w) {
            const float u = column_weight[w];
            const int32_t left = column[w] * p->x_pixel;
            const int32_t right = column_next[w] * p->x_pixel;
            const resize_bilinear_s8f_ref_pixel q = {
                .x = {here + left, next + left, here + right, next + right},
                .v = {resize_bilinear_s8f_ref_rest(v), v},
                .u = {resize_bilinear_s8f_ref_rest(u), u},
            };
            int8_t *out = y + (h * p->y_row + w * p->y_pixel);
            for (int32_t c = 0; c < p->in_c; ++c)
                out[c] = resize_bilinear_s8f_ref_blend(&q, c);
        }
    }
}
