"""See legacy uint8 models as int8: every value less 128, which is the same number.

real = scale * (u - zero_point) = scale * ((u - 128) - (zero_point - 128)), and u - 128 is u
with its highest bit turned over.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor

OFFSET = 128
UNMARKED = ("quantize", "dequantize", "flip_sign")
"""They convert between types by one formula for all; others have uint8 kernels of their own."""


def legacy_uint8(graph: Graph) -> Graph:
    """Make every quantized uint8 tensor int8; inputs and outputs stay uint8, behind flip_sign.

    Nodes that worked on uint8 get the attribute `legacy_uint8`, because some of the runtimes'
    uint8 kernels round differently.  Weights keep their zero point, less 128.

    Before   x uint8 -> conv_2d -> t uint8 -> softmax -> y uint8
    After    x uint8 -> flip_sign -> x/int8 -> conv_2d -> t int8 -> softmax -> y/int8
             -> flip_sign -> y uint8
    """
    done = {t for n in graph.nodes if n.op == "flip_sign" for t in (*n.inputs, *n.outputs)}
    old = {
        n: t for n, t in graph.tensors.items()
        if t.dtype is DType.UINT8 and t.quant and n not in done
    }  # fmt: skip
    if not old:
        return graph
    edges = [n for n in dict.fromkeys((*graph.inputs, *graph.outputs)) if n in old]
    inner = {name: _free(f"{name}/int8", graph) for name in edges}
    nodes = [_converted(node, old, inner) for node in graph.nodes]
    signed = {n: _signed(t, inner.get(n, n)) for n, t in old.items()}
    tensors = {n: t for n, t in graph.tensors.items() if n not in old or n in inner}
    tensors.update((t.name, t) for t in signed.values())
    flips_in = [_flip(i, n, inner[n], "in") for i, n in enumerate(graph.inputs) if n in inner]
    flips_out = [
        _flip(i, inner[n], n, "out")
        for i, n in enumerate(dict.fromkeys(graph.outputs))
        if n in inner and n not in graph.inputs and not old[n].is_constant
    ]
    seen = replace(graph, tensors=tensors, nodes=(*flips_in, *nodes, *flips_out))
    return seen.replace_nodes({})


def _signed(tensor: Tensor, name: str) -> Tensor:
    """`tensor` as int8."""
    quant, data = tensor.quant, tensor.data
    if quant is not None:
        quant = QuantParams(quant.scale, quant.zero_point - OFFSET, quant.axis)
    if data is not None:
        data = (data ^ np.uint8(OFFSET)).view(np.int8)
    return Tensor(name, tensor.shape, DType.INT8, quant, data)


def _converted(node: Node, old: dict[str, Tensor], inner: dict[str, str]) -> Node:
    """`node` on the int8 tensors, with its integer attributes less 128 too."""
    attrs = dict(node.attrs)
    if node.op not in UNMARKED and not old.keys().isdisjoint((*node.inputs, *node.outputs)):
        attrs["legacy_uint8"] = True
    if node.op == "pad" and node.outputs[0] in old:
        attrs["value"] = int(attrs["value"]) - OFFSET  # type: ignore[arg-type]
    inputs = tuple(inner.get(name, name) for name in node.inputs)
    outputs = tuple(inner.get(name, name) for name in node.outputs)
    return replace(node, inputs=inputs, outputs=outputs, attrs=attrs)


def _flip(index: int, source: str, target: str, side: str) -> Node:
    return Node(f"flip_sign_{side}_{index}", "flip_sign", (source,), (target,))


def _free(name: str, graph: Graph) -> str:
    """`name`, or one made of it that no tensor has."""
    while name in graph.tensors:
        name += "_"
    return name
