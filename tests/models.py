"""Builders of tiny .tflite files, so that no binary is committed.

`TfliteModel` writes any file, deliberately broken ones too, by the schema's object API.
Models of one operator are written by `tests/one_op.py`, with shapes by `tests/operators.py`;
`tests/examples.py` has one of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

Array = NDArray[Any]
Scale = float | Sequence[float] | None
Face = tuple[tuple[int, ...], np.dtype[Any]]

BUFFER_ALIGN = 16
"""The schema asks this of buffers; runtimes read them in place."""


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose bytes lie where the schema's `force_align` wants them."""

    def Pack(self, builder: Any) -> int:  # noqa: N802 (the schema's name)
        if self.data is None:
            return int(super().Pack(builder))
        raw = bytes(self.data)
        builder.StartVector(1, len(raw), BUFFER_ALIGN)
        builder.head -= len(raw)
        builder.Bytes[builder.head : builder.head + len(raw)] = raw
        vector = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, vector)
        return int(schema.BufferEnd(builder))


class TfliteModel:
    """One .tflite file in the making: `tensor` and `op` add, `build` gives the bytes.

    Nothing is checked.  `tensors`, `operators`, `codes` and `buffers` are the schema's own
    objects and may be bent before `build`; buffer 0 is the empty one.
    """

    def __init__(self) -> None:
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[Any] = []
        self.buffers: list[Any] = [AlignedBuffer()]
        self.model = schema.ModelT()
        self.model.version = 3

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: Scale = None,
        zero_point: int | Sequence[int] = 0,
        axis: int | None = None,
        data: Array | bytes | None = None,
        name: str | None = None,
        signature: Sequence[int] | None = None,
        buffer: int | None = None,
        variable: bool = False,
    ) -> int:
        """Add a tensor and return its index.

        Args:
            shape: written as it is; may disagree with `data`.
            dtype: a name of the schema's TensorType, in lower case.
            scale: one number, or one for each slice along `axis`; None for no quantization.
            zero_point: likewise; one number is repeated for every scale.
            axis: quantized_dimension; 0 when None.
            data: the buffer of a constant, in the file's own layout.
            name: "t" and the index when None.
            signature: shape_signature, -1 where a dimension is dynamic.
            buffer: this buffer index, whether it exists or not, instead of one of its own.
            variable: the tensor keeps its value between runs.
        """
        t = schema.TensorT()
        t.shape, t.type = list(shape), getattr(schema.TensorType, dtype.upper())
        t.name = f"t{len(self.tensors)}" if name is None else name
        t.buffer = self.buffer(data) if buffer is None else buffer
        t.isVariable = variable
        if signature is not None:
            t.shapeSignature = list(signature)
        if scale is not None:
            t.quantization = _quantization(scale, zero_point, axis)
        self.tensors.append(t)
        return len(self.tensors) - 1

    def buffer(self, data: Array | bytes | None) -> int:
        """Add a buffer and return its index; 0 for no data."""
        if data is None:
            return 0
        buffer = AlignedBuffer()
        buffer.data = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def op(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        version: int = 1,
        custom: str | None = None,
        **options: Any,
    ) -> None:
        """Add an operator; -1 stands for an absent optional input.

        Args:
            name: a name of the schema's BuiltinOperator.
            inputs: tensor indices.
            outputs: tensor indices.
            version: of the operator, in the file's table.
            custom: the code of a CUSTOM operator.
            options: fields of the operator's option table in snake case, enums by name;
                `activation` is short for `fused_activation_function`.
        """
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        operator.opcodeIndex = self._code(name, version, custom)
        table = getattr(schema, _options_name(name) + "T", None)
        if table is not None:
            operator.builtinOptions = table()
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, _options_name(name))
        for key, value in options.items():
            field = _camel(LONG.get(key, key), lower=True)
            if not hasattr(operator.builtinOptions, field):
                raise AttributeError(f"{name} has no option '{key}'")
            setattr(operator.builtinOptions, field, _enum(field, value))
        self.operators.append(operator)

    def build(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The file, with these tensors as the model's inputs and outputs."""
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        self.model.subgraphs = [graph]
        self.model.operatorCodes, self.model.buffers = self.codes, self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self, name: str, version: int, custom: str | None) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version, code.customCode = version, custom
        self.codes.append(code)
        return len(self.codes) - 1


LONG = {"activation": "fused_activation_function"}
"""Option names worth a short form."""

OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "PADV2": "PadV2Options",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
}
"""Option tables not named after their operator."""

ENUMS = {
    "padding": schema.Padding,
    "fusedActivationFunction": schema.ActivationFunctionType,
    "outType": schema.TensorType,
    "outputType": schema.TensorType,
    "quantizedBiasType": schema.TensorType,
}
"""Option fields whose values have names."""


def _camel(snake: str, *, lower: bool = False) -> str:
    text = "".join(part.capitalize() for part in snake.split("_"))
    return text[:1].lower() + text[1:] if lower else text


def _options_name(op: str) -> str:
    return OPTIONS.get(op, _camel(op) + "Options")


def _enum(field: str, value: Any) -> Any:
    named = field in ENUMS and isinstance(value, str)
    return getattr(ENUMS[field], value.upper()) if named else value


def _quantization(scale: Scale, zero_point: int | Sequence[int], axis: int | None) -> Any:
    q = schema.QuantizationParametersT()
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    points = np.atleast_1d(np.asarray(zero_point, np.int64))
    q.scale, q.zeroPoint = scales, np.resize(points, max(len(scales), len(points)))
    q.quantizedDimension = axis or 0
    return q


NUMPY = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
    schema.TensorType.UINT8: np.uint8,
}


def faces(model: bytes) -> tuple[list[Face], list[Face]]:
    """Shape and dtype of each input and of each output of a file, in its order."""
    graph = schema.Model.GetRootAs(model).Subgraphs(0)

    def face(index: int) -> Face:
        t = graph.Tensors(index)
        return tuple(t.Shape(i) for i in range(t.ShapeLength())), np.dtype(NUMPY[t.Type()])

    inputs = [face(graph.Inputs(i)) for i in range(graph.InputsLength())]
    return inputs, [face(graph.Outputs(i)) for i in range(graph.OutputsLength())]


def random_inputs(model: bytes, rng: np.random.Generator) -> list[Array]:
    """One sample: every value of an integer dtype, floats in [-4, 4)."""
    return [random_array(rng, shape, dtype) for shape, dtype in faces(model)[0]]


def random_array(rng: np.random.Generator, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """Uniform over the whole range of an integer dtype, over [-4, 4) of a float one."""
    if dtype.kind == "f":
        return rng.uniform(-4, 4, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return np.asarray(rng.integers(limits.min, limits.max, shape, dtype, endpoint=True))
