"""What logistic and tanh on int16 share: a table of the logistic function, interpolated.

Both runtimes walk through one table of 256 values of 1 / (1 + exp(-v)) for v = 0, 1/24, ...;
tanh(v) = 2 / (1 + exp(-2 v)) - 1 reads it at twice the pace.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import Node, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, Ints
from edgeq.ops.base import Args, Array, Call, Case, Operand, Params, View
from edgeq.ops.broadcast import put
from edgeq.ops.common import scale_of, zero_point_of

STEPS_PER_UNIT = 24
OUTPUT_SCALE = 2.0**-15
LAST = 255


def sigmoid_table() -> NDArray[np.uint16]:
    """2**16 / (1 + exp(-k / 24)) for k = 0 .. 254, to nearest, then 65535: (256) uint16.

    Each value is raised by half of the error that a straight line to the next makes in the
    middle of the step: the entries that the runtimes' literal table holds.
    """
    return np.array([*(_entry(k) for k in range(LAST)), 65535]).astype(np.uint16)


def _entry(k: int) -> int:
    at, middle, after = (_sigmoid_q16((k + d) / STEPS_PER_UNIT) for d in (0, 0.5, 1))
    return math.floor(at + (middle - (at + after) / 2) / 2 + 0.5)


def _sigmoid_q16(v: float) -> float:
    return 65536 / (1 + math.exp(-v))


def lower_sigmoid(node: Node, contract: str, x: Tensor, y: Tensor) -> tuple[Call, ...]:
    """The call of `contract`, logistic_s16 or tanh_s16.

    Raises:
        QuantError: a zero point is not 0, the output scale not 2**-15, or the input's too large.
    """
    if zero_point_of(x) or zero_point_of(y) or scale_of(y) != OUTPUT_SCALE:
        raise QuantError(
            f"{node.op} on int16 needs zero points 0 and output scale 2**-15", where=node.name
        )
    mult, shift = _factor(scale_of(x))
    if (mult << 15) + (1 << shift >> 1) > INT32_MAX:
        raise QuantError(f"input scale {scale_of(x)} is too large", where=node.name)
    args: dict[str, Operand] = {"x": View(x.name), "table": sigmoid_table(), "y": View(y.name)}
    return (Call(contract, args, {"count": x.size, "mult": mult, "shift": shift}),)


def _factor(scale: float) -> tuple[int, int]:
    """(mult, shift) from x to steps of 1 / (3 * 2**12).

    Scales 2**-12 and 2**-11 are exact; others keep 14 bits of the factor, cut off.
    """
    exponent = math.frexp(scale)[1] + 11
    if math.frexp(scale)[0] == 0.5 and exponent in (0, 1):  # noqa: PLR2004
        return 3 << exponent, 0
    multiplier, shift = scale * 4096 * 3, 0
    while multiplier <= 32767 / 2 and shift <= 30:  # noqa: PLR2004
        multiplier, shift = multiplier * 2, shift + 1
    return min(int(multiplier), INT32_MAX), shift


def steps(args: Args, params: Params) -> tuple[Ints, NDArray[np.bool_]]:
    """Inputs in table steps with fraction bits: each as (magnitude, whether it is negative)."""
    x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
    t = (x * params["mult"] + (1 << params["shift"] >> 1)) >> params["shift"]
    return np.abs(t), t < 0


def interpolate(table: Array, magnitude: Ints, bits: int, top: int) -> Ints:
    """The table at magnitude / 2**bits, times 2**bits; `top` from entry 255 on."""
    h = np.minimum(magnitude >> bits, LAST - 1)
    entries = table.reshape(-1).astype(np.int64)
    fraction = magnitude & ((1 << bits) - 1)
    inside = (entries[h] << bits) + fraction * (entries[h + 1] - entries[h])
    return np.where(magnitude >> bits >= LAST, top << bits, inside)


def sigmoid_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Exact and cut-off factors, saturation at both ends, and the smallest factor."""
    factors = ((3, 0), (6, 0), (65535, 0), (16384, 13), (32767, 9), (20011, 14), (0, 31))
    for n, (mult, shift) in zip((1, 7, 8, 15, 16, 17, 33), factors, strict=True):
        x = rng.integers(-32768, 32768, n, np.int16)
        x[0], x[-1] = -32768, 32767
        y = np.full(n + 2, 5, np.int16)
        yield Case({"x": x, "table": sigmoid_table(), "y": y},
                   {"count": n, "mult": mult, "shift": shift})  # fmt: skip


def outputs(args: Args, values: Ints) -> dict[str, Array]:
    """`values` written into y."""
    return {"y": put(args["y"], values)}
