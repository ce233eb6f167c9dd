"""MAXIMUM, and what MINIMUM shares with it: a comparison of integers on one scale."""

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
    Outputs,
    Params,
    View,
    register,
)
from edgeq.ops.broadcast import broadcast_shape, case_walks, gather, operand, put, walks
from edgeq.ops.common import need, quant_of
from edgeq.ops.floats import floats

SUFFIX = {DType.INT8: "s8", DType.INT16: "s16"}


@register
class Maximum(Op):
    """y = max(a, b), broadcast."""

    name = "maximum"
    contracts = ("max_s8", "max_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        return (broadcast_shape(node, a.shape, b.shape),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        return (np.maximum(a, b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_comparison(node, inputs, outputs, profile, "max")

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a, b = gather(args["a"], params, "a"), gather(args["b"], params, "b")
        return {"y": put(args["y"], np.maximum(a, b))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from comparison_cases(contract, rng)


def lower_comparison(
    node: Node, inputs: Inputs, outputs: Outputs, profile: Profile, which: str
) -> Lowered:
    """The calls of contract `which`_s8 or `which`_s16.

    The runtimes compare the integers as they are, whatever their scales; profile edgeq
    refuses scales that differ.
    """
    a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
    (y,) = outputs
    if not a.dtype == b.dtype == y.dtype or y.dtype not in SUFFIX:
        raise GraphError(f"cannot compare {a.dtype} and {b.dtype} to {y.dtype}", where=node.name)
    if profile is Profile.EDGEQ and not quant_of(a) == quant_of(b) == quant_of(y):
        raise QuantError(
            "inputs and output must share their scale and zero point", where=node.name,
            fix="put a quantize before the input that differs",
        )  # fmt: skip
    calls = []
    for walk in walks(a.shape, b.shape):
        args = {"a": operand(a, walk.a), "b": operand(b, walk.b), "y": View(y.name, walk.y)}
        calls.append(Call(f"{which}_{SUFFIX[y.dtype]}", args, walk.params))
    return tuple(calls)


def comparison_cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """Every broadcast, with extreme and equal values."""
    dtype = np.int8 if contract.endswith("s8") else np.int16
    info = np.iinfo(dtype)
    for size_a, size_b, size_y, strides in case_walks():
        a = rng.integers(info.min, info.max + 1, size_a, dtype)
        b = rng.integers(info.min, info.max + 1, size_b, dtype)
        a[-1], b[0] = info.min, info.max
        yield Case({"a": a, "b": b, "y": np.zeros(size_y + 3, dtype)}, strides)
