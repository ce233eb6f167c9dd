"""What holds after which stage: one table per stage, a sentence and a predicate each.

The sentence is the documentation: `edgeq ops` prints it.  The predicate yields what breaks
it.  Stages: "loaded" is any graph, "integer" one that can be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, GraphError, Problems, QuantError
from edgeq.ir.graph import DType, Graph, QuantParams, Tensor
from edgeq.ir.text import show
from edgeq.numerics.nibbles import INT4_MAX, INT4_MIN

Predicate: TypeAlias = Callable[[Graph], Iterator[EdgeqError]]

QUANTIZE_FIRST = "quantize the model first: edgeq quantize MODEL --data CALIBRATION.npz -o OUT"
ZERO_POINTS = {
    DType.INT4: (-8, 7), DType.INT8: (-128, 127), DType.UINT8: (0, 255), DType.INT16: (0, 0),
    DType.INT32: (0, 0), DType.INT64: (0, 0),
}  # fmt: skip
"""Where a zero point may lie; legacy uint8 weights seen as int8 keep theirs."""

MAX_FACTOR = 255
"""The greatest factor of a group of int4 weights."""

INTEGERS = (DType.INT8, DType.INT16)
EDGES = {
    DType.FLOAT32: ("quantize", "dequantize"), DType.UINT8: ("flip_sign", "flip_sign"),
    DType.INT32: ("", "arg_max"), DType.INT64: ("", "arg_max"),
}  # fmt: skip
"""Types of the outside: the operator that reads them in, and the one that writes them out."""

MOVES = frozenset({
    "reshape", "transpose", "strided_slice", "concatenation", "split", "pack", "unpack",
})  # fmt: skip
"""Operators that carry values of any type without looking at them."""

WEIGHTED = frozenset({"conv_2d", "depthwise_conv_2d", "fully_connected"})
"""Operators whose second input may be int4."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that holds: the sentence, and a search for what breaks it."""

    sentence: str
    broken: Predicate


def check(graph: Graph, stage: str) -> None:
    """Raise Problems with everything that breaks `stage`'s rules, or those before it."""
    for name, rules in SPEC.items():
        problems = [problem for rule in rules for problem in rule.broken(graph)]
        if problems:
            raise Problems(f"the graph is not {_STATE[name]}", problems)
        if name == stage:
            return
    raise KeyError(stage)


def _names(graph: Graph) -> Iterator[EdgeqError]:
    for key, tensor in graph.tensors.items():
        if key != tensor.name or not key:
            yield GraphError(f"tensor {show(tensor.name)} is filed under {show(key)}")
    nodes = [node.name for node in graph.nodes]
    for name in {n for n in nodes if nodes.count(n) > 1} if len(set(nodes)) < len(nodes) else ():
        yield GraphError(f"several nodes are named {show(name)}")


def _existing(graph: Graph) -> Iterator[EdgeqError]:
    for node in graph.nodes:
        for name in (*(t for t in node.inputs if t), *node.outputs):
            if name not in graph.tensors:
                yield GraphError(f"tensor {show(name)} does not exist", where=node.name)
    for name in (*graph.inputs, *graph.outputs):
        if name not in graph.tensors:
            yield GraphError(f"tensor {show(name)} of the graph's inputs or outputs does not exist")


def _ordered(graph: Graph) -> Iterator[EdgeqError]:
    known = {*graph.inputs, *(name for name, t in graph.tensors.items() if t.is_constant)}
    for node in graph.nodes:
        for name in node.inputs:
            if name and name not in known:
                yield GraphError(f"{show(name)} is read before it is computed", where=node.name)
        for name in node.outputs:
            if name in known:
                yield GraphError(f"{show(name)} is written twice", where=node.name)
            known.add(name)
    for name in graph.outputs:
        if name not in known:
            yield GraphError(f"output {show(name)} is not computed")


def _sized(graph: Graph) -> Iterator[EdgeqError]:
    for tensor in graph.tensors.values():
        if any(d < 1 for d in tensor.shape) or prod(tensor.shape) >= 2**31:
            yield GraphError(f"{show(tensor.name)} has shape {tensor.shape}")
        data = tensor.data
        if data is not None and (data.shape, data.dtype) != (tensor.shape, tensor.dtype.numpy):
            yield GraphError(
                f"constant {show(tensor.name)} is {tensor.dtype} {tensor.shape}",
                why=f"its data is {data.dtype} {data.shape}",
            )
        elif tensor.dtype is DType.INT4 and data is not None and _leaves_int4(data):
            yield GraphError(f"constant {show(tensor.name)} has values that do not fit int4")


def _leaves_int4(data: NDArray[np.int8]) -> bool:
    return bool(((data < INT4_MIN) | (data > INT4_MAX)).any())


def _scaled(graph: Graph) -> Iterator[EdgeqError]:
    for tensor in graph.tensors.values():
        if tensor.quant is not None and (why := _bad_quant(tensor, tensor.quant)):
            yield QuantError(f"{show(tensor.name)} is quantized wrongly", why=why)


def _bad_quant(tensor: Tensor, quant: QuantParams) -> str:
    """What is wrong with `quant`, or nothing."""
    if not (np.isfinite(quant.scale).all() and (quant.scale > 0).all()):
        return "a scale is not a positive number"
    if quant.axis is None:
        count = 1
    elif 0 <= quant.axis < len(tensor.shape):
        count = tensor.shape[quant.axis]
    else:
        return f"axis {quant.axis} does not exist in {tensor.shape}"
    if quant.scale.shape != (count,):
        return f"scales of shape {quant.scale.shape}, not {(count,)}"
    factors = quant.group_factors
    if factors is not None and (why := _bad_groups(tensor, quant, factors)):
        return why
    lo, hi = ZERO_POINTS.get(tensor.dtype, (0, 0))
    if not lo <= quant.zero_point <= hi and not tensor.is_constant:
        return f"zero point {quant.zero_point} is outside [{lo}, {hi}]"
    return ""


def _bad_groups(tensor: Tensor, quant: QuantParams, factors: NDArray[np.int32]) -> str:
    """What is wrong with group factors, or nothing."""
    if (tensor.dtype, quant.axis, quant.zero_point) != (DType.INT4, 0, 0) or quant.group_size < 1:
        return f"groups of {quant.group_size} {tensor.dtype} along axis {quant.axis}"
    groups = -(-tensor.shape[-1] // quant.group_size)
    if factors.shape != (tensor.shape[0], groups):
        return f"group factors of shape {factors.shape}, not {(tensor.shape[0], groups)}"
    if factors.min() < 1 or factors.max() > MAX_FACTOR:
        return f"group factors from {factors.min()} to {factors.max()}, not in [1, {MAX_FACTOR}]"
    return ""


def _integer(graph: Graph) -> Iterator[EdgeqError]:
    """Types that an operator does not compute in; MOVES take every type."""
    nodes = [node for node in graph.nodes if node.op not in MOVES]
    computed = [t for n in nodes if n.op != "dequantize" for t in graph.outputs_of(n)]
    if computed and all(t.dtype is DType.FLOAT32 for t in computed):
        yield QuantError("the model computes in float32", fix=QUANTIZE_FIRST)
        return
    for node in nodes:
        read = [t for t in graph.inputs_of(node) if t is not None and not t.is_constant]
        for side, tensors in enumerate((read, graph.outputs_of(node))):
            for tensor in tensors:
                if tensor.dtype in INTEGERS or EDGES.get(tensor.dtype, ("", ""))[side] == node.op:
                    continue
                yield QuantError(
                    f"{node.op} {'writes' if side else 'reads'} {show(tensor.name)}, "
                    f"which is {tensor.dtype}",
                    where=node.name,
                    fix=QUANTIZE_FIRST if tensor.dtype is DType.FLOAT32 else "",
                )


def _weights(graph: Graph) -> Iterator[EdgeqError]:
    for node in graph.nodes:
        for place, tensor in enumerate(graph.inputs_of(node)):
            if tensor is None or tensor.dtype is not DType.INT4:
                continue
            if node.op not in WEIGHTED or place != 1:
                yield QuantError(
                    f"{node.op} reads {show(tensor.name)}, which is int4", where=node.name,
                    why="int4 is a type of weights alone",
                )  # fmt: skip


def _with_scales(graph: Graph) -> Iterator[EdgeqError]:
    for tensor in graph.tensors.values():
        if tensor.is_constant or tensor.dtype not in INTEGERS:
            continue
        if tensor.quant is None:
            yield QuantError(f"{show(tensor.name)} is {tensor.dtype} without a scale")
        elif tensor.quant.per_channel:
            yield QuantError(f"{show(tensor.name)} is an activation with a scale per channel")


_STATE = {"loaded": "well-formed", "integer": "an integer graph"}

SPEC: dict[str, tuple[Rule, ...]] = {
    "loaded": (
        Rule("A tensor is filed under its name, and names of nodes are unique.", _names),
        Rule("Every tensor that something names exists.", _existing),
        Rule("A tensor is written once, and before it is read.", _ordered),
        Rule("Dimensions are at least 1, elements fewer than 2^31; data fits its tensor.", _sized),
        Rule("Scales are positive, one per tensor or channel; zero points fit the type.", _scaled),
    ),
    "integer": (
        Rule(
            "Arithmetic is on int8 and int16: float32 meets only quantize and dequantize, uint8 "
            "only flip_sign, and arg_max gives int32 or int64; any type may be moved.",
            _integer,
        ),
        Rule("Every int8 and int16 activation has one scale.", _with_scales),
        Rule("Only weights of convolutions and fully connected layers are int4.", _weights),
    ),
}
"""In the order of the stages; a stage also keeps the rules of those before it."""
