"""SOFTMAX on int16: exponentials and the reciprocal of their sum from interpolated tables.

A table holds 512 steps and an end point over an int16 argument; each entry is corrected by
half of the error that interpolation makes in the middle of its step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import Node, Tensor
from edgeq.numerics.fixed_point import Ints, quantize_multiplier, requantize
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Call, Case, Operand, Params, View
from edgeq.ops.broadcast import put
from edgeq.ops.common import scale_of

Reals = NDArray[Any]
Real = type[np.float32] | type[np.float64]
Curve = Callable[[Reals], Reals]
STEPS = 512
STEP_PER_Q15 = 10.0 / 65535.0
DEPTH_MAX, SHIFT_MIN = 65535, 17


def lower_softmax16(
    node: Node, x: Tensor, y: Tensor, beta: float, profile: Profile
) -> tuple[Call, ...]:
    """The call of softmax_s16.

    TensorFlow Lite Micro makes its tables in single precision; LiteRT multiplies beta and scale
    in it.

    Raises:
        QuantError: more than 65535 classes, or beta * scale above 2.5.
    """
    depth = x.shape[-1] if x.shape else 1
    step = scale_of(x) * beta
    if profile is Profile.LITERT:
        step = float(np.float32(scale_of(x)) * np.float32(beta))
    mult, shift = quantize_multiplier(step / STEP_PER_Q15)
    if depth > DEPTH_MAX:
        raise QuantError(f"{depth} classes are more than {DEPTH_MAX}", where=node.name)
    if shift < SHIFT_MIN:
        raise QuantError(f"beta * scale is {step}, above 2.5", where=node.name)
    real = np.float32 if profile is Profile.TFLM else np.float64
    args: dict[str, Operand] = {"x": View(x.name), "powers": powers_table(),
                                "inverse": inverse_table(real), "y": View(y.name)}  # fmt: skip
    params = {"rows": x.size // depth, "depth": depth, "mult": mult, "shift": shift}
    return (Call("softmax_s16", args, params, profile.rounding),)


def powers_table() -> NDArray[np.int16]:
    """Exp on [-10, 0] in Q15; single and double precision agree on it."""
    return _curve_table(np.exp, -10.0, 0.0, np.float64)


def inverse_table(real: Real) -> NDArray[np.int16]:
    """1 / (1 + v) on [0, 1] in Q15; two entries depend on the precision."""
    return _curve_table(lambda v: 1 / (1 + v), 0.0, 1.0, real)


def _round(v: Reals) -> Reals:
    """To nearest, ties away."""
    nearest: Reals = np.sign(v) * np.floor(np.abs(v) + 0.5)
    return nearest


def _curve_table(curve: Curve, low: float, high: float, real: Real) -> NDArray[np.int16]:
    """(513) `curve` over [low, high] in Q15, computed in `real`; the ends are exact in both."""
    step = (high - low) / STEPS
    index: Reals = np.arange(STEPS).astype(real)
    at, after = curve(low + index * step) * 32768, curve(low + (index + 1) * step) * 32768
    middle = curve(low + index * step + step / 2) * 32768
    straight = _round((after + _round(at)) / 2)
    bias = _round((straight - _round(middle)) / 2)
    end = curve(np.array([high]).astype(real)) * 32768
    entries = np.concatenate([_round(at) - bias, _round(end)])
    table: NDArray[np.int16] = np.clip(entries, -32768, 32767).astype(np.int16)
    return table


def _at(table: Array, v: Ints) -> Ints:
    entries = table.reshape(-1).astype(np.int64)
    index = 256 + (v >> 7)
    slope = entries[index + 1] - entries[index]
    value: Ints = entries[index] + ((slope * (v & 127) + 64) >> 7)
    return value


def exact_softmax16(args: Args, params: Params, form: str) -> dict[str, Array]:
    """What softmax_s16 returns."""
    n, c = params["rows"], params["depth"]
    x = args["x"].reshape(-1)[: n * c].reshape(n, c).astype(np.int64)
    difference = requantize(x - x.max(axis=1, keepdims=True), params["mult"], params["shift"], form)
    powers = _at(args["powers"], np.clip(difference + 32767, -32768, 32767))
    total = powers.sum(axis=1, keepdims=True)
    right = np.frexp(total.astype(np.float64))[1].astype(np.int64) - 1
    shifted = ((total << (30 - right)) + (1 << 13)) >> 14
    inverse = _at(args["inverse"], np.clip(shifted - 98304, -32768, 32767))
    y = (powers * inverse + (np.int64(1) << (right - 1))) >> right
    return {"y": put(args["y"], np.clip(y, 0, 32767))}


def softmax16_cases(rng: np.random.Generator) -> Iterator[Case]:
    """From one class to thousands, from flat to steep."""
    factors = ((2**30, 31), (2**30 + 12345, 28), (2**31 - 1, SHIFT_MIN), (2**30, 36))
    for n, c in ((1, 1), (1, 2), (3, 7), (1, 12), (2, 17), (1, 130), (1, 5000)):
        for mult, shift in factors:
            x = rng.integers(-32768, 32768, (n, c), np.int16)
            x[0, : c // 3] = 32767
            args = {"x": x, "powers": powers_table(), "inverse": inverse_table(np.float64),
                    "y": np.zeros(n * c + 3, np.int16)}  # fmt: skip
            yield Case(args, {"rows": n, "depth": c, "mult": mult, "shift": shift})
