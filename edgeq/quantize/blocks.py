"""A layer's weights and inputs as batched matrices, whatever the layer is.

Block b of B has R outputs that read the same D inputs: its weights are a matrix (R, D), its
inputs rows (P, D), one for every place where the weights are applied.

layer                            B                    R        D
fully connected, convolution     1                    O        (KH * KW *) I
convolution in G groups          G                    O / G    KH * KW * I
depthwise of multiplier M        C                    M        KH * KW
D beyond LARGEST                 parts of the inputs  O        at most LARGEST
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeq.ir import Node, Shape
from edgeq.ops.float_windows import bordered

LARGEST = 2304  # inputs of a block: its D x D matrix of float64 then takes 42 MB

F = TypeVar("F", np.float32, np.float64)
Floats = NDArray[np.float32]
Matrices = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """How the weights of a layer lie in blocks.

    shape    of the weights: (O, ..., I), (1, KH, KW, C * M) for depthwise
    groups   of input channels with weights of their own
    parts    into which the inputs are split because they are too many; else 1
    """

    node: Node
    shape: Shape
    groups: int
    parts: int

    @property
    def depthwise(self) -> bool:
        return self.node.op == "depthwise_conv_2d"

    @property
    def outputs(self) -> int:
        """Output channels O."""
        return self.shape[3] if self.depthwise else self.shape[0]

    @property
    def inputs(self) -> int:
        """Weights of one output."""
        return prod(self.shape[1:3] if self.depthwise else self.shape[1:])

    def split(self, values: NDArray[np.float64]) -> Matrices:
        """Weights, or any value for each of them, as (B, R, D); padding of parts is zero."""
        if self.depthwise:
            taps = values.reshape(self.inputs, self.groups, -1)
            return np.ascontiguousarray(taps.transpose(1, 2, 0))
        rows = values.reshape(self.groups, -1, self.inputs)
        return rows.copy() if self.parts == 1 else self._parted(rows[0])

    def join(self, blocks: Matrices) -> NDArray[np.float64]:
        """The inverse of `split`."""
        if self.depthwise:
            return np.ascontiguousarray(blocks.transpose(2, 0, 1)).reshape(self.shape)
        if self.parts == 1:
            return blocks.reshape(self.shape)
        rows = blocks.swapaxes(0, 1).reshape(self.outputs, -1)
        return np.ascontiguousarray(rows[:, : self.inputs]).reshape(self.shape)

    def per_output(self, values: Matrices, reduce: np.ufunc = np.add) -> NDArray[np.float64]:
        """Values (B, R) as one for every output channel, (O,), parts reduced."""
        return np.asarray(reduce.reduce(values) if self.parts > 1 else values.reshape(-1))

    def from_outputs(self, values: NDArray[np.float64]) -> Matrices:
        """A value for every output channel (O,) as (B, R), the same in all parts."""
        if self.parts > 1:
            return np.broadcast_to(values, (self.parts, self.outputs))
        return values.reshape(self.groups, -1)

    def rows(self, x: Floats, places: NDArray[np.int64] | None = None) -> Floats:
        """Inputs (n, ...) as rows (B, P, D); of `places` only, if given, in each of the n."""
        if self.node.op == "fully_connected":
            flat = x.reshape(-1, self.inputs)
            return flat[None] if self.parts == 1 else self._parted(flat)
        windows = self._windows(x)
        oh, ow, c, kh, kw = windows.shape[1:]
        seen = np.unravel_index(np.arange(oh * ow) if places is None else places, (oh, ow))
        taken = windows[:, seen[0], seen[1]].reshape(-1, self.groups, c // self.groups, kh, kw)
        if self.depthwise:
            return np.ascontiguousarray(taken.reshape(-1, c, kh * kw).swapaxes(0, 1))
        ordered = taken.transpose(1, 0, 3, 4, 2).reshape(self.groups, len(taken), -1)
        return ordered if self.parts == 1 else self._parted(ordered[0])

    def places(self, x_shape: Shape) -> int:
        """Rows that one sample of shape `x_shape` gives."""
        if self.node.op == "fully_connected":
            return max(prod(x_shape) // self.inputs, 1)
        return prod(self._windows(np.zeros((1, *x_shape[1:]), np.float32)).shape[1:3])

    def _windows(self, x: Floats) -> Floats:
        """Images (N, H, W, C) as a view (N, OH, OW, C, KH, KW)."""
        (sh, sw), (dh, dw) = self.node.ints("stride"), self.node.ints("dilation")
        reach = ((self.shape[1] - 1) * dh + 1, (self.shape[2] - 1) * dw + 1)
        views = sliding_window_view(bordered(self.node, x), reach, axis=(1, 2))
        return views[:, ::sh, ::sw, :, ::dh, ::dw]

    def _parted(self, rows: NDArray[F]) -> NDArray[F]:
        """Rows (P, D) as (parts, P, D / parts), the last part padded with zeros."""
        each = -(-self.inputs // self.parts)
        padded = np.zeros((len(rows), self.parts * each), rows.dtype)
        padded[:, : self.inputs] = rows
        return np.ascontiguousarray(padded.reshape(len(rows), self.parts, each).swapaxes(0, 1))


def blocks_of(node: Node, weights: Shape, x: Shape) -> Blocks | None:
    """The blocks of a layer with those weights and input; None where there are none."""
    if node.op == "depthwise_conv_2d":
        return Blocks(node, weights, x[3], 1)
    if node.op not in ("conv_2d", "fully_connected"):
        return None
    groups = x[3] // weights[3] if node.op == "conv_2d" else 1
    parts = -(-prod(weights[1:]) // LARGEST)
    return None if parts > 1 and groups > 1 else Blocks(node, weights, groups, parts)
