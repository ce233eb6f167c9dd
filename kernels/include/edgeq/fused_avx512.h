/* `@rescale fused` for AVX-512: a rescale with its zero point as one multiply-add of floats, to the
 * bit by proof.  What the constants are and why is said in edgeq/numerics/fused.py.
 *
 * A sum is the bit pattern of a float.  The low half of what comes out is y as int16 before the
 * clamp.  The rounding is part of the instruction, whatever the caller's mode.
 */
#ifndef EDGEQ_FUSED_AVX512_H
#define EDGEQ_FUSED_AVX512_H

#include "edgeq/rescale_avx512.h"

/* Among the modes of rescale_modes.h; WHOLE where the clamp is all of int8, which packing does. */
enum { EQ_FUSED_X512 = 8, EQ_FUSED_WHOLE_X512 = 9 };

/* Of sixteen channels. */
typedef struct {
    __m512 factor, addend;
} eq_fused_x512;

/* How to narrow, and the clamp. */
typedef struct {
    __m512i words, lo, hi;
} eq_fused_range_x512;

EQ_INLINE_AVX512 eq_fused_x512 eq_load_fused_x512(const int32_t *mult, const int32_t *shift)
{
    const eq_fused_x512 f = {_mm512_castsi512_ps(eq_load_x16(mult)),
                             _mm512_castsi512_ps(eq_load_x16(shift))};
    return f;
}

EQ_INLINE_AVX512 __m512i eq_fused_x16(__m512i sum, const eq_fused_x512 *f)
{
    return _mm512_castps_si512(
        _mm512_fmadd_round_ps(_mm512_castsi512_ps(sum), f->factor, f->addend,
                              _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* In each 128 bits the low halves of four lanes of one vector, then those of another: the order of
 * VPACKSSDW. */
static inline eq_fused_range_x512 eq_load_fused_range_x512(int32_t lo, int32_t hi)
{
    const __m512i first = _mm512_setr_epi32(0x00020000, 0x00060004, 0x00220020, 0x00260024,
                                            0x000a0008, 0x000e000c, 0x002a0028, 0x002e002c,
                                            0x00120010, 0x00160014, 0x00320030, 0x00360034,
                                            0x001a0018, 0x001e001c, 0x003a0038, 0x003e003c);
    const eq_fused_range_x512 r = {first, _mm512_set1_epi8((int8_t)lo),
                                   _mm512_set1_epi8((int8_t)hi)};
    return r;
}

/* Four vectors as bytes that saturate: lane i of 128 bits holds lane i of a, of b, of c and of d. */
EQ_INLINE_AVX512 __m512i eq_fused_packed_x64(__m512i a, __m512i b, __m512i c, __m512i d,
                                             const eq_fused_range_x512 *r)
{
    return _mm512_packs_epi16(_mm512_permutex2var_epi16(a, r->words, b),
                              _mm512_permutex2var_epi16(c, r->words, d));
}

/* The same, clamped. */
EQ_INLINE_AVX512 __m512i eq_fused_bytes_x64(__m512i a, __m512i b, __m512i c, __m512i d,
                                            const eq_fused_range_x512 *r)
{
    const __m512i v = eq_fused_packed_x64(a, b, c, d, r);
    return _mm512_min_epi8(_mm512_max_epi8(v, r->lo), r->hi);
}

/* Four vectors as bytes, not clamped: each 128 bits hold eight lanes of a or of b, then the same of
 * c or of d; those of b are the last 256. */
EQ_INLINE_AVX512 __m512i eq_fused_narrow_x64(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i words = _mm512_setr_epi32(0x00020000, 0x00060004, 0x000a0008, 0x000e000c,
                                            0x00120010, 0x00160014, 0x001a0018, 0x001e001c,
                                            0x00220020, 0x00260024, 0x002a0028, 0x002e002c,
                                            0x00320030, 0x00360034, 0x003a0038, 0x003e003c);
    return _mm512_packs_epi16(_mm512_permutex2var_epi16(a, words, b),
                              _mm512_permutex2var_epi16(c, words, d));
}

#endif
