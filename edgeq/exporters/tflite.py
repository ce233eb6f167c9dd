"""Graphs as .tflite files that TensorFlow Lite Micro and LiteRT load.

Every node is written by the rule of its operator.  What TensorFlow Lite cannot express is
refused, all of it at once, before a byte is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq.errors import EdgeqError, GraphError, Problems, QuantError
from edgeq.exporters import arithmetic, functions, moves, transposed, windows
from edgeq.exporters.arithmetic import reduction, unary
from edgeq.exporters.checks import QUANTIZED, need_quant
from edgeq.exporters.draft import Draft
from edgeq.exporters.flatbuffer import file_bytes
from edgeq.ir import DType, Graph, Node, Tensor
from edgeq.ir.spec import check
from edgeq.ir.text import show

FLOAT = frozenset({DType.FLOAT32})
INT8 = FLOAT | {DType.INT8}
WORDS = INT8 | {DType.INT16}
BYTES = INT8 | {DType.UINT8}
REAL = BYTES | {DType.INT16}
ANY = REAL | {DType.INT32, DType.INT64, DType.BOOL}


@dataclass(frozen=True, slots=True)
class Rule:
    """How an operator of the IR is written, and the types of x that TensorFlow Lite takes."""

    write: Callable[[Draft, Node], None]
    dtypes: frozenset[DType]
    max_rank: int = 8


def to_tflite(graph: Graph) -> bytes:
    """The bytes of a .tflite file that computes `graph`; equal graphs give equal bytes.

    Args:
        graph: of integers or of floats; tensors keep their names.

    Raises:
        Problems: every node that TensorFlow Lite cannot express, and why.
        OutputError: the file would be too large for its format.
    """
    return _written(graph)[0]


def as_file(graph: Graph) -> Graph:
    """`graph` with the .tflite file of it as its source, for oracles.

    Scales become what the file holds, float32; names, nodes and values stay.

    Raises:
        Problems, OutputError: as `to_tflite`.
    """
    data, index = _written(graph)
    tensors = {name: _rounded(tensor) for name, tensor in graph.tensors.items()}
    known = {name: i for name, i in index.items() if name in tensors}
    return replace(graph, tensors=tensors, source=data, file_index=known)


def _written(graph: Graph) -> tuple[bytes, dict[str, int]]:
    """The file, and the index in it of every tensor by name."""
    draft = _draft(graph)
    used = [t for op in draft.operators for t in (*op.inputs, *op.outputs) if t]
    order = list(dict.fromkeys((*graph.inputs, *used, *graph.outputs)))
    return file_bytes(draft, order), {name: i for i, name in enumerate(order)}


def _draft(graph: Graph) -> Draft:
    check(graph, "loaded")
    draft = Draft(graph)
    problems: list[EdgeqError] = list(_scales(graph))
    for node in graph.nodes if not problems else ():
        try:
            _write(draft, node)
        except EdgeqError as error:
            problems.append(_placed(error, f"{show(node.name)} ({node.op})"))
        except (KeyError, TypeError):
            where = f"{show(node.name)} ({node.op})"
            problems.append(GraphError("its attributes are not those of the operator", where=where))
    if problems:
        raise Problems(f"{show(graph.name)} cannot be written as .tflite", problems)
    return draft


def _placed(error: EdgeqError, where: str) -> EdgeqError:
    return type(error)(error.what, where=where, why=error.why, fix=error.fix)


def _scales(graph: Graph) -> Iterator[EdgeqError]:
    """Scales that single precision, the file's, cannot hold."""
    for tensor in graph.tensors.values():
        if tensor.quant is None:
            continue
        with np.errstate(over="ignore"):
            scale = tensor.quant.scale.astype(np.float32)
        if not (np.isfinite(scale) & (scale > 0)).all():
            yield QuantError(
                f"{show(tensor.name)} has a scale that float32 cannot hold",
                why=f"scales from {tensor.quant.scale.min():g} to {tensor.quant.scale.max():g}",
            )


def _write(draft: Draft, node: Node) -> None:
    rule = RULES.get(node.op)
    if rule is None:
        raise GraphError("TensorFlow Lite has no such operator", fix="write an .edgeq file")
    if node.attrs.get("legacy_uint8"):
        raise GraphError("it is the int8 view of a uint8 operator, which rounds differently",
                         fix="write the graph as it was loaded")  # fmt: skip
    x = draft.need(node, 0, "x")
    if x.dtype not in rule.dtypes:
        known = ", ".join(sorted(rule.dtypes))
        raise GraphError(f"TensorFlow Lite takes no {x.dtype} here", why=f"only {known}")
    if len(x.shape) > rule.max_rank:
        raise GraphError(f"TensorFlow Lite takes {rule.max_rank} dimensions here at most",
                         why=f"{show(x.name)} has shape {x.shape}")  # fmt: skip
    for tensor in (x, *(draft.tensors[name] for name in node.outputs)):
        if tensor.dtype in QUANTIZED:
            need_quant(tensor)
    rule.write(draft, node)


def _rounded(tensor: Tensor) -> Tensor:
    """`tensor` with scales rounded to float32."""
    quant = tensor.quant
    if quant is None:
        return tensor
    scale = quant.scale.astype(np.float32).astype(np.float64)
    return replace(tensor, quant=replace(quant, scale=scale))


RULES: Mapping[str, Rule] = {
    "conv_2d": Rule(windows.conv_2d, REAL),
    "depthwise_conv_2d": Rule(windows.depthwise_conv_2d, REAL),
    "conv_transpose_2d": Rule(transposed.conv_transpose_2d, WORDS),
    "fully_connected": Rule(windows.fully_connected, REAL),
    "average_pool_2d": Rule(windows.pool_2d, REAL),
    "max_pool_2d": Rule(windows.pool_2d, REAL),
    "add": Rule(arithmetic.binary, ANY),
    "sub": Rule(arithmetic.binary, ANY),
    "mul": Rule(arithmetic.binary, ANY),
    "maximum": Rule(arithmetic.comparison, ANY),
    "minimum": Rule(arithmetic.comparison, ANY),
    "div": Rule(arithmetic.division, REAL),
    "prelu": Rule(arithmetic.prelu, BYTES),
    "mean": Rule(reduction("MEAN"), REAL),
    "reduce_sum": Rule(reduction("SUM"), WORDS),
    "reduce_max": Rule(reduction("REDUCE_MAX", moved=True), REAL),
    "pad": Rule(moves.pad, ANY, 5),
    "reshape": Rule(moves.reshape, ANY),
    "transpose": Rule(moves.transpose, ANY, 6),
    "strided_slice": Rule(moves.strided_slice, ANY, 5),
    "concatenation": Rule(moves.concatenation, ANY),
    "pack": Rule(moves.pack, ANY),
    "unpack": Rule(moves.unpack, ANY),
    "split": Rule(moves.split, ANY),
    "gather": Rule(moves.gather, ANY),
    "depth_to_space": Rule(moves.depth_to_space, BYTES),
    "resize_bilinear": Rule(moves.resize, REAL),
    "resize_nearest_neighbor": Rule(moves.resize, REAL),
    "softmax": Rule(arithmetic.softmax, REAL),
    "logistic": Rule(arithmetic.logistic, REAL),
    "tanh": Rule(arithmetic.tanh, REAL),
    "relu": Rule(unary("RELU"), REAL),
    "relu6": Rule(unary("RELU6"), REAL),
    "relu_n1_to_1": Rule(unary("RELU_N1_TO_1"), BYTES),
    "leaky_relu": Rule(unary("LEAKY_RELU", "LeakyReluOptions", Alpha="alpha"), REAL),
    "hard_swish": Rule(unary("HARD_SWISH", "HardSwishOptions"), BYTES),
    "abs": Rule(unary("ABS", "AbsOptions"), WORDS),
    "neg": Rule(functions.neg, INT8),
    "exp": Rule(unary("EXP", "ExpOptions"), WORDS),
    "sqrt": Rule(unary("SQRT"), INT8),
    "rsqrt": Rule(unary("RSQRT"), INT8),
    "elu": Rule(functions.elu, INT8),
    "gelu": Rule(functions.gelu, INT8),
    "pow": Rule(functions.power, FLOAT),
    "clip": Rule(functions.clip, WORDS),
    "quantize": Rule(arithmetic.convert, REAL),
    "flip_sign": Rule(arithmetic.convert, BYTES),
    "dequantize": Rule(arithmetic.dequantize, REAL),
    "arg_max": Rule(arithmetic.arg_max, BYTES),
}
"""By the IR's name of the operator."""
