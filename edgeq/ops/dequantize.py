"""DEQUANTIZE: integers to the float that they stand for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import DType, Node, Shape
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
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats

CONTRACT = {DType.INT8: "dequantize_s8", DType.INT16: "dequantize_s16"}


@register
class Dequantize(Op):
    """y = scale_x * (x - zx) in float32, rounded once."""

    name = "dequantize"
    contracts = ("dequantize_s8", "dequantize_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return floats(inputs, 1)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if x.dtype not in CONTRACT or y.dtype is not DType.FLOAT32:
            raise GraphError(f"dequantize from {x.dtype} to {y.dtype} is not known",
                             where=node.name)  # fmt: skip
        scale = np.array([scale_of(x)], np.float32)
        args: dict[str, Operand] = {"x": View(x.name), "scale": scale, "y": View(y.name)}
        return (Call(CONTRACT[x.dtype], args, {"count": x.size, "zx": zero_point_of(x)}),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        x = args["x"].reshape(-1)[: params["count"]].astype(np.int64) - params["zx"]
        return {"y": put(args["y"], args["scale"].reshape(-1)[0] * x.astype(np.float32))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = np.int8 if contract == "dequantize_s8" else np.int16
        info = np.iinfo(dtype)
        for n in (1, 7, 8, 15, 16, 17, 33, 65):
            x = rng.integers(info.min, info.max + 1, n, dtype)
            x[0] = info.min
            scale = np.array([rng.uniform(1e-6, 2)], np.float32)
            args = {"x": x, "scale": scale, "y": np.full(n + 2, 1.5, np.float32)}
            yield Case(args, {"count": n, "zx": int(rng.integers(info.min, info.max + 1))})
