"""ARG_MAX: where along an axis the largest element is."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgeq.errors import QuantError
from edgeq.ir import DType, Node, Shape
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
    View,
    register,
)
from edgeq.ops.common import need
from edgeq.ops.strided import axis_of, present

WORDS = {DType.INT32: 1, DType.INT64: 2}


@register
class ArgMax(Op):
    """y = the first index of the maximum along `axis`, as int32 or int64."""

    name = "arg_max"
    contracts = ("argmax_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        axis = axis_of(node, len(x.shape))
        return ((*x.shape[:axis], *x.shape[axis + 1 :]),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        return (np.asarray(x.argmax(axis_of(node, x.ndim)), np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if x.dtype is not DType.INT8 or y.dtype not in WORDS:
            raise QuantError(f"arg_max of {x.dtype} into {y.dtype}", where=node.name)
        axis = axis_of(node, len(x.shape))
        params = {
            "outer": prod(x.shape[:axis]), "axis": x.shape[axis],
            "inner": prod(x.shape[axis + 1 :]), "words": WORDS[y.dtype],
        }  # fmt: skip
        return (Call("argmax_s8", {"x": View(x.name), "y": View(y.name)}, params),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        outer, axis, inner = params["outer"], params["axis"], params["inner"]
        x = args["x"].reshape(-1)[: outer * axis * inner].reshape(outer, axis, inner)
        y = args["y"].reshape(-1).copy()
        words = y.view(np.int32)
        index = np.zeros((outer * inner, params["words"]), np.int32)
        index[:, 0] = x.argmax(1).reshape(-1)
        words[: index.size] = index.reshape(-1)
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        shapes = ((1, 1, 1), (1, 17, 1), (3, 16, 1), (2, 7, 5), (1, 33, 4), (4, 70, 1))
        for outer, axis, inner in shapes:
            for low in (-128, 126):
                for words in (1, 2):
                    x = rng.integers(low, 128, (outer, axis, inner), np.int8)
                    y = np.full(outer * inner * words, 77, np.int32)
                    params = {"outer": outer, "axis": axis, "inner": inner, "words": words}
                    yield Case({"x": x, "y": y}, params)
