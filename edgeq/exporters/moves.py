"""Operators that move, cut, join and resize: normalized attributes become operands again."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError
from edgeq.exporters.checks import need_one_scale
from edgeq.exporters.draft import Draft
from edgeq.exporters.windows import activation
from edgeq.ir import Node, Shape, Tensor


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
    operand = draft.parameter(node, "padding", np.array(list(pairs), np.int32).reshape(-1, 2))
    inputs = [node.inputs[0], operand]
    zero = 0 if y.quant is None else y.quant.zero_point
    if value == zero:
        draft.emit("PAD", inputs, node.outputs, "PadOptions")
        return
    border = Tensor("", (1,), y.dtype, y.quant, np.array([value], y.dtype.numpy))
    inputs.append(draft.add(node, "value", border))
    draft.emit("PADV2", inputs, node.outputs, "PadV2Options")


def strided_slice(draft: Draft, node: Node) -> None:
    """SLICE where every step is 1, else STRIDED_SLICE, which can also drop axes.

    Where axes are added, a RESHAPE stands behind.
    """
    x, y = draft.need(node, 0, "x"), _alike(draft, node)
    size, dropped = node.ints("size"), _dropped(node.ints("size"), y.shape)
    cut = y.name if dropped is not None else draft.between(node, "slice", y, size)
    if not dropped and all(s == 1 for s in node.ints("strides")):
        operands = [draft.parameter(node, what, node.ints(what)) for what in ("begin", "size")]
        draft.emit("SLICE", [x.name, *operands], [cut], "SliceOptions")
    else:
        _by_strides(draft, node, x, cut, dropped or 0)
    if cut != y.name:
        inputs = [cut, draft.parameter(node, "shape", y.shape)]
        draft.emit("RESHAPE", inputs, [y.name], "ReshapeOptions", {"NewShape": y.shape})


def _dropped(size: Shape, shape: Shape) -> int | None:
    """The axes of size 1, bit by bit, without which `size` is `shape`; None if more differs."""
    mask, rest = 0, list(shape)
    for axis, extent in enumerate(size):
        if rest and extent == rest[0]:
            rest.pop(0)
        elif extent == 1:
            mask |= 1 << axis
        else:
            return None
    return mask if not rest else None


def _by_strides(draft: Draft, node: Node, x: Tensor, cut: str, dropped: int) -> None:
    """STRIDED_SLICE; an end below 0 would count from the back, so it is left open by a mask."""
    begin, size, strides = (node.ints(key) for key in ("begin", "size", "strides"))
    strides = tuple(1 if dropped >> i & 1 else s for i, s in enumerate(strides))
    end = [b + n * s for b, n, s in zip(begin, size, strides, strict=True)]
    mask = sum(1 << i for i, e in enumerate(end) if e < 0)
    ends = [min(max(e, 0), n) for e, n in zip(end, x.shape, strict=True)]
    operands = [
        draft.parameter(node, what, values)
        for what, values in (("begin", begin), ("end", ends), ("strides", strides))
    ]
    fields = {"EndMask": mask, "ShrinkAxisMask": dropped}
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


def gather(draft: Draft, node: Node) -> None:
    """GATHER by constant indices: int32 from the front on, which is what every runtime takes."""
    indices = draft.need(node, 1, "indices")
    if indices.data is None:
        raise GraphError(f"indices {indices.name} are computed, not constant")
    need_one_scale((draft.need(node, 0, "x"), draft.output(node)))
    shape = draft.need(node, 0, "x").shape
    axis = axis_of(node, len(shape))
    operand = draft.parameter(node, "indices", indices.data % shape[axis])
    draft.emit("GATHER", [node.inputs[0], operand], node.outputs, "GatherOptions", {"Axis": axis})


def depth_to_space(draft: Draft, node: Node) -> None:
    """DEPTH_TO_SPACE, which has blocks before channels; other orders are gathered in front."""
    y, block = _alike(draft, node), node.attrs["block_size"]
    if not isinstance(block, int):
        raise GraphError(f"block_size is {block!r}, not an integer")
    source = node.inputs[0]
    if node.attrs.get("mode", "DCR") != "DCR":
        x = draft.need(node, 0, "x")
        order = np.arange(x.shape[3]).reshape(y.shape[3], block * block).T.reshape(-1)
        source = draft.between(node, "ordered", x, x.shape)
        indices = draft.parameter(node, "order", order)
        draft.emit("GATHER", [x.name, indices], [source], "GatherOptions", {"Axis": 3})
    fields = {"BlockSize": block}
    draft.emit("DEPTH_TO_SPACE", [source], node.outputs, "DepthToSpaceOptions", fields)


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
