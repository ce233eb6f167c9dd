"""How to quantize: what a user may choose beside the scheme."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.quantize.calibrate import Progress


@dataclass(frozen=True, slots=True)
class Options:
    """How to quantize.

    observer   of activations: minmax, moving_average, percentile, mse, entropy; "" picks the
               default of the scheme
    methods    names of methods, in the order in which they run; None picks the default
    jobs       processes, -1 for every core
    seed       of anything random
    """

    observer: str = ""
    methods: tuple[str, ...] | None = None
    jobs: int = 1
    seed: int = 0
    progress: Progress = lambda _: None
