/* What depthwise convolutions by AVX-512 VNNI make of 64 bytes of three or four rows: 64 outputs.
 *
 * The bytes of the rows are put side by side by unpacking, bytes and then words; the four vectors
 * that this gives are multiplied by VPDPBUSD, and their sums packed again, which undoes the
 * unpacking: output i comes from byte i.  Constants of 64 outputs are in that order, that of
 * (i/4%4, i/16, i%4).
 *
 * Four rows serve two rows of windows of three: the upper one with weights w0 w1 w2 0, the lower one
 * with 0 w0 w1 w2.
 *
 * Exact: bytes are those of x + 128, and biases have 128 times the sum of their weights taken away
 * (@offset); VPDPBUSD sums modulo 2^32, and the last sum is the contract's, with on top what the
 * rescale wants there.  A zero point zw of the weights, at least -127, comes as one more weight
 * -zw of each byte: what a bias lacks is 128 * zw for each tap.  A row that no window has is another
 * one once more with weights of zero.
 */
#ifndef EDGEQ_DEPTHWISE_WORDS_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_WORDS_AVX512VNNI_H

#include "edgeq/depthwise_finish_avx512vnni.h"
#include "edgeq/depthwise_s8.h"

/* The arrays of a call. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
} eq_words_arrays_x512;

/* Bytes of four rows side by side. */
EQ_INLINE_AVX512 eq_words_x512 eq_words_of_x512(__m512i e, __m512i f, __m512i g, __m512i h)
{
    const __m512i ef = _mm512_unpacklo_epi8(e, f), fe = _mm512_unpackhi_epi8(e, f);
    const __m512i gh = _mm512_unpacklo_epi8(g, h), hg = _mm512_unpackhi_epi8(g, h);
    const eq_words_x512 v = {_mm512_unpacklo_epi16(ef, gh), _mm512_unpackhi_epi16(ef, gh),
                             _mm512_unpacklo_epi16(fe, hg), _mm512_unpackhi_epi16(fe, hg)};
    return v;
}

/* Constants of 64 outputs: weights, columns of 256 bytes; what a zero point of the weights adds to
 * them, and to the same one row lower; and those of the four vectors. */
typedef struct {
    const int8_t *w;
    __m512i less_zw, less_zw_lower;
    eq_words_x512 bias;
    eq_finish_x512 finish;
} eq_words_outputs_x512;

enum { EQ_THREE_COLUMNS_X512 = 3 * 256 };

/* x + 128 of 64 bytes at x; of those alone that the mask has, where some are missing. */
EQ_INLINE_AVX512 __m512i eq_bytes_at_x512(const int8_t *x, __mmask64 mask, int some)
{
    const __m512i v =
        some ? _mm512_maskz_loadu_epi8(mask, x) : _mm512_loadu_si512((const void *)x);
    return _mm512_xor_si512(v, _mm512_set1_epi8(INT8_MIN));
}

/* One column of four rows of windows, its weights at w. */
EQ_INLINE_AVX512 eq_words_x512 eq_add_column_x512(eq_words_x512 s, eq_words_x512 v,
                                                  const int8_t *w, __m512i less_zw,
                                                  int has_zw)
{
    s.a = _mm512_dpbusd_epi32(s.a, v.a, _mm512_loadu_si512((const void *)w));
    s.b = _mm512_dpbusd_epi32(s.b, v.b, _mm512_loadu_si512((const void *)(w + 64)));
    s.c = _mm512_dpbusd_epi32(s.c, v.c, _mm512_loadu_si512((const void *)(w + 128)));
    s.d = _mm512_dpbusd_epi32(s.d, v.d, _mm512_loadu_si512((const void *)(w + 192)));
    if (has_zw) {
        s.a = _mm512_dpbusd_epi32(s.a, v.a, less_zw);
        s.b = _mm512_dpbusd_epi32(s.b, v.b, less_zw);
        s.c = _mm512_dpbusd_epi32(s.c, v.c, less_zw);
        s.d = _mm512_dpbusd_epi32(s.d, v.d, less_zw);
    }
    return s;
}

/* Those of a layer. */
EQ_INLINE_AVX512 void eq_load_layer_x512(eq_words_outputs_x512 *t,
                                         const eq_depthwise_s8_params *p, int32_t zw)
{
    const int32_t less = -zw & 255;
    eq_load_clamp_x512(&t->finish, p->zy, p->act_min, p->act_max);
    t->less_zw = _mm512_set1_epi32(less * 0x00010101);
    t->less_zw_lower = _mm512_slli_epi32(t->less_zw, 8);
}

/* Constants of 64 outputs in the order of the sums; a bias gets `more` on top. */
EQ_INLINE_AVX512 void eq_load_outputs_x512(eq_words_outputs_x512 *t, const int32_t *bias,
                                           const int32_t *mult, const int32_t *shift,
                                           int32_t more, int mode)
{
    t->bias.a = eq_begin_x512(bias, more, mode);
    t->bias.b = eq_begin_x512(bias + 16, more, mode);
    t->bias.c = eq_begin_x512(bias + 32, more, mode);
    t->bias.d = eq_begin_x512(bias + 48, more, mode);
    eq_load_finish_x512(&t->finish, mult, shift, mode);
}

/* The weights of three columns one row lower. */
EQ_INLINE_AVX512 void eq_lower_weights_x512(int8_t to[EQ_THREE_COLUMNS_X512],
                                            const int8_t *w)
{
    for (int32_t i = 0; i < EQ_THREE_COLUMNS_X512; i += 64)
        _mm512_storeu_si512(
            (void *)(to + i),
            _mm512_slli_epi32(_mm512_loadu_si512((const void *)(w + i)), 8));
}

EQ_INLINE_AVX512 eq_words_x512 eq_load_words_x512(const int8_t *from)
{
    const eq_words_x512 s = {_mm512_loadu_si512((const void *)from),
                             _mm512_loadu_si512((const void *)(from + 64)),
                             _mm512_loadu_si512((const void *)(from + 128)),
                             _mm512_loadu_si512((const void *)(from + 192))};
    return s;
}

EQ_INLINE_AVX512 void eq_keep_words_x512(int8_t *to, eq_words_x512 s)
{
    _mm512_storeu_si512((void *)to, s.a);
    _mm512_storeu_si512((void *)(to + 64), s.b);
    _mm512_storeu_si512((void *)(to + 128), s.c);
    _mm512_storeu_si512((void *)(to + 192), s.d);
}

#endif
