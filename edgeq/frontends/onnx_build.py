"""The graph in the making: values of an ONNX file as tensors of the IR, brought into any order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.onnx_layout import Layout, Order
from edgeq.ir import Attr, DType, Node, QuantParams, Shape, Tensor
from edgeq.reference.constants import dequantized

Array: TypeAlias = NDArray[Any]

MAX_NAME = 100
MAX_ELEMENTS = 2**31 - 1


@dataclass(frozen=True)
class Const:
    """A value known when the model is read, in the file's order.

    data    as the file has it; integers on a scale when there is `quant`
    dtype   of the integers on a scale: int4 is held as int8
    """

    data: Array
    quant: QuantParams | None = None
    dtype: DType | None = None

    @property
    def shape(self) -> Shape:
        return self.data.shape

    @cached_property
    def real(self) -> Array:
        """The numbers it stands for; floats of any width as float32."""
        if self.quant is not None and self.dtype is not None:
            whole = Tensor("", self.shape, self.dtype, self.quant, self.data)
            return np.asarray(dequantized(whole).data)
        return self.data if self.data.dtype.kind in "iub" else self.data.astype(np.float32)

    def moved(self, perm: Order) -> Const:
        """Dimension i becomes what was dimension perm[i]."""
        quant = self.quant
        if quant is not None and quant.axis is not None:
            quant = replace(quant, axis=perm.index(quant.axis))
        return replace(self, data=np.ascontiguousarray(self.data.transpose(perm)), quant=quant)

    def shaped(self, shape: Shape) -> Const:
        """Under another shape; a scale per channel keeps its dimension, or becomes floats."""
        quant = self.quant
        if quant is None or quant.axis is None:
            return replace(self, data=self.data.reshape(shape))
        size, outer = quant.scale.size, prod(self.shape[: quant.axis])
        for axis, n in enumerate(shape):
            if n == size and prod(shape[:axis]) == outer:
                return replace(self, data=self.data.reshape(shape), quant=replace(quant, axis=axis))
        return Const(self.real.reshape(shape))


@dataclass(frozen=True, slots=True)
class Value:
    """A value computed by the graph.

    tensor   the IR's tensor that holds it; its shape is any cut of the same memory
    layout   the file's shape, and how it lies
    origin   the graph's input that it is an element-wise image of, in that input's own order
    unsigned  whether the file has it as uint8 (or uint16), which is int8 (int16) here
    """

    tensor: str
    layout: Layout
    origin: str = ""
    unsigned: bool = False

    @property
    def shape(self) -> Shape:
        return self.layout.shape


Operand: TypeAlias = Value | Const


@dataclass(slots=True)
class Builder:
    """Tensors and nodes so far; every method that adds returns the name of the result.

    wishes   orders in which the graph's inputs had better lie, by name
    label    what nodes are called now: after the node of the file
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    wishes: dict[str, Order] = field(default_factory=dict)
    label: str = "node"
    _arranged: dict[tuple[str, Order, Shape], str] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def tensor(
        self, name: str, shape: Shape, dtype: DType = DType.FLOAT32,
        quant: QuantParams | None = None, data: Array | None = None,
    ) -> str:  # fmt: skip
        """Add a tensor under `name`, or one like it that is free."""
        if prod(shape) > MAX_ELEMENTS or any(n < 1 for n in shape):
            raise ModelError(f"a tensor of shape {shape} is not possible")
        free, number = name or "tensor", 1
        while free in self.tensors:
            free, number = f"{name or 'tensor'}#{number}", number + 1
        self.tensors[free] = Tensor(free, shape, dtype, quant, data)
        return free

    def constant(self, const: Const, name: str) -> str:
        """Add a constant: integers on a scale as they are, everything else as it is."""
        if const.quant is not None and const.dtype is not None:
            return self.tensor(name, const.shape, const.dtype, const.quant, const.data)
        real = np.ascontiguousarray(const.real).reshape(const.shape)
        return self.tensor(name, const.shape, DType(str(real.dtype)), None, real)

    def node(
        self, op: str, inputs: Sequence[str], shape: Shape, name: str,
        attrs: Mapping[str, Attr] | None = None, like: str = "",
    ) -> str:  # fmt: skip
        """Add a node with one output.

        like   the tensor whose type and scale the output has; "" for the first input
        """
        same = self.tensors[like or inputs[0]]
        return self.node_of(op, inputs, name, attrs, (shape, same.dtype, same.quant))

    def node_of(
        self, op: str, inputs: Sequence[str], name: str, attrs: Mapping[str, Attr] | None,
        output: tuple[Shape, DType, QuantParams | None], *, aside: bool = False,
    ) -> str:  # fmt: skip
        """Add a node whose output has this shape, type and scale.

        aside   it only prepares or follows what the file's node does, and leaves it the name
        """
        shape, dtype, quant = output
        y = self.tensor(name, shape, dtype, quant)
        own = self._node_name(op, aside=aside)
        self.nodes.append(Node(own, op, tuple(inputs), (y,), dict(attrs or {})))
        return y

    def nodes_with(self, op: str, inputs: Sequence[str], outputs: Sequence[str],
                   attrs: Mapping[str, Attr]) -> None:  # fmt: skip
        """Add a node whose outputs exist already."""
        self.nodes.append(Node(self._node_name(op), op, tuple(inputs), tuple(outputs), dict(attrs)))

    def arranged(self, value: Value, order: Order, shape: Shape | None = None) -> str:
        """The tensor that holds `value` with its dimensions in `order`, under `shape`.

        A transpose is made only when the memory differs, and once for all who ask.
        """
        if shape is None:
            shape = tuple(value.shape[d] for d in order)
        wanted = value.layout.in_order(order)
        tensor = value.tensor
        if value.origin and (
            wanted != tuple(range(len(wanted))) or self.tensors[tensor].shape != shape
        ):
            self.wishes.setdefault(value.origin, order)
        if wanted != tuple(range(len(wanted))):
            tensor = self._transposed(tensor, value.layout.sizes, wanted)
        return self.shaped(tensor, shape)

    def shaped(self, tensor: str, shape: Shape) -> str:
        """The same memory under another shape."""
        if self.tensors[tensor].shape == shape:
            return tensor
        key = (tensor, (), shape)
        if key not in self._arranged:
            attrs: dict[str, Attr] = {"shape": shape}
            self._arranged[key] = self._aside("reshape", tensor, shape, attrs)
        return self._arranged[key]

    def _transposed(self, tensor: str, sizes: Shape, perm: Order) -> str:
        key = (tensor, perm, sizes)
        if key not in self._arranged:
            source = self.shaped(tensor, sizes)
            shape = tuple(sizes[a] for a in perm)
            attrs: dict[str, Attr] = {"perm": perm}
            self._arranged[key] = self._aside("transpose", source, shape, attrs)
        return self._arranged[key]

    def _aside(self, op: str, source: str, shape: Shape, attrs: Mapping[str, Attr]) -> str:
        like = self.tensors[source]
        output = (shape, like.dtype, like.quant)
        return self.node_of(op, (source,), f"{source}/{op}d", attrs, output, aside=True)

    def _node_name(self, op: str, *, aside: bool = False) -> str:
        """The label for the first node that does its work, else with the operator."""
        plain = re.sub(r"[^A-Za-z0-9_./:-]", "_", self.label)[:MAX_NAME] or op
        name, number = f"{plain}/{op}" if aside else plain, 1
        while name in self._names:
            name, number = f"{plain}/{op}_{number}", number + 1
        self._names.add(name)
        return name
