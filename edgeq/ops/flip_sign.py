"""FLIP_SIGN: uint8 seen as int8 with a zero point 128 lower, or back; the real values stay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError, QuantError
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
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats

ZERO_POINT_STEP = {(DType.UINT8, DType.INT8): -128, (DType.INT8, DType.UINT8): 128}


@register
class FlipSign(Op):
    """y = x ^ 0x80, bit by bit the same real value on the same scale."""

    name = "flip_sign"
    contracts = ("flip_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return floats(inputs, 1)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        step = ZERO_POINT_STEP.get((x.dtype, y.dtype))
        if step is None:
            raise GraphError(f"flip_sign from {x.dtype} to {y.dtype} is not known", where=node.name)
        if scale_of(x) != scale_of(y) or zero_point_of(x) + step != zero_point_of(y):
            raise QuantError(
                f"{x.name} and {y.name} must stand for the same reals", where=node.name
            )
        args: dict[str, Operand] = {"x": View(x.name), "y": View(y.name)}
        return (Call("flip_s8", args, {"count": x.size}),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        y = args["y"].reshape(-1).copy()
        x = args["x"].reshape(-1)[: params["count"]].view(np.uint8)
        y[: params["count"]] = (x ^ np.uint8(0x80)).view(y.dtype)
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for n in (1, 7, 8, 15, 16, 17, 33, 256):
            x = rng.integers(-128, 128, n, np.int8)
            x[0], x[-1] = -128, 127
            yield Case({"x": x, "y": np.full(n + 2, 3, np.int8)}, {"count": n})
