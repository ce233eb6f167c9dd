"""Cases of multiply-accumulate contracts with the factors of ordinary networks.

Other cases have a channel of each ugly kind; these are for kernels that want every channel to be
ordinary (`@rescale fused` and `odd`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.fixed_point import MULT_MAX, MULT_MIN
from edgeq.ops.base import Case
from edgeq.ops.mac_facts import mac_facts

Ints = NDArray[Any]

PLAIN_Y = 200  # about what the outputs of a channel differ by
FEW = 6  # channels, all of them live
STEP = 3  # the value whose first sums are tried


def plain_case(
    rng: np.random.Generator, args: dict[str, NDArray[Any]], rows: Ints, dots: Ints,
    p: dict[str, int],
) -> Case:  # fmt: skip
    """The same inputs and weights, factors as networks have them: outputs use all of int8.

    One channel has a factor of zero, and one or two are beyond the clamp, but for few inputs.
    Where there is no ReLU, some have a sum where a step begins or ends.
    """
    count = len(rows)
    mult = rng.integers(MULT_MIN, MULT_MAX + 1, count).astype(np.int32)
    spread = np.abs(dots).max(axis=0) // PLAIN_Y + 1
    shift = (32 + np.ceil(np.log2(spread))).astype(np.int32)
    bias = rng.integers(-PLAIN_Y // 2, PLAIN_Y // 2, count) * spread
    bias[count // 3] += PLAIN_Y * spread[count // 3]
    bias[count // 2] -= PLAIN_Y * spread[count // 2]
    if count > FEW:
        mult[count - 2], shift[count - 2] = 0, 31
    if p["act_min"] < p["zy"]:
        bias[1::2] = _on_steps(mult, shift, dots)[1::2]
    changed = {"bias": bias.astype(np.int32), "mult": mult, "shift": shift, "y": args["y"].copy()}
    reach = np.iinfo(args["x"].dtype)
    facts = mac_facts(rows, bias, mult, shift, (reach.min, reach.max))
    return Case({**args, **changed}, p, facts)


def _on_steps(mult: Ints, shift: Ints, dots: Ints) -> Ints:
    """Biases that make one sum of each channel 0, or the last or first of a step, above or below 0.

    Under `double`, where half a step and half of what it rounds first belong to the next value.
    """
    half = ((2 * STEP - 1) << (shift.astype(np.int64) - 1)) - (1 << 30)
    first = -(-half // np.maximum(mult, 1))
    wanted = np.stack([0 * first, first, -first, first - 1, 1 - first])
    channel = np.arange(len(mult))
    sums: Ints = wanted[channel % len(wanted), channel] - dots[channel % len(dots), channel]
    return sums
