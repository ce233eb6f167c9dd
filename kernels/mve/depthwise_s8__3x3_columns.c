/* depthwise_s8 with 3 x 3 taps and multiplier 1 for MVE, factors below 1/2: one channel after
 * the other, for wide images and for few channels.
 *
 * A line of words holds four rows of a channel, each word a column, the newest row on top.  The
 * taps of a window then lie in 12 bytes that follow each other, and one VMLAV is its sum; the
 * fourth row, and the fourth column of the vector, have weights of zero.  From window row to
 * window row as many rows are shifted in as the stride says.  Four windows are rescaled at once.
 *
 * Exact: VMLAV multiplies and adds without loss into 32 bits; the rescaling is
 * eq_requantize_live_x4 of fixed_point_mve.h, shift >= 32 for every factor that is not zero.
 *
 * @requires kh == 3 and kw == 3
 * @requires dil_h == 1 and dil_w == 1
 * @requires multiplier == 1
 * @requires stride_w <= 2
 * @requires stride_w == 1 and out_w >= 32 or in_c <= 8
 * @requires live_shift >= 32
 * @packs w (o, kh/4, kw/4, kw%4, kh%4)
 * @scratch 4 + 4 * max(pad_left + in_w, (out_w + 3) / 4 * 4 * stride_w - stride_w + 4)
 */
#include "edgeq/depthwise_s8.h"
#include "edgeq/fixed_point_mve.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__mve_3x3_columns);

/* What is the same for all channels: the line, the step from x to x and to y of four pixels,
 * a zero point to be read instead of x. */
typedef struct {
    int8_t *line, *zero;
    int32_t words;
    uint32x4_t x_at, y_at;
} EQ_SYM(depthwise_s8_mve_image);

/* Shifts image row r of a channel, which starts at x, into n columns of the line. */
static inline void EQ_SYM(depthwise_s8_mve_shift_in)(const int8_t *x, int32_t r,
                                                     const EQ_SYM(depthwise_s8_mve_image) *
                                                         m,
                                                     const eq_depthwise_s8_params *p)
{
    const int inside = r >= 0 && r < p->in_h;
    const uint32x4_t at = inside ? m->x_at : vdupq_n_u32(0);
    const int8_t *from = inside ? x + (r % p->x_ring) * p->x_row : m->zero;
    int8_t *line = m->line + 4 * p->pad_left;
    uint32x4_t a, b;
    __asm__ volatile(
        "wlstp.32 lr, %[n], 2f\n"
        "1:\n\t"
        "vldrb.u32 %q[a], [%[from], %q[at]]\n\t"
        "add %[from], %[from], %[step]\n\t"
        "vldrw.u32 %q[b], [%[line]]\n\t"
        "vshl.i32 %q[a], %q[a], #24\n\t"
        "vsri.32 %q[a], %q[b], #8\n\t"
        "vstrw.32 %q[a], [%[line]], #16\n\t"
        "letp lr, 1b\n"
        "2:"
        : [a] "=&t"(a), [b] "=&t"(b), [from] "+r"(from), [line] "+r"(line)
        : [n] "r"(p->in_w), [step] "r"(inside ? 4 * p->x_pixel : 0), [at] "t"(at)
        : "lr", "cc", "memory");
}

#define EQ_COLUMNS_MVE(ALL, ONE, TWO, THREE, HIGH, AWAY)                                   \
    "1:\n\t"                                                                               \
    "vldrb.u8 %q[a], [%[line]], #" ALL "\n\t"                                              \
    "vmlav.s8 %[s0], %q[a], %q[w]\n\t"                                                     \
    "vldrb.u8 %q[b], [%[line], #-" THREE "]\n\t"                                           \
    "vmlav.s8 %[s1], %q[b], %q[w]\n\t"                                                     \
    "vldrb.u8 %q[a], [%[line], #-" TWO "]\n\t"                                             \
    "vmlav.s8 %[s2], %q[a], %q[w]\n\t"                                                     \
    "vldrb.u8 %q[b], [%[line], #-" ONE "]\n\t"                                             \
    "vmlav.s8 %[s3], %q[b], %q[w]\n\t"                                                     \
    "vmov %q[a][2], %q[a][0], %[s0], %[s2]\n\t"                                            \
    "vctp.32 %[n]\n\t"                                                                     \
    "vmov %q[a][3], %q[a][1], %[s1], %[s3]\n\t"                                            \
    "vadd.i32 %q[a], %q[a], %q[bias]\n\t" HIGH " %q[a], %q[a], %q[mult]\n\t" AWAY          \
    "vrshl.s32 %q[a], %[down]\n\t"                                                         \
    "vadd.i32 %q[a], %q[a], %[zy]\n\t"                                                     \
    "vmax.s32 %q[a], %q[a], %q[lo]\n\t"                                                    \
    "vmin.s32 %q[a], %q[a], %q[hi]\n\t"                                                    \
    "vpst\n\t"                                                                             \
    "vstrbt.32 %q[a], [%[y], %q[at]]\n\t"                                                  \
    "subs %[n], #4\n\t"                                                                    \
    "add %[y], %[y], %[step]\n\t"                                                          \
    "bgt 1b"
#define EQ_COLUMNS_MVE_AWAY "vqdmlah.s32 %q[a], %q[a], %[one]\n\t"
#define EQ_COLUMNS_MVE_OPERANDS                                                            \
    : [a] "=&t"(a), [b] "=&t"(b), [s0] "=&Te"(s0), [s1] "=&Te"(s1), [s2] "=&Te"(s2),           \
      [s3] "=&Te"(s3), [line] "+r"(line), [y] "+r"(y), [n] "+r"(n)                             \
    : [w] "t"(k->w), [bias] "t"(k->bias), [mult] "t"(k->mult), [down] "r"(k->down),            \
      [zy] "r"(p->zy), [one] "r"(1), [step] "r"(4 * p->y_pixel), [at] "t"(m->y_at),            \
      [lo] "t"(vdupq_n_s32(p->act_min)), [hi] "t"(vdupq_n_s32(p->act_max))                     \
    : "cc", "memory"

typedef struct {
    int8x16_t w;
    int32x4_t bias, mult;
    int32_t down;
} EQ_SYM(depthwise_s8_mve_channel);

/* One channel of a row of windows. */
static inline void EQ_SYM(depthwise_s8_mve_row)(int8_t *y,
                                                const EQ_SYM(depthwise_s8_mve_channel) * k,
                                                const EQ_SYM(depthwise_s8_mve_image) * m,
                                                const eq_depthwise_s8_params *p)
{
    const int8_t *line = m->line;
    int32_t n = p->out_w, s0, s1, s2, s3;
    int32x4_t a, b;
    if (eq_mve_form == eq_mve_form_single && p->stride_w == 1)
        __asm__ volatile(EQ_COLUMNS_MVE("16", "4", "8", "12", "vqdmulh.s32", "")
                             EQ_COLUMNS_MVE_OPERANDS);
    else if (eq_mve_form == eq_mve_form_single)
        __asm__ volatile(EQ_COLUMNS_MVE("32", "8", "16", "24", "vqdmulh.s32", "")
                             EQ_COLUMNS_MVE_OPERANDS);
    else if (p->stride_w == 1)
        __asm__ volatile(EQ_COLUMNS_MVE("16", "4", "8", "12", "vqrdmulh.s32",
                                        EQ_COLUMNS_MVE_AWAY) EQ_COLUMNS_MVE_OPERANDS);
    else
        __asm__ volatile(EQ_COLUMNS_MVE("32", "8", "16", "24", "vqrdmulh.s32",
                                        EQ_COLUMNS_MVE_AWAY) EQ_COLUMNS_MVE_OPERANDS);
}

/* All rows of one channel. */
static inline void EQ_SYM(depthwise_s8_mve_plane)(const int8_t *x, int8_t *y,
                                                  const EQ_SYM(depthwise_s8_mve_channel) *
                                                      k,
                                                  const EQ_SYM(depthwise_s8_mve_image) * m,
                                                  const eq_depthwise_s8_params *p)
{
    int32_t next = p->row0 * p->stride_h - p->pad_top;
    int8_t *to = y + p->row0 * p->y_row;
    for (int32_t i = 0; i < m->words; i += 4)
        vstrwq_p_s32((int32_t *)(void *)m->line + i,
                     vreinterpretq_s32_s8(vdupq_n_s8((int8_t)p->zx)),
                     vctp32q((uint32_t)(m->words - i)));
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int32_t end = h * p->stride_h - p->pad_top + 4;
        for (next = end - next > 4 ? end - 4 : next; next < end; ++next)
            EQ_SYM(depthwise_s8_mve_shift_in)(x, next, m, p);
        EQ_SYM(depthwise_s8_mve_row)(to, k, m, p);
        to += p->y_row;
    }
}

void EQ_SYM(eq_depthwise_s8__mve_3x3_columns)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const int32_t read = (p->out_w + 3) / 4 * 4 * p->stride_w - p->stride_w + 4;
    const int32_t written = p->pad_left + p->in_w;
    const uint32x4_t count = vidupq_n_u32(0, 1);
    EQ_SYM(depthwise_s8_mve_image) m;
    m.line = scratch + (-(uintptr_t)scratch & 3u);
    m.words = read > written ? read : written;
    m.zero = m.line + 4 * m.words;
    *m.zero = (int8_t)p->zx;
    m.x_at = vmulq_n_u32(count, (uint32_t)p->x_pixel);
    m.y_at = vmulq_n_u32(count, (uint32_t)p->y_pixel);
    for (int32_t c = 0; c < p->in_c; ++c) {
        const EQ_SYM(depthwise_s8_mve_channel)
            k = {vldrbq_s8(w + 16 * c), vdupq_n_s32(bias[c]), vdupq_n_s32(mult[c]),
                 31 - shift[c]};
        EQ_SYM(depthwise_s8_mve_plane)(x + c, y + c, &k, &m, p);
    }
}
