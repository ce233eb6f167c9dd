"""Instructions per inference stay within stated ratios of CMSIS-NN's and XNNPACK's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from benchmarks import cortex_a, cortex_m
from edgeq.kernels.catalog import catalog
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.pipeline import load, plan_of
from edgeq.plan import make_plan
from edgeq.targets import load_target
from tests.tools import need_target

INNER_LOOPS = {
    "cortex-m4": {"conv2d": 1.15, "depthwise": 4.5, "fc": 1.3},
    "cortex-m55": {"conv2d": 0.22, "depthwise": 1.2, "fc": 0.25},
}
"""The most instructions per multiply-accumulate of a whole call, by the contract of its kernel."""
WINDOW = 9  # of a depthwise convolution
DEEP = 64  # taps of an output, of a convolution
ESTIMATED = "cortex-m4"  # the core whose cycles the baselines estimate
MANY = 4096  # multiply-accumulates: with fewer a call's own cost counts

M_CASES = [(core, stem) for core, goals in cortex_m.GOALS.items() for stem in goals]
A_CASES = [(core, stem) for stem in cortex_a.GOALS for core in cortex_a.CORES]
QUICK_ON_A = (cortex_a.KWS, cortex_a.AD, cortex_a.SWW)


def marked(core: str, stem: str, *, quick: bool) -> object:
    return pytest.param(core, stem, marks=[] if quick else [pytest.mark.slow])


@cache
def row_m(core: str, stem: str) -> cortex_m.Row:
    return cortex_m.measure(stem, core)


@pytest.fixture
def m_row(core: str, stem: str, shared_file: Callable[[str], Path]) -> cortex_m.Row:
    need_target(load_target(core))
    shared_file("baselines/cortex_m.json")
    return row_m(core, stem)


def contract(layer: cortex_m.Layer) -> str:
    """The contract of the layer's kernel, without its types."""
    return layer.kernel.removeprefix("eq_").partition("_")[0]


def is_bounded(layer: cortex_m.Layer) -> bool:
    """Whether its multiply-accumulates outweigh all else."""
    least = {"conv2d": DEEP, "depthwise": WINDOW, "fc": 1}
    kind = contract(layer)
    if kind == "depthwise" and layer.taps != WINDOW:
        return False
    if kind == "conv2d" and layer.op != "conv_2d":  # of few channels, by nature
        return False
    return kind in least and layer.macs >= MANY and layer.taps >= least[kind]


each_m = pytest.mark.parametrize(
    ("core", "stem"), [marked(*case, quick=case[0] == "cortex-m4") for case in M_CASES]
)


@each_m
def test_ratio_to_cmsis_nn(core: str, stem: str, m_row: cortex_m.Row) -> None:
    assert 0 < m_row.instructions <= cortex_m.GOALS[core][stem] * m_row.cmsis_nn_instructions


@pytest.mark.parametrize(("core", "stem"), [case for case in M_CASES if case[0] == ESTIMATED])
def test_estimated_cycles(m_row: cortex_m.Row) -> None:
    assert m_row.cycles is not None
    assert m_row.cmsis_nn_cycles is not None
    assert 0 < m_row.cycles[1] <= cortex_m.CYCLES_GOAL * m_row.cmsis_nn_cycles


@each_m
def test_no_operator_is_worse_than_cmsis_nn(m_row: cortex_m.Row) -> None:
    pairs = {layer.name: (layer.instructions, layer.peer) for layer in m_row.layers if layer.peer}
    assert pairs
    assert not {name for name, (ours, theirs) in pairs.items() if ours > theirs}


@each_m
def test_inner_loops(core: str, m_row: cortex_m.Row) -> None:
    bounds = INNER_LOOPS[core]
    each = {(layer.name, contract(layer)): layer.instructions / layer.macs
            for layer in m_row.layers if is_bounded(layer)}  # fmt: skip
    assert not {name: cost for (name, kind), cost in each.items() if cost > bounds[kind]}


def test_code_and_arena_of_kws(shared_file: Callable[[str], Path]) -> None:
    need_target(load_target("cortex-m4"))
    shared_file("baselines/cortex_m.json")
    assert row_m("cortex-m4", cortex_a.KWS).code_bytes <= 16 * 1024
    assert cortex_m.code_bytes(cortex_a.KWS, "cortex-m4", "flash") <= 8 * 1024


@pytest.mark.parametrize("stem", [cortex_a.KWS, cortex_a.IC, cortex_a.VWW])
def test_scratch_costs_little_and_can_be_done_without(
    stem: str, shared_file: Callable[[str], Path]
) -> None:
    """Beside kernels without scratch that no output shares rows with, and those that it may."""
    graph = load(shared_file(f"models/{stem}.tflite"))
    fast, small = (plan_of(graph, "cortex-m4", optimize=what) for what in ("speed", "ram"))
    apart = [replace(kernel, overlap=False) for kernel in catalog()]
    plain = make_plan(prepare(graph), load_target("cortex-m4"), Profile.TFLM, optimize="ram",
                      kernels=apart)  # fmt: skip
    assert small.arena_bytes <= fast.arena_bytes <= plain.arena_bytes + 2560
    assert small.arena_bytes < plain.arena_bytes
    assert small.scratch_bytes == plain.scratch_bytes == 0 < fast.scratch_bytes


@pytest.mark.parametrize(
    ("core", "stem"), [marked(*case, quick=case[1] in QUICK_ON_A) for case in A_CASES]
)
def test_ratio_to_xnnpack(core: str, stem: str, shared_file: Callable[[str], Path]) -> None:
    need_target(load_target(cortex_a.CORES[core]))
    shared_file("baselines/cortex_a.json")
    row = cortex_a.measure(stem, core)
    assert 0 < row.ratio <= cortex_a.goal(stem, core)
    int8 = stem not in (cortex_a.WIDE, cortex_a.INT4)
    assert not int8 or row.deep is None or row.deep >= cortex_a.DEEP_GOALS[core]
