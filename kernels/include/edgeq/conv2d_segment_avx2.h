/* Segments of windows for AVX2, times sixteen channels.
 *
 * Two taps of a pixel are broadcast, and VPMADDWD multiplies them with two taps of eight channels.
 * Six pixels have twelve sums, which gcc 12 keeps in registers neither in a larger function nor
 * where a loop is around: so theirs is assembly.  What is around it may then be inlined, and sums
 * need not pass through memory: convolutions of 8 to 64 channels take 0.7 to 0.9 of the time.
 *
 * Weights that need more than VPMOVSXBW are made int16 once.
 */
#ifndef EDGEQ_CONV2D_SEGMENT_AVX2_H
#define EDGEQ_CONV2D_SEGMENT_AVX2_H

#include "edgeq/conv2d_tile_avx2.h"
#include "edgeq/nibbles_avx2.h"

/* Kinds of weights: int8, int8 less a zero point, int4. */
enum { EQ_INT8_AVX2 = 0, EQ_ZERO_POINT_AVX2 = 1, EQ_INT4_AVX2 = 2 };

/* Two taps, k numbers behind the register x, times ymm0 and ymm1, added to a and b. */
#define EQ_PIXEL_AVX2(x, a, b)                                                             \
    "vpbroadcastd (%%" x ",%[k],2),%%ymm3\n\t"                                             \
    "vpmaddwd %%ymm0,%%ymm3,%%ymm2\n\t"                                                    \
    "vpmaddwd %%ymm1,%%ymm3,%%ymm3\n\t"                                                    \
    "vpaddd %%ymm2,%[" a "],%[" a "]\n\t"                                                  \
    "vpaddd %%ymm3,%[" b "],%[" b "]\n\t"

/* Two taps of six pixels times two times sixteen weights, which `load` makes of so many bytes. */
#define EQ_SIX_PIXELS_AVX2(load, bytes)                                                    \
    load " (%[w]),%%ymm0\n\t" load " " bytes                                               \
         "(%[w]),%%ymm1\n\t" EQ_PIXEL_AVX2("r8", "a0", "b0")                               \
             EQ_PIXEL_AVX2("r9", "a1", "b1") EQ_PIXEL_AVX2("r10", "a2", "b2")              \
                 EQ_PIXEL_AVX2("r11", "a3", "b3") EQ_PIXEL_AVX2("rcx", "a4", "b4")         \
                     EQ_PIXEL_AVX2("rdx", "a5", "b5")

/* The segments k numbers behind six windows of g, whose weights are those from w to `end`.  The
 * loop begins a line of the cache: six instructions a cycle are then read from it. */
#define EQ_SIX_SEGMENTS_AVX2(load, bytes)                                                  \
    __asm__ volatile(                                                                      \
        "mov (%[g]),%%r8\n\t"                                                              \
        "mov 8(%[g]),%%r9\n\t"                                                             \
        "mov 16(%[g]),%%r10\n\t"                                                           \
        "mov 24(%[g]),%%r11\n\t"                                                           \
        "mov 32(%[g]),%%rcx\n\t"                                                           \
        "mov 40(%[g]),%%rdx\n\t"                                                           \
        ".p2align 6\n"                                                                     \
        "1:\n\t" EQ_SIX_PIXELS_AVX2(load, bytes) "add $2,%[k]\n\t"                         \
                                                 "add $2*" bytes ",%[w]\n\t"               \
                                                 "cmp %[end],%[w]\n\t"                     \
                                                 "jne 1b"                                  \
        : [a0] "+x"(s->a0), [b0] "+x"(s->b0), [a1] "+x"(s->a1), [b1] "+x"(s->b1),          \
          [a2] "+x"(s->a2), [b2] "+x"(s->b2), [a3] "+x"(s->a3), [b3] "+x"(s->b3),          \
          [a4] "+x"(s->a4), [b4] "+x"(s->b4), [a5] "+x"(s->a5), [b5] "+x"(s->b5),          \
          [w] "+r"(w), [k] "+r"(k)                                                         \
        : [g] "r"(g), [end] "r"(end)                                                       \
        : "cc", "memory", "r8", "r9", "r10", "r11", "rcx", "rdx", "xmm0", "xmm1", "xmm2",  \
          "xmm3")

EQ_INLINE_AVX2 void eq_six_segments_avx2(eq_tile_avx2 *s, const eq_pixels_avx2 *g,
                                         int64_t k, const int8_t *w, const int8_t *end,
                                         int wide)
{
    if (wide)
        EQ_SIX_SEGMENTS_AVX2("vmovdqu", "32");
    else
        EQ_SIX_SEGMENTS_AVX2("vpmovsxbw", "16");
}

/* The same of n pixels, 2, 3 or 4, and so many pairs of taps. */
EQ_INLINE_AVX2 void eq_segments_avx2(eq_tile_avx2 *s, const eq_pixels_avx2 *g, int64_t k,
                                     const int8_t *w, int32_t pairs, int n, int wide)
{
    const int64_t end = k + 2 * (int64_t)pairs;
    for (; k < end; k += 2) {
        const __m256i *q = (const __m256i *)(const void *)w;
        const __m256i u = wide ? _mm256_loadu_si256(q) : eq_widen_avx2(w);
        const __m256i v = wide ? _mm256_loadu_si256(q + 1) : eq_widen_avx2(w + 16);
        eq_step_avx2(s, g, k, u, v, n, 0);
        w += wide ? 64 : 32;
    }
}

/* So many segments of pairs of taps of 8 * `eights` int8 weights, less zw, as int16; the last tap
 * of a segment is none where `odd`. */
static inline void eq_less_zero_avx2(int16_t *to, const int8_t *w, int32_t segments,
                                     int32_t pairs, int32_t eights, int odd, int32_t zw)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)zw);
    const __m256i one = _mm256_set1_epi32(odd ? 0xffff : -1);
    const int32_t run = pairs * eights;
    for (int32_t r = 0; r < segments; ++r)
        for (int32_t i = 0; i < run; ++i) {
            const __m256i v = _mm256_sub_epi16(eq_widen_avx2(w), zero);
            _mm256_storeu_si256((__m256i *)(void *)to,
                                i + eights < run ? v : _mm256_and_si256(v, one));
            to += 16;
            w += 16;
        }
}

/* n times two taps of sixteen int4 weights as int16. */
static inline void eq_unpack_weights_avx2(int16_t *to, const int8_t *w, int32_t n)
{
    for (int32_t i = 0; i < n; ++i) {
        const eq_nibbles_avx2 v = eq_unpack_avx2(w + 16 * (int64_t)i);
        _mm256_storeu_si256((__m256i *)(void *)(to + 32 * (int64_t)i), v.low);
        _mm256_storeu_si256((__m256i *)(void *)(to + 32 * (int64_t)i + 16), v.high);
    }
}

#endif
