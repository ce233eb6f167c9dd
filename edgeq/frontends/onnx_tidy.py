"""What exporters write apart is put together: factors and offsets into weights, clamps, reshapes.

Each step keeps the graph's meaning; sums are only rounded in another order.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.frontends.onnx_edit import CHANNEL_AXIS, Edit, live
from edgeq.frontends.onnx_patterns import fuse_functions
from edgeq.ir import DType, Graph, Node, Tensor

CLAMPS = ("relu", "relu6", "relu_n1_to_1")
CLAMPED = (*CHANNEL_AXIS, "add", "sub", "mul", "div", "average_pool_2d", "max_pool_2d")
OPERANDS = 2
Channels = NDArray[np.float32]


def tidy(graph: Graph) -> Graph:
    """`graph` with everything put together that belongs together."""
    for step in (live, fuse_functions, fold_channels, fuse_clamps, join_reshapes, live):
        graph = step(graph)
    return graph


def fold_channels(graph: Graph) -> Graph:
    """Fold factors and offsets per channel into the weights and biases before them.

    Before   x -> conv_2d(w, b) -> t -> mul(f) -> u -> add(o) -> y
    After    x -> conv_2d(w * f, b * f + o) -> y
    """
    edit = Edit(graph)
    for name in [n.name for n in graph.nodes if n.op in CHANNEL_AXIS]:
        node = edit.nodes[name]
        while (reader := edit.only_reader(node)) is not None:
            changed = _folded(edit, node, reader)
            if changed is None:
                break
            node = edit.absorb(node, reader, changed)
    return edit.done()


def fuse_clamps(graph: Graph) -> Graph:
    """Make relu and its like the activation of the node before them.

    Before   x -> conv_2d -> t -> relu -> y
    After    x -> conv_2d(activation=relu) -> y
    """
    edit = Edit(graph)
    for name in [n.name for n in graph.nodes if n.op in CLAMPED]:
        node = edit.nodes[name]
        reader = edit.only_reader(node)
        if reader is None or reader.op not in CLAMPS or node.attrs.get("activation") != "none":
            continue
        edit.absorb(node, reader, replace(node, attrs={**node.attrs, "activation": reader.op}))
    return edit.done()


def join_reshapes(graph: Graph) -> Graph:
    """Read through reshapes: only the last one counts, and none that changes nothing.

    Before   x (1, 4) -> reshape (2, 2) -> t -> reshape (4) -> y
    After    x (1, 4) -> reshape (4) -> y
    """
    edit = Edit(graph)
    for node in graph.nodes:
        inputs = tuple(_source(edit, node, name) for name in node.inputs)
        if inputs != node.inputs:
            edit.replaced(node, replace(node, inputs=inputs))
    return edit.done()


def _source(edit: Edit, node: Node, name: str) -> str:
    """What a node may read instead of a reshaped tensor."""
    maker = edit.maker(name)
    if maker is None or maker.op != "reshape" or edit.tensors[maker.inputs[0]].is_constant:
        return name
    source = maker.inputs[0]
    same = edit.tensors[source].shape == edit.tensors[name].shape
    return source if same or node.op == "reshape" else name


def _folded(edit: Edit, node: Node, reader: Node) -> Node | None:
    """`node` with the factor or offset of its reader; None when that is something else."""
    if node.attrs.get("activation") != "none" or reader.attrs.get("activation") != "none":
        return None
    if reader.op not in ("mul", "add", "sub") or edit.tensors[reader.outputs[0]].quant is not None:
        return None
    values = _per_channel(edit, node, reader)
    if values is None:
        return None
    if reader.op == "mul":
        return _scaled(edit, node, values)
    return _shifted(edit, node, -values if reader.op == "sub" else values)


def _per_channel(edit: Edit, node: Node, reader: Node) -> Channels | None:
    """The constant operand of `reader`, one float for each channel of its other operand."""
    y, z = edit.tensors[node.outputs[0]], edit.tensors[reader.outputs[0]]
    others = [n for n in reader.inputs if n != y.name]
    if len(others) != 1 or (reader.op == "sub" and reader.inputs[1] != others[0]):
        return None
    constant = edit.tensors[others[0]]
    count = y.shape[-1]
    if constant.data is None or constant.dtype is not DType.FLOAT32 or y.shape != z.shape:
        return None
    if constant.size != 1 and (constant.size != count or constant.shape[-1] != count):
        return None
    if not np.isfinite(constant.data).all():
        return None
    return np.broadcast_to(constant.data.reshape(-1), (count,)).astype(np.float32)


def _scaled(edit: Edit, node: Node, factor: Channels) -> Node | None:
    weights = edit.tensors[node.inputs[1]]
    if weights.data is None or weights.dtype is not DType.FLOAT32:
        return None
    shape = [1] * len(weights.shape)
    shape[CHANNEL_AXIS[node.op]] = -1
    data = weights.data.astype(np.float64) * factor.reshape(shape)
    names = [node.inputs[0], _constant(edit, weights.name, data)]
    bias = _bias(edit, node)
    if bias is not None:
        names.append(_constant(edit, node.inputs[2], bias.astype(np.float64) * factor))
    elif len(node.inputs) > OPERANDS and node.inputs[2]:
        return None
    return replace(node, inputs=tuple(names))


def _shifted(edit: Edit, node: Node, offset: Channels) -> Node | None:
    if len(node.inputs) > OPERANDS and node.inputs[2]:
        bias = _bias(edit, node)
        if bias is None:
            return None
        data, name = bias.astype(np.float64) + offset, node.inputs[2]
    else:
        data, name = offset.astype(np.float64), f"{node.outputs[0]}/bias"
    return replace(node, inputs=(*node.inputs[:OPERANDS], _constant(edit, name, data)))


def _bias(edit: Edit, node: Node) -> Channels | None:
    """The float bias of a node, if it has one."""
    if len(node.inputs) <= OPERANDS or not node.inputs[2]:
        return None
    bias = edit.tensors[node.inputs[2]]
    return bias.data if bias.dtype is DType.FLOAT32 else None


def _constant(edit: Edit, like: str, data: NDArray[np.float64]) -> str:
    """A new float constant under a name that is free."""
    name = like
    while name in edit.tensors:
        name += "+"
    values = data.astype(np.float32)
    edit.tensors[name] = Tensor(name, values.shape, DType.FLOAT32, None, values)
    return name
