"""Whether the C code is right, how fast it is, and how accurate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.host import as_integers
from edgeq.errors import UsageError
from edgeq.exporters.source import with_source
from edgeq.ir import Graph
from edgeq.measure.bench import BenchReport, bench_emulated, bench_host
from edgeq.measure.evaluate import Evaluation, Sides
from edgeq.measure.evaluate import evaluate as evaluate_sides
from edgeq.measure.labelled import labelled
from edgeq.numerics.profile import Profile
from edgeq.passes.float_graph import is_float
from edgeq.pipeline.compiling import build, fitting_plan
from edgeq.pipeline.settings import Stated, settings_for
from edgeq.quantize.samples import in_graph_order
from edgeq.reference.exact import Exact
from edgeq.verify.compare import Progress, VerifyReport, compare, no_progress, random_samples
from edgeq.verify.emulated import runs_in_process

ORACLE_PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}
HOST_SAMPLES, EMULATED_SAMPLES = 100, 3


def verify(
    graph: Graph, target: str = "host", *, samples: int | None = None, against: str = "",
    numerics: str | None = None, data: Mapping[str, NDArray[Any]] | None = None, seed: int = 0,
    optimize: str = "speed", threads: int = 1, progress: Progress = no_progress,
) -> VerifyReport:  # fmt: skip
    """Compare numpy, the C code and an oracle on every tensor.

    Args:
        graph: as loaded or quantized; an oracle is given the .tflite file it came from, or that
            it can be written as.
        target: on which the C code runs, natively or emulated.
        samples: how many; 100 on this machine and 3 under emulation when None.
        against: "tflm" or "litert" (which imply that profile), "litert-default" (another
            arithmetic: the report tells the distance), or "".
        numerics: the profile, unless `against` implies it.
        data: input name (or "x") -> array (N, ...), used instead of random samples.
        seed: of the random samples.
        optimize: what kernels are chosen for: "speed", "ram" or "flash".
        threads: how many the C code is planned for.
        progress: told after each sample how many are done.

    Raises:
        Problems: every reason why it cannot be compiled.
        BudgetError: it does not fit the target.
        ToolError: a compiler, emulator or oracle is missing, or failed.
    """
    graph = with_source(graph, against)
    plan = fitting_plan(graph, target, numerics or ORACLE_PROFILES.get(against),
                        optimize=optimize, threads=threads)  # fmt: skip
    native = runs_in_process(plan.target)
    count = samples if samples is not None else (HOST_SAMPLES if native else EMULATED_SAMPLES)
    chosen = _samples(plan.graph, data, count, seed)
    return compare(plan, chosen, against=against, native=native, progress=progress)


def bench(
    graph: Graph, target: str = "host", *, numerics: str | None = None, against: str = "",
    seed: int = 0, optimize: str = "speed", threads: int = 1,
) -> BenchReport:  # fmt: skip
    """What one inference on a random sample takes.

    That is microseconds where this machine runs the code, else executed instructions under
    emulation.  `against` names peers, with commas between: litert, onnxruntime, openvino, tflm.

    Raises:
        UsageError: `against` is not empty, and names none.
    """
    peers = tuple(filter(None, against.replace(" ", "").split(",")))
    if against and not peers:
        raise UsageError(
            f"{against!r} names no peer", fix="give litert, openvino, onnxruntime or tflm"
        )
    graph = with_source(graph, "litert") if peers and not graph.source else graph
    plan = fitting_plan(graph, target, numerics, optimize=optimize, threads=threads)
    measure = bench_host if runs_in_process(plan.target) else bench_emulated
    return measure(plan, random_samples(plan.graph, 1, seed)[0], against=peers)


def evaluate(
    graph: Graph, x: object, y: NDArray[Any] | None = None, *, metric: str = "top1",
    float_graph: Graph | None = None, preprocessing: Stated = None, samples: int | None = None,
    numerics: str | None = None, progress: Progress = no_progress,
) -> Evaluation:  # fmt: skip
    """A metric of the float reference, exact numpy and the C code on the same samples.

    Args:
        graph: of integers; of a float graph there is the float reference alone.
        x: what `edgeq.measure.labelled` takes: arrays, a .npz file or a folder. Arrays of an
            input's own integer dtype are its integers, all others real numbers.
        y: labels or targets, see `edgeq.measure.metrics` and `edgeq.measure.boxes`.
        metric: "top1", "auc", "map", "map50" or "mse".
        preprocessing: how pixels in `x` become the input's values; "stored" takes the graph's.
        samples: how many are taken; all when None.
        float_graph: the float network; without it the reals that the integer graph stands for.
        numerics: the profile, the graph's own when None.
        progress: told after each sample.

    Raises:
        UsageError: an unknown metric, or data that does not fit.
    """
    data = labelled(graph, x, y, settings_for(preprocessing, graph), samples)
    host = None if is_float(graph) else build(graph, numerics=numerics)
    exact = None if host is None else Exact(host.plan.graph, host.plan.lowered)
    return evaluate_sides(Sides(float_graph or graph, exact, host), data, metric, progress)


def _samples(
    graph: Graph, data: Mapping[str, NDArray[Any]] | None, count: int, seed: int
) -> Sequence[Mapping[str, NDArray[Any]]]:
    if count < 1:
        raise UsageError(f"{count} samples verify nothing", fix="give 1 or more")
    if data is None:
        return random_samples(graph, count, seed)
    missing = [
        n for n in graph.inputs if n not in data and (len(graph.inputs) > 1 or "x" not in data)
    ]
    if missing:
        raise UsageError(f"no data for input {', '.join(missing)}",
                         fix=f"give an array for each of {', '.join(graph.inputs)}")  # fmt: skip
    arrays = in_graph_order(graph, {n: data[n] if n in data else data["x"] for n in graph.inputs})
    rows = min(count, *(len(a) for a in arrays.values()))
    return [{n: as_integers(graph.tensors[n], np.asarray(a[i])) for n, a in arrays.items()}
            for i in range(rows)]  # fmt: skip
