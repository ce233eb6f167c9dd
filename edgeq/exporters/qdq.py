"""Graphs as ONNX models of DequantizeLinear, float operators and QuantizeLinear.

That is what ONNX Runtime turns into integer operators on x86: activations are uint8 there, so
int8 ones are written with 128 added, inputs and outputs too (`unsigned`).  Images keep the
graph's layout at inputs and outputs and have channels first inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from onnx import ModelProto, ValueInfoProto, helper

from edgeq.errors import EdgeqError, GraphError, Problems
from edgeq.exporters import qdq_ops as ops
from edgeq.exporters.qdq_draft import TYPES, QdqDraft, unsigned
from edgeq.ir import Graph, Node, Tensor
from edgeq.ir.text import show

__all__ = ["to_qdq", "unsigned"]

OPSET, IR_VERSION = 17, 8


def to_qdq(graph: Graph) -> bytes:
    """The bytes of an .onnx file that computes `graph`, in another rounding.

    Args:
        graph: of integers, as `edgeq.passes.prepare` leaves it.

    Raises:
        Problems: every node that has no such form, and why; those behind it are not looked at.
    """
    draft, problems, refused = QdqDraft(graph), list[EdgeqError](), set[str]()
    for node in graph.nodes:
        if not refused.isdisjoint(node.inputs):
            refused.update(node.outputs)
            continue
        try:
            _write(draft, node)
        except EdgeqError as error:
            refused.update(node.outputs)
            where = f"{show(node.name)} ({node.op})"
            problems.append(type(error)(error.what, where=where, why=error.why, fix=error.fix))
    if problems:
        raise Problems(f"onnxruntime: {show(graph.name)} has no QDQ form", problems)
    return bytes(_model(draft).SerializeToString())


def _write(draft: QdqDraft, node: Node) -> None:
    write = WRITERS.get(node.op)
    if write is None:
        raise GraphError(f"onnxruntime: no QDQ form of {node.op}")
    tensors = [draft.graph.tensors[name] for name in (*node.inputs[:1], *node.outputs)]
    for tensor in tensors:
        if tensor.dtype not in TYPES:
            raise GraphError(f"onnxruntime: no QDQ form of {node.op} of {tensor.dtype}")
    write(draft, node)


def _model(draft: QdqDraft) -> ModelProto:
    graph = draft.graph
    values = {name: draft.plain(name) for name in graph.outputs}
    for name, value in values.items():
        if name != value:
            draft.nodes.append(helper.make_node("Identity", [value], [name]))
    body = helper.make_graph(
        draft.nodes, graph.name or "graph",
        [_face(graph.tensors[name]) for name in graph.inputs],
        [_face(graph.tensors[name]) for name in graph.outputs], draft.constants,
    )  # fmt: skip
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)],
                             ir_version=IR_VERSION, producer_name="edgeq")  # fmt: skip


def _face(tensor: Tensor) -> ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, TYPES[tensor.dtype], tensor.shape)


WRITERS: Mapping[str, Callable[[QdqDraft, Node], None]] = {
    "conv_2d": ops.conv_2d, "depthwise_conv_2d": ops.depthwise_conv_2d,
    "fully_connected": ops.fully_connected,
    "add": ops.binary("Add"), "sub": ops.binary("Sub"), "mul": ops.binary("Mul"),
    "average_pool_2d": ops.average_pool_2d, "max_pool_2d": ops.max_pool_2d, "mean": ops.mean,
    "relu": ops.clamp, "relu6": ops.clamp, "relu_n1_to_1": ops.clamp,
    "leaky_relu": ops.unary("LeakyRelu"), "logistic": ops.unary("Sigmoid"),
    "tanh": ops.unary("Tanh"), "hard_swish": ops.unary("HardSwish"), "softmax": ops.softmax,
    "reshape": ops.reshape, "transpose": ops.transpose, "pad": ops.pad,
    "concatenation": ops.concatenation, "strided_slice": ops.strided_slice,
    "quantize": ops.convert, "dequantize": ops.convert, "flip_sign": ops.convert,
}  # fmt: skip
"""By the IR's name of the operator."""
