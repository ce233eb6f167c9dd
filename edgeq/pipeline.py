"""The stages in order: the only module that knows it, and the public Python API."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq import frontends
from edgeq.build.host import HostModel, as_integers
from edgeq.codegen import emit
from edgeq.codegen.package import Package
from edgeq.errors import BudgetError, DataWarning, EdgeqError, UsageError
from edgeq.exporters.source import with_source
from edgeq.frontends.shapes import Given
from edgeq.ir import Graph
from edgeq.measure.analysis import Analysis, analysis_of_plan, layers_of, problem_texts
from edgeq.measure.bench import BenchReport, bench_emulated, bench_host
from edgeq.measure.evaluate import Evaluation, Sides
from edgeq.measure.evaluate import evaluate as evaluate_sides
from edgeq.measure.labelled import labelled
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.passes.float_graph import is_float, prepare_float
from edgeq.plan import Plan, make_plan
from edgeq.plan.budget import check_budget
from edgeq.quantize import Options
from edgeq.quantize import quantize as quantize_graph
from edgeq.quantize.errors import MOST_SAMPLES, layer_errors
from edgeq.quantize.plausible import doubt
from edgeq.quantize.preprocessing import (
    NOTE,
    AudioSettings,
    ImageSettings,
    Settings,
    note_of,
    settings_of,
    settings_of_note,
)
from edgeq.quantize.samples import in_graph_order, samples_of, stated
from edgeq.quantize.schemes import Scheme, SchemeMap, scheme_map
from edgeq.reference.exact import Exact
from edgeq.targets import load_target
from edgeq.verify.compare import Progress, VerifyReport, compare, no_progress, random_samples
from edgeq.verify.emulated import runs_in_process

ORACLE_PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}
Stated: TypeAlias = str | Path | Mapping[str, Any] | Settings | None
"""How a caller may state preprocessing."""

HOST_SAMPLES, EMULATED_SAMPLES = 100, 3


def load(path: str | Path, *, batch: int | None = None, input_shape: Given = None) -> Graph:
    """The graph of a model file; a dynamic batch is read as `batch`, or 1.

    input_shape   of an .onnx file that leaves dimensions open: by input name, or the only one's
    """
    return frontends.load(path, batch, input_shape)


def from_torch(module: Any, example_input: Any, *, name: str = "") -> Graph:  # noqa: ANN401 (torch's own types)
    """The float graph of a torch module, for inputs of the shapes of `example_input`."""
    from edgeq.frontends.torch import from_torch as read_module  # needs torch

    return read_module(module, example_input, name=name)


def plan_of(
    graph: Graph, target: str = "host", *, numerics: str | None = None, io: str = "arena",
    io_dtype: str = "",
) -> Plan:  # fmt: skip
    """Prepare and plan `graph`, under its own profile (of imported models `tflm`) unless named."""
    profile, machine = profile_of(numerics or graph.numerics), load_target(target)
    return make_plan(prepare(graph, io_dtype=io_dtype), machine, profile, io=io)


def _fitting_plan(graph: Graph, target: str, numerics: str | None) -> Plan:
    """A plan that is to run: what would not fit is said before a linker finds out."""
    plan = plan_of(graph, target, numerics=numerics)
    check_budget(plan)
    return plan


def profile_of(numerics: str | None) -> Profile:
    """The numeric profile of that name; `tflm` when it is None or empty."""
    try:
        return Profile(numerics) if numerics else Profile.TFLM
    except ValueError:
        raise UsageError(f"no numeric profile is called {numerics!r}",
                         fix=f"choose from {', '.join(Profile)}") from None  # fmt: skip


def analyze(
    graph: Graph, target: str = "host", *, numerics: str | None = None, data: object = None,
    scheme: str | Scheme | SchemeMap | Mapping[str, str] = "int8", observer: str = "",
    preprocessing: Stated = None, jobs: int = 1, progress: Progress = no_progress,
) -> Analysis:  # fmt: skip
    """What the model costs on `target`; problems of the model are listed, not raised.

    With `data` a float model is quantized in memory, weights rounded to nearest, and every
    layer's quantization error is told beside the theory's; the arguments are those of `quantize`.

    Raises:
        UsageError, TargetError: there is no such profile or target, or the data does not fit.
    """
    if data is not None:
        graph = prepare_float(graph)
        samples = samples_of(graph, data, _settings(preprocessing, graph))
        count = min(len(samples), MOST_SAMPLES)
        options = Options(observer=observer, jobs=jobs, progress=lambda done: progress(done, count))
        quantized, errors = layer_errors(graph, samples, scheme_map(scheme), options)
        return replace(analyze(quantized, target, numerics=numerics or Profile.EDGEQ),
                       errors=errors, measured_samples=count)  # fmt: skip
    profile, machine = profile_of(numerics or graph.numerics), load_target(target)
    try:
        plan = make_plan(prepare(graph), machine, profile)
    except EdgeqError as error:
        layers = layers_of(graph)
        return Analysis(graph.name, machine.name, str(profile), sum(x.macs for x in layers),
                        layers, problem_texts(error))  # fmt: skip
    found = analysis_of_plan(plan)
    try:
        check_budget(plan, code_bytes=found.code_bytes, stack_bytes=found.stack_bytes)
    except BudgetError as error:
        return replace(found, problems=problem_texts(error))
    return found


def compile(
    graph: Graph, target: str = "host", *, numerics: str | None = None, package: str = "cmake",
    io: str = "arena", io_dtype: str = "", name: str = "", max_ram: int | None = None,
    max_flash: int | None = None,
) -> Package:  # fmt: skip
    """The C project of `graph` for `target`, not yet written.

    Raises:
        Problems: every reason why it cannot be compiled.
        BudgetError: it does not fit the target, or `max_ram` and `max_flash` bytes.
    """
    plan = plan_of(graph, target, numerics=numerics, io=io, io_dtype=io_dtype)
    check_budget(plan, max_ram=max_ram, max_flash=max_flash)
    return Package.of_plan(plan, emit(plan, name=name, package=package))


def build(graph: Graph, target: str = "host", *, numerics: str | None = None) -> HostModel:
    """Compile for this machine: a callable that runs the C code."""
    plan = _fitting_plan(graph, target, numerics)
    if not runs_in_process(plan.target):
        raise UsageError(f"this machine cannot run code for {target}",
                         fix="use target 'host', or edgeq.verify for emulated targets")  # fmt: skip
    return HostModel(plan)


def verify(
    graph: Graph, target: str = "host", *, samples: int | None = None, against: str = "",
    numerics: str | None = None, data: Mapping[str, NDArray[Any]] | None = None, seed: int = 0,
    progress: Progress = no_progress,
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
        progress: told after each sample how many are done.

    Raises:
        Problems: every reason why it cannot be compiled.
        BudgetError: it does not fit the target.
        ToolError: a compiler, emulator or oracle is missing, or failed.
    """
    graph = with_source(graph, against)
    plan = _fitting_plan(graph, target, numerics or ORACLE_PROFILES.get(against))
    native = runs_in_process(plan.target)
    count = samples if samples is not None else (HOST_SAMPLES if native else EMULATED_SAMPLES)
    chosen = _samples(plan.graph, data, count, seed)
    return compare(plan, chosen, against=against, native=native, progress=progress)


def bench(
    graph: Graph, target: str = "host", *, numerics: str | None = None, against: str = "",
    seed: int = 0,
) -> BenchReport:  # fmt: skip
    """What one inference on a random sample takes.

    That is microseconds where this machine runs the code (beside a peer, "litert" or "tflm"),
    else executed instructions under emulation.
    """
    plan = _fitting_plan(graph, target, numerics)
    measure = bench_host if runs_in_process(plan.target) else bench_emulated
    return measure(plan, random_samples(plan.graph, 1, seed)[0], against=against)


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
    samples = samples_of(graph, data, _settings(preprocessing, graph))
    if not trust_data and (why := doubt(graph, samples)):
        warnings.warn(why, DataWarning, stacklevel=2)
    count = len(samples)
    chosen = tuple(methods) if methods is not None else None
    options = Options(observer=observer, methods=chosen, jobs=jobs, seed=seed,
                      progress=lambda done: progress(done, count))  # fmt: skip
    quantized = quantize_graph(graph, samples, scheme, options=options)
    notes = {NOTE: note_of(used)} if (used := stated(samples)) is not None else {}
    return replace(quantized, numerics=str(profile), notes={**graph.notes, **notes})


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
    data = labelled(graph, x, y, _settings(preprocessing, graph), samples)
    host = None if is_float(graph) else build(graph, numerics=numerics)
    exact = None if host is None else Exact(host.plan.graph, host.plan.lowered)
    return evaluate_sides(Sides(float_graph or graph, exact, host), data, metric, progress)


def _settings(given: Stated, graph: Graph) -> Settings | None:
    if given is None or isinstance(given, ImageSettings | AudioSettings):
        return given
    return settings_of_note(graph.notes) if given == "stored" else settings_of(given)


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
