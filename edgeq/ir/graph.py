"""Tensor, Node and Graph: frozen values that refer to each other by name.

Nodes are kept in execution order.  A graph is edited only by `replace_nodes`, which
returns a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Shape: TypeAlias = tuple[int, ...]
Attr: TypeAlias = int | float | bool | str | tuple[int, ...]


class DType(StrEnum):
    """Element types of tensors.  int4 is stored in memory as int8 until it is packed."""

    INT4 = "int4"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype("int8" if self is DType.INT4 else str(self))

    @property
    def bytes(self) -> int:
        """Bytes per element in memory."""
        return self.numpy.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class QuantParams:
    """Affine quantization: real = scale * (q - zero_point), in groups scale * factor * q.

    scale          float64, shape (1,) per tensor or (C,) along `axis`; finite, > 0
    zero_point     in the range of the tensor's dtype; 0 for weights and biases (legacy uint8
                   weights excepted)
    axis           the quantized dimension, or None per tensor
    group_factors  None, or for int4 weights along axis 0 an int32 array (C, G) in [1, 255]:
                   the factor of channel c in group g, which is the indices
                   [g * group_size, (g + 1) * group_size) of the last dimension
    group_size     indices in a group, the last group perhaps fewer; 0 without groups
    """

    scale: NDArray[np.float64]
    zero_point: int = 0
    axis: int | None = None
    group_factors: NDArray[np.int32] | None = None
    group_size: int = 0

    @property
    def per_channel(self) -> bool:
        return self.axis is not None

    def factors(self, size: int) -> NDArray[np.int32]:
        """The factor of each channel at each of `size` indices of the last dimension, (C, size)."""
        if self.group_factors is None:
            return np.ones((self.scale.size, size), np.int32)
        return self.group_factors[:, np.arange(size) // self.group_size]

    def _key(self) -> tuple[bytes, int, int | None, bytes, int]:
        groups = b"" if self.group_factors is None else self.group_factors.tobytes()
        return (self.scale.tobytes(), self.zero_point, self.axis, groups, self.group_size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QuantParams) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A named value: an activation, or a constant when `data` is there.

    data   of dtype `dtype.numpy` and shape `shape`, or None
    """

    name: str
    shape: Shape
    dtype: DType
    quant: QuantParams | None = None
    data: NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.bytes

    @property
    def is_constant(self) -> bool:
        return self.data is not None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operator: `outputs = op(inputs)`.  An absent optional input is the empty name."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict)

    def ints(self, key: str) -> tuple[int, ...]:
        """The attribute `key`, which is a tuple of integers."""
        value = self.attrs[key]
        if not isinstance(value, tuple):
            raise TypeError(f"{self.name}: attribute {key} is not a tuple")
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A network: tensors by name, nodes in execution order, names of inputs and outputs.

    source       bytes of the file it was read from, for oracles and manifests
    file_index   the index in that file of every tensor that it holds
    numerics     the numeric profile that it was quantized for, "" when nobody said
    notes        what its user should know, by key: how its input is prepared
    """

    name: str
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: bytes = b""
    file_index: Mapping[str, int] = field(default_factory=dict)
    numerics: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def users(self, tensor: str) -> tuple[Node, ...]:
        """The nodes that read `tensor`, in execution order."""
        return tuple(n for n in self.nodes if tensor in n.inputs)

    def producer(self, tensor: str) -> Node | None:
        return next((n for n in self.nodes if tensor in n.outputs), None)

    def inputs_of(self, node: Node) -> tuple[Tensor | None, ...]:
        return tuple(self.tensors[t] if t else None for t in node.inputs)

    def outputs_of(self, node: Node) -> tuple[Tensor, ...]:
        return tuple(self.tensors[t] for t in node.outputs)

    def replace_nodes(
        self, changes: Mapping[str, Node | None], tensors: Mapping[str, Tensor] | None = None
    ) -> Graph:
        """A new graph with each node named in `changes` replaced, or removed when None.

        `tensors` are added or replaced; tensors that nothing names any more are dropped.
        """
        nodes = tuple(new for n in self.nodes if (new := changes.get(n.name, n)) is not None)
        merged = {**self.tensors, **(tensors or {})}
        used = {*self.inputs, *self.outputs}
        used.update(t for n in nodes for t in (*n.inputs, *n.outputs) if t)
        kept = {name: t for name, t in merged.items() if name in used}
        return replace(self, nodes=nodes, tensors=kept)
