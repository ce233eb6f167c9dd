/* Rows of int4 weights in groups by a vector for AVX-VNNI: up to 32 outputs at once, eight inputs a
 * step, and the sums of each group times its factors.
 *
 * Weights are packed (o/8, i/8, o%8, i%4, i/4%2): a byte holds those of inputs i and i + 4 of an
 * output.  As w + 8, in [0, 15], they are what VPDPBUSD takes without sign, and four inputs what it
 * takes with one: sum (x * w) is sum (x * (w + 8)) less 8 times sum (x), made in the same way.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32: those of a group and of all, times
 * their factors, are the contract's, which are in range.  Inputs behind the last are zero.
 */
#ifndef EDGEQ_DENSE_INT4_AVXVNNI_H
#define EDGEQ_DENSE_INT4_AVXVNNI_H

#include "edgeq/dense_avx2.h"
#include "edgeq/fc_s8s4g.h"

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const uint8_t *r;
    const int32_t *bias, *mult, *shift;
    int64_t block, factors; /* bytes of eight outputs' weights, and of their factors */
    eq_range_avx2 range;
} eq_int4_layer_avxvnni;

/* Four inputs. */
EQ_INLINE_AVX2 __m256i eq_int4_four_avxvnni(const int8_t *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}

/* Sums of eight outputs from the first and from the other four inputs of each eight. */
typedef struct {
    __m256i low, high;
} eq_eights_avxvnni;

/* Eight inputs, u and v, of eight outputs. */
EQ_INLINE_AVX2 void eq_eight_inputs_avxvnni(eq_eights_avxvnni *s, __m256i u, __m256i v,
                                            const int8_t *w)
{
    const __m256i some = _mm256_set1_epi8(15);
    const __m256i both = _mm256_xor_si256(
        _mm256_loadu_si256((const __m256i *)(const void *)w), _mm256_set1_epi8(-0x78));
    s->low = _mm256_dpbusd_epi32(s->low, _mm256_and_si256(both, some), u);
    s->high =
        _mm256_dpbusd_epi32(s->high, _mm256_and_si256(_mm256_srli_epi16(both, 4), some), v);
}

/* Sums of 32 outputs, and 8 * sum (x). */
typedef struct {
    eq_eights_avxvnni a, b, c, d;
    __m256i x;
} eq_int4_sums_avxvnni;

/* Eight inputs of 32 outputs, or of eight. */
EQ_INLINE_AVX2 void eq_int4_step_avxvnni(eq_int4_sums_avxvnni *s, const int8_t *x,
                                         const int8_t *w, int64_t block, int four)
{
    const __m256i u = eq_int4_four_avxvnni(x), v = eq_int4_four_avxvnni(x + 4);
    const __m256i eight = _mm256_set1_epi8(8);
    eq_eight_inputs_avxvnni(&s->a, u, v, w);
    if (four) {
        eq_eight_inputs_avxvnni(&s->b, u, v, w + block);
        eq_eight_inputs_avxvnni(&s->c, u, v, w + 2 * block);
        eq_eight_inputs_avxvnni(&s->d, u, v, w + 3 * block);
    }
    s->x = _mm256_dpbusd_epi32(_mm256_dpbusd_epi32(s->x, eight, u), eight, v);
}

/* sum (x * w) of eight outputs, times what is at r. */
EQ_INLINE_AVX2 __m256i eq_int4_group_avxvnni(const eq_eights_avxvnni *s, __m256i more,
                                             const uint8_t *r)
{
    const __m256i sum = _mm256_sub_epi32(_mm256_add_epi32(s->low, s->high), more);
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)r);
    return _mm256_mullo_epi32(sum, _mm256_cvtepu8_epi32(bytes));
}

/* Eight outputs each. */
typedef struct {
    __m256i a, b, c, d;
} eq_int4_outputs_avxvnni;

/* Inputs of a group at x, of which the last n % 8 are at `tail`, by 32 outputs or eight, added. */
EQ_INLINE_AVX2 void eq_int4_add_avxvnni(eq_int4_outputs_avxvnni *y, const int8_t *x,
                                        const int8_t *tail, const int8_t *w,
                                        const uint8_t *r, int32_t n,
                                        const eq_int4_layer_avxvnni *t, int four)
{
    const __m256i zero = _mm256_setzero_si256();
    const eq_eights_avxvnni none = {zero, zero};
    eq_int4_sums_avxvnni s = {none, none, none, none, zero};
    int32_t i = 0;
    for (; i + 8 <= n; i += 8, w += 32)
        eq_int4_step_avxvnni(&s, x + i, w, t->block, four);
    if (i < n)
        eq_int4_step_avxvnni(&s, tail, w, t->block, four);
    y->a = _mm256_add_epi32(y->a, eq_int4_group_avxvnni(&s.a, s.x, r));
    if (four) {
        const uint8_t *const q = r + t->factors, *const u = q + t->factors;
        const uint8_t *const v = u + t->factors;
        y->b = _mm256_add_epi32(y->b, eq_int4_group_avxvnni(&s.b, s.x, q));
        y->c = _mm256_add_epi32(y->c, eq_int4_group_avxvnni(&s.c, s.x, u));
        y->d = _mm256_add_epi32(y->d, eq_int4_group_avxvnni(&s.d, s.x, v));
    }
}

/* Eight sums, rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_int4_store_avxvnni(const eq_int4_layer_avxvnni *t, __m256i sum,
                                          int8_t *y, int32_t o, int32_t n, int single)
{
    const eq_factors_x8 f = eq_load_factors_of(t->mult + o, t->shift + o, single);
    const __m256i acc = _mm256_add_epi32(sum, eq_load_x8(t->bias + o));
    eq_store_x8_avx2(y + o, eq_rescale_x8(acc, &f, single), n - o, &t->range);
}

/* 32 outputs from o on, or eight, of a row of inputs; the last in_dim % 8 are at `tail`, too. */
EQ_INLINE_AVX2 void eq_int4_row_avxvnni(const eq_int4_layer_avxvnni *t, const int8_t *x,
                                        const int8_t *tail, int8_t *y, int32_t o, int four,
                                        int single, const eq_fc_s8s4g_params *p)
{
    const __m256i zero = _mm256_setzero_si256();
    const int8_t *const w = t->w + o / 8 * t->block;
    const uint8_t *r = t->r + o / 8 * t->factors;
    eq_int4_outputs_avxvnni s = {zero, zero, zero, zero};
    for (int32_t i = 0; i < p->in_dim; i += p->group) {
        const int32_t left = p->in_dim - i, n = left < p->group ? left : p->group;
        eq_int4_add_avxvnni(&s, x + i, tail, w + 4 * (int64_t)i, r, n, t, four);
        r += 8;
    }
    eq_int4_store_avxvnni(t, s.a, y, o, p->out_dim, single);
    if (four) {
        eq_int4_store_avxvnni(t, s.b, y, o + 8, p->out_dim, single);
        eq_int4_store_avxvnni(t, s.c, y, o + 16, p->out_dim, single);
        eq_int4_store_avxvnni(t, s.d, y, o + 24, p->out_dim, single);
    }
}

/* A whole call; single is a constant. */
EQ_INLINE_AVX2 void eq_int4_rows_avxvnni(const eq_int4_layer_avxvnni *t, const int8_t *x,
                                         int8_t *y, int single, const eq_fc_s8s4g_params *p)
{
    const int32_t rest = p->in_dim % 8;
    for (int32_t n = 0; n < p->batch; ++n) {
        int32_t o = 0;
        int8_t tail[8] = {0};
        memcpy(tail, x + p->in_dim - rest, (size_t)rest);
        for (; o + 24 < p->out_dim; o += 32)
            eq_int4_row_avxvnni(t, x, tail, y, o, 1, single, p);
        for (; o < p->out_dim; o += 8)
            eq_int4_row_avxvnni(t, x, tail, y, o, 0, single, p);
        x += p->x_step;
        y += p->y_step;
    }
}

#endif
