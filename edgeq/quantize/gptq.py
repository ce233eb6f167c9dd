"""GPTQ: quantize weight after weight, and let those that are left make up for the error.

Column i of a layer's weights is rounded on its scale; the error, divided by U[i, i], times
row i of U is then taken off the columns that are still real, where U is the upper Cholesky
factor of H^-1 and H the second moment of the layer's inputs with a damped diagonal.  Columns
go in the order of falling H[i, i].

Here H is that of `gram`: what the layer reads in the network quantized so far, less its mean,
since the bias stays free to take up the mean.

Source: E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ: Accurate Post-Training
Quantization for Generative Pre-trained Transformers", ICLR 2023, arXiv:2210.17323, algorithm 1
and section 3.3; the order of columns from the authors' published options.
"""

from __future__ import annotations

import numpy as np

from edgeq.quantize.apply import Adjustments, Prepared
from edgeq.quantize.blocks import Matrices
from edgeq.quantize.clipping import searched_steps
from edgeq.quantize.gram import Layer, Solution, reconstruct
from edgeq.quantize.options import Options
from edgeq.quantize.samples import Samples


def improve(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments
) -> Adjustments:
    """Integers of every layer's weights by GPTQ, with the bias that goes with them."""
    return reconstruct(prepared, samples, options, adjust, solve)


def solve(layer: Layer) -> Solution:
    """The integers of one layer on scales that `clipping` chose."""
    steps, scales = searched_steps(layer)
    return Solution(compensated(layer.target, steps, layer.gram, layer.limit), scales)


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
    for i in range(w.shape[2]):
        q = np.clip(np.round(w[:, :, i] / s[:, :, i]), -limit, limit)
        integers[:, :, i] = q
        error = (w[:, :, i] - q * s[:, :, i]) / upper[:, i, i, None]
        w[:, :, i + 1 :] -= error[:, :, None] * upper[:, None, i, i + 1 :]
    back = np.argsort(order, axis=1)[:, None, :]
    return np.take_along_axis(integers, back, axis=2)
