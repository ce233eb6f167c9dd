"""Integers on one scale to integers on another, and the contracts that do it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, quantize_multiplier, requantize
from edgeq.ops.base import Args, Array, Call, Case, Params, View
from edgeq.ops.broadcast import put
from edgeq.ops.common import RANGES, zero_point_of

CONTRACTS = {
    "requantize_s16": (DType.INT16, DType.INT16),
    "requantize_s8s16": (DType.INT8, DType.INT16),
    "requantize_s16s8": (DType.INT16, DType.INT8),
    "requantize_s32s8": (DType.INT32, DType.INT8),
    "requantize_s32s16": (DType.INT32, DType.INT16),
}
"""Dtypes of x and y, by contract.  int8 to int8 is a table."""

NAMES = {dtypes: name for name, dtypes in CONTRACTS.items()}


def lower_requantize(
    node: Node, x: Tensor, y: Tensor, factor: float, clamp: tuple[int, int], form: str
) -> tuple[Call, ...]:
    """The call that computes clamp(round((x - zx) * factor) + zy).

    Raises:
        GraphError: no contract has these dtypes.
        QuantError: the factor is so large that a product may leave int32.
    """
    if (x.dtype, y.dtype) not in NAMES:
        raise GraphError(f"{node.op} from {x.dtype} to {y.dtype} is not known", where=node.name)
    mult, shift = quantize_multiplier(factor)
    worst = max(abs(end - zero_point_of(x)) for end in RANGES[x.dtype])
    if x.dtype is DType.INT32:
        _check_int32(node, x, shift)
    elif worst << max(1, 32 - shift) > INT32_MAX:
        raise QuantError(
            f"factor {factor} is too large", where=node.name,
            why=f"the scales of {x.name} and {y.name} are too far apart for 32 bits",
        )  # fmt: skip
    params = {"count": x.size, "zx": zero_point_of(x), "mult": mult, "shift": shift,
              "zy": zero_point_of(y), "act_min": clamp[0], "act_max": clamp[1]}  # fmt: skip
    return (Call(NAMES[x.dtype, y.dtype], {"x": View(x.name), "y": View(y.name)}, params, form),)


def _check_int32(node: Node, x: Tensor, shift: int) -> None:
    if zero_point_of(x) or shift < 31:  # noqa: PLR2004
        raise QuantError(
            f"int32 tensor {x.name} cannot be rescaled", where=node.name,
            why="it needs zero point 0 and a scale below the output's",
        )  # fmt: skip


def requantize_exact(args: Args, params: Params, form: str) -> dict[str, Array]:
    """What a requantize_* kernel returns."""
    x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
    v = requantize(x - params["zx"], params["mult"], params["shift"], form) + params["zy"]
    return {"y": put(args["y"], np.clip(v, params["act_min"], params["act_max"]))}


def requantize_cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """Ties, factors around 1, the largest left shift, and random factors, on odd lengths."""
    x_type, y_type = CONTRACTS[contract]
    x_lo, x_hi = RANGES[x_type]
    y_lo, y_hi = RANGES[y_type]
    for n, (mult, shift) in zip((1, 7, 8, 15, 16, 17, 33, 64, 65, 250), _factors(x_type, rng),
                                strict=False):  # fmt: skip
        x = rng.integers(x_lo, x_hi + 1, n, x_type.numpy)
        if n > 2:  # noqa: PLR2004
            x[:3] = x_lo, x_hi, 1
        zx = 0 if x_type is DType.INT32 else int(rng.integers(x_lo, x_hi + 1))
        if n > 6:  # noqa: PLR2004 (ties of a factor that is a power of two)
            x[3:6] = np.clip(zx + np.array([-3, -1, 1]) * 2 ** max(shift - 31, 0), x_lo, x_hi)
        params = {"count": n, "zx": zx, "mult": mult, "shift": shift,
                  "zy": int(rng.integers(-100, 100)), "act_min": y_lo + int(rng.integers(0, 9)),
                  "act_max": y_hi}  # fmt: skip
        yield Case({"x": x, "y": np.full(n + 3, 99, y_type.numpy)}, params)


def _factors(x_type: DType, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """(mult, shift) within the range that the contract of `x_type` allows."""
    first, usual = {DType.INT8: (9, 31), DType.INT16: (17, 33), DType.INT32: (31, 50)}[x_type]
    yield 2**31 - 1, 31
    yield 2**30, usual + 1
    yield 2**30, usual + 4
    yield 2**31 - 1, first
    yield 2**30, first
    yield 0, 31
    yield 2**30 + 1, 62
    for _ in range(4):
        yield int(rng.integers(2**30, 2**31)), usual + int(rng.integers(0, 3))
