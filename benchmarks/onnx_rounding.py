"""How far float32 rounding alone may move the outputs of a float network.

Two engines add the same numbers in another order.  What that may do is measured, not guessed:
the network runs again with every computed number off by the rounding of its sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Graph
from edgeq.ir.file_order import file_orders
from edgeq.reference.float import FloatModel, Memory, Step

Array = NDArray[Any]

UNIT = 2.0**-24
"""Half a step of float32, relative."""

SHAKES = 3
MARGIN = 8
"""Times what three shaken runs move: two engines err, and each by another draw."""


@dataclass(frozen=True, eq=False)
class Shaken(FloatModel):
    """A graph whose every computed number is off by the rounding of its sum, at random.

    A sum of K terms of float32 is off by sqrt(K) units of its largest term or so.
    Source: N. Higham, T. Mary, "A New Approach to Probabilistic Rounding Error Analysis",
    SIAM J. Sci. Comput. 41 (2019), theorem 2.4.
    """

    rng: np.random.Generator

    def _execute(self, step: Step, memory: Memory, samples: int) -> Memory:
        found = super()._execute(step, memory, samples)
        terms = max([c.size // max(c.shape[0], 1) for c in step.constants.values() if c.ndim] + [2])
        for name, value in found.items():
            off = (
                UNIT * np.sqrt(terms) * np.abs(value).max() * self.rng.choice([-1, 1], value.shape)
            )
            found[name] = (value + off).astype(np.float32)
        return found


def shaking(
    graph: Graph, sample: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, float]:
    """How far every output moves when all that is computed is off by its rounding."""
    orders = file_orders(graph)
    inputs = {n: x.transpose(orders[n]) if n in orders else x for n, x in sample.items()}
    still = FloatModel(graph).run(inputs)
    runs = [Shaken(graph, rng).run(inputs) for _ in range(SHAKES)]
    return {n: max(float(np.abs(r[n] - y).max()) for r in runs) for n, y in still.items()}
