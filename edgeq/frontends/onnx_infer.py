"""Shapes and known values of one node, as the onnx package works them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import defs, helper, numpy_helper, shape_inference

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Builder, Const, Operand
from edgeq.ir import DType, Shape

Proto: TypeAlias = Any
TYPES = onnx.TensorProto.DataType

REFUSALS = (
    shape_inference.InferenceError, onnx.checker.ValidationError, defs.SchemaError, RuntimeError,
    ValueError, TypeError, KeyError,
)  # fmt: skip
"""What onnx raises on nodes that make no sense."""

MAX_FOLDED = 1 << 24
"""Elements of a computed constant: more than shape arithmetic and unfolded weights have."""

PARAMETER = 1 << 12
"""Elements of a constant whose values decide on shapes."""

FOLDED = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal", "Exp",
    "Expand", "Flatten", "Floor", "Gather", "Greater", "GreaterOrEqual", "Identity", "Less",
    "LessOrEqual", "MatMul", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pad", "Pow", "Range",
    "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape",
    "Round", "Shape", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose",
    "Unsqueeze", "Where",
})  # fmt: skip
"""Operators computed when all their inputs are known."""

SEEN = {
    (DType.INT8, False): TYPES.INT8, (DType.INT8, True): TYPES.UINT8,
    (DType.INT16, False): TYPES.INT16, (DType.INT16, True): TYPES.UINT16,
    (DType.INT32, False): TYPES.INT32, (DType.INT64, False): TYPES.INT64,
}  # fmt: skip
"""The file's type of a computed value, by its type here and whether the file has it unsigned."""

MOVED = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
"""Operators that leave a constant on its scale."""

WIDE_TYPES = (TYPES.FLOAT16, TYPES.BFLOAT16, TYPES.DOUBLE)
"""Floats that are float32 here; what casts to them must say so too."""


def attributes(node: Proto) -> dict[str, Any]:
    """The attributes of a node by name.

    Raises:
        ModelError: one is a reference or of a type without a value.
    """
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ModelError("an attribute refers to a function that is not there")
        try:
            found[attribute.name] = helper.get_attribute_value(attribute)
        except (ValueError, TypeError):
            raise ModelError(f"attribute {attribute.name!a} has no type") from None
    return found


def infer(
    node: Proto, opset: int, inputs: Sequence[Operand | None], build: Builder
) -> tuple[Shape, ...]:
    """The shapes of the outputs of a standard operator.

    Raises:
        ModelError: onnx says that the inputs do not fit, or cannot say what comes out.
    """
    names = [f"i{k}" if x is not None else "" for k, x in enumerate(inputs)]
    outputs = [f"o{k}" for k in range(len(node.output))]
    clean = onnx.NodeProto()
    clean.CopyFrom(node)
    del clean.input[:], clean.output[:]
    clean.input.extend(names)
    clean.output.extend(outputs)
    given = {n: x for n, x in zip(names, inputs, strict=True) if x is not None}
    data = {n: numpy_helper.from_array(x.data, n) for n, x in given.items() if _decides(x)}  # type: ignore[union-attr]
    try:
        schema = defs.get_schema(node.op_type, opset, "")
        types = shape_inference.infer_node_outputs(
            schema, clean, {n: _type(x, build) for n, x in given.items()}, data,
            opset_imports=[helper.make_opsetid("", opset)],
        )  # fmt: skip
    except REFUSALS as error:
        raise ModelError("its inputs or attributes do not fit", why=_short(error)) from None
    return tuple(_shape(types.get(name)) for name in outputs)


def known(
    node: Proto, opset: int, inputs: Sequence[Operand | None], shapes: Sequence[Shape]
) -> tuple[Const, ...] | None:
    """The outputs of a node that can be computed now; None when it cannot be.

    Raises:
        ModelError: it is too large, or onnx cannot compute it.
    """
    first = inputs[0] if inputs else None
    if node.op_type == "Shape" and first is not None:
        return (Const(_span(node, first.shape)),)
    if node.op_type == "Size" and first is not None:
        return (Const(np.array(prod(first.shape), np.int64)),)
    consts = [x for x in inputs if isinstance(x, Const)]
    if node.op_type not in FOLDED or len(consts) != len([x for x in inputs if x is not None]):
        return None
    if any(prod(s) > MAX_FOLDED for s in (*shapes, *(c.shape for c in consts))):
        raise ModelError("a constant of this size is not computed",
                         why=f"{MAX_FOLDED} elements are the most")  # fmt: skip
    if isinstance(first, Const) and first.quant is not None and node.op_type in MOVED:
        return (_moved(node, first, shapes[0]),)
    return _evaluated(node, opset, inputs)


def _moved(node: Proto, const: Const, shape: Shape) -> Const:
    """A constant on a scale, moved without leaving it."""
    if node.op_type != "Transpose":
        return const.shaped(shape)
    perm = attributes(node).get("perm") or tuple(reversed(range(len(const.shape))))
    return const.moved(tuple(perm))


def _evaluated(node: Proto, opset: int, inputs: Sequence[Operand | None]) -> tuple[Const, ...]:
    from onnx.reference import ReferenceEvaluator

    feeds = {
        name: np.asarray(x.real)
        for name, x in zip(node.input, inputs, strict=True)
        if isinstance(x, Const)
    }
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(_in_float32(node), opsets={"": opset}).run(None, feeds)
    except Exception as error:
        raise ModelError("it cannot be computed", why=_short(error)) from None
    arrays = [np.asarray(y) for y in results]
    if any(y.size > MAX_FOLDED or y.dtype.kind not in "fiub" for y in arrays):
        raise ModelError("its values cannot be kept")
    return tuple(Const(y.astype(np.float32) if y.dtype.kind == "f" else y) for y in arrays)


def _in_float32(node: Proto) -> Proto:
    """The node, casting to float32 where it casts to another float."""
    if node.op_type != "Cast":
        return node
    clean = onnx.NodeProto()
    clean.CopyFrom(node)
    for attribute in clean.attribute:
        if attribute.name == "to" and attribute.i in WIDE_TYPES:
            attribute.i = TYPES.FLOAT
    return clean


def _span(node: Proto, shape: Shape) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The part of a shape that a Shape node asks for."""
    limits: Mapping[str, int] = {a.name: int(a.i) for a in node.attribute}
    return np.array(shape[limits.get("start", 0) : limits.get("end", len(shape))], np.int64)


def _decides(operand: Operand) -> bool:
    return (
        isinstance(operand, Const) and operand.data.size <= PARAMETER
        and operand.data.dtype.kind in "iufb" and operand.dtype is None
    )  # fmt: skip


def _type(operand: Operand, build: Builder) -> Proto:
    """The type of an operand in the file: constants on a scale stand for reals."""
    if isinstance(operand, Const):
        reals = operand.quant is not None
        kind = TYPES.FLOAT if reals else helper.np_dtype_to_tensor_dtype(operand.data.dtype)
    else:
        dtype = build.tensors[operand.tensor].dtype
        kind = SEEN.get((dtype, operand.unsigned), TYPES.FLOAT)
    return helper.make_tensor_type_proto(kind, operand.shape)


def _shape(found: Proto | None) -> Shape:
    if found is None or not found.tensor_type.HasField("shape"):
        raise ModelError("onnx cannot say which shape comes out")
    dims = found.tensor_type.shape.dim
    if not all(d.HasField("dim_value") for d in dims):
        raise ModelError("onnx cannot say which shape comes out",
                         why="its shape depends on computed values")  # fmt: skip
    return tuple(int(d.dim_value) for d in dims)


def _short(error: Exception) -> str:
    return " ".join(ascii(str(error))[1:-1].replace("\\n", " ").split())[:300]
