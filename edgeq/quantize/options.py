"""How to quantize: what a user may choose beside the scheme, and whether schemes fit a network."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.quantize.calibrate import Progress
from edgeq.quantize.schemes import SchemeMap


@dataclass(frozen=True, slots=True)
class Options:
    """How to quantize.

    observer   of activations: minmax, moving_average, percentile, mse, entropy; "" picks the
               default of the scheme
    methods    names of methods, in the order in which they run; None picks the default
    jobs       processes, -1 for every core, -2 for all but one; not 0
    seed       of anything random, 0 or more
    """

    observer: str = ""
    methods: tuple[str, ...] | None = None
    jobs: int = 1
    seed: int = 0
    progress: Progress = lambda _: None

    def __post_init__(self) -> None:
        if self.jobs == 0:
            raise UsageError("0 jobs do no work", fix="give 1 or more, or -1 for every core")
        if self.seed < 0:
            raise UsageError(f"the seed {self.seed} is negative", fix="give 0 or more")


def check_rules(schemes: SchemeMap, graph: Graph) -> None:
    """Refuse rules that are found in no layer: a misspelt name would quantize as by default.

    Raises:
        UsageError: a pattern is found in the name of no node of `graph`.
    """
    for pattern, _ in schemes.rules:
        if not any(pattern.search(node.name) for node in graph.nodes):
            raise UsageError(f"no layer's name has the pattern {pattern.pattern!r}",
                             fix="`edgeq analyze` prints the names")  # fmt: skip
