/* depthwise_s8 for NEON with dot products, windows of one column that lie inside the image:
 * four taps of sixteen channels at once.
 *
 * Exact: see depthwise_quads_neon_dotprod.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c % 8 == 0 and kw == 1 and kh >= 2 and kh <= 13
 * @requires row1 - row0 >= 3 and stride_h == 1 and dil_h == 1 and pad_top == 0 and pad_left == 0
 * @requires row1 + kh - 1 <= in_h and x_ring == in_h and (out_w - 1) * stride_w < in_w
 * @requires live_shift >= 32 and acc_bits + 16 <= live_shift
 * @slides w
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/depthwise_quads_neon_dotprod.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_dotprod_column);

#define depthwise_s8_neon_dotprod_quads EQ_SYM(depthwise_s8_neon_dotprod_quads)
#define depthwise_s8_neon_dotprod_column_2 EQ_SYM(depthwise_s8_neon_dotprod_column_2)
#define depthwise_s8_neon_dotprod_column_3 EQ_SYM(depthwise_s8_neon_dotprod_column_3)
#define depthwise_s8_neon_dotprod_column_4 EQ_SYM(depthwise_s8_neon_dotprod_column_4)

/* Two to four quads, functions of their own, for gcc 12 otherwise mixes up their registers. */
static __attribute__((noinline)) void
depthwise_s8_neon_dotprod_column_2(const eq_down_pass_neon *t, int mode)
{
    eq_down_modes_dotprod(t, 2, mode, eq_is_single());
}

static __attribute__((noinline)) void
depthwise_s8_neon_dotprod_column_3(const eq_down_pass_neon *t, int mode)
{
    eq_down_modes_dotprod(t, 3, mode, eq_is_single());
}

static __attribute__((noinline)) void
depthwise_s8_neon_dotprod_column_4(const eq_down_pass_neon *t, int mode)
{
    eq_down_modes_dotprod(t, 4, mode, eq_is_single());
}

static inline void depthwise_s8_neon_dotprod_quads(const eq_down_pass_neon *t,
                                                   int32_t quads, int mode)
{
    if (quads == 2)
        depthwise_s8_neon_dotprod_column_2(t, mode);
    else if (quads == 3)
        depthwise_s8_neon_dotprod_column_3(t, mode);
    else
        depthwise_s8_neon_dotprod_column_4(t, mode);
}

void EQ_SYM(eq_depthwise_s8__neon_dotprod_column)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    (void)scratch;
    const int32_t rows = p->row1 - p->row0, quads = (p->kh + 6) / 4;
    const int32_t late = 4 * quads - 3 - p->kh;
    const int mode = eq_column_mode_neon(eq_is_single(), p->zy, p->act_min, p->act_max);
    eq_down_pass_neon t = {.w = w,
                           .bias = bias,
                           .mult = mult,
                           .shift = shift,
                           .range = eq_load_range(p->zy, p->act_min, p->act_max),
                           .line = p->x_row,
                           .y_row = p->y_row,
                           .channels = p->in_c,
                           .x_rows = rows + p->kh - 1,
                           .rows = rows,
                           .skip_0 = late > 0,
                           .skip_1 = late > 1,
                           .skip_2 = late > 2};
    for (int32_t c = 0; c < p->out_w; ++c) {
        t.x = x + p->row0 * p->x_row + c * p->stride_w * p->x_pixel;
        t.y = y + p->row0 * p->y_row + c * p->y_pixel;
        depthwise_s8_neon_dotprod_quads(&t, quads, mode);
    }
}
