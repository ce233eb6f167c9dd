"""Tiny integer graphs, built by hand: every kind of thing that a generated project holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Tensor

X, Y = QuantParams(np.array([0.1]), 3), QuantParams(np.array([0.3]), -5)
WINDOW: Mapping[str, Attr] = {
    "stride": (1, 1), "dilation": (1, 1), "padding": (1, 1, 1, 1), "activation": "relu",
}  # fmt: skip
PROBABILITY = QuantParams(np.array([1 / 256]), -128)


class Builder:
    """A graph in the making: tensors and nodes are added, `graph` is the result."""

    def __init__(self, seed: int = 0) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.rng = np.random.default_rng(seed)

    def tensor(
        self, name: str, shape: tuple[int, ...], quant: QuantParams | None = Y,
        dtype: DType = DType.INT8, data: NDArray[Any] | None = None,
    ) -> str:  # fmt: skip
        self.tensors[name] = Tensor(name, shape, dtype, quant, data)
        return name

    def weights(self, name: str, shape: tuple[int, ...], axis: int = 0) -> str:
        quant = QuantParams(self.rng.uniform(0.01, 0.03, shape[axis]), 0, axis)
        return self.tensor(name, shape, quant, data=self.rng.integers(-127, 128, shape, np.int8))

    def bias(self, name: str, count: int) -> str:
        data = self.rng.integers(-900, 900, count, np.int32)
        return self.tensor(name, (count,), None, DType.INT32, data)

    def node(
        self, op: str, inputs: tuple[str, ...], outputs: tuple[str, ...], **attrs: Attr
    ) -> None:
        self.nodes.append(Node(f"{op}_{len(self.nodes)}", op, inputs, outputs, attrs))

    def graph(self, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Graph:
        return Graph(name, self.tensors, tuple(self.nodes), inputs, outputs, b"bytes of a file")


def dense(name: str = "dense", seed: int = 0) -> Graph:
    """x (1, 16) -> fully connected, relu (1, 8) -> fully connected (1, 4)."""
    b = Builder(seed)
    x, h, y = b.tensor("x", (1, 16), X), b.tensor("h", (1, 8)), b.tensor("y", (1, 4))
    b.node("fully_connected", (x, b.weights("w0", (8, 16)), b.bias("b0", 8)), (h,),
           activation="relu")  # fmt: skip
    b.node("fully_connected", (h, b.weights("w1", (4, 8)), ""), (y,), activation="none")
    return b.graph(name, (x,), (y,))


def tiny(name: str = "tiny") -> Graph:
    """x (1, 3) -> fully connected (1, 2): small enough to be read."""
    b = Builder()
    x, y = b.tensor("x", (1, 3), X), b.tensor("y", (1, 2))
    w = b.tensor("w", (2, 3), QuantParams(np.array([0.02, 0.04]), 0, 0),
                 data=np.array([[1, -2, 3], [-128, 0, 127]], np.int8))  # fmt: skip
    bias = b.tensor("b", (2,), None, DType.INT32, np.array([10, -20], np.int32))
    b.node("fully_connected", (x, w, bias), (y,), activation="none")
    return b.graph(name, (x,), (y,))


def image(name: str = "image") -> Graph:
    """Two convolutions, one depthwise, a sum, a pool, a reshape, a dense layer, softmax."""
    b = Builder()
    x = b.tensor("x", (1, 6, 5, 2), X)
    a, c, d = (b.tensor(n, (1, 6, 5, 4)) for n in "acd")
    b.node("conv_2d", (x, b.weights("w0", (4, 3, 3, 2)), b.bias("b0", 4)), (a,), **WINDOW)
    b.node("depthwise_conv_2d", (a, b.weights("w1", (1, 3, 3, 4), 3), b.bias("b1", 4)), (c,),
           **WINDOW)  # fmt: skip
    b.node("add", (a, c), (d,), activation="none")
    pooled, flat = b.tensor("pooled", (1, 3, 2, 4)), b.tensor("flat", (1, 24))
    b.node("average_pool_2d", (d,), (pooled,), filter=(2, 2), stride=(2, 2),
           padding=(0, 0, 0, 0), activation="none")  # fmt: skip
    b.node("reshape", (pooled,), (flat,))
    logits, y = b.tensor("logits", (1, 3)), b.tensor("y", (1, 3), PROBABILITY)
    b.node("fully_connected", (flat, b.weights("w2", (3, 24)), b.bias("b2", 3)), (logits,),
           activation="none")  # fmt: skip
    b.node("softmax", (logits,), (y,), beta=1.0)
    return b.graph(name, (x,), (y,))


def ports(name: str = "ports") -> Graph:
    """Two inputs of two types, three outputs: an int8 join, an int16 sum, a part of the join."""
    b = Builder()
    wide = QuantParams(np.array([0.001]), 0)
    p, q = b.tensor("p", (2, 3)), b.tensor("q", (2, 5))
    r, s = (b.tensor(n, (7,), wide, DType.INT16) for n in "rs")
    joined, total, part = (
        b.tensor("joined", (2, 8)), b.tensor("total", (7,), wide, DType.INT16),
        b.tensor("part", (2, 2)),
    )  # fmt: skip
    b.node("concatenation", (p, q), (joined,), axis=1, activation="none")
    b.node("add", (r, s), (total,), activation="none", pot_scale_int16=False)
    b.node("strided_slice", (joined,), (part,), begin=(0, 1), size=(2, 2), strides=(1, 3))
    return b.graph(name, (p, q, r, s), (joined, total, part))


def floats(name: str = "floats") -> Graph:
    """float32 outside: quantize, fully connected, dequantize."""
    b = Builder()
    x, y = (b.tensor(n, s, None, DType.FLOAT32) for n, s in (("x", (1, 6)), ("y", (1, 2))))
    xq, yq = b.tensor("xq", (1, 6), X), b.tensor("yq", (1, 2))
    b.node("quantize", (x,), (xq,))
    b.node("fully_connected", (xq, b.weights("w", (2, 6)), ""), (yq,), activation="none")
    b.node("dequantize", (yq,), (y,))
    return b.graph(name, (x,), (y,))


def large(name: str = "large") -> Graph:
    """Convolutions that are worth sharing among threads, one after the other, and a sum."""
    b = Builder()
    x = b.tensor("x", (1, 24, 24, 8), X)
    a, c, d, y = (b.tensor(n, (1, 24, 24, 8)) for n in "acdy")
    b.node("conv_2d", (x, b.weights("w0", (8, 3, 3, 8)), b.bias("b0", 8)), (a,), **WINDOW)
    b.node("conv_2d", (a, b.weights("w1", (8, 3, 3, 8)), b.bias("b1", 8)), (c,), **WINDOW)
    b.node("depthwise_conv_2d", (c, b.weights("w2", (1, 5, 5, 8), 3), b.bias("b2", 8)), (d,),
           **{**WINDOW, "padding": (2, 2, 2, 2)})  # fmt: skip
    b.node("add", (a, d), (y,), activation="none")
    return b.graph(name, (x,), (y,))


def wide(name: str = "wide") -> Graph:
    """Layers of three rows or none that threads can share by channels alone."""
    b = Builder()
    x, a, c = b.tensor("x", (1, 3, 5, 64), X), *(b.tensor(n, (1, 3, 5, 160)) for n in "ac")
    flat, y = b.tensor("flat", (1, 2400)), b.tensor("y", (1, 103))
    point = {**WINDOW, "padding": (0, 0, 0, 0)}
    b.node("conv_2d", (x, b.weights("w0", (160, 1, 1, 64)), b.bias("b0", 160)), (a,), **point)
    b.node("depthwise_conv_2d", (a, b.weights("w1", (1, 7, 7, 160), 3), b.bias("b1", 160)), (c,),
           **{**WINDOW, "padding": (3, 3, 3, 3)})  # fmt: skip
    b.node("reshape", (c,), (flat,))
    b.node("fully_connected", (flat, b.weights("w2", (103, 2400)), b.bias("b2", 103)), (y,),
           activation="none")  # fmt: skip
    return b.graph(name, (x,), (y,))


GRAPHS: Mapping[str, Callable[[], Graph]] = {
    "dense": dense, "image": image, "ports": ports, "floats": floats,
}  # fmt: skip
