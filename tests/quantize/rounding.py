"""Small layers of weights and correlated inputs, and the best integers there are for them."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from edgeq.quantize.clipping import output_error

Array = NDArray[np.float64]


def correlated(rng: np.random.Generator, inputs: int, share: float, *, rows: int = 200) -> Array:
    """Rows (P, D) of deviation 1 whose inputs have a part in common: neighbouring pixels do."""
    own, common = rng.normal(size=(rows, inputs)), rng.normal(size=(rows, 1))
    x: Array = np.sqrt(1 - share) * own + np.sqrt(share) * common
    x -= x.mean(axis=0)
    return x


def gram_of(x: Array) -> Array:
    """(1, D, D): second moments, the diagonal damped by a hundredth as `moments` does."""
    gram = x.T @ x / len(x)
    gram += 0.01 * np.trace(gram) / len(gram) * np.eye(len(gram))
    return gram[None]


def layer(rng: np.random.Generator, outputs: int, inputs: int, limit: int) -> tuple[Array, Array]:
    """Weights (1, R, D), and steps that span each output's."""
    w = rng.normal(size=(1, outputs, inputs))
    steps = np.broadcast_to(np.abs(w).max(axis=2, keepdims=True) / limit, w.shape)
    return w, steps


def error(w: Array, steps: Array, gram: Array, integers: Array) -> Array:
    """Of every output, (R,)."""
    found: Array = output_error(w, integers * steps, gram)[0]
    return found


def least_error(
    w: Array, steps: Array, gram: Array, limit: int, offsets: tuple[int, ...] = (0, 1)
) -> Array:
    """The least error of every output, (R,), among integers that are floor(w / step) + offsets."""
    low = np.floor(w / steps)
    tried = product(offsets, repeat=w.shape[2])
    errors = [error(w, steps, gram, np.clip(low + np.array(o), -limit, limit)) for o in tried]
    least: Array = np.min(errors, axis=0)
    return least
