"""QUANTIZE: float to integers, or integers to another scale or width."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Call,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Operand,
    Outputs,
    Params,
    View,
    register,
)
from edgeq.ops.broadcast import put
from edgeq.ops.common import RANGES, need, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.requantize import CONTRACTS, lower_requantize, requantize_cases, requantize_exact
from edgeq.ops.tables import lookup, requantized, rescale_factor, saturated

FROM_FLOAT = {DType.INT8: "quantize_s8", DType.INT16: "quantize_s16"}


@register
class Quantize(Op):
    """y = clamp(round(x / scale_y) + zy), x real or itself on a scale."""

    name = "quantize"
    contracts = ("quantize_s8", "quantize_s16", *CONTRACTS)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return floats(inputs, 1)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if x.dtype is DType.FLOAT32:
            return _from_float(node, x, y)
        factor = rescale_factor(x, y)
        if x.dtype is DType.INT8 and y.dtype is DType.INT8:
            return lookup(x, y, saturated(requantized(x, y, factor, profile.rounding)))
        return lower_requantize(node, x, y, factor, RANGES[y.dtype], profile.rounding)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        if contract in CONTRACTS:
            return requantize_exact(args, params, form)
        info = np.iinfo(args["y"].dtype)
        lo, hi = info.min - params["zy"], info.max - params["zy"]
        x = args["x"].reshape(-1)[: params["count"]]
        with np.errstate(over="ignore", invalid="ignore"):
            q = (x / args["scale"].reshape(-1)[0]).astype(np.float64)
        q = np.clip(np.where(np.isnan(q), lo, q), lo, hi)
        v = np.sign(q) * np.floor(np.abs(q) + 0.5) + params["zy"]
        return {"y": put(args["y"], v)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        if contract in CONTRACTS:
            yield from requantize_cases(contract, rng)
            return
        dtype = np.int8 if contract == "quantize_s8" else np.int16
        reach = np.iinfo(dtype).max
        for n in (1, 7, 8, 15, 16, 17, 33, 65):
            scale = np.float32(2.0 ** int(rng.integers(-9, 3)) * (1 if n % 2 else 1.1))
            x = (rng.uniform(-1.3 * reach, 1.3 * reach, n) * scale).astype(np.float32)
            if n > len(UGLY):
                x[: len(UGLY)] = np.array(UGLY, np.float32) * scale
                x[-5:] = np.inf, -np.inf, np.nan, 3.0e38, -1e-42
            args = {"x": x, "scale": np.array([scale]), "y": np.full(n + 2, 55, dtype)}
            yield Case(args, {"count": n, "zy": int(rng.integers(-128, 128))})


UGLY = (0.5, -0.5, 1.5, -2.5, 0.49999997, -0.49999997, 0.0, -0.0)


def _from_float(node: Node, x: Tensor, y: Tensor) -> tuple[Call, ...]:
    if y.dtype not in FROM_FLOAT:
        raise GraphError(f"quantize from {x.dtype} to {y.dtype} is not known", where=node.name)
    scale = np.array([scale_of(y)], np.float32)
    args: dict[str, Operand] = {"x": View(x.name), "scale": scale, "y": View(y.name)}
    return (Call(FROM_FLOAT[y.dtype], args, {"count": x.size, "zy": zero_point_of(y)}),)
