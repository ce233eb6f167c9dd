"""ADD, and the integer arithmetic that SUB shares: sums of operands on different scales."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import quantize_multiplier, requantize, shift_right_away
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
)  # fmt: skip
from edgeq.ops.broadcast import broadcast_shape, case_walks, gather, operand, put, walks
from edgeq.ops.common import activation_range, need, quant_of, scale_of, zero_point_of
from edgeq.ops.floats import activate, floats
from edgeq.ops.line import BYTES, LINE_BITS, NO_LINE, Ints, line_fields

GRID_BITS = {"add_s8": 20, "add_s16": 15}
"""Fraction bits of the common grid, by contract: the sums fill an int32."""

CONTRACT = {DType.INT8: "add_s8", DType.INT16: "add_s16"}
SHIFT_Y_MIN = 32


@register
class Add(Op):
    """y = act(a + b), broadcast."""

    name = "add"
    contracts = ("add_s8", "add_s16", "add_pot_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
        return (broadcast_shape(node, a.shape, b.shape),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        return (activate(node, a + b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_sum(node, inputs, outputs, profile, 1)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a, b = gather(args["a"], params, "a"), gather(args["b"], params, "b")
        lo, hi = params["act_min"], params["act_max"]
        if contract == "add_pot_s16":
            v = params["ka"] * a + params["kb"] * shift_right_away(b, params["right"])
            return {"y": put(args["y"], np.clip(v, lo, hi))}
        return {"y": put(args["y"], _sums(contract, a, b, params, form))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = np.int8 if contract == "add_s8" else np.int16
        info = np.iinfo(dtype)
        for size_a, size_b, size_y, strides in case_walks():
            b = rng.integers(info.min, info.max + 1, size_b, dtype)
            make = _pot_params if contract == "add_pot_s16" else _sum_params
            for params, cancels in make(contract, rng):
                a = rng.integers(info.min, info.max + 1, size_a, dtype)
                a[0] = b[0] = info.min
                if cancels is not None:
                    a[:] = cancels
                args = {"a": a, "b": b, "y": np.zeros(size_y + 3, dtype)}
                yield Case(args, {**strides, **params})


def lower_sum(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile, sign: int) -> Lowered:
    """The calls of act(a + sign * b).

    Raises:
        GraphError: the dtypes differ, or are not int8 or int16.
        QuantError: the output scale is 2**18 (int8) or 2**13 (int16) times finer than an input's.
    """
    a, b = need(inputs[0], node, "a"), need(inputs[1], node, "b")
    (y,) = outputs
    if not a.dtype == b.dtype == y.dtype or y.dtype not in CONTRACT:
        raise GraphError(f"cannot add {a.dtype} and {b.dtype} to {y.dtype}", where=node.name)
    sides = Sides(a, 1, b, sign)
    if profile is Profile.LITERT and _is_power_of_two_case(node, a, b, y):
        sides = sides.ordered(_log2(scale_of(a)) == _log2(scale_of(y)))
        contract, form, own = "add_pot_s16", "", _pot_fields(sides, y)
    else:
        sides = sides.ordered(scale_of(a) >= scale_of(b))
        contract, form, own = CONTRACT[y.dtype], profile.rounding, _fields(node, sides, y)
    lo, hi = activation_range(str(node.attrs.get("activation", "none")), y)
    own |= {"act_min": lo, "act_max": hi}
    if contract == "add_s8":
        own |= _line(own, (form,))
    calls = []
    for walk in walks(sides.a.shape, sides.b.shape):
        args = {"a": operand(sides.a, walk.a), "b": operand(sides.b, walk.b),
                "y": View(y.name, walk.y)}  # fmt: skip
        calls.append(Call(contract, args, {**walk.params, **own}, form))
    return tuple(calls)


@dataclass(frozen=True, slots=True)
class Sides:
    """Two operands with their signs, in the order in which the kernel takes them."""

    a: Tensor
    sign_a: int
    b: Tensor
    sign_b: int

    def ordered(self, keep: bool) -> Sides:
        """Itself, or the two exchanged."""
        return self if keep else Sides(self.b, self.sign_b, self.a, self.sign_a)


def _fields(node: Node, sides: Sides, y: Tensor) -> dict[str, int]:
    """Factors and folded zero points of the general form; scale of sides.a >= scale of sides.b."""
    bits = GRID_BITS[CONTRACT[y.dtype]]
    twice_max = 2 * scale_of(sides.a)
    mult_b, shift_b = quantize_multiplier(scale_of(sides.b) / twice_max)
    mult_y, shift_y = quantize_multiplier(twice_max / (2**bits * scale_of(y)))
    if shift_y < SHIFT_Y_MIN and mult_y:
        raise QuantError(
            f"output scale {scale_of(y)} is too fine", where=node.name,
            why=f"an input's is {scale_of(sides.a)}, more than 2**{bits - 2} times as large",
        )  # fmt: skip
    ka = sides.sign_a << (bits - 1)
    fields = {"ka": ka, "kb": sides.sign_b, "mult_b": mult_b, "shift_b": shift_b, "mult_y": mult_y,
              "shift_y": max(shift_y, SHIFT_Y_MIN), "zy": zero_point_of(y)}  # fmt: skip
    if y.dtype is DType.INT8:
        return fields | {"ca": -zero_point_of(sides.a) * ka, "cb": -zero_point_of(sides.b) << bits}
    if zero_point_of(sides.a) or zero_point_of(sides.b):
        raise QuantError("int16 operands need zero point 0", where=node.name)
    return fields


def _sums(contract: str, a: Ints, b: Ints, params: Params, form: str) -> Ints:
    """The outputs of add_s8 and add_s16, int64, for operands that broadcast."""
    grid = (b << GRID_BITS[contract]) + params.get("cb", 0)
    scaled = requantize(grid, params["mult_b"], params["shift_b"], form)
    t = params["ka"] * a + params.get("ca", 0) + params["kb"] * scaled
    v = requantize(t, params["mult_y"], params["shift_y"], form) + params["zy"]
    return np.clip(v, params["act_min"], params["act_max"])


def _line(params: Params, forms: tuple[str, ...]) -> dict[str, int]:
    """The fields of add_s8 that say its line (edgeq/ops/line.py), one for all of `forms`."""
    tables = [_sums("add_s8", BYTES[:, None], BYTES, params, form) for form in forms]
    if any(not np.array_equal(t, tables[0]) for t in tables):
        return NO_LINE
    factor_y = math.ldexp(params["mult_y"], -params["shift_y"])
    factor_b = math.ldexp(params["mult_b"], GRID_BITS["add_s8"] - params["shift_b"])
    factors = params["ka"] * factor_y, params["kb"] * factor_b * factor_y
    return line_fields(tables[0], (params["act_min"], params["act_max"]), factors)


def _log2(scale: float) -> int | None:
    """The exponent of a power of two, as LiteRT decides it (1e-3 of an octave), or None."""
    exact = math.log2(scale)
    rounded = round(exact)
    return rounded if abs(exact - rounded) < 1e-3 else None  # noqa: PLR2004


def _is_power_of_two_case(node: Node, a: Tensor, b: Tensor, y: Tensor) -> bool:
    """Whether LiteRT adds int16 by shifting one operand: scales 2**k, one of them the output's."""
    if y.dtype is not DType.INT16 or not node.attrs.get("pot_scale_int16", True):
        return False
    if any(quant_of(t).zero_point for t in (a, b, y)):
        return False
    log_a, log_b, log_y = (_log2(scale_of(t)) for t in (a, b, y))
    if log_a is None or log_b is None or log_y is None:
        return False
    return max(log_a, log_b) <= log_y and log_y in (log_a, log_b)


def _pot_fields(sides: Sides, y: Tensor) -> dict[str, int]:
    right = round(math.log2(scale_of(y))) - round(math.log2(scale_of(sides.b)))
    return {"ka": sides.sign_a, "kb": sides.sign_b, "right": min(right, 31)}


ParamsAndA = tuple[dict[str, int], int | None]
"""Parameters of a case, and the one value that every element of a is to have."""


def _pot_params(contract: str, rng: np.random.Generator) -> Iterator[ParamsAndA]:
    del contract
    for right, ka, kb in ((0, 1, 1), (1, -1, 1), (4, 1, -1), (15, 1, 1), (31, 1, -1)):
        yield {"ka": ka, "kb": kb, "right": right, "act_min": -32768, "act_max": 32767}, None
    yield {"ka": 1, "kb": 1, "right": int(rng.integers(1, 9)), "act_min": 0, "act_max": 20000}, None


def _sum_params(contract: str, rng: np.random.Generator) -> Iterator[ParamsAndA]:
    """Equal scales, ties, a factor just below 1/2, a vanishing operand, and random ones.

    The last ones show the low bits of b on the common grid: a adds nothing, b comes down to a
    few steps of the grid, and y is half of them.
    """
    bits, top = GRID_BITS[contract], 2**31 - 1
    tried = [(2**30, 31, 2**30, 30 + bits), (2**30, 32, 2**30, 31 + bits),
             (2**30, 31, 2**30 + 1, 30 + bits), (top, 32, top, 30 + bits),
             (0, 31, 2**30 + 1, 31 + bits)]  # fmt: skip
    for _ in range(2):
        m1, m2 = (int(m) for m in rng.integers(2**30, 2**31, 2))
        tried.append((m1, 32 + int(rng.integers(0, 4)), m2, 29 + bits))
    for number, factors in enumerate(tried):
        signs = ((1, 1), (-1, 1), (1, -1))[number % 3]
        yield _sum_fields(contract, rng, factors, signs)[0], None
    for mult in (2**30, top, int(rng.integers(2**30, 2**31))):
        for mult_y in (2**30, top):
            yield _sum_fields(contract, rng, (mult, 31 + bits, mult_y, SHIFT_Y_MIN), (1, -1))
    if contract == "add_s8":
        yield from ((fields, None) for fields in _lines())
        return
    for number, act_min in enumerate((0, -32768, 0)):  # as ReLUs and sums without a clamp are
        signs, m = ((1, 1), (-1, 1), (1, -1))[number], int(rng.integers(2**30, 2**31))
        fields, _ = _sum_fields(contract, rng, (m, 32 + number, 2**30 + number, 46), signs)
        yield fields | {"zy": 0, "act_min": act_min}, None


@cache
def _lines() -> tuple[dict[str, int], ...]:
    """Fields of sums that are lines under either rounding: of ReLUs, subtractions, any clamp.

    The first ones have middle bytes of 127 and low ones near it, of either sign.
    """
    rng, found = np.random.default_rng(22), []
    wanted = [(0x327F6F, 0x147F64), (0x328091, 0x14809C), (0x127F6F, 0x108091)]
    wanted += [tuple(sorted(rng.integers(2**18, 2**22, 2), reverse=True)) for _ in range(9)]
    for number, (la, lb) in enumerate(wanted):
        mult_b, shift_b = quantize_multiplier(lb / la / 2)
        mult_y, shift_y = quantize_multiplier(math.ldexp(la, -LINE_BITS - 19))
        signs = ((1, 1), (-1, 1), (1, -1))[number % 3]
        fields = _sum_fields("add_s8", rng, (mult_b, shift_b, mult_y, shift_y), signs)[0]
        fields["act_min"] = (-128, fields["zy"])[number % 2]
        fields |= _line(fields, ("double", "single"))
        if fields["line"]:
            found.append(fields)
    return tuple(found)


def _sum_fields(
    contract: str,
    rng: np.random.Generator,
    factors: tuple[int, int, int, int],
    signs: tuple[int, int],
) -> tuple[dict[str, int], int]:
    """Fields for mult_b, shift_b, mult_y, shift_y with random zero points, and a's zero point."""
    bits, lo, hi = GRID_BITS[contract], -128, 127
    za, zb, zy = (int(z) for z in rng.integers(-128, 128, 3))
    ka = signs[0] << (bits - 1)
    fields = {"ka": ka, "ca": -za * ka, "kb": signs[1], "cb": -zb << bits, "zy": zy}
    fields |= NO_LINE
    if contract == "add_s16":
        za, lo, hi = 0, -32768, 32767
        fields = {"ka": ka, "kb": signs[1], "zy": zy}
    mult_b, shift_b, mult_y, shift_y = factors
    fields |= {"mult_b": mult_b, "shift_b": shift_b, "mult_y": mult_y, "shift_y": shift_y,
               "act_min": lo + int(rng.integers(0, 20)), "act_max": hi}  # fmt: skip
    return fields, za
