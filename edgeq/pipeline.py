"""The stages in order: the only module that knows it, and the public Python API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq import frontends
from edgeq.build.host import HostModel, as_integers
from edgeq.codegen import emit
from edgeq.codegen.package import Package
from edgeq.errors import EdgeqError, UsageError
from edgeq.ir import Graph
from edgeq.measure.analysis import Analysis, analysis_of_plan, layers_of, problem_texts
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.plan import Plan, make_plan
from edgeq.plan.budget import check_budget
from edgeq.targets import load_target
from edgeq.verify.compare import VerifyReport, compare, random_samples
from edgeq.verify.emulated import runs_in_process

ORACLE_PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}
HOST_SAMPLES, EMULATED_SAMPLES = 100, 3


def load(path: str | Path, *, batch: int | None = None) -> Graph:
    """The graph of a model file (.tflite); a dynamic batch is read as `batch`, or 1."""
    return frontends.load(path, batch)


def plan_of(
    graph: Graph, target: str = "host", *, numerics: str | None = None, io: str = "arena",
    io_dtype: str = "",
) -> Plan:  # fmt: skip
    """Prepare and plan `graph`; the profile of imported models is `tflm` unless named."""
    profile = Profile(numerics) if numerics else Profile.TFLM
    return make_plan(prepare(graph, io_dtype=io_dtype), load_target(target), profile, io=io)


def analyze(graph: Graph, target: str = "host", *, numerics: str | None = None) -> Analysis:
    """What the model costs on `target`; problems are listed, not raised."""
    try:
        return analysis_of_plan(plan_of(graph, target, numerics=numerics))
    except EdgeqError as error:
        layers = layers_of(graph)
        return Analysis(graph.name, target, numerics or str(Profile.TFLM),
                        sum(layer.macs for layer in layers), layers, problem_texts(error))  # fmt: skip


def compile(  # noqa: A001 (the public name)
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
    plan = plan_of(graph, target, numerics=numerics)
    if not runs_in_process(plan.target):
        raise UsageError(f"this machine cannot run code for {target}",
                         fix="use target 'host', or edgeq.verify for emulated targets")  # fmt: skip
    return HostModel(plan)


def verify(
    graph: Graph, target: str = "host", *, samples: int | None = None, against: str = "",
    numerics: str | None = None, data: Mapping[str, NDArray[Any]] | None = None, seed: int = 0,
) -> VerifyReport:  # fmt: skip
    """Compare numpy, the C code and an oracle on every tensor.

    Args:
        samples: how many; 100 on this machine and 3 under emulation when None.
        against: "tflm" or "litert" (which imply that profile), or "".
        data: input name (or "x") -> array (N, ...), used before random samples.
    """
    numerics = numerics or ORACLE_PROFILES.get(against)
    plan = plan_of(graph, target, numerics=numerics)
    native = runs_in_process(plan.target)
    count = samples if samples is not None else (HOST_SAMPLES if native else EMULATED_SAMPLES)
    return compare(plan, _samples(plan.graph, data, count, seed), against=against, native=native)


def _samples(
    graph: Graph, data: Mapping[str, NDArray[Any]] | None, count: int, seed: int
) -> Sequence[Mapping[str, NDArray[Any]]]:
    if data is None:
        return random_samples(graph, count, seed)
    arrays = {n: data[n] if n in data else data["x"] for n in graph.inputs}
    rows = min(count, *(len(a) for a in arrays.values()))
    return [{n: as_integers(graph.tensors[n], np.asarray(a[i])) for n, a in arrays.items()}
            for i in range(rows)]  # fmt: skip
