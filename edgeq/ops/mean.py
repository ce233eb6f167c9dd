"""MEAN: the average over some axes, rescaled to the output's quantization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby, product
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, quantize_multiplier, requantize
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
from edgeq.ops.common import RANGES, need, scale_of, zero_point_of
from edgeq.ops.strided import dense_strides, present

CONTRACTS = {DType.INT8: "mean_s8", DType.INT16: "mean_s16"}
KEPT, REDUCED = 2, 3


@register
class Mean(Op):
    """y = mean of x over `axes`, on y's scale; of any rank."""

    name = "mean"
    contracts = ("mean_s8", "mean_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        axes, keep = reduced_axes(node, len(x.shape)), bool(node.attrs.get("keep_dims"))
        kept = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
        return (tuple(kept),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        axes = tuple(reduced_axes(node, x.ndim))
        y = x.mean(axis=axes, keepdims=bool(node.attrs.get("keep_dims")), dtype=np.float64)
        return (np.asarray(y, np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return reduction_calls(node, inputs, outputs, profile, _mean_factor)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        names = ("d0", "d1", "r0", "r1", "r2"), ("x0", "x1", "s0", "s1", "s2")
        extents, steps = ([params[n] for n in group] for group in names)
        x = args["x"].reshape(-1)
        if sum((n - 1) * s for n, s in zip(extents, steps, strict=True)) >= x.size:
            raise ValueError("a mean reads behind its operand")
        values = as_strided(x, extents, [s * x.itemsize for s in steps])
        acc = values.sum(axis=(2, 3, 4), dtype=np.int64).reshape(-1) - params["zsum"]
        v = requantize(acc, params["mult"], params["shift"], form) + params["zy"]
        y = args["y"].reshape(-1).copy()
        limits = np.iinfo(y.dtype)
        y[: v.size] = np.clip(v, limits.min, limits.max)
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = DType.INT8 if contract == "mean_s8" else DType.INT16
        shapes = (
            (1, 1),
            (7, 5),
            (16, 3),
            (1, 33),
            (17, 8),
            (2, 3, 5),
            (3, 4, 5, 7),
            (2, 3, 2, 4, 3),
            (260, 17),
        )
        for shape in shapes:
            for parity in range(2):
                axes = {i for i in range(len(shape)) if i % 2 == parity}
                for tie in (False, True):
                    yield _case(shape, axes, dtype, rng, tie=tie)


Factor: TypeAlias = Callable[[Tensor, Tensor, int, Profile], tuple[int, int]]
"""(mult, shift) from the sum of n elements of x to steps of y."""


def reduction_calls(
    node: Node, inputs: Inputs, outputs: Outputs, profile: Profile, factor: Factor
) -> tuple[Call, ...]:
    """The calls that sum x over `axes` and rescale the sums by `factor`.

    Raises:
        QuantError: the element types have no contract, or a sum may leave int32.
        GraphError: the reduced axes lie in more than three places.
    """
    x, (y,) = need(inputs[0], node, "x"), outputs
    if x.dtype is not y.dtype or x.dtype not in CONTRACTS:
        raise QuantError(f"{node.op} of {x.dtype} into {y.dtype}", where=node.name)
    kept, reduced = _dims(x.shape, reduced_axes(node, len(x.shape)))
    if len(reduced) > REDUCED:
        raise GraphError(f"more than {REDUCED} groups of reduced axes", where=node.name)
    n = prod(extent for extent, _ in reduced)
    params = _rescale(node, x, y, n, factor(x, y, n, profile))
    inner = [(1, 0)] * (KEPT - len(kept)) + kept[-KEPT:]
    within = [(1, 0)] * (REDUCED - len(reduced)) + reduced
    params |= {f"d{i}": n for i, (n, _) in enumerate(inner)}
    params |= {f"x{i}": step for i, (_, step) in enumerate(inner)}
    params |= {f"r{i}": n for i, (n, _) in enumerate(within)}
    params |= {f"s{i}": step for i, (_, step) in enumerate(within)}
    size = prod(n for n, _ in inner)
    return tuple(
        Call(CONTRACTS[x.dtype], {"x": View(x.name, x_at), "y": View(y.name, i * size)},
             params, profile.rounding)
        for i, x_at in enumerate(_outer(kept))
    )  # fmt: skip


def reduced_axes(node: Node, rank: int) -> set[int]:
    """The attribute `axes`, which may count from the end, in [0, rank).

    Raises:
        GraphError: one is no axis of `rank`.
    """
    axes = node.ints("axes")
    if any(not -rank <= axis < rank for axis in axes):
        raise GraphError(f"axes {axes} of {rank}", where=node.name)
    return {axis % rank for axis in axes}


def _dims(shape: Shape, axes: set[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(extent, elements per step) of the kept and of the reduced dimensions, merged."""
    steps = dense_strides(shape)
    long = [(i in axes, shape[i], steps[i]) for i in range(len(shape)) if shape[i] > 1]
    groups = [(reduced, list(dims)) for reduced, dims in groupby(long, key=lambda d: d[0])]
    merged = [(reduced, prod(n for _, n, _ in dims), dims[-1][2]) for reduced, dims in groups]
    kept = [(n, step) for reduced, n, step in merged if not reduced]
    return kept, [(n, step) for reduced, n, step in merged if reduced]


def _outer(kept: list[tuple[int, int]]) -> Iterator[int]:
    """Where in x the calls start: one for each index of the kept dimensions but the last two."""
    outer = kept[: max(len(kept) - KEPT, 0)]
    for index in product(*(range(n) for n, _ in outer)):
        yield sum(i * step for i, (_, step) in zip(index, outer, strict=True))


def _mean_factor(x: Tensor, y: Tensor, n: int, profile: Profile) -> tuple[int, int]:
    """The factor of a mean over n elements.

    The runtimes fold 1/n into the multiplier of sx / sy: (mult << k) / n, truncated, with k the
    bits of n less one, as far as the shift stays in range.  Profile edgeq quantizes
    sx / (n * sy).
    """
    real = scale_of(x) / scale_of(y)
    if profile is Profile.EDGEQ:
        return quantize_multiplier(real / n)
    mult, shift = quantize_multiplier(real)
    k = min(n.bit_length() - 1, 32, 62 - shift)
    return (mult << k) // n, shift + k


def _rescale(node: Node, x: Tensor, y: Tensor, n: int, factor: tuple[int, int]) -> dict[str, int]:
    """Fields zsum, mult, shift, zy of a sum of n elements.

    Raises:
        QuantError: a sum, or what becomes of it, may leave int32.
    """
    zx, zy, (mult, shift) = zero_point_of(x), zero_point_of(y), factor
    lo, hi = RANGES[x.dtype]
    worst = n * max(hi - zx, zx - lo)
    scaled = max(worst << max(31 - shift, 0), (worst * mult >> shift) + abs(zy) + 1)
    if max(scaled, n * -lo) > INT32_MAX:
        raise QuantError(f"a sum of {n} elements may reach {scaled}", where=node.name)
    return {"zsum": n * zx, "mult": mult, "shift": shift, "zy": zy}


def _case(
    shape: Shape, axes: set[int], dtype: DType, rng: np.random.Generator, *, tie: bool
) -> Case:
    kept, reduced = _dims(shape, axes)
    lo, hi = RANGES[dtype]
    n = prod(extent for extent, _ in reduced)
    inner = [(1, 0)] * (KEPT - len(kept)) + kept[-KEPT:]
    within = [(1, 0)] * (REDUCED - len(reduced)) + reduced
    params: dict[str, int] = {}
    for i, (extent, step) in enumerate(inner):
        params |= {f"d{i}": extent, f"x{i}": step}
    for i, (extent, step) in enumerate(within):
        params |= {f"r{i}": extent, f"s{i}": step}
    zero = 5 if dtype is DType.INT8 else 0
    mult = 2**30 if tie else int(rng.integers(2**29, 2**31))
    params |= {"zsum": n * zero, "mult": mult, "shift": 31 if tie else 30 + n.bit_length(),
               "zy": 0 if tie else -zero}  # fmt: skip
    x = rng.integers(-9, 9, shape) if tie else rng.integers(lo, hi + 1, shape)
    ends = max(x.size // 4, 1) if tie else 1  # with the factor 1/2 these sums saturate
    x.reshape(-1)[:ends], x.reshape(-1)[-ends:] = lo, hi
    y = np.full(prod(extent for extent, _ in inner), 77, dtype.numpy)
    return Case({"x": x.astype(dtype.numpy), "y": y}, params)
