"""Operators that move, cut, join and resize: normalized attributes become operands again."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError
from edgeq.exporters.checks import need_one_scale
from edgeq.exporters.draft import Draft
from edgeq.exporters.windows import activation
from edgeq.ir import DType, Node, Tensor


def reshape(draft: Draft, node: Node) -> None:
    """RESHAPE; the shape of a scalar is an option, [0], since an operand would be empty."""
    y = _alike(draft, node)
    inputs = [node.inputs[0]]
    if y.shape:
        inputs.append(draft.parameter(node, "shape", y.shape))
    fields = {"NewShape": y.shape or (0,)}
    draft.emit("RESHAPE", inputs, node.outputs, "ReshapeOptions", fields)


def transpose(draft: Draft, node: Node) -> None:
    """TRANSPOSE: output dimension i is input dimension perm[i]."""
    _alike(draft, node)
    perm = draft.parameter(node, "perm", node.ints("perm"))
    draft.emit("TRANSPOSE", [node.inputs[0], perm], node.outputs, "TransposeOptions")


def pad(draft: Draft, node: Node) -> None:
    """PAD where the border is zero, else PADV2."""
    y, value = _alike(draft, node), node.attrs["value"]
    pairs = zip(node.ints("before"), node.ints("after"), strict=True)
    amounts = np.array(list(pairs), np.int32).reshape(-1, 2)
    operand = draft.add(node, "padding", Tensor("", amounts.shape, DType.INT32, None, amounts))
    inputs = [node.inputs[0], operand]
    zero = 0 if y.quant is None else y.quant.zero_point
    if value == zero:
        draft.emit("PAD", inputs, node.outputs, "PadOptions")
        return
    border = Tensor("", (1,), y.dtype, y.quant, np.array([value], y.dtype.numpy))
    inputs.append(draft.add(node, "value", border))
    draft.emit("PADV2", inputs, node.outputs, "PadV2Options")


def strided_slice(draft: Draft, node: Node) -> None:
    """SLICE where every step is 1, else STRIDED_SLICE; a RESHAPE behind where axes come or go."""
    x, y = draft.need(node, 0, "x"), _alike(draft, node)
    size = node.ints("size")
    reshaped = y.shape != size
    cut = draft.between(node, "slice", y, size) if reshaped else y.name
    begin, strides = node.ints("begin"), node.ints("strides")
    if all(s == 1 for s in strides):
        operands = [draft.parameter(node, "begin", begin), draft.parameter(node, "size", size)]
        draft.emit("SLICE", [x.name, *operands], [cut], "SliceOptions")
    else:
        _by_strides(draft, node, x, cut)
    if reshaped:
        inputs = [cut, draft.parameter(node, "shape", y.shape)] if y.shape else [cut]
        fields = {"NewShape": y.shape or (0,)}
        draft.emit("RESHAPE", inputs, [y.name], "ReshapeOptions", fields)


def _by_strides(draft: Draft, node: Node, x: Tensor, cut: str) -> None:
    """STRIDED_SLICE; an end below 0 would count from the back, so it is left open by a mask."""
    begin, size, strides = (node.ints(key) for key in ("begin", "size", "strides"))
    end = [b + n * s for b, n, s in zip(begin, size, strides, strict=True)]
    mask = sum(1 << i for i, e in enumerate(end) if e < 0)
    ends = [min(max(e, 0), n) for e, n in zip(end, x.shape, strict=True)]
    operands = [
        draft.parameter(node, what, values)
        for what, values in (("begin", begin), ("end", ends), ("strides", strides))
    ]
    fields = {"EndMask": mask}
    draft.emit("STRIDED_SLICE", [x.name, *operands], [cut], "StridedSliceOptions", fields)


def concatenation(draft: Draft, node: Node) -> None:
    """CONCATENATION; the runtimes compare scales."""
    operands = [draft.need(node, i, f"x{i}") for i in range(len(node.inputs))]
    need_one_scale((draft.output(node), *operands), exactly=True)
    if activation(node)["FusedActivationFunction"]:
        raise GraphError("the runtimes' CONCATENATION takes no fused activation")
    fields = {"Axis": axis_of(node, len(operands[0].shape)), **activation(node)}
    draft.emit("CONCATENATION", node.inputs, node.outputs, "ConcatenationOptions", fields)


def pack(draft: Draft, node: Node) -> None:
    """PACK: a new axis."""
    operands = [draft.need(node, i, f"x{i}") for i in range(len(node.inputs))]
    need_one_scale((draft.output(node), *operands))
    axis = axis_of(node, len(operands[0].shape) + 1)
    fields = {"ValuesCount": len(operands), "Axis": axis}
    draft.emit("PACK", node.inputs, node.outputs, "PackOptions", fields)


def unpack(draft: Draft, node: Node) -> None:
    """UNPACK: one output for each slice."""
    _alike(draft, node)
    axis = axis_of(node, len(draft.need(node, 0, "x").shape))
    fields = {"Num": len(node.outputs), "Axis": axis}
    draft.emit("UNPACK", node.inputs[:1], node.outputs, "UnpackOptions", fields)


def split(draft: Draft, node: Node) -> None:
    """SPLIT into equal parts, else SPLIT_V."""
    _alike(draft, node)
    sizes, fields = node.ints("sizes"), {"NumSplits": len(node.outputs)}
    axis = draft.parameter(node, "axis", axis_of(node, len(draft.need(node, 0, "x").shape)))
    if len(set(sizes)) == 1:
        draft.emit("SPLIT", [axis, node.inputs[0]], node.outputs, "SplitOptions", fields)
        return
    operand = draft.parameter(node, "sizes", sizes)
    inputs = [node.inputs[0], operand, axis]
    draft.emit("SPLIT_V", inputs, node.outputs, "SplitVOptions", fields)


def resize(draft: Draft, node: Node) -> None:
    """RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR."""
    _alike(draft, node)
    name = "ResizeBilinear" if node.op == "resize_bilinear" else "ResizeNearestNeighbor"
    size = draft.parameter(node, "size", node.ints("size"))
    fields = {
        "AlignCorners": bool(node.attrs["align_corners"]),
        "HalfPixelCenters": bool(node.attrs["half_pixel_centers"]),
    }
    draft.emit(node.op.upper(), [node.inputs[0], size], node.outputs, f"{name}Options", fields)


def axis_of(node: Node, rank: int) -> int:
    """The attribute `axis`, counted from the front."""
    axis = node.attrs["axis"]
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise GraphError(f"axis {axis} is none of {rank}")
    return axis % rank


def _alike(draft: Draft, node: Node) -> Tensor:
    """The first output, once all of them have the input's type and scale."""
    outputs = [draft.tensors[name] for name in node.outputs]
    need_one_scale((draft.need(node, 0, "x"), *outputs))
    return outputs[0]
