/* The most multiply-accumulates of int8 that this machine does with the instructions that it is
 * compiled for: twelve sums in registers, nothing loaded or stored.
 *
 * AVX2 has no exact product of int8 pairs, so there the sum is VPMADDWD and VPADDD of int16.
 */
#include <stdint.h>

int64_t eq_peak_run(int64_t rounds, int32_t seed);

enum { SUMS = 12 };

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__AVX2__)
#include <immintrin.h>
#if defined(__AVX512VNNI__)
typedef __m512i eq_vector;
enum { MACS = 64 };
#define EQ_SET(v) _mm512_set1_epi32(v)
#define EQ_MAC(s, x, w) _mm512_dpbusd_epi32(s, x, w)
#define EQ_KEEP(s) __asm__ volatile("" : "+v"(s))
#elif defined(__AVXVNNI__)
typedef __m256i eq_vector;
enum { MACS = 32 };
#define EQ_SET(v) _mm256_set1_epi32(v)
#define EQ_MAC(s, x, w) _mm256_dpbusd_avx_epi32(s, x, w)
#define EQ_KEEP(s) __asm__ volatile("" : "+x"(s))
#else
typedef __m256i eq_vector;
enum { MACS = 16 };
#define EQ_SET(v) _mm256_set1_epi32(v)
#define EQ_MAC(s, x, w) _mm256_add_epi32(s, _mm256_madd_epi16(x, w))
#define EQ_KEEP(s) __asm__ volatile("" : "+x"(s))
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__ARM_FEATURE_MATMUL_INT8)
typedef int32x4_t eq_vector;
enum { MACS = 32 };
#define EQ_SET(v) vdupq_n_s32(v)
#define EQ_MAC(s, x, w) vmmlaq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w))
#elif defined(__ARM_FEATURE_DOTPROD)
typedef int32x4_t eq_vector;
enum { MACS = 16 };
#define EQ_SET(v) vdupq_n_s32(v)
#define EQ_MAC(s, x, w) vdotq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w))
#else
typedef int16x8_t eq_vector;
enum { MACS = 8 };
#define EQ_SET(v) vdupq_n_s16((int16_t)(v))
#define EQ_MAC(s, x, w)                                                                    \
    vmlal_s8(s, vget_low_s8(vreinterpretq_s8_s16(x)), vget_low_s8(vreinterpretq_s8_s16(w)))
#endif
#define EQ_KEEP(s) __asm__ volatile("" : "+w"(s))
#else
typedef int32_t eq_vector;
enum { MACS = 1 };
#define EQ_SET(v) (v)
#define EQ_MAC(s, x, w) ((s) + (x) * (w))
#define EQ_KEEP(s) __asm__ volatile("" : "+r"(s))
#endif

/* x is another after each, for all the compiler knows, so that no product is taken twice. */
#define EQ_ONE(s)                                                                          \
    do {                                                                                   \
        s = EQ_MAC(s, x, w);                                                               \
        EQ_KEEP(s);                                                                        \
        EQ_KEEP(x);                                                                        \
    } while (0)

/* Does SUMS * rounds of them and returns how many multiply-accumulates these were. */
int64_t eq_peak_run(int64_t rounds, int32_t seed)
{
    eq_vector a = EQ_SET(seed), b = a, c = a, d = a, e = a, f = a;
    eq_vector g = a, h = a, i = a, j = a, k = a, l = a;
    const eq_vector w = EQ_SET(seed | 2);
    eq_vector x = EQ_SET(seed | 1);
    for (int64_t n = 0; n < rounds; ++n) {
        EQ_ONE(a);
        EQ_ONE(b);
        EQ_ONE(c);
        EQ_ONE(d);
        EQ_ONE(e);
        EQ_ONE(f);
        EQ_ONE(g);
        EQ_ONE(h);
        EQ_ONE(i);
        EQ_ONE(j);
        EQ_ONE(k);
        EQ_ONE(l);
    }
    return rounds * SUMS * MACS;
}
