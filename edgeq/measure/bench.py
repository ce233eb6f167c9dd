"""What an inference takes: microseconds on this machine, executed instructions elsewhere."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.kernels.isa import isas
from edgeq.measure.analysis import kernel_of, layers_of
from edgeq.measure.instructions import Counts, Region, count_instructions
from edgeq.measure.latency import Peer, level_latencies, measure_latency
from edgeq.measure.peak import peak_gmacs
from edgeq.plan.plan import Plan
from edgeq.targets import Target
from edgeq.targets.levels import level_name
from edgeq.verify.emulated import INPUT
from edgeq.verify.program import RUN_SECONDS, Level, build_program, levels_there

COUNT_TEMPLATE = "count.c.j2"
Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One node that runs code: microseconds or executed instructions, whichever was measured."""

    name: str
    op: str
    kernel: str
    median_us: float | None = None
    instructions: int | None = None
    classes: Mapping[str, int] | None = None
    estimated_cycles: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class BenchReport:
    """Of one inference: on this machine the microseconds, else the instructions.

    low_us, high_us   between them are 80 % of the blocks
    macs              multiply-accumulates
    peak_gmacs        what this machine's instructions could do at most, 10^9 a second
    classes           instructions by class
    estimated_cycles  least and greatest, see `edgeq.measure.cycles`; None without rules
    peers             other runtimes on the same machine, same input, same minute
    threads           that shared a run; a layer's time is that of all its parts on one
    levels            of a fat target the microseconds of each level that the CPU has, best first,
                      or the one level whose instructions were counted
    """

    model: str
    target: str
    numerics: str
    layers: tuple[LayerCost, ...]
    median_us: float | None = None
    low_us: float | None = None
    high_us: float | None = None
    blocks: int = 0
    macs: int = 0
    peak_gmacs: float | None = None
    instructions: int | None = None
    classes: Mapping[str, int] | None = None
    estimated_cycles: tuple[int, int] | None = None
    peers: Mapping[str, Peer] = field(default_factory=dict)
    levels: Mapping[str, float | None] = field(default_factory=dict)
    threads: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def bench_host(plan: Plan, inputs: Values, *, against: Sequence[str] = ()) -> BenchReport:
    """Latency of a plan for this machine; raises as `measure_latency` does."""
    model = HostModel(plan)
    latency = measure_latency(model, inputs, against=against)
    best = model.plan
    return BenchReport(
        plan.graph.name, plan.target.name, str(plan.profile), levels=level_latencies(model, inputs),
        layers=_timed_layers(best, latency.layers), peers=latency.peers,
        median_us=latency.spread.median_us, low_us=latency.spread.low_us,
        high_us=latency.spread.high_us, blocks=latency.spread.blocks,
        macs=sum(layer.macs for layer in layers_of(plan.graph, best)),
        threads=plan.threads,
        peak_gmacs=peak_gmacs(_with_isa_flags(best.target) if plan.levels else plan.target),
    )  # fmt: skip


def bench_emulated(plan: Plan, inputs: Values, *, against: Sequence[str] = ()) -> BenchReport:
    """Executed instructions of a plan for a target with an emulator.

    Raises:
        UsageError: a peer is named, which only this machine can run.
        ToolError: the compiler or the emulator is missing, or the program failed.
    """
    if against:
        raise UsageError(f"{', '.join(against)} cannot be measured on {plan.target.name}",
                         why="peers run on this machine", fix="use target 'host'")  # fmt: skip
    level = _best_there(plan) if plan.levels else None
    counts = count_run(plan, inputs, level)
    whole, *steps = counts.details
    ran = level[1] if level else plan
    return BenchReport(
        plan.graph.name, plan.target.name, str(plan.profile), layers=_counted_layers(ran, steps),
        levels={level_name(ran.target): None} if level else {},
        instructions=whole.total, classes=dict(whole.classes), estimated_cycles=whole.cycles,
    )  # fmt: skip


def _best_there(plan: Plan) -> Level:
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
        return levels_there(plan, Path(folder))[0]


def _with_isa_flags(target: Target) -> Target:
    """A level's target with the flags that its kernels are compiled with."""
    flags = (flag for name in target.isa for flag in isas()[name].cflags)
    return replace(target, cflags=(*target.cflags, *flags))


def count_run(plan: Plan, inputs: Values, level: Level | None = None) -> Counts:
    """Count one whole run (region 0), then every step by itself (regions 1, 2, ...).

    `level` is what runs of a fat target.
    """
    ran = level[1] if level else plan
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name:
        folder = Path(name)
        elf = build_program(plan, COUNT_TEMPLATE, [()] * len(ran.steps), folder, level)
        data = b"".join(np.ascontiguousarray(inputs[p.tensor.name]).tobytes() for p in plan.inputs)
        (folder / INPUT).write_bytes(data * 2)  # it fills its inputs before either part
        return count_instructions(elf, plan.target, folder, timeout=RUN_SECONDS)


def _timed_layers(plan: Plan, microseconds: tuple[float, ...]) -> tuple[LayerCost, ...]:
    found: dict[str, float] = {}
    for step, took in zip(plan.steps, microseconds, strict=True):
        found[step.node] = found.get(step.node, 0.0) + took
    names = _op_and_kernel(plan)
    return tuple(LayerCost(node, *names[node], median_us=took) for node, took in found.items())


def _counted_layers(plan: Plan, steps: list[Region]) -> tuple[LayerCost, ...]:
    of_node: dict[str, list[Region]] = {}
    for step, region in zip(plan.steps, steps, strict=True):
        of_node.setdefault(step.node, []).append(region)
    names = _op_and_kernel(plan)
    return tuple(_counted_layer(node, *names[node], regions) for node, regions in of_node.items())


def _counted_layer(node: str, op: str, kernel: str, regions: list[Region]) -> LayerCost:
    classes: Counter[str] = Counter()
    for region in regions:
        classes.update(region.classes)
    cycles = [region.cycles for region in regions if region.cycles is not None]
    both = (sum(low for low, _ in cycles), sum(high for _, high in cycles))
    return LayerCost(
        node, op, kernel, instructions=sum(r.total for r in regions), classes=dict(classes),
        estimated_cycles=both if len(cycles) == len(regions) else None,
    )  # fmt: skip


def _op_and_kernel(plan: Plan) -> dict[str, tuple[str, str]]:
    """Operator and C functions of every node that runs code, in order."""
    ops = {step.node: step.op for step in plan.steps}
    return {node: (op, kernel_of(plan, node)) for node, op in ops.items()}
