/* fc_s8s4g for AVX2: eight outputs at once, sixteen inputs a step; what a group adds up to is added
 * across, and multiplied, by itself.
 *
 * Exact: see dense_avx2.h and fixed_point_avx2.h; a group begins with a step, and the contract proves
 * that int32 holds its sum and those of all.  Outputs beyond the last are not stored.
 *
 * @requires group % 16 == 0 or group == in_dim
 * @packs w (o/8, i/16, o/2%4, i%16, o%2)
 * @packs r (o/8, g, o%8)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dense_avx2.h"
#include "edgeq/fc_s8s4g.h"

eq_fc_s8s4g_fn EQ_SYM(eq_fc_s8s4g__avx2_8x16);

/* Eight sums of groups times r, without the bias; `tail` are the last in_dim % 16 inputs. */
static inline __m256i EQ_SYM(fc_s8s4g_avx2_sum)(const int8_t *x, const int8_t *tail,
                                                const int8_t *w, const uint8_t *r,
                                                const eq_fc_s8s4g_params *p)
{
    __m256i acc = _mm256_setzero_si256();
    for (int32_t i = 0; i < p->in_dim; i += p->group) {
        const int32_t left = p->in_dim - i, n = left < p->group ? left : p->group;
        const __m256i by =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)r));
        const __m256i sum = eq_dense_int4_avx2(x + i, tail, w + (int64_t)4 * i, n);
        acc = _mm256_add_epi32(acc, _mm256_mullo_epi32(sum, by));
        r += 8;
    }
    return acc;
}

void EQ_SYM(eq_fc_s8s4g__avx2_8x16)(const int8_t *restrict x, const int8_t *restrict w,
                                    const uint8_t *restrict r, const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *restrict y,
                                    const eq_fc_s8s4g_params *restrict p)
{
    const int32_t groups = (p->in_dim - 1) / p->group + 1, rest = p->in_dim % 16;
    const int64_t room = (p->in_dim + 15) / 16 * 8;
    const int form = EQ_ANY + eq_is_single();
    const eq_range_avx2 range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t tail[16] = {0};
        memcpy(tail, x + p->in_dim - rest, (size_t)rest);
        for (int32_t o = 0; o < p->out_dim; o += 8) {
            const eq_factors_x8 f = eq_load_factors_of(mult + o, shift + o, form);
            const __m256i sum = EQ_SYM(fc_s8s4g_avx2_sum)(x, tail, w + o * room,
                                                          r + (int64_t)o * groups, p);
            const __m256i acc = _mm256_add_epi32(sum, eq_load_x8(bias + o));
            eq_store_x8_avx2(y + o, eq_rescale_x8(acc, &f, form), p->out_dim - o, &range);
        }
        x += p->x_step;
        y += p->y_step;
    }
}
