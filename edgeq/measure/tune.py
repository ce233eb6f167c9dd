"""Measures what the variants of a kernel take on this machine, and makes the table of costs.

Every layer of `edgeq.measure.grid` is given to all variants that accept it, in turns; of each the
fastest block counts, for other programs can only slow it down.  What was measured becomes factors
of the contract's amounts of work (`@work`), by least squares.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.build.cc import find_compiler, run_tool
from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.costs import CALL, CostTable, Row, machine_name
from edgeq.kernels.expr import evaluate
from edgeq.measure.fit import fit, relative_error
from edgeq.measure.grid import calls, layers
from edgeq.measure.kernel_clock import ALIGN, KernelClock
from edgeq.measure.latency import on_one_core, runs_for
from edgeq.measure.peak import peak_gmacs
from edgeq.ops.base import Call, View, op_of_contract
from edgeq.plan.fuse import fits
from edgeq.targets import Target
from edgeq.verify.compare import Progress, no_progress

ROUNDS = 21
SECONDS = 0.001  # of a block: short enough to be left alone at times
LEAST_SHAPES = 4
SECONDS_TO_SAY = 30.0  # which version a compiler is


@dataclass(slots=True)
class Samples:
    """What was measured of one kernel: params fields of calls, and nanoseconds."""

    kernel: Kernel
    values: list[Mapping[str, int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, call: Call, nanoseconds: float) -> None:
        self.values.append(call.params)
        self.times.append(nanoseconds)


def tune(
    target: Target, pattern: str = "", *, seconds: float = SECONDS, command: str = "",
    progress: Progress = no_progress,
) -> CostTable:  # fmt: skip
    """Measure every kernel of `target` whose symbol holds `pattern`, and those it competes with.

    Args:
        target: one whose code runs in this process: "host".
        pattern: a regular expression; "" for every kernel.
        seconds: about how long a block of runs takes, of ROUNDS for each kernel and layer.
        command: how it was asked for, to be kept in the table.
        progress: told how many layers are done.

    Raises:
        UsageError: no contract has several variants of which one matches, or no layer reaches
            them, or it is no regular expression.
        ToolError: no compiler, or it failed.
    """
    competing = _competing(target, pattern)
    found: dict[str, Samples] = {}
    ops = {op_of_contract()[contract].name for contract in competing}
    work = [call for graph in layers(ops) for call in _measurable(graph, competing)]
    if not work:
        raise UsageError(f"no layer reaches {', '.join(competing)}",
                         fix="add layers that do to edgeq/measure/grid.py")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name, on_one_core():
        clock, before = KernelClock(target, Path(name)), peak_gmacs(target)
        for i, call in enumerate(work):
            progress(i, len(work))
            kernels = fitting(call, competing[call.contract])
            took = best_nanoseconds(clock, call, kernels, seconds)
            for kernel, nanoseconds in zip(kernels, took, strict=True):
                found.setdefault(kernel.base_symbol, Samples(kernel)).add(call, nanoseconds)
        peak = max(before, peak_gmacs(target))
    rows = {name: _row(samples, peak) for name, samples in found.items()
            if len(samples.times) >= LEAST_SHAPES}  # fmt: skip
    return CostTable(rows, _made(target, peak, command))


def _made(target: Target, peak: float, command: str) -> dict[str, str]:
    compiler = run_tool([str(find_compiler(target.cc)), "--version"], timeout=SECONDS_TO_SAY)
    return {
        "machine": machine_name(), "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": command, "compiler": compiler.stdout.partition("\n")[0],
        "isa": " ".join(target.isa), "peak_gmacs": f"{peak:.2f}",
    }  # fmt: skip


def _competing(target: Target, pattern: str) -> dict[str, list[Kernel]]:
    """The kernels of each contract that has several, where one of them is asked for."""
    try:
        asked = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is no regular expression", why=str(error)) from None
    found: dict[str, list[Kernel]] = {}
    for name in target.isa:
        for kernel in (k for k in catalog() if k.isa.name == name):
            found.setdefault(kernel.contract.name, []).append(kernel)
    several = {
        name: kernels for name, kernels in found.items()
        if len(kernels) > 1 and any(asked.search(k.base_symbol) for k in kernels)
    }  # fmt: skip
    if not several:
        raise UsageError(f"there is nothing to choose for {pattern!r} on {target.name}",
                         why="no contract has two kernels here of which one matches")  # fmt: skip
    return several


def _measurable(graph: Graph, competing: Mapping[str, Sequence[Kernel]]) -> Iterator[Call]:
    """The layer's calls that more than one kernel accepts."""
    for call in calls(graph):
        kernels = competing.get(call.contract, ())
        if call.contract in competing and len(fitting(call, kernels)) > 1:
            yield with_arrays(graph, call)


def fitting(call: Call, kernels: Sequence[Kernel]) -> list[Kernel]:
    """Those of `kernels` that accept the call."""
    return [k for k in kernels if k.align <= ALIGN and fits(k, call)]


def with_arrays(graph: Graph, call: Call) -> Call:
    """The call with random arrays in place of activations."""
    rng = np.random.default_rng(1)
    args: dict[str, Any] = {}
    for name, operand in call.args.items():
        if not isinstance(operand, View):
            args[name] = operand
            continue
        tensor = graph.tensors[operand.tensor]
        info = np.iinfo(tensor.dtype.numpy)
        array = rng.integers(info.min, info.max, tensor.size, tensor.dtype.numpy, endpoint=True)
        args[name] = array[operand.offset :]
    return Call(call.contract, args, call.params, call.form, call.facts)


def best_nanoseconds(
    clock: KernelClock, call: Call, kernels: Sequence[Kernel], seconds: float
) -> list[float]:
    """Nanoseconds of one call by each of `kernels`: the best of ROUNDS blocks, taken in turns."""
    timed = [clock.timed(kernel, call) for kernel in kernels]
    runs = [runs_for(time, seconds) for time in timed]
    best = [inf] * len(timed)
    for _ in range(ROUNDS):
        took = [time(times) / times for time, times in zip(timed, runs, strict=True)]
        best = list(map(min, best, took))
    return best


def _row(samples: Samples, peak: float) -> Row:
    """The kernel's cost: nanoseconds times the peak of 10^9 a second are multiply-accumulates."""
    names = (CALL, *samples.kernel.contract.work)
    amounts = np.array([[evaluate(n, values) for n in names] for values in samples.values])
    times = np.array(samples.times) * peak
    factors = fit(amounts, times)
    kept = {n: float(f) for n, f in zip(names, factors, strict=True) if f > 0}
    return Row(kept, relative_error(amounts, times, factors), len(times))
