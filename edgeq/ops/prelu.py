"""PRELU: y = x where x >= 0, slope * x elsewhere, one slope per channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, QuantParams, Shape, Tensor
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
from edgeq.ops.broadcast import case_walks, gather, operand, put, walks
from edgeq.ops.common import constant_of, need, quant_of, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.mul import reach
from edgeq.ops.tables import need_dtypes

CONTRACT = {DType.INT8: "prelu_s8", DType.INT16: "prelu_s16"}
SHIFT_MIN = {"prelu_s8": 17, "prelu_s16": 16}
"""A factor of 2**14 saturates every int8 but 0, one of 2**15 every int16."""


@register
class Prelu(Op):
    """y = x where x >= 0, slope * x elsewhere; the slopes broadcast to x's shape."""

    name = "prelu"
    contracts = ("prelu_s8", "prelu_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, slope = need(inputs[0], node, "x"), need(inputs[1], node, "slope")
        ends = zip(reversed(slope.shape), reversed(x.shape), strict=False)
        if len(slope.shape) > len(x.shape) or any(s not in (1, d) for s, d in ends):
            raise GraphError(f"slopes {slope.shape} do not fit {x.shape}", where=node.name)
        return (x.shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, slope = floats(inputs, 2)
        return (np.where(x >= 0, x, x * slope).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, slope = need(inputs[0], node, "x"), need(inputs[1], node, "slope")
        (y,) = outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        slope = _widened(node, x, slope)
        own = _fields(node, x, slope, y, profile)
        calls = []
        for walk in walks(x.shape, slope.shape):
            args = {"a": operand(x, walk.a), "b": operand(slope, walk.b), "y": View(y.name, walk.y)}
            calls.append(Call(CONTRACT[y.dtype], args, {**walk.params, **own}, profile.rounding))
        return tuple(calls)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a = gather(args["a"], params, "a") - params.get("za", 0)
        b = gather(args["b"], params, "b") - params.get("zb", 0)
        above = requantize(np.maximum(a, 0), params["mult"], params["shift"], form)
        product = np.minimum(a, 0) * b
        below = requantize(product, params["mult_neg"], params["shift_neg"], form)
        v = np.where(a >= 0, above, below) + params.get("zy", 0)
        limits = np.iinfo(args["y"].dtype)
        return {"y": put(args["y"], np.clip(v, limits.min, limits.max))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = np.int8 if contract == "prelu_s8" else np.int16
        info = np.iinfo(dtype)
        for size_a, size_b, size_y, strides in case_walks():
            for factors in _case_factors(contract, rng):
                a = rng.integers(info.min, info.max + 1, size_a, dtype)
                b = rng.integers(info.min, info.max + 1, size_b, dtype)
                a[0], a[-1] = info.max, info.min
                if contract == "prelu_s16":
                    b[b == info.min] = info.max  # their product with -32768 may shift left
                points = rng.integers(-128, 128, 3).tolist() if dtype is np.int8 else []
                params = dict(zip(("za", "zb", "zy"), points, strict=False))
                names = ("mult", "shift", "mult_neg", "shift_neg")
                params |= dict(zip(names, factors, strict=True))
                args = {"a": a, "b": b, "y": np.zeros(size_y + 3, dtype)}
                yield Case(args, {**strides, **params})


def _widened(node: Node, x: Tensor, slope: Tensor) -> Tensor:
    """The slopes in x's type: constant int8 beside int16 become int16 of zero point 0.

    Raises:
        GraphError: the types differ otherwise.
    """
    if x.dtype is not DType.INT16 or slope.dtype is not DType.INT8:
        need_dtypes(node, x, slope, DType.INT8, DType.INT16)
        return slope
    data = constant_of(slope, node, "slope").astype(np.int16) - zero_point_of(slope)
    quant = QuantParams(quant_of(slope).scale)
    return replace(slope, dtype=DType.INT16, quant=quant, data=data.astype(np.int16))


def _fields(node: Node, x: Tensor, slope: Tensor, y: Tensor, profile: Profile) -> dict[str, int]:
    """The factors from zero up and below, and int8's zero points.

    LiteRT computes the factors in single precision, TensorFlow Lite Micro in double.

    Raises:
        QuantError: an int16 tensor has a zero point, or a product may leave int32.
    """
    contract = CONTRACT[y.dtype]
    real = np.float32 if profile is Profile.LITERT else np.float64
    scale_x, scale_b, scale_y = (real(scale_of(t)) for t in (x, slope, y))
    mult, shift = _factor(float(scale_x / scale_y), SHIFT_MIN[contract])
    below = float(scale_x * scale_b / scale_y)
    points = [zero_point_of(t) for t in (x, slope, y)]
    if y.dtype is DType.INT8:
        mult_neg, shift_neg = _factor(below, SHIFT_MIN[contract])
        fields = dict(zip(("za", "zb", "zy"), points, strict=True))
    else:
        mult_neg, shift_neg = quantize_multiplier(below)
        fields = {}
        worst = reach(x) * reach(slope) << max(0, 31 - shift_neg)
        if any(points) or worst > INT32_MAX:
            raise QuantError(
                f"products may reach {worst}, zero points are {points}", where=node.name,
                why=f"int16 tensors need zero point 0; the scales multiply to {below} of y's",
            )  # fmt: skip
    factors = {"mult": mult, "shift": shift, "mult_neg": mult_neg, "shift_neg": shift_neg}
    return fields | factors


def _factor(real: float, shift_min: int) -> tuple[int, int]:
    """(mult, shift), saturated at the largest factor that the contract takes."""
    mult, shift = quantize_multiplier(real)
    return (mult, shift) if shift >= shift_min else (MULT_MAX, shift_min)


def _case_factors(contract: str, rng: np.random.Generator) -> Iterator[tuple[int, int, int, int]]:
    """Ties, the largest factors allowed, none at all, and random ones."""
    usual, largest = (37, 17) if contract == "prelu_s8" else (45, 31)
    yield 2**30, 31, 2**30, usual
    yield 2**30, 32, 2**30, usual + 2
    yield MULT_MAX, SHIFT_MIN[contract], MULT_MAX, largest
    yield 0, 31, 2**30 + 1, usual
    yield MULT_MAX, 31, 0, 31
    for _ in range(2):
        a, b = (int(m) for m in rng.integers(2**30, 2**31, 2))
        yield a, 31 + int(rng.integers(0, 2)), b, usual + int(rng.integers(0, 3))
