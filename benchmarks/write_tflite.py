"""Writes a chain of int8 layers as a .tflite, through the schema's own object interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

FILE_IDENTIFIER = b"TFL3"
OPERATOR = schema.BuiltinOperator
# kind: operator, the lowest version of it that takes int8, class and tag of its options.
KINDS: Mapping[str, tuple[int, int, str]] = {
    "conv": (OPERATOR.CONV_2D, 3, "Conv2DOptions"),
    "depthwise": (OPERATOR.DEPTHWISE_CONV_2D, 3, "DepthwiseConv2DOptions"),
    "max_pool": (OPERATOR.MAX_POOL_2D, 2, "Pool2DOptions"),
    "average_pool": (OPERATOR.AVERAGE_POOL_2D, 2, "Pool2DOptions"),
    "add": (OPERATOR.ADD, 2, "AddOptions"),
    "reshape": (OPERATOR.RESHAPE, 1, "ReshapeOptions"),
    "dense": (OPERATOR.FULLY_CONNECTED, 4, "FullyConnectedOptions"),
    "softmax": (OPERATOR.SOFTMAX, 2, "SoftmaxOptions"),
}
TYPES = {np.dtype(np.int8): schema.TensorType.INT8, np.dtype(np.int32): schema.TensorType.INT32}


@dataclass(frozen=True)
class Stored:
    """A tensor of the file.

    scale        (1,) or one per channel along `axis`; empty: not quantized
    data         None for activations
    """

    name: str
    shape: tuple[int, ...]
    scale: tuple[float, ...]
    zero_point: int = 0
    axis: int = 0
    data: NDArray[Any] | None = None


@dataclass(frozen=True)
class Step:
    """An operator of the file: tensors by name, options by the schema's field names."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    options: Mapping[str, Any]


def _quantization(tensor: Stored) -> Any:  # noqa: ANN401 - the schema has no types
    parameters = schema.QuantizationParametersT()
    parameters.scale = list(tensor.scale)
    parameters.zeroPoint = [tensor.zero_point] * len(tensor.scale)
    parameters.quantizedDimension = tensor.axis
    return parameters


def _tensor(tensor: Stored, model: Any) -> Any:  # noqa: ANN401
    entry = schema.TensorT()
    entry.name = tensor.name.encode()
    entry.shape = list(tensor.shape)
    entry.type = TYPES[np.dtype(np.int8) if tensor.data is None else tensor.data.dtype]
    entry.buffer = 0
    if tensor.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(tensor.data.tobytes(), np.uint8)
        entry.buffer = len(model.buffers)
        model.buffers.append(buffer)
    if tensor.scale:
        entry.quantization = _quantization(tensor)
    return entry


def _operator(step: Step, index: Mapping[str, int], model: Any) -> Any:  # noqa: ANN401
    builtin, version, options_name = KINDS[step.kind]
    known = [code.builtinCode for code in model.operatorCodes]
    if builtin not in known:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = version
        model.operatorCodes.append(code)
        known.append(builtin)
    options = getattr(schema, options_name + "T")()
    for field, value in step.options.items():
        setattr(options, field, value)
    entry = schema.OperatorT()
    entry.opcodeIndex = known.index(builtin)
    entry.inputs = [index[name] for name in step.inputs]
    entry.outputs = [index[step.output]]
    entry.builtinOptionsType = getattr(schema.BuiltinOptions, options_name)
    entry.builtinOptions = options
    return entry


def write_model(tensors: list[Stored], steps: list[Step], source: str, description: str) -> bytes:
    """The bytes of a .tflite whose input is the tensor `source`, whose output the last step's."""
    model = schema.ModelT()
    model.version = 3
    model.description = description.encode()
    model.buffers = [schema.BufferT()]
    model.operatorCodes = []
    graph = schema.SubGraphT()
    graph.name = b"main"
    graph.tensors = [_tensor(tensor, model) for tensor in tensors]
    index = {tensor.name: i for i, tensor in enumerate(tensors)}
    graph.operators = [_operator(step, index, model) for step in steps]
    graph.inputs = [index[source]]
    graph.outputs = [index[steps[-1].output]]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())
