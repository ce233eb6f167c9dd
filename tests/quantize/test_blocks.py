"""Layers as matrices: blocks times rows are what the layer's float meaning gives."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.ir import Node
from edgeq.ops.base import all_ops
from edgeq.quantize import blocks as module
from edgeq.quantize.blocks import blocks_of

TOLERANCE = 1e-4  # of sums of at most 36 products of float32 normals
CASES = [
    ("conv_transpose_2d", (2, 5, 4, 3), (4, 3, 2, 3), {"stride": (2, 3), "padding": (1, 0, 0, 1)}),
    ("conv_transpose_2d", (2, 5, 4, 3), (4, 3, 3, 3),
     {"stride": (1, 2), "padding": (0, 1, 1, 0), "dilation": (2, 1), "output_padding": (0, 1)}),
    ("conv_transpose_2d", (2, 3, 3, 2), (4, 1, 1, 2),
     {"stride": (3, 2), "padding": (0, 0, 0, 0), "output_padding": (2, 1)}),
    ("conv_2d", (2, 6, 6, 4), (6, 3, 3, 2),
     {"stride": (2, 1), "padding": (1, 0, 0, 1), "dilation": (1, 2)}),
    ("conv_2d", (2, 6, 6, 4), (6, 3, 3, 4),
     {"stride": (2, 1), "padding": (1, 0, 0, 1), "dilation": (1, 2)}),
    ("depthwise_conv_2d", (2, 6, 6, 4), (1, 3, 3, 8),
     {"stride": (2, 1), "padding": (1, 0, 0, 1), "dilation": (1, 2)}),
    ("fully_connected", (3, 7), (4, 7), {}),
]  # fmt: skip


@pytest.mark.parametrize("largest", [2304, 5])
@pytest.mark.parametrize(("op", "x_shape", "w_shape", "attrs"), CASES)
def test_blocks_times_rows_are_the_layer(
    op: str, x_shape: tuple[int, ...], w_shape: tuple[int, ...],
    attrs: dict[str, tuple[int, ...]], largest: int, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "LARGEST", largest)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=x_shape).astype(np.float32), rng.normal(size=w_shape)
    node = Node("n", op, ("x", "w"), ("y",), {**attrs, "activation": "none"})
    blocks = blocks_of(node, w_shape, (1, *x_shape[1:]))
    split = blocks.split(w)
    assert np.array_equal(blocks.join(split), w)
    products = np.einsum("brd,bpd->pbr", split, blocks.rows(x))
    found = np.stack([blocks.per_output(p) for p in products])
    (expected,) = all_ops()[op].reference(node, (x, w.astype(np.float32), None))
    assert np.abs(found - expected.reshape(found.shape)).max() <= TOLERANCE
    assert blocks.places((1, *x_shape[1:])) == len(found) // len(x)


@pytest.mark.parametrize("largest", [2304, 5])
def test_values_of_outputs_survive_parts(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", largest)
    node = Node("n", "conv_2d", ("x", "w"), ("y",), {"stride": (1, 1), "padding": (0, 0, 0, 0)})
    blocks = blocks_of(node, (6, 3, 3, 2), (1, 6, 6, 4))
    values = np.arange(6.0)
    spread = blocks.from_outputs(values)
    assert spread.shape == blocks.split(np.zeros((6, 3, 3, 2))).shape[:2]
    assert np.array_equal(blocks.per_output(spread, np.maximum), values)
