"""A layer's weights and inputs as batched matrices, whatever the layer is.

Block b of B has R outputs that read the same D inputs: its weights are a matrix (R, D), its
inputs rows (P, D), one for every place where the weights are applied.

layer                            B                    R        D
fully connected, convolution     1                    O        (KH * KW *) I
transposed convolution           1                    O        KH * KW * I
convolution in G groups          G                    O / G    KH * KW * I
depthwise of multiplier M        C                    M        KH * KW
D beyond LARGEST                 B * parts            R        at most LARGEST

What a transposed convolution reads at an output is its image with zeros between the pixels:
of the taps, those that reach no pixel there read zero.
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
from edgeq.ops.transposed import attributes, output_size

LARGEST = 2304  # inputs of a block: its D x D matrix of float64 then takes 42 MB

F = TypeVar("F", np.float32, np.float64)
Floats = NDArray[np.float32]
Matrices = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """How the weights of a layer lie in blocks.

    shape    of the weights: (O, ..., I), (1, KH, KW, C * M) for depthwise
    groups   of input channels with weights of their own
    parts    into which a group's inputs are split because they are too many; else 1
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
        return self._parted(values.reshape(self.groups, -1, self.inputs))

    def join(self, blocks: Matrices) -> NDArray[np.float64]:
        """The inverse of `split`."""
        if self.depthwise:
            return np.ascontiguousarray(blocks.transpose(2, 0, 1)).reshape(self.shape)
        parts = blocks.reshape(self.groups, self.parts, -1, blocks.shape[2]).swapaxes(1, 2)
        rows = parts.reshape(self.outputs, -1)
        return np.ascontiguousarray(rows[:, : self.inputs]).reshape(self.shape)

    def per_output(self, values: Matrices, reduce: np.ufunc = np.add) -> NDArray[np.float64]:
        """Values (B, R) as one for every output channel, (O,), parts reduced."""
        parts = values.reshape(self.groups, self.parts, -1)
        return np.asarray(reduce.reduce(parts, axis=1)).reshape(-1)

    def from_outputs(self, values: NDArray[np.float64]) -> Matrices:
        """A value for every output channel (O,) as (B, R), the same in all parts."""
        return np.repeat(values.reshape(self.groups, -1), self.parts, axis=0)

    def rows(self, x: Floats, places: NDArray[np.int64] | None = None) -> Floats:
        """Inputs (n, ...) as rows (B, P, D); of `places` only, if given, in each of the n."""
        if self.node.op == "fully_connected":
            return self._parted(x.reshape(1, -1, self.inputs))
        windows = self._windows(x)
        oh, ow, c, kh, kw = windows.shape[1:]
        seen = np.unravel_index(np.arange(oh * ow) if places is None else places, (oh, ow))
        taken = windows[:, seen[0], seen[1]].reshape(-1, self.groups, c // self.groups, kh, kw)
        if self.depthwise:
            return np.ascontiguousarray(taken.reshape(-1, c, kh * kw).swapaxes(0, 1))
        return self._parted(taken.transpose(1, 0, 3, 4, 2).reshape(self.groups, len(taken), -1))

    def places(self, x_shape: Shape) -> int:
        """Rows that one sample of shape `x_shape` gives."""
        if self.node.op == "fully_connected":
            return max(prod(x_shape) // self.inputs, 1)
        return prod(self._windows(np.zeros((1, *x_shape[1:]), np.float32)).shape[1:3])

    def _windows(self, x: Floats) -> Floats:
        """Images (N, H, W, C) as a view (N, OH, OW, C, KH, KW)."""
        taps = self.shape[1], self.shape[2]
        if self.node.op == "conv_transpose_2d":
            return _transposed_windows(self.node, x, taps)
        (sh, sw), (dh, dw) = self.node.ints("stride"), self.node.ints("dilation")
        reach = ((taps[0] - 1) * dh + 1, (taps[1] - 1) * dw + 1)
        views = sliding_window_view(bordered(self.node, x), reach, axis=(1, 2))
        return views[:, ::sh, ::sw, :, ::dh, ::dw]

    def _parted(self, rows: NDArray[F]) -> NDArray[F]:
        """Rows (G, P, D) as (G * parts, P, D / parts), the last part padded with zeros."""
        if self.parts == 1:
            return np.ascontiguousarray(rows)
        each, count = -(-self.inputs // self.parts), rows.shape[1]
        padded = np.zeros((self.groups, count, self.parts * each), rows.dtype)
        padded[:, :, : self.inputs] = rows
        parts = padded.reshape(self.groups, count, self.parts, each).swapaxes(1, 2)
        return parts.reshape(-1, count, each)


def _transposed_windows(node: Node, x: Floats, taps: tuple[int, int]) -> Floats:
    """What each output of a transposed convolution reads: a view (N, OH, OW, C, KH, KW).

    With u the image of which pixel r lies at r * stride and zeros between, output h reads
    u[h + pad - k * dilation] by tap k; u begins (K - 1) * dilation early, taps run backwards.
    """
    (sh, sw), (top, _, left, _), (dh, dw), _ = attributes(node)
    height, width = output_size(node, x.shape, taps)
    ahead = ((taps[0] - 1) * dh, (taps[1] - 1) * dw)
    rows = max(height + top, (x.shape[1] - 1) * sh + 1) + ahead[0]
    columns = max(width + left, (x.shape[2] - 1) * sw + 1) + ahead[1]
    u = np.zeros((len(x), rows, columns, x.shape[3]), np.float32)
    last = ahead[0] + (x.shape[1] - 1) * sh + 1, ahead[1] + (x.shape[2] - 1) * sw + 1
    u[:, ahead[0] : last[0] : sh, ahead[1] : last[1] : sw] = x
    views = sliding_window_view(u, (ahead[0] + 1, ahead[1] + 1), axis=(1, 2))
    return views[:, top : top + height, left : left + width, :, ::dh, ::dw][..., ::-1, ::-1]


def blocks_of(node: Node, weights: Shape, x: Shape) -> Blocks:
    """The blocks of a layer with those weights and input."""
    if node.op == "depthwise_conv_2d":
        return Blocks(node, weights, x[3], 1)
    groups = x[3] // weights[3] if node.op == "conv_2d" else 1
    return Blocks(node, weights, groups, -(-prod(weights[1:]) // LARGEST))
