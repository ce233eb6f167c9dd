"""Outputs over consumed rows of inputs: the least gap, only where nobody reads the input again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.contract import contracts
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.plan.arena import Buffer, lower_bound, place
from edgeq.plan.overlap import may_overlap, row_gap
from edgeq.targets import load_target
from tests.graphs import Builder

WINDOW: dict[str, Any] = {
    "stride": (1, 1),
    "dilation": (1, 1),
    "padding": (1, 1, 1, 1),
    "activation": "none",
}
BYTES = 12 * 10 * 8


def convolved(*, sums: bool = False, outputs: tuple[str, ...] = ("y",)) -> Graph:
    """x, a, then y by 3 x 3 taps of as many channels; with `sums`, y is a plus that."""
    b = Builder()
    for name in ("x", "a", "c", "y"):
        b.tensor(name, (1, 12, 10, 8))
    b.node("conv_2d", ("x", b.weights("w0", (8, 3, 3, 8)), b.bias("b0", 8)), ("a",), **WINDOW)
    last = "c" if sums else "y"
    b.node("conv_2d", ("a", b.weights("w1", (8, 3, 3, 8)), b.bias("b1", 8)), (last,), **WINDOW)
    if sums:
        b.node("add", ("a", "c"), ("y",), activation="none")
    return b.graph("convolved", ("x",), outputs)


def plan_of(graph: Graph, **options: object) -> Plan:
    kernels = [k for k in catalog() if k.isa.name == "ref"]
    return make_plan(graph, load_target("cortex-m4"), Profile.TFLM, kernels=kernels, **options)  # type: ignore[arg-type]


def share(plan: Plan, one: str, other: str) -> bool:
    slots = {s.name: s for s in plan.slots}
    return slots[one].meets(slots[other])


def test_rows_of_y_follow_consumed_rows_of_x() -> None:
    plan = plan_of(convolved())
    gap = 2 * 10 * 8
    assert plan.arena_bytes == BYTES + 2 * gap
    assert plan.places["x"].offset - plan.places["a"].offset == gap
    assert plan.places["a"].offset - plan.places["y"].offset == gap
    assert plan.inputs[0].overwritten


def test_what_is_read_again_or_is_an_output_keeps_its_memory() -> None:
    assert not share(plan_of(convolved(sums=True)), "a", "c")
    assert not share(plan_of(convolved(outputs=("a", "y"))), "a", "y")


def test_memory_of_the_caller_keeps_to_itself() -> None:
    plan = plan_of(convolved(), io="pointers")
    assert {s.name for s in plan.slots} == {"a"}


def test_parts_that_run_together_do_not_write_over_their_input() -> None:
    big = convolved()
    tensors = {n: replace(t, shape=(1, 120, 100, 8)) if t.data is None else t
               for n, t in big.tensors.items()}  # fmt: skip
    plan = plan_of(replace(big, tensors=tensors), threads=2)
    assert any(s.parts > 1 for s in plan.steps)
    assert not share(plan, "a", "y")


geometry = st.fixed_dictionaries({
    "in_h": st.integers(1, 9), "stride_h": st.integers(1, 3), "pad_top": st.integers(0, 3),
    "row0": st.just(0), "row1": st.integers(1, 9), "x_row": st.integers(1, 40),
    "y_row": st.integers(1, 40),
})  # fmt: skip


@given(geometry)
def test_the_gap_is_the_least_that_spares_what_is_needed(params: dict[str, int]) -> None:
    def spares(gap: int) -> bool:
        """Whether no row r of y reaches x's rows from r's window on, byte by byte."""
        for row in range(params["row1"]):
            written = set(range(row * params["y_row"], (row + 1) * params["y_row"]))
            first = max(0, row * params["stride_h"] - params["pad_top"])
            kept = range(first * params["x_row"], params["in_h"] * params["x_row"])
            if first < params["in_h"] and any(gap + at in written for at in kept):
                return False
        return True

    gap = row_gap(contracts()["conv2d_s8"], {**params, "x_ring": params["in_h"]})
    assert spares(gap)
    assert all(not spares(nearer) for nearer in range(gap))


@pytest.mark.parametrize("change", [{"x_ring": 3}, {"pad_top": None}])
def test_rings_and_unknown_geometry_stay_apart(change: dict[str, int | None]) -> None:
    kernel = next(k for k in catalog() if k.overlap)
    params = dict.fromkeys(("in_h", "stride_h", "pad_top", "row0", "row1", "x_row", "x_ring",
                            "y_row"), 7)  # fmt: skip
    assert may_overlap(kernel, params)
    changed = {k: v for k, v in {**params, **change}.items() if v is not None}
    assert not may_overlap(kernel, changed)
    assert not may_overlap(silent(kernel), params)


def silent(kernel: Kernel) -> Kernel:
    return replace(kernel, overlap=False)


@given(st.integers(1, 50), st.integers(1, 50), st.data())
def test_the_lower_buffer_counts_with_the_gap(low: int, high: int, data: st.DataObject) -> None:
    gap = data.draw(st.integers(0, low - 1))
    found = [Buffer("y", low, 1, 2), Buffer("x", high, 0, 1), Buffer("s", 5, 1, 1)]
    offsets, size = place(found, {("y", "x"): gap})
    assert size == lower_bound(found, {("y", "x"): gap}) == max(gap + high, low) + 5
    assert offsets["x"] - offsets["y"] >= gap
