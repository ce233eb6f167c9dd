"""MUL: y = act(a * b), broadcast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, MULT_MAX, quantize_multiplier, requantize
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
from edgeq.ops.common import RANGES, activation_range, need, scale_of, zero_point_of
from edgeq.ops.floats import activate, floats

CONTRACT = {DType.INT8: "mul_s8", DType.INT16: "mul_s16"}
SHIFT_MIN = 17
"""Of mul_s8: a factor of 2**14 saturates every product but 0."""


@register
class Mul(Op):
    """y = act(a * b), broadcast."""

    name = "mul"
    contracts = ("mul_s8", "mul_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        return (broadcast_shape(node, a.shape, b.shape),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        return (activate(node, a * b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        (y,) = outputs
        if not a.dtype == b.dtype == y.dtype or y.dtype not in CONTRACT:
            raise GraphError(
                f"cannot multiply {a.dtype} by {b.dtype} to {y.dtype}", where=node.name
            )
        mult, shift = _factor(node, a, b, y, profile)
        lo, hi = activation_range(str(node.attrs.get("activation", "none")), y)
        own = {"mult": mult, "shift": shift, "zy": zero_point_of(y), "act_min": lo, "act_max": hi}
        if y.dtype is DType.INT8:
            own |= {"za": zero_point_of(a), "zb": zero_point_of(b)}
        calls = []
        for walk in walks(a.shape, b.shape):
            args = {"a": operand(a, walk.a), "b": operand(b, walk.b), "y": View(y.name, walk.y)}
            calls.append(Call(CONTRACT[y.dtype], args, {**walk.params, **own}, profile.rounding))
        return tuple(calls)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a = gather(args["a"], params, "a") - params.get("za", 0)
        b = gather(args["b"], params, "b") - params.get("zb", 0)
        v = requantize(a * b, params["mult"], params["shift"], form) + params["zy"]
        return {"y": put(args["y"], np.clip(v, params["act_min"], params["act_max"]))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = np.int8 if contract == "mul_s8" else np.int16
        info = np.iinfo(dtype)
        for size_a, size_b, size_y, strides in case_walks():
            a = rng.integers(info.min, info.max + 1, size_a, dtype)
            b = rng.integers(info.min, info.max + 1, size_b, dtype)
            a[0] = b[0] = info.min
            for mult, shift in _case_factors(contract, rng):
                za, zb, zy = rng.integers(-128, 128, 3).tolist()
                params = {"mult": mult, "shift": shift, "zy": zy, "act_max": info.max,
                          "act_min": info.min + max(int(rng.integers(-15, 20)), 0)}  # fmt: skip
                if contract == "mul_s8":
                    params |= {"za": za, "zb": zb}
                args = {"a": a, "b": b, "y": np.zeros(size_y + 3, dtype)}
                yield Case(args, {**strides, **params})


def _case_factors(contract: str, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Ties, the largest factor allowed, none at all, and random ones."""
    usual, largest = (37, SHIFT_MIN) if contract == "mul_s8" else (45, 31)
    yield 2**30, usual
    yield 2**30, usual + 2
    yield MULT_MAX, largest
    yield 0, 31
    for _ in range(2):
        yield int(rng.integers(2**30, 2**31)), usual + int(rng.integers(0, 3))


def _factor(node: Node, a: Tensor, b: Tensor, y: Tensor, profile: Profile) -> tuple[int, int]:
    """scale_a * scale_b / scale_y as (mult, shift); LiteRT computes it in single precision.

    Raises:
        QuantError: a product of int16 values, shifted left for the factor, may leave int32.
    """
    real = scale_of(a) * scale_of(b) / scale_of(y)
    if profile is Profile.LITERT:
        real = float(np.float32(scale_of(a)) * np.float32(scale_of(b)) / np.float32(scale_of(y)))
    mult, shift = quantize_multiplier(real)
    if y.dtype is DType.INT8:
        return (mult, shift) if shift >= SHIFT_MIN else (MULT_MAX, SHIFT_MIN)
    if zero_point_of(a) or zero_point_of(b):
        raise QuantError("int16 operands need zero point 0", where=node.name)
    worst = reach(a) * reach(b) << max(0, 31 - shift)
    if worst > INT32_MAX:
        raise QuantError(
            f"products may reach {worst}", where=node.name,
            why=f"the scales multiply to {real} of the output's",
        )  # fmt: skip
    return mult, shift


def reach(tensor: Tensor) -> int:
    """The largest |q|, from the constant's own values if it is one."""
    if tensor.data is not None:
        return int(np.abs(tensor.data.astype(np.int64)).max())
    return max(abs(end) for end in RANGES[tensor.dtype])
