"""DIV: y = act(a / b), broadcast."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import MULT_MAX, SHIFT_ZERO, divide_away, quantize_multiplier
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
from edgeq.ops.common import activation_range, constant_of, need, scale_of, zero_point_of
from edgeq.ops.floats import activate, floats
from edgeq.ops.tables import lookup, real_table

CONTRACT = {DType.INT8: "div_s8", DType.INT16: "div_s16"}
SHIFT_MAX = 46
"""A smaller factor makes every quotient less than half a step."""

LIMIT = 1 << 17


@register
class Div(Op):
    """y = act(a / b), broadcast; where b is zero, the end of y's range on a's side, zero for 0 / 0.

    The runtimes' quantized divisions shift by more than 31 bits for small quotients, which C
    leaves undefined, so there are no bytes to be equal to: profile edgeq alone has it.
    """

    name = "div"
    contracts = ("div_s8", "div_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        return (broadcast_shape(node, a.shape, b.shape),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return (activate(node, a / b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        (y,) = outputs
        _check(node, a, b, y, profile)
        lo, hi = activation_range(str(node.attrs.get("activation", "none")), y)
        if b.data is not None and b.size == 1 and y.dtype is DType.INT8 and a.shape == y.shape:
            return _by_constant(node, a, b, y, (lo, hi))
        mult, shift = quantize_multiplier(scale_of(a) / scale_of(b) / scale_of(y))
        if shift > SHIFT_MAX:
            mult, shift = 0, SHIFT_ZERO
        own = {"mult": mult, "shift": shift, "act_min": lo, "act_max": hi}
        if y.dtype is DType.INT8:
            own |= {f"z{k}": zero_point_of(t) for k, t in (("a", a), ("b", b), ("y", y))}
        calls = []
        for walk in walks(a.shape, b.shape):
            args = {"a": operand(a, walk.a), "b": operand(b, walk.b), "y": View(y.name, walk.y)}
            calls.append(Call(CONTRACT[y.dtype], args, {**walk.params, **own}))
        return tuple(calls)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a = gather(args["a"], params, "a") - params.get("za", 0)
        b = gather(args["b"], params, "b") - params.get("zb", 0)
        numerator = np.where(b < 0, -a, a) * params["mult"]
        denominator = np.maximum(np.abs(b), 1) << params["shift"]
        quotient = np.clip(divide_away(numerator, denominator), -LIMIT, LIMIT)
        v = np.where(b == 0, np.sign(a) * LIMIT, quotient) + params.get("zy", 0)
        return {"y": put(args["y"], np.clip(v, params["act_min"], params["act_max"]))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = np.int8 if contract == "div_s8" else np.int16
        info = np.iinfo(dtype)
        for size_a, size_b, size_y, strides in case_walks():
            for mult, shift in _case_factors(contract, rng):
                a = rng.integers(info.min, info.max + 1, size_a, dtype)
                b = rng.integers(info.min, info.max + 1, size_b, dtype)
                a[0], b[-1] = info.min, info.min
                b[::2] >>= rng.integers(0, info.bits, b[::2].size).astype(dtype)
                names = ("za", "zb", "zy") if dtype is np.int8 else ()
                params = {name: int(rng.integers(-128, 128)) for name in names}
                b[size_b // 2] = params.get("zb", 0)  # a division by zero
                params |= {"mult": mult, "shift": shift,
                           "act_min": info.min + int(rng.integers(0, 9)),
                           "act_max": info.max - int(rng.integers(0, 9))}  # fmt: skip
                args = {"a": a, "b": b, "y": np.zeros(size_y + 3, dtype)}
                yield Case(args, {**strides, **params})


def _check(node: Node, a: Tensor, b: Tensor, y: Tensor, profile: Profile) -> None:
    if not a.dtype == b.dtype == y.dtype or y.dtype not in CONTRACT:
        raise GraphError(f"cannot divide {a.dtype} by {b.dtype} to {y.dtype}", where=node.name)
    if profile is not Profile.EDGEQ:
        raise QuantError(
            f"quantized division is not known under profile {profile}", where=node.name,
            why="the runtime's own shifts by more bits than a number has, which is undefined",
            fix="use --numerics edgeq",
        )  # fmt: skip
    if y.dtype is DType.INT16 and any(zero_point_of(t) for t in (a, b, y)):
        raise QuantError("int16 tensors need zero point 0", where=node.name)


def _by_constant(
    node: Node, a: Tensor, b: Tensor, y: Tensor, clamp: tuple[int, int]
) -> tuple[Call, ...]:
    """int8 by one constant: a table."""
    data = constant_of(b, node, "b")
    divisor = (int(data.reshape(-1)[0]) - zero_point_of(b)) * scale_of(b)
    table = real_table(a, y, lambda v: _quotient(v, divisor))
    return lookup(a, y, np.clip(table, *clamp).astype(np.int8))


def _quotient(a: float, b: float) -> float:
    """The quotient a / b; infinite at b = 0, but for 0 / 0, which is 0."""
    if b:
        return a / b
    return math.copysign(math.inf, a) if a else 0.0


def _case_factors(contract: str, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Ties, the largest and the smallest factor, none at all, and random ones."""
    usual = 25 if contract == "div_s8" else 20
    yield 2**30, 30
    yield 2**30, usual
    yield MULT_MAX, 1
    yield 2**30, SHIFT_MAX
    yield 0, SHIFT_ZERO
    for _ in range(3):
        yield int(rng.integers(2**30, 2**31)), usual + int(rng.integers(0, 5))
