"""A graph as text, for people and for golden tests: one line per node, then the constants."""

from __future__ import annotations

import numpy as np

from edgeq.ir.graph import Attr, Graph, Node, QuantParams, Tensor

MAX_NAME = 80


def show(text: str, limit: int = MAX_NAME) -> str:
    """`text` from a model, quoted, printable and ASCII, of at most `limit` characters of it."""
    return ascii(text if len(text) <= limit else text[: limit - 3] + "...")


def graph_text(graph: Graph) -> str:
    """Every input, node and output of `graph`, in execution order, with types and scales."""
    tensors = graph.tensors
    lines = [f"graph {show(graph.name)}"]
    lines += [f"  input {_value(tensors[name])}" for name in graph.inputs]
    lines += [_node(graph, node) for node in graph.nodes]
    lines += [f"  output {show(name)}" for name in graph.outputs]
    lines += [f"  constant {_value(t)}" for t in tensors.values() if t.is_constant]
    return "\n".join(lines) + "\n"


def _node(graph: Graph, node: Node) -> str:
    inputs = ", ".join(show(name) if name else "-" for name in node.inputs)
    outputs = ", ".join(_value(t) for t in graph.outputs_of(node))
    attrs = "".join(f" {key}={_attr(value)}" for key, value in sorted(node.attrs.items()))
    return f"  {node.name}: {outputs} = {node.op}({inputs}){attrs}"


def _value(tensor: Tensor) -> str:
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    return f"{show(tensor.name)} {tensor.dtype} {shape}{_quant(tensor.quant)}"


def _quant(quant: QuantParams | None) -> str:
    if quant is None:
        return ""
    scale = f"{quant.scale[0]:.9g}"
    if quant.axis is not None:
        scale = f"{np.min(quant.scale):.9g}..{np.max(quant.scale):.9g} along {quant.axis}"
    return f" ({scale}, {quant.zero_point})"


def _attr(value: Attr) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
