"""GPTQ: quantize weight after weight, and let those that are left make up for the error.

Column i of a layer's weights is rounded on its scale; the error, divided by U[i, i], times
row i of U is then taken off the columns that are still real, where U is the upper Cholesky
factor of H^-1 and H the second moment of the layer's inputs with a damped diagonal.  Columns
go in the order of falling H[i, i].

Here H is that of `gram`: what the layer reads in the network quantized so far, less its mean,
since the bias stays free to take up the mean.

What GPTQ leaves is improved by coordinate descent on the same error.

Source: E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ: Accurate Post-Training
Quantization for Generative Pre-trained Transformers", ICLR 2023, arXiv:2210.17323, algorithm 1
and section 3.3; the order of columns from the authors' published options.  Coordinate
descent: K. Behdin et al., "QuantEase: Optimization-based Quantization for Language Models",
arXiv:2309.01885.
"""

from __future__ import annotations

import numpy as np

from edgeq.quantize.apply import Adjustments, Prepared
from edgeq.quantize.blocks import Matrices
from edgeq.quantize.clipping import searched_steps
from edgeq.quantize.gram import Layer, Solution, reconstruct
from edgeq.quantize.options import Options
from edgeq.quantize.samples import Samples

SWEEPS = 2
LAZY = 64  # columns after which those behind are updated, all at once


def improve(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments
) -> Adjustments:
    """Integers of every layer's weights by GPTQ, with the bias that goes with them."""
    return reconstruct(prepared, samples, options, adjust, solve)


def solve(layer: Layer) -> Solution:
    """The integers of one layer on scales that `clipping` chose."""
    steps, scales = searched_steps(layer, compensated)
    integers = compensated(layer.target, steps, layer.gram, layer.limit)
    return Solution(descended(integers, layer.target, steps, layer.gram, layer.limit), scales)


def compensated(target: Matrices, steps: Matrices, gram: Matrices, limit: int) -> Matrices:
    """Integers (B, R, D) in [-limit, limit] for weights `target` on `steps`.

    gram   H, (B, D, D), positive definite
    """
    order = np.argsort(-np.einsum("bii->bi", gram), axis=1, kind="stable")
    columns = order[:, None, :]
    w = np.take_along_axis(target, columns, axis=2)
    s = np.take_along_axis(np.broadcast_to(steps, target.shape), columns, axis=2)
    ordered = np.take_along_axis(np.take_along_axis(gram, order[:, :, None], 1), columns, 2)
    upper = np.linalg.cholesky(np.linalg.inv(ordered)).swapaxes(1, 2)
    integers = np.empty_like(w)
    for first in range(0, w.shape[2], LAZY):
        rest = min(first + LAZY, w.shape[2])
        errors = np.empty((*w.shape[:2], rest - first))
        for i in range(first, rest):
            q = np.clip(np.round(w[:, :, i] / s[:, :, i]), -limit, limit)
            error = (w[:, :, i] - q * s[:, :, i]) / upper[:, i, i, None]
            w[:, :, i + 1 : rest] -= error[:, :, None] * upper[:, None, i, i + 1 : rest]
            integers[:, :, i], errors[:, :, i - first] = q, error
        w[:, :, rest:] -= errors @ upper[:, first:rest, rest:]
    back = np.argsort(order, axis=1)[:, None, :]
    return np.take_along_axis(integers, back, axis=2)


def descended(
    integers: Matrices, target: Matrices, steps: Matrices, gram: Matrices, limit: int
) -> Matrices:
    """Integers with no more error: each column set to its best for the others, SWEEPS times.

    slope   (target - q) G, of which column i over G[i, i] is how far q_i is from its best
    """
    q = integers.copy()
    slope = (target - q * steps) @ gram
    diagonal = np.einsum("bii->bi", gram)[:, None, :]
    for i in list(range(q.shape[2])) * SWEEPS:
        s = steps[:, :, i]
        best = np.round(q[:, :, i] + slope[:, :, i] / (diagonal[:, :, i] * s))
        moved = np.clip(best, -limit, limit) - q[:, :, i]
        if moved.any():
            slope -= (moved * s)[:, :, None] * gram[:, None, i, :]
            q[:, :, i] += moved
    return q
