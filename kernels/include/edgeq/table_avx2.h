/* A table of 256 bytes for AVX2: 32 look-ups by sixteen shuffles.
 *
 * VPSHUFB looks up the low four bits of what is not negative, and gives 0 for what is.  Of one
 * half of the table, for u from 0 to 127 or below zero, row k is looked up at u - 16 * k: all
 * rows up to that of u give something.  Each row but the first is therefore kept as its
 * difference (exclusive or) to the one before, and what they give adds up to the row of u.
 */
#ifndef EDGEQ_TABLE_AVX2_H
#define EDGEQ_TABLE_AVX2_H

#include "edgeq/runs_avx2.h"

/* The rows of both halves, for bytes below zero and from zero up. */
typedef struct {
    int8_t rows[256];
} eq_table_avx2;

/* table[i] is for the byte i - 128. */
static inline void eq_table_of_avx2(eq_table_avx2 *t, const int8_t *table)
{
    __m128i before = _mm_setzero_si128();
    for (int32_t i = 0; i < 256; i += 16) {
        const __m128i row = eq_load_x16(table + i);
        eq_store_x16(t->rows + i, i == 128 ? row : _mm_xor_si128(row, before));
        before = row;
    }
}

static inline __attribute__((always_inline)) __m256i eq_table_row_avx2(const int8_t *row,
                                                                       __m256i at)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(eq_load_x16(row)), at);
}

/* Rows of both halves, and where to look among those behind. */
typedef struct {
    __m256i below, above, u, v;
} eq_looking_avx2;

static inline __attribute__((always_inline)) void eq_look_further_avx2(eq_looking_avx2 *at,
                                                                       const int8_t *rows)
{
    const __m256i step = _mm256_set1_epi8(16);
    at->u = _mm256_subs_epi8(at->u, step);
    at->v = _mm256_subs_epi8(at->v, step);
    at->below = _mm256_xor_si256(at->below, eq_table_row_avx2(rows, at->u));
    at->above = _mm256_xor_si256(at->above, eq_table_row_avx2(rows + 128, at->v));
}

/* 32 bytes at once. */
static inline __attribute__((always_inline)) __m256i eq_look_up_avx2(const eq_table_avx2 *t,
                                                                     __m256i v)
{
    const __m256i u = _mm256_xor_si256(v, _mm256_set1_epi8(INT8_MIN));
    eq_looking_avx2 at = {eq_table_row_avx2(t->rows, u),
                          eq_table_row_avx2(t->rows + 128, v), u, v};
    eq_look_further_avx2(&at, t->rows + 16);
    eq_look_further_avx2(&at, t->rows + 32);
    eq_look_further_avx2(&at, t->rows + 48);
    eq_look_further_avx2(&at, t->rows + 64);
    eq_look_further_avx2(&at, t->rows + 80);
    eq_look_further_avx2(&at, t->rows + 96);
    eq_look_further_avx2(&at, t->rows + 112);
    return _mm256_xor_si256(at.below, at.above);
}

/* n >= 32 bytes; the last, read before y takes their place, go back to be whole. */
static inline __attribute__((always_inline)) void
eq_look_up_row_avx2(const eq_table_avx2 *t, const int8_t *x, int8_t *y, int32_t n)
{
    const __m256i last = eq_load_x32(x + n - 32);
    int32_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m256i low = eq_load_x32(x + i), high = eq_load_x32(x + i + 32);
        eq_store_x32(y + i, eq_look_up_avx2(t, low));
        eq_store_x32(y + i + 32, eq_look_up_avx2(t, high));
    }
    if (i + 32 <= n)
        eq_store_x32(y + i, eq_look_up_avx2(t, eq_load_x32(x + i)));
    if (n % 32 != 0)
        eq_store_x32(y + n - 32, eq_look_up_avx2(t, last));
}

#endif
