/* fc_s8 for AVX2: eight outputs at once, 16 products per step.
 *
 * Weights lie so that eight rows advance together and the sums need no reduction; the other
 * constants are filled up to whole blocks, so only the store knows of a last, partial one.
 *
 * Exact: see dot_avx2.h; weights of the filling are zero.
 *
 * @packs w (o/8, i/2, o%8, i%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dot_avx2.h"
#include "edgeq/fc_s8.h"
#include "edgeq/fixed_point_avx2.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__avx2_any);

static inline __m256i EQ_SYM(fc_s8_avx2_load)(const int32_t *q)
{
    return _mm256_loadu_si256((const __m256i *)q);
}

void EQ_SYM(eq_fc_s8__avx2_any)(const int8_t *restrict x, const int8_t *restrict w,
                                const int32_t *restrict bias, const int32_t *restrict mult,
                                const int32_t *restrict shift, int8_t *restrict y,
                                const eq_fc_s8_params *restrict p)
{
    const int32_t block = (p->in_dim + 1) / 2 * 16;
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *row = x + n * p->in_dim;
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 8) {
            const __m256i acc =
                eq_dot_s8_x8(EQ_SYM(fc_s8_avx2_load)(bias + o), row, wo, p->in_dim);
            const __m256i v = eq_requantize_x8(acc, EQ_SYM(fc_s8_avx2_load)(mult + o),
                                               EQ_SYM(fc_s8_avx2_load)(shift + o));
            eq_store_s8_x8(y + n * p->out_dim + o, v, p->out_dim - o, p->zy, p->act_min,
                           p->act_max);
            wo += block;
        }
    }
}
