"""A quantized ONNX model node by node: edgeq's integers on ONNX Runtime's own inputs.

So that what one node rounds otherwise is seen at that node alone, and not behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeq.frontends.onnx import read_onnx
from edgeq.ir import DType, Graph, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, View, lower_node
from edgeq.passes import prepare
from edgeq.reference.exact import run_call
from edgeq.verify.oracle import Oracle

Array = NDArray[Any]


@dataclass(frozen=True)
class Gap:
    """How one node's integers differ: elements, how many differ, and by how much at most.

    x, theirs   the node's first input and ONNX Runtime's output, flat
    """

    node: str
    op: str
    elements: int
    differing: int
    largest: int
    x: Array
    theirs: Array


def integer_graph(data: bytes) -> Graph:
    """The graph of a file, as it is compiled."""
    return prepare(read_onnx(data))


def exposed(data: bytes) -> tuple[bytes, list[str]]:
    """The model with every integer tensor as an output, and their names."""
    model = onnx.load_from_string(data)
    inferred = onnx.shape_inference.infer_shapes(model)
    known = {v.name: v.type.tensor_type.elem_type for v in inferred.graph.value_info}
    whole = (onnx.TensorProto.UINT8, onnx.TensorProto.INT8, onnx.TensorProto.INT16)
    # what onnx knows no type of comes from an operator of Microsoft, and is uint8 or int8
    names = [
        name for node in model.graph.node for name in node.output
        if known.get(name) in whole or (name not in known and "QLinear" in node.op_type)
        or (name not in known and node.op_type in ("QGemm", "QuantizeLinear"))
    ]  # fmt: skip
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return bytes(model.SerializeToString()), names


def gaps(data: bytes, oracle: Oracle, sample: Mapping[str, Array]) -> list[Gap]:
    """Every node of the integer graph whose output ONNX Runtime shows, on one sample.

    sample   by input name, in the file's order
    """
    graph = integer_graph(data)
    wide, names = exposed(data)
    oracle.load(wide)
    inputs = [i.name for i in onnx.load_from_string(data).graph.input if i.name in sample]
    outputs = oracle.invoke([sample[n] for n in inputs]).outputs
    shown = dict(zip(names, outputs, strict=True)) | dict(sample)
    memory = {n: lying(shown[n], graph.tensors[n]) for n in graph.inputs}
    found = []
    for node in graph.nodes:
        for name, value in zip(node.outputs, computed(graph, node.name, memory), strict=True):
            tensor = graph.tensors[name]
            memory[name] = value
            if name in shown and tensor.dtype in (DType.INT8, DType.INT16):
                theirs = lying(shown[name], tensor)
                gap = np.abs(value.astype(np.int64) - theirs.astype(np.int64))
                counts = gap.size, int((gap > 0).sum()), int(gap.max(initial=0))
                found.append(Gap(node.name, node.op, *counts, memory[node.inputs[0]], theirs))
                memory[name] = theirs
    return found


def computed(graph: Graph, name: str, memory: Mapping[str, Array]) -> list[Array]:
    """The outputs of one node, flat, from flat inputs."""
    node = next(n for n in graph.nodes if n.name == name)
    lowered = lower_node(graph, node, Profile.EDGEQ)
    if isinstance(lowered, Alias):
        return [memory[lowered.source]]
    results = {
        t: np.zeros(graph.tensors[t].size, graph.tensors[t].dtype.numpy) for t in node.outputs
    }

    def flat(view: View) -> Array:
        held = results if view.tensor in results else memory
        return held[view.tensor][view.offset :]

    for call in lowered:
        run_call(call, flat)
    return [results[t] for t in node.outputs]


def lying(value: Array, tensor: Tensor) -> Array:
    """A tensor of the file as the graph has it: channels last, signed, flat."""
    shape = tensor.shape
    if value.ndim in (3, 4) and value.shape != shape:
        turned = np.moveaxis(value, 1, -1)
        if [n for n in turned.shape if n > 1] == [n for n in shape if n > 1]:
            value = turned
    if value.dtype == np.uint8:
        value = (value ^ np.uint8(128)).view(np.int8)
    return np.ascontiguousarray(value).reshape(-1)
