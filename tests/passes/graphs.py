"""Small graphs by hand, and their exact values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact

CONV: dict[str, Attr] = {
    "stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0), "activation": "none",
}  # fmt: skip


def quant(scale: float, zero_point: int = 0) -> QuantParams:
    return QuantParams(np.array([scale]), zero_point)


def act(name: str, shape: Shape, dtype: str = "int8", zero_point: int = -3) -> Tensor:
    return Tensor(name, shape, DType(dtype), quant(0.05, zero_point))


def const(name: str, data: NDArray[Any], params: QuantParams | None = None) -> Tensor:
    return Tensor(name, data.shape, DType(data.dtype.name), params, data)


def graph_of(
    nodes: list[Node], tensors: list[Tensor], inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> Graph:
    return Graph("g", {t.name: t for t in tensors}, tuple(nodes), inputs, outputs)


def node(
    op: str, inputs: str, outputs: str, attrs: Mapping[str, Attr] | None = None, name: str = ""
) -> Node:
    """`node("add", "a b", "y")`; named after its first output."""
    outs = tuple(outputs.split())
    return Node(name or f"{op}_{outs[0]}", op, tuple(inputs.split()), outs, attrs or {})


def padded_conv(
    before: Shape = (0, 1, 0, 0), after: Shape = (0, 2, 1, 0), value: int = -3, **conv: Attr
) -> Graph:
    """x (1, 4, 5, 2) -> pad -> t -> conv_2d with weights (3, 2, 3, 2) -> y."""
    rng = np.random.default_rng(5)
    shape = tuple(b + n + a for b, n, a in zip(before, (1, 4, 5, 2), after, strict=True))
    in_c = shape[3] // 2 if shape[3] > 2 else 2
    weights = rng.integers(-127, 128, (3 if in_c == 2 else 4, 2, 3, in_c), np.int8)
    attrs = {**CONV, **conv}
    pads = attrs["padding"]
    assert isinstance(pads, tuple)
    out = (shape[0], shape[1] + pads[0] + pads[1] - 1, shape[2] + pads[2] + pads[3] - 2)
    tensors = [
        act("x", (1, 4, 5, 2)),
        act("t", shape),
        const("w", weights, quant(0.01)),
        act("y", (*out, len(weights)), zero_point=7),
    ]
    pad = node("pad", "x", "t", {"before": before, "after": after, "value": value})
    return graph_of([pad, node("conv_2d", "t w", "y", attrs)], tensors, ("x",), ("y",))


def same_bytes(a: Graph, b: Graph, profile: Profile = Profile.TFLM) -> bool:
    """Whether both graphs give the same outputs for random inputs."""
    rng = np.random.default_rng(0)
    assert a.inputs == b.inputs
    one, other = exact(a, profile), exact(b, profile)
    for _ in range(3):
        sample = {name: _random(a.tensors[name], rng) for name in a.inputs}
        first, second = one.run(sample), other.run(sample)
        pairs = zip(a.outputs, b.outputs, strict=True)
        if not all(np.array_equal(first[m].ravel(), second[n].ravel()) for m, n in pairs):
            return False
    return True


def _random(tensor: Tensor, rng: np.random.Generator) -> NDArray[Any]:
    info = np.iinfo(tensor.dtype.numpy)
    return rng.integers(info.min, info.max, tensor.shape, tensor.dtype.numpy, endpoint=True)


def with_outputs(graph: Graph, *outputs: str) -> Graph:
    return replace(graph, outputs=outputs)
