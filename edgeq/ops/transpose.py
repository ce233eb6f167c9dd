"""TRANSPOSE: dimension i of the output is dimension perm[i] of the input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
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
    box,
    check_same_scale,
    copy_calls,
    dense_strides,
    moved,
    present,
    written,
)


@register
class Transpose(Op):
    """y[i] = x[i permuted]; of any rank and element type."""

    name = "transpose"
    contracts = ("copy_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, perm = need(inputs[0], node, "x"), node.ints("perm")
        if sorted(perm) != list(range(len(x.shape))):
            raise GraphError(f"{perm} does not permute {len(x.shape)} axes", where=node.name)
        return (tuple(x.shape[axis] for axis in perm),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        return (np.ascontiguousarray(x.transpose(node.ints("perm"))),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        steps = dense_strides(x.shape, x.dtype.bytes)
        from_x = [steps[axis] for axis in node.ints("perm")]
        to_y = dense_strides(y.shape, y.dtype.bytes)
        return moved(x, y, copy_calls(x, y, list(zip(y.shape, from_x, to_y, strict=True))))

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        values = box(args["x"], params, "x", params["x_base"])
        return {"y": written(args["y"], params, values)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for run in (1, 2, 3, 4, 7, 8, 15, 16, 17, 33, 100):
            yield _case(run, (1, 1, 1, 1), rng)
            yield _case(run, (1, 2, 3, 5), rng, gap=int(rng.integers(4)))
        for extents in ((1, 1, 1, 17), (1, 1, 16, 3), (2, 1, 3, 33), (3, 2, 2, 4)):
            for run in (1, 2, 4, 8):
                yield _case(run, extents, rng, order=rng.permutation(MAX_DIMS).tolist())
                yield _case(run, extents, rng, signs=(-1, 1, -1, -1), gap=3)
                yield _case(run, extents, rng, signs=(0, 1, 0, 1))
        for planes in (2, 3, 4, 8, 13):
            for pixels in (1, 16, 35, 70):
                yield _case(1, (2, 1, pixels, planes), rng, order=[0, 1, 3, 2])


def _case(
    run: int, extents: tuple[int, ...], rng: np.random.Generator, *,
    order: list[int] | None = None, signs: tuple[int, ...] = (1, 1, 1, 1), gap: int = 0,
) -> Case:  # fmt: skip
    """A box whose x lies in memory in `order`, with gaps behind every run of x and of y."""
    order = order or list(range(MAX_DIMS))
    unit = run + gap
    held = dense_strides(tuple(extents[i] for i in order), unit)
    x_steps = [signs[i] * held[order.index(i)] for i in range(MAX_DIMS)]
    y_steps = dense_strides(extents, unit)
    base = sum((n - 1) * -s for n, s in zip(extents, x_steps, strict=True) if s < 0)
    high = base + sum((n - 1) * s for n, s in zip(extents, x_steps, strict=True) if s > 0) + run
    params = {"run": run, "x_base": base}
    for i in range(MAX_DIMS):
        params |= {f"d{i}": extents[i], f"x{i}": x_steps[i], f"y{i}": y_steps[i]}
    size = sum((n - 1) * s for n, s in zip(extents, y_steps, strict=True)) + run
    args = {"x": rng.integers(-128, 128, high, np.int8), "y": np.full(size, 77, np.int8)}
    return Case(args, params)
