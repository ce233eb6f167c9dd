"""AdaRound: learn for every weight whether it is rounded up or down.

A weight is s * (floor(w / s) + h(v)) with h(v) = clip(1.2 sigmoid(v) - 0.1, 0, 1), a rectified
sigmoid.  Adam finds the v with the least error of the layer's output, while the regularizer
sum 1 - |2 h - 1|^b, whose b falls from 20 to 2, drives every h to 0 or 1.

The output error is taken from the layer's second moments (`gram`), so that an iteration
costs one product of matrices and sees all rows; the layer's activation is left out of it.

Source: M. Nagel, R. A. Amjad, M. van Baalen, C. Louizos, T. Blankevoort, "Up or Down?
Adaptive Rounding for Post-Training Quantization", ICML 2020, arXiv:2004.10568, sections 3.2
(equations 21 to 25) and 5; D. P. Kingma, J. Ba, "Adam", arXiv:1412.6980.
"""

from __future__ import annotations

import numpy as np

from edgeq.quantize.apply import Adjustments, Prepared
from edgeq.quantize.blocks import Floats, Matrices
from edgeq.quantize.clipping import nearest, output_error, searched_steps
from edgeq.quantize.gram import Layer, Solution, reconstruct
from edgeq.quantize.options import Options
from edgeq.quantize.samples import Samples

ITERATIONS = 1000
WORK = 2e11  # multiply-accumulates per layer: fewer iterations for very large ones
WARM_UP = 0.2  # share of the iterations without regularizer
REGULARIZER = 0.5  # beside the output error in steps, G's mean diagonal being 1
RATE = 0.1
STRETCH, OFFSET = 1.2, -0.1  # of the rectified sigmoid
BETA = (20.0, 2.0)
INSIDE = (0.02, 0.98)  # where h begins, so that the sigmoid is not saturated
MOMENTS = (0.9, 0.999)  # of Adam


def improve(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments
) -> Adjustments:
    """Integers of every layer's weights by AdaRound, with the bias that goes with them."""
    return reconstruct(prepared, samples, options, adjust, solve)


def solve(layer: Layer) -> Solution:
    """The integers of one layer, on the scales of an earlier method or searched ones.

    Where what it starts from (an earlier method's integers, or the nearest) gives an output
    less error than what it finds, that is kept.
    """
    steps, scales = searched_steps(layer)
    start = layer.start
    if start is None:
        start = nearest(layer.target, steps, layer.gram, layer.limit)
    found = rounded(layer.target, steps, layer.gram, layer.limit, start)
    worse = _error(layer, found, steps) > _error(layer, start, steps)
    return Solution(np.where(worse[:, :, None], start, found), scales)


def _error(layer: Layer, integers: Matrices, steps: Matrices) -> Matrices:
    return output_error(layer.target, integers * steps, layer.gram)


def rounded(
    target: Matrices, steps: Matrices, gram: Matrices, limit: int, start: Matrices
) -> Matrices:
    """Integers (B, R, D) in [-limit, limit]: `start`, or one below, or one above.

    These are the two next to the target where `start` is one of them.
    """
    w = target / steps
    low = np.clip(np.clip(np.floor(w), start - 1, start), -limit, limit - 1)
    share = np.clip(w - low, *INSIDE)
    relative = steps / np.sqrt(np.square(steps).mean(axis=2, keepdims=True))
    mean = np.einsum("bii->b", gram) / gram.shape[1]
    offset, scaled = (low - w).astype(np.float32), (gram / mean[:, None, None]).astype(np.float32)
    h = minimized(offset, relative.astype(np.float32), scaled, share.astype(np.float32))
    return np.asarray(low + np.round(h))


def minimized(offset: Floats, relative: Floats, gram: Floats, share: Floats) -> Floats:
    """The h in [0, 1], (B, R, D), that Adam finds from `share`.

    offset    floor(w / s) - w / s, so that offset + h is the error in steps
    relative  steps among those of the same output
    gram      of mean diagonal 1
    """
    v = -np.log(STRETCH / (share - OFFSET) - 1)
    first, second = np.zeros_like(v), np.zeros_like(v)
    count = int(np.clip(WORK // (v.size * gram.shape[1]), 100, ITERATIONS))
    for i in range(count):
        sigmoid = 1 / (1 + np.exp(-v))
        h = np.clip(STRETCH * sigmoid + OFFSET, 0, 1)
        gradient = 2 * relative * (((offset + h) * relative) @ gram)
        gradient += REGULARIZER * _pull(h, i / count)
        gradient *= STRETCH * sigmoid * (1 - sigmoid)
        first += (1 - MOMENTS[0]) * (gradient - first)
        second += (1 - MOMENTS[1]) * (gradient * gradient - second)
        corrected = second / (1 - MOMENTS[1] ** (i + 1))
        v -= RATE / (1 - MOMENTS[0] ** (i + 1)) * first / (np.sqrt(corrected) + 1e-8)
    return np.asarray(np.clip(STRETCH / (1 + np.exp(-v)) + OFFSET, 0, 1))


def _pull(h: Floats, time: float) -> Floats:
    """The derivative of 1 - |2 h - 1|^b, b falling with `time` from 0 to 1."""
    if time < WARM_UP:
        return np.zeros_like(h)
    b = BETA[1] + (BETA[0] - BETA[1]) * (1 + np.cos(np.pi * (time - WARM_UP) / (1 - WARM_UP))) / 2
    distance = 2 * h - 1
    return np.asarray(-2 * b * np.sign(distance) * np.abs(distance) ** (b - 1))
