"""From a float network and data to integers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeq.errors import DataWarning
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline.compiling import profile_of
from edgeq.pipeline.settings import Stated, settings_for
from edgeq.quantize import Options
from edgeq.quantize import quantize as quantize_graph
from edgeq.quantize.plausible import doubt
from edgeq.quantize.preprocessing import (
    NOTE,
    note_of,
)
from edgeq.quantize.samples import samples_of, stated
from edgeq.quantize.schemes import Scheme, SchemeMap
from edgeq.verify.compare import Progress, no_progress


def quantize(
    graph: Graph, data: object, scheme: str | Scheme | SchemeMap | Mapping[str, str] = "int8", *,
    observer: str = "", methods: Sequence[str] | None = None, jobs: int = 1, seed: int = 0,
    preprocessing: Stated = None, numerics: str | None = None, trust_data: bool = False,
    progress: Progress = no_progress,
) -> Graph:  # fmt: skip
    """An integer graph of the float `graph`, its ranges calibrated on `data`.

    Args:
        graph: as loaded, with float32 inputs and weights.
        data: array (N, ...) or input name -> array; the path of a .npz file with such arrays,
            or of a folder of pictures or WAV files.
        scheme: "int8", "int16x8", "int4", "int4gN", or patterns of layer names -> scheme.
        observer: how ranges are found: "minmax", "moving_average", "percentile", "mse" or
            "entropy"; "" takes what is best for the scheme.
        methods: names of what improves weights and biases; None takes what is best.
        jobs: processes (joblib's n_jobs; its backend may be a cluster), -1 for every core.
        seed: of anything random.
        preprocessing: how pictures and sounds become the input, or pixels in arrays do; see
            `edgeq.quantize.preprocessing`. It is kept with the graph.
        numerics: the profile under which the result computes; `edgeq` when None.
        trust_data: no warning when the data looks as if it had another range than the model's.
        progress: told how many samples are done.

    Raises:
        UsageError: data that does not fit, or an unknown scheme, observer, method or profile.
        Problems: every layer that cannot be quantized.
    """
    profile = profile_of(numerics or Profile.EDGEQ)
    graph = prepare_float(graph)
    samples = samples_of(graph, data, settings_for(preprocessing, graph))
    if not trust_data and (why := doubt(graph, samples)):
        warnings.warn(why, DataWarning, stacklevel=2)
    count = len(samples)
    chosen = tuple(methods) if methods is not None else None
    options = Options(observer=observer, methods=chosen, jobs=jobs, seed=seed,
                      progress=lambda done: progress(done, count))  # fmt: skip
    quantized = quantize_graph(graph, samples, scheme, options=options)
    notes = {NOTE: note_of(used)} if (used := stated(samples)) is not None else {}
    return replace(quantized, numerics=str(profile), notes={**graph.notes, **notes})
