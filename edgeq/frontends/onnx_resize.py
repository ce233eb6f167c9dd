"""Resize and Upsample: coordinates are worked out, and an operator of the same ones is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Const, Operand, Value
from edgeq.frontends.onnx_layout import Layout, Order
from edgeq.frontends.onnx_node import OnnxNode, axis_of, float_type
from edgeq.ir import Attr, Shape

Results = tuple[Operand, ...]
Positions: TypeAlias = NDArray[np.float32]

NEAREST_OP, LINEAR_OP = "resize_nearest_neighbor", "resize_bilinear"
FLAGS = ((False, False), (True, False), (False, True))
"""align_corners, half_pixel_centers."""

POSITION_ERROR = 1e-4
"""Pixels; coordinates are float32 there and a quotient of integers here."""

ROUND: dict[str, Callable[[Positions], Positions]] = {
    "round_prefer_floor": lambda at: np.ceil(at - np.float32(0.5)),
    "round_prefer_ceil": lambda at: np.floor(at + np.float32(0.5)),
    "floor": lambda at: np.floor(at),
    "ceil": lambda at: np.ceil(at),
}


def resize(node: OnnxNode) -> Results:
    """Resize, Upsample: two dimensions of four, nearest or linear."""
    x = node.value()
    if len(x.shape) != len("NCHW"):
        raise ModelError(f"an input of shape {x.shape} is not supported")
    order = _image_order(x.shape, node.shape)
    scales = _scales(node, x.shape)
    at = [_positions(node, x.shape[d], node.shape[d], scales[d]) for d in order[1:3]]
    mode = node.text("mode", "nearest")
    if mode == "nearest":
        return (_nearest(node, x, order, at),)
    if mode not in ("linear", "bilinear"):
        raise ModelError(f"mode {mode!a} is not supported", why="nearest and linear are")
    if not float_type(node.build, x):
        raise ModelError("integers are not resized linearly")
    return (_linear(node, x, order, at),)


def _nearest(node: OnnxNode, x: Value, order: Order, at: list[Positions]) -> Value:
    old = node.opset < 11  # noqa: PLR2004 (the rounding became an attribute)
    name = "floor" if old else node.text("nearest_mode", "round_prefer_floor")
    if name not in ROUND:
        raise ModelError(f"nearest_mode {name!a} is not known")
    wanted = [
        np.clip(ROUND[name](p), 0, x.shape[d] - 1).astype(np.int64)
        for p, d in zip(at, order[1:3], strict=True)
    ]
    for align, half in FLAGS:
        found = [
            _nearest_here(x.shape[d], node.shape[d], align=align, half=half) for d in order[1:3]
        ]
        if all(np.array_equal(w, f) for w, f in zip(wanted, found, strict=True)):
            return _node(node, x, order, NEAREST_OP, (align, half))
    for d, indices in zip(order[1:3], wanted, strict=True):
        x = _gathered(node, x, order, d, indices)
    return x


def _linear(node: OnnxNode, x: Value, order: Order, at: list[Positions]) -> Value:
    for align, half in FLAGS:
        found = [
            _linear_here(x.shape[d], node.shape[d], align=align, half=half) for d in order[1:3]
        ]
        limits = [np.clip(p, 0, x.shape[d] - 1) for p, d in zip(at, order[1:3], strict=True)]
        pairs = zip(limits, found, strict=True)
        if all(np.allclose(p, f, rtol=0, atol=POSITION_ERROR) for p, f in pairs):
            return _node(node, x, order, LINEAR_OP, (align, half))
    raise ModelError(
        "its coordinates are not supported", why=f"from {x.shape} to {node.shape} no linear resize "
        "with half pixels, aligned corners or plain scales has the same",
    )  # fmt: skip


def _node(node: OnnxNode, x: Value, order: Order, op: str, flags: tuple[bool, bool]) -> Value:
    size = tuple(node.shape[d] for d in order[1:3])
    attrs: dict[str, Attr] = {
        "size": size, "align_corners": flags[0], "half_pixel_centers": flags[1],
    }  # fmt: skip
    shape = tuple(node.shape[d] for d in order)
    y = node.build.node(op, (node.build.arranged(x, order),), shape, node.name, attrs)
    return Value(y, Layout.of(node.shape, order), "", x.unsigned)


def _gathered(node: OnnxNode, x: Value, order: Order, dim: int, indices: NDArray[Any]) -> Value:
    shape = tuple(indices.size if d == dim else n for d, n in enumerate(x.shape))
    numbers = node.build.constant(Const(indices.astype(np.int32)), f"{node.name}/indices")
    names = (node.build.arranged(x, order), numbers)
    y = node.build.node("gather", names, tuple(shape[d] for d in order), node.name,
                        {"axis": order.index(dim)})  # fmt: skip
    return Value(y, Layout.of(shape, order), "", x.unsigned)


def _image_order(before: Shape, after: Shape) -> Order:
    """(N, the two dimensions that change, C)."""
    changed = {d for d in range(4) if before[d] != after[d]}
    for order in ((0, 2, 3, 1), (0, 1, 2, 3)):
        if changed <= set(order[1:3]):
            return order
    raise ModelError(f"{before} does not become {after} by resizing height and width")


def _scales(node: OnnxNode, shape: Shape) -> list[float]:
    """The scale of every dimension: as given, or what the sizes make it."""
    if node.number("antialias") or node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise ModelError("antialias and keep_aspect_ratio_policy are not supported")
    scales = [b / a for a, b in zip(shape, node.shape, strict=True)]
    given = _given_scales(node)
    axes = node.list("axes") or tuple(range(len(shape)))
    if given and len(given) != len(axes):
        raise ModelError(f"{len(given)} scales for {len(axes)} axes")
    for axis, scale in zip(axes, given, strict=False):
        scales[axis_of(axis, len(shape))] = scale
    if not all(0 < s < np.inf for s in scales):
        raise ModelError(f"scales {scales} are not positive")
    return scales


def _given_scales(node: OnnxNode) -> list[float]:
    if "scales" in node.attrs:
        return [float(s) for s in node.attrs["scales"]]
    index = 2 if node.op == "Resize" and node.opset >= 11 else 1  # noqa: PLR2004 (after the roi)
    if node.given(index) is None:
        return []
    return [float(s) for s in node.const(index, "scales").data.reshape(-1)]


def _positions(node: OnnxNode, n_in: int, n_out: int, scale: float) -> Positions:
    """Where in the input each output is, in pixels, as the mode says."""
    old = node.opset < 11  # noqa: PLR2004 (the mode became an attribute)
    mode = "asymmetric" if old else node.text("coordinate_transformation_mode", "half_pixel")
    i, s, half = np.arange(n_out, dtype=np.float32), np.float32(scale), np.float32(0.5)
    if mode == "align_corners":
        return i * np.float32((n_in - 1) / (n_out - 1) if n_out > 1 else 0)
    if mode == "asymmetric":
        return i / s
    if mode == "tf_half_pixel_for_nn":
        return (i + half) / s
    if mode == "pytorch_half_pixel" and n_out == 1:
        return np.zeros(1, np.float32)
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return (i + half) / s - half
    if mode == "half_pixel_symmetric":
        offset = np.float32(n_in / 2 * (1 - n_out / (scale * n_in)))
        return offset + (i + half) / s - half
    raise ModelError(f"coordinates by {mode!a} are not supported")


def _nearest_here(n_in: int, n_out: int, *, align: bool, half: bool) -> NDArray[np.int64]:
    """The indices of resize_nearest_neighbor, in float32 as that defines them."""
    corners = align and n_out > 1
    steps = (n_in - 1, n_out - 1) if corners else (n_in, n_out)
    scale = np.float32(steps[0]) / np.float32(steps[1])
    at = (np.arange(n_out, dtype=np.float32) + np.float32(0.5 if half else 0)) * scale
    index = np.floor(at.astype(np.float64) + (0.5 if align else 0))
    return np.minimum(index, n_in - 1).astype(np.int64)


def _linear_here(n_in: int, n_out: int, *, align: bool, half: bool) -> Positions:
    """The coordinates of resize_bilinear."""
    steps = (n_in - 1, n_out - 1) if align and n_out > 1 else (n_in, n_out)
    at = (np.arange(n_out) + (0.5 if half else 0)) * steps[0] / steps[1] - (0.5 if half else 0)
    return np.clip(at, 0, n_in - 1).astype(np.float32)
