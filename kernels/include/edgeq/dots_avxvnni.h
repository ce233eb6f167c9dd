/* What the kernels of AVX-VNNI share: activations as x + 128, which VPDPBUSD takes without a sign,
 * sums of them, weights of int4, and the rescaling of sums.
 *
 * A byte with its top bit inverted is x + 128.  Nibbles of int4 are brought to the upper halves of
 * bytes: 16 times the weight, whose sums, biases included, are 16 times the contract's.
 *
 * Sums come as scale_avx2.h wants them, with 2^31 on top and the four of a half in the order 0, 2,
 * 1, 3, and are rescaled by it; modulo 2^32 it does not matter when the 2^31 is added.  In the
 * forms that are EQ_ANY there is nothing on top and the order is restored after.  The fused form
 * (fused_avx2.h) and the odd one (odd_avx2.h) have nothing on top either, and want sums as the
 * narrowing of two vectors leaves them in order: even channels in one, odd ones in the other.
 *
 * eq_stay_avxvnni, assembly without an instruction, keeps gcc 12 from copying sums in each step:
 * of the eight rows of dense_avxvnni.h it would make 30 instructions for 256 products, not 14.
 */
#ifndef EDGEQ_DOTS_AVXVNNI_H
#define EDGEQ_DOTS_AVXVNNI_H

#include "edgeq/odd_avx2.h"
#include "edgeq/scale_avx2.h"

/* Four bytes at x, eight times. */
EQ_INLINE_AVX2 __m256i eq_four_avxvnni(const void *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}

EQ_INLINE_AVX2 __m256i eq_load_bytes_avxvnni(const void *x)
{
    return _mm256_loadu_si256((const __m256i *)x);
}

EQ_INLINE_AVX2 void eq_put_avxvnni(void *q, __m256i v)
{
    _mm256_storeu_si256((__m256i *)q, v);
}

/* 32 bytes at x as x + 128. */
EQ_INLINE_AVX2 __m256i eq_above_avxvnni(const void *x)
{
    return _mm256_xor_si256(eq_load_bytes_avxvnni(x), _mm256_set1_epi8(INT8_MIN));
}

/* Keeps four sums in registers, without an instruction. */
EQ_INLINE_AVX2 void eq_stay_avxvnni(__m256i *a, __m256i *b, __m256i *c, __m256i *d)
{
    __asm__("" : "+x"(*a), "+x"(*b), "+x"(*c), "+x"(*d));
}

/* Weights by which two vectors of sums are multiplied, or 16 times those of int4. */
typedef struct {
    __m256i u, v;
} eq_weights_avxvnni;

EQ_INLINE_AVX2 eq_weights_avxvnni eq_load_weights_avxvnni(const int8_t *w, int is_int4)
{
    const __m256i first = eq_load_bytes_avxvnni(w);
    if (is_int4) {
        const __m256i upper = _mm256_set1_epi8((char)0xf0);
        const eq_weights_avxvnni v = {_mm256_and_si256(_mm256_slli_epi16(first, 4), upper),
                                      _mm256_and_si256(first, upper)};
        return v;
    }
    const eq_weights_avxvnni v = {first, eq_load_bytes_avxvnni(w + 32)};
    return v;
}

/* What is on top of sums for the form `single`. */
EQ_INLINE_AVX2 __m256i eq_top_avxvnni(int single)
{
    return _mm256_set1_epi32(single >= EQ_ODD ? 0 : INT32_MIN);
}

/* What the sums of eight outputs begin with: 16-fold ones have nothing on top yet. */
EQ_INLINE_AVX2 __m256i eq_bias_avxvnni(const int32_t *bias, __m256i top, int is_int4)
{
    const __m256i b = eq_load_x8(bias);
    return is_int4 ? _mm256_slli_epi32(b, 4) : _mm256_xor_si256(b, top);
}

/* The factors of eight outputs: the fused form's, the odd one's, or those of the others. */
typedef union {
    eq_scale_avx2 scale;
    eq_fused_x256 fused;
    eq_odd_x256 odd;
} eq_factors_avxvnni;

/* Of the forms that are EQ_ANY mult and `down`, the shift, alone. */
EQ_INLINE_AVX2 eq_factors_avxvnni eq_factors_of_avxvnni(__m256i mult, __m256i shift,
                                                        int single)
{
    const __m256i none = _mm256_setzero_si256();
    const eq_scale_avx2 any = {mult, none, none, none, shift, none};
    eq_factors_avxvnni f;
    if (single == EQ_FUSED)
        f.fused = eq_fused_of_x256(mult, shift);
    else if (single == EQ_ODD)
        f.odd = eq_odd_of_x256(mult, shift);
    else
        f.scale = single >= EQ_ANY ? any : eq_scale_of_avx2(mult, shift, single);
    return f;
}

EQ_INLINE_AVX2 eq_factors_avxvnni eq_load_factors_avxvnni(const int32_t *mult,
                                                          const int32_t *shift, int single)
{
    return eq_factors_of_avxvnni(eq_load_x8(mult), eq_load_x8(shift), single);
}

/* The forms that are EQ_ANY. */
EQ_APART_AVX2 __m256i eq_scaled_any_avxvnni(__m256i sum, const eq_scale_avx2 *f, int single)
{
    if (single == EQ_ANY + EQ_DOUBLE)
        return eq_in_order_avx2(eq_requantize_x8_double(sum, f->mult, f->down));
    return eq_in_order_avx2(eq_requantize_x8_single(sum, f->mult, f->down));
}

/* The upper nibble of floats in [2^23, 2^24), which 16-fold sums of the fused form have lost. */
enum { EQ_FUSED_TOP_AVXVNNI = 0x40000000 };

/* Sums rescaled, in order. */
EQ_INLINE_AVX2 __m256i eq_scaled_avxvnni(__m256i sum, const eq_factors_avxvnni *f,
                                         int is_int4, int single)
{
    const __m256i top = _mm256_set1_epi32(EQ_FUSED_TOP_AVXVNNI);
    if (single == EQ_FUSED)
        return eq_fused_x8(is_int4 ? _mm256_or_si256(_mm256_srli_epi32(sum, 4), top) : sum,
                           &f->fused);
    if (single == EQ_ODD)
        return eq_odd_x8(sum, &f->odd);
    if (single >= EQ_ANY)
        return eq_scaled_any_avxvnni(sum, &f->scale, single);
    if (is_int4)
        sum = _mm256_xor_si256(_mm256_srai_epi32(sum, 4), _mm256_set1_epi32(INT32_MIN));
    return eq_scaled_avx2(sum, &f->scale, single);
}

/* What was rescaled as bytes, half by half: four lanes of a and b, then as many of c and d.  Forms
 * by floats leave lanes of a and b, and those of c and d, in turns. */
EQ_INLINE_AVX2 __m256i eq_narrow_avxvnni(__m256i a, __m256i b, __m256i c, __m256i d,
                                         const eq_range_avx2 *r, int single)
{
    if (single == EQ_ODD)
        return eq_bytes_avx2(eq_fused_words_x16(a, b), eq_fused_words_x16(c, d), r);
    if (single != EQ_FUSED)
        return eq_bytes_avx2(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d), r);
    const __m256i v =
        _mm256_packs_epi16(eq_fused_words_x16(a, b), eq_fused_words_x16(c, d));
    return _mm256_min_epi8(_mm256_max_epi8(v, r->lo), r->hi);
}

/* The bytes of 128 bits in order: of sixteen channels that natural order has in four vectors, four
 * in each, or of four pixels. */
EQ_INLINE_AVX2 __m256i eq_turned_avxvnni(__m256i v, int single)
{
    const __m128i scaled =
        _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    const __m128i fused =
        _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
    return _mm256_shuffle_epi8(
        v, _mm256_broadcastsi128_si256(eq_is_float_avx2(single) ? fused : scaled));
}

/* The eight sums added up. */
EQ_INLINE_AVX2 int32_t eq_total_avxvnni(__m256i sum)
{
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}

#endif
