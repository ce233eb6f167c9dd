/* Dot products of plain int8 weights with the DSP extension: four channels by two pixels.
 *
 * Windows lie as dsp_gather.h says: words of taps k and k + 1, of the first pixel and of the
 * second.  In a word of weights bytes 0 and 2 are the taps k and k + 1, bytes 1 and 3 those
 * behind: @packs w (o/4, k/4, o%4, k%2, k/2%2), so that SXTB16 gives words of two taps.  Four
 * taps of a tile are 36 instructions for 32 products.
 *
 * Sums are modulo 2^32: SMLAD adds both products of a word to an accumulator that wraps.
 */
#ifndef EDGEQ_DSP_PLAIN_H
#define EDGEQ_DSP_PLAIN_H

#include "edgeq/dsp_dot.h"

/* Accumulators of four channels, of the first pixel and of the second. */
typedef struct {
    int32_t a[4], b[4];
} eq_dsp_tile;

/* Two taps of one channel. */
static inline void eq_dsp_plain_taps(int32_t *a, int32_t *b, int32_t w, int32_t xa,
                                     int32_t xb)
{
    *a = __smlad(w, xa, *a);
    *b = __smlad(w, xb, *b);
}

/* The dot products of a tile whose windows are [x, end). */
static inline eq_dsp_tile eq_dsp_plain_tile(const int8_t *w, const int8_t *x,
                                            const int8_t *end)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    int32_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    do {
        int32_t xa = eq_dsp_load(x);
        int32_t xb = eq_dsp_load(x + 4);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_even(eq_dsp_load(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_even(eq_dsp_load(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_even(eq_dsp_load(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_even(eq_dsp_load(w + 12)), xa, xb);
        eq_dsp_pause();
        xa = eq_dsp_load(x + 8);
        xb = eq_dsp_load(x + 12);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_odd(eq_dsp_load(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_odd(eq_dsp_load(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_odd(eq_dsp_load(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_odd(eq_dsp_load(w + 12)), xa, xb);
        eq_dsp_pause();
        x += 16;
        w += 16;
    } while (x != end);
    return (eq_dsp_tile){{a0, a1, a2, a3}, {b0, b1, b2, b3}};
}

/* The same of int4 weights, times 16: @packs w (o/4, k/8, o%4, k%2, k/2%2, k/4%2).  The nibbles
 * of a byte are taken to its upper half, which SXTB16 widens with their sign. */
static inline int32_t eq_dsp_low_nibbles(const int8_t *w)
{
    return (int32_t)(((uint32_t)eq_dsp_load(w) << 4) & 0xf0f0f0f0);
}

static inline int32_t eq_dsp_high_nibbles(const int8_t *w)
{
    return (int32_t)((uint32_t)eq_dsp_load(w) & 0xf0f0f0f0);
}

static inline eq_dsp_tile eq_dsp_nibble_tile(const int8_t *w, const int8_t *x,
                                             const int8_t *end)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    int32_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    do {
        int32_t xa = eq_dsp_load(x);
        int32_t xb = eq_dsp_load(x + 4);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_even(eq_dsp_low_nibbles(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_even(eq_dsp_low_nibbles(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_even(eq_dsp_low_nibbles(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_even(eq_dsp_low_nibbles(w + 12)), xa, xb);
        eq_dsp_pause();
        xa = eq_dsp_load(x + 8);
        xb = eq_dsp_load(x + 12);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_odd(eq_dsp_low_nibbles(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_odd(eq_dsp_low_nibbles(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_odd(eq_dsp_low_nibbles(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_odd(eq_dsp_low_nibbles(w + 12)), xa, xb);
        eq_dsp_pause();
        xa = eq_dsp_load(x + 16);
        xb = eq_dsp_load(x + 20);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_even(eq_dsp_high_nibbles(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_even(eq_dsp_high_nibbles(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_even(eq_dsp_high_nibbles(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_even(eq_dsp_high_nibbles(w + 12)), xa, xb);
        eq_dsp_pause();
        xa = eq_dsp_load(x + 24);
        xb = eq_dsp_load(x + 28);
        eq_dsp_plain_taps(&a0, &b0, eq_dsp_odd(eq_dsp_high_nibbles(w)), xa, xb);
        eq_dsp_plain_taps(&a1, &b1, eq_dsp_odd(eq_dsp_high_nibbles(w + 4)), xa, xb);
        eq_dsp_pause();
        eq_dsp_plain_taps(&a2, &b2, eq_dsp_odd(eq_dsp_high_nibbles(w + 8)), xa, xb);
        eq_dsp_plain_taps(&a3, &b3, eq_dsp_odd(eq_dsp_high_nibbles(w + 12)), xa, xb);
        eq_dsp_pause();
        x += 32;
        w += 16;
    } while (x != end);
    return (eq_dsp_tile){{a0, a1, a2, a3}, {b0, b1, b2, b3}};
}

#endif
