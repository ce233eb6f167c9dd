"""The one call: calibrate, choose parameters, improve weights, apply.

What the methods do, and whose they are, stands in their own files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.quantize.apply import Adjustments, Prepared, apply, prepare_params
from edgeq.quantize.calibrate import Progress, calibrate
from edgeq.quantize.samples import Samples, samples_of
from edgeq.quantize.schemes import Scheme, SchemeMap, scheme_map

Method = Callable[[Prepared, Samples, "Options", Adjustments], Adjustments]


@dataclass(frozen=True, slots=True)
class Options:
    """How to quantize.

    observer   of activations: minmax, moving_average, percentile, mse, entropy
    methods    names of methods, in the order in which they run; None picks the default
    jobs       processes, -1 for every core
    seed       of anything random
    """

    observer: str = "minmax"
    methods: tuple[str, ...] | None = None
    jobs: int = 1
    seed: int = 0
    progress: Progress = lambda _: None


def quantize(
    graph: Graph,
    data: object,
    scheme: str | Scheme | SchemeMap | Mapping[str, str] = "int8",
    *,
    options: Options | None = None,
) -> Graph:
    """An integer graph of `graph`, computed under the profile `edgeq` unless asked otherwise.

    Args:
        graph: float32; inputs and outputs of the result are integers.
        data: samples for calibration, see `samples_of`.
        scheme: one for all layers, or a map; see `scheme_map`.

    Raises:
        UsageError: no or unsuitable data, an unknown scheme, observer or method.
        Problems: every layer that cannot be quantized.
    """
    options = options or Options()
    schemes, samples = scheme_map(scheme), samples_of(graph, data)
    observers = calibrate(graph, samples, options.observer, jobs=options.jobs,
                          progress=options.progress)  # fmt: skip
    prepared = prepare_params(graph, observers, schemes)
    adjust = Adjustments()
    for name in options.methods or ():
        adjust = _method(name)(prepared, samples, options, adjust)
    return replace(apply(prepared, adjust), numerics=str(Profile.EDGEQ))


METHODS: dict[str, Method] = {}


def _method(name: str) -> Method:
    if name not in METHODS:
        raise UsageError(f"no method is called {name!r}",
                         fix=f"choose from {', '.join(METHODS) or 'none'}")  # fmt: skip
    return METHODS[name]
