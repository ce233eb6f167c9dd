/* The larger and the smaller of two operands for AVX2. */
#ifndef EDGEQ_LARGER_AVX2_H
#define EDGEQ_LARGER_AVX2_H

#include "edgeq/pairs_avx2.h"

#define EQ_LARGER_AVX2(name, intrinsic)                                                    \
    static inline __attribute__((always_inline)) __m256i name(__m256i a, __m256i b,        \
                                                              const void *numbers)         \
    {                                                                                      \
        (void)numbers;                                                                     \
        return intrinsic(a, b);                                                            \
    }

EQ_LARGER_AVX2(eq_larger_s8_avx2, _mm256_max_epi8)
EQ_LARGER_AVX2(eq_smaller_s8_avx2, _mm256_min_epi8)
EQ_LARGER_AVX2(eq_larger_s16_avx2, _mm256_max_epi16)
EQ_LARGER_AVX2(eq_smaller_s16_avx2, _mm256_min_epi16)

#endif
