"""How to quantize: what a user may choose beside the scheme."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.errors import UsageError
from edgeq.quantize.calibrate import Progress


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
