"""Layers that kernels are timed on: shapes of networks for small machines, and odd ones.

Each is a graph of one node with weights drawn like trained ones, so that lowering proves of them
what it proves of a network's.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np

from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Call, lower_node

SEED = 7
X_SCALE, W_SCALE = 0.05, 0.01

# in_h, in_w, in_c, out_c, kernel h and w, stride; padding keeps the image
CONVOLUTIONS = (
    (25, 5, 64, 64, 1, 1, 1), (12, 12, 64, 128, 1, 1, 1), (24, 24, 32, 32, 1, 1, 1),
    (48, 48, 8, 16, 1, 1, 1), (6, 6, 128, 128, 1, 1, 1), (3, 3, 256, 256, 1, 1, 1),
    (7, 7, 960, 160, 1, 1, 1), (14, 14, 384, 64, 1, 1, 1), (28, 28, 32, 192, 1, 1, 1),
    (28, 28, 144, 24, 1, 1, 1), (16, 16, 16, 32, 1, 1, 2), (1, 194, 32, 48, 1, 1, 1),
    (9, 9, 17, 5, 1, 1, 1), (10, 10, 8, 1, 1, 1, 1), (1, 1, 64, 64, 1, 1, 1),
    (32, 32, 3, 16, 3, 3, 1), (32, 32, 16, 16, 3, 3, 1), (32, 32, 16, 32, 3, 3, 2),
    (16, 16, 32, 32, 3, 3, 1), (8, 8, 64, 64, 3, 3, 1), (96, 96, 3, 8, 3, 3, 2),
    (56, 56, 3, 32, 3, 3, 2), (49, 10, 1, 64, 10, 4, 2), (8, 8, 8, 8, 5, 5, 1),
    (20, 20, 4, 24, 5, 5, 1), (13, 11, 7, 9, 3, 3, 1), (4, 4, 32, 2, 3, 3, 1),
    (12, 12, 96, 48, 3, 3, 1), (28, 28, 1, 6, 5, 5, 1), (40, 1, 40, 30, 5, 1, 1),
    (24, 24, 16, 8, 1, 1, 1), (56, 56, 16, 8, 1, 1, 1), (20, 20, 64, 6, 1, 1, 1),
    (32, 32, 8, 4, 3, 3, 1), (64, 64, 3, 8, 3, 3, 2), (14, 14, 32, 8, 3, 3, 1),
    (2, 2, 96, 96, 3, 3, 1), (3, 3, 64, 64, 3, 3, 1), (4, 4, 80, 48, 3, 3, 1),
    (6, 6, 96, 96, 3, 3, 1),
)  # fmt: skip
# in_h, in_w, channels, kernel h and w, stride
DEPTHWISE = (
    (25, 5, 64, 3, 3, 1), (48, 48, 8, 3, 3, 1), (48, 48, 16, 3, 3, 2), (24, 24, 32, 3, 3, 1),
    (24, 24, 32, 3, 3, 2), (12, 12, 64, 3, 3, 1), (6, 6, 128, 3, 3, 1), (3, 3, 256, 3, 3, 1),
    (56, 56, 24, 3, 3, 1), (28, 28, 144, 3, 3, 1), (14, 14, 384, 3, 3, 1), (7, 7, 960, 3, 3, 1),
    (14, 14, 96, 5, 5, 1), (28, 28, 40, 5, 5, 2), (9, 9, 7, 3, 3, 1), (16, 16, 20, 3, 3, 1),
    (10, 10, 1, 3, 3, 1), (60, 1, 32, 5, 1, 1), (40, 1, 48, 21, 1, 1), (8, 8, 33, 7, 7, 1),
    (30, 1, 40, 3, 1, 1), (28, 1, 128, 5, 1, 1), (24, 1, 128, 10, 1, 1), (15, 1, 128, 15, 1, 1),
    (100, 1, 24, 3, 1, 1), (200, 1, 16, 9, 1, 1), (8, 1, 256, 7, 1, 1),
)  # fmt: skip
# batch, inputs, outputs
DENSE = (
    (1, 640, 128), (1, 128, 128), (1, 128, 8), (1, 8, 128), (1, 128, 640), (1, 64, 12), (1, 64, 10),
    (1, 256, 2), (1, 16, 16), (1, 4000, 4), (1, 1280, 1000), (1, 33, 17), (1, 7, 5), (4, 128, 64),
    (16, 64, 64), (6, 256, 40), (32, 96, 96), (1, 256, 256), (1, 1000, 32), (3, 1, 1),
)  # fmt: skip
# rows, channels
PLANES = ((1, 16), (1, 1000), (64, 64), (784, 24), (196, 96), (49, 160), (36, 7), (1024, 16))
# in_h, in_w, channels, window, stride
POOLS = (
    (8, 8, 64, 8, 8), (3, 3, 256, 3, 3), (25, 5, 64, 5, 5), (32, 32, 16, 2, 2), (24, 24, 6, 2, 2),
    (16, 16, 33, 3, 2), (7, 7, 1280, 7, 7), (12, 12, 96, 3, 1), (10, 10, 1, 2, 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """Types of a layer: of its activations and weights, and the weights' zero point."""

    x: DType
    w: DType
    zero_point: int = 0

    @property
    def most(self) -> int:
        """The greatest magnitude of a weight."""
        return 7 if self.w is DType.INT4 else 127


KINDS = (
    Kind(DType.INT8, DType.INT8), Kind(DType.INT8, DType.INT8, 5), Kind(DType.INT8, DType.INT4),
    Kind(DType.INT16, DType.INT8), Kind(DType.INT16, DType.INT4),
)  # fmt: skip


def layers(ops: Container[str]) -> Iterator[Graph]:
    """Every layer of the operators `ops`, as a graph."""
    makers: tuple[tuple[str, Callable[..., Graph], tuple[tuple[int, ...], ...]], ...] = (
        ("conv_2d", _convolution, CONVOLUTIONS), ("depthwise_conv_2d", _depthwise, DEPTHWISE),
        ("fully_connected", _dense, DENSE),
    )  # fmt: skip
    for op, make, shapes in makers:
        yield from (make(k, *shape) for k, shape in product(KINDS, shapes) if op in ops)
    for op, x in product(("add", "mul"), (DType.INT8, DType.INT16)):
        yield from (_sum(op, x, *shape) for shape in PLANES if op in ops)
    for op in ("average_pool_2d", "max_pool_2d"):
        yield from (_pool(op, *shape) for shape in POOLS if op in ops)


def calls(graph: Graph) -> tuple[Call, ...]:
    """The calls of a layer under the profile of imported models."""
    lowered = lower_node(graph, graph.nodes[0], Profile.TFLM)
    return () if isinstance(lowered, Alias) else lowered


def _convolution(
    kind: Kind, h: int, w: int, in_c: int, out_c: int, kh: int, kw: int, stride: int
) -> Graph:
    attrs, (out_h, out_w) = _window(h, w, kh, kw, stride)
    return _layer("conv_2d", kind, (1, h, w, in_c), (out_c, kh, kw, in_c), 0,
                  (1, out_h, out_w, out_c), attrs)  # fmt: skip


def _depthwise(kind: Kind, h: int, w: int, channels: int, kh: int, kw: int, stride: int) -> Graph:
    attrs, (out_h, out_w) = _window(h, w, kh, kw, stride)
    return _layer("depthwise_conv_2d", kind, (1, h, w, channels), (1, kh, kw, channels), 3,
                  (1, out_h, out_w, channels), attrs)  # fmt: skip


def _dense(kind: Kind, batch: int, inputs: int, outputs: int) -> Graph:
    attrs: dict[str, Attr] = {"activation": "relu", "keep_num_dims": False}
    return _layer("fully_connected", kind, (batch, inputs), (outputs, inputs), 0,
                  (batch, outputs), attrs)  # fmt: skip


def _window(h: int, w: int, kh: int, kw: int, stride: int) -> tuple[dict[str, Attr], list[int]]:
    """The attributes of a window whose padding keeps the image, and the size of its output."""
    out = [-(-size // stride) for size in (h, w)]
    more = [max(0, (n - 1) * stride + k - size)
            for n, k, size in zip(out, (kh, kw), (h, w), strict=True)]  # fmt: skip
    padding = (more[0] // 2, more[0] - more[0] // 2, more[1] // 2, more[1] - more[1] // 2)
    return {"stride": (stride, stride), "dilation": (1, 1), "padding": padding,
            "activation": "relu"}, out  # fmt: skip


def _layer(
    op: str, kind: Kind, x: tuple[int, ...], w: tuple[int, ...], axis: int, y: tuple[int, ...],
    attrs: dict[str, Attr],
) -> Graph:  # fmt: skip
    """A layer whose outputs fill their range: weights and their sums are about normal."""
    rng = np.random.default_rng(SEED)
    values = np.clip(np.round(rng.normal(0, kind.most / 3, w)), -kind.most, kind.most)
    taps = int(np.prod(w)) // w[axis]
    y_quant = QuantParams(np.array([X_SCALE * W_SCALE * kind.most / 3 * sqrt(taps)]))
    wide = kind.x is DType.INT16
    tensors = (
        Tensor("x", x, kind.x, QuantParams(np.array([X_SCALE]))),
        Tensor("w", w, kind.w, _weights(kind, axis, w[axis]), values.astype(np.int8)),
        Tensor("b", (w[axis],), DType.INT64 if wide else DType.INT32, None,
               rng.integers(-900, 900, w[axis]).astype(np.int64 if wide else np.int32)),
        Tensor("y", y, kind.x, y_quant),
    )  # fmt: skip
    node = Node(op, op, ("x", "w", "b"), ("y",), attrs)
    return Graph(op, {t.name: t for t in tensors}, (node,), ("x",), ("y",))


def _weights(kind: Kind, axis: int, count: int) -> QuantParams:
    """The weights' parameters: of each channel, or with a zero point of the whole."""
    if kind.zero_point:
        return QuantParams(np.array([W_SCALE]), kind.zero_point)
    return QuantParams(W_SCALE * np.linspace(0.7, 1.3, count), 0, axis if count > 1 else None)


def _sum(op: str, dtype: DType, rows: int, channels: int) -> Graph:
    """An element-wise layer of two operands of one shape."""
    step = 1 if dtype is DType.INT8 else 256
    scales = {"x": 0.05, "b": 0.03, "y": 0.07 if op == "add" else 0.05}
    tensors = {
        name: Tensor(name, (1, rows, channels), dtype, QuantParams(np.array([scale / step])))
        for name, scale in scales.items()
    }
    node = Node(op, op, ("x", "b"), ("y",), {"activation": "none", "pot_scale_int16": False})
    return Graph(op, tensors, (node,), ("x", "b"), ("y",))


def _pool(op: str, h: int, w: int, channels: int, window: int, stride: int) -> Graph:
    out = tuple((size - window) // stride + 1 for size in (h, w))
    quant = QuantParams(np.array([X_SCALE]))
    attrs: dict[str, Attr] = {"filter": (window, window), "stride": (stride, stride),
                              "padding": (0, 0, 0, 0), "activation": "none"}  # fmt: skip
    shapes = {"x": (1, h, w, channels), "y": (1, *out, channels)}
    tensors = {name: Tensor(name, shape, DType.INT8, quant) for name, shape in shapes.items()}
    return Graph(op, tensors, (Node(op, op, ("x",), ("y",), attrs),), ("x",), ("y",))
