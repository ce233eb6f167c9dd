"""Small float networks put together from blocks, with weights of trained-like sizes.

A network is a list of block names and a seed.  Every block keeps the tensor an image
(1, H, W, C), so that any list is a network; the end is one of ENDS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Attr, DType, Graph, Node, Tensor
from edgeq.ops.base import all_ops
from edgeq.passes.float_graph import prepare_float

Floats = NDArray[np.float32]
SIZE, CHANNELS = 6, 4
SAMPLES = 24


@dataclass
class Maker:
    """A float graph in the making: operators infer the shapes."""

    rng: np.random.Generator
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def input(self, name: str, shape: tuple[int, ...]) -> str:
        self.tensors[name] = Tensor(name, shape, DType.FLOAT32)
        return name

    def constant(self, values: NDArray[np.float64]) -> str:
        name = f"c{len(self.tensors)}"
        data = values.astype(np.float32)
        self.tensors[name] = Tensor(name, data.shape, DType.FLOAT32, None, data)
        return name

    def node(self, op: str, *inputs: str, **attrs: Attr) -> str:
        return self.nodes_of(op, *inputs, **attrs)[0]

    def nodes_of(self, op: str, *inputs: str, **attrs: Attr) -> tuple[str, ...]:
        name = f"{op}_{len(self.nodes)}"
        count = len(attrs["sizes"]) if isinstance(attrs.get("sizes"), tuple) else 1  # type: ignore[arg-type]
        outputs = tuple(f"{name}/y{i}" for i in range(count))
        node = Node(name, op, inputs, outputs, attrs)
        shapes = all_ops()[op].infer(node, tuple(self.tensors[t] for t in inputs if t))
        for output, shape in zip(outputs, shapes, strict=True):
            self.tensors[output] = Tensor(output, shape, DType.FLOAT32)
        self.nodes.append(node)
        return outputs

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def weights(self, shape: tuple[int, ...], axis: int, fan_in: int) -> str:
        """Normal, of variance 2 / fan-in; output channels differ by up to a factor of four."""
        spread = np.exp2(self.rng.uniform(-1, 1, shape[axis]))
        along = [1] * len(shape)
        along[axis] = -1
        scale = np.sqrt(2 / fan_in)
        return self.constant(self.rng.normal(0, scale, shape) * spread.reshape(along))

    def bias(self, count: int) -> str:
        return self.constant(self.rng.normal(0, 0.2, count))


def conv(
    m: Maker, x: str, *, kernel: int = 3, stride: int = 1, outputs: int = CHANNELS,
    activation: str = "relu", groups: int = 1,
) -> str:  # fmt: skip
    """A convolution that keeps rows and columns at stride 1."""
    pad, inputs = kernel // 2, m.shape(x)[3] // groups
    w = m.weights((outputs, kernel, kernel, inputs), 0, kernel * kernel * inputs)
    return m.node("conv_2d", x, w, m.bias(outputs), stride=(stride, stride), dilation=(1, 1),
                  padding=(pad, pad, pad, pad), activation=activation)  # fmt: skip


def depthwise(m: Maker, x: str, *, multiplier: int = 1, activation: str = "relu") -> str:
    channels = m.shape(x)[3] * multiplier
    return m.node("depthwise_conv_2d", x, m.weights((1, 3, 3, channels), 3, 9), m.bias(channels),
                  stride=(1, 1), dilation=(1, 1), padding=(1, 1, 1, 1),
                  activation=activation)  # fmt: skip


def transposed(m: Maker, x: str) -> str:
    w = m.weights((CHANNELS, 2, 2, m.shape(x)[3]), 0, m.shape(x)[3])
    return m.node("conv_transpose_2d", x, w, m.bias(CHANNELS), stride=(1, 1), dilation=(1, 1),
                  padding=(0, 1, 0, 1), output_padding=(0, 0), activation="none")  # fmt: skip


def residual(m: Maker, x: str) -> str:
    y = conv(m, x, outputs=m.shape(x)[3], activation="none")
    return m.node("add", x, y, activation="relu", pot_scale_int16=False)


def inverted(m: Maker, x: str) -> str:
    """As in MobileNetV2: wider, depthwise, back, added."""
    wide = conv(m, x, kernel=1, outputs=6)
    y = conv(m, depthwise(m, wide), kernel=1, outputs=m.shape(x)[3], activation="none")
    return m.node("add", x, y, activation="none", pot_scale_int16=False)


def joined(m: Maker, x: str) -> str:
    both = m.node("concatenation", conv(m, x, outputs=2), x, axis=3, activation="none")
    return conv(m, both, kernel=1)


def gated(m: Maker, x: str) -> str:
    """Squeeze and excitation: the mean says how much of each channel passes."""
    c = m.shape(x)[3]
    squeezed = m.node("mean", x, axes=(1, 2), keep_dims=True)
    gate = m.node("logistic", conv(m, squeezed, kernel=1, outputs=c, activation="none"))
    return m.node("mul", x, gate, activation="none")


def split(m: Maker, x: str) -> str:
    c = m.shape(x)[3]
    a, b = m.nodes_of("split", x, axis=3, sizes=(1, c - 1))
    return m.node("concatenation", m.node("tanh", b), a, axis=3, activation="none")


def shifted(m: Maker, x: str) -> str:
    c = m.constant(m.rng.normal(0, 0.5, (1, 1, 1, m.shape(x)[3])))
    return m.node("add", x, c, activation="none", pot_scale_int16=False)


def pool(kind: str) -> Callable[[Maker, str], str]:
    def made(m: Maker, x: str) -> str:
        return m.node(kind, x, filter=(3, 3), stride=(1, 1), padding=(1, 1, 1, 1),
                      activation="none")  # fmt: skip

    return made


def unary(op: str, **attrs: Attr) -> Callable[[Maker, str], str]:
    return lambda m, x: m.node(op, x, **attrs)


Block = Callable[[Maker, str], str]
LINEAR: Mapping[str, Block] = {
    "conv": conv,
    "conv1": lambda m, x: conv(m, x, kernel=1),
    "wide": lambda m, x: conv(m, x, outputs=8),
    "linear": lambda m, x: conv(m, x, activation="none"),
    "relu6": lambda m, x: conv(m, x, activation="relu6"),
    "strided": lambda m, x: conv(m, x, stride=2),
    "grouped": lambda m, x: conv(m, x, groups=2) if m.shape(x)[3] % 2 == 0 else conv(m, x),
    "depthwise": depthwise,
    "depthwise2": lambda m, x: depthwise(m, x, multiplier=2),
    "transposed": transposed,
    "residual": residual,
    "inverted": inverted,
    "joined": joined,
    "max": pool("max_pool_2d"),
    "average": pool("average_pool_2d"),
    "pad": lambda m, x: m.node("pad", x, before=(0, 1, 0, 0), after=(0, 0, 1, 0), value=0.0),
}  # fmt: skip
"""Blocks of absolute values no larger than those of their absolute weights on absolute inputs."""
CURVED: Mapping[str, Block] = {
    "gated": gated,
    "split": split,
    "shifted": shifted,
    "leaky": unary("leaky_relu", alpha=0.1),
    "swish": unary("hard_swish"),
    "sigmoid": unary("logistic"),
    "tanh": unary("tanh"),
}
BLOCKS: Mapping[str, Block] = {**LINEAR, **CURVED}


def dense(m: Maker, x: str) -> str:
    """The mean of each channel, two layers."""
    y = m.node("mean", x, axes=(1, 2), keep_dims=False)
    for outputs, activation in ((8, "relu"), (3, "none")):
        inputs = m.shape(y)[1]
        y = m.node("fully_connected", y, m.weights((outputs, inputs), 0, inputs), m.bias(outputs),
                   activation=activation, keep_num_dims=False)  # fmt: skip
    return y


def network(blocks: Sequence[str], seed: int, *, end: Block | None = dense) -> Graph:
    """x (1, SIZE, SIZE, 3) -> the blocks -> the end, ready to be quantized."""
    m = Maker(np.random.default_rng(seed))
    y = x = m.input("x", (1, SIZE, SIZE, 3))
    for block in blocks:
        y = BLOCKS[block](m, y)
    if end is not None:
        y = end(m, y)
    return prepare_float(Graph("random", m.tensors, tuple(m.nodes), (x,), (y,)))


def samples(seed: int, count: int = SAMPLES) -> Floats:
    return np.random.default_rng(seed).normal(0, 1, (count, SIZE, SIZE, 3)).astype(np.float32)


def with_constants(graph: Graph, change: Callable[[Tensor], Floats]) -> Graph:
    """The graph with `change` applied to every constant of floats."""
    tensors = {
        name: replace(t, data=change(t)) if t.is_constant and t.dtype is DType.FLOAT32 else t
        for name, t in graph.tensors.items()
    }
    return replace(graph, tensors=tensors)
