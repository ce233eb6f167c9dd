/* What follows the dot products of conv2d_wide_tile_avx512vnni.h: sums are rescaled, narrowed to
 * bytes, and stored.
 */
#ifndef EDGEQ_CONV2D_WIDE_FINISH_AVX512VNNI_H
#define EDGEQ_CONV2D_WIDE_FINISH_AVX512VNNI_H

#include "edgeq/conv2d_wide_tile_avx512vnni.h"

/* Bytes of a tile: of pixel i, or of 2 * i and 2 * i + 1. */
typedef struct {
    __m512i v0, v1, v2, v3, v4, v5;
} eq_bytes_x512s;

/* eq_fused_x16; asm: else gcc 12 copies each sum first. */
EQ_INLINE_AVX512 __m512i eq_wide_fused_x512(__m512i sum, const eq_fused_x512 *f)
{
    __asm__("vfmadd213ps %{rn-sae%}, %2, %1, %0"
            : "+v"(sum)
            : "v"(f->factor), "v"(f->addend));
    return sum;
}

/* A sum rescaled by floats. */
EQ_INLINE_AVX512 __m512i eq_float_out_x512(__m512i sum, const eq_block_x512 *c, int i,
                                           int large, int single)
{
    if (single == EQ_ODD_X512)
        return eq_odd_x16(sum, &c->odd[i]);
    return eq_wide_fused_x512(large ? _mm512_ror_epi32(sum, 4) : sum, &c->fused[i]);
}

/* A sum rescaled as its form says; one that is rescaled already, as it is. */
EQ_INLINE_AVX512 __m512i eq_out_x512(__m512i sum, const eq_block_x512 *c, int i, int kind,
                                     int single)
{
    const int large = kind == EQ_32INT4_X512;
    if (eq_is_float_x512(single))
        return sum;
    if (single < EQ_ANY)
        return eq_rescaled_x512(sum, &c->scale[i], single, large);
    return eq_rescale_x16(large ? _mm512_srai_epi32(sum, 4) : sum, &c->factors[i], single);
}

/* Four vectors as bytes, clamped but where rescaled by floats: of one pixel, or a and b of one, c and
 * d of the next. */
EQ_INLINE_AVX512 __m512i eq_wide_bytes_x512(__m512i a, __m512i b, __m512i c, __m512i d,
                                            const eq_range_avx512 *r, int two, int single)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    if (eq_is_float_x512(single))
        return two == 1 ? eq_fused_narrow_x64(a, b, c, d) : eq_fused_narrow_x64(a, c, b, d);
    const __m512i v = eq_narrow_s8_x64(a, b, c, d, r);
    return two == 2 ? _mm512_permutexvar_epi64(order, v) : v;
}

#define EQ_FUSE_X512(i, sum, vector)                                                       \
    if (n > i)                                                                             \
        s.sum##i = eq_float_out_x512(s.sum##i, c, vector, large, single);
#define EQ_FUSES_X512(sum, vector)                                                         \
    EQ_FUSE_X512(0, sum, vector)                                                           \
    EQ_FUSE_X512(1, sum, vector)                                                           \
    EQ_FUSE_X512(2, sum, vector)                                                           \
    EQ_FUSE_X512(3, sum, vector)                                                           \
    EQ_FUSE_X512(4, sum, vector)                                                           \
    EQ_FUSE_X512(5, sum, vector)
#define EQ_BYTES_X512(i)                                                                   \
    if (n > i)                                                                             \
        q.v##i = eq_wide_bytes_x512(eq_out_x512(s.a##i, c, 0, kind, single),               \
                                    eq_out_x512(s.b##i, c, 1, kind, single),               \
                                    eq_out_x512(s.c##i, c, third, kind, single),           \
                                    eq_out_x512(s.d##i, c, third + 1, kind, single),       \
                                    &t->range, two, single);
#define EQ_CLAMP_X512(i)                                                                   \
    if (n > i)                                                                             \
        q.v##i = _mm512_min_epi8(_mm512_max_epi8(q.v##i, t->range.lo), t->range.hi);

/* Sums as bytes.  Where floats rescale them, vectors of the same channels follow each other: constants
 * of all of them would take the registers of sums. */
EQ_INLINE_AVX512 eq_bytes_x512s eq_finish_wide_x512(const eq_wide_x512 *t,
                                                    const eq_block_x512 *c, eq_sums_x512 s,
                                                    int n, int kind, int single)
{
    const int two = kind == EQ_64_X512 ? 1 : 2, third = two == 1 ? 2 : 0;
    const int large = kind == EQ_32INT4_X512;
    eq_bytes_x512s q;
    if (eq_is_float_x512(single)) {
        EQ_FUSES_X512(a, 0)
        EQ_FUSES_X512(b, 1)
        EQ_FUSES_X512(c, third)
        EQ_FUSES_X512(d, third + 1)
    }
    EQ_SIX_X512(EQ_BYTES_X512)
    if (eq_is_float_x512(single) && t->clamps) {
        EQ_SIX_X512(EQ_CLAMP_X512)
    }
    return q;
}

#define EQ_STORE_ALL_X512(i)                                                               \
    if (n > i && two == 1) {                                                               \
        _mm512_storeu_si512((void *)(y + i * step), q.v##i);                               \
    } else if (n > i) {                                                                    \
        int8_t *const z = y + 2 * i * step;                                                \
        _mm256_storeu_si256((__m256i *)(void *)z, _mm512_castsi512_si256(q.v##i));         \
        _mm256_storeu_si256((__m256i *)(void *)(z + step),                                 \
                            _mm512_extracti64x4_epi64(q.v##i, 1));                         \
    }
#define EQ_STORE_SOME_X512(i)                                                              \
    if (n > i && two == 1) {                                                               \
        _mm512_mask_storeu_epi8(y + i * step, c->some, q.v##i);                            \
    } else if (n > i) {                                                                    \
        const __m256i low = _mm512_castsi512_si256(q.v##i);                                \
        const __m256i high = _mm512_extracti64x4_epi64(q.v##i, 1);                         \
        _mm256_mask_storeu_epi8(y + 2 * i * step, (__mmask32)c->some, low);                \
        _mm256_mask_storeu_epi8(y + 2 * i * step + step, (__mmask32)c->some, high);        \
    }
#define EQ_STORE_FAR_X512(i)                                                               \
    if (n > i && two == 1) {                                                               \
        _mm512_mask_storeu_epi8(y[i], c->some, q.v##i);                                    \
    } else if (n > i) {                                                                    \
        const __m256i low = _mm512_castsi512_si256(q.v##i);                                \
        const __m256i high = _mm512_extracti64x4_epi64(q.v##i, 1);                         \
        _mm256_mask_storeu_epi8(y[2 * i], (__mmask32)c->some, low);                        \
        _mm256_mask_storeu_epi8(y[2 * i + 1], (__mmask32)c->some, high);                   \
    }

/* The bytes of pixels beside each other, the first at y. */
EQ_INLINE_AVX512 void eq_store_wide_x512(const eq_block_x512 *c, eq_bytes_x512s q,
                                         int8_t *y, int64_t step, int n, int kind)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    if (c->channels >= 64 / two) {
        EQ_SIX_X512(EQ_STORE_ALL_X512)
    } else {
        EQ_SIX_X512(EQ_STORE_SOME_X512)
    }
}

/* Those of pixels anywhere. */
EQ_INLINE_AVX512 void eq_store_far_x512(const eq_block_x512 *c, eq_bytes_x512s q,
                                        int8_t *const *y, int n, int kind)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    EQ_SIX_X512(EQ_STORE_FAR_X512)
}

#undef EQ_FUSE_X512
#undef EQ_FUSES_X512
#undef EQ_BYTES_X512
#undef EQ_CLAMP_X512
#undef EQ_STORE_ALL_X512
#undef EQ_STORE_SOME_X512
#undef EQ_STORE_FAR_X512

#endif
