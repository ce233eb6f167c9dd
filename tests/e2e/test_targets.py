"""Whole networks as programs of every emulated target: each tensor equals numpy's, by `==`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from benchmarks.collection import REAL_DATA, real_data, records
from edgeq.build.figures import compiled_figures
from edgeq.errors import BudgetError
from edgeq.pipeline import load, plan_of, verify
from edgeq.plan.budget import check_budget
from edgeq.targets import list_targets, load_target
from tests.tools import need_target

TARGETS = [n for n in list_targets() if (f := load_target(n).firmware) is not None and f.emulator]
SLOW_MACS = 40_000_000  # from here on one target stands for the others in the default run
REPRESENTATIVE = "raspberry-pi-4"
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


def is_large(stem: str) -> bool:
    record = records().get(stem)
    return record is not None and record["macs"] > SLOW_MACS


def cases() -> list[ParameterSet]:
    """Every model on every emulated target; large ones on one target only by default."""
    return [
        pytest.param(stem, target, marks=marks)
        for stem in sorted(REAL_DATA)
        for target in TARGETS
        for marks in [[pytest.mark.slow] if is_large(stem) and target != REPRESENTATIVE else []]
    ]


@pytest.mark.parametrize(("stem", "target"), cases())
def test_program_equals_numpy(stem: str, target: str, shared_file: Callable[[str], Path]) -> None:
    need_target(load_target(target))
    graph = load(shared_file(f"models/{stem}.tflite"))
    if not fits(stem, target, shared_file):
        assert load_target(target).is_board, f"{stem} must fit {target}"
        return
    data = {"x": real_data(stem, graph.tensors[graph.inputs[0]], 1).x}
    count = 1 if is_large(stem) else 2
    for inputs in (None, data):
        report = verify(graph, target, samples=count, data=inputs)
        assert report.first_difference is None
        assert report.differing_bytes == 0
        assert report.compared_bytes > 0
