/* fc_s8 for AVX2: eight outputs at once, sixteen inputs a step.
 *
 * Exact: see dense_avx2.h and rescale_avx2.h; outputs beyond the last are not stored.
 *
 * @requires live_shift >= 32 and acc_bits <= 31
 * @packs w (o/8, i/16, o%8, i%16)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dense_avx2.h"
#include "edgeq/fc_s8.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__avx2_8x16);

void EQ_SYM(eq_fc_s8__avx2_8x16)(const int8_t *restrict x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *restrict y,
                                 const eq_fc_s8_params *restrict p)
{
    const eq_range_avx2 range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    const int32_t room = (p->in_dim + 15) / 16 * 16, rest = p->in_dim % 16;
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t tail[16] = {0};
        memcpy(tail, x + p->in_dim - rest, (size_t)rest);
        for (int32_t o = 0; o < p->out_dim; o += 8) {
            const eq_factors_x8 f = eq_load_factors_x8(mult + o, shift + o);
            const __m256i dots = eq_dense_avx2(x, tail, w + (int64_t)o * room, p->in_dim);
            const __m256i acc = _mm256_add_epi32(dots, eq_load_x8(bias + o));
            eq_store_x8_avx2(y + o, eq_rescale_x8(acc, &f, eq_is_single()), p->out_dim - o,
                             &range);
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
