"""Which nodes compute many samples in one call, and how their attributes then read.

A graph declares one batch B, usually 1; samples lie one after the other along the first
dimension.  A node keeps them apart when every row it computes comes from that row alone.
"""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir import Attr, Graph, Node, Shape, Tensor

WEIGHTED = frozenset({
    "conv_2d", "depthwise_conv_2d", "conv_transpose_2d", "fully_connected", "gather",
})  # fmt: skip
"""Operators whose constant inputs do not run along the samples."""

JOINING = frozenset({"concatenation", "pack"})
"""Operators that would need a constant input once for every sample."""

UNARY = frozenset({"reshape", "strided_slice", "mean", "reduce_sum", "reduce_max", "arg_max"})
"""Operators whose output may have another rank than their input."""


def keeps_apart(graph: Graph, node: Node, batch: int) -> bool:
    """Whether `node` may be given more samples along the first dimension at once."""
    tensors = [graph.tensors[t] for t in (*node.inputs, *node.outputs) if t]
    computed = [t for t in tensors if not t.is_constant]
    if not all(t.shape[:1] == (batch,) for t in computed):
        return False
    rank = len(computed[0].shape)
    if node.op == "fully_connected":
        return bool(node.attrs.get("keep_num_dims")) or graph.outputs_of(node)[0].shape[0] == batch
    if node.op in UNARY or len({len(t.shape) for t in computed}) == 1:
        constants = [t for t in tensors if t.is_constant]
        return _same_for_all(node, constants, rank) and _spares_first_axis(node, rank)
    return False


def over_samples(node: Node, rows: int, output: Shape) -> Node:
    """`node` for `rows` rows along the first dimension instead of the declared batch."""
    attrs: dict[str, Attr] = dict(node.attrs)
    if node.op == "reshape":
        attrs["shape"] = (rows, *output[1:])
    if node.op == "strided_slice":
        attrs["size"] = (rows, *node.ints("size")[1:])
        attrs.pop("shape", None)
    return replace(node, attrs=attrs)


def _same_for_all(node: Node, constants: list[Tensor], rank: int) -> bool:
    """Whether constant inputs mean the same to every sample."""
    if node.op in WEIGHTED or not constants:
        return True
    if node.op in JOINING:
        return False
    return all(len(t.shape) < rank or t.shape[0] == 1 for t in constants)


def _spares_first_axis(node: Node, rank: int) -> bool:
    """Whether no attribute moves, joins, cuts or reduces the first dimension."""
    if "axis" in node.attrs and node.attrs["axis"] in (0, -rank):
        return False
    if "axes" in node.attrs and {0, -rank} & set(node.ints("axes")):
        return False
    if "perm" in node.attrs and node.ints("perm")[0] != 0:
        return False
    return not ("before" in node.attrs and (node.ints("before")[0] or node.ints("after")[0]))
