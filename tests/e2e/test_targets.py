"""Whole networks as programs of every emulated target: each tensor equals numpy's, by `==`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from benchmarks.collection import REAL_DATA, real_data, records
from edgeq.build.figures import compiled_figures
from edgeq.errors import BudgetError
from edgeq.pipeline import load, plan_of, verify
from edgeq.plan.budget import check_budget
from edgeq.targets import list_targets, load_target
from edgeq.verify.compare import random_samples
from tests.tools import need_target

TARGETS = [n for n in list_targets() if (f := load_target(n).firmware) is not None and f.emulator]
# From these sizes on a few targets stand for the others in the default run.
LARGE_MACS, HUGE_MACS = 2_000_000, 13_000_000
FOR_LARGE = {"cortex-m4", "cortex-m55", "raspberry-pi-5"}
FOR_HUGE = {"raspberry-pi-4"}
# Their kernels are those of another target; small networks show that they start.
SISTERS = {
    "cortex-m7", "cortex-m33", "raspberry-pi-3", "raspberry-pi-zero-2", "raspberry-pi-zero",
    "x86-64-avx2",
}  # fmt: skip
SMALL_MACS = 100_000
SLOW_TO_BUILD = {"raspberry-pi-zero"}  # Zig compiles its C library first, for a minute
SMALLEST_STACK = 1024  # what the boards' linker scripts insist on


def fits(stem: str, target: str, shared_file: Callable[[str], Path]) -> bool:
    """Whether code, constants, arena and stack fit the target; the budget must agree."""
    plan = plan_of(load(shared_file(f"models/{stem}.tflite")), target)
    if not plan.target.is_board:  # an operating system's memory is far larger than any of them
        check_budget(plan)
        return True
    figures = compiled_figures(plan)
    stack = max(figures.stack_bytes or 0, SMALLEST_STACK)
    try:
        check_budget(plan, code_bytes=figures.code_bytes, stack_bytes=stack)
    except BudgetError:
        return False
    return True


def macs(stem: str) -> int:
    """Of one inference, as recorded; 0 without the collection."""
    record = records().get(stem)
    return 0 if record is None else int(record["macs"])


def is_default(stem: str, target: str) -> bool:
    """Whether the default run takes this pair; the others are marked slow."""
    if macs(stem) > HUGE_MACS:
        return target in FOR_HUGE
    if target in SLOW_TO_BUILD:
        return False
    if target in SISTERS:
        return macs(stem) <= SMALL_MACS
    return macs(stem) <= LARGE_MACS or target in FOR_LARGE


def cases() -> list[ParameterSet]:
    """Every model on every emulated target."""
    return [
        pytest.param(stem, target, marks=[] if is_default(stem, target) else [pytest.mark.slow])
        for stem in sorted(REAL_DATA)
        for target in TARGETS
    ]


@pytest.mark.parametrize(("stem", "target"), cases())
def test_program_equals_numpy(stem: str, target: str, shared_file: Callable[[str], Path]) -> None:
    need_target(load_target(target))
    graph = load(shared_file(f"models/{stem}.tflite"))
    if not fits(stem, target, shared_file):
        assert load_target(target).is_board, f"{stem} must fit {target}"
        return
    (name,) = graph.inputs
    real = real_data(stem, graph.tensors[name], 1).x
    noise = [sample[name] for sample in random_samples(graph, 1 if macs(stem) > HUGE_MACS else 2)]
    inputs = np.stack([*(x.reshape(noise[0].shape) for x in real), *noise])
    report = verify(graph, target, samples=len(inputs), data={"x": inputs})
    assert report.samples == len(inputs) > len(noise)
    assert report.first_difference is None
    assert report.differing_bytes == 0
    assert report.compared_bytes > 0
