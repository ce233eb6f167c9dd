"""Operators between DequantizeLinear and QuantizeLinear, as ONNX Runtime fuses them.

Operators that only move values stay on the integers.  Fused activations become a Clip of the
integers behind QuantizeLinear, and nothing where its saturation does the same.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.exporters.qdq_draft import (
    IMAGE_RANK,
    SIGN,
    TO_PIXELS,
    TO_PLANES,
    QdqDraft,
    planar_shape,
)
from edgeq.ir import DType, Node, Tensor
from edgeq.ops.common import activation_range

Writer: TypeAlias = Callable[[QdqDraft, Node], None]

BYTES = 255
"""The greatest uint8."""

IMAGE_AXES = (1, 2)
NO_END = np.iinfo(np.int64).min
"""Of a backward slice: through index 0."""


def conv_2d(draft: QdqDraft, node: Node) -> None:
    """Conv; weights OHWI become OIHW."""
    x, w = draft.need(node, 0, "x"), draft.need(node, 1, "weights")
    _convolve(draft, node, 0, (0, 3, 1, 2), x.shape[3] // w.shape[3])


def depthwise_conv_2d(draft: QdqDraft, node: Node) -> None:
    """Conv with a group for each channel; weights (1, KH, KW, O) become (O, 1, KH, KW)."""
    _convolve(draft, node, 3, (3, 0, 1, 2), draft.need(node, 0, "x").shape[3])


def _convolve(draft: QdqDraft, node: Node, axis: int, perm: tuple[int, ...], groups: int) -> None:
    x, w, y = draft.need(node, 0, "x"), draft.need(node, 1, "weights"), draft.output(node)
    inputs = _products(draft, node, draft.planar(x.name), axis, perm)
    top, bottom, left, right = node.ints("padding")
    done = draft.emit(
        "Conv", inputs, group=groups, pads=[top, left, bottom, right],
        kernel_shape=list(w.shape[1:3]), strides=list(node.ints("stride")),
        dilations=list(node.ints("dilation")),
    )  # fmt: skip
    draft.set(y.name, _activated(draft, node, draft.integers(done, y)), planar=True)


def fully_connected(draft: QdqDraft, node: Node) -> None:
    """Gemm of rows, with weights (O, I) transposed."""
    x, w, y = draft.need(node, 0, "x"), draft.need(node, 1, "weights"), draft.output(node)
    rows = (prod(x.shape) // w.shape[1], w.shape[1])
    value = draft.plain(x.name)
    value = value if x.shape == rows else draft.shape(value, rows)
    done = draft.integers(draft.emit("Gemm", _products(draft, node, value, 0, (1, 0))), y)
    done = _activated(draft, node, done)
    flat = (rows[0], w.shape[0])
    draft.set(y.name, done if y.shape == flat else draft.shape(done, y.shape))


def _products(
    draft: QdqDraft, node: Node, value: str, axis: int, perm: tuple[int, ...]
) -> list[str]:
    """Dequantized x, weights with their axes permuted, and bias if there is one.

    axis   of the output channels in the graph's weights
    """
    x, w = draft.need(node, 0, "x"), draft.need(node, 1, "weights")
    if w.data is None:
        raise GraphError(f"weights {w.name} are computed, not constant")
    if w.quant is None or x.quant is None or w.quant.group_factors is not None:
        raise QuantError(f"{w.name} has scales in groups, or none")
    if w.quant.axis not in (None, axis):
        raise QuantError(f"{w.name} has scales along axis {w.quant.axis}, not {axis}")
    data = w.data.reshape(w.shape).transpose(perm)
    inputs = [draft.real(value, x), draft.weights(data, w.quant, perm.index(axis))]
    if len(node.inputs) > 2 and node.inputs[2]:  # noqa: PLR2004 (x, weights, bias)
        bias = draft.need(node, 2, "bias")
        if bias.data is None:
            raise GraphError(f"bias {bias.name} is computed, not constant")
        inputs.append(draft.bias(bias.data, x.quant.scale[0] * w.quant.scale))
    return inputs


def binary(op: str) -> Writer:
    """Add, Sub or Mul, images with channels first when one of them already is."""

    def write(draft: QdqDraft, node: Node) -> None:
        y, names = draft.output(node), node.inputs
        planar = _as_images(draft, names, y)
        values = [draft.planar(n) if planar else draft.plain(n) for n in names]
        reals = [draft.real(v, draft.need(node, i, "x")) for i, v in enumerate(values)]
        done = _activated(draft, node, draft.integers(draft.emit(op, reals), y))
        draft.set(y.name, done, planar=planar)

    return write


def unary(op: str) -> Writer:
    """One input between the two."""

    def write(draft: QdqDraft, node: Node) -> None:
        x, y = draft.need(node, 0, "x"), draft.output(node)
        planar = draft.is_planar(x.name)
        value = draft.planar(x.name) if planar else draft.plain(x.name)
        alpha = {"alpha": node.attrs["alpha"]} if op == "LeakyRelu" else {}
        done = draft.integers(draft.emit(op, [draft.real(value, x)], **alpha), y)
        draft.set(y.name, done, planar=planar)

    return write


def clamp(draft: QdqDraft, node: Node) -> None:
    """relu, which may change the scale, relu6 and relu_n1_to_1: Clip of the integers."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    if node.op != "relu" and x.quant != y.quant:
        raise QuantError(
            f"{node.op} from one scale to another", why="its integers are not rescaled"
        )
    planar = draft.is_planar(x.name)
    value = draft.planar(x.name) if planar else draft.plain(x.name)
    if x.quant != y.quant:
        value = draft.integers(draft.real(value, x), y)
    draft.set(y.name, _clipped(draft, value, node.op, y), planar=planar)


def softmax(draft: QdqDraft, node: Node) -> None:
    """Softmax over the last axis."""
    if node.attrs["beta"] != 1.0:
        raise GraphError(f"beta is {node.attrs['beta']}, not 1")
    x, y = draft.need(node, 0, "x"), draft.output(node)
    done = draft.emit("Softmax", [draft.real(draft.plain(x.name), x)], axis=-1)
    draft.set(y.name, draft.integers(done, y))


def average_pool_2d(draft: QdqDraft, node: Node) -> None:
    """AveragePool, or GlobalAveragePool of a whole image."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    real = draft.real(draft.planar(x.name), x)
    if y.shape[1:3] == (1, 1) and node.ints("filter") == x.shape[1:3]:
        done = draft.emit("GlobalAveragePool", [real])
    else:
        done = draft.emit("AveragePool", [real], **_window(node), count_include_pad=0)
    draft.set(y.name, _activated(draft, node, draft.integers(done, y)), planar=True)


def max_pool_2d(draft: QdqDraft, node: Node) -> None:
    """MaxPool of the integers."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    done = draft.emit("MaxPool", [draft.planar(x.name)], **_window(node))
    draft.set(y.name, _activated(draft, node, done), planar=True)


def _window(node: Node) -> dict[str, list[int]]:
    top, bottom, left, right = node.ints("padding")
    return {
        "kernel_shape": list(node.ints("filter")), "strides": list(node.ints("stride")),
        "pads": [top, left, bottom, right],
    }  # fmt: skip


def mean(draft: QdqDraft, node: Node) -> None:
    """GlobalAveragePool of images, ReduceMean of all else."""
    x, y, axes = draft.need(node, 0, "x"), draft.output(node), node.ints("axes")
    if len(x.shape) == IMAGE_RANK and axes == IMAGE_AXES:
        done = draft.emit("GlobalAveragePool", [draft.real(draft.planar(x.name), x)])
        done = draft.integers(done, y)
        if len(y.shape) == IMAGE_RANK:
            draft.set(y.name, done, planar=True)
        else:
            draft.set(y.name, draft.shape(done, y.shape))
        return
    real, keep = draft.real(draft.plain(x.name), x), len(y.shape) == len(x.shape)
    done = draft.emit("ReduceMean", [real], axes=list(axes), keepdims=int(keep))
    draft.set(y.name, draft.integers(done, y))


def reshape(draft: QdqDraft, node: Node) -> None:
    """Reshape of the integers."""
    y = draft.output(node)
    draft.set(y.name, draft.shape(draft.plain(node.inputs[0]), y.shape))


def transpose(draft: QdqDraft, node: Node) -> None:
    """Transpose of the integers; none where it only turns images from one order to the other."""
    x, y, perm = draft.need(node, 0, "x"), draft.output(node), node.ints("perm")
    if perm == TO_PIXELS:
        draft.set(y.name, draft.plain(x.name), planar=True)
    elif perm == TO_PLANES:
        draft.set(y.name, draft.planar(x.name))
    else:
        draft.set(y.name, draft.emit("Transpose", [draft.plain(x.name)], perm=list(perm)))


def strided_slice(draft: QdqDraft, node: Node) -> None:
    """Slice of the integers; axes that go are a Reshape."""
    y, begin, size, strides = draft.output(node), *map(node.ints, ("begin", "size", "strides"))
    end = [b + n * s for b, n, s in zip(begin, size, strides, strict=True)]
    ends = [e if e >= 0 else NO_END for e in end]
    operands = (begin, ends, range(len(size)), strides)
    constants = [draft.constant(np.array(values, np.int64)) for values in operands]
    done = draft.emit("Slice", [draft.plain(node.inputs[0]), *constants])
    draft.set(y.name, done if y.shape == size else draft.shape(done, y.shape))


def pad(draft: QdqDraft, node: Node) -> None:
    """Pad of the integers."""
    x, y, value = draft.need(node, 0, "x"), draft.output(node), node.attrs["value"]
    if not isinstance(value, int) or x.dtype is DType.FLOAT32:
        raise GraphError(f"a border of {x.dtype}")
    planar = draft.is_planar(x.name)
    before, after = node.ints("before"), node.ints("after")
    if planar:
        before, after = planar_shape(before), planar_shape(after)
    border = np.array(value + (SIGN if x.dtype is DType.INT8 else 0), np.uint8)
    amounts = np.array((*before, *after), np.int64)
    inputs = [draft.planar(x.name) if planar else draft.plain(x.name)]
    inputs += [draft.constant(amounts), draft.constant(border)]
    draft.set(y.name, draft.emit("Pad", inputs), planar=planar)


def concatenation(draft: QdqDraft, node: Node) -> None:
    """Concat, of the integers when they share their scale."""
    y, axis = draft.output(node), node.attrs["axis"]
    if not isinstance(axis, int):
        raise GraphError(f"axis is {axis!r}, not an integer")
    planar, at = _as_images(draft, node.inputs, y), axis % len(y.shape)
    values = [draft.planar(n) if planar else draft.plain(n) for n in node.inputs]
    operands = [draft.need(node, i, "x") for i in range(len(values))]
    at = TO_PLANES.index(at) if planar else at
    if all(x.quant == y.quant for x in operands):
        done = draft.emit("Concat", values, axis=at)
    else:
        reals = [draft.real(v, x) for v, x in zip(values, operands, strict=True)]
        done = draft.integers(draft.emit("Concat", reals, axis=at), y)
    draft.set(y.name, _activated(draft, node, done), planar=planar)


def convert(draft: QdqDraft, node: Node) -> None:
    """quantize, dequantize, flip_sign: nothing where only the sign bit changes."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    if node.op == "flip_sign":
        draft.alias(y.name, x.name)
        return
    planar = draft.is_planar(x.name)
    value = draft.planar(x.name) if planar else draft.plain(x.name)
    draft.set(y.name, draft.integers(draft.real(value, x), y), planar=planar)


def _as_images(draft: QdqDraft, names: tuple[str, ...], y: Tensor) -> bool:
    """Whether to take channels first: all are images, and one is there that way."""
    ranks = {len(draft.graph.tensors[n].shape) for n in (*names, y.name)}
    return ranks == {IMAGE_RANK} and any(draft.is_planar(n) for n in names)


def _activated(draft: QdqDraft, node: Node, value: str) -> str:
    """Integers of the node's output with its fused activation."""
    return _clipped(draft, value, str(node.attrs.get("activation", "none")), draft.output(node))


def _clipped(draft: QdqDraft, value: str, activation: str, y: Tensor) -> str:
    if activation == "none":
        return value
    if y.dtype is DType.FLOAT32:
        raise GraphError(f"{activation} of floats")
    shift = SIGN if y.dtype is DType.INT8 else 0
    low, high = (limit + shift for limit in activation_range(activation, y))
    if (low, high) == (0, BYTES):
        return value
    limits = [draft.constant(np.array(limit, np.uint8)) for limit in (low, high)]
    return draft.emit("Clip", [value, *limits])
