"""Floats outside, integers inside."""

from __future__ import annotations

from dataclasses import replace

from edgeq.errors import UsageError
from edgeq.ir import DType, Graph, Node, Tensor

QUANTIZED = (DType.INT8, DType.INT16, DType.UINT8)


def float_io(graph: Graph, io_dtype: str) -> Graph:
    """Make quantized inputs and outputs float32 when `io_dtype` says so.

    The float tensor takes the name, the integer one becomes NAME/quantized and keeps the
    index in the file.

    Before   x int8 -> ... -> y int8
    After    x float32 -> quantize -> x/quantized -> ... -> y/quantized -> dequantize -> y float32

    Raises:
        UsageError: `io_dtype` is neither "" nor "float32".
    """
    if io_dtype in ("", "integer"):
        return graph
    if io_dtype != "float32":
        raise UsageError(f"no io dtype '{io_dtype}'", fix="choose float32, or none")
    names = [
        n for n in (*graph.inputs, *graph.outputs)
        if graph.tensors[n].dtype in QUANTIZED and graph.tensors[n].quant is not None
    ]  # fmt: skip
    inner = {n: _free(f"{n}/quantized", graph) for n in names}
    tensors = dict(graph.tensors)
    for name, new in inner.items():
        tensors[new] = replace(tensors[name], name=new)
        tensors[name] = Tensor(name, tensors[name].shape, DType.FLOAT32)
    first = [_node("quantize", i, n, inner[n]) for i, n in enumerate(graph.inputs) if n in inner]
    last = [
        _node("dequantize", i, inner[n], n)
        for i, n in enumerate(dict.fromkeys(graph.outputs))
        if n in inner and n not in graph.inputs
    ]
    nodes = (*first, *(_renamed(node, inner) for node in graph.nodes), *last)
    index = {inner.get(n, n): i for n, i in graph.file_index.items()}
    return replace(graph, tensors=tensors, nodes=nodes, file_index=index)


def _node(op: str, index: int, source: str, target: str) -> Node:
    return Node(f"{op}_io_{index}", op, (source,), (target,))


def _renamed(node: Node, inner: dict[str, str]) -> Node:
    inputs = tuple(inner.get(n, n) for n in node.inputs)
    return replace(node, inputs=inputs, outputs=tuple(inner.get(n, n) for n in node.outputs))


def _free(name: str, graph: Graph) -> str:
    while name in graph.tensors:
        name += "_"
    return name
