"""The end of a translation: outputs in an order and under the names that people expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeq.frontends.onnx_build import Builder, Const, Operand, Value
from edgeq.frontends.onnx_layout import Order, channels_last
from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.ir.file_order import with_file_orders

CARRIERS = frozenset({
    "reshape", "transpose", "strided_slice", "concatenation", "split", "pad", "max_pool_2d",
    "depth_to_space", "gather", "resize_nearest_neighbor", "flip_sign",
})  # fmt: skip
"""Operators whose outputs are on the scale of their inputs."""


def finished(
    build: Builder, inputs: Sequence[str], outputs: Sequence[tuple[str, Operand]]
) -> Graph:
    """The graph of everything built, named "".

    An output lies as the file has it, or channels last where that costs nothing; which of
    the two is in the notes.
    """
    orders: dict[str, Order] = {}
    names: list[str] = []
    for name, operand in outputs:
        build.label = f"{name}/output"
        tensor, order = _placed(build, name, operand)
        if tensor in names or tensor in inputs:
            shape = build.tensors[tensor].shape
            tensor = build.node("reshape", (tensor,), shape, name, {"shape": shape})
        names.append(tensor)
        if order is not None:
            orders[name] = order
    renamed = _names(build.tensors, names, [name for name, _ in outputs])
    tensors = {renamed.get(n, n): replace(t, name=renamed.get(n, n)) for n, t in
               _with_scales(build).items()}  # fmt: skip
    nodes = tuple(_renamed(node, renamed) for node in build.nodes)
    ends = tuple(renamed.get(n, n) for n in names)
    graph = Graph("", tensors, nodes, tuple(inputs), ends).replace_nodes({})
    return with_file_orders(graph, orders)


def _placed(build: Builder, name: str, operand: Operand) -> tuple[str, Order | None]:
    """The tensor of an output, and its order when that is not the file's."""
    if isinstance(operand, Const):
        return build.constant(operand, name), None
    rank = len(operand.shape)
    plain, last = tuple(range(rank)), channels_last(rank)
    order = last if operand.layout.lies(last) and not operand.layout.lies(plain) else plain
    tensor = build.arranged(replace(operand, origin=""), order)
    if operand.unsigned:
        tensor = _unsigned(build, operand, tensor, name)
    return tensor, None if order == plain else order


def _unsigned(build: Builder, operand: Value, tensor: str, name: str) -> str:
    """The bytes as the file has them."""
    shape = build.tensors[tensor].shape
    del operand
    return build.node_of("flip_sign", (tensor,), name, None, (shape, DType.UINT8, None))


def _names(
    tensors: Mapping[str, Tensor], found: Sequence[str], wanted: Sequence[str]
) -> dict[str, str]:
    """New names, so that every output has the file's; who had one of them gets what is free."""
    renamed = {a: b for a, b in zip(found, wanted, strict=True) if a != b}
    taken = set(tensors) | set(wanted)
    for name in wanted:
        if name in tensors and name not in found and name not in renamed:
            new = f"{name}/inner"
            while new in taken:
                new += "_"
            taken.add(new)
            renamed[name] = new
    return renamed


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    inputs = tuple(names.get(n, n) for n in node.inputs)
    return replace(node, inputs=inputs, outputs=tuple(names.get(n, n) for n in node.outputs))


def _with_scales(build: Builder) -> dict[str, Tensor]:
    """The tensors, integers that are only moved on the scale of where they come from or go."""
    tensors = dict(build.tensors)
    for nodes in (build.nodes, build.nodes[::-1], build.nodes):
        for node in nodes:
            if node.op in CARRIERS:
                _share(tensors, node)
    return tensors


def _share(tensors: dict[str, Tensor], node: Node) -> None:
    ends = [n for n in (*node.inputs, *node.outputs) if tensors[n].dtype in OFFSETS]
    for source in (tensors[n] for n in ends):
        if source.quant is None:
            continue
        for tensor in (tensors[n] for n in ends):
            if tensor.quant is None:
                zero = source.quant.zero_point - OFFSETS[source.dtype] + OFFSETS[tensor.dtype]
                quant = QuantParams(source.quant.scale, zero)
                tensors[tensor.name] = replace(tensor, quant=quant)
        return


OFFSETS = {DType.INT8: 0, DType.UINT8: 128, DType.INT16: 0}
"""How far zero points of one number lie apart between types."""
