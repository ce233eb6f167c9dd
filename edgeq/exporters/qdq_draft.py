"""An ONNX model of quantized operators in the making.

A value is known by its name in the model; a tensor of the graph has up to two: as the graph has
it, and with channels first when it is an image, which is made when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Graph, Node, QuantParams, Shape, Tensor

Array = NDArray[Any]

IMAGE_RANK = 4
TO_PLANES, TO_PIXELS = (0, 3, 1, 2), (0, 2, 3, 1)
SIGN = 128
TYPES = {
    DType.INT8: TensorProto.UINT8, DType.UINT8: TensorProto.UINT8,
    DType.FLOAT32: TensorProto.FLOAT,
}  # fmt: skip
"""What a tensor of the graph is in the model; int8 becomes uint8 by adding 128."""


def unsigned(values: Array) -> Array:
    """int8 as uint8: the same number with a zero point 128 higher; other types as they are."""
    return values.view(np.uint8) ^ np.uint8(SIGN) if values.dtype == np.int8 else values


def planar_shape(shape: Shape) -> Shape:
    """An image's shape with channels first."""
    return tuple(shape[i] for i in TO_PLANES)


class QdqDraft:
    """What the model will hold; a node's writer adds to it.

    nodes, constants   in order
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._plain: dict[str, str] = {name: name for name in graph.inputs}
        self._planar: dict[str, str] = {}
        self._taken = {*graph.inputs, *graph.outputs}

    def need(self, node: Node, index: int, what: str) -> Tensor:
        """Input `index` of `node`; raises GraphError when it is absent."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if not name:
            raise GraphError(f"input {index} ({what}) is missing")
        return self.graph.tensors[name]

    def output(self, node: Node) -> Tensor:
        """The first output of `node`."""
        return self.graph.tensors[node.outputs[0]]

    def emit(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401 (ONNX's)
        """Add an operator; its only output is a new value."""
        value = self._free(op)
        self.nodes.append(helper.make_node(op, list(inputs), [value], name=value, **attributes))
        return value

    def constant(self, data: Array) -> str:
        """Add a constant."""
        name = self._free("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(data, order="C"), name))
        return name

    def plain(self, name: str) -> str:
        """The value of a tensor as the graph has it."""
        tensor = self.graph.tensors[name]
        if name not in self._plain and tensor.data is not None:
            self._plain[name] = self.constant(unsigned(tensor.data.reshape(tensor.shape)))
        elif name not in self._plain:
            self._plain[name] = self.emit("Transpose", [self._planar[name]], perm=TO_PIXELS)
        return self._plain[name]

    def planar(self, name: str) -> str:
        """The value of an image with channels first."""
        if name not in self._planar:
            self._planar[name] = self.emit("Transpose", [self.plain(name)], perm=TO_PLANES)
        return self._planar[name]

    def is_planar(self, name: str) -> bool:
        """Whether the value with channels first is there."""
        return name in self._planar

    def set(self, name: str, value: str, *, planar: bool = False) -> None:
        """Say which value a tensor has."""
        (self._planar if planar else self._plain)[name] = value

    def alias(self, y: str, x: str) -> None:
        """Tensor y has the values of x."""
        for known in (self._plain, self._planar):
            if x in known:
                known[y] = known[x]

    def real(self, value: str, tensor: Tensor) -> str:
        """The numbers that integers of `tensor` stand for; floats as they are."""
        if tensor.dtype is DType.FLOAT32:
            return value
        return self.emit("DequantizeLinear", [value, *self._parameters(tensor)])

    def integers(self, value: str, tensor: Tensor) -> str:
        """Numbers as integers of `tensor`; floats as they are."""
        if tensor.dtype is DType.FLOAT32:
            return value
        return self.emit("QuantizeLinear", [value, *self._parameters(tensor)])

    def shape(self, value: str, shape: Sequence[int]) -> str:
        """The same bytes in another shape."""
        return self.emit("Reshape", [value, self.constant(np.array(shape, np.int64))])

    def weights(self, data: Array, quant: QuantParams, axis: int) -> str:
        """Dequantized weights with their output channels along `axis`."""
        points = np.full(quant.scale.shape, quant.zero_point, data.dtype)
        return self._dequantized(data, quant.scale, points, axis)

    def bias(self, data: Array, scales: NDArray[np.float64]) -> str:
        """A dequantized int32 bias, (O,); `scales` are (1,) or (O,)."""
        return self._dequantized(data.astype(np.int32), scales, None, 0)

    def _dequantized(
        self, data: Array, scales: NDArray[np.float64], points: Array | None, axis: int
    ) -> str:
        shape = () if scales.size == 1 else (scales.size,)
        inputs = [self.constant(data), self.constant(scales.astype(np.float32).reshape(shape))]
        if points is not None:
            inputs.append(self.constant(points.reshape(shape)))
        return self.emit("DequantizeLinear", inputs, **({"axis": axis} if shape else {}))

    def _parameters(self, tensor: Tensor) -> list[str]:
        """Scale and zero point of an activation; raises QuantError when it has none."""
        quant = tensor.quant
        if quant is None or quant.per_channel or tensor.dtype not in TYPES:
            raise QuantError(f"{tensor.name} is {tensor.dtype} without a single scale")
        point = quant.zero_point + (SIGN if tensor.dtype is DType.INT8 else 0)
        scale = np.array(quant.scale[0], np.float32)
        return [self.constant(scale), self.constant(np.array(point, np.uint8))]

    def _free(self, hint: str) -> str:
        count = len(self._taken)
        while (name := f"{hint}_{count}") in self._taken:
            count += 1
        self._taken.add(name)
        return name
