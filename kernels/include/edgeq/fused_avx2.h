/* `@rescale fused` for AVX2 with FMA: a rescale with its zero point as one multiply-add of floats, to
 * the bit by proof.  What the constants are and why is said in edgeq/numerics/fused.py.
 *
 * A sum is the bit pattern of a float.  The low half of what comes out is y as int16 before the
 * clamp.  Rounds as MXCSR says: to nearest, as programs begin and calling conventions keep it.
 */
#ifndef EDGEQ_FUSED_AVX2_H
#define EDGEQ_FUSED_AVX2_H

#include "edgeq/rescale_avx2.h"

/* Among the modes of rescale_modes.h. */
enum { EQ_FUSED = 3 };

/* Of eight channels. */
typedef struct {
    __m256 factor, addend;
} eq_fused_x256;

EQ_INLINE_AVX2 eq_fused_x256 eq_fused_of_x256(__m256i factor, __m256i addend)
{
    const eq_fused_x256 f = {_mm256_castsi256_ps(factor), _mm256_castsi256_ps(addend)};
    return f;
}

EQ_INLINE_AVX2 eq_fused_x256 eq_load_fused_x256(const int32_t *mult, const int32_t *shift)
{
    return eq_fused_of_x256(eq_load_x8(mult), eq_load_x8(shift));
}

EQ_INLINE_AVX2 __m256i eq_fused_x8(__m256i sum, const eq_fused_x256 *f)
{
    return _mm256_castps_si256(
        _mm256_fmadd_ps(_mm256_castsi256_ps(sum), f->factor, f->addend));
}

/* The same as int32. */
EQ_INLINE_AVX2 __m256i eq_fused_ints_x8(__m256i sum, const eq_fused_x256 *f)
{
    return _mm256_sub_epi32(eq_fused_x8(sum, f), _mm256_set1_epi32(0x4B400000));
}

/* The low halves of lanes of a and of b in turns: a0 b0 a1 b1 ... */
EQ_INLINE_AVX2 __m256i eq_fused_words_x16(__m256i a, __m256i b)
{
    return _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xaa);
}

/* Sixteen channels of two pixels, in turns: 0..3 and 8..11 in u, the others in v; as bytes in order,
 * clamped. */
EQ_INLINE_AVX2 __m256i eq_fused_pixels_x32(__m256i u, __m256i v, __m256i lo, __m256i hi)
{
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_packs_epi16(u, v), order);
    return _mm256_min_epi8(_mm256_max_epi8(_mm256_permute4x64_epi64(bytes, 0xd8), lo), hi);
}

#endif
