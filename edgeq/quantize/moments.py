"""First and second moments of what a layer reads, and the real weights that suit them best.

`gram` has the formulas; here they are summed over rows and solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeq.quantize.blocks import Floats, Matrices

DAMPING = 0.01  # of the mean of G's diagonal: lambda where rows abound
SCARCE = 0.3  # of the inputs per row: what lambda adds where rows are few
ROUNDED_OFF = 2.0**-14  # of E[xq^2]: what sums of float32 products leave where nothing varies
SMALLEST = 1e-30  # lambda of inputs that are zero
ORDINARY = 1e-12, 1e12  # largest values whose squares float32 holds


@dataclass(slots=True)
class Moments:
    """Sums over rows of xq and d = x - xq, both in units of `unit`."""

    gram: Matrices
    cross: Matrices
    sum_q: NDArray[np.float64]
    sum_d: NDArray[np.float64]
    rows: int = 0
    unit: float = 1.0

    @classmethod
    def of(cls, blocks: int, inputs: int) -> Moments:
        """Empty sums."""
        square, line = (blocks, inputs, inputs), (blocks, inputs)
        return cls(np.zeros(square), np.zeros(square), np.zeros(line), np.zeros(line))

    def add(self, quantized: Floats, real: Floats) -> None:
        """Rows (B, P, D) of both networks."""
        if not self.rows:
            self.unit = _unit(quantized)
        if self.unit != 1:
            quantized, real = quantized / np.float32(self.unit), real / np.float32(self.unit)
        difference = real - quantized
        self.gram += quantized.swapaxes(1, 2) @ quantized
        self.cross += difference.swapaxes(1, 2) @ quantized
        self.sum_q += quantized.sum(axis=1, dtype=np.float64)
        self.sum_d += difference.sum(axis=1, dtype=np.float64)
        self.rows += quantized.shape[1]

    def best(self, weights: Matrices) -> tuple[Matrices, Matrices]:
        """T for weights W, (B, R, D), and G + lambda, (B, D, D)."""
        q, d = self.sum_q / self.rows, self.sum_d / self.rows
        gram = self.gram / self.rows - q[:, :, None] * q[:, None, :]
        cross = self.cross / self.rows - d[:, :, None] * q[:, None, :]
        diagonal = np.einsum("bii->bi", gram)  # a view
        strength = DAMPING + SCARCE * gram.shape[1] / self.rows
        squares = np.einsum("bii->b", self.gram) / (self.rows * gram.shape[1])
        smallest = squares * ROUNDED_OFF + SMALLEST
        diagonal += np.maximum(diagonal.mean(axis=1) * strength, smallest)[:, None]
        moved = np.linalg.solve(gram, cross.swapaxes(1, 2)).swapaxes(1, 2)
        return weights + weights @ moved, gram

    def shift(self, weights: Matrices, quantized: Matrices) -> Matrices:
        """W E[x] - Wq E[xq], (B, R): what the bias has to take up."""
        q, d = self.sum_q / self.rows, self.sum_d / self.rows
        moved = np.einsum("brd,bd->br", weights, q + d) - np.einsum("brd,bd->br", quantized, q)
        return np.asarray(moved) * self.unit


def _unit(values: Floats) -> float:
    """1, or a power of two near the largest value where squares would leave float32."""
    largest = float(np.abs(values).max(initial=0))
    if largest == 0 or ORDINARY[0] < largest < ORDINARY[1]:
        return 1.0
    return float(2.0 ** np.round(np.log2(largest)))
