"""From a model file to C: load, plan, emit, compile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeq import frontends
from edgeq.build.host import HostModel
from edgeq.codegen import emit
from edgeq.codegen.package import Package
from edgeq.errors import BudgetError, EdgeqError, UsageError
from edgeq.frontends.shapes import Given
from edgeq.ir import Graph
from edgeq.measure.analysis import Analysis, analysis_of_plan, layers_of, problem_texts
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline.settings import Stated, settings_for
from edgeq.plan import Plan, make_plan
from edgeq.plan.budget import check_budget
from edgeq.quantize import Options
from edgeq.quantize.errors import MOST_SAMPLES, layer_errors
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import Scheme, SchemeMap, scheme_map
from edgeq.targets import load_target
from edgeq.verify.compare import Progress, no_progress
from edgeq.verify.emulated import runs_in_process


def load(path: str | Path, *, batch: int | None = None, input_shape: Given = None) -> Graph:
    """The graph of a model file; a dynamic batch is read as `batch`, or 1.

    input_shape   of an .onnx or .pt2 file that leaves dimensions open: by input name, or the only
                  one's
    """
    return frontends.load(path, batch, input_shape)


def from_torch(module: Any, example_input: Any, *, name: str = "") -> Graph:  # noqa: ANN401 (torch's own types)
    """The float graph of a torch module, for inputs of the shapes of `example_input`."""
    from edgeq.frontends.torch import from_torch as read_module  # needs torch

    return read_module(module, example_input, name=name)


def plan_of(
    graph: Graph, target: str = "host", *, numerics: str | None = None, io: str = "arena",
    io_dtype: str = "", optimize: str = "speed", threads: int = 1,
) -> Plan:  # fmt: skip
    """Prepare and plan `graph`, under its own profile (of imported models `tflm`) unless named."""
    profile, machine = profile_of(numerics or graph.numerics), load_target(target)
    return make_plan(prepare(graph, io_dtype=io_dtype), machine, profile, io=io,
                     optimize=optimize, threads=threads)  # fmt: skip


def fitting_plan(
    graph: Graph, target: str, numerics: str | None, *, optimize: str = "speed", threads: int = 1
) -> Plan:
    """A plan that is to run: what would not fit is said before a linker finds out."""
    plan = plan_of(graph, target, numerics=numerics, optimize=optimize, threads=threads)
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
    preprocessing: Stated = None, jobs: int = 1, optimize: str = "speed", threads: int = 1,
    progress: Progress = no_progress,
) -> Analysis:  # fmt: skip
    """What the model costs on `target`; problems of the model are listed, not raised.

    With `data` a float model is quantized in memory, weights rounded to nearest, and every
    layer's quantization error is told beside the theory's; the arguments are those of `quantize`.

    Raises:
        UsageError, TargetError: there is no such profile or target, or the data does not fit.
    """
    if data is not None:
        graph = prepare_float(graph)
        samples = samples_of(graph, data, settings_for(preprocessing, graph))
        count = min(len(samples), MOST_SAMPLES)
        options = Options(observer=observer, jobs=jobs, progress=lambda done: progress(done, count))
        quantized, errors = layer_errors(graph, samples, scheme_map(scheme), options)
        found = analyze(quantized, target, numerics=numerics or Profile.EDGEQ, optimize=optimize,
                        threads=threads)  # fmt: skip
        return replace(found, errors=errors, measured_samples=count)
    profile, machine = profile_of(numerics or graph.numerics), load_target(target)
    try:
        plan = make_plan(prepare(graph), machine, profile, optimize=optimize, threads=threads)
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
    max_flash: int | None = None, optimize: str = "speed", threads: int = 1,
) -> Package:  # fmt: skip
    """The C project of `graph` for `target`, not yet written.

    Args:
        graph: as loaded or quantized.
        target: a name that `edgeq targets` prints, or the path of a .toml file.
        numerics: the profile, the graph's own when None.
        package: kind of project, "cmake".
        io: inputs and outputs in the "arena", or the caller's "pointers".
        io_dtype: "float32" for float inputs and outputs, "" for the model's own.
        name: of the C module, the model's own when empty.
        max_ram: limit in bytes, beside the target's own.
        max_flash: the same for flash.
        optimize: "speed", "ram" (kernels that need least scratch) or "flash" (the smallest).
        threads: how many may share a large step; the bytes are the same for any number.

    Raises:
        Problems: every reason why it cannot be compiled.
        BudgetError: it does not fit the target, or `max_ram` and `max_flash` bytes.
    """
    plan = plan_of(graph, target, numerics=numerics, io=io, io_dtype=io_dtype, optimize=optimize,
                   threads=threads)  # fmt: skip
    check_budget(plan, max_ram=max_ram, max_flash=max_flash)
    return Package.of_plan(plan, emit(plan, name=name, package=package))


def build(
    graph: Graph, target: str = "host", *, numerics: str | None = None, optimize: str = "speed",
    threads: int = 1,
) -> HostModel:  # fmt: skip
    """Compile for this machine: a callable that runs the C code."""
    plan = fitting_plan(graph, target, numerics, optimize=optimize, threads=threads)
    if not runs_in_process(plan.target):
        raise UsageError(f"this machine cannot run code for {target}",
                         fix="use target 'host', or edgeq.verify for emulated targets")  # fmt: skip
    return HostModel(plan)
