/* A table of 256 bytes in sixteen registers of AArch64.
 *
 * TBL and TBX look among 64 bytes each; of an index beyond these the one gives 0 and the other
 * leaves what is there.
 */
#ifndef EDGEQ_TABLE_NEON_H
#define EDGEQ_TABLE_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef struct {
    uint8x16x4_t first, second, third, fourth; /* 64 bytes each */
} eq_table_neon;

static inline __attribute__((always_inline)) uint8x16_t
eq_look_up_neon(const eq_table_neon *t, uint8x16_t at)
{
    const uint8x16_t step = vdupq_n_u8(64);
    uint8x16_t y = vqtbl4q_u8(t->first, at);
    at = vsubq_u8(at, step);
    y = vqtbx4q_u8(y, t->second, at);
    at = vsubq_u8(at, step);
    y = vqtbx4q_u8(y, t->third, at);
    return vqtbx4q_u8(y, t->fourth, vsubq_u8(at, step));
}

#endif
