/* Dot products of bytes with multiply-accumulate: four channels of one or two rows of x.
 *
 * Weights lie in blocks of four channels, four taps at a time, (o/4, k/4, k%4, o%4), filled up
 * with zeros, as x must be filled up with anything.
 */
#ifndef EDGEQ_THUMB_DOT_H
#define EDGEQ_THUMB_DOT_H

#include <stdint.h>

#include "edgeq/thumb_rescale.h"

/* Channels whose constants lie at the same index as their outputs; dot products of at most 30
 * bits. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t taps;     /* of a channel, filled up to a multiple of four */
    int32_t channels; /* > 0 */
    int32_t zy, act_min, act_max;
    int32_t
        plain; /* whether all factors are plain, and act_min and act_max those of int8 */
} eq_thumb_layer;

static inline void eq_thumb_find_plain(eq_thumb_layer *t)
{
    t->plain = t->act_min == INT8_MIN && t->act_max == INT8_MAX;
    for (int32_t o = 0; o < t->channels && t->plain; ++o)
        t->plain = eq_thumb_is_plain(t->bias[o], t->mult[o], t->shift[o]);
}

/* One output by the factor's definition. */
static inline int8_t eq_thumb_plainly(int32_t acc, int32_t o,
                                      const eq_thumb_layer *restrict t, int32_t form)
{
    const int32_t y = form == eq_thumb_form_double
                          ? eq_requantize_double(acc, t->mult[o], t->shift[o])
                          : eq_requantize_single(acc, t->mult[o], t->shift[o]);
    return (int8_t)eq_clamp(y + t->zy, t->act_min, t->act_max);
}

/* Outputs from o on, at most `most` and as far as there are, of one row, or of two. */
static inline void eq_thumb_put(const int32_t *a, int8_t *ya, const int32_t *b, int8_t *yb,
                                int32_t o, int32_t most, const eq_thumb_layer *restrict t,
                                int32_t form, int32_t products)
{
    const int32_t n = t->channels - o < most ? t->channels - o : most, plain = t->plain;
    for (int32_t i = 0; i < n; ++i) {
        if (!plain) {
            ya[o + i] = eq_thumb_plainly(a[i], o + i, t, form);
            if (yb != 0)
                yb[o + i] = eq_thumb_plainly(b[i], o + i, t, form);
            continue;
        }
        const eq_thumb_factor f =
            eq_thumb_factor_of(t->mult[o + i], t->shift[o + i], t->zy);
        ya[o + i] = eq_thumb_rescale(a[i], f, form, products);
        if (yb != 0)
            yb[o + i] = eq_thumb_rescale(b[i], f, form, products);
    }
}

/* All channels of one row. */
static inline void eq_thumb_one(const int8_t *restrict x, int8_t *restrict y,
                                const eq_thumb_layer *restrict t, int32_t form,
                                int32_t products)
{
    const int8_t *w = t->w, *const end = x + t->taps;
    for (int32_t o = 0; o < t->channels; o += 4) {
        const int32_t *s = t->bias + o;
        int32_t a0 = s[0], a1 = s[1], a2 = s[2], a3 = s[3];
        for (const int8_t *a = x; a != end; a += 4) {
            a0 += a[0] * w[0];
            a1 += a[0] * w[1];
            a2 += a[0] * w[2];
            a3 += a[0] * w[3];
            a0 += a[1] * w[4];
            a1 += a[1] * w[5];
            a2 += a[1] * w[6];
            a3 += a[1] * w[7];
            a0 += a[2] * w[8];
            a1 += a[2] * w[9];
            a2 += a[2] * w[10];
            a3 += a[2] * w[11];
            a0 += a[3] * w[12];
            a1 += a[3] * w[13];
            a2 += a[3] * w[14];
            a3 += a[3] * w[15];
            w += 16;
        }
        const int32_t acc[4] = {a0, a1, a2, a3};
        eq_thumb_put(acc, y, acc, 0, o, 4, t, form, products);
    }
}

/* All channels of two rows, which lie interleaved; ya may be yb where they are the same. */
static inline void eq_thumb_two(const int8_t *restrict pairs, int8_t *ya, int8_t *yb,
                                const eq_thumb_layer *restrict t, int32_t form,
                                int32_t products)
{
    const int8_t *w = t->w, *const end = pairs + 2 * t->taps;
    for (int32_t o = 0; o < t->channels; o += 4) {
        const int32_t *s = t->bias + o;
        int32_t a0 = s[0], a1 = s[1], a2 = s[2], a3 = s[3];
        int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        for (const int8_t *x = pairs; x != end; x += 8) {
            int32_t va, vb;
            va = x[0], vb = x[1];
            a0 += va * w[0];
            b0 += vb * w[0];
            a1 += va * w[1];
            b1 += vb * w[1];
            a2 += va * w[2];
            b2 += vb * w[2];
            a3 += va * w[3];
            b3 += vb * w[3];
            va = x[2], vb = x[3];
            a0 += va * w[4];
            b0 += vb * w[4];
            a1 += va * w[5];
            b1 += vb * w[5];
            a2 += va * w[6];
            b2 += vb * w[6];
            a3 += va * w[7];
            b3 += vb * w[7];
            va = x[4], vb = x[5];
            a0 += va * w[8];
            b0 += vb * w[8];
            a1 += va * w[9];
            b1 += vb * w[9];
            a2 += va * w[10];
            b2 += vb * w[10];
            a3 += va * w[11];
            b3 += vb * w[11];
            va = x[6], vb = x[7];
            a0 += va * w[12];
            b0 += vb * w[12];
            a1 += va * w[13];
            b1 += vb * w[13];
            a2 += va * w[14];
            b2 += vb * w[14];
            a3 += va * w[15];
            b3 += vb * w[15];
            w += 16;
        }
        const int32_t of_a[4] = {a0, a1, a2, a3}, of_b[4] = {b0, b1, b2, b3};
        eq_thumb_put(of_a, ya, of_b, yb, o, 4, t, form, products);
    }
}

/* The same of one row by pairs of channels, each a row of weights with t->taps of them: eight
 * registers hold three addresses with one index, two sums and two factors. */
static inline void eq_thumb_pairs(const int8_t *restrict x, int8_t *restrict y,
                                  const eq_thumb_layer *restrict t, int32_t form,
                                  int32_t products)
{
    const int32_t taps = t->taps;
    x += taps;
    for (int32_t o = 0; o < t->channels; o += 2) {
        const int32_t two = o + 1 < t->channels;
        const int8_t *w0 = t->w + (o + 1) * taps, *w1 = two ? w0 + taps : w0;
        int32_t a0 = t->bias[o], a1 = t->bias[o + two];
        for (int32_t k = -taps; k != 0; ++k) {
            const int32_t v = x[k];
            a0 += v * w0[k];
            a1 += v * w1[k];
        }
        const int32_t acc[2] = {a0, a1};
        eq_thumb_put(acc, y, acc, 0, o, 2, t, form, products);
    }
}

#endif
