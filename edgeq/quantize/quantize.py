"""The one call: calibrate, choose parameters, improve weights, apply.

What the methods do, and whose they are, stands in their own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.quantize.apply import Adjustments, apply, prepare_params
from edgeq.quantize.calibrate import calibrate
from edgeq.quantize.methods import defaults, methods_of
from edgeq.quantize.options import Options, check_rules
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import Scheme, SchemeMap, scheme_map


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
        options: observer and methods; those it leaves open are the defaults of the scheme.

    Raises:
        UsageError: no or unsuitable data, an unknown scheme, observer or method, or a rule for no
            layer.
        Problems: every layer that cannot be quantized.
    """
    schemes, samples = scheme_map(scheme), samples_of(graph, data)
    check_rules(schemes, graph)
    options = defaults(options or Options(), schemes)
    methods = methods_of(options.methods or ())
    for method in methods:
        graph = method.rewrite(graph)
    observers = calibrate(graph, samples, options.observer, jobs=options.jobs,
                          progress=options.progress)  # fmt: skip
    prepared = prepare_params(graph, observers, schemes)
    adjust = Adjustments()
    for method in methods:
        adjust = method.improve(prepared, samples, options, adjust)
    return replace(apply(prepared, adjust), numerics=str(Profile.EDGEQ))
