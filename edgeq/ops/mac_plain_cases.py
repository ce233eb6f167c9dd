"""Cases of multiply-accumulate contracts with the factors of ordinary networks.

Other cases have a channel of each ugly kind; these are for kernels that want every channel to be
ordinary (`@rescale fused`).
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


def plain_case(
    rng: np.random.Generator, args: dict[str, NDArray[Any]], rows: Ints, dots: Ints,
    p: dict[str, int],
) -> Case:  # fmt: skip
    """The same inputs and weights, factors as networks have them: outputs use all of int8.

    One channel has a factor of zero, and one or two are beyond the clamp, but for few inputs.  Only
    a ReLU is legal for both forms, to keep their number small: the others are those of `single`.
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
    changed = {"bias": bias.astype(np.int32), "mult": mult, "shift": shift, "y": args["y"].copy()}
    reach = np.iinfo(args["x"].dtype)
    facts = mac_facts(rows, bias, mult, shift, (reach.min, reach.max))
    forms = () if p["act_min"] >= p["zy"] else ("single",)
    return Case({**args, **changed}, p, facts, forms)
