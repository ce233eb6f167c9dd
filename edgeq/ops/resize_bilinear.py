"""RESIZE_BILINEAR: every output pixel is a blend of four neighbours, weights in 1/1024."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape
from edgeq.numerics.fixed_point import divide_away
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
from edgeq.ops.common import RANGES, need
from edgeq.ops.resize_legacy import legacy_blend, legacy_positions, neighbours
from edgeq.ops.strided import check_same_scale, present
from edgeq.ops.window import scatter

ONE = 1 << 10
LEGACY = "resize_bilinear_s8f"
CONTRACTS = {DType.INT8: "resize_bilinear_s8", DType.INT16: "resize_bilinear_s16"}
TABLES = ("row", "row_next", "row_weight", "column", "column_next", "column_weight")


@register
class ResizeBilinear(Op):
    """(N, H, W, C) -> (N, *size, C).

    Weights are rounded to multiples of 1/1024, and ties away from zero.  What was a uint8
    model (attribute legacy_uint8) is computed in float32 as LiteRT does it, except under
    profile edgeq: no integer form gives all of its ties.
    """

    name = "resize_bilinear"
    contracts = ("resize_bilinear_s8", "resize_bilinear_s16", "resize_bilinear_s8f")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        n, _, _, c = need(inputs[0], node, "x").shape
        return ((n, *node.ints("size"), c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        out_h, out_w = node.ints("size")
        low, high, v = _real_positions(node, x.shape[1], out_h)
        v = v[:, None, None]
        tall = x[:, low] * (1 - v) + x[:, high] * v
        left, right, u = _real_positions(node, x.shape[2], out_w)
        y = tall[:, :, left] * (1 - u[:, None]) + tall[:, :, right] * u[:, None]
        return (y.astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        if x.dtype is not y.dtype or x.dtype not in CONTRACTS:
            raise QuantError(f"bilinear resize of {x.dtype} into {y.dtype}", where=node.name)
        _, in_h, in_w, c = x.shape
        _, out_h, out_w, _ = y.shape
        legacy = bool(node.attrs.get("legacy_uint8")) and profile is not Profile.EDGEQ
        positions = legacy_positions if legacy else _positions
        tables = (
            *positions(in_h, out_h, *_flags(node)),
            *positions(in_w, out_w, *_flags(node)),
        )
        params = {
            "in_c": c, "out_w": out_w, "row0": 0, "row1": out_h, "x_row": in_w * c, "x_pixel": c,
            "x_ring": in_h, "y_row": out_w * c, "y_pixel": c,
        }  # fmt: skip
        constants = dict(zip(TABLES, tables, strict=True))
        images = [(n * prod(x.shape[1:]), n * prod(y.shape[1:])) for n in range(x.shape[0])]
        return tuple(
            Call(LEGACY if legacy else CONTRACTS[x.dtype],
                 {"x": View(x.name, x_at), **constants, "y": View(y.name, y_at)}, params)
            for x_at, y_at in images
        )  # fmt: skip

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        v = args["row_weight"][params["row0"] : params["row1"], None, None]
        u = args["column_weight"][: params["out_w"], None]
        if contract == LEGACY:
            return {"y": scatter(args["y"], legacy_blend(neighbours(args, params), v, u), params)}
        x00, x10, x01, x11 = (x.astype(np.int64) for x in neighbours(args, params))
        upper, lower = (ONE - u) * x00 + u * x01, (ONE - u) * x10 + u * x11
        y = divide_away((ONE - v) * upper + v * lower, ONE * ONE)
        return {"y": scatter(args["y"], y, params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        dtype = DType.INT16 if contract == "resize_bilinear_s16" else DType.INT8
        for geometry in (
            # in_h, in_w, in_c, out_h, out_w, gap, ring
            (1, 1, 1, 1, 1, 0, 1), (2, 3, 1, 5, 7, 0, 2), (4, 4, 16, 2, 2, 1, 4),
            (5, 2, 33, 3, 9, 2, 3), (3, 7, 8, 6, 4, 0, 3), (2, 2, 15, 4, 4, 3, 2),
        ):  # fmt: skip
            for halves in (False, True):
                case = _case(geometry, dtype, rng, halves=halves)
                yield _in_floats(case) if contract == LEGACY else case


def _positions(n_in: int, n_out: int, align: bool, half: bool) -> tuple[NDArray[np.int32], ...]:
    """Index, next index and weight of the next (0 .. 1023) of every output along one axis.

    Where rounding of the scale leads behind the last index, the last one is taken; the
    runtimes read outside of the image there.
    """
    steps = (n_in - 1, n_out - 1) if align and n_out > 1 else (n_in, n_out)
    scale = (ONE * steps[0] + steps[1] // 2) // steps[1]
    at = np.arange(n_out, dtype=np.int64) * scale
    at = np.clip(at + scale // 2 - ONE // 2 if half else at, 0, (n_in - 1) * ONE)
    index, weight = at // ONE, at % ONE
    after = np.minimum(index + 1, n_in - 1)
    return index.astype(np.int32), after.astype(np.int32), weight.astype(np.int32)


def _real_positions(node: Node, n_in: int, n_out: int) -> tuple[Array, Array, Floats]:
    """The same without rounding: index, next index, weight of the next, float32."""
    align, half = _flags(node)
    steps = (n_in - 1, n_out - 1) if align and n_out > 1 else (n_in, n_out)
    at = np.arange(n_out) + (0.5 if half else 0.0)
    at = np.clip(at * steps[0] / steps[1] - (0.5 if half else 0.0), 0, n_in - 1)
    index = np.floor(at).astype(np.int64)
    return index, np.minimum(index + 1, n_in - 1), (at - index).astype(np.float32)


def _flags(node: Node) -> tuple[bool, bool]:
    align, half = bool(node.attrs["align_corners"]), bool(node.attrs["half_pixel_centers"])
    if align and half:
        raise GraphError("align_corners and half_pixel_centers exclude each other", where=node.name)
    return align, half


def _in_floats(case: Case) -> Case:
    """The case with weights as fractions, a negative one among them."""
    args = dict(case.args)
    for name in ("row_weight", "column_weight"):
        args[name] = (args[name] / ONE).astype(np.float32) * np.float32(0.999)
        args[name][0] = -0.25 if args[name.replace("weight", "next")][0] == 0 else 0.5
    return Case(args, case.params)


def _case(
    geometry: tuple[int, ...], dtype: DType, rng: np.random.Generator, *, halves: bool
) -> Case:
    """Weights of 1/2 make ties."""
    in_h, in_w, in_c, out_h, out_w, gap, ring = geometry
    lo, hi = RANGES[dtype]
    pixel = in_c + gap
    params = {
        "in_c": in_c, "out_w": out_w, "row0": out_h // 3, "row1": out_h,
        "x_row": in_w * pixel + gap, "x_pixel": pixel, "x_ring": ring,
        "y_row": out_w * pixel + gap, "y_pixel": pixel,
    }  # fmt: skip
    args: dict[str, Array] = {"x": rng.integers(lo, hi + 1, ring * params["x_row"])}
    args["x"][:2] = (lo, hi)[: args["x"].size]
    args["x"] = args["x"].astype(dtype.numpy)
    for name, n_in, n_out in (("row", in_h, out_h), ("column", in_w, out_w)):
        index = np.sort(rng.integers(0, n_in, n_out, np.int32))
        weight = np.full(n_out, ONE // 2) if halves else rng.integers(0, ONE, n_out)
        args |= {name: index, f"{name}_next": np.minimum(index + 1, n_in - 1).astype(np.int32),
                 f"{name}_weight": weight.astype(np.int32)}  # fmt: skip
    args["y"] = np.full(out_h * params["y_row"], 77, dtype.numpy)
    return Case(args, params)
