/* lookup_octaves_s16 -- a function of one int16 value that bends near zero, by straight lines
 * between points that lie closer there.
 *
 *   u = |x|, e the least exponent >= 0 with u >> e < 64, rest = u mod 2^e
 *   t = table + (x < 0 ? 353 : 0) + 32 * e + (u >> e)
 *   y = t[0] where rest = 0
 *   y = t[0] + floor(((t[1] - t[0]) * rest + 2^(e - 1)) / 2^e) elsewhere
 *
 * There are 32 points to an octave; the 64 least magnitudes have one each.  y lies between
 * two points, so nothing is clamped.
 */
#ifndef EDGEQ_LOOKUP_OCTAVES_S16_H
#define EDGEQ_LOOKUP_OCTAVES_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_lookup_octaves_s16_params;

typedef void
eq_lookup_octaves_s16_fn(const int16_t *x,              /* (N) */
                         const int16_t *restrict table, /* (706) from zero up, then down */
                         int16_t *y,                    /* (N) */
                         const eq_lookup_octaves_s16_params *restrict p);

#endif
