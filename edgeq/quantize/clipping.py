"""Scales of weights: shrink each channel's range where clipping costs less than coarse steps.

The scale that spans a channel's largest weight is multiplied by each of SHARES; the one that
gives the least error of the layer's output, (w - q)^T G (w - q), is taken (the search for the
scale in Nagel et al. 2020, arXiv:2004.10568, section 5, is on the error of the weights alone).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeq.quantize.blocks import Matrices
from edgeq.quantize.gram import Layer
from edgeq.quantize.parameters import channel_params

Quantize = Callable[[Matrices, Matrices, Matrices, int], Matrices]
COARSE = 7  # largest integer up to which clipping is worth while: that of int4
SHARES = np.arange(100, 48, -4) / 100


def output_error(w: Matrices, quantized: Matrices, gram: Matrices) -> Matrices:
    """(w - q)^T G (w - q) of every output, (B, R)."""
    e = w - quantized
    return np.asarray(np.einsum("brd,brd->br", e @ gram, e))


def nearest(target: Matrices, steps: Matrices, gram: Matrices, limit: int) -> Matrices:
    """The nearest integers (B, R, D) in [-limit, limit]."""
    del gram
    return np.clip(np.round(target / steps), -limit, limit)


def searched_steps(
    layer: Layer, quantize: Quantize = nearest
) -> tuple[Matrices, NDArray[np.float64] | None]:
    """Steps (B, R, D) and the scales (O,) that they come from.

    Steps in groups, and steps on which an earlier method already chose integers, stay.
    """
    if layer.grouped or layer.start is not None:
        return layer.steps, None
    b, target = layer.blocks, layer.target
    widest = b.per_output(np.abs(target).max(axis=2), np.maximum) / layer.limit
    best = np.full(b.outputs, np.inf)
    scales = np.ones(b.outputs)
    for share in SHARES if layer.limit <= COARSE else SHARES[:1]:
        tried = channel_params(widest * share, layer.floor, 0).scale
        steps = np.broadcast_to(b.from_outputs(tried)[:, :, None], target.shape)
        integers = quantize(target, steps, layer.gram, layer.limit)
        error = b.per_output(output_error(target, integers * steps, layer.gram))
        scales, best = np.where(error < best, tried, scales), np.minimum(error, best)
    return np.broadcast_to(b.from_outputs(scales)[:, :, None], target.shape), scales
