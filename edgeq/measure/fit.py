"""Fits a cost: factors >= 0 of given amounts of work whose sums come near what was measured."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_TERMS, SHAPES_A_TERM = 4, 3
"""More amounts fit the noise: shapes are a few tens, of some contracts fewer."""


def fit(amounts: NDArray[Any], times: Floats) -> Floats:
    """Factors (K) >= 0 that minimize the squared relative errors of `amounts @ factors`.

    At most MOST_TERMS are positive, one for SHAPES_A_TERM shapes; every choice of that many is
    tried.  A least-squares solution under signs is the free solution over the amounts that take
    part in it, so the best among the free solutions that are positive is the best there is.

    Args:
        amounts: (N, K), >= 0; equal columns are allowed.
        times: (N), > 0.
    """
    relative = np.asarray(amounts, np.float64) / times[:, None]
    ones = np.ones(len(times))
    best, least = np.zeros(relative.shape[1]), np.inf
    columns = _distinct(relative)
    most = max(1, min(MOST_TERMS, len(times) // SHAPES_A_TERM, len(columns)))
    for size in range(1, most + 1):
        for chosen in combinations(columns, size):
            part = relative[:, chosen]
            factors, _, rank, _ = np.linalg.lstsq(part, ones, rcond=None)
            loss = float(np.sum((part @ factors - ones) ** 2))
            if rank == size and (factors > 0).all() and loss < least:
                least = loss
                best = np.zeros_like(best)
                best[list(chosen)] = factors
    return best


def _distinct(relative: Floats) -> list[int]:
    """Columns that are not zero, and of equal ones the first."""
    seen: dict[bytes, int] = {}
    for i, column in enumerate(relative.T):
        if column.any():
            seen.setdefault(column.tobytes(), i)
    return sorted(seen.values())


def relative_error(amounts: NDArray[Any], times: Floats, factors: Floats) -> float:
    """The median of |sum - time| / time."""
    return float(np.median(np.abs(np.asarray(amounts) @ factors - times) / times))
