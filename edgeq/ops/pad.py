"""PAD, PADV2: a border of one value around a tensor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Call,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Outputs,
    Params,
    register,
)
from edgeq.ops.common import need
from edgeq.ops.strided import (
    MAX_DIMS,
    check_same_scale,
    copy_calls,
    dense_strides,
    fill_calls,
    moved,
    present,
    written,
)


@register
class Pad(Op):
    """y is x inside and `value` in the border of before[i] and after[i] indices along axis i.

    value   in the output's quantized domain; a real number in a float graph
    """

    name = "pad"
    contracts = ("fill_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        before, after = node.ints("before"), node.ints("after")
        if not len(x.shape) == len(before) == len(after):
            raise GraphError(f"{len(before)} borders for {len(x.shape)} axes", where=node.name)
        if min((*before, *after), default=0) < 0:
            raise GraphError("a border must not be negative", where=node.name)
        return (tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True)),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        widths = list(zip(node.ints("before"), node.ints("after"), strict=True))
        return (np.pad(x, widths, constant_values=_value(node)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        before = node.ints("before")
        steps = dense_strides(y.shape, y.dtype.bytes)
        corner = sum(b * s for b, s in zip(before, steps, strict=True))
        dims = list(zip(x.shape, dense_strides(x.shape, x.dtype.bytes), steps, strict=True))
        inside = copy_calls(x, y, dims, y_at=corner)
        value = np.array(_value(node), y.dtype.numpy).tobytes()
        border = [c for axis in range(len(before)) for c in _border(node, x, y, axis, value)]
        return moved(x, y, (*border, *inside))

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        return {"y": written(args["y"], params, params["value"])}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for run in (1, 2, 3, 7, 8, 15, 16, 17, 33):
            for extents in ((1, 1, 1, 1), (1, 1, 1, 5), (2, 3, 1, 4), (1, 2, 3, 2)):
                steps = dense_strides(extents, run + int(rng.integers(3)))
                params = {"run": run, "value": int(rng.integers(-128, 127))}
                for i in range(MAX_DIMS):
                    params |= {f"d{i}": extents[i], f"y{i}": steps[i]}
                size = sum((n - 1) * s for n, s in zip(extents, steps, strict=True)) + run
                yield Case({"y": rng.integers(-128, 128, size + 1, np.int8)}, params)


def _value(node: Node) -> float:
    value = node.attrs["value"]
    if isinstance(value, str | tuple):
        raise GraphError(f"the border cannot be {value!r}", where=node.name)
    return value


def _border(node: Node, x: Tensor, y: Tensor, axis: int, value: bytes) -> tuple[Call, ...]:
    """The border along `axis`, inside the interior of the axes before it: each byte once."""
    before, after = node.ints("before"), node.ints("after")
    steps = dense_strides(y.shape, y.dtype.bytes)
    corner = sum(before[i] * steps[i] for i in range(axis))
    inner, outer = x.shape[:axis], y.shape[axis + 1 :]
    far = corner + (before[axis] + x.shape[axis]) * steps[axis]
    return (
        *fill_calls(y, (*inner, before[axis], *outer), corner, value),
        *fill_calls(y, (*inner, after[axis], *outer), far, value),
    )
