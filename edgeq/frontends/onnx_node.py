"""What the operator table sees of one node in an ONNX file, and how its operands are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Builder, Const, Operand, Value
from edgeq.frontends.onnx_layout import Layout, Order
from edgeq.ir import Attr, DType, Shape

MAX_PARAMETERS = 1 << 16
"""Elements of a constant that an operator reads as its parameter: axes, sizes, indices."""

Pattern: TypeAlias = tuple[int | None, ...]
"""For every dimension of an IR tensor the file's dimension that it is, None where it is a 1."""


@dataclass(frozen=True, slots=True)
class OnnxNode:
    """One node of the file.

    inputs   its operands; None where optional and absent
    outputs  names; "" where nobody wants one
    shapes   of the outputs, as onnx infers them; () when it cannot
    """

    op: str
    opset: int
    inputs: tuple[Operand | None, ...]
    outputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    attrs: Mapping[str, Any]
    build: Builder

    @property
    def name(self) -> str:
        """What the result is called."""
        return self.outputs[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first output."""
        return self.shapes[0]

    def given(self, index: int) -> Operand | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def operand(self, index: int, what: str = "x") -> Operand:
        found = self.given(index)
        if found is None:
            raise ModelError(f"input {index} ({what}) is missing")
        return found

    def value(self, index: int = 0, what: str = "x") -> Value:
        """A computed input; a constant becomes a tensor."""
        found = self.operand(index, what)
        return found if isinstance(found, Value) else as_value(self.build, found, self.name)

    def image(self, dims: int | None = None) -> Value:
        """The first input, which is (N, C, ...) with one or two dimensions more."""
        x = self.value()
        if len(x.shape) not in (3, 4) or dims not in (None, len(x.shape) - 2):
            raise ModelError(f"an input of shape {x.shape} is not supported",
                             why="it must be (N, C, W) or (N, C, H, W)")  # fmt: skip
        return x

    def const(self, index: int, what: str) -> Const:
        found = self.operand(index, what)
        if not isinstance(found, Const):
            raise ModelError(f"{what} must be constant", why="it is computed by the graph")
        return found

    def integers(self, index: int, what: str) -> tuple[int, ...]:
        """A constant input read as a parameter."""
        data = self.const(index, what).data
        if data.dtype.kind not in "iu" or data.size > MAX_PARAMETERS:
            raise ModelError(f"{what} is {data.dtype} {data.shape}, not a few integers")
        return tuple(int(v) for v in data.reshape(-1))

    def real(self, index: int, what: str, default: float | None = None) -> float:
        """A constant input of one number."""
        if self.given(index) is None and default is not None:
            return default
        data = self.const(index, what).real
        if data.size != 1:
            raise ModelError(f"{what} has shape {data.shape}, not one value")
        return float(data.reshape(-1)[0])

    def number(self, key: str, default: int = 0) -> int:
        return int(self._typed(key, int, default))

    def decimal(self, key: str, default: float) -> float:
        value = float(self._typed(key, float, default))
        if not isfinite(value):
            raise ModelError(f"attribute {key} is {value}")
        return value

    def text(self, key: str, default: str) -> str:
        value = self._typed(key, bytes, default.encode())
        return bytes(value).decode("utf-8", "replace")

    def list(self, key: str) -> tuple[int, ...]:
        """An attribute of integers, or nothing."""
        value = self.attrs.get(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(v, int) for v in value):
            raise ModelError(f"attribute {key} is not a list of integers")
        return tuple(value)

    def axes(self, key: str, index: int | None = None) -> tuple[int, ...] | None:
        """Axes of an attribute, or of an input in later versions; None when there are none."""
        if key in self.attrs:
            return self.list(key)
        if index is not None and self.given(index) is not None:
            return self.integers(index, key)
        return None

    def axis(self, default: int, rank: int) -> int:
        """The attribute `axis`, counted from the front."""
        return axis_of(self.number("axis", default), rank)

    def same(self, op: str, attrs: Mapping[str, Attr] | None = None) -> tuple[Value, ...]:
        """A node on each element of the first input."""
        x = self.value()
        y = self.build.node(op, (x.tensor,), self.build.tensors[x.tensor].shape, self.name, attrs)
        return (replace(x, tensor=y),)

    def _typed(self, key: str, kind: type, default: object) -> Any:  # noqa: ANN401
        value = self.attrs.get(key, default)
        if not isinstance(value, kind):
            raise ModelError(f"attribute {key} is not of type {kind.__name__}")
        return value


def axis_of(axis: int, rank: int) -> int:
    """`axis` counted from the front; negative ones count from the back."""
    if not -rank <= axis < rank:
        raise ModelError(f"axis {axis} does not exist in {rank} dimensions")
    return axis % rank


def as_value(build: Builder, const: Const, name: str) -> Value:
    """A constant as a tensor, in the file's order."""
    return Value(build.constant(const, f"{name}/constant"), Layout.of(const.shape))


def in_order(build: Builder, operand: Operand, order: Order, name: str) -> str:
    """The tensor of an operand, its dimensions in `order`."""
    if isinstance(operand, Value):
        return build.arranged(operand, order)
    return build.constant(operand.moved(order), f"{name}/constant")


def together(
    build: Builder, operands: Sequence[Operand], shape: Shape, name: str
) -> tuple[list[str], Value]:
    """The tensors of operands that broadcast to `shape`, and what the result is like.

    They all take the order of the largest one.  The result's tensor is empty: its shape in
    the IR is what the tensors broadcast to.
    """
    rank = len(shape)
    values = [replace(o, layout=o.layout.extended(rank)) for o in operands if isinstance(o, Value)]
    lead = max(values, key=lambda v: prod(v.shape))
    wide = [
        replace(o, layout=o.layout.extended(rank)) if isinstance(o, Value)
        else o.shaped((1,) * (rank - len(o.shape)) + o.shape)
        for o in operands
    ]  # fmt: skip
    pattern = _pattern(build, lead) if lead.shape == shape else None
    if pattern is None:
        if lead.shape == shape and _alike(build, wide, lead):
            return [_plain(build, o, name) for o in wide], replace(lead, tensor="", origin="")
        order = lead.layout.usual_order()
        return [in_order(build, o, order, name) for o in wide], Value("", Layout.of(shape, order))
    origin = lead.origin if len(values) == 1 and len(values[0].layout.dims) == rank else ""
    names = [_aligned(build, o, lead, pattern, name) for o in wide]
    return names, Value("", lead.layout, origin)


def joint_shape(build: Builder, names: Sequence[str]) -> Shape:
    """What the shapes of tensors broadcast to."""
    return tuple(np.broadcast_shapes(*(build.tensors[n].shape for n in names)))


def _pattern(build: Builder, value: Value) -> Pattern | None:
    """Which dimension of the file each one of the tensor is; None when they are cut otherwise."""
    if any(len(dim) > 1 for dim in value.layout.dims):
        return None
    by_atom = {dim[0]: d for d, dim in enumerate(value.layout.dims) if dim}
    shape = build.tensors[value.tensor].shape
    if tuple(n for n in shape if n > 1) != value.layout.sizes:
        return None
    atoms = iter(range(len(by_atom)))
    return tuple(by_atom[next(atoms)] if n > 1 else None for n in shape)


def _aligned(build: Builder, operand: Operand, lead: Value, pattern: Pattern, name: str) -> str:
    """The tensor of an operand, cut as the tensor of `lead` is."""
    known = [d for d in pattern if d is not None]
    order = (*known, *(d for d in range(len(lead.layout.dims)) if d not in known))
    shape = tuple(1 if d is None else operand.shape[d] for d in pattern)
    if isinstance(operand, Const):
        if prod(operand.shape) == 1:
            shape = (1,)
        return build.constant(operand.moved(order).shaped(shape), f"{name}/constant")
    return build.arranged(operand, order, shape)


def _alike(build: Builder, operands: Sequence[Operand], lead: Value) -> bool:
    """Whether every operand lies as `lead` does, or is one constant number."""
    shape = build.tensors[lead.tensor].shape
    return all(
        prod(o.shape) == 1 if isinstance(o, Const)
        else o.layout == lead.layout and build.tensors[o.tensor].shape == shape
        for o in operands
    )  # fmt: skip


def _plain(build: Builder, operand: Operand, name: str) -> str:
    if isinstance(operand, Value):
        return operand.tensor
    return build.constant(operand.shaped((1,)), f"{name}/constant")


def float_type(build: Builder, value: Value) -> bool:
    """Whether a value is real here."""
    return build.tensors[value.tensor].dtype is DType.FLOAT32


Reals = NDArray[np.float32]
