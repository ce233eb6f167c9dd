"""Operators that move, cut and join elements, whatever their type."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Const, Operand, Value
from edgeq.frontends.onnx_elementwise import reshaped
from edgeq.frontends.onnx_layout import Layout, channels_last
from edgeq.frontends.onnx_node import OnnxNode, axis_of, in_order
from edgeq.ir import Attr, DType, Shape

Results = tuple[Operand, ...]
SIGN = 128
"""What an unsigned byte loses when it is seen as a signed one."""


def reshape(node: OnnxNode) -> Results:
    """Reshape, Flatten, Squeeze, Unsqueeze: onnx knows the shape they make.

    Before opset 11 it leaves out axes below 0, which old definitions have not.
    """
    if node.opset < 11 and any(a < 0 for a in node.list("axes")):  # noqa: PLR2004
        raise ModelError(f"axes {node.list('axes')} are below 0", why="opset 11 allowed that first")
    return (reshaped(node, node.value(), node.shape),)


def transpose(node: OnnxNode) -> Results:
    """Transpose: only the order changes in which the file counts dimensions."""
    x = node.value()
    perm = node.list("perm") or tuple(reversed(range(len(x.shape))))
    if sorted(perm) != list(range(len(x.shape))):
        raise ModelError(f"{perm} is not a permutation of {len(x.shape)} dimensions")
    return (replace(x, layout=x.layout.transposed(perm), origin=""),)


def concat(node: OnnxNode) -> Results:
    """Concat along one axis."""
    operands = [o for o in node.inputs if o is not None]
    values = [o for o in operands if isinstance(o, Value)]
    axis = node.axis(1 if node.opset < 4 else 0, len(node.shape))  # noqa: PLR2004
    if "axis" not in node.attrs:
        raise ModelError("it has no axis")
    if len(operands) == 1:
        return (operands[0],)
    order = max(values, key=lambda v: prod(v.shape)).layout.usual_order()
    names = [in_order(node.build, _signed(o, values[0]), order, node.name) for o in operands]
    shape = tuple(node.shape[d] for d in order)
    attrs: dict[str, Attr] = {"axis": order.index(axis), "activation": "none"}
    y = node.build.node("concatenation", names, shape, node.name, attrs)
    return (Value(y, Layout.of(node.shape, order), "", values[0].unsigned),)


def split(node: OnnxNode) -> Results:
    """Split into the sizes that onnx inferred."""
    x = node.value()
    axis = node.axis(0, len(x.shape))
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    like = node.build.tensors[tensor]
    sizes = tuple(shape[axis] for shape in node.shapes)
    if sum(sizes) != x.shape[axis] or any(s < 1 for s in sizes):
        raise ModelError(f"axis {axis} of {x.shape} does not split into {sizes}")
    outputs = [
        node.build.tensor(name, tuple(s[d] for d in order), like.dtype, like.quant)
        for name, s in zip(node.outputs, node.shapes, strict=True)
    ]
    attrs: dict[str, Attr] = {"axis": order.index(axis), "sizes": sizes}
    node.build.nodes_with("split", (tensor,), outputs, attrs)
    pairs = zip(outputs, node.shapes, strict=True)
    return tuple(Value(y, Layout.of(s, order), "", x.unsigned) for y, s in pairs)


def slice_(node: OnnxNode) -> Results:
    """Slice: starts, ends, axes and steps as numpy has them."""
    x = node.value()
    rank = len(x.shape)
    if node.opset < 10:  # noqa: PLR2004 (inputs from then on)
        starts, ends, axes = node.list("starts"), node.list("ends"), node.list("axes")
        steps: tuple[int, ...] = ()
    else:
        starts, ends = node.integers(1, "starts"), node.integers(2, "ends")
        axes = node.axes("axes", 3) or ()
        steps = node.axes("steps", 4) or ()
    axes, steps = axes or tuple(range(len(starts))), steps or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise ModelError(f"starts {starts}, ends {ends}, axes {axes} and steps {steps} do not fit")
    ranges = [range(n) for n in x.shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = axis_of(axis, rank)
        ranges[at] = range(x.shape[at])[start:end:step]
    return (cut(node, x, ranges, node.shape),)


def cut(node: OnnxNode, x: Value, ranges: list[range], shape: Shape) -> Value:
    """The elements at `ranges` of every dimension; then some of size 1 may go."""
    sizes = tuple(len(r) for r in ranges)
    if not all(sizes):
        raise ModelError(f"nothing is left of {x.shape}")
    if sizes == x.shape and all(r.step == 1 for r in ranges):
        return reshaped(node, x, shape)
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    attrs: dict[str, Attr] = {
        "begin": tuple(ranges[d].start for d in order),
        "size": tuple(sizes[d] for d in order),
        "strides": tuple(ranges[d].step for d in order),
    }
    y = node.build.node(
        "strided_slice", (tensor,), tuple(sizes[d] for d in order), node.name, attrs
    )
    return reshaped(node, Value(y, Layout.of(sizes, order), "", x.unsigned), shape)


def gather(node: OnnxNode) -> Results:
    """Gather by constants; evenly spaced indices are a slice."""
    x, indices = node.value(), node.const(1, "the indices")
    axis = node.axis(0, len(x.shape))
    size = x.shape[axis]
    wanted = [axis_of(i, size) for i in node.integers(1, "the indices")]
    if not wanted:
        raise ModelError("it has no indices")
    even = _evenly(wanted)
    if even is not None:
        ranges = [even if d == axis else range(n) for d, n in enumerate(x.shape)]
        return (cut(node, x, ranges, node.shape),)
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    flat = (*x.shape[:axis], len(wanted), *x.shape[axis + 1 :])
    numbers = Const(np.array(wanted, np.int32))
    names = (tensor, node.build.constant(numbers, f"{node.name}/indices"))
    y = node.build.node("gather", names, tuple(flat[d] for d in order), node.name,
                        {"axis": order.index(axis)})  # fmt: skip
    del indices
    return (reshaped(node, Value(y, Layout.of(flat, order), "", x.unsigned), node.shape),)


def pad(node: OnnxNode) -> Results:
    """Pad with a constant; negative amounts cut."""
    x = node.value()
    rank = len(x.shape)
    if node.text("mode", "constant") != "constant":
        raise ModelError(f"padding by {node.text('mode', '')!a} is not supported",
                         why="only padding with a constant is")  # fmt: skip
    amounts, value = _pads(node)
    axes = node.axes("axes", 3)
    every = tuple(range(rank)) if axes is None else tuple(axis_of(a, rank) for a in axes)
    if len(amounts) != 2 * len(every):
        raise ModelError(f"pads {amounts} do not fit {len(every)} axes")
    around = [(0, 0)] * rank
    for i, axis in enumerate(every):
        around[axis] = (amounts[i], amounts[i + len(every)])
    ranges = [range(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, around, strict=True)]
    inner = tuple(len(r) for r in ranges)
    x = cut(node, x, ranges, inner)
    grown = [(max(b, 0), max(a, 0)) for b, a in around]
    return (x,) if not any(map(any, grown)) else (_padded(node, x, grown, value),)


def _padded(node: OnnxNode, x: Value, grown: list[tuple[int, int]], value: float) -> Value:
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    shape = tuple(n + b + a for n, (b, a) in zip(x.shape, grown, strict=True))
    integer = node.build.tensors[tensor].dtype is not DType.FLOAT32
    attrs: dict[str, Attr] = {
        "before": tuple(grown[d][0] for d in order),
        "after": tuple(grown[d][1] for d in order),
        "value": int(value) - SIGN * x.unsigned if integer else value,
    }
    y = node.build.node("pad", (tensor,), tuple(shape[d] for d in order), node.name, attrs)
    return Value(y, Layout.of(shape, order), "", x.unsigned)


def _pads(node: OnnxNode) -> tuple[tuple[int, ...], float]:
    if node.opset < 11:  # noqa: PLR2004 (inputs from then on)
        value = float(node.attrs.get("value", 0.0))
        amounts = node.list("pads")
    else:
        amounts, value = node.integers(1, "pads"), node.real(2, "the value", 0.0)
    if not np.isfinite(value):
        raise ModelError(f"it pads with {value}")
    return amounts, value


def depth_to_space(node: OnnxNode) -> Results:
    """DepthToSpace, in either order of the channels."""
    x, block, mode = node.image(2), node.number("blocksize"), node.text("mode", "DCR")
    if mode not in ("DCR", "CRD") or block < 1 or x.shape[1] % block**2:
        raise ModelError(f"{x.shape[1]} channels do not make blocks of {block} by {mode!a}")
    order = channels_last(4)
    tensor = node.build.arranged(x, order)
    shape = tuple(node.shape[d] for d in order)
    y = node.build.node("depth_to_space", (tensor,), shape, node.name,
                        {"block_size": block, "mode": mode})  # fmt: skip
    return (Value(y, Layout.of(node.shape, order), "", x.unsigned),)


def space_to_depth(node: OnnxNode) -> Results:
    """SpaceToDepth: two cuts and a change of order."""
    x, block = node.image(2), node.number("blocksize")
    n, c, h, w = x.shape
    if block < 1 or h % block or w % block:
        raise ModelError(f"an image of {h} by {w} does not cut into blocks of {block}")
    cells = reshaped(node, x, (n, c, h // block, block, w // block, block))
    turned = replace(cells, layout=cells.layout.transposed((0, 3, 5, 1, 2, 4)))
    return (reshaped(node, turned, node.shape),)


def _evenly(wanted: list[int]) -> range | None:
    """The indices as a range, when they are one."""
    step = wanted[1] - wanted[0] if len(wanted) > 1 else 1
    if step == 0:
        return None
    found = range(wanted[0], wanted[0] + step * len(wanted), step)
    return found if list(found) == wanted else None


def _signed(operand: Operand, like: Value) -> Operand:
    """A constant beside unsigned bytes, which are signed here."""
    if isinstance(operand, Const) and like.unsigned and operand.data.dtype == np.uint8:
        return Const((operand.data ^ np.uint8(SIGN)).view(np.int8))
    return operand
