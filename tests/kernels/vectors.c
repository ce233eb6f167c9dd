/* Compares the vector twins of the rounding forms with fixed_point.h, lane by lane: at the
 * corners of every argument and at random in between.  Prints the first difference. */
#define EQ_FORM double /* both forms are called by their full names */
#if defined(__AVX2__)
#include "edgeq/elementwise_avx2.h"
#include "edgeq/fixed_point_avx2.h"
#elif defined(__ARM_FEATURE_MVE)
#include "edgeq/fixed_point_mve.h"
#else
#include "edgeq/fixed_point_neon.h"
#endif
#include <stdio.h>
#include <stdlib.h>

enum { LANES = 8, RANDOM = 400000 };

typedef struct {
    int32_t acc[LANES], mult[LANES], shift[LANES];
    int32_t n;
    long seen;
} batch;

#if defined(__AVX2__)
/* Where the accumulator leaves a bit of headroom, by the factor of one lane. */
static int32_t scaled(int32_t acc, int32_t mult, int32_t shift, int single, int32_t other)
{
    const int64_t shifted = (int64_t)acc * ((int64_t)2 << (shift < 31 ? 31 - shift : 0));
    if (shifted < INT32_MIN || shifted > INT32_MAX)
        return other;
    const eq_scaling_x8 s = eq_scaling_of_x8(mult, shift, single);
    int32_t y[LANES];
    _mm256_storeu_si256((__m256i *)y, eq_scale_x8(_mm256_set1_epi32(acc), &s, single));
    return y[0] == other ? y[LANES - 1] : y[0];
}

static void vector(const batch *b, int single, int32_t *y)
{
    const __m256i acc = _mm256_loadu_si256((const __m256i *)b->acc);
    const __m256i mult = _mm256_loadu_si256((const __m256i *)b->mult);
    const __m256i shift = _mm256_loadu_si256((const __m256i *)b->shift);
    const __m256i v = single ? eq_requantize_x8_single(acc, mult, shift)
                             : eq_requantize_x8_double(acc, mult, shift);
    _mm256_storeu_si256((__m256i *)y, v);
    for (int i = 0; i < LANES; ++i)
        y[i] = scaled(b->acc[i], b->mult[i], b->shift[i], single, y[i]);
}
#elif defined(__ARM_FEATURE_MVE)
/* Where all factors are live, both ways must give the same. */
static void vector(const batch *b, int single, int32_t *y)
{
    const int form = single ? eq_mve_form_single : eq_mve_form_double;
    for (int i = 0; i < LANES; i += 4) {
        const int32x4_t acc = vldrwq_s32(b->acc + i), mult = vldrwq_s32(b->mult + i);
        const int32x4_t shift = vldrwq_s32(b->shift + i);
        const int live = vminvq_s32(INT32_MAX, shift) >= 32;
        const int32x4_t v = eq_requantize_mve(acc, mult, shift, form, 0);
        const int32x4_t u = live ? eq_requantize_mve(acc, mult, shift, form, 1) : v;
        vstrwq_s32(y + i, v);
        if (vcmpneq_s32(u, v) != 0)
            vstrwq_s32(y + i, u);
    }
}
#else
static void vector(const batch *b, int single, int32_t *y)
{
    for (int i = 0; i < LANES; i += 4) {
        const int32x4_t acc = vld1q_s32(b->acc + i), mult = vld1q_s32(b->mult + i);
        const int32x4_t shift = vld1q_s32(b->shift + i);
        vst1q_s32(y + i, single ? eq_requantize_x4_single(acc, mult, shift)
                                : eq_requantize_x4_double(acc, mult, shift));
    }
}
#endif

static int32_t scalar(int32_t acc, int32_t mult, int32_t shift, int single)
{
    return single ? eq_requantize_single(acc, mult, shift)
                  : eq_requantize_double(acc, mult, shift);
}

static int in_range(int32_t acc, int32_t mult, int32_t shift, int single)
{
    const int64_t product = (int64_t)acc * mult;
    if (single) {
        const int64_t result = (product + ((int64_t)1 << (shift - 1))) >> shift;
        return result >= INT32_MIN && result <= INT32_MAX;
    }
    const int32_t left = shift < 31 ? 31 - shift : 0;
    const int64_t shifted = (int64_t)acc * ((int64_t)1 << left);
    return shifted >= INT32_MIN && shifted <= INT32_MAX;
}

static void flush(batch *b, int single)
{
    int32_t y[LANES];
    vector(b, single, y);
    for (int i = 0; i < b->n; ++i) {
        const int32_t want = scalar(b->acc[i], b->mult[i], b->shift[i], single);
        if (y[i] != want) {
            printf("%s of acc %ld, mult %ld, shift %ld: got %ld, want %ld\n",
                   single ? "single" : "double", (long)b->acc[i], (long)b->mult[i],
                   (long)b->shift[i], (long)y[i], (long)want);
            exit(1);
        }
    }
    b->seen += b->n;
    b->n = 0;
}

static void try_one(batch *b, int32_t acc, int32_t mult, int32_t shift, int single)
{
    if (!in_range(acc, mult, shift, single))
        return;
    b->acc[b->n] = acc;
    b->mult[b->n] = mult;
    b->shift[b->n] = shift;
    if (++b->n == LANES)
        flush(b, single);
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state ^ *state >> 15;
}

static void corners(batch *b, int single)
{
    static const int32_t mults[] = {0,          1 << 30,    (1 << 30) + 1, 3 << 29,
                                    0x7fffff00, 0x7ffffffe, INT32_MAX};
    for (int bit = 0; bit <= 31; ++bit)
        for (int around = -2; around <= 2; ++around)
            for (int sign = -1; sign <= 1; sign += 2) {
                const int64_t acc = sign * (((int64_t)1 << bit) + around);
                if (acc < INT32_MIN || acc > INT32_MAX)
                    continue;
                for (size_t m = 0; m < sizeof mults / sizeof *mults; ++m)
                    for (int32_t shift = 1; shift <= 62; ++shift)
                        try_one(b, (int32_t)acc, mults[m], shift, single);
            }
}

int main(void)
{
    long seen = 0;
    for (int single = 0; single <= 1; ++single) {
        batch b = {.n = 0};
        uint32_t state = 1;
        corners(&b, single);
        for (long i = 0; i < RANDOM; ++i) {
            const int32_t shift = (int32_t)(next(&state) % 62) + 1;
            const int32_t mult = (int32_t)(next(&state) >> 2 | 1u << 30);
            const uint32_t bits = next(&state);
            try_one(&b, (int32_t)bits >> (next(&state) & 31), mult, shift, single);
        }
        if (b.n > 0)
            flush(&b, single);
        seen += b.seen;
    }
    printf("%ld equal\n", seen);
    return 0;
}
